"""Work logged at a hop (labour, travel, parts, abortive visits): told one link up, accepted there or disputed, and accepted by
itself once the link's review period has passed. Amounts and rates are for the two ends of that link: `seen_by` is the one
place that says who reads what of a line, and no event holds any of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.case import Case
from gateway.domain.model import Event, Hop, Link
from gateway.domain.model.change import replace
from gateway.domain.people import rule
from gateway.domain.problem import suggestion
from gateway.domain.worktime import NO_HOURS, ROUND_THE_CLOCK, Calendar, DayTarget, worktime
from gateway.errors import Invalid, Refused


class WorkKind(StrEnum):
    """What was done."""

    LABOUR = "labour"
    TRAVEL = "travel"
    PARTS = "parts"
    ABORTIVE_VISIT = "abortive_visit"


class Unit(StrEnum):
    """What an amount counts."""

    MINUTES = "minutes"
    KM = "km"
    PIECES = "pieces"


UNITS: Mapping[WorkKind, tuple[Unit, ...]] = {
    WorkKind.LABOUR: (Unit.MINUTES,),
    WorkKind.TRAVEL: (Unit.KM, Unit.MINUTES),
    WorkKind.PARTS: (Unit.PIECES,),
    WorkKind.ABORTIVE_VISIT: (Unit.PIECES, Unit.MINUTES),
}
"""What each kind is counted in; of an abortive visit either the visit itself or the minutes waited."""


class WorkState(StrEnum):
    """Where a line stands. `proposed` and `dropped` are its own side's alone; `told`: it has reached the side above."""

    PROPOSED = "proposed"
    DROPPED = "dropped"
    LOGGED = "logged"
    TOLD = "told"
    ACCEPTED = "accepted"
    DISPUTED = "disputed"
    LAPSED = "lapsed"


OWN = frozenset({WorkState.PROPOSED, WorkState.DROPPED})
UNDECIDED = frozenset({WorkState.LOGGED, WorkState.TOLD})
COUNTED = frozenset({WorkState.ACCEPTED, WorkState.LAPSED})
"""What stands in a statement: accepted, by word or by silence."""
MOST = Decimal(1_000_000)
_CURRENCY = re.compile(r"[A-Z]{3}")
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Work:
    """What somebody wants to log. `at`: when it was done; `price` in `currency` (ISO 4217) for the whole line; `worker`: the
    name of who did it, which crosses only where the link names people; `text`: words, erasable."""

    kind: WorkKind
    amount: Decimal
    unit: Unit
    at: datetime
    price: Decimal | None = None
    currency: str = ""
    worker: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class WorkLine:
    """One line. `org_id` logged it, `consumer` is the organization one link up. `month` is that of `at` by the wall of the
    consumer's zone; `statement` the month whose closed statement counts it. Texts are named by content id."""

    id: str
    org_id: str
    consumer: str
    ticket_id: str
    hop_id: str
    link_id: str
    kind: WorkKind
    amount: Decimal
    unit: Unit
    at: datetime
    month: str
    logged_at: datetime
    logged_by: str = ""
    state: WorkState = WorkState.LOGGED
    price: Decimal | None = None
    currency: str = ""
    content_id: str | None = None
    event_id: str | None = None
    delivery_id: str | None = None
    told_at: datetime | None = None
    review_until: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str = ""
    reason_id: str | None = None
    passed_from: str | None = None
    """The line one link below that this one hands on: nobody's business above."""
    visit_event: str | None = None
    statement: str = ""

    @property
    def length(self) -> timedelta | None:
        """The time of a line that counts minutes."""
        return int(self.amount) * _MINUTE if self.unit is Unit.MINUTES else None


# -- what may be logged -------------------------------------------------------------------------------------------------------


def kind_from(word: str) -> WorkKind:
    """Raises Invalid."""
    try:
        return WorkKind(word)
    except ValueError as error:
        raise Invalid(
            f"{word!r} is no kind of work", cure=suggestion(word, [one.value for one in WorkKind])
        ) from error


