"""A conflict in an installation whose desks nobody runs: the downstream set the priority that is the upstream's."""

from gateway.app import Gateway, utc_now
from gateway.domain import contest
from gateway.domain.case import Because
from gateway.domain.edges import Edit
from gateway.domain.model import ActorKind, Source
from gateway.flows.context import OPERATOR
from gateway.store import cases
from tests.api.house import Chain


def contested(gateway: Gateway, chain: Chain) -> str:
    """Its id."""
    because = Because(source=Source.HISTORY, actor_kind=ActorKind.PERSON, reported_at=utc_now())
    with gateway.database.write() as db:
        occasion = gateway.context.occasion(db, utc_now())
        case = cases.load(db, OPERATOR, [chain.ticket], occasion)[chain.ticket]
        edit = Edit(field="priority", value="low", because=because)
        assert contest.overruled(case, case.hops[chain.hops["south"]], edit)
        contest.assure(case)
        cases.save(db, [case])
        return case.events[0].id
