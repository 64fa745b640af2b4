"""Who covers a place: the coverage table, read at one moment. Pure; which links matched is routing's business."""

from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.domain.case import Case
from gateway.domain.model import CoverageRow, Field, Hop


def ranked(case: Case, hop: Hop, candidates: frozenset[str]) -> tuple[str, ...]:
    """Link ids among `candidates` that cover the hop's site and service now, best rank first.

    A row for the site itself goes before one for its group, and that before one for everywhere, at equal rank.
    """
    rows = [
        row
        for row in case.directory.coverage_of(hop.org_id)
        if row.link_id in candidates and _fits(case, hop, row) and open_at(row, case.now)
    ]
    ordered = sorted(rows, key=lambda row: (row.rank, *_vagueness(row), row.link_id))
    return tuple(dict.fromkeys(row.link_id for row in ordered))


def _fits(case: Case, hop: Hop, row: CoverageRow) -> bool:
    site_code = hop.facts.get(Field.SITE)
    site = case.directory.site_served(case.ticket.org_id, site_code) if site_code else None
    if row.site_code is not None and row.site_code != site_code:
        return False
    if row.site_group is not None and (site is None or site.group != row.site_group):
        return False
    return row.service is None or row.service.casefold() == hop.facts.get(Field.SERVICE, "").casefold()


def _vagueness(row: CoverageRow) -> tuple[bool, bool, bool]:
    """How little a row says of the place, then of the work; of two rows the smaller goes first."""
    return row.site_code is None, row.site_group is None, row.service is None


def open_at(row: CoverageRow, now: datetime) -> bool:
    """Whether the row's weekly hours include `now`; hours that close before they open go over midnight."""
    local = now.astimezone(ZoneInfo(row.zone))
    minute = local.hour * 60 + local.minute
    if row.opens_minute < row.closes_minute:
        return local.weekday() in row.days and row.opens_minute <= minute < row.closes_minute
    if minute >= row.opens_minute:
        return local.weekday() in row.days
    return minute < row.closes_minute and (local.weekday() - 1) % 7 in row.days
