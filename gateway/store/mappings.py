"""Rules of links, by side and version: written, moved into effect, read back."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, func, insert, select, text

from gateway.domain.model import Side
from gateway.domain.rules.documents import rules_from
from gateway.domain.rules.model import LinkRules, RuleSet
from gateway.patterns import compiled
from gateway.store import rows
from gateway.store.db import Db
from gateway.store.mapping_tables import MappingMoveRow, MappingVersionRow
from gateway.store.scope import Scope

VERSION: Table = MappingVersionRow.__table__  # type: ignore[attr-defined]
MOVE: Table = MappingMoveRow.__table__  # type: ignore[attr-defined]

PUBLISHED = "published"
ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, kw_only=True)
class Version:
    """What one side's rules say in one version, who wrote them, when and why."""

    id: str
    org_id: str
    link_id: str
    side: str
    number: int
    document: Mapping[str, Any]
    note: str
    author: str
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class Move:
    """A version took effect: `kind` says whether it was published, or an older one came back."""

    id: str
    org_id: str
    link_id: str
    side: str
    seq: int
    number: int
    kind: str
    at: datetime
    actor: str
    note: str


_VERSION = tuple(field.name for field in fields(Version))
_MOVE = tuple(field.name for field in fields(Move))


def put(db: Db, version: Version) -> None:
    """Keep a new version."""
    db.execute(insert(VERSION).values(**asdict(version)))


def move(db: Db, done: Move) -> None:
    """Let a version take effect."""
    db.execute(insert(MOVE).values(**asdict(done)))


def versions(db: Db, scope: Scope, link_id: str, side: Side) -> list[Version]:
    """A side's versions, the first one first."""
    mine = (VERSION.c.link_id == link_id) & (VERSION.c.side == side.value) & scope.where(VERSION)
    rows = db.execute(select(VERSION).where(mine).order_by(VERSION.c.number)).mappings()
    return [Version(**{name: row[name] for name in _VERSION}) for row in rows]


def moves(db: Db, scope: Scope, link_id: str, side: Side) -> list[Move]:
    """What was done with them, in its order."""
    mine = (MOVE.c.link_id == link_id) & (MOVE.c.side == side.value) & scope.where(MOVE)
    rows = db.execute(select(MOVE).where(mine).order_by(MOVE.c.seq)).mappings()
    return [Move(**{name: row[name] for name in _MOVE}) for row in rows]


def in_effect(db: Db, scope: Scope) -> dict[str, LinkRules]:
    """Link id → what both of its sides have published, as far as the scope lets them be seen."""
    last = (
        select(MOVE.c.link_id, MOVE.c.side, func.max(MOVE.c.seq).label("seq"))
        .where(scope.where(MOVE))
        .group_by(MOVE.c.link_id, MOVE.c.side)
        .subquery()
    )
    ends = and_(MOVE.c.link_id == last.c.link_id, MOVE.c.side == last.c.side, MOVE.c.seq == last.c.seq)
    same = and_(
        VERSION.c.link_id == MOVE.c.link_id, VERSION.c.side == MOVE.c.side, VERSION.c.number == MOVE.c.number
    )
    chosen = select(VERSION.c.link_id, VERSION.c.side, VERSION.c.number, VERSION.c.document)
    found: dict[str, dict[str, RuleSet]] = {}
    for row in db.execute(chosen.join(MOVE, same).join(last, ends).where(scope.where(VERSION))):
        rules = rules_from(row.document or {}, compiled, version=row.number)
        found.setdefault(row.link_id, {})[row.side] = rules
    return {link_id: LinkRules(**sides) for link_id, sides in found.items()}


def holding(db: Db, scope: Scope, link_id: str) -> list[str]:
    """The tickets with a value that the rules of a link hold."""
    mine = (rows.hop.c.link_id == link_id) & text("unmapped LIKE '%crossing %'") & scope.where(rows.hop)
    return sorted(set(db.execute(select(rows.hop.c.ticket_id).where(mine)).scalars()))


def seen(db: Db, scope: Scope, desk_id: str, *, since: datetime) -> Iterator[Mapping[str, str | None]]:
    """The shadows of a desk's tickets that were looked at since."""
    mine = (rows.hop.c.desk_id == desk_id) & (rows.hop.c.looked_at >= since) & scope.where(rows.hop)
    for row in db.execute(select(rows.hop.c.shadow).where(mine).order_by(rows.hop.c.id)):
        yield row.shadow or {}
