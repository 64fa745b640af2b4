"""What changed at Roundup since a cursor. It keeps times to the second and a detector's message may be lost, so every
poll re-reads two minutes and drops what it has reported."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from connectors.roundup import reading
from connectors.roundup.reading import ISSUES, Document
from connectors.roundup.words import moment, written_moment
from gateway.connector import Effect, Exchange, Request, shaped
from gateway.domain.model import Desk, Field, Page, Sighting
from gateway.errors import AnswerUnreadable

OVERLAP = timedelta(minutes=2)
LIMIT = 100
BEGINNING = "1970-01-01.00:00:00"


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """How far the list was read.

    `at` is the newest activity reported. `seen` maps issue ids to the activity reported last. One in the newest second stands
    there with a `?`, for more may happen in that second after we looked: the next poll (`??`) reports it once more.
    While a backlog is read page by page, `start` says where the next page begins, and `pages` how many it takes at once.
    """

    at: str
    seen: Mapping[str, str] = field(default_factory=dict)
    start: str | None = None
    pages: int = 1

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Raises ValueError or TypeError for what is no cursor of ours."""
        known = cls(**json.loads(text))
        return known if known.start else replace(known, seen=_doubted(known.seen))

    def written(self) -> str:
        """One line of JSON."""
        told = {"at": self.at, "seen": self.seen, "start": self.start, "pages": self.pages}
        return json.dumps(told, separators=(",", ":"))

    def begins(self) -> str:
        """From which activity on to ask."""
        return self.start or written_moment(moment(self.at) - OVERLAP)


def changed(cursor: str | None, desk: Desk) -> Exchange[Page]:
    """See Connector.changed. A first cursor begins with the newest activity Roundup knows, by Roundup's own clock."""
    if cursor is None:
        return Page(sightings=(), cursor=(yield from _now(desk)).written())
    known = Cursor.read(cursor)
    rows, more = yield from _page(known, desk)
    fresh = [row for row in rows if not _is_told(known, row)]
    return Page(
        sightings=tuple(_sighting(row, desk) for row in fresh),
        cursor=_after(known, rows, more=more).written(),
        more=more,
    )


def _now(desk: Desk) -> Exchange[Cursor]:
    """The newest activity, and what else happened in the two minutes that the first poll will read again."""
    newest, _ = yield from _read(_query(BEGINNING, desk, limit=1, order="-activity"))
    cursor = Cursor(at=str(newest[0]["activity"]) if newest else BEGINNING)
    more = bool(newest)
    while more:
        rows, more = yield from _page(cursor, desk)
        cursor = _after(cursor, rows, more=more)
    return replace(cursor, seen={ident: when.rstrip("?") for ident, when in cursor.seen.items()})


def _page(cursor: Cursor, desk: Desk) -> Exchange[tuple[list[Document], bool]]:
    rows, total = yield from _read(_query(cursor.begins(), desk, limit=LIMIT * cursor.pages))
    return rows, bool(rows) and len(rows) < total


def _query(start: str, desk: Desk, *, limit: int, order: str = "activity,id") -> Request:
    """Roundup reads a bare time in the zone of the account that asks; +0000 says which is meant (seen on 2.6.0)."""
    params = (
        ("activity", f"{start}+0000;"),
        ("@sort", order),
        ("@fields", reading.wanted(desk)),
        ("@verbose", "2"),
        ("@page_size", str(limit)),
        ("@page_index", "1"),
    )
    return Request(effect=Effect.READ, method="GET", path=ISSUES, params=params)


def _read(request: Request) -> Exchange[tuple[list[Document], int]]:
    response = yield request
    rows = reading.rows_in(response)
    with shaped(AnswerUnreadable, "a list of issues"):
        for row in rows:
            moment(row["activity"])
        return rows, int(response.json()["data"]["@total_size"])


def _after(known: Cursor, rows: list[Document], *, more: bool) -> Cursor:
    """Where to go on. What comes next begins at the second of the last row, not at a page number: a row that changes
    while the backlog is read moves to the end, and everything behind it up by one. A page that does not leave its second
    is asked for again, larger."""
    at = max([known.at, *(str(row["activity"]) for row in rows)])
    seen = {**known.seen, **{str(row["id"]): _mark(known, row, at) for row in rows}}
    if not more:
        oldest = written_moment(moment(at) - OVERLAP)
        return Cursor(at=at, seen={ident: when for ident, when in seen.items() if when >= oldest})
    last, start = str(rows[-1]["activity"]), known.begins()
    if last > start:
        return Cursor(at=at, seen=seen, start=last)
    return Cursor(at=at, seen=seen, start=start, pages=known.pages + 1)


def _doubted(seen: Mapping[str, str]) -> dict[str, str]:
    return {ident: f"{when}?" if when.endswith("?") else when for ident, when in seen.items()}


def _is_told(known: Cursor, row: Document) -> bool:
    when = row["activity"]
    return known.seen.get(str(row["id"])) in (when, f"{when}?")


def _mark(known: Cursor, row: Document, newest: str) -> str:
    when, told = str(row["activity"]), known.seen.get(str(row["id"]))
    if told in (when, f"{when}??"):
        return when
    return f"{when}?" if told == f"{when}?" or when == newest else when


def _sighting(row: Document, desk: Desk) -> Sighting:
    """Touched, with the fields that an intake rule may ask for."""
    shown = reading.bare(row, desk)
    return Sighting(remote_id=shown.remote_id, snapshot=shown, marker=shown.fields.get(Field.MARKER))
