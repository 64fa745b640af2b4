"""Incremental equals full (R4, R34): after every event, in every order of arrival, kept as a document in between."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.sla.clocks import clocks
from gateway.domain.sla.ledger import Span, ledger
from gateway.domain.sla.running import Late, Look, Running, Watch, from_document, to_document
from gateway.domain.sla.terms import Chain, Record, TargetKind
from tests.domain.sla.story import M
from tests.domain.sla.test_properties import SEEDS, folded, histories

Order = Callable[[random.Random, list[Record]], list[Record]]


def as_seen(_: random.Random, told: list[Record]) -> list[Record]:
    return sorted(told, key=lambda one: one.observed_at)


def shuffled(dice: random.Random, told: list[Record]) -> list[Record]:
    return dice.sample(told, len(told))


def kept(running: Running) -> Running:
    """What is left of it after a night in a store."""
    again = from_document(json.loads(json.dumps(to_document(running))))
    assert again == running
    return again


class Follower:
    """Follows a ticket as a store would: closed rows are added, after a late fact everything begins again."""

    def __init__(self, where: Chain, keep: int) -> None:
        self.watch = Watch(where, keep=keep)
        self.look: Look | None = None
        self.rows: list[Span] = []
        self.began = 0

    def take(self, news: Sequence[Record], every: Sequence[Record], now: datetime) -> tuple[Look, list[Span]]:
        look: Look | None = None
        if self.look is not None:
            try:
                look = self.watch.follow(kept(self.look.running), news, now=now)
                self.rows += look.closed
            except Late:
                look = None
        if look is None:
            look, self.began = self.watch.begin(every, now=now), self.began + 1
            self.rows = list(look.closed)
        self.look = look
        return look, [*self.rows, *look.rows]


def followed(where: Chain, told: list[Record], dice: random.Random, keep: int) -> Iterator[None]:
    follower, now = Follower(where, keep), told[0].observed_at
    for place, record in enumerate(told):
        now = max(now, record.observed_at) + dice.choice((0, 0, 1, 30, 3000)) * M
        every = told[: place + 1]
        look, rows = follower.take([record], every, now)
        whole = folded(where, every, now)
        assert look.clocks == clocks(whole)
        assert rows == ledger(whole.spans)
        yield


@pytest.mark.parametrize("order", [as_seen, shuffled])
@given(SEEDS, st.sampled_from((1, 1, 2, 6)))
@settings(max_examples=150, deadline=None)
def test_r4_incremental_equals_full_after_every_event(order: Order, seed: int, keep: int) -> None:
    where, told, _ = histories(seed)
    agreements = [
        replace(
            one, targets={kind: found for kind, found in one.targets.items() if kind is not TargetKind.UPDATE}
        )
        for one in where.agreements
    ]
    where = replace(where, agreements=tuple(agreements)) if seed % 8 else where
    dice = random.Random(seed)
    for _ in followed(where, order(dice, told), dice, keep):
        pass
