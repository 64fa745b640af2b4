"""Where agreements stand and what happened to them. What follows from their dates is `domain.lifecycle`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, func, select

from gateway.domain.plan import Kind
from gateway.store import bulk
from gateway.store.agreement_tables import AgreementEventRow, AgreementStateRow
from gateway.store.columns import Moment
from gateway.store.db import Db
from gateway.store.directory import DIRECTORY, ORGANIZATION
from gateway.store.prepared import Statement
from gateway.store.scope import Scope

STATE: Table = AgreementStateRow.__table__  # type: ignore[attr-defined]
EVENT: Table = AgreementEventRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Where an agreement stood when it was last looked at. `look_at`: when to look again; `reminded`: `END/DAYS` of the last
    reminder."""

    id: str
    org_id: str
    code: str
    state: str = ""
    since: datetime | None = None
    look_at: datetime | None = None
    reminded: str = ""


@dataclass(frozen=True, kw_only=True)
class Happened:
    """Something that happened to an agreement."""

    id: str
    org_id: str
    code: str
    at: datetime
    what: str
    on_day: str = ""
    before: str = ""
    after: str = ""
    actor: str = ""
    reason: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)


_KEPT = tuple(each.name for each in fields(Kept))
_HAPPENED = tuple(each.name for each in fields(Happened))


def next_look(db: Db) -> datetime | None:
    """When the next agreement is to be looked at: asked before every round, so it costs one look at an index."""
    found = _NEXT.rows(db)
    moment: datetime | None = found[0][0] if found else None
    return moment


_NEXT = Statement(
    lambda _dialect: select(func.min(STATE.c.look_at, type_=Moment())).where(STATE.c.look_at.is_not(None))
)


def due(db: Db, scope: Scope, *, now: datetime, limit: int) -> list[Kept]:
    """Agreements that are to be looked at by now, for whoever writes: nobody else looks at them meanwhile."""
    wanted = select(*(STATE.c[name] for name in _KEPT)).where(STATE.c.look_at <= now, scope.where(STATE))
    rows = db.execute(
        wanted.order_by(STATE.c.look_at, STATE.c.id).limit(limit).with_for_update(skip_locked=True)
    )
    return [Kept(**dict(zip(_KEPT, row, strict=True))) for row in rows]


def states(db: Db, scope: Scope) -> dict[str, Kept]:
    """Id of an agreement → where it was when it was last looked at."""
    rows = db.execute(select(*(STATE.c[name] for name in _KEPT)).where(scope.where(STATE)))
    return {row.id: Kept(**dict(zip(_KEPT, row, strict=True))) for row in rows}


def look_again(db: Db, agreements: Mapping[str, tuple[str, str]], *, now: datetime) -> None:
    """Agreements were made or changed (id → organization, code): they are looked at in the next round."""
    rows = [
        {**vars(Kept(id=name, org_id=org_id, code=code)), "look_at": now}
        for name, (org_id, code) in agreements.items()
    ]
    bulk.add_new(db, STATE, rows)
    bulk.change(db, STATE, [{"id": name, "look_at": now} for name in agreements])


def keep(db: Db, changed: Sequence[Kept]) -> None:
    """Write where they stand now."""
    bulk.change(db, STATE, [vars(one) for one in changed])


def forget(db: Db, ids: Iterable[str]) -> None:
    """Agreements that are no more are not looked at; their history stays."""
    db.execute(delete(STATE).where(STATE.c.id.in_(sorted(ids))))


def record(db: Db, happened: Sequence[Happened]) -> None:
    """Add to the history."""
    bulk.add(db, EVENT, [vars(one) for one in happened])


def history(db: Db, scope: Scope, org_ids: Iterable[str], code: str) -> list[Happened]:
    """What happened to the agreements of that code of these organizations, the earliest first."""
    mine = EVENT.c.org_id.in_(sorted(org_ids)) & (EVENT.c.code == code)
    wanted = select(*(EVENT.c[name] for name in _HAPPENED)).where(mine, scope.where(EVENT))
    rows = db.execute(wanted.order_by(EVENT.c.at, EVENT.c.id))
    return [_happened(dict(zip(_HAPPENED, row, strict=True))) for row in rows]


def _happened(values: dict[str, Any]) -> Happened:
    return Happened(**{**values, "told": values["told"] or {}})


def documents(db: Db, scope: Scope, ids: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
    """Id → document of agreements, templates and drafts among them, with the code of the provider as `organization` and its
    `zone` beside it."""
    names = select(DIRECTORY, ORGANIZATION.c.code.label("owner"), ORGANIZATION.c.document.label("theirs"))
    found = names.join(ORGANIZATION, ORGANIZATION.c.id == DIRECTORY.c.org_id)
    wanted = found.where(DIRECTORY.c.kind == Kind.AGREEMENT.value, scope.where(DIRECTORY))
    if ids is not None:
        wanted = wanted.where(DIRECTORY.c.id.in_(sorted(ids)))
    return {
        row.id: {
            **row.document,
            "code": row.code,
            "organization": row.owner,
            "zone": (row.theirs or {}).get("zone", "UTC"),
        }
        for row in db.execute(wanted.order_by(ORGANIZATION.c.code, DIRECTORY.c.code))
    }
