"""Which agreements underneath support a promise: those whose parties and services fit, or those that are listed (R28); and on which
days one holds."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.domain.agreements import Agreement, underpinnings
from gateway.domain.calendar_documents import calendar_from
from gateway.domain.sla.terms import AgreementKind, TargetKind, Terms

ALWAYS = calendar_from({"code": "always", "always": True})


def agreement(code: str, provider: str, consumer: str, kind: str = "uc") -> Agreement:
    terms = Terms(
        id=code,
        hop="",
        kind=AgreementKind(kind),
        provider=provider,
        consumer=consumer,
        calendar=ALWAYS,
        targets={TargetKind.RESOLUTION: {"critical": timedelta(hours=4)}},
    )
    return Agreement(id=code, code=code, terms=terms, owner=provider)


PROMISE = agreement("acme-sla", "vendor", "acme", "sla")
NORTH = agreement("north-uc", "north", "vendor")
EAST = agreement("east-uc", "east", "vendor")
DESK = agreement("desk-ola", "vendor", "vendor", "ola")


def pairs(*every: Agreement) -> list[tuple[str, str]]:
    return sorted((pair.promise.code, pair.support.code) for pair in underpinnings(every))


def test_without_a_list_whatever_fits_supports_it() -> None:
    assert pairs(PROMISE, NORTH, EAST, DESK) == [
        ("acme-sla", "desk-ola"),
        ("acme-sla", "east-uc"),
        ("acme-sla", "north-uc"),
    ]


@pytest.mark.parametrize("name", ["north-uc", "north/north-uc"])
def test_r28_a_promise_stands_on_what_it_lists_alone(name: str) -> None:
    assert pairs(replace(PROMISE, supported_by=frozenset({name})), NORTH, EAST, DESK) == [
        ("acme-sla", "north-uc")
    ]


def test_r28_what_lies_underneath_may_list_what_it_supports() -> None:
    assert pairs(PROMISE, NORTH, replace(EAST, supports=frozenset({"vendor/acme-sla"})), DESK) == [
        ("acme-sla", "east-uc")
    ]


def test_a_list_of_another_promise_changes_nothing_for_this_one() -> None:
    other = replace(agreement("globex-sla", "vendor", "globex", "sla"), supported_by=frozenset({"north-uc"}))
    assert pairs(PROMISE, other, NORTH, EAST) == [
        ("acme-sla", "east-uc"),
        ("acme-sla", "north-uc"),
        ("globex-sla", "north-uc"),
    ]


def test_what_is_listed_and_never_in_force_together_supports_nothing() -> None:
    over = replace(NORTH, valid_until=date(2025, 12, 31))
    listed = replace(PROMISE, supported_by=frozenset({"north-uc"}), valid_from=date(2026, 1, 1))
    assert pairs(listed, over, EAST) == []


HELD = replace(NORTH, valid_from=date(2026, 1, 1), valid_until=date(2026, 6, 30))
DAYS = {
    "before": (HELD, date(2025, 12, 31), False, False),
    "in force": (HELD, date(2026, 6, 30), True, False),
    "after": (HELD, date(2026, 7, 1), False, False),
    "after, going on": (replace(HELD, goes_on=True), date(2026, 7, 1), False, True),
    "going on until the next version": (
        replace(HELD, goes_on=True, last_on=date(2026, 7, 31)),
        date(2026, 8, 1),
        False,
        False,
    ),
    "no end": (replace(HELD, valid_until=None, goes_on=True), date(2030, 1, 1), True, False),
}


@pytest.mark.parametrize(("one", "day", "valid", "renewing"), DAYS.values(), ids=DAYS.keys())
def test_r25_days_on_which_it_holds(one: Agreement, day: date, valid: bool, renewing: bool) -> None:
    assert (one.is_valid(day), one.is_in_renewal(day)) == (valid, renewing)
    assert one.holds_on(day) is (valid or renewing)
