"""Sealing every secret again under the current key, so that an older one can leave the ring. Runs while the gateway
works: each desk is one short transaction, and both keys open meanwhile."""

from gateway.flows.context import OPERATOR, Context
from gateway.store import configuration
from gateway.vault import Vault


def reseal(context: Context, vault: Vault) -> int:
    """How many desks' secrets were sealed again. A second time none is. Raises ConfigError for one that does not open."""
    with context.database.read() as db:
        desk_ids = configuration.sealed_under_older_keys(db, OPERATOR, vault)
    for desk_id in desk_ids:
        with context.database.write() as db:
            configuration.reseal(db, OPERATOR, desk_id, vault=vault)
    return len(desk_ids)
