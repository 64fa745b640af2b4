"""Why something is as it is, in words: a ticket, an assignment, a delivery or a message, with what it waits for, what was
tried, and the chain of facts behind it. Reads only."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain import breaker, relinking
from gateway.errors import NotFound
from gateway.flows.context import Context
from gateway.store import views
from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.views import View

LONGEST_CHAIN = 20


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """`says`: sentences, the most important first. `parts`: what stands behind them, by heading."""

    kind: str
    id: str
    says: tuple[str, ...]
    parts: Mapping[str, Sequence[View]] = field(default_factory=dict)


def explain(context: Context, scope: Scope, name: str, *, now: datetime) -> Explanation:
    """`name` is an id of ours, or the number of a ticket at its desk. Raises NotFound within the scope."""
    with context.database.read(scope) as db:
        tellers: Mapping[str, Callable[[_Reader, str], Explanation | None]] = {
            "tkt": _ticket,
            "hop": _hop,
            "dlv": _delivery,
            "msg": _message,
            "evt": _event,
        }
        reader = _Reader(db=db, scope=scope, now=now)
        teller = tellers.get(name.partition("_")[0], _number)
        found = teller(reader, name)
    if found is None:
        raise NotFound(
            f"nothing here is called {name}",
            cure="give the id of a ticket, assignment, delivery, message or event, or a ticket's number at its desk",
        )
    return found


@dataclass(frozen=True, kw_only=True)
class _Reader:
    db: Db
    scope: Scope
    now: datetime

    def when(self, moment: datetime | None) -> str:
        """A moment with its distance from now."""
        if moment is None:
            return "never"
        return f"{moment.isoformat(sep=' ', timespec='seconds')} ({distance(moment, self.now)})"

    def desk(self, code: str) -> View:
        """How talking to a desk goes."""
        return next(desk for desk in views.desks(self.db, Scope.operator()) if desk["code"] == code)


def distance(moment: datetime, now: datetime) -> str:
    """`in 5 min`, `2 h ago`."""
    seconds = (moment - now).total_seconds()
    steps = ((90.0, 1.0, "s"), (5400.0, 60.0, "min"), (172_800.0, 3600.0, "h"), (float("inf"), 86_400.0, "d"))
    size, unit = next((size, unit) for limit, size, unit in steps if abs(seconds) < limit)
    count = round(abs(seconds) / size)
    return f"in {count} {unit}" if seconds > 0 else f"{count} {unit} ago"


def _number(reader: _Reader, number: str) -> Explanation | None:
    hops = views.find_by_number(reader.db, reader.scope, number)
    if len(hops) == 1:
        return _hop(reader, hops[0]["id"])
    if not hops:
        return None
    return Explanation(
        kind="number", id=number, says=("several assignments have this number",), parts={"assignments": hops}
    )


def _ticket(reader: _Reader, ticket_id: str) -> Explanation | None:
    found = views.ticket(reader.db, reader.scope, ticket_id)
    if found is None:
        return None
    lanes = [one for hop in found["hops"] for one in views.lane(reader.db, reader.scope, hop["id"])]
    state = "closed " + reader.when(found["closed_at"]) if found["closed_at"] else "open"
    says = [f"opened {reader.when(found['opened_at'])}, {state}"]
    says += [_of_hop(hop) for hop in found["hops"]]
    says += [_in_lane(one) for one in lanes] or ["nothing is on its way to any desk"]
    parts = {
        "neighbours": found["neighbours"],
        "events": found["events"],
        "discrepancies": views.discrepancies(reader.db, reader.scope, ticket_id),
    }
    return Explanation(kind="ticket", id=ticket_id, says=tuple(says), parts=_filled(parts))


def _of_hop(hop: View) -> str:
    number = f" as {hop['number'] or hop['remote_id']}" if hop["remote_id"] else ", not made there yet"
    reason = f" ({hop['reason']})" if hop["reason"] else ""
    over = f" over link {hop['link']}" if hop["link"] else ", where it began"
    return f"{hop['id']}: at desk {hop['desk']}{number}, {hop['status']}{reason}{over}"


def _in_lane(delivery: View) -> str:
    return f"{delivery['id']}: {delivery['kind']} for desk {delivery['desk']} is {delivery['state']}"


def _filled(parts: Mapping[str, Sequence[View]]) -> dict[str, Sequence[View]]:
    return {name: rows for name, rows in parts.items() if rows}


def _hop(reader: _Reader, hop_id: str) -> Explanation | None:
    hop = views.hop(reader.db, reader.scope, hop_id)
    if hop is None:
        return None
    lane = views.lane(reader.db, reader.scope, hop_id)
    says = [f"ticket {hop['ticket_id']}", _of_hop(hop), *_timers(reader, hop)]
    says += _unclear(hop)
    looks = views.looks_at(reader.db, reader.scope, hop["desk"], hop["remote_id"] or "")
    says += [
        f"is to be read at its desk {reader.when(look['due_at'])}, because: {look['why']}" for look in looks
    ]
    says += [_in_lane(one) for one in lane] or ["its lane is empty"]
    events = views.events(reader.db, reader.scope, hop["ticket_id"], hop_id=hop_id, limit=50)
    return Explanation(
        kind="assignment", id=hop_id, says=tuple(says), parts=_filled({"lane": lane, "events": events})
    )


def _unclear(hop: View) -> Iterator[str]:
    """What its desk shows that has no meaning here: another ticket than ours, or none; words that no profile maps."""
    cure = f"interdesk tickets relink {hop['id']} --number N, or interdesk tickets unlink {hop['id']}"
    yield from (f"{doubt}: {cure}" for doubt in relinking.doubts(hop["unmapped"]))
    words = [name for name in hop["unmapped"] if name not in relinking.MARKS]
    if words:
        yield f"the desk uses words that its profile does not map: {', '.join(words)}; interdesk doctor shows them"


def _timers(reader: _Reader, hop: View) -> Iterator[str]:
    if hop["status"] == "offered" and hop["answer_by"]:
        yield f"an answer to the offer is due {reader.when(hop['answer_by'])}; then it lapses"
    if hop["status"] == "resolved" and hop["confirm_by"]:
        yield f"closes by itself {reader.when(hop['confirm_by'])} unless somebody rejects it"
    if hop["asked"]:
        yield "a question of this desk waits for its upstream's answer"
    if hop["looked_at"]:
        yield f"last read at its desk {reader.when(hop['looked_at'])}"
    if hop["refetch_at"]:
        yield f"is read again {reader.when(hop['refetch_at'])}"


def _delivery(reader: _Reader, delivery_id: str) -> Explanation | None:
    found = views.delivery(reader.db, reader.scope, delivery_id)
    if found is None:
        return None
    says = [
        f"{found['kind']} for desk {found['desk']}, of ticket {found['ticket_id']}, assignment {found['hop_id']}"
    ]
    says += [*_states(reader, found), f"tried {found['attempts']} times, asked about {found['probes']} times"]
    chain = _chain(reader, found["event_id"])
    if chain:
        says.append(f"it exists because of {chain[0]['type']} ({chain[0]['id']})")
    tries = found.pop("tries")
    return Explanation(
        kind="delivery",
        id=delivery_id,
        says=tuple(says),
        parts=_filled({"delivery": [found], "tries": tries, "because of": chain}),
    )


def _states(reader: _Reader, found: View) -> Iterator[str]:
    """What state it is in, what it waits for, and what a person can do."""
    match found["state"]:
        case "pending":
            yield from _pending(reader, found)
        case "inflight":
            yield f"is being sent by {found['worker']}, whose lease ends {reader.when(found['lease_until'])}"
        case "ambiguous":
            yield f"may have arrived, nobody knows ({found['error']}); its desk is asked {reader.when(found['next_at'])}"
        case "asking":
            yield f"may have arrived, and its desk cannot say: {found['error']}"
            yield f"look there, then: interdesk ambiguous resolve {found['id']} --exists NUMBER, or --absent"
        case "parked":
            yield f"parked: {found['error']}"
            yield f"remove the cause, then: interdesk replay {found['id']}"
        case state:
            yield f"{state} {reader.when(found['done_at'])}{': ' + found['outcome'] if found['outcome'] else ''}"


def _pending(reader: _Reader, found: View) -> Iterator[str]:
    ahead = [one for one in views.lane(reader.db, reader.scope, found["hop_id"]) if one["seq"] < found["seq"]]
    blocker = next((one for one in ahead if one["blocks"]), None)
    if blocker is not None:
        yield f"waits behind {blocker['id']} ({blocker['kind']}, {blocker['state']}): a lane keeps its order"
        return
    told = f" after: {found['error']}" if found["error"] else ""
    yield f"its next try is {reader.when(found['next_at'])}{told}"
    desk = reader.desk(found["desk"])
    if desk["held"]:
        yield f"nothing is sent to desk {desk['code']}: {desk['held']}; then: interdesk desks release {desk['code']}"
    state = breaker.from_document(desk["breaker"])
    if state.open_until is not None and state.open_until > reader.now:
        yield f"desk {desk['code']} failed {state.failures} times in a row and is left alone until {reader.when(state.open_until)}"
    if state.slow_until is not None and state.slow_until > reader.now:
        yield f"desk {desk['code']} asked us to slow down until {reader.when(state.slow_until)}"


def _chain(reader: _Reader, event_id: str | None) -> list[View]:
    """The event, what caused it, and so on; a delivery in between is told as one."""
    chain: list[View] = []
    name = event_id
    while name and len(chain) < LONGEST_CHAIN:
        if name.startswith("dlv_"):
            delivery = views.delivery(reader.db, reader.scope, name)
            found = delivery and {
                "id": name,
                "type": f"our own {delivery['kind']}",
                "hop_id": delivery["hop_id"],
            }
            following = delivery["event_id"] if delivery else None
        else:
            found = views.event(reader.db, reader.scope, name)
            following = found["cause_id"] if found else None
        if not found:
            break
        chain.append(found)
        name = following
    return chain


def _event(reader: _Reader, event_id: str) -> Explanation | None:
    chain = _chain(reader, event_id)
    if not chain:
        return None
    first = chain[0]
    who = f"{first['actor_kind']} {first['actor']}".strip()
    says = (
        f"{first['type']} at {first['hop_id']}, of ticket {first['ticket_id']}",
        f"seen {reader.when(first['observed_at'])}, the desk says {reader.when(first['reported_at'])}",
        f"by {who}, known from {first['source']}",
    )
    return Explanation(kind="event", id=event_id, says=says, parts={"because of": chain})


def _message(reader: _Reader, message_id: str) -> Explanation | None:
    found = views.message(reader.db, reader.scope, message_id)
    if found is None:
        return None
    body = bytes(found.pop("body"))
    says = [
        f"came to the hook of desk {found['desk']} {reader.when(found['received_at'])}, {len(body)} bytes"
    ]
    match found["state"]:
        case "received":
            says.append("is on disk and waits to be read")
        case "quarantined":
            says += [
                f"could not be read: {found['error']}",
                f"when that is mended: interdesk replay {message_id}",
            ]
        case state:
            says.append(f"{state} {reader.when(found['processed_at'])}")
    found["body"] = body[:2000].decode(errors="replace")
    return Explanation(kind="message", id=message_id, says=tuple(says), parts={"message": [found]})
