"""A person is forgotten: found wherever people's words lie, counted, then erased in small transactions that can be taken up
again. Events, clocks and sealed reports stay: they name nobody. What goes on is erased when it has ended; what lies with others is listed."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.blobs import BlobStore
from gateway.domain import erasing
from gateway.domain.erasing import Person
from gateway.domain.model import Blob
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import erasure_orders
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.store import audit, erasures, files, traces
from gateway.store.db import Db
from gateway.store.erasures import DONE, RUNNING, WAITING, Erasure
from gateway.store.scope import Scope
from gateway.store.traces import Rows, Where
from gateway.vault import Vault

MANY = 200
"""Rows that one transaction looks at."""
SEARCHED = 20_000_000
"""Bytes of a file that is looked into."""
_READABLE = ("text/", "message/", "application/json", "application/xml", "image/svg")
LEASE = timedelta(hours=1)
"""So long nobody else takes an erasure up after whoever works on it was last seen to go on."""


class Busy(Refused):
    """Another process works on this erasure."""


@dataclass(frozen=True, kw_only=True)
class Keep:
    """Where it is done: files, the ring, and the folder where sealed orders lie beside the database, for a restore. `now`: the wall
    clock, by which it is leased."""

    blobs: BlobStore
    vault: Vault
    beside: Path
    now: Callable[[], datetime]


@dataclass(kw_only=True)
class Found:
    """Where somebody stands. Rows → rows: `erased` (to be erased, in a dry run), `kept` on purpose, `waiting` in tickets that go
    on or are held; `files` that go; `unread` ones that no search reads (pictures, PDF); `tickets` concerned."""

    erased: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    files: set[str] = field(default_factory=set)
    unread: int = 0
    tickets: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Whom an organization wants forgotten."""

    organization: str
    terms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Search:
    org_id: str
    person: Person
    blobs: BlobStore
    found: Found = field(default_factory=Found)


def _person(terms: Sequence[str]) -> Person:
    try:
        return Person(tuple(terms))
    except ValueError as error:
        raise Invalid(
            "nobody can be found by that", why=str(error), cure="name an address, a full name or a number"
        ) from error


def _org_id(context: Context, db: Db, code: str) -> str:
    found = {one.code: one.id for one in context.directory(db).organizations.values()}
    if code not in found:
        raise NotFound(f"there is no organization {code!r}")
    return found[code]


def look(context: Context, keep: Keep, wanted: Wanted) -> Found:
    """Count, change nothing. Raises NotFound, Invalid."""
    with context.database.read() as db:
        search = _Search(
            org_id=_org_id(context, db, wanted.organization), person=_person(wanted.terms), blobs=keep.blobs
        )
    for table in _erased_tables():
        for rows in _batches(context, table, traces.reached(table, search.org_id)):
            speaking = _files_that_speak(table, rows, search)
            with context.database.read() as db:
                _judged(db, table, rows, search, speaking)
    _look_at_the_rest(context, search)
    return search.found


def _erased_tables() -> list[Rows]:
    return [table for table in traces.tables() if table.name not in traces.KEPT]


def _batches(
    context: Context, table: Rows, wanted: Where, after: Sequence[Any] | None = None
) -> Iterator[list[traces.Row]]:
    while True:
        with context.database.read() as db:
            rows = traces.batch(db, table, wanted, after=after, limit=MANY)
        if rows:
            yield rows
        if len(rows) < MANY:
            return
        after = traces.key_of(table, rows[-1])


def _judged(
    db: Db, table: Rows, rows: Sequence[traces.Row], search: _Search, speaking: Set[str]
) -> list[tuple[traces.Row, dict[str, Any]]]:
    """What of each row is left; only those that change, each counted. `speaking`: contents whose files name the person."""
    found, person, words = [], search.person, traces.columns(table)
    theirs = traces.asked_by(db, table, rows, person.is_in)
    copied = traces.cases_of(db, table, rows) if "data" in table.c and "ticket_id" in table.c else {}
    for row in rows:
        left = erasing.left_of(
            table.name,
            row,
            person,
            words=words,
            requested=row.get(traces.ABOUT.get(table.name, "")) in theirs,
        )
        if table.name == "content" and row["id"] in speaking:
            left = erasing.nothing_left(row)
        if (
            copied
            and (row["data"] or {}).get("key") in search.found.files
            and copied.get(row["ticket_id"], set()) & search.found.tickets
        ):  # a file that went from the case stands at a desk of ours, added there by somebody else
            left["data"] = erasing.part_left(left.get("data") or row["data"] or {})
        if left:
            found.append((row, left))
            _count(table, row, left, search.found)
    return found


def _count(table: Rows, row: traces.Row, left: dict[str, Any], found: Found) -> None:
    found.erased[str(table.name)] += 1
    if table.name in ("content", "hop"):
        found.tickets.add(row["ticket_id"])
    if "blob_key" in left and row["blob_key"]:
        found.files.add(row["blob_key"])
    data = row.get("data")
    if isinstance(data, dict) and data.get("key") and left.get("data", {}).get("key") == "":
        found.files.add(data["key"])


