"""The rules that each side of a link owns: drafted, published, rolled back, read. What takes effect holds for new events;
what was queued before keeps the words it was queued with. What a rule may say is `gateway.domain.rules`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway import patterns
from gateway.domain import facts
from gateway.domain.case import OPEN, Because, Case
from gateway.domain.model import ActorKind, Link, Side, Source
from gateway.domain.rules.problems import problems
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.schemas import check
from gateway.store import audit, cases, directory, mappings
from gateway.store.db import Db
from gateway.store.mappings import Move, Version

HELD = "crossing "
"""Begins the name of a field that the rules of a link hold, among a hop's unmapped ones."""


@dataclass(frozen=True, kw_only=True)
class Which:
    """One side of a link. `party`: the id of the organization that asks; None is the operator."""

    link: str
    side: Side
    party: str | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """The link found, and the organization at that side."""

    link: Link
    side: Side
    org_id: str


def place(context: Context, db: Db, which: Which) -> Place:
    """Where the rules stand. Raises NotFound for a link that is not there, or not the asking side's."""
    links = context.directory(db).links.values()
    link = next((one for one in links if one.code == which.link), None)
    if link is None or which.party not in (None, link.upstream_org_id, link.downstream_org_id):
        raise NotFound(f"there is no link {which.link!r}", cure="interdesk plan shows the links of a file")
    owner = link.upstream_org_id if which.side is Side.UPSTREAM else link.downstream_org_id
    return Place(link=link, side=which.side, org_id=owner)


def _own(context: Context, db: Db, which: Which) -> Place:
    """The same, for who may change the rules or read them whole. Raises Refused for the other side."""
    found = place(context, db, which)
    if which.party not in (None, found.org_id):
        raise Refused(
            f"the {which.side} side's rules belong to its own organization",
            why="each side of a link owns its rules",
            cure=f"ask for --side {which.side.other}",
        )
    return found


def judge(link: Link, side: Side, document: Mapping[str, Any]) -> None:
    """Raises Invalid with every problem: place, what is wrong, what would be right."""
    check("mapping", document)
    found = problems(document, side=side, crossing=link.crossing, patterns=patterns.compiled)
    if found:
        raise Invalid("the rules cannot be used", problems=tuple(map(str, found)))


def draft(context: Context, which: Which, document: Mapping[str, Any], order: Order) -> Version:
    """Keep a new version; nothing takes effect. Raises Invalid, Refused, NotFound."""
    with context.database.write() as db:
        directory.lock(db)
        return keep(context, db, _own(context, db, which), document, order)


def keep(context: Context, db: Db, at: Place, document: Mapping[str, Any], order: Order) -> Version:
    """A new version in this transaction. Raises Invalid."""
    judge(at.link, at.side, document)
    known = mappings.versions(db, OPERATOR, at.link.id, at.side)
    version = Version(
        id=context.new_id("mpv"),
        org_id=at.org_id,
        link_id=at.link.id,
        side=at.side.value,
        number=len(known) + 1,
        document=document,
        note=order.reason,
        author=order.actor,
        made_at=order.now,
    )
    mappings.put(db, version)
    _audit(db, at, order, "mapping draft", versions=(0, version.number))
    return version


def publish(context: Context, which: Which, order: Order, *, number: int | None = None) -> Move:
    """Let a version take effect; without a number the newest. Raises NotFound, Refused, Invalid: a draft is judged again,
    for the link may have changed."""
    with context.database.write() as db:
        directory.lock(db)
        at = _own(context, db, which)
        known = mappings.versions(db, OPERATOR, at.link.id, at.side)
        wanted = _version(known, number)
        moved = move(context, db, at, Step(version=wanted), order)
        directory.bump(db)
    cross_again(context, at, order)
    return moved


