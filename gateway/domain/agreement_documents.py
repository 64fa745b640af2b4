"""From documents (their schema already checked) to calendars and agreements. No rule lives here, only shapes."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from gateway.domain.agreements import Agreement
from gateway.domain.documents import length
from gateway.domain.sla.terms import AgreementKind, StartsOn, StopRule, TargetKind, Terms
from gateway.domain.worktime import NO_HOURS, ROUND_THE_CLOCK, WEEK, Calendar, CalendarError, Hours

Document = Mapping[str, Any]
SITE = "site"
"""In a calendar: taken from the ticket's site."""


def calendar_from(document: Document) -> Calendar:
    """A calendar's document with its `code`. Raises CalendarError for one that means nothing."""
    holidays = document.get("holidays", {})
    zone = document.get("zone", "UTC")
    return Calendar(
        code=document["code"],
        zone="" if zone == SITE else zone,
        weekly=ROUND_THE_CLOCK if document.get("always") else _week(document.get("weekly", {})),
        breaks=_week(document["breaks"]) if "breaks" in document else NO_HOURS,
        holidays=frozenset(date.fromisoformat(day) for day in holidays.get("days", ())),
        special={
            date.fromisoformat(day): _intervals(texts) for day, texts in document.get("special", {}).items()
        },
        site_holidays=bool(holidays.get("of_site")),
    )


def _week(told: Document) -> tuple[tuple[Hours, ...], ...]:
    return tuple(_intervals(told.get(day, ())) for day in WEEK)


def _intervals(texts: list[str] | tuple[str, ...]) -> tuple[Hours, ...]:
    return tuple(_interval(text) for text in texts)


def _interval(text: str) -> Hours:
    """`08:00-18:00`; `22:00-06:00` closes on the next day, `00:00-24:00` is the whole day."""
    opens, closes = (_seconds(part.strip()) for part in text.split("-"))
    if opens == closes:
        raise CalendarError(f"{text!r} opens and closes at the same moment; a whole day is 00:00-24:00")
    return Hours(opens, closes)


def _seconds(text: str) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    if (hours, minutes) > (24, 0) or minutes > 59:
        raise CalendarError(f"{text!r} is no time of day; write 00:00 to 24:00")
    return hours * 3600 + minutes * 60


def sheet_of(document: Document, calendars: Mapping[str, Document]) -> tuple[str, dict[str, Any]]:
    """(name, sheet): an agreement's document, with its ids beside it, and those of `calendars` (by code) that it names. The
    name is a digest: equal terms are one sheet."""
    named = {code: calendars[code] for code in sorted(set(calendar_codes(document)))}
    sheet = {"agreement": dict(document), "calendars": named}
    text = json.dumps(sheet, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"sht_{hashlib.sha256(text.encode()).hexdigest()[:32]}", sheet


def calendar_codes(document: Document) -> Iterator[str]:
    """The calendars an agreement's document names."""
    yield document["calendar"]
    yield from (target["calendar"] for target in document["targets"].values() if "calendar" in target)
    if "reserve_calendar" in document:
        yield document["reserve_calendar"]


def agreement_of(sheet: Document) -> Agreement:
    """The agreement that a sheet holds."""
    calendars = {code: calendar_from(told) for code, told in sheet["calendars"].items()}
    return agreement_from(sheet["agreement"], calendars)


def agreement_from(document: Document, calendars: Mapping[str, Calendar]) -> Agreement:
    """An agreement's document with `id`, `provider` and `consumer` (ids) and `link_id` beside it; `calendars` by code.
    Raises KeyError for a calendar that is not there."""
    return Agreement(
        id=document["id"],
        code=document["code"],
        terms=_terms(document, calendars),
        sheet=document.get("sheet", ""),
        link_id=document.get("link_id", ""),
        services=frozenset(document.get("services", ())),
        sites=frozenset(document.get("sites", ())),
        groups=frozenset(document.get("groups", ())),
        valid_from=_day(document.get("valid_from")),
        valid_until=_day(document.get("valid_until")),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _terms(document: Document, calendars: Mapping[str, Calendar]) -> Terms:
    lengths: dict[str, Any] = {name: length(document[name]) for name in _LENGTHS if name in document}
    again = document.get("after_rejection", "resume")
    reserve_calendar = document.get("reserve_calendar")
    return Terms(
        id=document["code"],
        hop="",
        kind=AgreementKind(document["kind"]),
        provider=document["provider"],
        consumer=document["consumer"],
        calendar=calendars[document["calendar"]],
        calendars={
            TargetKind(kind): calendars[told["calendar"]]
            for kind, told in document["targets"].items()
            if "calendar" in told
        },
        targets={TargetKind(kind): _amounts(told) for kind, told in document["targets"].items()},
        starts_on=StartsOn(document.get("starts_on", StartsOn.HANDED_OVER)),
        stops={code: _stop_rule(told) for code, told in document.get("stops", {}).items()},
        parts_supplier=document.get("parts_supplier", ""),
        reserve=_amounts(document.get("reserve", {})),
        reserve_calendar=calendars[reserve_calendar] if reserve_calendar else None,
        from_change=document.get("after_priority_change", "original_start") == "change",
        continuous=again == "continuous",
        reopen_resumes=document.get("after_reopening", "new_cycle") == "resume",
        **lengths,
    )


_LENGTHS = ("review_period", "grace", "visit_grace", "stated_tolerance", "outage_tolerance")


def _amounts(told: Document) -> dict[str, timedelta]:
    return {priority: length(text) for priority, text in told.items() if priority != "calendar"}


def _stop_rule(told: Document | str) -> StopRule:
    if isinstance(told, str):
        return StopRule(automatic=told == "automatic")
    longest = told.get("longest")
    return StopRule(
        automatic=told.get("decided", "by_consumer") == "automatic",
        evidence=frozenset(told.get("evidence", ())),
        longest=length(longest) if longest else None,
        expected_end=bool(told.get("expected_end")),
    )
