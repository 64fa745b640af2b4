"""Visits, approvals and ratings as desks' fields and acts tables tell of them: what is recorded, and who is told. What a
visit or an answer does to clocks is `sla`; the reports read `rating.given` and `visit.left`."""

from datetime import datetime
from typing import Any

from gateway.domain import duedates, mapping, people, queueing
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import ActKind, ActRow, Content, Event, Field, Hop, HopStatus
from gateway.domain.sighting import FieldChange

_EVENTS = {
    ActKind.ARRIVED: "visit.arrived",
    ActKind.VISIT_CONFIRMED: "visit.confirmed",
    ActKind.TRAVELLING: "visit.travelling",
    ActKind.LEFT: "visit.left",
    ActKind.MISSED: "visit.missed",
    ActKind.APPROVAL_REQUESTED: "approval.requested",
    ActKind.APPROVAL_GRANTED: "approval.granted",
    ActKind.APPROVAL_REFUSED: "approval.refused",
}
_WINDOW = (Field.VISIT_FROM, Field.VISIT_UNTIL)
APPROVAL = "approval"
"""Stands among a hop's facts while its parent has not answered a request for approval."""
_RATED = OPEN | {HopStatus.CLOSED}
_BEST = 10


def is_one(act: ActKind) -> bool:
    """Whether an act speaks of a visit or an approval."""
    return act in _EVENTS


def waits_for_approval(hop: Hop) -> bool:
    """Whether the hop asked for an approval that nobody gave or refused yet."""
    return APPROVAL in hop.facts


def act(case: Case, hop: Hop, row: ActRow, reason: Content | None, because: Because) -> None:
    """Record what a row of the acts table means at a hop, and tell the other side what it must know. An approval is asked
    for at the hop and answered at its parent's desk."""
    kind = _EVENTS[row.act]
    data: dict[str, Any] = {"content": reason.id, "digest": reason.digest} if reason is not None else {}
    if row.outcome:
        data["outcome"] = row.outcome
    event = case.record(kind, hop, because, data)
    parent = case.parent(hop)
    words = reason.text if reason is not None else ""
    if parent is None or parent.status not in OPEN:
        return
    who = queueing.neighbour(case, hop, parent)
    if row.act is ActKind.MISSED:
        queueing.note(case, parent, "visit_missed", event, who=who)
    elif row.act is ActKind.APPROVAL_REQUESTED:
        _remember(case, hop, APPROVAL, event.id)
        told = people.without_names(case, parent, hop, words)
        queueing.note(case, parent, "approval_requested", event, who=who, reason=told)
    elif row.act in (ActKind.APPROVAL_GRANTED, ActKind.APPROVAL_REFUSED):
        _remember(case, hop, APPROVAL, None)
        who = queueing.neighbour(case, parent, hop)
        told = people.without_names(case, hop, parent, words)
        queueing.note(case, hop, kind.replace(".", "_"), event, who=who, reason=told)


def _remember(case: Case, hop: Hop, name: str, value: str | None) -> None:
    facts = {known: one for known, one in case.hops[hop.id].facts.items() if known != name}
    case.put(hop, facts=facts if value is None else {**facts, name: value})


def judge(case: Case, hop: Hop, change: FieldChange, because: Because) -> bool:
    """What a change of a rating or of a visit's window means. False: the field is no such thing."""
    if change.field == Field.RATING:
        _rated(case, hop, change.new, because)
    elif change.field in _WINDOW:
        _planned(case, hop, because)
    else:
        return False
    return True


# -- ratings ------------------------------------------------------------------------------------------------------------------


def _rated(case: Case, hop: Hop, native: str | None, because: Because) -> None:
    """A rating stands where the requester gave it; who did the work is told the value and nothing else."""
    if not native:
        case.record("field.changed", hop, because, {"field": Field.RATING.value})
        return
    if not (native.isascii() and native.isdecimal() and 0 <= int(native) <= _BEST):
        event = case.record("mapping.unknown", hop, because, {"field": Field.RATING.value})
        case.disagree("unmapped", hop, field=Field.RATING, value=native)
        queueing.note(case, hop, "unknown_value", event, field=Field.RATING, value=native)
        return
    give(case, hop, int(native), because)


