"""What is wrong with calendars and agreements, beyond what their schemas say; and what is allowed but hardly meant."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from gateway.domain.agreement_documents import agreement_from, calendar_codes, calendar_from
from gateway.domain.agreements import Agreement, underpinnings
from gateway.domain.plan import Item, Items, Kind, Ref
from gateway.domain.problem import Problem
from gateway.domain.worktime import Calendar, CalendarError


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
    inside = document["organization"] == document["consumer"]
    if inside != (document["kind"] == "ola"):
        right = "an ola is inside one organization, an sla or uc between two"
        what = f"a {document['kind']} of {document['organization']!r} for {document['consumer']!r}"
        yield Problem(place=f"{item.source}.consumer", what=what, right=right)
    if document.get("valid_from", "") > document.get("valid_until", "9999"):
        yield Problem(place=f"{item.source}.valid_until", what="it ends before it begins")
    yield from _site_calendars(items, item)


def _site_calendars(items: Items, item: Item) -> Iterator[Problem]:
    """Clocks are not counted in a site's own zone or holidays yet: told before a ticket is bound to what cannot be read."""
    for name in sorted(set(calendar_codes(item.document))):
        used = items.get(Ref(kind=Kind.CALENDAR, code=name, organization=item.ref.organization))
        if used is None:
            continue
        if used.document.get("zone") == "site" or used.document.get("holidays", {}).get("of_site"):
            what = (
                f"calendar {name!r} takes its zone or holidays from the site, which no clock counts with yet"
            )
            yield Problem(
                place=item.source, what=what, right="name a calendar with a zone and days of its own"
            )


def agreements_of(items: Items) -> list[Agreement]:
    """All agreements among configured things, with codes for ids; those that cannot be read are left out."""
    calendars: dict[str, dict[str, Calendar]] = {}
    for ref, item in items.items():
        if ref.kind is Kind.CALENDAR:
            calendars.setdefault(ref.organization, {})[ref.code] = calendar_from(item.document)
    found = []
    for ref, item in items.items():
        known = calendars.get(ref.organization, {})
        if ref.kind is Kind.AGREEMENT and all(name in known for name in calendar_codes(item.document)):
            named = {"id": ref.code, "provider": ref.organization, "link_id": item.document.get("link", "")}
            found.append(agreement_from({**item.document, **named}, known))
    return found


def calendar_warnings(item: Item) -> Iterator[str]:
    """What a calendar says and hardly means: hours up to 23:59 close the service for one minute each night."""
    for doubt in calendar_from(item.document).doubts:
        yield f"{item.source}: {doubt}"


def unsupported(items: Items, changed: Items, *, year: int) -> Iterator[str]:
    """Promises that the agreements underneath cannot keep (R21), of those that changed or stand on something that did."""
    touched = {ref.code for ref in changed if ref.kind in (Kind.AGREEMENT, Kind.CALENDAR)}
    if not touched:
        return
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    for pair in underpinnings(agreements_of(items)):
        if not touched & {
            pair.promise.code,
            pair.support.code,
            *_names_of(pair.promise),
            *_names_of(pair.support),
        }:
            continue
        if not all(countable(agreement) for agreement in (pair.promise, pair.support)):
            continue
        found = pair.check(start=start, end=end)
        if not found.supported:
            yield (
                f"agreement {pair.promise.code} cannot be kept: its {pair.priority} {pair.target.value} stands on"
                f" {pair.support.code}, which may take {open_time(found.gap)} longer; opened {found.worst[0].first:%Y-%m-%d %H:%M} UTC"
                f" it is due {found.due:%Y-%m-%d %H:%M}, finished {found.finish:%Y-%m-%d %H:%M}"
            )


def open_time(amount: timedelta) -> str:
    """An amount of open time in words: `65 h 30 min`. Never in days: those differ from calendar to calendar."""
    minutes, seconds = divmod(int(amount.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"


def _names_of(agreement: Agreement) -> set[str]:
    return {agreement.terms.calendar.code, *(one.code for one in agreement.terms.calendars.values())}


def countable(agreement: Agreement) -> bool:
    """Whether its calendars stand by themselves; those of a site differ from ticket to ticket."""
    terms = agreement.terms
    every = [terms.calendar, *terms.calendars.values(), *filter(None, [terms.reserve_calendar])]
    return all(calendar.zone and not calendar.site_holidays for calendar in every)
