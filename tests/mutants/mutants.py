"""The mutants: each takes one rule of the product away while it is at work, and leaves no trace afterwards."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from connectors import loopback
from connectors.loopback import reading
from gateway.domain import audience, delivery, egress, judge, settling, sighting
from gateway.domain.model import ActorKind, Copy, Delivery, DeliveryState, Desk, Visibility
from gateway.domain.sighting import Known
from gateway.flows import deliver, errands, observe
from gateway.flows.context import Context
from gateway.flows.evidence import Evidence
from gateway.store import cases, outbox
from gateway.testing.simulator.play import Script
from gateway.testing.stepped import SteppedWorker
from tests.sim.regressions import script_for

Mutation = Callable[[ExitStack], None]

ROUGH = Script(tickets=6, acts=90, faults=0.12, hooks=0.3, crashes=0.01)
ROUGHER = script_for(14, 60, "rougher")
PLAIN = Script(tickets=6, acts=90, faults=0.03, hooks=0.2, crashes=0.002)


def _swap(stack: ExitStack, where: Any, name: str, new: Any) -> Any:
    """Put something else in a name's place; what stood there."""
    old = getattr(where, name)
    stack.enter_context(patch.object(where, name, new))
    return old


def blind_retry(stack: ExitStack) -> None:
    """What is in doubt is sent again without asking."""

    def doubt(known: Delivery, _desk: Desk, now: Any) -> Delivery:
        return replace(known, state=DeliveryState.PENDING, next_at=now)

    _swap(stack, delivery, "_doubt", doubt)


def intent_after_send(stack: ExitStack) -> None:
    """The intent is not on disk when the bytes leave: after a crash the delivery looks as if it was never sent."""

    def ran_out(known: Delivery, _desk: Desk, now: Any) -> Delivery:
        return replace(known, state=DeliveryState.PENDING, next_at=now, lease_until=None)

    _swap(stack, delivery, "lease_ran_out", ran_out)


def short_settle(stack: ExitStack) -> None:
    """The desk is asked at once, before what was sent can have settled there."""
    real = delivery._doubt
    _swap(
        stack,
        delivery,
        "_doubt",
        lambda known, desk, now: real(known, replace(desk, settle_window=timedelta()), now),
    )


def no_find(stack: ExitStack) -> None:
    """Whatever the desk answers to the question, it counts as "not there"."""
    real = delivery.probed
    _swap(stack, delivery, "probed", lambda known, _found, desk, **more: real(known, (), desk, **more))


def pending_beside_a_doubt(stack: ExitStack) -> None:
    """A proven failure of a newer try puts the delivery back in the queue although an older one is unresolved."""
    real = delivery._not_applied

    def not_applied(known: Delivery, *rest: Any, **more: Any) -> Delivery:
        return real(replace(known, probes=0), *rest, **more)

    _swap(stack, delivery, "_not_applied", not_applied)


def no_head_of_line(stack: ExitStack) -> None:
    """A lane does not wait for its first."""
    _swap(stack, outbox, "_held_lanes", lambda _db, _hops: _Nothing())


class _Nothing(set[str]):
    """A set that forgets."""

    def add(self, _element: str) -> None:
        """Nothing is kept."""


def public_by_default(stack: ExitStack) -> None:
    """What does not say that it is private is public."""
    _swap(
        stack,
        reading,
        "_visibility",
        lambda doc: Visibility.PRIVATE if doc.get("private") else Visibility.PUBLIC,
    )


def two_transactions(stack: ExitStack) -> None:
    """The outcome is committed first, what follows from it afterwards."""
    waiting: list[Any] = []
    kept = SimpleNamespace(load=cases.load, save=lambda _db, judged: waiting.append(list(judged)))
    real = deliver.settle

    def settle(context: Context, outcomes: Any, **more: Any) -> None:
        waiting.clear()
        real(context, outcomes, **more)
        with context.database.write() as db:
            for judged in waiting:
                cases.save(db, judged)

    _swap(stack, deliver, "cases", kept)
    _swap(stack, deliver, "settle", settle)


def no_echo_filter(stack: ExitStack) -> None:
    """Our own words at a desk are taken for its people's."""
    real_actor, real_known = reading._actor, Evidence.known

    def actor(doc: Any, desk: Desk) -> Any:
        known = real_actor(doc, desk)
        return replace(known, kind=ActorKind.PERSON) if known.kind is ActorKind.GATEWAY else known

    def known(self: Evidence, *rest: Any, **more: Any) -> Known:
        seen = real_known(self, *rest, **more)
        theirs: Mapping[Any, Copy] = {key: copy for key, copy in seen.copies.items() if not copy.ours}
        return replace(seen, copies=theirs, ours_by_hash={}, masked_hashes=frozenset())

    _swap(stack, reading, "_actor", actor)
    _swap(stack, Evidence, "known", known)
    _swap(stack, settling, "replace", _same_known)


