"""The life of an agreement (R25): draft, planned, active, in renewal, expired or terminated, by its dates and by hand; when its
end is to be remembered; and what two documents say that somebody did to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.agreement_versions import DAY, day_of, on, runs_until, versions
from gateway.domain.worktime import instant

Document = Mapping[str, Any]

REMIND_BEFORE = (90, 30, 7)
"""So many days before its end both sides are reminded, unless the agreement says otherwise."""
IN_RENEWAL, EXPIRE = "in_renewal", "expire"


class State(StrEnum):
    """Where an agreement stands on a day."""

    DRAFT = "draft"
    PLANNED = "planned"
    ACTIVE = "active"
    IN_RENEWAL = "in_renewal"
    EXPIRED = "expired"
    TERMINATED = "terminated"


def state_on(document: Document, day: date) -> State:
    """The state on a day of the provider's calendar."""
    if document.get("draft"):
        return State.DRAFT
    terminated = day_of(document.get("terminated_on"))
    if terminated is not None and day > terminated:
        return State.TERMINATED
    version = on(document, day)
    if version.begins is not None and day < version.begins:
        return State.PLANNED
    if version.ends is None or day <= version.ends:
        return State.ACTIVE
    return State.IN_RENEWAL if document.get("after_end") == IN_RENEWAL else State.EXPIRED


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """That the agreement ends so many days later; `passed`: marks that nobody was reminded at, and need not be now."""

    end: date
    before: int
    passed: tuple[int, ...] = ()


def reminder_on(document: Document, day: date) -> Reminder | None:
    """The nearest mark before the end that has come. None for a draft, for what was ended by hand (both sides know) and for
    what has no end or has ended."""
    if document.get("draft") or document.get("template") or document.get("terminated_on"):
        return None
    end = runs_until(document, day)
    begins = on(document, day).begins
    if end is None or day > end or (begins is not None and day < begins):
        return None
    due = sorted(mark for mark in marks(document) if end - timedelta(days=mark) <= day)
    return Reminder(end=end, before=due[0], passed=tuple(due[1:])) if due else None


def marks(document: Document) -> tuple[int, ...]:
    """Days before its end at which somebody is reminded."""
    return tuple(document.get("remind_before", REMIND_BEFORE))


def next_day(document: Document, day: date) -> date | None:
    """The next day after this one on which its state may be another one, or somebody is to be reminded."""
    if document.get("template"):
        return None
    days: list[date] = []
    for version in versions(document):
        days += [version.begins] if version.begins is not None else []
        if version.ends is not None:
            days.append(version.ends + DAY)
            days += [version.ends - timedelta(days=mark) for mark in marks(document)]
    terminated = day_of(document.get("terminated_on"))
    days += [terminated + DAY] if terminated is not None else []
    return min((one for one in days if one > day), default=None)


def today(now: datetime, zone: str) -> date:
    """The day in the provider's zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def beginning(day: date, zone: str) -> datetime:
    """The moment at which a day begins there."""
    return instant(ZoneInfo(zone), day, 0).astimezone(UTC)


_MORNING, _EVENING = 9, 18


def by_day(now: datetime, zone: str) -> datetime:
    """Now, or nine in the morning: nobody is written to at midnight about what ends in a month."""
    local = now.astimezone(ZoneInfo(zone))
    if _MORNING <= local.hour < _EVENING:
        return now
    day = local.date() if local.hour < _MORNING else local.date() + DAY
    return instant(ZoneInfo(zone), day, _MORNING * 3600).astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class Act:
    """What was done to an agreement. `on`: the day from which it counts, where there is one."""

    what: str
    on: date | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


def acts(before: Document | None, after: Document | None) -> Iterator[Act]:
    """What somebody did who turned one document into the other."""
    if after is None:
        yield Act(what="removed")
    elif before is None:
        told = {"based_on": after["based_on"]} if "based_on" in after else {}
        yield Act(what="made", on=day_of(after.get("valid_from")), told=told)
        yield from _amended({}, after)
    else:
        if before.get("draft") and not after.get("draft"):
            yield Act(what="activated")
        ended = day_of(after.get("terminated_on"))
        if ended is not None and ended != day_of(before.get("terminated_on")):
            yield Act(what="terminated", on=ended)
        elif ended is None and before.get("terminated_on"):
            yield Act(what="reinstated")
        yield from _amended(before, after)
        changed = sorted(
            name for name in {*before, *after} - _TOLD_APART if before.get(name) != after.get(name)
        )
        if changed:
            yield Act(what="changed", told={"fields": changed})


_TOLD_APART = {"draft", "terminated_on", "amendments"}


def _amended(before: Document, after: Document) -> Iterator[Act]:
    old, new = list(before.get("amendments", ())), list(after.get("amendments", ()))
    for amendment in new:
        if amendment not in old:
            change = amendment["change"]
            what = "renewed" if "valid_until" in change else "amended"
            told = {"until": change["valid_until"]} if "valid_until" in change else {}
            fields = sorted(change.keys() - {"valid_until"})
            yield Act(what=what, on=day_of(amendment["from"]), told={**told, "fields": fields})
    for amendment in old:
        if amendment not in new:
            yield Act(what="withdrawn", on=day_of(amendment["from"]))