def _version(known: list[Version], number: int | None) -> Version:
    found = known[-1:] if number is None else [one for one in known if one.number == number]
    if not found:
        what = "there is no version yet" if not known else f"there is no version {number}"
        right = f"there are 1 to {len(known)}" if known else "interdesk mapping draft LINK FILE makes one"
        raise NotFound(what, cure=right)
    return found[0]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A version takes effect (None: no rules at all), and whether it is published or an earlier one comes back."""

    version: Version | None
    kind: str = mappings.PUBLISHED


def move(context: Context, db: Db, at: Place, step: Step, order: Order) -> Move:
    """Take the step with this transaction. Raises Refused where the version is in effect already."""
    done = mappings.moves(db, OPERATOR, at.link.id, at.side)
    version, number = step.version, step.version.number if step.version is not None else 0
    standing = done[-1].number if done else 0
    if standing == number:
        raise Refused(f"version {number} is in effect already" if number else "there are no rules in effect")
    if version is not None:
        judge(at.link, at.side, version.document)
    moved = Move(
        id=context.new_id("mpm"),
        org_id=at.org_id,
        link_id=at.link.id,
        side=at.side.value,
        seq=len(done) + 1,
        number=number,
        kind=step.kind,
        at=order.now,
        actor=order.actor,
        note=order.reason,
    )
    mappings.move(db, moved)
    _audit(db, at, order, f"mapping {step.kind}", versions=(standing, number))
    return moved


def rollback(context: Context, which: Which, order: Order, *, number: int | None = None) -> Move:
    """Let an earlier version take effect again: the one before, or that of a number (0: no rules). Raises as `publish`."""
    with context.database.write() as db:
        directory.lock(db)
        at = _own(context, db, which)
        known = mappings.versions(db, OPERATOR, at.link.id, at.side)
        done = mappings.moves(db, OPERATOR, at.link.id, at.side)
        if not done:
            raise Refused("nothing was published here, so there is nothing to go back to")
        wanted = number if number is not None else before(done)
        version = _version(known, wanted) if wanted else None
        moved = move(context, db, at, Step(version=version, kind=mappings.ROLLED_BACK), order)
        directory.bump(db)
    cross_again(context, at, order)
    return moved


def before(done: list[Move]) -> int:
    """The version that stood when the one in effect was first published; rolling back again goes further back."""
    standing = done[-1].number
    first = next(place for place, one in enumerate(done) if one.number == standing)
    return done[first - 1].number if first else 0


def history(context: Context, which: Which) -> tuple[list[Version], list[Move]]:
    """Every version of a side, and when each took effect. Raises NotFound, Refused."""
    with context.database.read() as db:
        at = _own(context, db, which)
        return (
            mappings.versions(db, OPERATOR, at.link.id, at.side),
            mappings.moves(db, OPERATOR, at.link.id, at.side),
        )


def state_of(version: Version, done: list[Move]) -> str:
    """`draft`, `published`, `replaced`, or `rolled back`."""
    if done and done[-1].number == version.number:
        return "published"
    left = next((place for place in reversed(range(len(done))) if done[place].number == version.number), None)
    if left is None:
        return "draft"
    return "rolled back" if done[left + 1].kind == mappings.ROLLED_BACK else "replaced"


def document_of(
    context: Context, which: Which, *, number: int | None = None
) -> tuple[int, Mapping[str, Any]]:
    """(number, document) of a version; without a number the one in effect, 0 and nothing where there is none."""
    known, done = history(context, which)
    if number is None:
        number = done[-1].number if done else 0
    return (number, _version(known, number).document) if number else (0, {})


def concerning(context: Context, which: Which) -> dict[str, Any]:
    """What the other side may know of a side's rules in effect: which fields they make for it and which they drop, and how
    its status is shown. No value, no condition, nothing of what comes in."""
    with context.database.read() as db:
        at = place(context, db, which)
        rules = context.directory(db).rules_of(at.link).of(at.side)
    return {
        "link": at.link.code,
        "side": at.side.value,
        "version": rules.version,
        "makes": sorted({rule.field for rule in rules.outgoing if not rule.drop}),
        "drops": sorted({rule.field for rule in rules.outgoing if rule.drop}),
        "status": "as_note" if rules.status_as_note else "as_status",
    }


def cross_again(context: Context, at: Place, order: Order) -> None:
    """Values that were held may have a word now: each ticket in a transaction of its own."""
    with context.database.read() as db:
        tickets = mappings.holding(db, OPERATOR, at.link.id)
    for ticket_id in tickets:
        with context.database.write() as db:
            found = cases.load(db, OPERATOR, [ticket_id], context.occasion(db, order.now)).get(ticket_id)
            if found is not None:
                _cross_held(found, at.link, order)
                cases.save(db, [found])


def _cross_held(case: Case, link: Link, order: Order) -> None:
    for hop in [one for one in case.hops.values() if one.link_id == link.id and one.status in OPEN]:
        held = sorted(name.split(" ", 2)[1:] for name in hop.unmapped if name.startswith(HELD))
        if not held:
            continue
        because = Because(source=Source.PERSON, actor_kind=ActorKind.PERSON, actor=order.actor)
        event = case.record("mapping.changed", hop, because, {"link": link.code})
        for direction, name in held:
            facts.cross(case, hop, event, fields=[name], down=direction == "down")


def _audit(db: Db, at: Place, order: Order, action: str, *, versions: tuple[int, int]) -> None:
    audit.record(
        db,
        org_id=at.org_id,
        actor=order.actor,
        action=action,
        subject=f"mapping {at.link.code} {at.side}",
        before={"version": versions[0]},
        after={"version": versions[1], "note": order.reason},
        now=order.now,
    )
