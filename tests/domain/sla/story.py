"""Small chains and terse histories for the tests of the clocks: one line an event, times of day of Monday 2 March 2026, UTC
(`1/09:00` is Tuesday, `-1/23:00` the Sunday before). `play` folds a history; `rows` shows its ledger as short lines."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.domain.sla.clocks import Clock, Folded, clocks, fold
from gateway.domain.sla.ledger import ledger
from gateway.domain.sla.reconcile import reconcile
from gateway.domain.sla.stops import View
from gateway.domain.sla.terms import Chain, Place, Record, StartsOn, StopRule, TargetKind, Terms
from gateway.domain.worktime import NO_HOURS, ROUND_THE_CLOCK, Calendar, Hours

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
ALWAYS = Calendar(code="always", weekly=ROUND_THE_CLOCK)
H, M = timedelta(hours=1), timedelta(minutes=1)


def office(opens: int = 8, closes: int = 18, days: str = "12345", **more: Any) -> Calendar:
    """Open from hour to hour on those days of the week, 1 = Monday."""
    weekly = tuple((Hours(opens * 3600, closes * 3600),) if str(day) in days else () for day in range(1, 8))
    return Calendar(code=f"{opens}-{closes}", weekly=weekly or NO_HOURS, **more)


def at(text: str) -> datetime:
    """`09:30`, `09:30:15`, `1/09:30` as a moment."""
    day, _, clock = text.rpartition("/")
    hours, minutes, *seconds = (float(part) for part in clock.split(":"))
    return MONDAY + timedelta(
        days=int(day or 0), hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0
    )


def terms(name: str, hop: str, resolution: timedelta | None = 4 * H, **more: Any) -> Terms:
    """An agreement whose provider works at the hop. `stops`: codes that need no decision; `asks`: codes that do."""
    stops = {code: StopRule(automatic=True) for code in more.pop("stops", "").split()}
    stops |= {code: StopRule() for code in more.pop("asks", "").split()}
    stops |= more.pop("rules", {})
    targets = more.pop("targets", {})
    if resolution is not None:
        targets = {TargetKind.RESOLUTION: {"P1": resolution}, **targets}
    told = {"provider": "", "consumer": "", "calendar": ALWAYS, "targets": targets, "stops": stops, **more}
    told["starts_on"] = StartsOn(more.get("starts_on", "handed_over"))
    return Terms(id=name, hop=hop, **told)


def chain(hops: str, *agreements: Terms, tracked: str = "", **places: Mapping[str, Any]) -> Chain:
    """`h0 h1<h0 h2<h1` as a chain; the organization of a hop is `org-` and its name, that of the customer `acme`."""
    found = {}
    for word in hops.split():
        name, _, parent = word.partition("<")
        facts = {"org": f"org-{name}", "tracked": name in tracked.split(), **places.get(name, {})}
        found[name] = Place(id=name, parent=parent or None, **facts)
    return Chain(customer="acme", places=found, agreements=agreements)


_STATUS = {
    "work": "in_progress",
    "ask": "pending",
    "hold": "held",
    "resolve": "resolved",
    "close": "closed",
    "cancel": "cancelled",
}
_TYPES = {
    "offer": "assignment.offered",
    "receive": "assignment.received",
    "accept": "assignment.accepted",
    "decline": "assignment.declined",
    "return": "assignment.returned",
    "expire": "assignment.expired",
    "withdraw": "assignment.withdrawn",
    "answer": "pending.answered",
    "reject": "resolution.rejected",
    "reopen": "ticket.reopened",
    "restore": "restoration.given",
    "arrive": "visit.arrived",
    "ok": "stop.accepted",
    "dispute": "stop.disputed",
    "uphold": "stop.upheld",
    "void": "stop.voided",
    "open": "ticket.opened",
    "deliver": "news.delivered",
    "say": "comment.added",
    "visit": "visit.proposed",
    "move": "visit.moved",
    "stop": "stop.requested",
    "exclude": "exclusion.added",
    "priority": "priority.changed",
}


def record(number: int, line: str) -> Record:
    """`09:00 ask h1 requester_info id=q seen=09:05`: one event. After the hop stand the words its type needs."""
    when, verb, *words = (word for word in line.split() if "=" not in word)
    more = dict(word.split("=", 1) for word in line.split() if "=" in word)
    moments = {name: at(more[name]) for name in ("seen", "stated", "contrary") if name in more}
    nowhere = verb in ("deliver", "ok", "dispute", "uphold", "void")
    causes = {"deliver": words[:1], "answer": words[1:2], "reject": words[1:2]}
    return Record(
        id=more.get("id", f"e{number}"),
        type="status.changed" if verb in _STATUS else _TYPES[verb],
        hop=None if nowhere else words[0],
        desk=more.get("desk", None if nowhere else words[0]),
        reported_at=None if "unreported" in words else at(when),
        observed_at=moments.get("seen", at(when)),
        stated_at=moments.get("stated"),
        cause=next(iter(causes.get(verb, ())), more.get("cause")),
        seq=int(more["seq"]) if "seq" in more else None,
        contrary_seen_at=moments.get("contrary"),
        data=_data(verb, words, more),
    )


def _data(verb: str, words: list[str], more: Mapping[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {"status": _STATUS[verb]} if verb in _STATUS else {}
    data |= {name: at(more[name]).isoformat() for name in ("until", "expected_end") if name in more}
    match verb:
        case "open":
            data |= {"priority": [*words, "P1"][1]}
            data |= {"outage_at": at(more["outage"]).isoformat()} if "outage" in more else {}
        case "ask" | "hold":
            data |= {
                "reason": words[1],
                "evidence": [one for one in more.get("evidence", "").split(",") if one],
            }
        case "say":
            data |= {"public": "private" not in words, "by": "provider", "automatic": "auto" in words}
        case "visit" | "move":
            data |= {"by": words[1], "window": [at(words[2]).isoformat(), at(words[3]).isoformat()]}
        case "stop" | "exclude":
            data |= {"reason": words[1], **_span(words[-2:])}
        case "ok" | "dispute" | "uphold" | "void":
            data |= {"request": words[0], "agreement": more.get("agreement", "")}
        case "priority":
            data |= {"priority": words[1]}
    return data


def _span(words: list[str]) -> dict[str, str]:
    return {"start": at(words[0]).isoformat(), "stop": at(words[1]).isoformat()}


def records(text: str) -> list[Record]:
    """The events of a history, one a line."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return [record(number, line) for number, line in enumerate(lines, start=1)]


