"""Whose report it is (R32). Outcomes and tickets are masked before anything is counted: what a party may not see is told as
its neighbour's, so that no table behind can name it or time it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from gateway.domain.reports.outcome import Case, Outcome
from gateway.domain.sla.attribution import GAP
from gateway.domain.sla.terms import NONE, AgreementKind

OTHERS = "others"
"""A party of which nobody can say whether it worked for the viewer or beside it."""
LINK, _OUTSIDE = "link:", "outside:"


class View(StrEnum):
    """As whom a report is read. The operator sees everything; so does who manages the account."""

    CUSTOMER = "customer"
    PARTNER = "partner"
    OPERATOR = "operator"


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """`org` is the customer or the partner that reads; the operator has none. `groups`: what a customer is part of. `names`: organization id → name. `numbers`:
    ticket id → what the viewer's own desk calls it, where that is not the customer's number."""

    view: View = View.OPERATOR
    org: str = ""
    groups: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)

    def name(self, party: str) -> str:
        """What a report calls a party: an organization, transit, an outsider, or what no target explains."""
        if party.startswith(LINK):
            return f"transit to {self.names.get(party.removeprefix(LINK), 'the next desk')}"
        if party.startswith(_OUTSIDE):
            return f"outside: {party.removeprefix(_OUTSIDE).replace('_', ' ')}"
        fixed = {GAP: "contract gap", OTHERS: "others in the chain", "": "nobody"}
        return fixed.get(party) or self.names.get(party, party)


@dataclass(frozen=True, kw_only=True)
class Chains:
    """Who works for whom in each ticket, as its agreements say: `above` is ticket → provider → consumer, `hops` hop → whose
    it is."""

    above: Mapping[str, Mapping[str, str]]
    hops: Mapping[str, str]

    def below(self, ticket: str, party: str, viewer: str) -> str | None:
        """The party right below the viewer that this one is or works for; None if it does not work for the viewer."""
        above, seen = self.above.get(ticket, {}), set[str]()
        while party in above and party not in seen:
            seen.add(party)
            if above[party] == viewer:
                return party
            party = above[party]
        return None


def chains_of(outcomes: Iterable[Outcome]) -> Chains:
    """Read from the agreements of all clocks, those too that the viewer does not see."""
    above: dict[str, dict[str, str]] = {}
    hops: dict[str, str] = {}
    for one in outcomes:
        hops[one.hop_id] = one.provider
        if one.agreement_kind is not AgreementKind.OLA:
            above.setdefault(one.ticket_id, {})[one.provider] = one.consumer
    return Chains(above=above, hops=hops)


def seen_by(viewer: Viewer, outcomes: Sequence[Outcome], chains: Chains) -> list[Outcome]:
    """The clocks that are the viewer's business, told as it may know them. Sums stay what they are."""
    if viewer.view is View.OPERATOR:
        return list(outcomes)
    if viewer.view is View.CUSTOMER:
        return [_masked(one, viewer, chains) for one in outcomes if _is_promised(one, viewer)]
    mine = [one for one in outcomes if viewer.org in (one.provider, one.consumer)]
    return [_renamed(_masked(one, viewer, chains), viewer) for one in mine]


def _is_promised(outcome: Outcome, viewer: Viewer) -> bool:
    return outcome.consumer in (viewer.org, *viewer.groups) and outcome.agreement_kind is AgreementKind.SLA


def _renamed(outcome: Outcome, viewer: Viewer) -> Outcome:
    """A partner knows its own number, and its customer's customer not at all."""
    number = viewer.numbers.get(outcome.ticket_id, "")
    return replace(outcome, number=number, customer=outcome.consumer)


def _masked(outcome: Outcome, viewer: Viewer, chains: Chains) -> Outcome:
    def place(party: str) -> str:
        return _place(outcome, viewer, chains, party)

    return replace(outcome, time=_moved(outcome.time, place), parts=_moved(outcome.parts, place))


def _place(outcome: Outcome, viewer: Viewer, chains: Chains, party: str) -> str:
    """Whom the viewer is told instead of a party."""
    me, provider = viewer.org, outcome.provider
    if party in (me, provider) or party.startswith(_OUTSIDE) or party == f"{LINK}{outcome.hop_id}":
        return party
    if party == GAP:
        return GAP if provider == me else provider
    if viewer.view is View.CUSTOMER:
        return provider
    org = chains.hops.get(party.removeprefix(LINK), "") if party.startswith(LINK) else party
    below = chains.below(outcome.ticket_id, org, me)
    if below is not None or party.startswith(LINK):
        return below or me
    return outcome.consumer if provider == me and party in (outcome.consumer, outcome.customer) else OTHERS


def _moved(amounts: Mapping[str, timedelta], place: Callable[[str], str]) -> dict[str, timedelta]:
    told: dict[str, timedelta] = {}
    for party, amount in amounts.items():
        told[place(party)] = told.get(place(party), NONE) + amount
    return told


def cases_seen_by(viewer: Viewer, cases: Sequence[Case], chains: Chains) -> list[Case]:
    """The tickets that are the viewer's business. What happened between others is left out: a customer is not told how
    often it was handed back, a partner nothing that another one may have done."""
    if viewer.view is View.OPERATOR:
        return list(cases)
    if viewer.view is View.CUSTOMER:
        return [_for_customer(one, viewer, chains) for one in cases if one.customer == viewer.org]
    return [_for_partner(one, viewer, chains) for one in cases if viewer.org in one.parties]


def _for_customer(case: Case, viewer: Viewer, chains: Chains) -> Case:
    above = chains.above.get(case.ticket_id, {})
    vendor = next(
        (provider for provider, consumer in above.items() if consumer in (viewer.org, *viewer.groups)), OTHERS
    )

    def place(party: str) -> str:
        return party if party == viewer.org or party.startswith(_OUTSIDE) else vendor

    parties = tuple(dict.fromkeys(map(place, case.parties)))
    return replace(case, parties=parties, time=_moved(case.time, place), returned=0, hops=len(parties))


def _for_partner(case: Case, viewer: Viewer, chains: Chains) -> Case:
    me = viewer.org
    told = replace(
        case,
        number=viewer.numbers.get(case.ticket_id, ""),
        customer=chains.above.get(case.ticket_id, {}).get(me, ""),
        parties=(me,),
        time={me: case.time.get(me, NONE)},
        returned=0,
        hops=1,
        silence=NONE,
        discrepancies=0,
    )
    if _worked_alone(case, me, chains):
        return told
    return replace(
        told, reopened=0, visits=0, abortive=0, no_fault_found=False, fixed_first_time=None, rating=None
    )


def _worked_alone(case: Case, me: str, chains: Chains) -> bool:
    """Whether everybody else in the ticket stood above: what was found and rated is then this party's work."""
    above = chains.above.get(case.ticket_id, {})
    climbed, party = {me, case.customer}, me
    while party in above and above[party] not in climbed:
        party = above[party]
        climbed.add(party)
    return set(case.parties) <= climbed
