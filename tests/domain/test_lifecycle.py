"""Where an agreement stands on a day, when its end is to be remembered, and what somebody did to it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.domain.lifecycle import (
    Act,
    acts,
    beginning,
    by_day,
    next_day,
    reminder_on,
    state_on,
    today,
)
from tests.domain.test_agreement_versions import RENEWED, TARGETS, agreement

D = date.fromisoformat

STATES = {
    "a draft stays one, whatever its days say": (agreement(draft=True), "2026-05-01", "draft"),
    "not begun": (agreement(), "2025-12-31", "planned"),
    "its first day": (agreement(), "2026-01-01", "active"),
    "its last day": (agreement(), "2026-12-31", "active"),
    "the day after": (agreement(), "2027-01-01", "expired"),
    "the day after, and work goes on": (agreement(after_end="in_renewal"), "2027-01-01", "in_renewal"),
    "years after, and work goes on": (agreement(after_end="in_renewal"), "2029-01-01", "in_renewal"),
    "renewed": (agreement(RENEWED), "2027-01-01", "active"),
    "between two terms": (agreement(("2027-03-01", {"valid_until": "2027-12-31"})), "2027-02-01", "expired"),
    "between two terms, and work goes on": (
        agreement(("2027-03-01", {"valid_until": "2027-12-31"}), after_end="in_renewal"),
        "2027-02-01",
        "in_renewal",
    ),
    "its last day, ended by hand": (agreement(terminated_on="2026-08-15"), "2026-08-15", "active"),
    "ended by hand": (agreement(terminated_on="2026-08-15"), "2026-08-16", "terminated"),
    "ended by hand while in renewal": (
        agreement(after_end="in_renewal", terminated_on="2027-02-10"),
        "2027-02-11",
        "terminated",
    ),
    "without an end": (agreement(valid_until=None), "2099-01-01", "active"),
}


@pytest.mark.parametrize(("document", "day", "state"), STATES.values(), ids=STATES.keys())
def test_r25_the_state_follows_from_days_and_hands(document: dict[str, Any], day: str, state: str) -> None:
    assert state_on(document, D(day)) == state


def reminded(document: dict[str, Any], day: str) -> tuple[str, int, tuple[int, ...]] | None:
    found = reminder_on(document, D(day))
    return (found.end.isoformat(), found.before, found.passed) if found else None


REMINDERS = {
    "ninety-one days before": (agreement(), "2026-10-01", None),
    "ninety days before": (agreement(), "2026-10-02", ("2026-12-31", 90, ())),
    "eight days before": (agreement(), "2026-12-23", ("2026-12-31", 30, (90,))),
    "on the last day": (agreement(), "2026-12-31", ("2026-12-31", 7, (30, 90))),
    "after it": (agreement(), "2027-01-01", None),
    "before it begins": (agreement(remind_before=[400]), "2025-12-20", None),
    "at marks of its own": (agreement(remind_before=[14]), "2026-12-17", ("2026-12-31", 14, ())),
    "when nobody wants to be": (agreement(remind_before=[]), "2026-12-31", None),
    "already renewed": (agreement(RENEWED), "2026-12-30", None),
    "of the end of the renewal": (agreement(RENEWED), "2027-12-30", ("2027-12-31", 7, (30, 90))),
    "of a draft": (agreement(draft=True), "2026-12-30", None),
    "ended by hand": (agreement(terminated_on="2026-12-20"), "2026-12-19", None),
}


@pytest.mark.parametrize(("document", "day", "expected"), REMINDERS.values(), ids=REMINDERS.keys())
def test_r25_somebody_is_reminded_before_the_end(
    document: dict[str, Any], day: str, expected: tuple[str, int, tuple[int, ...]] | None
) -> None:
    assert reminded(document, day) == expected


def test_it_is_looked_at_again_on_every_day_that_means_something() -> None:
    document, day, days = agreement(("2026-07-01", TARGETS), terminated_on="2026-12-20"), D("2025-01-01"), []
    while (following := next_day(document, day)) is not None:
        days.append(following.isoformat())
        day = following
    assert days == [
        "2026-01-01",
        *(
            "2026-04-01",
            "2026-05-31",
            "2026-06-23",
        ),  # marks before the end of the first version: harmless looks
        "2026-07-01",
        *("2026-09-21", "2026-11-20", "2026-12-13"),
        "2026-12-21",
    ]


def test_what_has_no_end_is_not_looked_at_again() -> None:
    assert next_day(agreement(valid_until=None), D("2026-02-01")) is None
    assert next_day(agreement(template=True), D("2025-02-01")) is None


def test_days_begin_where_the_provider_is() -> None:
    late = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    assert (today(late, "Europe/Rome"), today(late, "Europe/Moscow")) == (D("2026-12-31"), D("2027-01-01"))
    assert beginning(D("2027-01-01"), "Europe/Moscow") == datetime(2026, 12, 31, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-03-02T23:00", "2026-03-03T08:00"),
        ("2026-03-02T04:00", "2026-03-02T08:00"),
        ("2026-03-02T10:30", "2026-03-02T10:30"),
    ],
)
def test_trap_reminders_mailed_at_midnight(now: str, then: str) -> None:
    """Rome is an hour ahead: nine in the morning there."""
    moment, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, then))
    assert by_day(moment, "Europe/Rome") == expected


ACTS = {
    "made": (None, agreement(), [Act(what="made", on=D("2026-01-01"))]),
    "made from another": (
        None,
        agreement(based_on="gold"),
        [Act(what="made", on=D("2026-01-01"), told={"based_on": "gold"})],
    ),
    "signed": (agreement(draft=True), agreement(), [Act(what="activated")]),
    "ended": (
        agreement(),
        agreement(terminated_on="2026-08-15"),
        [Act(what="terminated", on=D("2026-08-15"))],
    ),
    "not ended after all": (agreement(terminated_on="2026-08-15"), agreement(), [Act(what="reinstated")]),
    "amended": (
        agreement(),
        agreement(("2026-07-01", TARGETS)),
        [Act(what="amended", on=D("2026-07-01"), told={"fields": ["targets"]})],
    ),
    "renewed with other terms": (
        agreement(),
        agreement(("2027-01-01", {**TARGETS, "valid_until": "2027-12-31"})),
        [Act(what="renewed", on=D("2027-01-01"), told={"until": "2027-12-31", "fields": ["targets"]})],
    ),
    "an amendment taken back": (
        agreement(RENEWED),
        agreement(),
        [Act(what="withdrawn", on=D("2027-01-01"))],
    ),
    "changed": (
        agreement(),
        agreement(calendar="always"),
        [Act(what="changed", told={"fields": ["calendar"]})],
    ),
    "removed": (agreement(), None, [Act(what="removed")]),
    "nothing": (agreement(), agreement(), []),
}


@pytest.mark.parametrize(("before", "after", "expected"), ACTS.values(), ids=ACTS.keys())
def test_what_was_done_is_told_from_both_documents(
    before: dict[str, Any] | None, after: dict[str, Any] | None, expected: list[Act]
) -> None:
    assert list(acts(before, after)) == expected
