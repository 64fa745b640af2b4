"""Histories in which desks contradict each other: rules that answer each other, auto-responders at every desk, a ring of four
links, people who set the same field at every desk. What must come of it: quiet, few writes, the same values everywhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from gateway.flows import conflicts
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.store import cases, history
from gateway.testing.hub import Hub
from gateway.testing.loopback.cabinet import ROBOT, Folder
from gateway.testing.loopback.desk import ACCOUNT, LoopbackDesk
from gateway.testing.loopback.temper import CUSTOMER, PARTNER, PLAIN, VENDOR, Hooks, Temper
from gateway.testing.plan import Plan
from gateway.testing.simulator.findings import Held
from gateway.testing.simulator.people import meaning, native
from gateway.testing.simulator.world import ROOT, Terms, World

CHAIN = {"vend": ROOT, "part": "vend", "subc": "part"}
RING = "ring"
"""The name by which the last desk hands on to the first."""
REPLY = "Thank you, we have received your message."
QUIET_WITHIN = timedelta(hours=1)
MOST_WRITES = 40
"""So often the gateway may change one ticket at a desk once the people are gone."""
_PRIORITIES = ("critical", "high", "medium", "low")


def make_quarrel(random: Random) -> World:
    """Four desks in a ring, every one with an auto-responder; over all links the same rule whose the priority is."""
    rule = {
        "owner": random.choice(("upstream", "downstream")),
        "policy": random.choice(("owner_wins", "latest_wins")),
    }
    kinds = {ROOT: (CUSTOMER, PLAIN), "vend": (VENDOR, PLAIN), "part": (PARTNER, PLAIN), "subc": (PLAIN,)}
    desks = {code: _temper(random, random.choice(kinds[code])) for code in (ROOT, *CHAIN)}
    links = [_link(up, code, rule) for code, up in CHAIN.items()]
    links.append(_link("subc", ROOT, rule, named=RING))
    plan = Plan(
        desks=desks,
        links=links,
        desk_documents={code: {"poll_every": "1m", "refetch_every": "30m"} for code in desks},
    )
    return World(plan=plan, above=CHAIN, terms={code: Terms() for code in CHAIN}, quarrels=True)


def _temper(random: Random, base: Temper) -> Temper:
    hooks = random.choice((Hooks.FULL, Hooks.THIN, Hooks.NONE))
    return replace(
        base, auto_reply=REPLY, history=True, private_comments=True, transitions=None, title_limit=None,
        hooks=hooks, strips_html=False, refuses_quietly=False, priority_remap={},
    )  # fmt: skip


def _link(up: str, down: str, rule: dict[str, str], *, named: str = "") -> dict[str, object]:
    return {
        "upstream": up,
        "downstream": down,
        "passes": {"delegate_as": named or down},
        "crosses": {
            "fields_down": ["title", "description", "priority"],
            "fields_up": ["assignee", "priority"],
        },
        "ownership": {"priority": rule},
        "parent_means": {"pending": "pending"},
        "answer_within": {"default": "200h"},
        "confirm_within": "30d",
    }


@dataclass(kw_only=True)
class Rule:
    """A desk's own automation: some time after a field has a value for which it acts, it sets another."""

    desk: LoopbackDesk
    name: str
    acts_on: Callable[[str], bool]
    """Of a canonical value."""
    then: str
    after: timedelta
    since: dict[str, datetime] = field(default_factory=dict)
    acted: int = 0

    def act(self, now: datetime) -> None:
        """Whatever is due."""
        for folder in list(self.desk.cabinet.folders.values()):
            if not self.acts_on(self._shown(folder)):
                self.since.pop(folder.id, None)
            elif now - self.since.setdefault(folder.id, now) >= self.after:
                self.desk.cabinet.set(ROBOT, folder, {self.name: self.then})
                self.acted += 1

    def _shown(self, folder: Folder) -> str:
        value = folder.fields[self.name] or ""
        temper = self.desk.temper
        return meaning(temper, value) if self.name == "status" else str(temper.priorities[value])


