"""Sealing every secret again under the current key, so that an older one can leave the ring. Runs while the gateway
works: each desk and each webhook is one short transaction, and both keys open meanwhile."""

from datetime import datetime

from gateway.flows.context import OPERATOR, Context
from gateway.store import audit, configuration, erasures, ticket_sharing, tmf_notices, webhook_endpoints
from gateway.store.db import Db
from gateway.vault import Vault


def reseal(context: Context, vault: Vault, *, actor: str, now: datetime) -> int:
    """How many desks' and webhooks' secrets were sealed again. A second time none is. Raises ConfigError for one that does not open."""
    with context.database.read() as db:
        desk_ids = configuration.sealed_under_older_keys(db, OPERATOR, vault)
        webhook_ids = webhook_endpoints.sealed_under_older_keys(db, OPERATOR, vault)
    for desk_id in desk_ids:
        with context.database.write() as db:
            org_id = configuration.reseal(db, OPERATOR, desk_id, vault=vault)
            _audit(db, org_id, desk_id, (actor, vault.current), now=now)
    for webhook_id in webhook_ids:
        with context.database.write() as db:
            org_id = webhook_endpoints.reseal(db, OPERATOR, webhook_id, vault=vault)
            _audit(db, org_id, webhook_id, (actor, vault.current), now=now)
    _reseal_tokens(context, vault)
    _reseal_erasures(context, vault)
    with context.database.write() as db:
        tmf_notices.reseal(db, OPERATOR, vault)
    return len(desk_ids) + len(webhook_ids)


def _audit(db: Db, org_id: str | None, subject: str, by: tuple[str, str], *, now: datetime) -> None:
    """`by`: who, and the key it is sealed under now. `org_id` is None where there was nothing to seal any more."""
    if org_id is not None:
        audit.record(
            db,
            now=now,
            org_id=org_id,
            actor=by[0],
            action="secrets sealed anew",
            subject=subject,
            before=None,
            after={"key": by[1]},
        )


def _reseal_tokens(context: Context, vault: Vault) -> None:
    """The tokens of partners that share tickets. One that was changed meanwhile is sealed under the current key already."""
    with context.database.read() as db:
        found = ticket_sharing.agreements(db, OPERATOR)
    for keyed in found:
        if not vault.is_current(keyed.sealed_token):
            place = ticket_sharing.token_place(keyed.agreement)
            sealed = vault.seal(vault.open(keyed.sealed_token, place), place)
            with context.database.write() as db:
                ticket_sharing.reseal_agreement(db, keyed, sealed)


def _reseal_erasures(context: Context, vault: Vault) -> None:
    """Whom erasures are about, and nothing else of them: one may be going on. Terms that were forgotten meanwhile stay so. Orders
    beside the database stay under the key of their day, as backups do."""
    with context.database.read() as db:
        found = erasures.listed(db, OPERATOR)
    for one in found:
        if one.sealed_terms and not vault.is_current(one.sealed_terms):
            sealed = vault.seal(vault.open(one.sealed_terms, one.sealed_at), one.sealed_at)
            with context.database.write() as db:
                erasures.reseal(db, one, sealed)
