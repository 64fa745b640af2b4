"""Whose desk says when something was, in which order, and which pass of the ball a piece of news has brought."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.model import Event, Hop, HopStatus, Source
from gateway.domain.sla.history import Watch, chain_of, records_of
from gateway.domain.sla.reconcile import Reconciled, reconcile
from gateway.domain.sla.terms import OffsetSample
from gateway.domain.sla.tidings import Tidings

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HALF = timedelta(seconds=0.5)
SLOW, FAST = -7 * MINUTE, 180 * MINUTE
"""How wrong the clocks of the customer's and of the vendor's desk are."""
PENDING, WORKING = {"from": "in_progress", "to": "pending"}, {"from": "pending", "to": "in_progress"}


def _hop(name: str, parent: str | None = None) -> Hop:
    return Hop(
        id=name, org_id=name, ticket_id="T", desk_id=f"dsk_{name}", parent_id=parent, status=HopStatus.IN_PROGRESS,
        link_id=f"lnk_{name}" if parent else None, created_at=NINE,
    )  # fmt: skip


HOPS = [_hop("customer"), _hop("vendor", "customer")]


def _event(name: str, kind: str, hop: str, minute: int, **more: Any) -> Event:
    return Event(
        id=name, org_id=hop, ticket_id="T", type=kind, hop_id=hop, data=more.pop("data", {}),
        observed_at=NINE + minute * MINUTE, **more,
    )  # fmt: skip


def _told(name: str, kind: str, hop: str, minute: int, ahead: timedelta, **more: Any) -> Event:
    """Seen at that minute, a minute after it was done; the desk's clock is `ahead`."""
    reported = NINE + (minute - 1) * MINUTE + ahead
    return _event(name, kind, hop, minute, reported_at=reported, **({"source": Source.HISTORY} | more))


def _folded(events: Sequence[Event]) -> Reconciled:
    sample: Any = {"measured_at": NINE - MINUTE, "error": HALF}
    watches = {
        "dsk_customer": Watch(samples=(OffsetSample(offset=SLOW, **sample),)),
        "dsk_vendor": Watch(samples=(OffsetSample(offset=FAST, **sample),)),
    }
    chain = chain_of(HOPS, (), {}, watches)
    return reconcile(chain, records_of(HOPS, events), now=NINE + timedelta(days=1))


def _effective(events: Sequence[Event]) -> Mapping[str, int]:
    """Minute after nine at which each took effect."""
    return {name: (at - NINE) // MINUTE for name, at in _folded(events).effective.items()}


OPENED = _told("opened", "ticket.opened", "customer", 1, SLOW)
OFFERED = _told("offered", "assignment.offered", "vendor", 1, SLOW, cause_id="opened")
RECEIVED = _told("received", "assignment.received", "vendor", 2, FAST, source=Source.GATEWAY)


def test_r3_each_time_is_corrected_by_the_clock_of_the_desk_that_told_it() -> None:
    asked = _told("asked", "status.changed", "vendor", 11, FAST, data=PENDING)
    found = _effective([OPENED, OFFERED, RECEIVED, asked])
    assert found == {"opened": 0, "offered": 0, "received": 1, "asked": 10}


def test_an_offer_and_a_rejection_are_told_by_the_desk_above() -> None:
    rejected = _told("rejected", "resolution.rejected", "vendor", 31, SLOW)
    assert _effective([OPENED, OFFERED, rejected])["rejected"] == 30


def test_what_is_concluded_in_the_same_breath_takes_effect_with_its_cause() -> None:
    said = _told("said", "comment.added", "customer", 21, SLOW)
    answered = _event("answered", "pending.answered", "vendor", 21, cause_id="said")
    late = _event("late", "assignment.exhausted", "vendor", 25, cause_id="said")
    assert _effective([OPENED, OFFERED, said, answered, late])["answered"] == 20
    assert _effective([OPENED, OFFERED, said, answered, late])["late"] == 25


def test_a_desk_that_is_not_trusted_tells_no_time_from_then_on() -> None:
    before = _told("before", "status.changed", "vendor", 11, FAST, data=PENDING)
    after = _told("after", "status.changed", "vendor", 21, FAST, data=WORKING, observed_only=True)
    found = _effective([OPENED, OFFERED, RECEIVED, before, after])
    assert (found["before"], found["after"]) == (10, 21)


def test_two_entries_of_one_second_keep_the_order_of_their_desks_history() -> None:
    moves = [
        _told("z", "status.changed", "vendor", 11, FAST, data=PENDING),
        _told("a", "status.changed", "vendor", 11, FAST, data=WORKING),
    ]
    found = _folded([OPENED, OFFERED, RECEIVED, *moves])
    assert [one.id for one in found.records][-2:] == ["z", "a"]


def test_r2_a_time_before_our_last_look_that_showed_the_old_state_is_backdated() -> None:
    looked_at = NINE + 15 * MINUTE
    back = _told("back", "status.changed", "vendor", 11, FAST, data=PENDING, contrary_seen_at=looked_at)
    seen_later = Event(**{**vars(back), "observed_at": NINE + 20 * MINUTE})
    found = _folded([OPENED, OFFERED, RECEIVED, seen_later])
    assert found.effective["back"] == looked_at
    assert [(one.event, one.kind, one.by) for one in found.discrepancies] == [
        ("back", "backdated", 5 * MINUTE)
    ]


ASKED = _told("asked", "status.changed", "vendor", 11, FAST, data=PENDING)
SAID = _told("said", "comment.added", "customer", 21, SLOW)
ANSWERED = _event("answered", "pending.answered", "vendor", 21, cause_id="said")
WORKS = _event("works", "status.changed", "vendor", 21, data=WORKING, cause_id="answered")


@pytest.mark.parametrize(
    ("of", "at", "brought"),
    [
        ("asked", "customer", "asked"),
        ("said", "vendor", "answered"),
        ("works", "vendor", "answered"),
        ("said", "customer", "said"),
    ],
    ids=[
        "the question",
        "the words that were the answer",
        "the status that followed it",
        "words to somebody else",
    ],
)
def test_r11_news_names_the_pass_of_the_ball_it_brought(of: str, at: str, brought: str) -> None:
    news = _event("news", "news.delivered", at, 22, cause_id=of)
    events = [OPENED, OFFERED, RECEIVED, ASKED, SAID, ANSWERED, WORKS, news]
    assert Tidings(HOPS, events).cause(news) == brought


def test_r11_an_answered_hop_works_again_when_the_answer_has_arrived() -> None:
    news = _told("news", "news.delivered", "vendor", 25, FAST, source=Source.GATEWAY, cause_id="said")
    events = [OPENED, OFFERED, RECEIVED, ASKED, SAID, ANSWERED, WORKS, news]
    kept = {one.id: one.cause for one in records_of(HOPS, events)}
    assert "works" not in kept
    assert kept["news"] == "answered"
    assert all(
        place.tracked == (place.parent is not None) for place in chain_of(HOPS, (), {}, {}).places.values()
    )
