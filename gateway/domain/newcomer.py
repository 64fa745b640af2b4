"""One more link beside those that an organization has: what of it is new to its people, its desk and its contracts, and what the
desk's profile lacks. Who may read it, and where it comes from, is `gateway.flows.newcomer`."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.agreements import Agreement
from gateway.domain.model import Contact, Desk, Link
from gateway.domain.sla.terms import NEVER_STOP
from gateway.domain.worktime import Amount, Calendar, CalendarError, DayTarget, worktime

_STEP = timedelta(minutes=15)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Weight(StrEnum):
    """What a line asks of its reader."""

    NEW = "new"
    """None of the live links has it: people should know."""
    LACKING = "lacking"
    """Something is missing at the desk, with its cure."""
    KNOWN = "known"
    """As the live links have it."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the view."""

    about: str
    weight: Weight
    what: str
    cure: str = ""


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What the newcomer is held against: live links with the same role, the agreements they work under."""

    links: Sequence[Link] = ()
    agreements: Sequence[Agreement] = ()


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """A link as it would be. `desk` is the reader's own, `theirs` the other; `agreement` is None where none is named or it is
    not with the reader; `contacts` are those of the other organization."""

    link: Link
    desk: Desk
    theirs: Desk
    is_downstream: bool
    agreement: Agreement | None = None
    contacts: Sequence[Contact] = field(default=())


def compared(one: Newcomer, beside: Beside, *, now: datetime) -> list[Line]:
    """The view: every topic has at least one line."""
    topics: dict[str, Iterable[Line]] = {
        "fields": _fields(one, beside),
        "crossing": _crossing(one, beside),
        "priorities": _priorities(one),
        "statuses": _statuses(one),
        "reason codes": _reasons(one, beside),
        "hours": _hours(one, beside, now),
        "coverage": _coverage(one, beside),
        "due dates": _targets(one, beside),
        "contacts": _contacts(one),
    }
    found: list[Line] = []
    for about, lines in topics.items():
        mine = list(lines)
        found += mine or [
            Line(about=about, weight=Weight.KNOWN, what="nothing that your live links do not have")
        ]
    return found


def _new(about: str, what: str) -> Line:
    return Line(about=about, weight=Weight.NEW, what=what)


def _lacking(about: str, what: str, cure: str) -> Line:
    return Line(about=about, weight=Weight.LACKING, what=what, cure=cure)


# -- what crosses -------------------------------------------------------------------------------------------------------------


def _fields(one: Newcomer, beside: Beside) -> Iterator[Line]:
    ways = {"down": "come to you" if one.is_downstream else "go to them"}
    ways["up"] = "go to them" if one.is_downstream else "come to you"
    for way, told in ways.items():
        named = _named(one.link, way)
        strange = named - frozenset().union(*(_named(link, way) for link in beside.links))
        if strange:
            yield _new("fields", f"{', '.join(sorted(strange))}: {told}")
    comes = _named(one.link, "down" if one.is_downstream else "up")
    writable = one.desk.capabilities.writable
    homeless = {name for name in comes if name not in writable and not _is_custom(name, writable)} - {
        "description"
    }
    if homeless:
        cure = "they are told in words at the ticket; a field for each can be named in the desk's settings where the product has one"
        yield _lacking("fields", f"your desk has no field for {', '.join(sorted(homeless))}", cure)


def _is_custom(name: str, writable: Collection[str]) -> bool:
    return name.startswith("custom.") and "custom.*" in writable


def _named(link: Link, way: str) -> frozenset[str]:
    crossing = link.crossing
    return crossing.fields_down if way == "down" else crossing.fields_up


def _crossing(one: Newcomer, beside: Beside) -> Iterator[Line]:
    """Every other word about what crosses that no live link says in the same way."""
    for name, value in _words(one.link).items():
        if beside.links and all(_words(link)[name] != value for link in beside.links):
            others = sorted({_shown(_words(link)[name]) for link in beside.links})
            yield _new("crossing", f"{name}: {_shown(value)} (elsewhere {' or '.join(others)})")


def _words(link: Link) -> dict[str, Any]:
    told = dataclasses.asdict(link.crossing)
    return {name: value for name, value in told.items() if name not in ("fields_down", "fields_up")}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "all"
    return str(value) if value not in (None, "") else "as for both ways" if value is None else "none"


# -- what the profile lacks ---------------------------------------------------------------------------------------------------


def _priorities(one: Newcomer) -> Iterator[Line]:
    theirs = {word.value for word in one.theirs.profile.priorities.values()}
    ours = {word.value for word in one.desk.profile.write_priorities}
    if one.is_downstream and theirs - ours:
        told = f"they use {', '.join(sorted(theirs - ours))}, for which your profile writes nothing"
        yield _lacking(
            "priorities",
            told,
            "add it to write_priorities of the desk's profile; until then it is told in a note",
        )


def _statuses(one: Newcomer) -> Iterator[Line]:
    """Words of either side for which the other has none."""
    reads = {row.status.value for row in one.theirs.profile.statuses}
    absent = reads - {word.value for word in one.desk.profile.write_statuses}
    if absent and one.is_downstream:
        told = f"their desk says {', '.join(sorted(absent))}, for which your profile writes nothing"
        yield _lacking("statuses", told, "add it to write_statuses; until then it is told in a note")
    if one.is_downstream and not any(row.status == "pending" for row in one.desk.profile.statuses):
        told = "no status of yours means pending: a question of yours does not pass the ball to them"
        yield _lacking("statuses", told, "map a status to pending in the desk's profile")


def _reasons(one: Newcomer, beside: Beside) -> Iterator[Line]:
    agreement = one.agreement
    if agreement is None:
        return
    stops = {code for code in agreement.terms.stops if code not in NEVER_STOP}
    known = {code for other in beside.agreements for code in other.terms.stops}
    if stops - known:
        yield _new("reason codes", f"{', '.join(sorted(stops - known))} may stop its clocks")
    said = {row.code or (row.reason.value if row.reason else "") for row in one.desk.profile.statuses}
    if one.is_downstream and stops - said:
        cure = "give a status of your profile that reason, or ask afterwards by interdesk stops request"
        yield _lacking("reason codes", f"no status of your desk says {', '.join(sorted(stops - said))}", cure)


# -- the contract -------------------------------------------------------------------------------------------------------------


def _hours(one: Newcomer, beside: Beside, now: datetime) -> Iterator[Line]:
    if one.agreement is None:
        return
    calendar = one.agreement.terms.calendar
    others = [other.terms.calendar for other in beside.agreements]
    try:
        fresh = list(_ranges(_open_slots(calendar, others, now), ZoneInfo(calendar.zone or "UTC")))
    except CalendarError:
        yield _new(
            "hours",
            f"calendar {calendar.code} follows each site: zone, holidays or hours of access are the site's own",
        )
        return
    if fresh:
        yield _new("hours", f"{', '.join(fresh)} {calendar.zone}: open in none of your other contracts")
    today = now.date()
    year = {day for day in calendar.holidays if today <= day < today + timedelta(days=366)}
    closed = frozenset().union(*(other.holidays for other in others))
    ours = {day for day in closed if today <= day < today + timedelta(days=366)}
    if ours - year and others:
        days = ", ".join(map(str, sorted(ours - year)[:12]))
        yield _new("hours", f"works on days that others keep as holidays: {days}")


def _open_slots(calendar: Calendar, others: Sequence[Calendar], now: datetime) -> list[datetime]:
    """The quarters of an hour of an ordinary week in which only the newcomer is open, in its own zone."""
    work, rest = worktime(_ordinary(calendar)), [worktime(_ordinary(other)) for other in others]
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = day - timedelta(days=day.weekday())
    slots = [monday + number * _STEP for number in range(7 * 96)]
    return [at for at in slots if work.is_open(at) and not any(other.is_open(at) for other in rest)]


def _ordinary(calendar: Calendar) -> Calendar:
    """Without holidays and special days."""
    return (
        replace(calendar, holidays=frozenset(), special={}, closures=()) if any(calendar.weekly) else calendar
    )


def _ranges(slots: Sequence[datetime], zone: ZoneInfo) -> Iterator[str]:
    """`Sat 08:00-13:00`, for stretches that follow on each other."""
    start = last = None
    for at in [*slots, None]:
        if start is not None and last is not None and (at is None or at - last != _STEP):
            begun, end = start.astimezone(zone), f"{(last + _STEP).astimezone(zone):%H:%M}"
            yield f"{_DAYS[begun.weekday()]} {begun:%H:%M}-{'24:00' if end == '00:00' else end}"
            start = None
        start = at if start is None else start
        last = at


def _coverage(one: Newcomer, beside: Beside) -> Iterator[Line]:
    agreement = one.agreement
    if agreement is None:
        yield _lacking(
            "coverage",
            "no agreement with you is named",
            "ask them to name one, or its tickets have no clocks of yours",
        )
        return
    for name in ("sites", "groups", "services"):
        wanted: frozenset[str] = getattr(agreement, name)
        known = [getattr(other, name) for other in beside.agreements]
        if not wanted and known and all(known):
            yield _new("coverage", f"all {name}; your other contracts name theirs")
        elif wanted and all(known) and wanted - frozenset().union(*known):
            yield _new("coverage", f"{name}: {', '.join(sorted(wanted - frozenset().union(*known)))}")


def _targets(one: Newcomer, beside: Beside) -> Iterator[Line]:
    """Promises that are shorter than any other, or of a kind or priority that no other has."""
    if one.agreement is None:
        return
    for kind, amounts in one.agreement.terms.targets.items():
        for priority, amount in amounts.items():
            others = [
                other.terms.targets[kind][priority]
                for other in beside.agreements
                if priority in other.terms.targets.get(kind, {})
            ]
            told = f"{kind.value}, {priority}: {spelled(amount)}"
            if not others:
                yield _new("due dates", f"{told}; no other contract has one")
            elif _length(amount) < min(map(_length, others)):
                yield _new(
                    "due dates", f"{told}; the shortest so far was {spelled(min(others, key=_length))}"
                )
    if one.is_downstream and one.desk.capabilities.due == "none":
        yield _lacking("due dates", "your desk has no field for them", "they are told in a note")


def _length(amount: Amount) -> timedelta:
    """To compare by; working days are taken as whole ones."""
    return timedelta(days=amount.days) if isinstance(amount, DayTarget) else amount


def spelled(amount: Amount) -> str:
    """As a contract says it."""
    if isinstance(amount, DayTarget):
        return f"{amount.days} business days"
    minutes = int(amount.total_seconds()) // 60
    hours, rest = divmod(minutes, 60)
    return (
        " ".join(part for part in (f"{hours}h" if hours else "", f"{rest}m" if rest else "") if part)
        or f"{amount.total_seconds():g}s"
    )


def _contacts(one: Newcomer) -> Iterator[Line]:
    """By level; names and addresses are told once the link stands."""
    if not one.contacts:
        yield _lacking("contacts", "they name nobody", "ask whom to call at night before you accept")
    for contact in sorted(one.contacts, key=lambda known: (known.level, known.code)):
        always = any(len(days) == 7 and closes - opens == 24 * 60 for days, opens, closes, _ in contact.hours)
        hours = "at any hour" if always or not contact.hours else "in their hours"
        yield _new(
            "contacts",
            f"level {contact.level} by {contact.channel}, in {contact.language}, {hours} ({contact.zone})",
        )
