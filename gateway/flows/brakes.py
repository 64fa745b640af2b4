"""Putting the brake on and off. Deliveries stop at once and nothing is lost; what is on the wire at that moment ends as it does."""

from dataclasses import dataclass
from typing import Any

from gateway.domain import brakes as rules
from gateway.domain.brakes import Brake, Reach
from gateway.domain.problem import suggestion
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows.context import OPERATOR, Context
from gateway.flows.link_steps import By
from gateway.flows.links import Reader, find
from gateway.store import audit, signals
from gateway.store import brakes as store
from gateway.store.db import Db, beyond

View = dict[str, Any]
MOST = 200


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be stopped or let go: a link (its code or id), the group of an organization (its code), or everything;
    with `reason` only what was put on for it is let go."""

    kind: Reach
    target: str = ""
    reason: str = ""


def stopped(context: Context, db: Db) -> frozenset[str] | None:
    """Ids of links over which nothing is delivered now; None: nothing at all."""
    if not store.is_any_on(db):
        return frozenset()
    return rules.stopped(context.directory(db), store.standing(db, OPERATOR))


def on(context: Context, wanted: Wanted, reason: str, by: By) -> View:
    """Stop. Raises NotFound, Invalid, or Refused for what only the operator may stop."""
    if not reason.strip():
        raise Invalid("a brake says why it is on", cure="--reason …")
    with context.database.write(by.scope) as db:
        reader = Reader(known=context.directory(db), by=by)
        target = _target(reader, wanted, by)
        if any(
            (one.kind, one.target, one.org_id) == (wanted.kind, target, by.org_id)
            for one in store.standing(db, by.scope)
        ):
            raise Refused("this brake is on already", cure="interdesk brake show")
        brake = Brake(
            id=context.new_id("brk"),
            org_id=by.org_id,
            kind=wanted.kind,
            target=target,
            on_at=by.now,
            on_by=by.actor,
            reason=reason.strip(),
        )
        store.put(db, brake)
        _audit(db, brake, "brake on", by)
        return view(reader, brake)


def _target(reader: Reader, wanted: Wanted, by: By) -> str:
    if wanted.kind is Reach.LINK:
        return find(reader.known, wanted.target, by).id
    codes = {one.code: one.id for one in reader.known.organizations.values() if by.party in (None, one.id)}
    if by.party is not None and (wanted.kind is Reach.EVERYTHING or wanted.target not in codes):
        raise Refused(
            "you stop your own links, or all of them", cure="--link LINK, or --group with your own code"
        )
    if wanted.kind is Reach.EVERYTHING:
        return ""
    if wanted.target not in codes:
        raise NotFound(f"there is no organization {wanted.target!r}", cure=suggestion(wanted.target, codes))
    return codes[wanted.target]


def off(context: Context, wanted: Wanted, by: By) -> View:
    """Let go: everything that waited goes on in its order. Raises NotFound, or Refused for another's brake."""
    with context.database.write() as db:
        reader = Reader(known=context.directory(db), by=by)
        target = _target(reader, wanted, by)
        on_it = [
            one
            for one in store.standing(db, OPERATOR)
            if (one.kind, one.target) == (wanted.kind, target) and wanted.reason in ("", one.reason)
        ]
        mine = [one for one in on_it if rules.may_release(one, by.org_id)]
        if on_it and not mine:
            raise Refused("this brake was not put on by you", cure="ask the other side, or the operator")
        if not mine:
            raise NotFound("there is no such brake on", cure="interdesk brake show")
        for brake in mine:
            store.release(db, brake.id, by=by.actor, now=by.now)
            _audit(db, brake, "brake off", by)
        signals.tell(db, "deliveries")
        return {**view(reader, mine[0]), "off_at": by.now, "off_by": by.actor}


def shown(context: Context, by: By, *, every: bool = False) -> list[View]:
    """Brakes that concern the reader: those that are on (and of one's own, those that were); the newest last."""
    with context.database.read(by.scope) as db:
        reader = Reader(known=context.directory(db), by=by)
        found = store.every(db, by.scope, limit=MOST)[::-1] if every else _standing(db)
        return [view(reader, one) for one in found if _concerns(reader, one)]


def _standing(db: Db) -> list[Brake]:
    """All that are on: another's may stop a link of the reader's."""
    with beyond(db):
        return store.standing(db, OPERATOR)


def _concerns(reader: Reader, brake: Brake) -> bool:
    """An organization reads of its own brakes, and of those that stop a link of its own."""
    party = reader.by.party
    mine = [
        link
        for link in reader.known.links.values()
        if party in (link.upstream_org_id, link.downstream_org_id)
    ]
    return party in (None, brake.org_id) or any(rules.stops(reader.known, brake, link) for link in mine)


def view(reader: Reader, brake: Brake) -> View:
    """A brake as one side reads it."""
    mine = reader.is_mine(brake.org_id)
    link = reader.known.links.get(brake.target)
    target = link.code if link is not None else reader.code(brake.target)
    return {
        "id": brake.id,
        "kind": brake.kind.value,
        "target": target if mine or brake.kind is Reach.LINK else "",
        "by": reader.code(brake.org_id),
        "on_at": brake.on_at,
        "on_by": brake.on_by if mine else "",
        "reason": brake.reason,
        "off_at": brake.off_at,
        "off_by": brake.off_by if mine else "",
    }


def _audit(db: Db, brake: Brake, action: str, by: By) -> None:
    audit.record(
        db,
        now=by.now,
        org_id=brake.org_id,
        actor=by.actor,
        action=action,
        subject=brake.id,
        before=None,
        after={"kind": brake.kind.value, "target": brake.target, "reason": brake.reason},
    )
