"""Work lists: what somebody has to do next, since when and until when, and how. Which rows come into question the store asks
its indexes; what a row means, and whether it belongs on the list, is said here."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from gateway.domain.keeping import KeptClock
from gateway.domain.problem import suggestion
from gateway.domain.sla.stops import Request, Standing
from gateway.domain.sla.terms import Terms
from gateway.domain.warnings import BREACH
from gateway.domain.worklog import WorkLine
from gateway.domain.worktelling import plain
from gateway.errors import Invalid

NAMES: Mapping[str, str] = {
    "unanswered-offers": "offers that nobody has answered; the one that ends first before the others",
    "no-visit-booked": "somebody has to come, and no visit is booked",
    "todays-visits": "visits of today, by the wall of the site",
    "at-risk": "clocks past a warning, or more likely missed than met",
    "waiting-for-me": "questions from below that wait for an answer",
    "stops-to-decide": "requests to stop a clock that nobody has decided",
    "hours-to-approve": "work logged below that is neither accepted nor disputed",
}
SAMPLE = 5
"""So many finished clocks say something about the next one."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Place = tuple[datetime, str]
"""Where in the order of its list a row stands."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One row. `number` is what the ticket is called at the desk of whoever has to act, `organization` is who that is; `next`
    says what to do, as a command where there is one."""

    ticket_id: str
    hop_id: str
    organization: str
    number: str | None = None
    since: datetime | None = None
    due: datetime | None = None
    what: str = ""
    next: str = ""


def known(name: str) -> str:
    """The name of a list. Raises Invalid."""
    if name not in NAMES:
        raise Invalid(f"there is no work list {name!r}", cure=suggestion(name, NAMES))
    return name


def cursor(place: Place) -> str:
    """A place in a list as a word."""
    return f"{(place[0] - _EPOCH) // _MICROSECOND}-{place[1]}"


def place_from(word: str) -> Place:
    """Where to go on. Raises Invalid for what no list has said."""
    digits, dash, name = word.partition("-")
    if not dash or not name or not digits.isascii() or not digits.isdigit() or len(digits) > 17:
        raise Invalid(f"{word!r} is no place in a list", cure="take `next` of the page before as it is")
    return _EPOCH + int(digits) * _MICROSECOND, name


# -- hand-overs and questions -------------------------------------------------------------------------------------------------


def offer(row: Mapping[str, Any], party: str | None, names: Mapping[str, str]) -> Item:
    """An offer as whoever has to answer it sees it, or whoever made it and waits."""
    hop = row["id"]
    if party is None or party == row["org_id"]:
        owner, number = row["org_id"], row["number"]
        what, do = "answer the offer", f"interdesk accept {hop} (or decline)"
    else:
        owner, number = row["parent_org"], row["parent_number"]
        what, do = (
            f"{names.get(row['org_id'], row['org_id'])} has not answered",
            f"interdesk reassign {hop} LINK",
        )
    return Item(
        ticket_id=row["ticket_id"],
        hop_id=hop,
        organization=owner,
        number=number,
        since=row["offered_at"],
        due=row["answer_by"],
        what=what,
        next=do,
    )


def question(row: Mapping[str, Any], since: datetime | None, names: Mapping[str, str]) -> Item:
    """A question from below, at the desk of whoever owes the answer."""
    return Item(
        ticket_id=row["ticket_id"],
        hop_id=row["id"],
        organization=row["parent_org"],
        number=row["parent_number"],
        since=since,
        what=f"{names.get(row['org_id'], row['org_id'])} waits for you ({row['reason'] or 'no reason'})",
        next=f"answer it at your desk; interdesk explain {row['id']}",
    )


# -- visits -------------------------------------------------------------------------------------------------------------------


def is_today(window: tuple[datetime, datetime], zone: str, now: datetime) -> bool:
    """Whether a window touches the day on which it is now, by the wall of that zone."""
    wall = ZoneInfo(zone)
    today = now.astimezone(wall).date()
    return window[0].astimezone(wall).date() <= today <= window[1].astimezone(wall).date()


def visit(row: Mapping[str, Any], zone: str) -> Item:
    """A visit of today."""
    opens, closes = (row[name].astimezone(ZoneInfo(zone)) for name in ("opens_at", "closes_at"))
    words = "somebody is under way" if row["state"] == "under_way" else "booked"
    return Item(
        **_at(row),
        since=row["opens_at"],
        due=row["closes_at"],
        what=f"{words}: {opens:%H:%M}–{closes:%H:%M} {zone}",
        next=f"interdesk tickets show {row['ticket_id']}",
    )


