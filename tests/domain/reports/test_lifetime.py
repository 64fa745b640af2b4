"""What a ticket came to beside its clocks: opening to close, what came back, visits, silence, by what it was measured."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.domain.model import Source
from gateway.domain.reports.deriving import derive
from gateway.domain.reports.outcome import Case, Coverage
from tests.domain.reports.folding import event, ticket
from tests.domain.sla.story import H, M, at, chain, play, terms

NONE = timedelta()
CHAIN = chain("h1 h2<h1", terms("SLA", "h1", starts_on="opened"))
OPENED = "08:00 open h1\n"


def case(told: str, *, now: str = "18:00", events: tuple[Any, ...] = (), **hops: Any) -> Case:
    return derive(ticket(play(CHAIN, told, now=now), events, hops=hops))[0]


def closing(told: str, *moments: tuple[str, str]) -> Case:
    """With `ticket.closed` and `ticket.reopened` at those moments."""
    before = play(CHAIN, told, now="18:00").told.records
    more = [
        type(before[0])(id=f"c{number}", type=f"ticket.{kind}", hop="h1", observed_at=at(when))
        for number, (kind, when) in enumerate(moments)
    ]
    return derive(ticket(play(CHAIN, [*before, *more], now="18:00")))[0]


@pytest.mark.parametrize(
    ("told", "moments", "resolved_at", "closed_at"),
    [
        ("", [], None, None),
        ("09:00 resolve h1", [], "09:00", None),
        ("09:00 resolve h1\n 10:00 close h1", [("closed", "10:00")], "09:00", "10:00"),
        ("09:00 resolve h1\n 10:00 work h1", [], None, None),
        (
            "09:00 close h1\n 10:00 reopen h1\n 10:00 work h1",
            [("closed", "09:00"), ("reopened", "10:00")],
            None,
            None,
        ),
        ("09:00 resolve h1\n 10:00 work h1\n 11:00 close h1", [("closed", "11:00")], "11:00", "11:00"),
    ],
    ids=["open", "resolved", "closed", "works again", "reopened", "resolved twice"],
)
def test_when_it_was_resolved_and_closed(
    told: str, moments: list[tuple[str, str]], resolved_at: str | None, closed_at: str | None
) -> None:
    found = closing(OPENED + told, *moments)

    assert found.resolved_at == (at(resolved_at) if resolved_at else None)
    assert found.closed_at == (at(closed_at) if closed_at else None)


def test_the_time_from_opening_to_close_by_party_adds_up() -> None:
    told = OPENED + "09:00 offer h2\n 09:10 receive h2\n 11:00 resolve h2\n 12:00 close h1"
    found = closing(told, ("closed", "12:00"))

    assert found.time == {"org-h1": 2 * H, "link:h2": 10 * M, "org-h2": 110 * M}
    assert sum(found.time.values(), NONE) == 4 * H


def test_what_was_closed_for_a_while_was_nobodys() -> None:
    told = OPENED + "09:00 close h1\n 11:00 reopen h1\n 12:00 close h1"
    found = closing(told, ("closed", "09:00"), ("reopened", "11:00"), ("closed", "12:00"))

    assert found.time == {"org-h1": 2 * H}


def test_silence_is_the_longest_time_in_which_somebody_held_it_and_nothing_was_told() -> None:
    told = OPENED + "09:00 say h1 private\n 11:00 say h1\n 12:00 close h1\n 17:00 reopen h1"

    assert case(told, now="18:00").silence == 3 * H
    assert case(told.replace(" private", ""), now="18:00").silence == 2 * H


@pytest.mark.parametrize(
    ("told", "silence"),
    [
        ("09:00 ask h1 requester_info\n 17:00 work h1", H),
        ("09:00 hold h1 requester_unavailable\n 17:00 work h1", H),
        ("09:00 hold h1 parts_own\n 17:00 work h1", 8 * H),
        ("09:00 resolve h1", H),
        ("09:00 offer h2\n 09:00 receive h2\n 10:00 ask h2 requester_info\n 17:00 work h2", 7 * H),
    ],
    ids=["asked", "not there", "own parts", "to be verified", "its own partner asked"],
)
def test_while_the_requester_has_to_answer_nobody_is_silent(told: str, silence: timedelta) -> None:
    assert case(OPENED + told, now="18:00").silence == silence


def test_it_is_counted_how_often_it_came_back() -> None:
    """A reopening goes through every hop, and is one."""
    told = (
        event("assignment.declined", "h2", 1),
        event("assignment.expired", "h2", 2),
        event("resolution.rejected", "h2", 3),
        event("status.changed", "h1", 4),
        event("ticket.reopened", "h1", 5, cause_id="evt_4"),
        event("ticket.reopened", "h2", 6, cause_id="evt_5"),
        event("ticket.reopened", "h2", 7),
    )
    found = case(OPENED, events=told, now="18:00")

    assert (found.returned, found.reopened, found.hops) == (3, 2, 2)


def test_events_that_cause_each_other_are_bad_input_and_end() -> None:
    told = (
        event("ticket.reopened", "h1", 1, cause_id="evt_2"),
        event("ticket.reopened", "h2", 2, cause_id="evt_1"),
    )

    assert case(OPENED, events=told).reopened > 0


@pytest.mark.parametrize(
    ("outcomes", "visits", "abortive", "no_fault"),
    [
        ([], 0, 0, False),
        (["fixed"], 1, 0, False),
        (["no_access", "fixed"], 2, 1, False),
        (["no_fault_found"], 1, 0, True),
    ],
)
def test_r35_visits_that_came_to_nothing_are_counted(
    outcomes: list[str], visits: int, abortive: int, no_fault: bool
) -> None:
    told = [event("visit.arrived", "h2", number) for number, _ in enumerate(outcomes)]
    told += [event("visit.left", "h2", 10 + n, data={"outcome": one}) for n, one in enumerate(outcomes)]
    found = case(OPENED, events=tuple(told))

    assert (found.visits, found.abortive, found.no_fault_found) == (visits, abortive, no_fault)
    assert found.fixed_first_time is None


@pytest.mark.parametrize(("visits", "first"), [(0, None), (1, True), (2, False)])
def test_fixed_the_first_time_is_told_once_it_is_over(visits: int, first: bool | None) -> None:
    before = play(CHAIN, OPENED + "12:00 close h1", now="18:00").told.records
    closed = type(before[0])(id="c", type="ticket.closed", hop="h1", observed_at=at("12:00"))
    told = [event("visit.arrived", "h2", number) for number in range(visits)]
    found, _ = derive(ticket(play(CHAIN, [*before, closed], now="18:00"), told))

    assert found.fixed_first_time is first


def test_the_last_rating_counts() -> None:
    told = tuple(event("rating.given", "h1", n, data={"rating": rate}) for n, rate in enumerate((20, 80)))

    assert case(OPENED, events=told).rating == 80
    assert case(OPENED).rating is None


@pytest.mark.parametrize(
    ("sources", "coverage"),
    [
        ([Source.GATEWAY], Coverage.HISTORY),
        ([Source.HISTORY, Source.GATEWAY], Coverage.HISTORY),
        ([Source.HISTORY, Source.DIFFERENCE], Coverage.DIFFERENCE),
        ([Source.PERSON, Source.DIFFERENCE], Coverage.PERSON),
    ],
)
def test_r30_the_worst_by_which_it_was_measured_counts(sources: list[Source], coverage: Coverage) -> None:
    told = tuple(event("status.changed", "h1", n, source=source) for n, source in enumerate(sources))

    assert case(OPENED, events=told).coverage is coverage


def test_a_hop_without_a_link_and_a_link_that_was_down_are_told() -> None:
    slow = OPENED + "09:00 offer h2\n 10:01 receive h2"

    assert case(OPENED, h2={"link_id": None}).coverage is Coverage.UNLINKED
    assert case(slow).coverage is Coverage.LINK_DOWN
    assert case(slow.replace("10:01", "09:59")).coverage is Coverage.HISTORY
    assert case(OPENED, events=(event("delivery.parked"),)).coverage is Coverage.LINK_DOWN


def test_what_was_observed_after_the_moment_is_not_known_to_it() -> None:
    late = event("rating.given", "h1", data={"rating": 10}, observed_at=at("19:00"))

    assert case(OPENED, now="18:00", events=(late,)).rating is None


@pytest.mark.parametrize(("status", "cancelled"), [("cancel", True), ("close", False)])
def test_what_was_cancelled_or_merged_away_is_told(status: str, cancelled: bool) -> None:
    assert case(OPENED + f"09:00 {status} h1").cancelled is cancelled


def test_the_opening_is_when_it_took_effect() -> None:
    found = case("08:00 open h1 seen=08:30", now="18:00")

    assert found.opened_at == at("08:00")
    assert isinstance(found.opened_at, datetime)
    assert found.parties == ("org-h1", "org-h2")
