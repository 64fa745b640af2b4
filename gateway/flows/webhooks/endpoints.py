"""The secrets and the standing of webhooks' addresses: made with the webhook, gone with it. Secrets are made here and shown
once; no file and no request ever brings one."""

import json
from datetime import datetime

from gateway import webhook_signatures as signatures
from gateway.domain.plan import Action, Kind, Plan
from gateway.domain.webhooks.model import Endpoint, Secret
from gateway.flows.context import OPERATOR
from gateway.store import webhook_endpoints as store
from gateway.store.configuration import Names
from gateway.store.db import Db
from gateway.vault import Vault
from gateway.webhook_signatures import Scheme


def follow(db: Db, done: Plan, names: Names, *, vault: Vault, now: datetime) -> None:
    """What applying a configuration means for the addresses: new webhooks get a secret, removed ones lose theirs."""
    for change in done.of(Action.CREATE):
        if change.ref.kind is Kind.WEBHOOK:
            org_id = names.organization(change.ref.organization)
            open_one(db, (org_id, names.ids[change.ref]), Scheme.HMAC, vault=vault, now=now)
    gone = [change.ref for change in done.of(Action.REMOVE) if change.ref.kind is Kind.WEBHOOK]
    store.remove(db, OPERATOR, [names.ids[ref] for ref in gone])


def open_one(db: Db, whose: tuple[str, str], scheme: Scheme, *, vault: Vault, now: datetime) -> str:
    """A new address with its first secret; what its subscriber verifies with. `whose`: organization and webhook, by id."""
    org_id, webhook_id = whose
    secret = signatures.new_secret(scheme)
    endpoint = Endpoint(
        id=webhook_id,
        org_id=org_id,
        sealed_secrets=vault.seal(json.dumps([secret]), store.place(org_id, webhook_id)),
        secrets=(Secret(scheme=scheme.value, made_at=now.isoformat()),),
        changed_at=now,
    )
    store.put(db, endpoint)
    return signatures.shown(secret)


def rotated(
    endpoint: Endpoint, scheme: Scheme, *, vault: Vault, now: datetime, until: datetime
) -> tuple[Endpoint, str]:
    """The endpoint with a new secret, and what its subscriber verifies with. Older secrets sign beside it `until` then, or
    until their own time is over; those whose time was over before are forgotten."""
    place = store.place(endpoint.org_id, endpoint.id)
    texts: list[str] = json.loads(vault.open(endpoint.sealed_secrets, place))
    older = [
        (text, one, min(until, _over_at(one) or until))
        for text, one in zip(texts, endpoint.secrets, strict=True)
    ]
    kept = [
        (text, Secret(scheme=one.scheme, made_at=one.made_at, until=over_at.isoformat()))
        for text, one, over_at in older
        if over_at > now
    ]
    new = signatures.new_secret(scheme)
    every = [(new, Secret(scheme=scheme.value, made_at=now.isoformat())), *kept]
    sealed = vault.seal(json.dumps([text for text, _ in every]), place)
    secrets = tuple(one for _, one in every)
    return Endpoint(**{**vars(endpoint), "sealed_secrets": sealed, "secrets": secrets}), signatures.shown(new)


def _over_at(secret: Secret) -> datetime | None:
    return datetime.fromisoformat(secret.until) if secret.until is not None else None
