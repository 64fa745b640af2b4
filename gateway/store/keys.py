"""API keys: rows by the digest of the key, never the key."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, insert, or_, select, update

from gateway.store.db import Db
from gateway.store.scope import OPERATOR_ID, Scope
from gateway.store.tables import ApiKeyRow

API_KEY: Table = ApiKeyRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """Who may do what until when, and from where. `org_id` is `operator` for the installation's own people; `permissions` None:
    all that its owner may; `networks` empty: from anywhere."""

    id: str
    org_id: str
    label: str
    shown: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    permissions: tuple[str, ...] | None = None
    networks: tuple[str, ...] = ()
    used_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def scope(self) -> Scope:
        """What the key lets its holder see."""
        return Scope.operator() if self.org_id == OPERATOR_ID else Scope.of(self.org_id)


_NAMES = tuple(field.name for field in fields(ApiKey))
_LISTS = ("permissions", "networks")


def put(db: Db, key: ApiKey, *, sha256: str) -> None:
    """Keep a new key by its digest."""
    values = asdict(key)
    for name in _LISTS:
        values[name] = list(values[name]) if values[name] else None
    db.execute(insert(API_KEY).values(**values, sha256=sha256))


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


def end(db: Db, scope: Scope, key_id: str, *, at: datetime) -> None:
    """It works no longer than until then; one that ends earlier keeps its end."""
    ends = API_KEY.c.expires_at
    longer = (API_KEY.c.id == key_id) & or_(ends.is_(None), ends > at)
    db.execute(update(API_KEY).where(longer, scope.where(API_KEY)).values(expires_at=at))


def used(db: Db, key_id: str, *, now: datetime, since: datetime) -> None:
    """Remember that it was used, unless that is known since `since`."""
    column = API_KEY.c.used_at
    stale = (API_KEY.c.id == key_id) & or_(column.is_(None), column < since)
    db.execute(update(API_KEY).where(stale).values(used_at=now))


def _key(row: RowMapping) -> ApiKey:
    values: dict[str, Any] = {name: row[name] for name in _NAMES}
    values["permissions"] = tuple(values["permissions"]) if values["permissions"] else None
    values["networks"] = tuple(values["networks"] or ())
    return ApiKey(**values)
