"""What is wrong with calendars and agreements, beyond what their schemas say; and what is allowed but hardly meant."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.domain.agreement_documents import agreement_of, calendar_codes, sheet_of
from gateway.domain.agreement_versions import is_binding, placed, versions
from gateway.domain.agreements import Agreement, underpinnings
from gateway.domain.at_sites import worst
from gateway.domain.calendar_documents import FROZEN, REGIONS, access_calendar, calendar_from, known_years
from gateway.domain.documents import length, site_from
from gateway.domain.figures import open_time
from gateway.domain.lifecycle import acts
from gateway.domain.model import Priority, Site
from gateway.domain.objective_problems import objective_problems
from gateway.domain.plan import Item, Items, Kind, Ref
from gateway.domain.problem import Problem
from gateway.domain.worktime import CalendarError


def calendar_problems(item: Item) -> Iterator[Problem]:
    """A calendar that never opens, or says two things at once."""
    document = item.document
    beside = [name for name in ("weekly", "breaks", "holidays", "special") if name in document]
    if document.get("always") and beside:
        what = f"it is always open and names {', '.join(beside)} as well"
        yield Problem(place=item.source, what=what, right="leave out one or the other")
    try:
        calendar_from(document)
    except CalendarError as error:
        yield Problem(place=item.source, what=str(error))


def agreement_problems(items: Items, item: Item) -> Iterator[Problem]:
    """An agreement whose two sides do not fit its kind, or whose days end before they begin."""
    document = item.document
    consumer = document.get("consumer", "")  # a template has none
    if consumer and (document["organization"] == consumer) != (document["kind"] == "ola"):
        right = "an ola is inside one organization, an sla or uc between two"
        what = f"a {document['kind']} of {document['organization']!r} for {consumer!r}"
        yield Problem(place=f"{item.source}.consumer", what=what, right=right)
    if document.get("valid_from", "") > document.get("valid_until", "9999"):
        yield Problem(place=f"{item.source}.valid_until", what="it ends before it begins")
    yield from _empty_targets(item)
    yield from _business_days(items, item)
    yield from objective_problems(document, item.source)


def _empty_targets(item: Item) -> Iterator[Problem]:
    """A target of no time at all is broken before anybody can begin."""
    for kind, told in item.document["targets"].items():
        for priority in told.keys() & set(Priority):
            amount = told[priority]
            if isinstance(amount, str) and not length(amount):
                place = f"{item.source}.targets.{kind}.{priority}"
                yield Problem(
                    place=place, what=f"{amount} is no time at all", right="leave it out, or give some"
                )


def _business_days(items: Items, item: Item) -> Iterator[Problem]:
    """Business days are counted in a calendar that works every week; one of special days alone runs out of them."""
    document = item.document
    for kind, told in document["targets"].items():
        code = told.get("calendar", document["calendar"])
        used = items.get(Ref(kind=Kind.CALENDAR, code=code, organization=item.ref.organization))
        by_days = any(isinstance(told.get(priority), Mapping) for priority in Priority)
        if by_days and used is not None and not (used.document.get("always") or used.document.get("weekly")):
            what = f"it counts in business days, but calendar {code!r} has no weekly hours"
            place = f"{item.source}.targets.{kind}"
            yield Problem(
                place=place, what=what, right="name a calendar with `weekly` hours, or write a length"
            )


def agreements_of(items: Items) -> list[Agreement]:
    """All versions of the agreements among configured things that bind anybody, with codes for ids; those that cannot be read
    are left out."""
    calendars: dict[str, dict[str, Mapping[str, Any]]] = {}
    for ref, item in items.items():
        if ref.kind is Kind.CALENDAR:
            calendars.setdefault(ref.organization, {})[ref.code] = item.document
    found = []
    for ref, item in items.items():
        known = calendars.get(ref.organization, {})
        if ref.kind is not Kind.AGREEMENT or not is_binding(item.document):
            continue
        for version in versions(item.document):
            if all(name in known for name in calendar_codes(version.terms)):
                named = {
                    "id": ref.code,
                    "provider": ref.organization,
                    "link_id": item.document.get("link", ""),
                }
                name, sheet = sheet_of({**version.terms, **named}, known)
                read = replace(agreement_of(sheet), sheet=name)
                found.append(placed(read, item.document, version, owner=ref.organization))
    return found


def sites_of(items: Items) -> list[Site]:
    """All sites among configured things, with codes for ids, each with its zone or its organization's."""
    found = []
    for ref, item in items.items():
        if ref.kind is Kind.SITE:
            owner = items.get(Ref(kind=Kind.ORGANIZATION, code=ref.organization))
            zone = owner.document.get("zone", "UTC") if owner is not None else "UTC"
            found.append(
                site_from({"zone": zone, **item.document, "id": ref.code, "org_id": ref.organization})
            )
    return found


def calendar_warnings(item: Item) -> Iterator[str]:
    """What a calendar says and hardly means: hours up to 23:59 close the service for one minute each night, a feed closes it
    for weeks."""
    for doubt in calendar_from(item.document).doubts:
        yield f"{item.source}: {doubt}"
    holidays = item.document.get("holidays", {})
    for first, last in _long_closures(holidays.get(FROZEN, {})):
        days = (last - first).days + 1
        yield f"{item.source}: its public holidays close it for {days} days in a row, from {first} to {last}"


