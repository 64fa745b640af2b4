"""Which version of an agreement stands on which days."""

from datetime import date
from typing import Any

import pytest

from gateway.domain.agreement_versions import on, overlapping, runs_until, versions

BASE: dict[str, Any] = {
    "code": "acme-tills",
    "calendar": "office",
    "targets": {"resolution": {"critical": "8h"}},
    "valid_from": "2026-01-01",
    "valid_until": "2026-12-31",
}


def agreement(*amendments: tuple[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    listed = [{"from": begins, "change": change} for begins, change in amendments]
    return {**BASE, **more, **({"amendments": listed} if listed else {})}


def days(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(str(one.begins), str(one.ends), str(one.last)) for one in versions(document)]


RENEWED = ("2027-01-01", {"valid_until": "2027-12-31"})
TARGETS = {"targets": {"resolution": {"critical": "4h"}}}

DAYS = {
    "as it was made": (agreement(), [("2026-01-01", "2026-12-31", "None")]),
    "without any days": (
        agreement(valid_from=None, valid_until=None),
        [("None", "None", "None")],
    ),
    "amended in mid-term": (
        agreement(("2026-07-01", TARGETS)),
        [("2026-01-01", "2026-06-30", "2026-06-30"), ("2026-07-01", "2026-12-31", "None")],
    ),
    "renewed the day after": (
        agreement(RENEWED),
        [("2026-01-01", "2026-12-31", "2026-12-31"), ("2027-01-01", "2027-12-31", "None")],
    ),
    "renewed after a gap": (
        agreement(("2027-03-01", {"valid_until": "2027-12-31"})),
        [("2026-01-01", "2026-12-31", "2027-02-28"), ("2027-03-01", "2027-12-31", "None")],
    ),
    "amended twice, written in the other order": (
        agreement(("2026-09-01", TARGETS), ("2026-03-01", {"calendar": "always"})),
        [
            ("2026-01-01", "2026-02-28", "2026-02-28"),
            ("2026-03-01", "2026-08-31", "2026-08-31"),
            ("2026-09-01", "2026-12-31", "None"),
        ],
    ),
    "ended by hand": (
        agreement(RENEWED, terminated_on="2026-08-15"),
        [("2026-01-01", "2026-08-15", "2026-08-15"), ("2027-01-01", "2026-08-15", "2026-08-15")],
    ),
}


@pytest.mark.parametrize(("document", "expected"), DAYS.values(), ids=DAYS.keys())
def test_r25_each_version_has_its_days(
    document: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert days(document) == expected


def test_an_amendment_replaces_what_it_names_and_keeps_the_rest() -> None:
    first, second, third = versions(
        agreement(("2026-03-01", {"calendar": "always"}), ("2026-09-01", TARGETS), remind_before=[5])
    )
    assert (first.terms["calendar"], second.terms["calendar"], third.terms["calendar"]) == (
        "office",
        "always",
        "always",
    )
    assert second.terms["targets"] == BASE["targets"]
    assert third.terms["targets"] == TARGETS["targets"]
    assert "remind_before" not in first.terms, "reminders are no part of what is promised"
    assert "amendments" not in third.terms


def test_terms_of_the_first_version_are_those_of_an_agreement_that_was_never_amended() -> None:
    [plain] = versions(agreement())
    amended = versions(agreement(RENEWED, after_end="in_renewal"))[0]
    assert plain.terms == amended.terms


@pytest.mark.parametrize(
    ("day", "number"),
    [("2025-06-01", 1), ("2026-06-30", 1), ("2026-07-01", 2), ("2027-06-01", 2)],
)
def test_on_a_day_the_last_version_that_has_begun_counts(day: str, number: int) -> None:
    assert on(agreement(("2026-07-01", TARGETS)), date.fromisoformat(day)).number == number


@pytest.mark.parametrize(
    ("document", "end"),
    [
        (agreement(), "2026-12-31"),
        (agreement(RENEWED), "2027-12-31"),
        (agreement(("2027-03-01", {"valid_until": "2027-12-31"})), "2026-12-31"),
        (agreement(valid_until=None), "None"),
    ],
    ids=["one term", "renewed", "renewed after a gap", "no end"],
)
def test_terms_without_a_gap_run_on(document: dict[str, Any], end: str) -> None:
    assert str(runs_until(document, date(2026, 5, 1))) == end


def test_days_of_two_agreements_overlap_or_do_not() -> None:
    mine = versions(agreement())
    later = versions(agreement(valid_from="2026-12-31", valid_until=None))
    after = versions(agreement(valid_from="2027-01-01", valid_until=None))
    assert list(overlapping(mine, later)) == [(date(2026, 12, 31), date(2026, 12, 31))]
    assert list(overlapping(mine, after)) == []