def _files_that_speak(table: Rows, rows: Sequence[traces.Row], search: _Search) -> set[str]:
    """Contents whose files name the person, of those that would stay. Files are read outside of any transaction: they take long."""
    if table.name != "content":
        return set()
    whole = {
        row["id"] for row in rows if "blob_key" in erasing.left_of("content", row, search.person, words=())
    }
    return {
        row["id"] for row in rows if row["blob_key"] and row["id"] not in whole and _file_speaks(row, search)
    }


def _file_speaks(row: traces.Row, search: _Search) -> bool:
    """Whether the bytes of an attachment name the person. What is packed or painted says nothing to a search, and is counted."""
    size = row["blob_size"] or 0
    if size > SEARCHED or not (row["media_type"] or "").startswith(_READABLE):
        search.found.unread += 1
    if size > SEARCHED:
        return False
    blob = Blob(key=row["blob_key"], size=size, sha256=row["blob_key"])
    try:
        return search.person.is_in(b"".join(search.blobs.chunks(blob)))
    except NotFound:
        return False


def _look_at_the_rest(context: Context, search: _Search) -> None:
    """What is kept on purpose, and what waits."""
    person, found = search.person, search.found
    for table in traces.tables():
        if table.name in traces.KEPT and "org_id" in table.c:
            for rows in _batches(context, table, table.c.org_id == search.org_id):
                found.kept[str(table.name)] += sum(_speaks(row, table, person) for row in rows)
        elif table.name not in traces.KEPT:
            for rows in _batches(context, table, traces.waiting(table, search.org_id)):
                files = _files_that_speak(table, rows, search)
                speaking = [row for row in rows if _speaks(row, table, person) or row.get("id") in files]
                found.waiting[str(table.name)] += len(speaking)
                if table.name in ("content", "hop"):
                    found.tickets |= {row["ticket_id"] for row in speaking}
    found.kept, found.waiting = +found.kept, +found.waiting


def _speaks(row: traces.Row, table: Rows, person: Person) -> bool:
    return any(person.is_in(row[name]) for name in traces.columns(table))


# -- doing it -----------------------------------------------------------------------------------------------------------------


def ask(context: Context, keep: Keep, wanted: Wanted, order: Order) -> Erasure:
    """Order it and lay the sealed order beside the database; a worker does it. Raises NotFound, Invalid."""
    with context.database.write() as db:
        asked = _ordered(context, db, keep, wanted, order)
    erasure_orders.lay(keep.beside, asked)
    return asked


def erase(context: Context, keep: Keep, wanted: Wanted, order: Order) -> tuple[Erasure, Found]:
    """Order it, lay the sealed order beside the database, do it. Raises NotFound, Invalid."""
    with context.database.write() as db:
        asked = _ordered(context, db, keep, wanted, order)
        mine = _claimed(db, keep, asked.id)
    erasure_orders.lay(keep.beside, asked)
    return _held(context, mine, order)


def _ordered(context: Context, db: Db, keep: Keep, wanted: Wanted, order: Order) -> Erasure:
    _person(wanted.terms)
    org_id = _org_id(context, db, wanted.organization)
    asked = Erasure(
        id=context.new_id("ers"), org_id=org_id, sealed_terms="",
        asked_at=order.now, asked_by=order.actor, reason=order.reason,
    )  # fmt: skip
    asked = replace(asked, sealed_terms=keep.vault.seal(json.dumps(wanted.terms), asked.sealed_at))
    erasures.put(db, asked)
    _audit(db, asked, "erasure asked for", order, {"reason": order.reason})
    return asked


def work(context: Context, keep: Keep, name: str, order: Order) -> tuple[Erasure, Found]:
    """Do what is left of an erasure; one that is done already is gone over again. Raises NotFound, Refused (Busy)."""
    erasure_orders.take_in(context.database, keep.beside)
    with context.database.write() as db:
        if erasures.get(db, OPERATOR, name) is None:
            raise NotFound(f"there is no erasure {name}", cure="interdesk erase list shows them")
        mine = _claimed(db, keep, name)
    return _held(context, mine, order)


@dataclass(frozen=True, kw_only=True)
class _Mine:
    """An erasure that nobody else works on meanwhile."""

    keep: Keep
    name: str
    fence: int

    def still(self, db: Db) -> None:
        """Go on having it. Raises Busy when it was taken up by another, because this process seemed dead."""
        if not erasures.renew(db, self.name, self.fence, until=self.keep.now() + LEASE):
            raise Busy(
                f"{self.name} was taken up by another process",
                cure="interdesk erase list shows how far it is",
            )


