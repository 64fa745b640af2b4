"""Which agreements hold for a hop (R17, R27): bound when the ticket is opened or handed over, in the version then in force,
with every calendar as it is at the ticket's site (R6). Binding it anew is said by a person, and told before and after."""

from collections.abc import Iterator

from gateway.domain.agreements import Agreement
from gateway.domain.at_sites import terms_at
from gateway.domain.case import Because, Case
from gateway.domain.model import Event, Field, Hop, Site
from gateway.domain.sla.terms import AgreementKind

BOUND, REBOUND = "agreement.bound", "agreement.rebound"


def bind(case: Case, hop: Hop, cause: Event) -> None:
    """Record the agreements that hold for a new hop: of each kind the most specific one."""
    for agreement in holding(case, hop):
        data = {"agreement": agreement.code, "sheet": sheet_for(case, hop, agreement)}
        case.record(BOUND, hop, Because(cause_id=cause.id), {**data, "because": list(_matched(agreement))})


def rebind(case: Case, hop: Hop, agreement: Agreement, because: Because, *, before: str) -> Event | None:
    """Bind a hop to an agreement as it stands now, instead of to the sheet `before` ("": to none); None if that is the same.
    Its open cycles count under the new terms from their start, closed ones keep theirs."""
    after = sheet_for(case, hop, agreement)
    if after == before:
        return None
    return case.record(REBOUND, hop, because, {"agreement": agreement.code, "before": before, "after": after})


def holding(case: Case, hop: Hop) -> list[Agreement]:
    """The agreements that hold for a hop today: of each kind the most specific one."""
    best: dict[bool, tuple[tuple[int, ...], Agreement]] = {}
    for agreement in case.directory.agreements:
        inside = agreement.kind is AgreementKind.OLA
        if _holds(case, hop, agreement) and (inside not in best or _specific(agreement) > best[inside][0]):
            best[inside] = (_specific(agreement), agreement)
    return [agreement for _, agreement in best.values()]


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


def _holds(case: Case, hop: Hop, agreement: Agreement) -> bool:
    terms, site = agreement.terms, site_of(case, hop)
    inside = agreement.kind is AgreementKind.OLA
    return all(
        (
            terms.provider == hop.org_id,
            inside or terms.consumer == _consumer(case, hop, site),
            agreement.is_valid(case.now.date()),
            agreement.link_id in ("", hop.link_id),
            not agreement.services or hop.facts.get(Field.SERVICE) in agreement.services,
            not agreement.sites or (site is not None and site.code in agreement.sites),
            not agreement.groups or (site is not None and site.group in agreement.groups),
        )
    )


def site_of(case: Case, hop: Hop) -> Site | None:
    """The site the ticket names: codes are those of the root's owner or of its customers."""
    code = case.ticket.facts.get(Field.SITE) or hop.facts.get(Field.SITE)
    return case.directory.site_served(case.ticket.org_id, code) if code else None


def _consumer(case: Case, hop: Hop, site: Site | None) -> str:
    """Who is promised something at this hop: the organization above, or at the top whoever the site belongs to."""
    parent = case.parent(hop)
    if parent is not None:
        return parent.org_id
    return site.org_id if site is not None else ""


def _specific(agreement: Agreement) -> tuple[int, ...]:
    """Site before service before group before link; the first by its code where all are equal (R27)."""
    return (bool(agreement.sites), bool(agreement.services), bool(agreement.groups), bool(agreement.link_id))


def _matched(agreement: Agreement) -> Iterator[str]:
    """Why this one: what of it is specific."""
    named = {
        "site": agreement.sites,
        "service": agreement.services,
        "group": agreement.groups,
        "link": agreement.link_id,
    }
    yield from (name for name, given in named.items() if given)
