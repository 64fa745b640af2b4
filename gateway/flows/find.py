"""From whichever number a person has in hand to the chain, and its story as that person may know it: each hop, who holds it
since when, what is due next, what is stuck. Reads only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.domain import numbering
from gateway.domain.marks import MARKER_PREFIX
from gateway.errors import Invalid, NotFound
from gateway.flows.context import OPERATOR, Context
from gateway.flows.timeline import Shown
from gateway.flows.timeline import read as read_timeline
from gateway.store import numbers, outbox, views
from gateway.store.db import Db, beyond
from gateway.store.numbers import Hit
from gateway.store.scope import Scope
from gateway.store.views import View

SHOWN = 5
"""So many tickets of one number are told whole."""
_MOVES = ("assignment.", "status.changed", "ticket.reopened", "withdrawal.")
_STUCK = ("parked", "asking", "ambiguous")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One chain. `called`: how the number that was typed is this ticket's. `holders` have it since `since`; `next_due` is the
    nearest open target, `due_of` its name; `hops` and `stuck` are what this viewer may know."""

    ticket_id: str
    called: tuple[str, ...]
    opened_at: datetime | None
    over: bool
    holders: tuple[str, ...] = ()
    since: datetime | None = None
    next_due: datetime | None = None
    due_of: str = ""
    hops: tuple[View, ...] = ()
    stuck: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The newest chains of a number; `more`: how many others there are."""

    number: str
    found: tuple[Found, ...] = field(default=())
    more: int = 0


def find(context: Context, org_id: str | None, text: str, *, now: datetime) -> Answer:
    """What an organization (None: the operator) finds by a number of any desk of its own, by our id or marker, or by a former
    number. Raises Invalid for what is no number, NotFound."""
    typed = numbering.plain(text)
    if not typed:
        raise Invalid("a number is missing", cure="give a ticket's number at any desk, like #4711")
    scope = OPERATOR if org_id is None else Scope.of(org_id)
    with context.database.read(scope) as db:
        called = _called(context, db, scope, typed)
    if not called:
        raise NotFound(
            f"no ticket is called {typed}",
            cure="give its number at any of the desks, our id (tkt_…, hop_…), or the marker (idk-…)",
        )
    newest = sorted(called, reverse=True)
    told = [_told(context, org_id, one, called[one], now=now) for one in newest[:SHOWN]]
    return Answer(number=typed, found=tuple(told), more=max(0, len(newest) - SHOWN))


def _called(context: Context, db: Db, scope: Scope, typed: str) -> dict[str, list[str]]:
    """Ticket id → how it is called so."""
    if typed.startswith(("tkt_", "hop_", "job_", MARKER_PREFIX)):
        return _by_name(db, scope, typed)
    desks = context.directory(db).desks
    mine = [one for one in desks.values() if scope.org_ids is None or one.org_id in scope.org_ids]
    core = numbering.tail(typed)
    spelt = numbering.spellings(typed, numbers.samples(db, scope, [one.id for one in mine]))
    remote = [(one.id, name) for one in mine for name in dict.fromkeys((typed, core)) if name]
    found = _closest(numbers.hits(db, scope, spelt, remote), typed)
    called: dict[str, list[str]] = {}
    for hit in found:
        desk = desks[hit.desk_id].code if hit.desk_id in desks else "an imported desk"
        words = f"{hit.number or typed} at {desk}" + (", its former number" if hit.former else "")
        called.setdefault(hit.ticket_id, []).append(words)
    return called


def _closest(hits: Sequence[Hit], typed: str) -> Sequence[Hit]:
    """Where somebody wrote a prefix and a desk writes that very number, others with the same digits are not meant."""
    same = [hit for hit in hits if hit.number.casefold() == typed.casefold()]
    return same if same and numbering.prefix(typed).strip("# ") else hits


def _by_name(db: Db, scope: Scope, name: str) -> dict[str, list[str]]:
    """By an id of ours, or by the marker of one of our writes."""
    if name.startswith("hop_"):
        hop = views.hop(db, scope, name)
        return {hop["ticket_id"]: ["our id of an assignment"]} if hop else {}
    if name.startswith("tkt_"):
        return {name: ["our id"]} if views.ticket(db, scope, name) else {}
    if name.startswith("job_"):
        return {one["ticket_id"]: ["the portal's id"] for one in views.find_by_number(db, scope, name)}
    with beyond(db):  # a marker may stand at another's desk; whether its ticket is seen is asked next
        delivery = outbox.by_marker(db, OPERATOR, name)
    seen = delivery is not None and views.ticket(db, scope, delivery.ticket_id) is not None
    return {delivery.ticket_id: ["the marker"]} if delivery is not None and seen else {}


def _told(
    context: Context, org_id: str | None, ticket_id: str, called: Sequence[str], *, now: datetime
) -> Found:
    scope = OPERATOR if org_id is None else Scope.of(org_id)
    with context.database.read(scope) as db:
        seen = views.ticket(db, scope, ticket_id)
        lanes = [one for hop in (seen or {"hops": ()})["hops"] for one in views.lane(db, scope, hop["id"])]
        desks = {desk["code"]: desk for desk in views.desks(db, scope)}
    if seen is None:
        raise NotFound("there is no such ticket")
    story = _story(context, org_id, ticket_id, now=now)
    return Found(
        ticket_id=ticket_id,
        called=tuple(dict.fromkeys(called)),
        opened_at=seen["opened_at"],
        hops=tuple(_hops(seen)),
        stuck=tuple(_stuck(seen, lanes, desks, now)),
        **story,
    )


def _story(context: Context, org_id: str | None, ticket_id: str, *, now: datetime) -> Mapping[str, Any]:
    """Who holds it since when, and what is due next, masked as the page of the ticket is (R32)."""
    try:
        shown = read_timeline(context, ticket_id, org_id, now=now)
    except NotFound:  # nothing has happened yet that this party may know
        return {"over": False}
    seen = shown.timeline
    told: dict[str, Any] = {"over": seen.is_over}
    if seen.rows and not seen.is_over:
        held = [cell.lane for cell in seen.rows[-1].cells]
        told["holders"] = tuple(dict.fromkeys(_holder(shown, lane) for lane in held))
        told["since"] = _since(shown, held)
    clocks = [
        line.clock for line in seen.clocks if line.clock.ended_at is None and line.clock.due is not None
    ]
    if clocks:
        nearest = min(clocks, key=lambda clock: clock.due or now)
        told |= {"next_due": nearest.due, "due_of": f"{nearest.target_kind.value} of {nearest.agreement}"}
    return told


def _holder(shown: Shown, lane_id: str) -> str:
    lane = next((one for one in shown.timeline.lanes if one.id == lane_id), None)
    org = shown.names.get(lane.org, "") if lane is not None else ""
    if lane is None or not org:
        return "a party further up"
    return {"requester": f"{org} (its people)", "link": f"on its way to {org}"}.get(lane.kind, org)


def _since(shown: Shown, held: Sequence[str]) -> datetime:
    """From when on the same have held it without a break."""
    start = shown.timeline.rows[-1].start
    for row in reversed(shown.timeline.rows):
        if {cell.lane for cell in row.cells} != set(held):
            break
        start = row.start
    return start


def _hops(seen: View) -> Iterator[View]:
    """Own assignments with number and desk; neighbours with no more than whose they are and how they stand."""
    for hop in seen["hops"]:
        moved = [
            one for one in seen["events"] if one["hop_id"] == hop["id"] and one["type"].startswith(_MOVES)
        ]
        since = (moved[-1]["reported_at"] or moved[-1]["observed_at"]) if moved else hop["created_at"]
        names = ("organization", "desk", "number", "status", "reason", "url")
        yield {"hop": hop["id"], **{name: hop[name] for name in names}, "since": since}
    for one in seen["neighbours"]:
        yield {
            "hop": "",
            "organization": one["organization"],
            "desk": "",
            "number": "",
            "status": one["status"],
            "reason": None,
            "url": None,
            "since": one["offered_at"],
        }


def _stuck(seen: View, lanes: Sequence[View], desks: Mapping[str, View], now: datetime) -> Iterator[str]:
    for one in lanes:
        if one["state"] in _STUCK:
            yield f"{one['kind']} for desk {one['desk']} is {one['state']}: {one['error']}; interdesk explain {one['id']}"
    waits = {one["desk"] for one in lanes}
    for code in sorted(waits & desks.keys()):
        if desks[code]["held"]:
            yield f"nothing is sent to desk {code}: {desks[code]['held']}"
    for hop in seen["hops"]:
        if hop["status"] == "offered" and hop["answer_by"] and hop["answer_by"] < now + timedelta(hours=1):
            yield f"{hop['organization']} has not answered the offer; it lapses {hop['answer_by'].isoformat(timespec='minutes')}"
        if hop["unmapped"]:
            yield f"desk {hop['desk']} shows what its profile does not know: {', '.join(hop['unmapped'])}"
        if hop["asked"]:
            yield f"{hop['organization']} waits for an answer to its question"
