"""Which agreements hold for a hop (R17, R27): bound when the ticket is opened or handed over, in the version then in force,
with every calendar as it is at the ticket's site (R6). Binding it anew is said by a person, and told before and after."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.domain.agreements import Agreement
from gateway.domain.at_sites import terms_at
from gateway.domain.case import Because, Case
from gateway.domain.imported import CUSTOMER
from gateway.domain.lifecycle import today
from gateway.domain.model import Event, Field, Hop, Site
from gateway.domain.sla.terms import AgreementKind

BOUND, REBOUND, MISSING = "agreement.bound", "agreement.rebound", "agreement.missing"


def bind(case: Case, hop: Hop, cause: Event) -> None:
    """Record the agreements that hold for a new hop, of each kind the most specific one; or that there are agreements
    between the two sides, and none of them covers it (R26)."""
    because, spot = Because(cause_id=cause.id), _spot(case, hop)
    for agreement in _holding(case, spot):
        data = {"agreement": agreement.code, "sheet": sheet_for(case, hop, agreement)}
        case.record(BOUND, hop, because, {**data, **_why(spot, agreement)})
    lack = _lacking(case, spot)
    if lack is not None:
        case.record(MISSING, hop, because, {"why": lack.why, "nearest": lack.nearest.code})


def rebind(case: Case, hop: Hop, agreement: Agreement, because: Because, *, before: str) -> Event | None:
    """Bind a hop to an agreement as it stands now, instead of to the sheet `before` ("": to none); None if that is the same.
    Its open cycles count under the new terms from their start, closed ones keep theirs."""
    after = sheet_for(case, hop, agreement)
    if after == before:
        return None
    data = {"agreement": agreement.code, "before": before, "after": after}
    return case.record(REBOUND, hop, because, {**data, **_why(_spot(case, hop), agreement)})


def holding(case: Case, hop: Hop) -> list[Agreement]:
    """The agreements that hold for a hop today: of each kind the most specific one (R27)."""
    return _holding(case, _spot(case, hop))


@dataclass(frozen=True, kw_only=True)
class Lack:
    """That none of the agreements between the two sides of a hop covers it. `why`: `link`, `site`, `group`, `service` or
    `dates`, of the agreement that comes `nearest`."""

    why: str
    nearest: Agreement


def lacking(case: Case, hop: Hop) -> Lack | None:
    """Why nothing is promised at a hop; None where something is, and where the two sides have no agreement at all: then
    nothing was to be expected."""
    return _lacking(case, _spot(case, hop))


@dataclass(frozen=True, kw_only=True)
class _Spot:
    """A hop as agreements see it. `line`: its consumer and whom that belongs to; `day`: today, where the provider is, for
    there its agreements begin and end."""

    hop: Hop
    site: Site | None
    line: tuple[str, ...]
    day: date

    def distance(self, agreement: Agreement) -> int:
        """How far above the hop's own consumer the one stands that it was promised to."""
        consumer = agreement.terms.consumer
        return self.line.index(consumer) if consumer in self.line else 0


def _spot(case: Case, hop: Hop) -> _Spot:
    site, parent = site_of(case, hop), case.parent(hop)
    at_top = site.org_id if site is not None else case.ticket.facts.get(CUSTOMER, "")
    consumer = parent.org_id if parent is not None else at_top
    day = today(case.now, case.directory.zone_of(hop.org_id))
    return _Spot(hop=hop, site=site, line=case.directory.line_of(consumer), day=day)


def _holding(case: Case, spot: _Spot) -> list[Agreement]:
    best: dict[bool, tuple[tuple[int, ...], Agreement]] = {}
    for agreement in case.directory.agreements_by(spot.hop.org_id):
        inside = agreement.kind is AgreementKind.OLA
        if _is_between(spot, agreement) and not any(_misses(spot, agreement)):
            rank = _specific(spot, agreement)
            if inside not in best or rank > best[inside][0]:
                best[inside] = (rank, agreement)
    return [agreement for _, agreement in best.values()]