def play(where: Chain, text: str | Iterable[Record], *, now: str, undecided: bool = False) -> Folded:
    """A history as of a moment."""
    told = records(text) if isinstance(text, str) else text
    seen = reconcile(where, told, now=at(now))
    return fold(where, seen, View(now=at(now), undecided=undecided))


def rows(folded: Folded) -> list[str]:
    """The ledger: `08:00 09:00 h1 working`; `h1>requester` is held by h1 and booked to the customer."""
    return [
        " ".join(
            (
                _clock(row.start),
                _clock(row.end),
                "+".join(
                    one.holder if one.holder == one.booked_to else f"{one.holder}>{one.booked_to}"
                    for one in row.entries
                ),
                row.state,
                row.reason or "",
            )
        ).strip()
        for row in ledger(folded.spans)
    ]


def _clock(moment: datetime) -> str:
    day = (moment - MONDAY) // timedelta(days=1)
    text = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    return f"{day}/{text}" if day else text


def clock(folded: Folded, key: str) -> Clock:
    """The clock of that key; `SLA` means its resolution."""
    every = {one.key: one for one in clocks(folded)}
    if "/" not in key:
        name, _, number = key.partition("#")
        hop = next(one.hop for one in folded.chain.agreements if one.id == name)
        key = f"{name}/{hop}/resolution" + (f"#{number}" if number else "")
    return every[key]


def figures(one: Clock) -> tuple[str, timedelta, timedelta]:
    """(state, elapsed, stopped) of a clock."""
    return one.state, one.elapsed, one.stopped_time


def at_vendor(text: str, now: str = "12:00", key: str = "SLA", **more: Any) -> Clock:
    """A clock at the only desk of a ticket."""
    where = chain("h1", terms("SLA", "h1", **{"starts_on": "opened", **more}))
    return clock(play(where, text, now=now), key)


def at_partner(text: str, now: str = "12:00", tracked: str = "", key: str = "UC", **more: Any) -> Clock:
    """A clock at the desk right below the one where the ticket began."""
    where = chain("h0 h1<h0", terms("UC", "h1", **more), tracked=tracked)
    return clock(play(where, text, now=now), key)
