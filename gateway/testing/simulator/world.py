"""The installation of a seed: who is linked to whom, how each desk behaves, what may cross each link."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

from gateway.domain.model import Carry, Priority
from gateway.testing.loopback.temper import CUSTOMER, PARTNER, PLAIN, SUBCONTRACTOR, VENDOR, Hooks, Temper
from gateway.testing.plan import Plan

ROOT = "cust"
CHAINS: tuple[tuple[int, Mapping[str, str]], ...] = (
    (6, {"vend": ROOT, "part": "vend", "subc": "part"}),
    (4, {"vend": ROOT, "part": "vend"}),
    (5, {"vend": ROOT, "part": "vend", "othr": "vend"}),
    (6, {"vend": ROOT, "part": "vend", "othr": "vend", "subc": "part"}),
    (1, {"vend": ROOT}),
)
"""(weight, desk → its upstream desk)."""

_KINDS: Mapping[str, tuple[Temper, ...]] = {
    ROOT: (CUSTOMER, CUSTOMER, PLAIN),
    "vend": (VENDOR, VENDOR, PLAIN),
    "part": (PARTNER, PLAIN, VENDOR),
    "othr": (PLAIN, PARTNER, SUBCONTRACTOR),
    "subc": (SUBCONTRACTOR, SUBCONTRACTOR, PLAIN),
}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a link lets cross, as the checker must know it without asking the product."""

    down: Carry = Carry.PUBLISH
    up: Carry = Carry.PUBLISH
    siblings: bool = False
    notes: bool = False
    files_down: bool = True
    files_up: bool = True


@dataclass(frozen=True, kw_only=True)
class World:
    """`above`: desk → its upstream desk; `terms`: downstream desk → its link's terms; `by_service`: downstream desks that
    get a ticket by the service it names, without a word from anybody. In a `patient` world nothing lapses."""

    plan: Plan
    above: Mapping[str, str]
    terms: Mapping[str, Terms]
    by_service: frozenset[str] = field(default_factory=frozenset)
    patient: bool = True
    quarrels: bool = False
    """Its desks contradict each other (simulator/quarrels)."""

    def below(self, desk: str) -> list[str]:
        """The desks that may be delegated to."""
        return [code for code, up in self.above.items() if up == desk]

    def path(self, origin: str, target: str) -> list[str]:
        """The desks from one to the other, both included."""
        up, down = self._to_root(origin), self._to_root(target)
        meeting = next(desk for desk in up if desk in down)
        return [*up[: up.index(meeting) + 1], *reversed(down[: down.index(meeting)])]

    def _to_root(self, desk: str) -> list[str]:
        way = [desk]
        while way[-1] in self.above:
            way.append(self.above[way[-1]])
        return way


def make_world(random: Random) -> World:
    """A random installation of two to five desks."""
    above = random.choices([chain for _, chain in CHAINS], [weight for weight, _ in CHAINS])[0]
    patient = random.random() < 0.8
    terms = {code: _terms(random) for code in above}
    by_service = frozenset(code for code, up in above.items() if up == ROOT and random.random() < 0.3)
    desks = {code: _temper(random, code) for code in (ROOT, *above)}
    plan = Plan(
        desks=desks,
        links=[
            _link(random, (code, up), terms[code], named=code not in by_service, patient=patient)
            for code, up in above.items()
        ],
        desk_documents={code: _document(random, temper) for code, temper in desks.items()},
        agreements=[_agreement(code, up) for code, up in above.items() if len(above) == 2],
        calendars=[{"code": "always", "always": True}],
    )
    return World(plan=plan, above=above, terms=terms, by_service=by_service, patient=patient)


def conditional(world: World) -> World:
    """The same world, whose desks are written to only over what the gateway knew."""
    plan = world.plan
    documents = {
        code: {
            **plan.desk_documents.get(code, {}),
            "settings": {**plan.temper(code).settings(), "conditional": True},
        }
        for code in plan.desks
    }
    return replace(world, plan=replace(plan, desk_documents=documents))


def _agreement(provider: str, consumer: str) -> dict[str, Any]:
    """What a desk promises the one above it, so that clocks live in the histories of three desks in a row; elsewhere they
    would only take time. Nothing is drawn for it."""
    hours = {"acceptance": "30m", "resolution": "4h"}
    return {
        "code": f"{provider}-uc",
        "provider": provider,
        "consumer": consumer,
        "kind": "uc",
        "calendar": "always",
        "targets": {kind: {one.value: length for one in Priority} for kind, length in hours.items()},
        "stops": {"requester_info": "automatic"},
    }


def _terms(random: Random) -> Terms:
    carries = (Carry.PUBLISH, Carry.LAND_AS_INTERNAL, Carry.STOP)
    return Terms(
        down=random.choices(carries, (8, 1, 1))[0],
        up=random.choices(carries, (8, 1, 1))[0],
        siblings=random.random() < 0.15,
        notes=random.random() < 0.3,
        files_down=random.random() < 0.9,
        files_up=random.random() < 0.9,
    )


def _link(
    random: Random, ends: tuple[str, str], terms: Terms, *, named: bool, patient: bool
) -> dict[str, Any]:
    code, up = ends
    rule: dict[str, Any] = {"delegate_as": code}
    if not named:
        rule["when"] = {"field": "service", "op": "eq", "value": "net"}
    hours = "200h" if patient else random.choice(("30m", "1h", "3h"))
    return {
        "upstream": up,
        "downstream": code,
        "passes": rule,
        "crosses": {
            "comments_down": terms.down.value,
            "comments_up": terms.up.value,
            "siblings": terms.siblings,
            "addressed_notes": terms.notes,
            "attachments_down": terms.files_down,
            "attachments_up": terms.files_up,
            "people": random.choice(("name", "organization", "nobody")),
        },
        "answer_within": {"default": hours},
        "confirm_within": "30d" if patient else random.choice(("2h", "1d")),
    }


def _document(random: Random, temper: Temper) -> dict[str, Any]:
    polls = ("1m", "2m") if temper.hooks is Hooks.NONE else ("2m", "5m")
    language = random.choice(("en", "en", "ru", "it"))
    return {"poll_every": random.choice(polls), "refetch_every": "30m", "language": language}


def _temper(random: Random, code: str) -> Temper:
    """One of the kinds that stand at this place, with some habits of its own."""
    base = random.choice(_KINDS[code])
    second, minute = timedelta(seconds=1), timedelta(minutes=1)
    habits: dict[str, Any] = {
        "clock_offset": random.choice((timedelta(), base.clock_offset, random.uniform(-10, 10) * minute)),
        "granularity": random.choice((timedelta(microseconds=1), second, second, minute)),
        "commit_lag": random.choice((timedelta(), timedelta(), 20 * second)),
        "search_lag": random.choice((timedelta(), 15 * second)),
        "title_limit": random.choice((None, None, 40)),
        "strips_html": random.random() < 0.3,
        "comment_markers": random.random() < 0.7,
        "history": random.random() < 0.7,
        "private_comments": base.private_comments or random.random() < 0.3,
        "auto_reply": random.choice((None, None, "Thank you, we have received your message.")),
        "hooks": random.choice((Hooks.FULL, Hooks.THIN, Hooks.NONE)),
        "refuses_quietly": base.transitions is not None and random.random() < 0.5,
    }
    return replace(base, **habits)
