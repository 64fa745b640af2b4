"""What people agree on about a ticket's priority: it is the consumer's; a provider's change, and a provider's lowering of
what it promised by, counts once the consumer agrees (R17)."""

from gateway.domain.case import Case
from gateway.domain.model import Event
from gateway.domain.sla.history import PRIORITY, PRIORITY_AGREED
from gateway.errors import NotFound, Refused
from gateway.flows import sla
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.sla import Deed, Effect, Reading
from gateway.store import history


def agree(context: Context, event_id: str, order: Order) -> Effect:
    """The consumer agrees to a change of priority: from now on it counts. Raises NotFound; Refused without a reason, or for
    what was agreed on before."""
    if not order.reason:
        raise Refused("agreeing to a priority needs its reason", cure="add --reason")
    with context.database.read() as db:
        ticket_id = history.ticket_of_event(db, OPERATOR, event_id)
        events = history.of_ticket(db, OPERATOR, ticket_id)[1] if ticket_id else []
    changed = next((one for one in events if one.id == event_id and one.type == PRIORITY), None)
    if changed is None or ticket_id is None or changed.hop_id is None:
        raise NotFound(
            f"{event_id} is no change of priority", cure="interdesk tickets show TICKET lists events"
        )
    if any(one.type == PRIORITY_AGREED and one.data.get("event") == event_id for one in events):
        raise Refused(
            "it was agreed on already", cure="interdesk sla explain TICKET shows from when it counts"
        )
    deed = Deed(action="priority agreed", subject=event_id, told=_told(changed))
    hop_id = changed.hop_id

    def act(case: Case, _found: Reading) -> None:
        case.record(PRIORITY_AGREED, case.hops[hop_id], order.because, {"event": event_id})

    return sla.change(context, ticket_id, act, order, deed)


def _told(changed: Event) -> dict[str, str]:
    return {"from": str(changed.data.get("from") or ""), "to": str(changed.data.get("to") or "")}
