"""`changed`: which tickets had transactions since the last poll. One call for a quiet minute, one more per 100 news.

RT's list of transactions names their tickets (`ObjectId`), so one call tells all. A list of tickets by LastUpdated would
cost the same, but it knows whole seconds only, in the time zone of the account, and shows every touched ticket again
for as long as the overlap lasts.

Numbers are given when a transaction begins, not when it is committed, and different tickets commit in any order. So each
poll reads again what is younger than two minutes or within the last 50 numbers, and drops what it has told before.
The account must be able to see comments and custom fields (README.md): rows it may not see count towards RT's page of
100 and are left out of it. Should so many come in a row, every tenth quiet poll looks one page further.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from connectors.request_tracker import settings
from connectors.request_tracker.history import MAIL_RECORDS
from connectors.request_tracker.reading import path_part
from connectors.request_tracker.rest import (
    NOT_YOURS,
    PAGE,
    Row,
    document,
    get,
    items,
    number,
    quoted,
    refusal,
)
from connectors.request_tracker.words import moment
from gateway.connector import Exchange, Response, shaped
from gateway.domain.model import Desk, Page, Sighting
from gateway.errors import AnswerUnreadable, DeskDenied

OVERLAP = timedelta(minutes=2)
OVERLAP_IDS = 50
_LOOK_FURTHER_EVERY = 10


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """`low`: everything up to here is told. `at`: where the next page begins. `seen`: what was told above `low`.
    `queue`: number of the watched queue. `quiet`: polls in a row without news."""

    low: int
    at: int
    seen: frozenset[int]
    queue: int
    quiet: int = 0

    def __str__(self) -> str:
        return json.dumps(
            [self.low, self.at, self.queue, self.quiet, *sorted(self.seen)], separators=(",", ":")
        )


@shaped(AnswerUnreadable, "a cursor")
def cursor_from(text: str) -> Cursor:
    """What `str` made of a cursor."""
    low, at, queue, quiet, *seen = (int(one) for one in json.loads(text))
    return Cursor(low=low, at=at, queue=queue, quiet=quiet, seen=frozenset(seen))


def changed(text: str | None, desk: Desk) -> Exchange[Page]:
    """One page of news, oldest first."""
    if text is None:
        return (yield from _from_now(desk))
    cursor = cursor_from(text)
    answer = yield get("transactions", *_asked(cursor, desk))
    rows = items(answer)
    full = len(rows) >= PAGE
    if (
        not full
        and _is_all_known(rows, cursor)
        and cursor.quiet % _LOOK_FURTHER_EVERY == _LOOK_FURTHER_EVERY - 1
    ):
        rows += items((yield get("transactions", *_asked(cursor, desk, page=2))))
    news = [row for row in rows if number(row) not in cursor.seen]
    following = _following(cursor, rows, now=_clock(answer, rows), full=full)
    quiet = 0 if news else cursor.quiet + 1
    return Page(sightings=_sightings(news), cursor=str(replace(following, quiet=quiet)), more=full)


def _is_all_known(rows: Sequence[Row], cursor: Cursor) -> bool:
    return all(number(row) in cursor.seen for row in rows)


def _from_now(desk: Desk) -> Exchange[Page]:
    """A cursor behind the newest transaction of the queue."""
    name = settings.queue(desk)
    found = yield get(f"queue/{path_part(name)}", accept=NOT_YOURS)
    if refusal(found) is not None:
        raise DeskDenied(f"the account may not read the queue {name!r}, or there is none")
    start = Cursor(low=0, at=0, seen=frozenset(), queue=number(document(found)))
    answer = yield get("transactions", *_asked(start, desk, order="DESC"))
    rows = sorted(items(answer), key=number)
    start = replace(start, low=number(rows[0]) - 1 if rows else 0)
    return Page(sightings=(), cursor=str(_following(start, rows, now=_clock(answer, rows), full=False)))


def _asked(cursor: Cursor, desk: Desk, *, page: int = 1, order: str = "ASC") -> list[tuple[str, str]]:
    """What happened in the queue, and what left it for another."""
    ours = f"TicketQueue = {quoted(settings.queue(desk))}"
    left = f"Field = 'Queue' AND OldValue = '{cursor.queue}'"
    parts = [f"ObjectType = 'RT::Ticket' AND id > {cursor.at} AND ({ours} OR ({left}))"]
    parts.append("TicketType = 'ticket'")  # a queue also holds reminders and approvals
    parts += [f"Type != '{kind}'" for kind in MAIL_RECORDS]
    return [
        ("query", " AND ".join(parts)),
        ("fields", "ObjectId,Created"),
        ("orderby", "id"),
        ("order", order),
        ("per_page", str(PAGE)),
        ("page", str(page)),
    ]


def _following(cursor: Cursor, rows: Sequence[Row], *, now: datetime, full: bool) -> Cursor:
    """Move `low` over what is older than the overlap; what stays above it is remembered as told."""
    told = {*cursor.seen, *(number(row) for row in rows)}
    newest = max(told, default=cursor.low)
    settled = [number(row) for row in rows if _settled(row, newest, now)]
    low = max([cursor.low, *settled])
    at = number(rows[-1]) if full else low
    return replace(cursor, low=low, at=at, seen=frozenset(one for one in told if one > low))


@shaped(AnswerUnreadable, "a transaction")
def _settled(row: Row, newest: int, now: datetime) -> bool:
    created = moment(row["Created"])
    return number(row) <= newest - OVERLAP_IDS and created is not None and created <= now - OVERLAP


@shaped(AnswerUnreadable, "a list of transactions")
def _clock(answer: Response, rows: Sequence[Row]) -> datetime:
    """RT's own clock, as its transactions have it."""
    told = answer.headers.get("date")
    if told:
        return parsedate_to_datetime(told)
    return max(
        (at for row in rows if (at := moment(row["Created"]))), default=datetime(1970, 1, 2, tzinfo=UTC)
    )


@shaped(AnswerUnreadable, "a transaction")
def _sightings(news: Sequence[Row]) -> list[Sighting]:
    """Each ticket once, in the order of its first news."""
    last: dict[str, str] = {}
    for row in news:
        last[str(int(row["ObjectId"]))] = str(number(row))
    return [Sighting(remote_id=ticket, hints={"transaction": entry}) for ticket, entry in last.items()]