def _same_known(thing: Any, **changes: Any) -> Any:
    return thing if isinstance(thing, Known) else replace(thing, **changes)


def shadow_is_what_we_sent(stack: ExitStack) -> None:
    """The shadow holds what we last wrote, not what the desk shows: every read-back is forgotten."""
    real = judge._remember

    def remember(case: Any, hop: Any, snapshot: Any, _shadow: Any, looked_at: Any) -> Any:
        return real(case, hop, snapshot, hop.shadow, looked_at)

    _swap(stack, judge, "_remember", remember)


def position_ignored(stack: ExitStack) -> None:
    """The whole history is judged again each time it is shown."""
    _swap(stack, sighting, "new_entries", lambda _hop, snapshot: snapshot.history)


def stale_snapshots(stack: ExitStack) -> None:
    """A snapshot is judged although something newer is known by now (rule 2)."""
    real = observe._Batch._known_ticket

    def known_ticket(self: Any, one: Any, case: Any, hop_id: str, snapshot: Any) -> None:
        look = replace(one.look, hop_version=case.hops[hop_id].version)
        real(self, replace(one, look=look), case, hop_id, snapshot)

    _swap(stack, observe._Batch, "_known_ticket", known_ticket)


def siblings_may_read(stack: ExitStack) -> None:
    """What one branch says goes to the others."""
    _swap(stack, audience, "_sibling_may_read", lambda _link, _content: True)


def links_stop_nothing(stack: ExitStack) -> None:
    """A link's rule on comments is not asked."""
    real = audience._carry

    def carry(link: Any, content: Any, *, down: bool) -> Any:
        crossing = replace(link.crossing, comments_down="publish", comments_up="publish")
        return real(replace(link, crossing=crossing), content, down=down)

    _swap(stack, audience, "_carry", carry)


def random_marker(stack: ExitStack) -> None:
    """Each try carries a mark of its own."""
    real = egress.assemble

    def assemble(*rest: Any, **more: Any) -> Any:
        return replace(real(*rest, **more), marker=f"idk-{secrets.token_hex(6)}")

    for module in (egress, errands):
        if hasattr(module, "assemble"):
            _swap(stack, module, "assemble", assemble)


def lease_not_checked(stack: ExitStack) -> None:
    """A worker that slept through its lease sends all the same."""
    _swap(stack, SteppedWorker, "_check_lease", lambda _self, _claimed_at: None)


def fence_not_checked(stack: ExitStack) -> None:
    """A worker that slept writes its outcome over whoever took over."""
    _swap(stack, outbox, "still_mine", lambda _db, taken: {(one.id, one.fence) for one in taken})


def no_overlap(stack: ExitStack) -> None:
    """A poll starts exactly where the last one ended."""
    _swap(stack, loopback, "OVERLAP", timedelta())
    real = loopback.Loopback.changed

    def changed(self: Any, cursor: Any, desk: Desk) -> Any:
        exact = replace(desk.capabilities, granularity=timedelta())
        return real(self, cursor, replace(desk, capabilities=exact))

    _swap(stack, loopback.Loopback, "changed", changed)


MUTANTS: Mapping[str, tuple[Mutation, Script]] = {
    "blind retry": (blind_retry, ROUGH),
    "intent after send": (intent_after_send, ROUGH),
    "short settle": (short_settle, ROUGH),
    "no find before resend": (no_find, ROUGH),
    "pending beside a doubt": (pending_beside_a_doubt, ROUGHER),
    "no head of line": (no_head_of_line, ROUGH),
    "visibility public by default": (public_by_default, PLAIN),
    "outcome in two transactions": (two_transactions, ROUGH),
    "no echo filter": (no_echo_filter, PLAIN),
    "shadow is what we sent": (shadow_is_what_we_sent, PLAIN),
    "position ignored": (position_ignored, PLAIN),
    "stale snapshots judged": (stale_snapshots, ROUGH),
    "siblings may read": (siblings_may_read, PLAIN),
    "links stop nothing": (links_stop_nothing, PLAIN),
    "marker random per attempt": (random_marker, ROUGH),
    "lease not checked": (lease_not_checked, ROUGH),
    "fence not checked": (fence_not_checked, ROUGH),
    "no overlap of polls": (no_overlap, PLAIN),
}


@contextmanager
def at_work(name: str) -> Iterator[None]:
    """The product with one rule missing, within the block."""
    with ExitStack() as stack:
        MUTANTS[name][0](stack)
        yield