def give(case: Case, hop: Hop, rating: int, because: Because) -> Event:
    """Record a rating (0 to 10, as the customer's scale has it) and tell it to everybody below who did the work."""
    event = case.record("rating.given", hop, because, {"rating": rating})
    _tell_below(case, hop, str(rating), event)
    return event


def _tell_below(case: Case, hop: Hop, value: str, event: Event) -> None:
    for child in case.children(hop):
        link = case.link(child)
        if link is None or not link.crossing.ratings_down or child.status not in _RATED:
            continue
        if child.remote_id is not None and mapping.among(
            case.desk(child).capabilities.writable, Field.RATING
        ):
            queueing.update(case, child, {Field.RATING: value}, event)
        else:
            queueing.note(case, child, "rating", event, value=value)
        _tell_below(case, child, value, event)


# -- windows ------------------------------------------------------------------------------------------------------------------


def _planned(case: Case, hop: Hop, because: Because) -> None:
    """A window is whole when both its ends stand at the desk; the same one again is no news. Who may come is a hop below a
    link: at the customer's own first ticket the window is wished of every hop it delegated to."""
    opens, closes = (_moment(case, hop, name) for name in _WINDOW)
    if opens is None or closes is None or opens > closes:
        return
    if hop.parent_id is not None:
        if _window(case, hop, (opens, closes), "provider", because) is not None:
            _show(case, hop, opens, closes)
        return
    for child in case.children(hop):
        link = case.link(child)
        if link is not None and child.status in OPEN and Field.VISIT_FROM in link.crossing.fields_down:
            _wished(case, hop, child, (opens, closes), because)


def _may_be_told(case: Case, hop: Hop) -> bool:
    link = case.link(hop)
    return link is not None and Field.VISIT_FROM in link.crossing.fields_up


def _moment(case: Case, hop: Hop, name: str) -> datetime | None:
    native = case.hops[hop.id].shadow.get(name)
    if not native:
        return None
    try:
        return datetime.fromisoformat(mapping.canonical(case.desk(hop), frozenset(), Field.DUE, native))
    except mapping.UnknownWord:
        case.disagree("unmapped", hop, field=name, value=native)
        return None


def _window(
    case: Case, hop: Hop, window: tuple[datetime, datetime], by: str, because: Because
) -> Event | None:
    """The event of a new window of a hop; None where it is the one that is known."""
    known, told = case.hops[hop.id].facts.get("visit"), "/".join(at.isoformat() for at in window)
    if known == told:
        return None
    _remember(case, hop, "visit", told)
    kind = "visit.moved" if known else "visit.proposed"
    return case.record(kind, hop, because, {"window": told.split("/"), "by": by})


def _show(case: Case, hop: Hop, opens: datetime, closes: datetime) -> None:
    """Show the window to everybody above whose link lets it pass: in fields where that desk has them, else in words."""
    parent, event = case.parent(hop), case.events[-1]
    while parent is not None and parent.status in OPEN and _may_be_told(case, hop):
        _write(case, hop, parent, (opens, closes), event)
        hop, parent = parent, case.parent(parent)


def _wished(case: Case, hop: Hop, child: Hop, window: tuple[datetime, datetime], because: Because) -> None:
    event = _window(case, child, window, "consumer", because)
    if event is not None:
        _write(case, hop, child, window, event)


def _write(case: Case, hop: Hop, other: Hop, window: tuple[datetime, datetime], event: Event) -> None:
    desk, (opens, closes) = case.desk(other), window
    if set(_WINDOW) <= desk.capabilities.writable:
        fields = {Field.VISIT_FROM.value: opens.isoformat(), Field.VISIT_UNTIL.value: closes.isoformat()}
        queueing.update(case, other, fields, event)
        return
    who = queueing.neighbour(case, hop, other)
    told = {"opens": duedates.at_desk(desk, opens), "closes": duedates.at_desk(desk, closes)}
    queueing.note(case, other, "visit_planned", event, who=who, **told)
