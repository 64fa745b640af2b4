"""How the addresses of webhooks do: standing, health, sealed secrets."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from sqlalchemy import RowMapping, Table, delete, insert, select, update

from gateway.domain.webhooks.documents import secrets_from, secrets_to
from gateway.domain.webhooks.model import Endpoint, Standing
from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.webhook_tables import WebhookEndpointRow
from gateway.vault import Place, Vault

ENDPOINT: Table = WebhookEndpointRow.__table__  # type: ignore[attr-defined]
_NAMES = tuple(one.name for one in fields(Endpoint))
_SEALED = ("sealed_secrets", "secrets")


def place(org_id: str, webhook_id: str) -> Place:
    """Where an endpoint's secrets (a JSON list of texts, newest first) lie sealed."""
    return Place(org_id=org_id, table="webhook_endpoint", row_id=webhook_id, column="sealed_secrets")


def put(db: Db, endpoint: Endpoint) -> None:
    """Keep a new one."""
    db.execute(insert(ENDPOINT).values(_row(endpoint)))


def change(db: Db, endpoint: Endpoint) -> None:
    """Keep what changed of its health and standing; its secrets stay."""
    row = {name: value for name, value in _row(endpoint).items() if name not in _SEALED}
    db.execute(update(ENDPOINT).where(ENDPOINT.c.id == endpoint.id).values(row))


def keep_secrets(db: Db, endpoint: Endpoint) -> None:
    """Keep other secrets; its health stays."""
    row = _row(endpoint)
    kept = {name: row[name] for name in _SEALED}
    db.execute(update(ENDPOINT).where(ENDPOINT.c.id == endpoint.id).values(kept))


def _row(endpoint: Endpoint) -> dict[str, Any]:
    plain = {"standing": endpoint.standing.value, "secrets": secrets_to(endpoint.secrets)}
    return {**vars(endpoint), **plain}


def _endpoint(row: RowMapping) -> Endpoint:
    made = {"standing": Standing(row["standing"]), "secrets": secrets_from(row["secrets"])}
    return Endpoint(**{**{name: row[name] for name in _NAMES}, **made})


def every(db: Db, scope: Scope) -> dict[str, Endpoint]:
    """Webhook id → its endpoint."""
    found = db.execute(select(ENDPOINT).where(scope.where(ENDPOINT)).order_by(ENDPOINT.c.id))
    return {row["id"]: _endpoint(row) for row in found.mappings()}


def get(db: Db, scope: Scope, webhook_id: str, *, lock: bool = False) -> Endpoint | None:
    """One."""
    wanted = select(ENDPOINT).where(ENDPOINT.c.id == webhook_id, scope.where(ENDPOINT))
    row = db.execute(wanted.with_for_update() if lock else wanted).mappings().first()
    return _endpoint(row) if row else None


def remove(db: Db, scope: Scope, webhook_ids: Iterable[str]) -> None:
    """Forget those of webhooks that are no more, secrets and all."""
    gone = ENDPOINT.c.id.in_(sorted(webhook_ids))
    db.execute(delete(ENDPOINT).where(gone, scope.where(ENDPOINT)))


def sealed_under_older_keys(db: Db, scope: Scope, vault: Vault) -> list[str]:
    """Ids of those whose secrets the vault's current key did not seal."""
    return [one.id for one in every(db, scope).values() if not vault.is_current(one.sealed_secrets)]


def reseal(db: Db, scope: Scope, webhook_id: str, *, vault: Vault) -> str | None:
    """Seal the secrets of one under the current key; they stay what they are. Whose it is, None if it is no more."""
    found = get(db, scope, webhook_id, lock=True)
    if found is None:
        return None
    where = place(found.org_id, found.id)
    sealed = vault.seal(vault.open(found.sealed_secrets, where), where)
    db.execute(update(ENDPOINT).where(ENDPOINT.c.id == webhook_id).values(sealed_secrets=sealed))
    return found.org_id
