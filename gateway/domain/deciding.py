"""A person decides a conflict: which value stands from now on, or that two rules may go on. It is carried like any change of the
owner's."""

from gateway.domain import conflicts, contest, facts, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import Event, Field, Hop, Side


def hops_of(case: Case, conflict: Event) -> dict[Side, Hop]:
    """The two ends of a conflict."""
    return {side: case.hops[conflict.data[side.value]["hop"]] for side in Side}


def decide(case: Case, conflict: Event, value: str | None, because: Because) -> Event:
    """`value` stands from now on at both ends, and goes where the owner's changes go."""
    field, ends, owner = conflict.data["field"], hops_of(case, conflict), Side(conflict.data["owner"])
    decided = _record(case, conflict, because)
    hop, event = ends[owner], decided
    if hop.facts.get(field) != value:
        kind = "priority.changed" if field == Field.PRIORITY else "field.changed"
        said = {"field": field, "from": hop.facts.get(field), "to": value}
        event = case.record(kind, hop, Because(**{**vars(because), "cause_id": decided.id}), said)
    for end in (hop, ends[owner.other]):
        if end.status in OPEN:
            kept = case.set_fact(end, field, value)
            case.unsure[end.id, field] = None
            facts.send_down(case, kept, field, value, event)
            facts.send_up(case, kept, field, value, event)
    contest.assure(case)
    return decided


def release(case: Case, conflict: Event, because: Because) -> Event:
    """What was stopped goes on: the rules may set the field again, the owner's value is written once more."""
    decided = _record(case, conflict, because)
    if conflict.data["policy"] != conflicts.SWING:
        loser = hops_of(case, conflict)[Side(conflict.data["by"])]
        case.unsure[loser.id, conflict.data["field"]] = None
        contest.assure(case)
    return decided


def _record(case: Case, conflict: Event, because: Because) -> Event:
    field, ends = conflict.data["field"], hops_of(case, conflict)
    event = case.record(
        conflicts.DECIDED,
        ends[Side(conflict.data["owner"])],
        because,
        {"conflict": conflict.id, "field": field, "edge": conflict.data["edge"]},
    )
    for hop in ends.values():
        if hop.status in OPEN:
            queueing.note(case, hop, "conflict_decided", event, field=field, conflict=conflict.id)
    return event