def number_from(text: str, what: str) -> Decimal:
    """A positive number as somebody wrote it, with a point. Raises Invalid."""
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise Invalid(f"{text!r} is no number of {what}", cure="write it like 90 or 12.5") from error
    if not number.is_finite() or not 0 < number <= MOST:
        raise Invalid(
            f"{text} {what} cannot be logged",
            why=f"an amount is more than nothing and at most {MOST}",
            cure="to take work back, the other side disputes its line",
        )
    return number


def check(work: Work, *, now: datetime) -> None:
    """Raises Invalid for what no line can say."""
    allowed = UNITS[work.kind]
    if work.unit not in allowed:
        words = " or ".join(f"--{unit}" for unit in allowed)
        raise Invalid(f"{work.kind} is not counted in {work.unit}", cure=words)
    exact = work.amount == work.amount.to_integral_value()
    if work.unit is Unit.MINUTES and not exact:
        raise Invalid(f"{work.amount} minutes", why="minutes are logged whole", cure="round to the minute")
    _check_digits(work.amount, 3, "an amount")
    if work.price is not None:
        _check_digits(work.price, 2, "a sum of money")
    if (work.price is None) is bool(work.currency):
        raise Invalid(
            "an amount of money needs its currency, and the other way round",
            cure="--money 120 --currency EUR",
        )
    if work.currency and not _CURRENCY.fullmatch(work.currency):
        raise Invalid(f"{work.currency!r} is no currency", cure="three capital letters of ISO 4217, like EUR")
    if work.at > now:
        raise Invalid(
            "the work lies in the future",
            why=f"it would be of {work.at.isoformat()}",
            cure="log it once it is done",
        )


def _check_digits(number: Decimal, most: int, what: str) -> None:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > most:
        raise Invalid(f"{number} is too exact", why=f"{what} has at most {most} digits after the point")


# -- who reads what -----------------------------------------------------------------------------------------------------------


def seen_by(line: WorkLine, party: str | None, link: Link) -> WorkLine | None:
    """A line as one organization reads it (None: the operator); None where it is none of its business. The side above does
    not learn what a line was made of; neither side learns the other's people unless the link names them."""
    if party is None:
        return line
    if party == line.org_id:
        return line if names_people(link, down=True) else replace(line, decided_by="")
    if party != line.consumer or line.state in OWN:
        return None
    logged_by = line.logged_by if names_people(link, down=False) else ""
    return replace(line, passed_from=None, visit_event=None, logged_by=logged_by)


def names_people(link: Link, *, down: bool) -> bool:
    """Whether the names of people may cross it in that direction."""
    return rule(link, down=down) == "name"


# -- how it goes on -----------------------------------------------------------------------------------------------------------


def standing(line: WorkLine, now: datetime) -> WorkState:
    """Its state as of `now`: what was told and not answered in time counts as accepted, whoever has noticed."""
    over = line.review_until is not None and line.review_until <= now
    return WorkState.LAPSED if line.state is WorkState.TOLD and over else line.state


def review_ends(told_at: datetime, *, days: int, zone: str) -> datetime:
    """The midnight after so many working days, Monday to Friday by the wall of that zone."""
    weekly = (*ROUND_THE_CLOCK[:5], *NO_HOURS[5:])
    return DayTarget(days=days).due_at(worktime(Calendar(code="review", zone=zone, weekly=weekly)), told_at)


def month_of(at: datetime, zone: str) -> str:
    """`2026-10`, by the wall of that zone."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m}"


def told(line: WorkLine, at: datetime, *, link: Link, zone: str) -> WorkLine:
    """It has reached the side above: the review period begins."""
    until = review_ends(at, days=link.work_review_days, zone=zone)
    return replace(line, state=WorkState.TOLD, told_at=at, review_until=until)


def lapsed(line: WorkLine) -> WorkLine:
    """Nobody answered in time."""
    return replace(line, state=WorkState.LAPSED, decided_at=line.review_until)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the side above says of a line, who says it when, and for which organization (None: the operator, who writes down
    what that side said)."""

    state: WorkState
    by: str
    at: datetime
    party: str | None = None