def site_warnings(item: Item) -> Iterator[str]:
    """Hours of access in several zones: no target can be narrowed to them."""
    hours = item.document.get("hours") if item.ref.kind is Kind.SITE else None
    try:
        if hours is not None:
            access_calendar(hours, zone=item.document.get("zone", "UTC"))
    except CalendarError as error:
        yield f"{item.source}: {error}; no target is narrowed to such hours"


def holidays_run_out(item: Item, *, year: int) -> Iterator[str]:
    """A calendar that knows no public holidays beyond this year: to be told before its days are counted as open."""
    years = known_years(item.document)
    if years is not None and years.stop - 1 <= year:
        yield (
            f"{item.ref} knows public holidays only until {years.stop - 1}; later days count as open."
            " Apply its file again, with later `years` if it names them"
        )


_UNUSUAL = 10
"""No country has so many public holidays in a row."""


def _long_closures(frozen: Mapping[str, str]) -> Iterator[tuple[date, date]]:
    days = [date.fromisoformat(day) for day in sorted(frozen)]
    first = 0
    for place, day in enumerate(days):
        if place + 1 == len(days) or days[place + 1] - day != timedelta(days=1):
            if place - first + 1 >= _UNUSUAL:
                yield days[first], day
            first = place + 1


def unsupported(items: Items, changed: Items, *, year: int) -> Iterator[str]:
    """Promises that the agreements underneath cannot keep (R21), of those that changed or stand on something that did."""
    touched = {ref.code for ref in changed if ref.kind in (Kind.AGREEMENT, Kind.CALENDAR)}
    if not touched:
        return
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    sites = sites_of(items)
    for pair in underpinnings(agreements_of(items)):
        if not touched & {
            pair.promise.code,
            pair.support.code,
            *_names_of(pair.promise),
            *_names_of(pair.support),
        }:
            continue
        kept = worst(pair, sites, start=start, end=end)
        found, where = kept.found, f" at site {kept.site}" if kept.site else ""
        if not found.supported:
            yield (
                f"agreement {pair.promise.code} cannot be kept{where}: its {pair.priority} {pair.target.value} stands on"
                f" {pair.support.code}, which may take {open_time(found.gap)} longer; opened {found.worst[0].first:%Y-%m-%d %H:%M} UTC"
                f" it is due {found.due:%Y-%m-%d %H:%M}, finished {found.finish:%Y-%m-%d %H:%M};"
                " lengthen the promise, shorten the target underneath, or agree on longer hours"
            )


def bound_already(current: Items, changed: Items) -> Iterator[str]:
    """Agreements that change while tickets may be bound to them (R17)."""
    for ref, item in current.items():
        if ref.kind is not Kind.AGREEMENT:
            continue
        named = {
            Ref(kind=Kind.CALENDAR, code=code, organization=ref.organization)
            for code in calendar_codes(item.document)
        }
        other_hours = any(_other_hours(current, changed, one) for one in named)
        since = (
            "now" if other_hours else _since(item.document, changed[ref].document) if ref in changed else ""
        )
        if since:
            yield (
                f"{ref} changes for tickets from {since} on; open ones keep the terms they are bound to, until"
                f" interdesk agreements rebind --open --agreement {ref.code}"
            )


def _since(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """From when on tickets count under other terms; "": what changes is no part of the terms, or one more term of the same."""
    if not is_binding(before) or not is_binding(after):
        return ""
    if _binding(versions(before)[0].terms) != _binding(versions(after)[0].terms):
        return "now"
    days = [
        act.on for act in acts(before, after) if act.what in _AMENDED and _bound_to(act.told.get("fields"))
    ]
    return str(min(day for day in days if day is not None)) if days else ""


_AMENDED = ("amended", "renewed", "withdrawn")
_OF_PERIODS = frozenset({"objectives", "credits"})
"""What is asked of a whole period, and what that costs: no ticket is bound to it."""


def _bound_to(fields: Collection[str] | None) -> bool:
    return fields is None or not _OF_PERIODS.issuperset(fields)


def _binding(document: Mapping[str, Any]) -> dict[str, Any]:
    """What tickets are bound to."""
    return {name: value for name, value in document.items() if name not in _OF_PERIODS}


def _other_hours(current: Items, changed: Items, ref: Ref) -> bool:
    """Whether a calendar changes; days of a region where there was no site yet are no change."""
    if ref not in changed or ref not in current:
        return False
    before, after = current[ref].document, changed[ref].document
    old, new = (one.get("holidays", {}).get(REGIONS, {}) for one in (before, after))
    return _without_regions(before) != _without_regions(after) or any(
        new.get(region) != days for region, days in old.items()
    )


def _without_regions(document: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in document.get("holidays", {}).items() if name != REGIONS}
    return {**document, "holidays": kept}


def _names_of(agreement: Agreement) -> set[str]:
    return {agreement.terms.calendar.code, *(one.code for one in agreement.terms.calendars.values())}
