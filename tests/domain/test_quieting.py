"""Rules that answered each other about a status fall quiet: the desk above is told once where the work stands."""

from datetime import timedelta

import pytest

from gateway.domain import conflicts, progress, quieting
from gateway.domain.case import Because, Case
from gateway.domain.conflicts import QUIETED
from gateway.domain.model import ActorKind, HopStatus, Source
from gateway.domain.model.change import replace
from tests.builders import NOW, WORDS, happened, later, said, tree, written

S = HopStatus
QUIET = conflicts.QUIET_FROM
RULE, SOMEBODY = ActorKind.AUTOMATION, ActorKind.PERSON


def swinging(*, upto: S) -> Case:
    """customer>vendor; rules at the vendor's desk move its work to and fro, one move a minute, and leave it at `upto`."""
    case = tree(
        "customer>vendor",
        hops={"customer": {"status": S.IN_PROGRESS}, "vendor": {"refetch_at": NOW + timedelta(days=1)}},
        desks={"customer": {"profile": replace(WORDS, to_verify="verify")}},
    )
    turns = [S.IN_PROGRESS, S.PENDING] * 4
    for status in (*turns, *([upto] if upto is not turns[-1] else [])):
        moves(case, status)
    case.deliveries.clear()
    return case


def moves(case: Case, status: S, *, by: ActorKind = RULE, minutes: float = 1) -> None:
    case.now += timedelta(minutes=minutes)
    because = Because(source=Source.HISTORY, actor_kind=by, reported_at=case.now)
    progress.move(case, case.hops["hop_vendor"], status, None, because)


def waits(case: Case, *, for_: timedelta = QUIET) -> None:
    """Nothing moves for so long, then the hop is looked after."""
    case.now += for_
    case.deliveries.clear()
    quieting.settle(case, case.hops["hop_vendor"])


def test_what_was_kept_back_is_told_when_the_rules_are_quiet() -> None:
    case = swinging(upto=S.RESOLVED)
    assert said(case, "customer") == []
    waits(case)
    assert said(case, "customer") == ["Vendor reports the work as resolved. Please verify."]
    assert written(case, "customer") == [{"status": "verify"}]


def test_it_is_told_once() -> None:
    case = swinging(upto=S.RESOLVED)
    waits(case)
    waits(case)
    assert said(case, "customer") == []
    assert happened(case, "vendor").count(QUIETED) == 1


def test_nothing_is_said_that_was_said_before() -> None:
    case = swinging(upto=S.IN_PROGRESS)
    waits(case)
    assert (said(case, "customer"), happened(case, "vendor").count(QUIETED)) == ([], 1)


def test_nothing_is_told_while_they_may_go_on() -> None:
    case = swinging(upto=S.RESOLVED)
    last = case.now
    case.now += QUIET / 2
    assert quieting.settle(case, case.hops["hop_vendor"]) == last + QUIET
    assert said(case, "customer") == []


def test_the_hop_is_looked_after_when_that_is_due() -> None:
    case = swinging(upto=S.RESOLVED)
    frozen = next(one for one in case.events if one.type == conflicts.FOUND)
    assert case.hops["hop_vendor"].refetch_at == frozen.observed_at + QUIET


@pytest.mark.parametrize(
    ("by", "written_again"),
    [(RULE, []), (SOMEBODY, [{"status": "verify"}])],
    ids=["rules", "a person between"],
)
def test_rules_that_begin_again_hear_of_it_in_words_only(by: ActorKind, written_again: list[object]) -> None:
    case = swinging(upto=S.RESOLVED)
    waits(case)
    moves(case, S.IN_PROGRESS, by=by)
    for status in [S.IN_PROGRESS, S.PENDING] * 4:
        moves(case, status)
    moves(case, S.RESOLVED)
    waits(case)
    assert said(case, "customer")[:1] == ["Vendor reports the work as resolved. Please verify."]
    assert written(case, "customer") == written_again


def test_a_person_who_moved_it_since_was_heard_at_once() -> None:
    case = swinging(upto=S.PENDING)
    moves(case, S.RESOLVED, by=SOMEBODY)
    assert written(case, "customer") == [{"status": "verify"}]
    waits(case)
    assert (said(case, "customer"), QUIETED in happened(case)) == ([], False)


def test_a_ticket_that_never_swung_owes_nothing() -> None:
    case = tree("customer>vendor")
    case.now = later(90)
    assert quieting.settle(case, case.hops["hop_vendor"]) is None
    assert case.events == []
