"""`/v1/tickets/{ticket_id}/clocks`, `/stops` and `/visits`: what time comes to, for the parties to an agreement (R32)."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from gateway.api.deps import AnyHouse, AnyScope, caller
from gateway.api.described import tells_page
from gateway.api.door import Door
from gateway.api.house import House
from gateway.api.listing import Fields, document, sparse
from gateway.client.shapes import Clock, Stop, Visit
from gateway.domain.timeline import ClockLine
from gateway.errors import NotFound
from gateway.flows import sla
from gateway.flows.principal import Principal
from gateway.flows.timeline import Shown
from gateway.flows.timeline import read as read_timeline
from gateway.store import views, visits
from gateway.store.scope import Scope

router = APIRouter(prefix="/v1/tickets", route_class=Door)
Caller = Annotated[Principal, Depends(caller)]


def _seen(here: House, scope: Scope, ticket_id: str) -> set[str]:
    """The caller's own hops. Raises NotFound for a ticket that is none of its business."""
    with here.context.database.read(scope) as db:
        hops = views.hops_of(db, scope, [ticket_id]).get(ticket_id)
    if not hops:
        raise NotFound("there is no such ticket")
    return {one["id"] for one in hops}


@router.get("/{ticket_id}/clocks", **tells_page("clocks", Clock))
def clocks(here: AnyHouse, key: Caller, ticket_id: str, fields: Fields = "") -> Response:
    """The clocks of the agreements to which the caller is a party."""
    _seen(here, key.scope, ticket_id)
    try:
        shown = read_timeline(here.context, ticket_id, key.party, now=here.now())
    except NotFound:  # nothing has happened yet that this party may know
        return document({"clocks": [], "next": None})
    found = [sparse(_clock(shown, line), fields, Clock) for line in shown.timeline.clocks]
    return document({"clocks": found, "next": None})


def _clock(shown: Shown, line: ClockLine) -> dict[str, Any]:
    clock = line.clock
    return {
        "id": f"{clock.agreement}/{clock.target_kind.value}/{clock.cycle}",
        "agreement": clock.agreement,
        "kind": line.kind,
        "calendar": line.calendar,
        "provider": shown.names.get(line.provider, ""),
        "consumer": shown.names.get(line.consumer, ""),
        "target_kind": clock.target_kind.value,
        "cycle": clock.cycle,
        "state": str(clock.state),
        **{name: bool(getattr(clock, name)) for name in ("stopped", "provisional", "superseded")},
        "started_at": clock.started_at,
        "due_at": clock.due,
        "breached_at": clock.breached_at,
        "ended_at": clock.ended_at,
        **{name: getattr(clock, name) for name in ("target", "elapsed", "stopped_time", "remaining")},
    }


@router.get("/{ticket_id}/stops", **tells_page("stops", Stop))
def stops(here: AnyHouse, key: Caller, ticket_id: str, fields: Fields = "") -> Response:
    """The requests to stop a clock of an agreement to which the caller is a party, under each such agreement."""
    own = _seen(here, key.scope, ticket_id)
    found = sla.read(here.context, ticket_id, now=here.now())
    told = [sparse(one, fields, Stop) for one in _stops(found, key.scope, own)]
    return document({"stops": told, "next": None})


def _stops(found: sla.Reading, scope: Scope, own: set[str]) -> Iterator[dict[str, Any]]:
    mine = scope.org_ids
    parties = {terms.id: {terms.provider, terms.consumer} for terms in found.folded.chain.agreements}
    for one in sla.stops(found):
        if mine is None or mine & parties[one.agreement]:
            asked = one.request
            yield {
                "id": asked.id,
                "agreement": one.agreement,
                "hop_id": asked.hop if asked.hop in own else None,
                "code": asked.code,
                "own_code": asked.own_code,
                "evidence": sorted(asked.evidence),
                "start_at": asked.start,
                "end_at": asked.end,
                "expected_end_at": asked.expected_end,
                "asked_at": asked.asked_at,
                "standing": one.standing.value,
            }


@router.get("/{ticket_id}/visits", **tells_page("visits", Visit))
def seen_visits(here: AnyHouse, scope: AnyScope, ticket_id: str, fields: Fields = "") -> Response:
    """The visits of the caller's assignments, each as it was last spoken of; its steps are events (`type=visit.proposed` …)."""
    _seen(here, scope, ticket_id)
    with here.context.database.read(scope) as db:
        found = visits.of_ticket(db, scope, ticket_id)
    return document({"visits": [sparse(one, fields, Visit) for one in found], "next": None})
