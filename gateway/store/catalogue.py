"""What is configured, page by page as documents: organizations, contacts, sites, assets, desks. Nothing sealed is read."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, and_, or_, select, true

from gateway.errors import Invalid
from gateway.store.db import Db
from gateway.store.directory import DESK, DIRECTORY, LINK, ORGANIZATION
from gateway.store.scope import Scope

View = dict[str, Any]
BATCH = 500
_STATE = ("held", "held_at", "poll_at", "polled_at", "breaker")
_DESK = ("base_url", "zone", "language", "account")
"""Of a desk's document; the rest is its owner's configuration."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """So many, in the order of their codes, after (code, id); of those that `wanted` accepts."""

    limit: int
    after: tuple[str, str] | None = None
    wanted: Callable[[View], bool] = lambda _one: True


def local(db: Db, scope: Scope, kind: str, page: Page) -> list[View]:
    """Contacts, sites or assets (`kind`)."""
    query = _with_owner(DIRECTORY).where(DIRECTORY.c.kind == kind, scope.where(DIRECTORY))
    return _paged(db, query, DIRECTORY, page)


def local_one(db: Db, scope: Scope, kind: str, name: str, organization: str = "") -> View | None:
    """One of them, by its id, or by its code within an organization (the organization's code; without it, within the scope).
    Raises Invalid for a code that several organizations have."""
    query = _with_owner(DIRECTORY).where(DIRECTORY.c.kind == kind, scope.where(DIRECTORY))
    if organization:
        query = query.where(ORGANIZATION.c.code == organization)
    by_id = _first(db, query.where(DIRECTORY.c.id == name), _document)
    if by_id is not None:
        return by_id
    coded = query.where(DIRECTORY.c.code == name).order_by(ORGANIZATION.c.code).limit(2)
    found = [_document(row) for row in db.execute(coded)]
    if len(found) > 1:
        owners = " and ".join(one["organization"] for one in found)
        raise Invalid(f"several organizations have a {kind} {name!r}", cure=f"say whose: {owners} have one")
    return found[0] if found else None


def desks(db: Db, scope: Scope, page: Page) -> list[View]:
    """Desks, with how talking to them goes."""
    return _paged(db, _with_owner(DESK).where(scope.where(DESK)), DESK, page, _desk)


def desk(db: Db, scope: Scope, name: str) -> View | None:
    """One desk, by its id or code."""
    query = _with_owner(DESK).where(or_(DESK.c.id == name, DESK.c.code == name), scope.where(DESK))
    return _first(db, query, _desk)


def organizations(db: Db, scope: Scope, page: Page) -> list[View]:
    """One's own, and those at the other ends of one's links."""
    query = select(ORGANIZATION).where(_near(scope))
    return _paged(db, query, ORGANIZATION, page, lambda row: _organization(row, scope))


def organization(db: Db, scope: Scope, name: str) -> View | None:
    """One of these, by its id or code."""
    named = or_(ORGANIZATION.c.id == name, ORGANIZATION.c.code == name)
    query = select(ORGANIZATION).where(named, _near(scope))
    return _first(db, query, lambda row: _organization(row, scope))


def _near(scope: Scope) -> ColumnElement[bool]:
    if scope.org_ids is None:
        return true()
    mine = sorted(scope.org_ids)
    below = select(LINK.c.downstream_org_id).where(LINK.c.upstream_org_id.in_(mine))
    above = select(LINK.c.upstream_org_id).where(LINK.c.downstream_org_id.in_(mine))
    column = ORGANIZATION.c.id
    return or_(column.in_(mine), column.in_(below), column.in_(above))


def _with_owner(table: Table) -> Select[Any]:
    owner = ORGANIZATION.c.code.label("organization")
    return select(table, owner).join(ORGANIZATION, ORGANIZATION.c.id == table.c.org_id)


def _document(row: Row[Any]) -> View:
    return {**(row.document or {}), "id": row.id, "organization": row.organization, "code": row.code}


def _desk(row: Row[Any]) -> View:
    said = row.document or {}
    told = {"id": row.id, "organization": row.organization, "code": row.code, "connector": row.connector}
    return (
        told
        | {name: said[name] for name in _DESK if name in said}
        | {one: getattr(row, one) for one in _STATE}
    )


def _organization(row: Row[Any], scope: Scope) -> View:
    said = row.document or {}
    told = {"id": row.id, "code": row.code, "name": said.get("name", "")}
    if scope.org_ids is None or row.id in scope.org_ids:
        return {**said, **told, "is_own": True}
    return {**told, "is_own": False}


def _paged(
    db: Db,
    query: Select[Any],
    table: Table,
    page: Page,
    seen: Callable[[Row[Any]], View] = _document,
) -> list[View]:
    """What is asked for stands in documents, so rows are read in batches until a page is full."""
    found: list[View] = []
    after, ordered = page.after, query.order_by(table.c.code, table.c.id).limit(max(page.limit, BATCH))
    while len(found) < page.limit:
        rows = db.execute(ordered.where(_beyond(table, after))).all()
        found += [one for one in map(seen, rows) if page.wanted(one)]
        if len(rows) < max(page.limit, BATCH):
            break
        after = (rows[-1].code, rows[-1].id)
    return found[: page.limit]


def _beyond(table: Table, after: tuple[str, str] | None) -> ColumnElement[bool]:
    if after is None:
        return true()
    code, name = after
    return or_(table.c.code > code, and_(table.c.code == code, table.c.id > name))


def _first(db: Db, query: Select[Any], seen: Callable[[Row[Any]], View]) -> View | None:
    rows: Iterable[Row[Any]] = db.execute(query.limit(1))
    return next(map(seen, rows), None)


def agreements(db: Db, scope: Scope, bound: Collection[str], page: Page) -> list[View]:
    """The agreements of providers within the scope, and those of these ids that bind somebody within it."""
    return _paged(db, _agreements(scope, bound), DIRECTORY, page)


def agreement(db: Db, scope: Scope, bound: Collection[str], name: str) -> View | None:
    """One of these."""
    return _first(db, _agreements(scope, bound).where(DIRECTORY.c.id == name), _document)


def _agreements(scope: Scope, bound: Collection[str]) -> Select[Any]:
    mine = or_(scope.where(DIRECTORY), DIRECTORY.c.id.in_(sorted(bound)))
    return _with_owner(DIRECTORY).where(DIRECTORY.c.kind == "agreement", mine)
