"""Reads what became of each ticket: from the gateway's event log, and from the desks themselves."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.app import utc_now
from gateway.cli.demo.play import Act
from gateway.cli.demo.stage import NAMES, Stage
from gateway.domain.model import Desk, Event, Hop
from gateway.domain.sla.attribution import GAP
from gateway.domain.sla.clocks import Clock
from gateway.domain.sla.ledger import Span, held, ledger
from gateway.domain.sla.terms import TargetKind
from gateway.flows import sla
from gateway.flows.context import OPERATOR
from gateway.store import history

_TELLS: Mapping[str, str] = {
    "ticket.opened": "opened by the customer",
    "assignment.offered": "offered to {desk}",
    "assignment.received": "arrived at {desk} as {number}",
    "assignment.accepted": "{desk} accepts",
    "assignment.declined": "{desk} declines",
    "assignment.withdrawn": "taken back from {desk}",
    "pending.answered": "{desk} has its answer",
    "resolution.rejected": "the resolution of {desk} is rejected",
    "resolution.confirmed": "the resolution of {desk} is confirmed",
    "ticket.reopened": "opened again at {desk}",
    "ticket.closed": "closed",
    "delivery.parked": "something for {desk} waits for a person",
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """One ticket's story: lines of (seconds since it was opened, words), who held it, what the desks show."""

    title: str
    about: str
    ended: bool
    lines: tuple[tuple[float, str], ...]
    held: Mapping[str, timedelta]
    shows: Mapping[str, str]
    clocks: tuple["Promise", ...] = ()


@dataclass(frozen=True, kw_only=True)
class Promise:
    """How one agreement's resolution stands: its clock, and of a breach each party's part (named for people)."""

    clock: Clock
    parts: Mapping[str, timedelta]


def tell(stage: Stage, acts: list[Act]) -> list[Told]:
    """The stories of all acts that were opened, in the order of the cast."""
    return [_one(stage, act) for act in acts if "customer" in act.numbers]


def _one(stage: Stage, act: Act) -> Told:
    with stage.gateway.database.read() as db:
        directory = stage.gateway.context.directory(db)
        desks = {desk.id: desk.code for desk in directory.desks.values()}
        hops, events = history.by_remote(
            db, OPERATOR, _desk_id(directory.desks.values(), "customer"), act.numbers["customer"]
        )
        organizations = {org.id: org.code for org in directory.organizations.values()}
    by_id = {hop.id: hop for hop in hops}
    read = sla.read(stage.gateway.context, hops[0].ticket_id, now=utc_now())
    names = {org.id: org.name or org.code for org in directory.organizations.values()}
    return Told(
        title=act.title,
        about=act.about,
        ended=act.ended,
        lines=tuple(_lines(events, by_id, desks)),
        held=_held(ledger(read.folded.spans), {hop.id: organizations[hop.org_id] for hop in hops}),
        shows=dict(_shown(stage, act)),
        clocks=tuple(_promises(read, names)),
    )


def _promises(read: sla.Reading, names: Mapping[str, str]) -> Iterator[Promise]:
    parts = {one.clock.key: one.parts for one in read.attributions}
    for clock in read.clocks:
        if clock.target_kind is TargetKind.RESOLUTION:
            shares: dict[str, timedelta] = {}
            for name, part in parts.get(clock.key, {}).items():
                party = _party(name, names)  # every link is "in transit"
                shares[party] = shares.get(party, timedelta()) + part
            yield Promise(clock=clock, parts={party: part for party, part in shares.items() if part})


def _party(name: str, names: Mapping[str, str]) -> str:
    if name.startswith("link:"):
        return TRANSIT
    return "the contracts do not fit" if name == GAP else names.get(name, name)


TRANSIT = "in transit"


def _held(rows: list[Span], owners: Mapping[str, str]) -> dict[str, timedelta]:
    """How long each organization held it (by its code), and how long it was under way; `requester` is the customer."""
    shares: dict[str, timedelta] = {}
    for holder, share in held(rows).items():
        name = TRANSIT if holder.startswith("link:") else owners.get(holder, next(iter(owners.values())))
        shares[name] = shares.get(name, timedelta()) + share
    return shares


def _desk_id(desks: Iterable[Desk], code: str) -> str:
    return next(desk.id for desk in desks if desk.code == code)


def _lines(
    events: list[Event], hops: Mapping[str, Hop], desks: Mapping[str, str]
) -> Iterator[tuple[float, str]]:
    start: datetime | None = None
    for event in events:
        start = start or event.observed_at
        words = _words(event, hops, desks)
        if words:
            yield (event.observed_at - start).total_seconds(), words


def _words(event: Event, hops: Mapping[str, Hop], desks: Mapping[str, str]) -> str:
    hop = hops.get(event.hop_id or "")
    if hop is None:
        return ""
    name, number = NAMES[desks[hop.desk_id]], hop.number or "?"
    if event.type == "status.changed":
        return f"{name}: {event.data['to']}" if event.data["to"] != "accepted" else ""
    if event.type == "comment.added" and not event.data.get("automatic"):
        return f"{name} {_reach(event)}"
    if event.type == "attachment.added":
        return f"{name} attaches a file"
    return _TELLS.get(event.type, "").format(desk=name, number=number)


def _reach(said: Event) -> str:
    """What somebody did who wrote a comment."""
    reached = len(said.data.get("audience", ()))
    if said.data.get("visibility") == "private":
        return "writes a private note; it reaches nobody else"
    if not reached:  # nobody below works on it any more: the words go along when it is opened again
        return "says what is still wrong"
    return f"writes a comment; it reaches {reached} other desk{'s' if reached != 1 else ''}"


def _shown(stage: Stage, act: Act) -> Iterator[tuple[str, str]]:
    """What each desk itself shows of the ticket now."""
    for code, server in stage.servers.items():
        if code in act.numbers:
            with server.acting() as desk:
                doc = desk.ticket(act.numbers[code])
            yield code, f"{doc['number']} {doc['fields']['status']}"
