"""Conflicts as they stand in a ticket's events: which are open, who set a field and when, whether two desks' rules answer each
other. Reads only; what is done about it is `contest`."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.model import ActorKind, Event, Field, Source
from gateway.domain.ownership import effective

FOUND, DECIDED, CONFIRMED = "conflict.found", "conflict.decided", "field.confirmed"
QUIETED = "conflict.quieted"
"""What was kept back while two rules answered each other has been told since."""
_SETS = {
    "status.changed": Field.STATUS,
    "priority.changed": Field.PRIORITY,
    "field.changed": "",
    CONFIRMED: "",
    FOUND: "",
}
"""Kind of event → the field it sets; "" where its data says which."""
CONTESTS = (*_SETS, DECIDED, QUIETED)
"""What has to be known of a ticket's past where two sides disagree."""

QUIET = timedelta(hours=1)
"""After so long without a turn, what answered each other has stopped."""
QUIET_FROM = QUIET + timedelta(seconds=1)
"""The first look after which that is so."""
TIMES = {ActorKind.AUTOMATION: 3, ActorKind.UNKNOWN: 6}
"""So often the same value comes back at one desk, without a person, before two rules are said to answer each other. Where a
desk does not say who it was, it may have been people."""


class Standing(StrEnum):
    """What became of a conflict: settled by rule with a winner, open until a person decides, decided, given way to a later
    one, or quiet again (two rules that stopped answering each other)."""

    SETTLED = "settled"
    OPEN = "open"
    DECIDED = "decided"
    REPLACED = "replaced"
    QUIET = "quiet"


SWING = "swing"
"""What stands for a policy where two desks' rules answer each other."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Somebody at a hop's desk set a field; `value` as the event tells it (of a text its content's id)."""

    hop: str
    value: str | None
    at: datetime
    observed_at: datetime
    by: ActorKind


def turns(events: Iterable[Event], field: str, hops: Collection[str] = ()) -> Iterator[Turn]:
    """Who set the field at these hops (none named: at any), in the order of recording. What the gateway did is no turn."""
    for event in events:
        if event.source is Source.GATEWAY or event.type not in _SETS or event.hop_id is None:
            continue
        named = _SETS[event.type] or event.data.get("field")
        if named != field or (hops and event.hop_id not in hops):
            continue
        yield Turn(
            hop=event.hop_id,
            value=_value(event),
            at=effective(event.reported_at, seen=event.observed_at, contrary=event.contrary_seen_at),
            observed_at=event.observed_at,
            by=event.actor_kind,
        )


def _value(event: Event) -> str | None:
    if event.type == FOUND:
        told = event.data[event.data["by"]]
        return str(told["value"]) if told["value"] is not None else None
    value = event.data.get("to", event.data.get("content"))
    return str(value) if value is not None else None


def is_swinging(events: Sequence[Event], field: str, hops: Collection[str]) -> bool:
    """Whether rules of these hops' desks set the field again and again, and no person did in between, as of the last turn."""
    run: list[Turn] = []
    for turn in turns(_since_decided(events, field), field, hops):
        if turn.by is ActorKind.PERSON or (run and turn.observed_at - run[-1].observed_at > QUIET):
            run.clear()
        if turn.by is not ActorKind.PERSON:
            run.append(turn)
    if not run:
        return False
    times = max(TIMES.get(turn.by, TIMES[ActorKind.UNKNOWN]) for turn in run)
    [(_, most)] = Counter((turn.hop, turn.value) for turn in run).most_common(1)
    return most >= times and len(run) >= 2 * times


def _since_decided(events: Sequence[Event], field: str) -> Sequence[Event]:
    """A person's decision begins anew."""
    places = [
        place for place, one in enumerate(events) if one.type == DECIDED and one.data.get("field") == field
    ]
    return events[places[-1] + 1 :] if places else events


def found(events: Iterable[Event], field: str, edge: str) -> list[Event]:
    """The conflicts about a field between a hop and its parent, in order. `edge`: the hop's id."""
    return [
        one for one in events if one.type == FOUND and one.data["edge"] == edge and one.data["field"] == field
    ]


def standing(conflict: Event, events: Sequence[Event], *, now: datetime) -> Standing:
    """How a conflict stands, from its ticket's events."""
    if any(one.type == DECIDED and one.data["conflict"] == conflict.id for one in events):
        return Standing.DECIDED
    if conflict.data["winner"] is not None and conflict.data["policy"] != SWING:
        return Standing.SETTLED if not conflict.data["insists"] else _until_later(conflict, events)
    if conflict.data["policy"] != SWING:
        return _until_later(conflict, events)
    ends = {conflict.data[side]["hop"] for side in ("upstream", "downstream")}
    later = [
        turn
        for turn in turns(events, conflict.data["field"], ends)
        if turn.observed_at >= conflict.observed_at
    ]
    if any(turn.by is ActorKind.PERSON for turn in later):
        return Standing.REPLACED
    last = max((turn.observed_at for turn in later), default=conflict.observed_at)
    return (
        Standing.QUIET
        if now - last > QUIET or is_quieted(conflict, events)
        else _until_later(conflict, events)
    )


def is_quieted(conflict: Event, events: Iterable[Event]) -> bool:
    """Whether what it kept back has been told; what begins after that is another conflict."""
    return any(one.type == QUIETED and one.data["conflict"] == conflict.id for one in events)


def _until_later(conflict: Event, events: Sequence[Event]) -> Standing:
    same = found(events, conflict.data["field"], conflict.data["edge"])
    return Standing.OPEN if same[-1].id == conflict.id else Standing.REPLACED


def open_one(events: Sequence[Event], field: str, edge: str, *, now: datetime) -> Event | None:
    """The conflict about the field on this edge that waits for a person or for quiet, if there is one."""
    every = found(events, field, edge)
    return every[-1] if every and standing(every[-1], events, now=now) is Standing.OPEN else None