def decided(line: WorkLine, verdict: Verdict, *, names: Mapping[str, str]) -> WorkLine:
    """The line after a verdict. Raises Refused where that side may not, or no longer. `names`: organizations by id."""
    provider, consumer = names.get(line.org_id, line.org_id), names.get(line.consumer, line.consumer)
    own = verdict.party == line.org_id != line.consumer
    if own or (verdict.party is None and verdict.by == line.logged_by):
        who = provider if own else verdict.by
        raise Refused(
            f"{who} logged this line and cannot be the one who decides it",
            why=f"it is {consumer}'s to accept or dispute",
            cure="--for ORGANIZATION decides for that side, --actor names who said so there",
        )
    now_is = standing(line, verdict.at)
    if now_is is WorkState.LAPSED and line.review_until is not None:
        raise Refused(
            f"the line counts as accepted since {line.review_until.isoformat(timespec='minutes')}",
            why="the review period of its link has passed without an answer",
            cure=f"ask {provider} to log what is right, or settle it outside",
        )
    if now_is in OWN:
        raise Refused(f"the line is only {now_is.value}", cure="interdesk work confirm LINE logs it")
    if line.statement:
        raise Refused(
            f"the line stands in the closed statement of {line.statement}", why="closed months are frozen"
        )
    if now_is in (verdict.state, WorkState.ACCEPTED):
        raise Refused(f"the line is {now_is.value} already")
    return replace(line, state=verdict.state, decided_at=verdict.at, decided_by=verdict.by)


# -- what visits propose ------------------------------------------------------------------------------------------------------

ABORTIVE = frozenset({"no_access", "aborted"})
"""Outcomes of a visit for which somebody came in vain (R35)."""


def in_vain(case: Case) -> Iterator[tuple[Hop, Event, Decimal, Unit]]:
    """The abortive visits among what just happened: how long somebody waited where that was told, else one visit."""
    for event in case.events:
        if event.type != "visit.left" or event.data.get("outcome") not in ABORTIVE or event.hop_id is None:
            continue
        hop, waited = case.hops[event.hop_id], _whole(event.data.get("waited_minutes"))
        if hop.link_id is not None:
            yield hop, event, *((Decimal(waited), Unit.MINUTES) if waited else (Decimal(1), Unit.PIECES))


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST else 0


def proposals(case: Case) -> list[WorkLine]:
    """The lines that abortive visits propose: their own side confirms or drops them; nobody else is told."""
    found = []
    for hop, event, amount, unit in in_vain(case):
        link = case.directory.links[hop.link_id or ""]
        at = event.stated_at or event.reported_at or event.observed_at
        work = Work(kind=WorkKind.ABORTIVE_VISIT, amount=amount, unit=unit, at=at)
        made = line_of(case, hop, link, work)
        found.append(replace(made, state=WorkState.PROPOSED, visit_event=event.id))
    return found


def line_of(case: Case, hop: Hop, link: Link, work: Work) -> WorkLine:
    """A line of work at a hop: whose it is, for whom, into which month it belongs."""
    return WorkLine(
        id=case.new_id("wrk"),
        org_id=hop.org_id,
        consumer=link.upstream_org_id,
        ticket_id=case.ticket.id,
        hop_id=hop.id,
        link_id=link.id,
        kind=work.kind,
        amount=work.amount,
        unit=work.unit,
        at=work.at,
        month=month_of(work.at, zone_of(case, link)),
        price=work.price,
        currency=work.currency,
        logged_at=case.now,
    )


def zone_of(case: Case, link: Link) -> str:
    """Months and working days of a link are those of its upstream organization."""
    owner = case.directory.organizations.get(link.upstream_org_id)
    return owner.zone if owner is not None else "UTC"
