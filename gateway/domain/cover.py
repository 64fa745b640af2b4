"""Services in and out of cover (R26): what becomes of a ticket that no agreement covers when it is to be handed over. It passes
and is marked, or its desk is told why not; which of the two is the link's to say."""

from datetime import timedelta

from gateway.domain import binding, mapping
from gateway.domain.agreements import Agreement
from gateway.domain.case import Case
from gateway.domain.lifecycle import today
from gateway.domain.model import Field, Hop, HopStatus, Link, Priority, Uncovered
from gateway.domain.sla.terms import AgreementKind

URGENT = frozenset({Priority.CRITICAL, Priority.HIGH})
"""Nobody argues about a contract while a shop stands still."""


def refusal(case: Case, parent: Hop, link: Link) -> str | None:
    """Why a ticket is not handed over: nothing covers it, and the link takes only what is covered. None where it may pass:
    also where it is urgent or of a priority that nobody can read, and shortly after a contract has ended."""
    if link.uncovered is not Uncovered.REJECT or _is_urgent(parent):
        return None
    hop = _as_offered(case, parent, link)
    held = binding.holding(case, hop)
    if any(one.kind is not AgreementKind.OLA for one in held) or _just_ended(case, hop, link):
        return None
    return _words(case, hop)


def _is_urgent(parent: Hop) -> bool:
    word = parent.facts.get(Field.PRIORITY)
    return Field.PRIORITY in parent.unmapped if word is None else Priority(word) in URGENT


def _as_offered(case: Case, parent: Hop, link: Link) -> Hop:
    """The hop that an offer would make, as far as agreements look at it."""
    facts = {
        name: value for name, value in parent.facts.items() if mapping.among(link.crossing.fields_down, name)
    }
    return Hop(
        id="",
        org_id=link.downstream_org_id,
        ticket_id=case.ticket.id,
        desk_id=link.downstream_desk_id,
        status=HopStatus.OFFERED,
        link_id=link.id,
        parent_id=parent.id,
        facts=facts,
    )


def _just_ended(case: Case, hop: Hop, link: Link) -> bool:
    """Whether what covered it has ended so lately that a renewal may still be signed."""
    day = today(case.now, case.directory.zone_of(hop.org_id))
    lack = binding.lacking(case, hop)
    if lack is None or lack.why != "dates":
        return False
    end = lack.nearest.valid_until
    return end is not None and timedelta() <= day - end <= link.uncovered_grace


def _words(case: Case, hop: Hop) -> str:
    lack = binding.lacking(case, hop)
    who = case.directory.organization_name(hop.org_id)
    if lack is None:
        return f"there is no agreement with {who}, and this link takes only what an agreement covers"
    return f"{_missed(lack.why, lack.nearest, hop)}; ask for another agreement, or change the ticket"


def _missed(why: str, nearest: Agreement, hop: Hop) -> str:
    code = nearest.code
    if why == "service":
        service, known = hop.facts.get(Field.SERVICE), ", ".join(sorted(nearest.services))
        named = f"service {service!r}" if service else "a ticket without a service"
        return f"agreement {code} does not cover {named}; it covers {known}"
    if why == "dates":
        begun = nearest.valid_until is not None
        return f"agreement {code} {f'ended on {nearest.valid_until}' if begun else f'begins on {nearest.valid_from}'}"
    return f"agreement {code} does not cover this {why}"
