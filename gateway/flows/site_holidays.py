"""Calendars that take the holidays of the ticket's site know those of every region in which there is a site (R6): added when
a configuration is applied, to calendars that the files do not name as well."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from gateway.domain.calendar_documents import REGIONS, known_years
from gateway.domain.plan import Item, Kind, Ref
from gateway.domain.problem import Problem
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


def problems(wanted: Mapping[Ref, Item], afterwards: Mapping[Ref, Item]) -> Iterator[Problem]:
    """Sites in countries without public holidays that anybody knows, where a calendar takes those of the site: their days
    would be working days, and nobody would have been told. Only what a file touches is judged: its sites, or all if it
    brings such a calendar."""
    takers = {ref for ref, item in afterwards.items() if _takes_those_of_sites(item)}
    judged = afterwards if takers & wanted.keys() else wanted if takers else {}
    for ref, item in judged.items():
        country = item.document.get("country") if ref.kind is Kind.SITE else None
        wrong = holiday_sources.unknown_country(country) if country else ""
        if wrong:
            right = (
                f"or leave the site's country out: calendar {min(takers).code} takes the holidays of the site"
            )
            yield Problem(place=item.source or str(ref), what=wrong, right=right)


def _takes_those_of_sites(item: Item) -> bool:
    return item.ref.kind is Kind.CALENDAR and bool(item.document.get("holidays", {}).get("of_site"))


def _with_regions(item: Item, regions: Mapping[tuple[str, str], None]) -> Item:
    years = known_years(item.document) if _takes_those_of_sites(item) else None
    if years is None:
        return item
    there = holiday_sources.of_regions(regions, years)
    return replace(
        item, document={**item.document, "holidays": {**item.document["holidays"], REGIONS: there}}
    )
