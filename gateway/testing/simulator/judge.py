"""A played history judged: the checker on what the desks hold, the gateway's own books on what is not finished, and the
counts."""

import re
from collections import Counter
from dataclasses import dataclass, field

from gateway.domain.case import Occasion
from gateway.flows.context import OPERATOR
from gateway.store import agenda, cases
from gateway.testing.simulator import clocks, doubts, quarrels
from gateway.testing.simulator.checks import check
from gateway.testing.simulator.findings import Held
from gateway.testing.simulator.play import Play, Script
from gateway.testing.simulator.world import ROOT

_DUE_CAUSES = re.compile(r"cannot go from|audience does not include|taken back|there is no (ticket|file)")
"""Why a delivery may park in a history: the desk's own rule forbids the move, or its reader or its ticket is gone by now."""
_SETTLED = ("news.delivered", "assignment.received")
_PEOPLE = ("person", "unknown")
"""A desk without history names nobody, but in a simulation only people change it by themselves."""
MOST_TOLD = 12


@dataclass(frozen=True, kw_only=True)
class Result:
    """One seed's history: what is wrong with it, and what it is made of."""

    seed: int
    script: Script
    violations: tuple[tuple[str, str], ...]
    counts: Counter[str] = field(default_factory=Counter)
    """`events`, `deliveries`, `tickets`, `hops N`, `parallel`, `crash STEP`, `fault KIND`, …"""


def play_and_judge(play: Play) -> Result:
    """Play the seed and judge it."""
    play.run()
    held = Held(
        world=play.world,
        book=play.book,
        tickets={code: desk.tickets() for code, desk in play.hub.desks.items()},
        too_late={code: weather.too_late for code, weather in play.weathers.items()},
        merged={code: frozenset(desk.cabinet.merged) for code, desk in play.hub.desks.items()},
    )
    findings = check(held)
    findings.add_all("stuck", play.stuck)
    for desk in play.hub.desks.values():
        findings.add_all("asked", doubts.unasked(desk.seen))
    with play.hub.database.read() as db:
        findings.add_all("unfinished", [" ".join(one) for one in agenda.undone(db)])
    findings.add_all("parked", [why for why in play.cancelled if not _DUE_CAUSES.search(why)])
    findings.add_all("belief", _beliefs(play))
    if play.rest is not None:
        findings.add_all("quiet", quarrels.not_quiet(play.rest))
        findings.add_all("converged", play.unlike)
    findings.add_all("clocks", clocks.check(play.hub, _tickets(play)))
    return Result(
        seed=play.seed, script=play.script, violations=tuple(findings.found), counts=_counts(play, held)
    )


def _tickets(play: Play) -> list[str]:
    hub = play.hub
    keys = [(f"dsk_{code}", doc["id"]) for code, desk in hub.desks.items() for doc in desk.tickets()]
    with hub.database.read() as db:
        return sorted({ticket_id for ticket_id, _ in cases.hops_at(db, OPERATOR, keys).values()})


def _beliefs(play: Play) -> list[str]:
    """What the gateway takes a desk to show is what it shows."""
    hub = play.hub
    keys = [(f"dsk_{code}", doc["id"]) for code, desk in hub.desks.items() for doc in desk.tickets()]
    wrong = []
    with hub.database.read() as db:
        places = cases.hops_at(db, OPERATOR, keys)
        occasion = Occasion(directory=hub.context.directory_now, now=hub.now, new_id=hub.context.new_id)
        loaded = cases.load(db, OPERATOR, [ticket for ticket, _ in places.values()], occasion, lock=False)
        for (desk_id, remote_id), (ticket_id, hop_id) in places.items():
            if remote_id in hub.desks[desk_id.removeprefix("dsk_")].cabinet.merged:
                continue  # the desk shows another ticket in its place: nothing more is believed of this one
            shadow = loaded[ticket_id].hops[hop_id].shadow
            fields = hub.desks[desk_id.removeprefix("dsk_")].ticket(remote_id)["fields"]
            wrong += [
                f"{name} of {remote_id} at {desk_id} is {fields[name]!r}, believed {value!r}"
                for name, value in shadow.items()
                if name in fields and fields[name] != value
            ]
    return wrong


def _counts(play: Play, held: Held) -> Counter[str]:
    counts: Counter[str] = Counter()
    with play.hub.database.read() as db:
        tally = agenda.tally(db)
    counts["events"] = sum(
        number for (kind, actor), number in tally.items() if actor in _PEOPLE or kind in _SETTLED
    )
    counts["deliveries"] = sum(number for (kind, _), number in tally.items() if kind in _SETTLED)
    counts["acts of people"] = play.crowd.acts
    for source in held.book.sources.values():
        copies = held.copies[source.token]
        counts["tickets"] += 1
        depth = max((len(held.world.path(ROOT, code)) for code in copies), default=0)
        counts[f"hops {depth}"] += 1
        counts["parallel"] += any(
            sum(below in copies for below in held.world.below(code)) > 1 for code in copies
        )
    counts.update({f"crash {step}": number for step, number in play.dice.crashed.items()})
    for weather in play.weathers.values():
        counts.update({f"fault {kind.value}": number for kind, number in weather.met.items()})
        counts["late applications"] += weather.too_late
    counts.update(play.post.met)
    return counts
