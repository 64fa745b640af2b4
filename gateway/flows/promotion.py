"""From a test link to a live one: what the test link says of what passes and crosses, and the rules that its two sides have in
effect, laid over a link between live desks. Its own tickets and their history stay with the test link."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain import trial
from gateway.domain.model import Link, Side
from gateway.domain.plan import Item, Kind, Plan, Ref
from gateway.domain.problem import suggestion
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import apply as configuring
from gateway.flows import mappings
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.mappings import Place, Step, Which
from gateway.flows.proposal import Terms
from gateway.installation.reading import Installation
from gateway.schemas import check
from gateway.store import configuration, directory
from gateway.store import mappings as rules
from gateway.store.configuration import Stored
from gateway.store.db import Db

_OVER = ("ended", "declined")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which test link becomes which live one. The desks may be left out where the live link is there already."""

    test: str
    live: str
    upstream: str = ""
    downstream: str = ""


@dataclass(frozen=True, kw_only=True)
class RulesMove:
    """A side whose rules the promotion publishes: version `number` of the test link's."""

    side: Side
    number: int


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """What is changed: the configuration, the rules of each side; and what the test has not shown."""

    plan: Plan
    installation: Installation
    rules: tuple[RulesMove, ...]
    doubts: tuple[str, ...]

    @property
    def effective(self) -> bool:
        """Whether anything would be different."""
        return bool(self.plan.effective or self.rules)


def foreseen(context: Context, wanted: Wanted, terms: Terms) -> Promotion:
    """What promoting would do; writes nothing. Raises NotFound, Invalid, Unsupported."""
    with context.database.read() as db:
        stored = configuration.stored(db, OPERATOR, None)
        installation = _installation(stored, wanted)
        moves = tuple(_moves(context, db, wanted))
        untried = tuple(_untried(context, db, wanted))
    return Promotion(
        plan=configuring.plan(context, installation, terms),
        installation=installation,
        rules=moves,
        doubts=(*_doubts(stored, installation, wanted), *untried),
    )


def promote(context: Context, wanted: Wanted, terms: Terms, order: Order) -> Plan:
    """Do it in one transaction, so that no ticket passes before its rules; the plan as it was carried out. Raises as
    `foreseen`; Refused where the directory has moved on since `terms.seen_version`."""
    found = foreseen(context, wanted, terms)
    with context.database.write(slow=True) as db:
        if terms.seen_version not in (None, directory.lock(db)):
            raise Refused("the configuration changed since it was planned", cure="plan again, then promote")
        by = (order.actor, order.now)
        done = configuring.make(
            context, db, found.installation.items, replace(terms, year=order.now.year), by=by
        )
        places = _carry_rules(context, db, wanted, order)
        version = directory.bump(db) if found.rules else done.version
    for at in places:
        mappings.cross_again(context, at, order)
    return replace(done, version=version)


def _carry_rules(context: Context, db: Db, wanted: Wanted, order: Order) -> list[Place]:
    """Where rules took effect."""
    places = []
    for one in list(_moves(context, db, wanted)):
        document = _in_effect(db, _link(context, db, wanted.test), one.side)[1]
        at = mappings.place(context, db, Which(link=wanted.live, side=one.side))
        said = replace(order, reason=order.reason or f"version {one.number} of {wanted.test}")
        mappings.move(context, db, at, Step(version=mappings.keep(context, db, at, document, said)), said)
        places.append(at)
    return places


def _installation(stored: Stored, wanted: Wanted) -> Installation:
    """The live link as the files of an installation would say it."""
    links = {ref.code: item.document for ref, item in stored.items.items() if ref.kind is Kind.LINK}
    test = links.get(wanted.test)
    if test is None:
        known = [code for code, document in links.items() if document.get("test")]
        raise NotFound(f"there is no link {wanted.test!r}", cure=suggestion(wanted.test, known))
    if not test.get("test"):
        raise Invalid(f"{wanted.test} is no test link", cure="only a link with test: true can be promoted")
    live = links.get(wanted.live, {})
    if live.get("state") in _OVER:
        raise Refused(f"{wanted.live} is {live['state']}", cure="promote to a link of another code")
    upstream = wanted.upstream or live.get("upstream", "")
    downstream = wanted.downstream or live.get("downstream", "")
    if not upstream or not downstream:
        raise Invalid(
            f"{wanted.live} is not there yet, so its desks have to be named",
            cure="--upstream DESK --downstream DESK",
        )
    document = trial.promoted(test, live, code=wanted.live, upstream=upstream, downstream=downstream)
    check("link", document)
    ref = Ref(kind=Kind.LINK, code=wanted.live)
    return Installation(items={ref: Item(ref=ref, document=document, source=f"promoted {wanted.test}")})


def _moves(context: Context, db: Db, wanted: Wanted) -> Iterator[RulesMove]:
    """Sides of the test link whose rules in effect are not those of the live link."""
    test = _link(context, db, wanted.test)
    live = next((one for one in context.directory(db).links.values() if one.code == wanted.live), None)
    for side in Side:
        number, document = _in_effect(db, test, side)
        if number and (live is None or _in_effect(db, live, side)[1] != document):
            yield RulesMove(side=side, number=number)


def _untried(context: Context, db: Db, wanted: Wanted) -> Iterator[str]:
    """Sides of the live link that keep rules where the test link has none."""
    test = _link(context, db, wanted.test)
    live = next((one for one in context.directory(db).links.values() if one.code == wanted.live), None)
    if live is None:
        return
    for side in Side:
        if not _in_effect(db, test, side)[1] and _in_effect(db, live, side)[1]:
            yield f"the {side.value} of {wanted.live} keeps rules that {wanted.test} has not: the test has not shown them"


def _link(context: Context, db: Db, code: str) -> Link:
    return next(one for one in context.directory(db).links.values() if one.code == code)


def _in_effect(db: Db, link: Link, side: Side) -> tuple[int, Mapping[str, Any]]:
    done = rules.moves(db, OPERATOR, link.id, side)
    number = done[-1].number if done else 0
    known = {one.number: one.document for one in rules.versions(db, OPERATOR, link.id, side)}
    return number, known.get(number, {})


def _doubts(stored: Stored, installation: Installation, wanted: Wanted) -> Iterator[str]:
    """Where the live desks are not mapped as the test desks are."""
    [live] = installation.items.values()
    test = stored.items[Ref(kind=Kind.LINK, code=wanted.test)]
    for end in ("upstream", "downstream"):
        codes = [item.document[end] for item in (test, live)]
        desks = [stored.items.get(Ref(kind=Kind.DESK, code=code)) for code in codes]
        if desks[0] is None or desks[1] is None:
            continue
        if parts := trial.unlike(desks[0].document, desks[1].document):
            yield f"{codes[1]} maps its {', '.join(parts)} otherwise than {codes[0]}: the test has not shown it"
