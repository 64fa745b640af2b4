"""Incremental equals full (R4, R34): after every event, in every order of arrival, kept as a document in between."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.domain.sla.clocks import clocks
from gateway.domain.sla.ledger import Span, ledger
from gateway.domain.sla.running import KEEP, Late, Look, Running, Watch, from_document, to_document
from gateway.domain.sla.terms import Chain, Record, TargetKind, Terms
from gateway.domain.worktime import Amount
from tests.domain.sla.story import H, M, at, chain, office, records, terms
from tests.domain.sla.test_properties import SEEDS, folded, histories
from tests.domain.sla.variety import varied

History = tuple[Chain, list[Record], datetime]
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


def followed(where: Chain, told: Sequence[Record], dice: random.Random, keep: int) -> Follower:
    """Every look equals the fold of everything there is by then."""
    follower, now = Follower(where, keep), told[0].observed_at
    for place, record in enumerate(told):
        now = max(now, record.observed_at) + dice.choice((0, 0, 1, 30, 3000)) * M
        every = told[: place + 1]
        look, rows = follower.take([record], every, now)
        whole = folded(where, list(every), now)
        assert look.clocks == clocks(whole)
        assert rows == ledger(whole.spans)
    return follower


@pytest.mark.parametrize("order", [as_seen, shuffled])
@pytest.mark.parametrize("source", [histories, varied])
@given(seed=SEEDS, keep=st.sampled_from((1, 1, 2, 6)))
@example(seed=34345646, keep=1)  # an acceptance whose cause at another hop lay behind the footing
@example(seed=3052026, keep=2)
@settings(max_examples=100, deadline=None)
def test_r4_incremental_equals_full_after_every_event(
    source: Callable[[int], History], order: Order, seed: int, keep: int
) -> None:
    where, told, _ = source(seed)
    if seed % 8:  # most without updates: with them there is no footing
        bare = (replace(one, targets=_lasting(one)) for one in where.agreements)
        where = replace(where, agreements=tuple(bare))
    dice = random.Random(seed)
    followed(where, order(dice, told), dice, keep)


def _lasting(one: Terms) -> Mapping[TargetKind, Mapping[str, Amount]]:
    return {kind: amounts for kind, amounts in one.targets.items() if kind is not TargetKind.UPDATE}


WORDS = "\n".join(f"10:{minute} say h1" for minute in range(10, 20))
"""Ten words, so that what came before lies behind a footing."""
LATE = {
    "an event that took effect before what is known": f"08:00 open h1\n{WORDS}\n09:00 hold h1 site_access seen=11:00",
    "an event seen before others that are known": f"08:00 open h1\n{WORDS}\n10:30 work h1 seen=10:05",
    "a cause seen after what it caused": f"08:00 open h1\n09:00 work h1 cause=q\n{WORDS}\n11:00 say h1 id=q",
    "a decision about an old stop": f"08:00 open h1\n08:30 hold h1 carrier id=q\n09:00 work h1\n09:01 ok q\n{WORDS}\n11:00 dispute q",
    "a void": f"08:00 open h1\n08:30 hold h1 site_access id=q\n09:00 work h1\n{WORDS}\n11:00 void q",
    "a stop asked for afterwards": f"08:00 open h1\n{WORDS}\n11:00 stop h1 site_access 09:00 10:00",
    "an exclusion of a time gone by": f"08:00 open h1\n{WORDS}\n11:00 exclude h1 site_access 09:00 10:00",
    "an outage that began long ago": f"08:00 work h1\n{WORDS}\n11:00 open h1 outage=07:00",
    "the opening itself": f"08:00 work h1\n{WORDS}\n11:00 open h1",
    "a receipt of an offer long accepted": f"08:00 open h1\n08:10 offer h2 id=o\n09:00 accept h2 cause=o\n{WORDS}\n11:00 receive h2 cause=o",
    "an answer to a question long answered": f"08:00 open h1\n08:30 ask h1 requester_info id=q\n08:40 work h1\n08:50 ask h1 requester_info\n{WORDS}\n11:00 answer h1 q\n11:10 say h1\n11:20 say h1",
    "the delivery of an old question": f"08:00 open h1\n08:10 offer h2\n08:20 work h2\n08:30 ask h2 requester_info id=q\n{WORDS}\n11:00 deliver q",
}
IN_ORDER = {
    "an answer to the question that stands": f"08:00 open h1\n08:50 ask h1 requester_info id=q\n{WORDS}\n11:00 answer h1 q",
    "a new offer, receipt and acceptance": f"08:00 open h1\n08:10 offer h2\n08:20 decline h2\n{WORDS}\n11:00 offer h2 id=o\n11:10 receive h2 cause=o\n11:20 accept h2 cause=o",
    "a stop that needs no decision, and its dispute": f"08:00 open h1\n{WORDS}\n11:00 hold h1 site_access id=q\n11:10 dispute q\n11:20 uphold q\n11:30 work h1",
    "a change of priority to what has passed": f"08:00 open h1 P2\n{WORDS}\n14:00 priority h1 P1\n14:10 say h1",
}
UNDONE = f"08:00 open h1\n09:00 resolve h1 id=r\n{WORDS}\n11:00 reject h1 r\n11:10 work h1\n11:20 say h1\n11:30 close h1"


def vendor(**more: Any) -> Chain:
    told = {"starts_on": "opened", "stops": "requester_info site_access", "asks": "carrier", **more}
    targets = {kind: {"P1": 2 * H, "P2": 9 * H} for kind in (TargetKind.RESPONSE, TargetKind.RESTORATION)}
    own = terms("SLA", "h1", calendar=office(), targets=targets, **told)
    return chain("h1 h2<h1", own, terms("UC", "h2"), tracked="h2")


@pytest.mark.parametrize("text", LATE.values(), ids=LATE)
def test_r4_late_facts_are_folded_again(text: str) -> None:
    follower = followed(vendor(), records(text), random.Random(1), 2)
    assert follower.began >= 2


@pytest.mark.parametrize("text", IN_ORDER.values(), ids=IN_ORDER)
def test_r34_news_in_order_is_only_added(text: str) -> None:
    follower = followed(vendor(), records(text), random.Random(1), 3)
    assert follower.began == 1
    assert follower.look is not None
    assert follower.look.running.footing is not None


@pytest.mark.parametrize("more", [{"continuous": True}, {"continuous": False}, {"reopen_resumes": True}])
def test_r13_a_rejection_reaches_back_only_where_the_clock_runs_on_as_if_it_had_never_stopped(
    more: Any,
) -> None:
    follower = followed(vendor(**more), records(UNDONE), random.Random(1), 2)
    assert follower.began == 1


def test_r34_one_more_event_needs_no_more_on_a_long_ticket() -> None:
    flow = "\n".join(
        f"{day}/{hour}:{minute} {verb}"
        for day in range(12)
        for hour in range(10, 20)
        for minute, verb in (
            (10, "say h1"),
            (20, f"ask h1 requester_info id=q{day}-{hour}"),
            (30, f"answer h1 q{day}-{hour}"),
        )
    )
    told = records(f"08:00 open h1\n{flow}")
    watch = Watch(vendor())
    look, kept_then = watch.begin(told[:1], now=told[0].observed_at), list[int]()
    for record in told[1:]:
        look = watch.follow(look.running, [record], now=record.observed_at)
        assert len(look.running.tail) < 2 * KEEP
        assert len(look.folded.spans) < 4 * KEEP
        kept_then.append(len(json.dumps(to_document(look.running))))
    assert max(kept_then[200:]) < 1.1 * max(kept_then[40:200])


def test_r34_with_nothing_new_the_same_ticket_is_seen_later() -> None:
    told = records(f"08:00 open h1 P2\n{WORDS}")
    look = Watch(vendor(), keep=2).begin(told, now=told[-1].observed_at)
    later = Watch(vendor(), keep=2).follow(look.running, [], now=at("1/12:00"))
    assert later.clocks == clocks(folded(vendor(), told, at("1/12:00")))
    with pytest.raises(Late):
        Watch(vendor(), keep=2).follow(later.running, [], now=at("1/11:00"))


def test_r17_another_chain_or_other_sheets_begin_again() -> None:
    told = records("08:00 open h1")
    look = Watch(vendor(), under="a").begin(told, now=at("09:00"))
    for other in (Watch(vendor(), under="b"), Watch(chain("h1", *vendor().agreements[:1]), under="a")):
        with pytest.raises(Late):
            other.follow(look.running, [], now=at("09:00"))


@pytest.mark.parametrize(
    "document",
    [{}, {"under": ""}, {"under": {"os": []}, "looked_at": {"at": "x"}, "tail": [], "footing": None}],
)
def test_what_was_not_kept_here_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"clocks|isoformat"):
        from_document(document)
