"""Can the chain keep its promises? Every agreement against those that support it (R21), over the days of one year."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from gateway.domain.agreements import Underpinning, underpinnings
from gateway.domain.at_sites import worst
from gateway.domain.sla.support import Support
from gateway.errors import NotFound
from gateway.flows.context import Context


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One promise over one agreement that supports it, at the worst kind of `site` where it differs from site to site."""

    pair: Underpinning
    found: Support
    site: str = ""

    @property
    def gap(self) -> timedelta:
        """By how much the support is too slow; negative: to spare."""
        return self.found.gap


def check(context: Context, *, year: int, agreement: str = "") -> list[Checked]:
    """Every promise, or only that of one agreement (its code), the worst first. Raises NotFound for an unknown code."""
    with context.database.read() as db:
        known = context.directory(db)
    if agreement and agreement not in {one.code for one in known.agreements}:
        raise NotFound(f"there is no agreement {agreement}", cure="interdesk apply adds agreements")
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    sites = [
        replace(site, zone=site.zone or known.organizations[site.org_id].zone)
        for site in known.sites.values()
    ]
    found = []
    for pair in underpinnings(known.agreements):
        if agreement in ("", pair.promise.code):
            kept = worst(pair, sites, start=start, end=end)
            found.append(Checked(pair=pair, found=kept.found, site=kept.site))
    return sorted(found, key=lambda one: (one.gap, one.pair.promise.code), reverse=True)
