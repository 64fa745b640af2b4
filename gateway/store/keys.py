"""API keys: rows by the digest of the key, never the key."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, insert, select, update

from gateway.store.db import Db
from gateway.store.scope import OPERATOR_ID, Scope
from gateway.store.tables import ApiKeyRow

API_KEY: Table = ApiKeyRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """Who may do what until when. `org_id` is `operator` for the installation's own people."""

    id: str
    org_id: str
    label: str
    shown: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def scope(self) -> Scope:
        """What the key lets its holder see."""
        return Scope.operator() if self.org_id == OPERATOR_ID else Scope.of(self.org_id)


_NAMES = tuple(field.name for field in fields(ApiKey))


def put(db: Db, key: ApiKey, *, sha256: str) -> None:
    """Keep a new key by its digest."""
    db.execute(insert(API_KEY).values(**asdict(key), sha256=sha256))


def listed(db: Db, scope: Scope) -> list[ApiKey]:
    """Keys within the scope, the newest first."""
    query = select(API_KEY).where(scope.where(API_KEY)).order_by(API_KEY.c.created_at.desc(), API_KEY.c.id)
    return [_key(row) for row in db.execute(query).mappings()]


def get(db: Db, scope: Scope, key_id: str) -> ApiKey | None:
    """One key by its id."""
    row = db.execute(select(API_KEY).where(API_KEY.c.id == key_id, scope.where(API_KEY))).mappings().first()
    return _key(row) if row else None


def by_digest(db: Db, sha256: str) -> ApiKey | None:
    """The key with that digest. Has no scope: this is where a caller's scope comes from."""
    row = db.execute(select(API_KEY).where(API_KEY.c.sha256 == sha256)).mappings().first()
    return _key(row) if row else None


def revoke(db: Db, scope: Scope, key_id: str, *, now: datetime) -> None:
    """From now on it is refused; a key that is revoked already keeps its moment."""
    mine = (API_KEY.c.id == key_id) & API_KEY.c.revoked_at.is_(None)
    db.execute(update(API_KEY).where(mine, scope.where(API_KEY)).values(revoked_at=now))


def _key(row: RowMapping) -> ApiKey:
    values: dict[str, Any] = {name: row[name] for name in _NAMES}
    return ApiKey(**values)