def _claimed(db: Db, keep: Keep, name: str) -> _Mine:
    now = keep.now()
    fence = erasures.claim(db, name, now=now, until=now + LEASE)
    if fence is None:
        raise Busy(
            f"another process works on {name}",
            why="one that was killed is taken up an hour after it was last seen to go on",
            cure="interdesk erase list shows how far it is",
        )
    return _Mine(keep=keep, name=name, fence=fence)


def _held(context: Context, mine: _Mine, order: Order) -> tuple[Erasure, Found]:
    try:
        return _worked(context, mine, order)
    finally:
        with context.database.write() as db:
            erasures.release(db, mine.name, mine.fence)


def _worked(context: Context, mine: _Mine, order: Order) -> tuple[Erasure, Found]:
    keep, name = mine.keep, mine.name
    with context.database.read() as db:
        asked = erasures.get(db, OPERATOR, name)
    if asked is None or not asked.sealed_terms:
        raise Refused(f"whom {name} was about is not known any more", why="its terms were kept for 400 days")
    if not (keep.beside / f"{name}.json").exists():
        erasure_orders.lay(keep.beside, asked)
    terms = json.loads(keep.vault.open(asked.sealed_terms, asked.sealed_at))
    before = Found(files=set(asked.files), tickets=set(asked.tickets))
    before.erased.update(asked.counts if asked.place else {})
    waited = asked.state == WAITING
    search = _Search(org_id=asked.org_id, person=_person(terms), blobs=keep.blobs, found=before)
    asked = _through_tables(context, asked, search, mine)
    _look_at_the_rest(context, search)
    removed = remove_files(context, keep.blobs, asked.files)
    done = replace(
        asked, state=WAITING if search.found.waiting else DONE, place=None, files=(), done_at=order.now
    )
    told = {"erased": dict(asked.counts), "files": removed, "tickets": len(asked.tickets)}
    told |= {"kept": dict(search.found.kept), "waiting": dict(search.found.waiting)}
    with context.database.write() as db:
        mine.still(db)
        erasures.put(db, done)
        if not (waited and done.state == WAITING and not search.found.erased):
            _audit(db, done, "person erased", order, told)
    traces.settle(context.database)
    return done, search.found


def _through_tables(context: Context, asked: Erasure, search: _Search, mine: _Mine) -> Erasure:
    """Each batch and how far it came are one transaction; a process that ended in the midst is followed by one that goes on."""
    place = asked.place or {}
    names = [table.name for table in _erased_tables()]
    begun = names.index(place["table"]) if place.get("table") in names else 0
    for table in _erased_tables()[begun:]:
        after = place.get("after") if table.name == place.get("table") else None
        wanted = traces.reached(table, asked.org_id)
        for rows in _batches(context, table, wanted, after):
            speaking = _files_that_speak(table, rows, search)
            with context.database.write() as db:
                mine.still(db)
                still = traces.again(db, table, wanted, rows)
                _erase_in(db, table, _judged(db, table, still, search, speaking), mine.keep.now())
                at = {"table": str(table.name), "after": traces.key_of(table, rows[-1])}
                asked = _further(db, asked, search.found, at)
    return asked


def _erase_in(
    db: Db, table: Rows, judged: Sequence[tuple[traces.Row, dict[str, Any]]], now: datetime
) -> None:
    for row, left in judged:
        traces.change(db, table, row, left)
        if table.name == "account":
            traces.shut(db, row["id"], now=now)


def _further(db: Db, asked: Erasure, found: Found, place: dict[str, Any]) -> Erasure:
    """What was found is told from the beginning of this going over, broken off or not; what earlier ones found stays."""
    tickets = tuple(sorted({*asked.tickets, *found.tickets}))
    counts = {name: max(number, asked.counts.get(name, 0)) for name, number in found.erased.items()}
    new = replace(
        asked, state=RUNNING, place=place, counts={**asked.counts, **counts}, tickets=tickets,
        files=tuple(sorted({*asked.files, *found.files})),
    )  # fmt: skip
    erasures.put(db, new)
    return new


def remove_files(context: Context, blobs: BlobStore, keys: Sequence[str]) -> int:
    """Files that nothing speaks of any more; the same bytes may stand elsewhere. How many went. A backup that is being made is
    waited for: it would speak of files that it lacks."""
    if not keys:
        return 0
    with blobs.still(alone=True):
        with context.database.read() as db:
            gone = set(keys) - files.spoken_of(db, set(keys))
        for key in gone:
            blobs.remove(key)
    return len(gone)


def _audit(db: Db, asked: Erasure, action: str, order: Order, told: dict[str, Any]) -> None:
    audit.record(
        db, now=order.now, org_id=asked.org_id, actor=order.actor, action=action,
        subject=asked.id, before=None, after=told,
    )  # fmt: skip


def listed(context: Context, scope: Scope = OPERATOR) -> list[Erasure]:
    """All that were asked for, the oldest first."""
    with context.database.read(scope) as db:
        return erasures.listed(db, scope)