def unbooked(clock: KeptClock, row: Mapping[str, Any]) -> Item:
    """Somebody has to be on site by then, and nobody has said when he comes."""
    return Item(
        **_at(row),
        since=clock.started_at,
        due=clock.due_at,
        what=f"no visit booked ({clock.agreement})",
        next=f"book it at the desk; interdesk sla show {clock.ticket_id}",
    )


def _at(row: Mapping[str, Any]) -> dict[str, Any]:
    named = {"ticket_id": row["ticket_id"], "hop_id": row["id"]}
    return {**named, "organization": row["org_id"], "number": row["number"]}


# -- clocks and stops ---------------------------------------------------------------------------------------------------------


class Chance(NamedTuple):
    """How many of so many finished clocks were missed."""

    missed: int
    of: int

    @property
    def is_likely(self) -> bool:
        """Whether the next one is more likely missed than met."""
        return 2 * self.missed > self.of


def chance(past: Sequence[timedelta], clock: KeptClock) -> Chance | None:
    """How likely a running clock is missed, from those before it (the shortest first) that took longer than it has run; None
    where too few did."""
    if clock.target is None:
        return None
    longer = len(past) - bisect_right(past, clock.elapsed)
    if longer < SAMPLE:
        return None
    return Chance(len(past) - bisect_right(past, max(clock.target, clock.elapsed)), longer)


def risk(clock: KeptClock, past: Sequence[timedelta]) -> str:
    """Why a clock is at risk: it was warned of, or is more likely missed than met; "" for any other."""
    marks = [word for word in clock.warned if word != BREACH]
    found = chance(past, clock)
    likely = found if found is not None and found.is_likely else None
    words = [f"{marks[-1]} mark passed"] if marks else []
    words += [f"missed by {likely.missed} of {likely.of} like it"] if likely is not None else []
    return ", ".join(words)


def at_risk(clock: KeptClock, row: Mapping[str, Any], why: str) -> Item:
    """A clock at risk."""
    return Item(
        **_at(row),
        since=clock.started_at,
        due=clock.due_at,
        what=f"{clock.target_kind} ({clock.agreement}): {why}",
        next=f"interdesk sla forecast {clock.ticket_id}",
    )


def undecided(request: Request, terms: Terms, standing: Standing, ticket_id: str) -> dict[str, Any] | None:
    """What is kept of a stop request that the consumer of an agreement has to decide; None where nothing is to decide."""
    if standing is not Standing.OPEN:
        return None
    late = request.end is not None and request.asked_at > request.end + terms.grace
    lapses = request.delivered_at is not None and not late
    return {
        "id": f"{request.id}/{terms.id}",
        "org_id": terms.consumer,
        "ticket_id": ticket_id,
        "hop_id": request.hop,
        "request_id": request.id,
        "agreement": terms.id,
        "code": request.own_code or request.code,
        "asked_at": request.asked_at,
        "review_until": request.delivered_at + terms.review_period
        if request.delivered_at and lapses
        else None,
    }


def stop(row: Mapping[str, Any], number: str | None) -> Item:
    """A stop that waits for its consumer's word."""
    return Item(
        ticket_id=row["ticket_id"],
        hop_id=row["hop_id"],
        organization=row["org_id"],
        number=number,
        since=row["asked_at"],
        due=row["review_until"],
        what=f"stop for {row['code']} under {row['agreement']}",
        next=f"interdesk stops accept {row['request_id']} --agreement {row['agreement']} --reason … (or dispute)",
    )


# -- work ---------------------------------------------------------------------------------------------------------------------


def hours(line: WorkLine, numbers: tuple[str, str], names: Mapping[str, str]) -> Item:
    """A line of work, at the desk of whoever is to accept it."""
    amount = f"{line.kind} {plain(line.amount)} {line.unit}"
    money = f", {line.price:.2f} {line.currency}" if line.price is not None else ""
    return Item(
        ticket_id=line.ticket_id,
        hop_id=line.hop_id,
        organization=line.consumer,
        number=numbers[1] or None,
        since=line.logged_at,
        due=line.review_until,
        what=f"{names.get(line.org_id, line.org_id)}: {amount}{money}",
        next=f"interdesk work accept {line.id} (or dispute)",
    )
