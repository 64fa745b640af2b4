"""What has reached the age that its organization set is taken away, a few rows at a time, while the gateway works; and erasures that
were broken off or wait are gone on with. Who held a ticket as evidence keeps it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain import retention
from gateway.domain.plan import Kind
from gateway.flows import erasing, erasure_rounds, orphans
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.erasing import Keep
from gateway.store import aging, audit, configuration, traces

EVERY = 3600.0
ORDERED_EVERY = 60.0
"""Seconds between a worker's rounds; those in which it looks for erasures that were ordered."""
LIMIT = 200
"""Rows that one transaction takes away."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What an organization set: kind → age."""

    org_id: str
    code: str
    ages: Mapping[str, timedelta]


def policies(context: Context) -> list[Policy]:
    """Of those that set one."""
    with context.database.read() as db:
        stored = configuration.stored(db, OPERATOR, None)
    return [
        Policy(org_id=stored.ids[ref], code=ref.code, ages=found)
        for ref, item in sorted(stored.items.items(), key=lambda one: one[0].code)
        if ref.kind is Kind.ORGANIZATION and (found := retention.ages(item.document))
    ]


def due(context: Context, policy: Policy, *, now: datetime) -> dict[str, int]:
    """Kind → rows that have reached their age. Changes nothing."""
    with context.database.read() as db:
        return {kind: aging.count(db, policy.org_id, kind, now - age) for kind, age in policy.ages.items()}


def run(context: Context, keep: Keep, order: Order) -> dict[str, Counter[str]]:
    """Take away what has reached its age: organization → kind → rows; audited where there was any."""
    done: dict[str, Counter[str]] = {}
    for policy in policies(context):
        taken: Counter[str] = Counter()
        for kind, age in policy.ages.items():
            taken[kind] = _take(context, keep, (policy.org_id, kind), order.now - age)
        if any(taken.values()):
            _remember(context, policy, taken, order)
        done[policy.code] = taken
    return done


def _take(context: Context, keep: Keep, of: tuple[str, str], before: datetime) -> int:
    """Rows first, then files that nothing speaks of any more: a process that ends in between leaves a file, never a row without
    its file."""
    total = 0
    while True:
        with context.database.write() as db:
            count, files = aging.take(db, *of, before, limit=LIMIT)
        erasing.remove_files(context, keep.blobs, files)
        total += count
        if count == 0:
            return total


def _remember(context: Context, policy: Policy, taken: Counter[str], order: Order) -> None:
    with context.database.write() as db:
        audit.record(
            db, now=order.now, org_id=policy.org_id, actor=order.actor, action="reached its age",
            subject=policy.code, before=None, after=dict(taken),
        )  # fmt: skip


class Forgetter:
    """Does so while a worker runs. `now` is the wall clock."""

    def __init__(self, context: Context, keep: Keep, now: Callable[[], datetime]) -> None:
        self._context, self._keep, self._now = context, keep, now
        self._looked: datetime | None = None

    async def round(self) -> bool:
        """One round; it leaves nothing over."""
        await asyncio.to_thread(self._round)
        return False

    async def ordered(self) -> bool:
        """Erasures that somebody has ordered."""
        order = Order(actor="worker", now=self._now(), reason="")
        await asyncio.to_thread(erasure_rounds.ordered, self._context, self._keep, order)
        return False

    def _round(self) -> None:
        order = Order(actor="worker", now=self._now(), reason="")
        try:
            erasure_rounds.go_on(self._context, self._keep, order)
        finally:
            run(self._context, self._keep, order)
            self._orphans(order.now)
            traces.settle(self._context.database)

    def _orphans(self, now: datetime) -> None:
        if self._looked is None or now >= self._looked + orphans.EVERY:
            orphans.remove(self._context, self._keep.blobs, now=now)
            self._looked = now
