"""When a clock is warned of: marks as people write them, and which of them is worth a word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.sla.clocks import BREACHED, MET, RUNNING, Clock
from gateway.domain.sla.terms import TargetKind
from gateway.domain.warnings import BREACH, DEFAULT, Mark, Reached, mark_from, reached
from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar, Hours, worktime
from tests.builders import NOW, PROPERTY, later

HOUR = timedelta(hours=1)
ALWAYS = Calendar(code="always", weekly=ROUND_THE_CLOCK)
OFFICE = worktime(
    Calendar(
        code="office", weekly=((Hours(9 * 3600, 12 * 3600), Hours(13 * 3600, 17 * 3600)),) * 5 + ((),) * 2
    )
)
FOUR = Clock(
    agreement="uc",
    hop="hop",
    target_kind=TargetKind.RESOLUTION,
    cycle=1,
    state=RUNNING,
    target=4 * HOUR,
    started_at=NOW,
)


def at(hours: float) -> Clock:
    """So much of four hours has run."""
    elapsed = timedelta(hours=hours)
    late = elapsed > 4 * HOUR
    return replace(
        FOUR, elapsed=elapsed, state=BREACHED if late else RUNNING, breached_at=later(240) if late else None
    )


@pytest.mark.parametrize(
    ("word", "mark"),
    [("75%", Mark("75%", 75)), ("1h", Mark("1h", before=HOUR)), ("90m", Mark("90m", before=90 * HOUR / 60))],
)
def test_a_mark_as_people_write_it(word: str, mark: Mark) -> None:
    assert mark_from(word) == mark


@pytest.mark.parametrize("word", ["0%", "100%", "x%", "soon", ""])
def test_what_is_no_mark(word: str) -> None:
    with pytest.raises(ValueError, match=r"no share|not a length|invalid literal"):
        mark_from(word)


def test_a_mark_that_a_target_is_too_short_for_is_none() -> None:
    always = worktime(ALWAYS)
    assert mark_from("5h").threshold(4 * HOUR) is None
    assert mark_from("5h").comes_at(at(1), always, NOW) is None
    assert mark_from("1h").comes_at(replace(at(1), target=None), always, NOW) is None
    assert [mark_from(word).comes_at(at(1), always, NOW) for word in ("50%", "1h")] == [later(60), later(120)]
    assert mark_from("50%").comes_at(at(2), always, NOW) is None


def test_r9_an_hour_before_an_end_at_ten_begins_when_the_office_opens_and_not_the_evening_before() -> None:
    """Due Monday 10:00, the office closed since Friday 17:00: no business time lies between the two, but a night does. A share
    of the target is counted from its beginning, and what falls on a closing stays there (R8)."""
    friday, monday = datetime(2026, 1, 9, 17, tzinfo=UTC), datetime(2026, 1, 12, 9, tzinfo=UTC)
    evening = replace(at(3), due=monday + HOUR)
    hour, share = mark_from("1h"), mark_from("75%")

    assert [one.comes_at(at(2), OFFICE, friday - HOUR) for one in (hour, share)] == [monday, friday]
    assert (hour.comes_at(evening, OFFICE, friday), share.comes_at(evening, OFFICE, friday)) == (monday, None)
    assert reached(evening, (hour,), ()) is None
    assert reached(evening, (hour, share), ()) == Reached("75%", 1, ("1h", "75%"))
    assert reached(replace(evening, open_now=True), (hour,), ()) == Reached("1h", 0, ("1h",))


@PROPERTY
@given(began=st.integers(0, 14 * 1440), target=st.integers(61, 3000), ran=st.integers(0, 3000))
def test_r9_a_warning_comes_where_the_clock_itself_counts_it_back_from_its_end(
    began: int, target: int, ran: int
) -> None:
    start, amount = NOW + timedelta(minutes=began), timedelta(minutes=target)
    now = start + timedelta(minutes=ran)
    clock = replace(
        FOUR,
        target=amount,
        due=OFFICE.add(start, amount),
        elapsed=OFFICE.between(start, now),
        open_now=OFFICE.is_open(now),
    )
    counted, comes = clock.warn_at(OFFICE), mark_from("1h").comes_at(clock, OFFICE, now)
    assert counted is not None
    if now < start or counted > now:
        assert comes == max(counted, OFFICE.next_open(start))
    else:
        assert comes is None


@pytest.mark.parametrize(
    ("hours", "told", "found"),
    [
        (1.9, (), None),
        (2, (), Reached("50%", 0, ("50%",))),
        (2.5, ("50%",), None),
        (3.7, ("50%",), Reached("90%", 2, ("50%", "75%", "90%"))),
        (4, ("50%", "75%", "90%"), None),
        (4.1, ("50%", "75%", "90%"), Reached(BREACH, 3, ("50%", "75%", "90%", BREACH))),
        (5, ("50%", "75%", "90%", BREACH), None),
    ],
)
def test_what_there_is_to_warn_of(hours: float, told: tuple[str, ...], found: Reached | None) -> None:
    assert reached(at(hours), DEFAULT, told) == found


@pytest.mark.parametrize(
    "changes",
    [
        {"stopped": True},
        {"ended_at": NOW, "state": MET},
        {"superseded": 1},
        {"target": None},
        {"state": "waiting"},
    ],
    ids=["stopped", "ended", "superseded", "without a target", "not started"],
)
def test_of_such_a_clock_nobody_is_warned(changes: dict[str, object]) -> None:
    assert reached(replace(at(3.9), **changes), DEFAULT, ()) is None  # type: ignore[arg-type]


@PROPERTY
@given(
    looks=st.lists(st.floats(0, 6), max_size=12).map(sorted), marks=st.sets(st.integers(1, 99), max_size=5)
)
def test_however_often_one_looks_each_mark_is_told_at_most_once_and_in_order(
    looks: list[float], marks: set[int]
) -> None:
    named = tuple(Mark(f"{share}%", share) for share in sorted(marks))
    told: tuple[str, ...] = ()
    said, steps = [], []
    for hours in looks:
        found = reached(at(hours), named, told)
        if found is not None:
            said.append(found.word)
            steps.append(found.step)
            told = tuple(dict.fromkeys((*told, *found.words)))

    assert len(said) == len(set(said))
    assert steps == sorted(set(steps))