def make_rules(random: Random, desks: dict[str, LoopbackDesk]) -> list[Rule]:
    """Two rules at neighbours that answer each other's status, and up to two that want a priority of their own."""
    lower = random.choice(list(CHAIN))
    rules = [
        _status_rule(random, desks[CHAIN[lower]], "pending", "in_progress"),
        _status_rule(random, desks[lower], "in_progress", "pending"),
    ]
    chosen = random.sample(list(desks), random.randint(0, 2))
    return rules + [_priority_rule(random, desks[code], random.choice(_PRIORITIES)) for code in chosen]


def _soon(random: Random) -> timedelta:
    return timedelta(seconds=random.choice((8, 20, 45, 90)))


def _status_rule(random: Random, desk: LoopbackDesk, when: str, then: str) -> Rule:
    word = native(desk.temper, then)[0]
    return Rule(desk=desk, name="status", acts_on=lambda shown: shown == when, then=word, after=_soon(random))


def _priority_rule(random: Random, desk: LoopbackDesk, wanted: str) -> Rule:
    word = next(word for word, known in desk.temper.priorities.items() if known == wanted)
    return Rule(
        desk=desk, name="priority", acts_on=lambda shown: shown != wanted, then=word, after=_soon(random)
    )


@dataclass(kw_only=True)
class Rest:
    """When the people were gone and when nothing moved any more, with how often the gateway had changed each ticket by then:
    (desk, ticket) → changes."""

    calm_at: datetime
    rested_at: datetime
    before: dict[tuple[str, str], int]
    after: dict[tuple[str, str], int]


def changes(hub: Hub) -> dict[tuple[str, str], int]:
    """How often the gateway changed each ticket, words and fields."""
    return {
        (code, doc["id"]): sum(part["actor"]["id"] == ACCOUNT for part in doc["history"])
        + sum(part["author"]["id"] == ACCOUNT for part in doc["comments"])
        for code, desk in hub.desks.items()
        for doc in desk.tickets()
    }


def not_quiet(rest: Rest) -> Iterator[str]:
    """Quiet within an hour, after few writes."""
    took = rest.rested_at - rest.calm_at
    if took > QUIET_WITHIN:
        yield f"it took {took} until nothing moved"
    for key, number in rest.after.items():
        if number - rest.before.get(key, 0) > MOST_WRITES:
            yield f"{'#'.join(key)} was changed {number - rest.before.get(key, 0)} times after the people were gone"


def not_converged(hub: Hub, held: Held) -> Iterator[str]:
    """The same priority at every desk, or a conflict that says so and waits; no word of an auto-responder anywhere else."""
    tickets = _tickets(hub, held)
    excused = _excused(hub, set(tickets.values()))
    for token, copies in held.copies.items():
        for code, found in copies.items():
            if any(part["text"].endswith(REPLY) for copy in found for part in copy.ours):
                yield f"an automatic reply was carried to {code} ({token})"
        if not held.book.sources[token].calm or tickets.get(token) in excused:
            continue  # who refused it is told nothing any more
        shown = {
            code: held.world.plan.temper(code).priorities[found[0].doc["fields"]["priority"]]
            for code, found in copies.items()
        }
        if len(set(shown.values())) > 1:
            yield f"the priorities of {token} are {shown}, and no conflict waits"


def _tickets(hub: Hub, held: Held) -> dict[str, str]:
    """Source token → our ticket."""
    keys = {
        (f"dsk_{ROOT}", copies[ROOT][0].doc["id"]): token
        for token, copies in held.copies.items()
        if copies.get(ROOT)
    }
    with hub.database.read() as db:
        return {keys[key]: place[0] for key, place in cases.hops_at(db, OPERATOR, keys).items()}


def _excused(hub: Hub, tickets: set[str]) -> set[str]:
    """Tickets whose priority may differ: rules fight over it and people were told, or a desk set it by itself right after a
    write of ours, which never travels."""
    order = Order(actor="checker", now=hub.now)
    rows = conflicts.listed(hub.context, conflicts.Asked(every=True, limit=10_000), order)
    fought = {
        row["ticket"]
        for row in rows
        if row["field"] == "priority" and (row["policy"] == "swing" or row["standing"] == "insists")
    }
    with hub.database.read() as db:
        told = history.events_of(db, OPERATOR, tickets)
    moved = {
        ticket
        for ticket, events in told.items()
        if any(one.type == "desk.moved" and one.data["field"] == "priority" for one in events)
    }
    return fought | moved
