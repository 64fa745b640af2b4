"""Every rule of the clocks has a test that names it, and so has every trap that others fell into: a list of both, held against
the names of the tests there are."""

import ast
import re
from functools import cache

import pytest

from tests.documents import CHECKOUT

RULES = [*(f"r{number}" for number in range(1, 25)), "r35"]

TRAPS = {
    "a warning an hour before the due moment comes at midnight": "warning_an_hour_before_due_is_an_hour_of_business_time",
    "a warning counts from the opening": "warning_and_due_count_from_the_hand_over_not_from_the_opening",
    "a change of priority loses stops": "a_priority_change_keeps_stopped_time_already_earned",
    "a breach while waiting": "no_breach_while_pending",
    "a week-end of waiting": "pending_over_a_week_end_is_credited_in_business_time",
    "23:59 closes for a minute": "00_00_to_23_59_treated_as_closed_one_minute_a_night",
    "reminders by night": "no_reminder_at_midnight",
    "a feed brings days": "a_holiday_feed_adds_unexpected_days",
    "no Monday and no Thursday": "schedule_without_monday_and_thursday",
    "born stopped or closed": "created_stopped_or_closed",
    "paused and running": "paused_is_not_shown_while_the_clock_runs",
    "nearly all is not all": "99_951_percent_is_not_shown_as_100_percent",
    "a calendar changes": "changing_a_calendar_touches_open_cycles_only",
    "the true outage": "the_clock_starts_at_the_true_outage_time",
    "lengths with stops": "relative_durations_with_stops",
    "a stop taken back": "a_stop_is_undone_later",
    "closed, then open": "a_spell_closed_then_reopened_is_nobodys",
    "one second, two statuses": "two_statuses_in_the_same_second",
    "seven zones": "store_and_desk_seven_zones_apart",
    "P1 at night": "p3_becomes_p1_at_22_00",
    "between two looks": "pending_in_progress_pending_between_two_looks",
    "our own comment": "an_automatic_status_after_our_own_comment_is_no_response",
    "five minutes, three hours": "an_overrun_of_five_minutes_is_not_charged_with_a_breach_of_three_hours",
    "a swallowed question": "a_question_swallowed_by_the_middle_desk_is_the_middle_desks",
}


@cache
def names() -> frozenset[str]:
    """The names of all tests."""
    found = set()
    for path in (CHECKOUT / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return frozenset(name for name in found if name.startswith("test_"))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_test_that_names_it(rule: str) -> None:
    assert [name for name in names() if re.search(rf"_{rule}(_|$)", name)]


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS.keys())
def test_every_trap_has_a_test_named_after_it(trap: str) -> None:
    assert [name for name in names() if name.endswith(f"_trap_{trap}")]


def test_a_rule_without_a_test_is_seen() -> None:
    assert not [name for name in names() if re.search(r"_r99(_|$)", name)]
