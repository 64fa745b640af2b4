"""Sealing every secret again under the current key, so that an older one can leave the ring. Runs while the gateway
works: each desk is one short transaction, and both keys open meanwhile."""

from datetime import datetime

from gateway.flows.context import OPERATOR, Context
from gateway.store import audit, configuration
from gateway.vault import Vault


def reseal(context: Context, vault: Vault, *, actor: str, now: datetime) -> int:
    """How many desks' secrets were sealed again. A second time none is. Raises ConfigError for one that does not open."""
    with context.database.read() as db:
        desk_ids = configuration.sealed_under_older_keys(db, OPERATOR, vault)
    for desk_id in desk_ids:
        with context.database.write() as db:
            org_id = configuration.reseal(db, OPERATOR, desk_id, vault=vault)
            if org_id is not None:
                audit.record(
                    db,
                    now=now,
                    org_id=org_id,
                    actor=actor,
                    action="secrets sealed anew",
                    subject=desk_id,
                    before=None,
                    after={"key": vault.current},
                )
    return len(desk_ids)
