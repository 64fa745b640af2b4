"""Replay of a ticket or of a stretch of time (D9). A message that was read says today only which ticket to look at, for the desk
is the truth: so a replay looks again at what the messages spoke of, reads quarantined ones anew and tries parked deliveries
again under the marks they had. Where nothing is amiss it changes nothing."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.domain import opening
from gateway.domain.model import Desk, Message, Sighting
from gateway.errors import NotFound, Refused, Unreadable
from gateway.flows.commands import Order, replay_message, retry_parked
from gateway.flows.context import OPERATOR, Context
from gateway.store import audit, cases, history, looks, replays
from gateway.store.db import Db
from gateway.store.replays import Span

PAGE = 200
Place = tuple[str, str]
"""(desk id, remote id)."""

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Harvest:
    """What a replay takes in. `places` are looked at; `quarantined` and `parked` are ids to try again."""

    messages: int = 0
    places: dict[Place, None] = field(default_factory=dict)
    quarantined: list[str] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """For people."""
        return {
            "messages": self.messages,
            "tickets to look at": len(self.places),
            "quarantined": len(self.quarantined),
            "parked": len(self.parked),
        }


def harvest(context: Context, span: Span) -> Harvest:
    """What a replay of the span would take in: reads only. Messages are parsed with today's connectors. Raises NotFound."""
    found = Harvest()
    with context.database.read() as db:
        context.directory(db)
        places = _of_ticket(db, span)
        found.places.update(dict.fromkeys(places))
        if span.ticket_id is not None:
            span = replace(span, desk_ids=sorted({desk_id for desk_id, _ in places}))
        for read in _messages(db, span):
            _take_in(context, db, found, read, only=places if span.ticket_id else None)
        found.parked = replays.parked(db, OPERATOR, span)
    return found


def _of_ticket(db: Db, span: Span) -> list[Place]:
    """Where the ticket is known: looked at whatever the messages say."""
    if span.ticket_id is None:
        return []
    hops, _ = history.of_ticket(db, OPERATOR, span.ticket_id)
    if not hops:
        raise NotFound(f"there is no ticket {span.ticket_id}", cure="interdesk tickets list shows them")
    places = [(hop.desk_id, hop.remote_id) for hop in hops if hop.remote_id is not None]
    return [place for place in places if span.desk_ids is None or place[0] in span.desk_ids]


def _messages(db: Db, span: Span) -> Iterator[tuple[Message, str]]:
    """A page at a time, oldest first."""
    page = replays.messages(db, OPERATOR, span, limit=PAGE)
    while page:
        yield from page
        last = page[-1][0]
        page = replays.messages(db, OPERATOR, replace(span, after=(last.received_at, last.id)), limit=PAGE)


def _take_in(
    context: Context, db: Db, found: Harvest, read: tuple[Message, str], *, only: Sequence[Place] | None
) -> None:
    """Count one message. `only`: the places of the one ticket that is asked for; what speaks of none is left out."""
    message, state = read
    desk = context.directory_now.desks.get(message.desk_id)
    if desk is None:
        return
    seen = _sightings(context, desk, message)
    if only is not None and not any((desk.id, one.remote_id) in only for one in seen):
        return
    found.messages += 1
    if state == "quarantined":
        found.quarantined.append(message.id)
    elif only is None:
        found.places.update(dict.fromkeys(_worth_a_look(context, db, desk, seen)))


def _sightings(context: Context, desk: Desk, message: Message) -> Sequence[Sighting]:
    """What it says; nothing, where it cannot be read."""
    try:
        return context.connector(desk).parse(message, desk)
    except Unreadable:
        return ()
    except Exception:  # a connector's own fault must not stop the messages of others
        log.exception("connector failed on message %s", message.id)
        return ()


def _worth_a_look(context: Context, db: Db, desk: Desk, seen: Sequence[Sighting]) -> list[Place]:
    """Tickets that are ours, or may be: of what a message shows to be none of our business nothing is fetched (rule 10)."""
    known = cases.hops_at(db, OPERATOR, [(desk.id, one.remote_id) for one in seen])
    directory = context.directory_now
    return [
        (desk.id, one.remote_id)
        for one in seen
        if (desk.id, one.remote_id) in known
        or one.snapshot is None
        or opening.is_ours(directory, desk, one.snapshot)
    ]


def replay(context: Context, span: Span, order: Order) -> Harvest:
    """Do it; what was taken in. What somebody sent, gave up or replayed meanwhile is left as it is."""
    found = harvest(context, span)
    places = list(found.places)
    for start in range(0, len(places), PAGE):
        _look_again(context, places[start : start + PAGE], order.now)
    found.quarantined = [name for name in found.quarantined if _again(replay_message, context, name, order)]
    found.parked = [name for name in found.parked if _again(retry_parked, context, name, order)]
    told = found.counts | {"from": span.start.isoformat(), "to": span.end.isoformat()}
    with context.database.write() as db:
        audit.record(
            db,
            org_id="operator",
            actor=order.actor,
            action="replay",
            subject=span.ticket_id or "",
            before=None,
            after={**told, "desks": list(span.desk_ids or ()), "reason": order.reason},
            now=order.now,
        )
    return found


def _look_again(context: Context, places: Sequence[Place], now: datetime) -> None:
    with context.database.write() as db:
        owners = {desk_id: desk.org_id for desk_id, desk in context.directory(db).desks.items()}
        wishes = [
            looks.Wish(org_id=owners[desk_id], desk_id=desk_id, remote_id=remote_id, due_at=now, why="replay")
            for desk_id, remote_id in places
            if desk_id in owners
        ]
        looks.want(db, wishes)


def _again(act: Callable[[Context, str, Order], object], context: Context, name: str, order: Order) -> bool:
    try:
        act(context, name, order)
    except (NotFound, Refused):
        return False
    return True
