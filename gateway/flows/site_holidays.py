"""Calendars that take the holidays of the ticket's site know those of every region in which there is a site (R6): added when
a configuration is applied, to calendars that the files do not name as well."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from gateway.domain.calendar_documents import REGIONS, known_years
from gateway.domain.plan import Item, Kind, Ref
from gateway.installation import holiday_sources


def completed(items: Iterable[Item], stored: Mapping[Ref, Item]) -> Iterator[Item]:
    """The wanted items, and what is stored and changes with them."""
    listed = list(items)
    wanted = {item.ref: item for item in listed}
    regions = {
        (country, item.document.get("subdivision", "")): None
        for ref, item in {**stored, **wanted}.items()
        if ref.kind is Kind.SITE and (country := item.document.get("country"))
    }
    for item in listed:
        yield _with_regions(item, regions)
    for ref, item in stored.items():
        changed = _with_regions(item, regions) if ref not in wanted else item
        if changed != item:
            yield replace(changed, source=str(ref))


def _with_regions(item: Item, regions: Mapping[tuple[str, str], None]) -> Item:
    holidays = item.document.get("holidays", {}) if item.ref.kind is Kind.CALENDAR else {}
    years = known_years(item.document) if holidays.get("of_site") else None
    if years is None:
        return item
    there = holiday_sources.of_regions(regions, years)
    return replace(item, document={**item.document, "holidays": {**holidays, REGIONS: there}})
