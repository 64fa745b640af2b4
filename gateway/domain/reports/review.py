"""The review of a closing (R36): each difference can be queried for some working days; what nobody queried is agreed; a period is
issued with both names when nothing is open any more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gateway.domain.problem import suggestion
from gateway.domain.reports.lists import Comparison, Frame, Line, Theirs
from gateway.domain.worktime import Calendar, worktime
from gateway.errors import NotFound, Refused

_DAY = timedelta(days=1)
_WEEKEND = 5


class State(StrEnum):
    """How far a closing is. A draft is reconciled when every line is agreed, settled, or was left alone for long enough."""

    DRAFT = "draft"
    RECONCILED = "reconciled"
    ISSUED = "issued"


class Standing(StrEnum):
    """How a line stands."""

    OPEN = "open"
    QUERIED = "queried"
    AGREED = "agreed"
    LAPSED = "agreed by silence"
    SETTLED = "settled"
    NEW = "new since the review"
    """It came when nobody could ask about it any more: silence does not agree to it."""
    GONE = "gone"
    """The two sides do not differ there any more."""


WAITING = frozenset({Standing.OPEN, Standing.QUERIED, Standing.NEW})
"""While a line stands so, the period cannot be issued."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line under review: what was asked about it, and what was said to that."""

    line: Line
    standing: Standing = Standing.OPEN
    query: str = ""
    queried_by: str = ""
    answer: str = ""
    answered_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Closing:
    """A customer's period being closed. `customer` is a code, `period` a name. `rows` are the other side's, kept so that the
    lists can be laid beside each other again. `names`: who signs, for us and for them."""

    id: str
    org_id: str
    customer: str
    period: str
    made_at: datetime
    made_by: str
    review_until: datetime
    source: str
    sha256: str
    frame: Frame
    rows: tuple[Theirs, ...] = ()
    counts: Comparison
    entries: tuple[Entry, ...] = ()
    names: tuple[str, str] = ("", "")
    issued_at: datetime | None = None

    def state(self, now: datetime) -> State:
        """How far it is at a moment."""
        if self.issued_at is not None:
            return State.ISSUED
        waits = any(self.standing(one, now) in WAITING for one in self.entries)
        return State.DRAFT if waits else State.RECONCILED

    def standing(self, entry: Entry, now: datetime) -> Standing:
        """How a line stands at a moment: unanswered by the end of the review is agreed."""
        over = now >= self.review_until or self.issued_at is not None
        return Standing.LAPSED if over and entry.standing is Standing.OPEN else entry.standing

    def entry(self, key: str) -> Entry:
        """The line of that name. Raises NotFound."""
        found = {one.line.key: one for one in self.entries}
        if key not in found:
            raise NotFound(f"the closing has no line {key!r}", cure=suggestion(key, found))
        return found[key]


def query(closing: Closing, key: str, *, by: str, words: str, now: datetime) -> Closing:
    """Ask about a line. Raises Refused when the review is over."""
    entry = closing.entry(key)
    if closing.state(now) is State.ISSUED or now >= closing.review_until:
        raise Refused(
            f"{key} cannot be queried any more",
            why=f"the review ended on {closing.review_until:%Y-%m-%d %H:%M} UTC: unanswered is agreed",
            cure="a fact that comes late makes a restatement: interdesk close restate",
        )
    if entry.standing not in (Standing.OPEN, Standing.QUERIED):
        raise Refused(
            f"{key} is {entry.standing.value}", why=entry.answer, cure="interdesk close show tells by whom"
        )
    return _put(closing, replace(entry, standing=Standing.QUERIED, query=words, queried_by=by))


def settle(closing: Closing, key: str, *, by: str, words: str) -> Closing:
    """Answer a query, or agree to a line that nobody asked about. Raises Refused once it is issued."""
    entry = closing.entry(key)
    if closing.issued_at is not None:
        raise Refused(f"{closing.period} is issued", cure="interdesk close restate makes a new version")
    standing = Standing.SETTLED if entry.standing is Standing.QUERIED else Standing.AGREED
    return _put(closing, replace(entry, standing=standing, answer=words, answered_by=by))


def _put(closing: Closing, entry: Entry) -> Closing:
    entries = tuple(entry if one.line.key == entry.line.key else one for one in closing.entries)
    return replace(closing, entries=entries)


def compared_again(closing: Closing, counts: Comparison, *, now: datetime) -> Closing:
    """After facts changed: what was said of a line stays with it while it says the same; what is not there any more is
    marked; what is new is open, and after the review waits for somebody to agree."""
    fresh = Standing.OPEN if now < closing.review_until else Standing.NEW
    before = {one.line.key: one for one in closing.entries}
    after = {one.key for one in counts.lines}
    kept = [
        before[one.key]
        if one.key in before and before[one.key].line == one
        else Entry(line=one, standing=fresh)
        for one in counts.lines
    ]
    gone = [replace(one, standing=Standing.GONE) for one in closing.entries if one.line.key not in after]
    return replace(closing, counts=counts, entries=(*kept, *gone))


def issued(closing: Closing, names: tuple[str, str], *, now: datetime) -> Closing:
    """Issued with both names. Raises Refused while something is open, or a name is missing."""
    waiting = [one for one in closing.entries if closing.standing(one, now) in WAITING]
    if closing.issued_at is not None:
        raise Refused(
            f"{closing.period} is issued already", cure="interdesk close restate makes a new version"
        )
    if waiting:
        raise Refused(
            f"{len(waiting)} lines are not agreed, the first is {waiting[0].line.key}",
            why=f"the review ends on {closing.review_until:%Y-%m-%d %H:%M} UTC, and a query waits for its answer",
            cure="interdesk close agree, or wait",
        )
    if not all(one.strip() for one in names):
        raise Refused("a period is issued with both names", cure="add --ours NAME --theirs NAME")
    return replace(closing, names=names, issued_at=now)


def review_end(start: datetime, days: int, calendar: Calendar, zone: str) -> datetime:
    """The end of so many working days after the one of `start`: days with open time, of a calendar that never closes Monday
    to Friday."""
    work, where = worktime(calendar), ZoneInfo(zone)
    day, left = start.astimezone(where).date(), days
    while left > 0:
        day += _DAY
        midnight = _midnight(day, where)
        works = work.between(midnight, _midnight(day + _DAY, where)) > timedelta()
        left -= works and not (calendar.always and day.weekday() >= _WEEKEND)
    return _midnight(day + _DAY, where)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(ZoneInfo("UTC"))


def entries(lines: Sequence[Line]) -> tuple[Entry, ...]:
    """Lines that nobody has looked at yet."""
    return tuple(Entry(line=one) for one in lines)
