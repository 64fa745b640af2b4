"""Promises that differ from site to site, by a calendar of the site or by the hours in which it can be entered (R6, R13): what they
are at one site, and whether those underneath keep them at every kind of site there is (R21)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.domain.agreement_documents import agreement_of, sheet_at
from gateway.domain.agreements import Agreement, Underpinning
from gateway.domain.model import Site
from gateway.domain.sla.support import Support
from gateway.domain.worktime import CalendarError, worktime

MOST = 20
"""Kinds of sites that are looked at: a year is a long way to go at each."""


def terms_at(
    template: Mapping[str, Any], site: Site | None, *, zone: str, at: datetime
) -> tuple[str, dict[str, Any]]:
    """(name, sheet) of what an agreement promises at a site, as of a moment. Hours of access that never meet those of the
    service narrow nothing. `zone` is for a ticket without a site, or a site without a zone."""
    name, sheet = sheet_at(template, site, zone=zone)
    if site is not None and not _opens(agreement_of(sheet), at):
        return sheet_at(template, replace(site, hours=""), zone=zone)
    return name, sheet


def _opens(agreement: Agreement, at: datetime) -> bool:
    try:
        for calendar in agreement.terms.calendars.values():
            if calendar.within is not None:
                worktime(calendar).next_open(at)
    except CalendarError:
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Whether a promise is kept, at the worst kind of site: the code of one of them, "" where all are alike."""

    found: Support
    site: str = ""


def worst(pair: Underpinning, sites: Iterable[Site], *, start: datetime, end: datetime) -> Kept:
    """The worst of the checks of a promise, at the first `MOST` kinds of its sites; sites have their zones."""
    if pair.promise.template is None and pair.support.template is None:
        return Kept(found=pair.check(start=start, end=end))
    found = []
    for site in _kinds(pair.promise, sites) or [None]:
        above, below = (_at(agreement, site, start) for agreement in (pair.promise, pair.support))
        checked = replace(pair, promise=above, support=below).check(start=start, end=end)
        found.append(Kept(found=checked, site=site.code if site is not None else ""))
    return max(found, key=lambda one: one.found.gap)


def _kinds(promise: Agreement, sites: Iterable[Site]) -> list[Site | None]:
    """One site of each kind that a promise is for."""
    kinds: dict[tuple[str, ...], Site | None] = {}
    for site in sorted(sites, key=lambda site: (site.org_id, site.code)):
        mine = not promise.sites or site.code in promise.sites
        if mine and (not promise.groups or site.group in promise.groups):
            kinds.setdefault((site.zone, site.country, site.subdivision, site.hours), site)
    return list(kinds.values())[:MOST]


def _at(agreement: Agreement, site: Site | None, at: datetime) -> Agreement:
    if agreement.template is None:
        return agreement
    return agreement_of(terms_at(agreement.template, site, zone="UTC", at=at)[1])
