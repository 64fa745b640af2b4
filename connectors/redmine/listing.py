"""What changed at Redmine since a cursor. It keeps times to the second and has no webhooks, so every poll re-reads two
minutes and drops what it has reported."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta

from connectors.redmine import names, reading
from connectors.redmine.names import Document, Names
from gateway.connector import Effect, Exchange, Request, shaped
from gateway.domain.model import Desk, Field, Page, Sighting
from gateway.errors import AnswerUnreadable

OVERLAP = timedelta(minutes=2)
LIMIT = 100
BEGINNING = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """How far the list was read.

    `at` is the newest change reported. `seen` maps issue ids to the change reported last. One in the newest second stands
    there with a `?`, for more may happen in that second after we looked: the next poll (`??`) reports it once more.
    While a backlog is read page by page, `start` and `offset` say what comes next.
    """

    at: str
    seen: Mapping[str, str] = field(default_factory=dict)
    start: str | None = None
    offset: int = 0

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Raises ValueError or TypeError for what is no cursor of ours."""
        known = cls(**json.loads(text))
        return known if known.start else replace(known, seen=_doubted(known.seen))

    def written(self) -> str:
        """One line of JSON."""
        told = {"at": self.at, "seen": self.seen, "start": self.start, "offset": self.offset}
        return json.dumps(told, separators=(",", ":"))

    def begins(self) -> str:
        """From which change on to ask."""
        return self.start or _earlier(self.at, OVERLAP)


def _earlier(text: str, by: timedelta) -> str:
    return (reading.moment(text) - by).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def changed(cursor: str | None, desk: Desk) -> Exchange[Page]:
    """See Connector.changed. A first cursor begins with the newest change Redmine knows, by Redmine's own clock."""
    if cursor is None:
        return Page(sightings=(), cursor=(yield from _now()).written())
    known = Cursor.read(cursor)
    rows, more = yield from _page(known.begins(), known.offset)
    fresh = [row for row in rows if not _is_told(known, row)]
    words = yield from _names(fresh, desk)
    return Page(
        sightings=tuple(_sighting(row, words, desk) for row in fresh),
        cursor=_after(known, rows, more=more).written(),
        more=more,
    )


def _now() -> Exchange[Cursor]:
    """The newest change, and what else happened in the two minutes that the first poll will read again."""
    newest = yield from _read(_query(BEGINNING, 0, limit=1, order="desc"))
    cursor = Cursor(at=str(newest[0][0]["updated_on"]) if newest[0] else BEGINNING)
    more = bool(newest[0])
    while more:
        rows, more = yield from _page(cursor.begins(), cursor.offset)
        cursor = _after(cursor, rows, more=more)
    return replace(cursor, seen={ident: when.rstrip("?") for ident, when in cursor.seen.items()})


def _page(start: str, offset: int) -> Exchange[tuple[list[Document], bool]]:
    rows, total = yield from _read(_query(start, offset, limit=LIMIT))
    return rows, bool(rows) and offset + len(rows) < total


def _query(start: str, offset: int, *, limit: int, order: str = "asc") -> Request:
    params = (
        ("status_id", "*"),
        ("updated_on", f">={start}"),
        ("sort", f"updated_on:{order},id:{order}"),
        ("limit", str(limit)),
        ("offset", str(offset)),
    )
    return Request(effect=Effect.READ, method="GET", path="issues.json", params=params)


def _read(request: Request) -> Exchange[tuple[list[Document], int]]:
    document = (yield request).json()
    with shaped(AnswerUnreadable, "a list of issues"):
        rows: list[Document] = [dict(row) for row in document["issues"]]
        for row in rows:
            int(row["id"])
            reading.moment(row["updated_on"])
        return rows, int(document["total_count"])


def _after(known: Cursor, rows: list[Document], *, more: bool) -> Cursor:
    """Where to go on. A next page begins at the second of the last row, not at an offset: a row that changes while the
    backlog is read moves to the end, and everything behind it up by one. Only a page within one second needs an offset,
    and then half of it is read again."""
    at = max([known.at, *(str(row["updated_on"]) for row in rows)])
    seen = {**known.seen, **{str(row["id"]): _mark(known, row, at) for row in rows}}
    if not more:
        oldest = _earlier(at, OVERLAP + timedelta(seconds=1))
        return Cursor(at=at, seen={ident: when for ident, when in seen.items() if when >= oldest})
    last, start = str(rows[-1]["updated_on"]), known.begins()
    if last > start:
        return Cursor(at=at, seen=seen, start=last)
    return Cursor(at=at, seen=seen, start=start, offset=known.offset + len(rows) - len(rows) // 2)


def _doubted(seen: Mapping[str, str]) -> dict[str, str]:
    return {ident: f"{when}?" if when.endswith("?") else when for ident, when in seen.items()}


def _is_told(known: Cursor, row: Document) -> bool:
    when = row["updated_on"]
    return known.seen.get(str(row["id"])) in (when, f"{when}?")


def _mark(known: Cursor, row: Document, newest: str) -> str:
    when, told = str(row["updated_on"]), known.seen.get(str(row["id"]))
    if told in (when, f"{when}??"):
        return when
    return f"{when}?" if told == f"{when}?" or when == newest else when


def _names(rows: list[Document], desk: Desk) -> Exchange[Names]:
    known = names.told(desk)
    with shaped(AnswerUnreadable, "an issue"):
        strange = any(not known.knows(Field.QUEUE, str(row["project"]["id"])) for row in rows)
    return (yield from names.learned(known, [Field.QUEUE.value], "")) if strange else known


def _sighting(row: Document, words: Names, desk: Desk) -> Sighting:
    """Touched, with the fields that an intake rule may ask for."""
    shown = reading.row_of(row, reading.View(desk=desk, me="", names=words))
    return Sighting(remote_id=shown.remote_id, snapshot=shown, marker=shown.fields.get(Field.MARKER))