def _lacking(case: Case, spot: _Spot) -> Lack | None:
    near: list[tuple[int, Lack]] = []
    for agreement in case.directory.agreements_by(spot.hop.org_id):
        if agreement.kind is AgreementKind.OLA or not _is_between(spot, agreement):
            continue
        misses = list(_misses(spot, agreement))
        if not misses:
            return None
        near.append((len(misses), Lack(why=misses[0], nearest=agreement)))
    return min(near, key=lambda one: one[0])[1] if near else None


def _is_between(spot: _Spot, agreement: Agreement) -> bool:
    """Whether it is between the two sides of a hop, or inside the organization of the hop."""
    return agreement.kind is AgreementKind.OLA or agreement.terms.consumer in spot.line


def _misses(spot: _Spot, agreement: Agreement) -> Iterator[str]:
    """What of a hop an agreement between its sides does not cover."""
    hop, site = spot.hop, spot.site
    if agreement.link_id not in ("", hop.link_id):
        yield "link"
    if agreement.sites and (site is None or site.code not in agreement.sites):
        yield "site"
    if agreement.groups and (site is None or site.group not in agreement.groups):
        yield "group"
    if agreement.services and hop.facts.get(Field.SERVICE) not in agreement.services:
        yield "service"
    if not agreement.holds_on(spot.day):
        yield "dates"


def _specific(spot: _Spot, agreement: Agreement) -> tuple[int, ...]:
    """Site before service before group before link, the customer itself before whom it belongs to, one in force before one
    that has ended and goes on; the first by its code where all are equal, which no plan lets happen (R27)."""
    named = (agreement.sites, agreement.services, agreement.groups, agreement.link_id)
    return (*map(bool, named), -spot.distance(agreement), agreement.is_valid(spot.day))


def _why(spot: _Spot, agreement: Agreement) -> dict[str, Any]:
    """On which level it holds and what of it is specific; that it has ended and work goes on under it all the same."""
    named, distance = list(_matched(agreement)), spot.distance(agreement)
    said: dict[str, Any] = {"because": named, "level": level(agreement, distance)}
    if distance:
        said["consumer"] = spot.line[0]  # it was promised to somebody above, and holds for this one
    if agreement.version > 1:
        said["version"] = agreement.version
    return {**said, "in_renewal": True} if agreement.is_in_renewal(spot.day) else said


def level(agreement: Agreement, distance: int = 0) -> str:
    """The level on which an agreement is made: `site`, `service`, `group`, `link`, `customer` or `corporate`, the narrowest
    thing that it names (R27). `distance`: how far above the customer its consumer stands."""
    return next(_matched(agreement), "corporate" if distance else "customer")


def _matched(agreement: Agreement) -> Iterator[str]:
    """Why this one: what of it is specific."""
    named = {
        "site": agreement.sites,
        "service": agreement.services,
        "group": agreement.groups,
        "link": agreement.link_id,
    }
    yield from (name for name, given in named.items() if given)


def sheet_for(case: Case, hop: Hop, agreement: Agreement) -> str:
    """The name of the sheet to be bound to; one of the ticket's own site is kept with the case. A ticket that names no site
    counts in the zone of the provider, one whose site has no zone in that of the site's organization."""
    if agreement.template is None:
        return agreement.sheet
    site = site_of(case, hop)
    owner = case.directory.organizations.get(agreement.terms.provider if site is None else site.org_id)
    zone = owner.zone if owner is not None else "UTC"
    name, sheet = terms_at(agreement.template, site, zone=zone, at=case.now)
    case.sheets[name] = sheet
    return name


def site_of(case: Case, hop: Hop) -> Site | None:
    """The site the ticket names: codes are those of the root's owner or of its customers."""
    code = case.ticket.facts.get(Field.SITE) or hop.facts.get(Field.SITE)
    return case.directory.site_served(case.ticket.org_id, code) if code else None
