"""Between a desk's words and ours: read, written, rounded; a word without a meaning is never guessed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.mapping import UnknownWord, canonical, is_exact, native, native_status, status_of
from gateway.domain.model import Capabilities, Desk, HopStatus, Priority, Profile, Reason, StatusRow
from gateway.domain.model.change import replace
from tests.builders import CAPABLE, PROPERTY, STATUSES, WORDS, desk

SITES = frozenset({"MI-1", "RM-1"})


def with_profile(**more: Any) -> Desk:
    return desk(profile=replace(WORDS, **more))


def with_due(kind: str, zone: str = "UTC") -> Desk:
    return desk(capabilities=replace(CAPABLE, due=kind), zone=zone)


def test_a_status_row_carries_its_reason() -> None:
    assert status_of(desk(), "waiting") == StatusRow(
        native="waiting", status=HopStatus.PENDING, reason=Reason.REQUESTER_INFO
    )


@pytest.mark.parametrize("native_word", ["WAITING", "Waiting"])
def test_the_case_of_a_status_does_not_count(native_word: str) -> None:
    row = status_of(desk(), native_word)
    assert row is not None
    assert row.status is HopStatus.PENDING


@pytest.mark.parametrize("native_word", ["", "waiting for parts", "wait"])
def test_an_unknown_status_means_nothing(native_word: str) -> None:
    assert status_of(desk(), native_word) is None


WRITES: dict[str, tuple[HopStatus, dict[HopStatus, str], str | None]] = {
    "the desk's own word": (HopStatus.RESOLVED, {HopStatus.RESOLVED: "done"}, "done"),
    "nothing like it": (HopStatus.RESOLVED, {HopStatus.CLOSED: "shut"}, None),
    "withdrawn as cancelled": (HopStatus.WITHDRAWN, {HopStatus.CANCELLED: "off"}, "off"),
    "withdrawn as rejected": (HopStatus.WITHDRAWN, {HopStatus.REJECTED: "no"}, "no"),
    "withdrawn as closed": (HopStatus.WITHDRAWN, {HopStatus.CLOSED: "shut"}, "shut"),
    "withdrawn has its own word before all": (
        HopStatus.WITHDRAWN,
        {HopStatus.CANCELLED: "off", HopStatus.WITHDRAWN: "back"},
        "back",
    ),
    "expired as cancelled": (HopStatus.EXPIRED, {HopStatus.CANCELLED: "off"}, "off"),
    "declined as rejected": (HopStatus.DECLINED, {HopStatus.REJECTED: "no"}, "no"),
    "returned as closed": (HopStatus.RETURNED, {HopStatus.CLOSED: "shut"}, "shut"),
    "accepted as acknowledged": (HopStatus.ACCEPTED, {HopStatus.ACKNOWLEDGED: "seen"}, "seen"),
    "accepted as in progress": (HopStatus.ACCEPTED, {HopStatus.IN_PROGRESS: "open"}, "open"),
    "working is never written as finished": (HopStatus.IN_PROGRESS, {HopStatus.CLOSED: "shut"}, None),
}


@pytest.mark.parametrize(("status", "words", "expected"), WRITES.values(), ids=WRITES.keys())
def test_a_status_is_written(status: HopStatus, words: dict[HopStatus, str], expected: str | None) -> None:
    assert native_status(desk(profile=Profile(write_statuses=words)), status) == expected


READS = {
    "a priority": ("priority", "P1", "critical"),
    "a priority in another case": ("priority", "p2", "high"),
    "a site": ("site", "MI-1", "MI-1"),
    "a site by the desk's own code": ("site", "till 4", "RM-1"),
    "an asset by the desk's own code": ("asset", "A", "MI-1"),
    "a service is itself": ("service", "Network", "Network"),
}


@pytest.mark.parametrize(("field", "word", "value"), READS.values(), ids=READS.keys())
def test_reading(field: str, word: str, value: str) -> None:
    here = with_profile(sites={"till 4": "RM-1"}, assets={"A": "MI-1"})

    assert canonical(here, SITES, field, word) == value


UNKNOWN = {
    "a priority": ("priority", "P9"),
    "a site nobody has": ("site", "XX-9"),
    "a site that leads nowhere": ("site", "till 5"),
    "an asset nobody has": ("asset", "Z"),
    "a due date in words": ("due", "next week"),
    "a due date of nothing": ("due", "0000-00-00"),
}


@pytest.mark.parametrize(("field", "word"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_is_unknown(field: str, word: str) -> None:
    here = with_profile(sites={"till 5": "YY-5"})

    with pytest.raises(UnknownWord):
        canonical(here, SITES, field, word)


def test_a_priority_the_desk_has_no_word_for_is_not_written() -> None:
    here = with_profile(write_priorities={Priority.HIGH: "P2"})

    assert native(here, "priority", "high") == "P2"
    assert native(here, "priority", "critical") is None


def test_a_site_is_written_in_the_desks_own_code() -> None:
    here = with_profile(sites={"till 4": "RM-1"})

    assert native(here, "site", "RM-1") == "till 4"
    assert native(here, "site", "MI-1") == "MI-1"


def test_what_the_desk_does_not_let_us_change_is_not_written() -> None:
    here = desk(capabilities=Capabilities(writable=frozenset({"status"})))

    assert native(here, "service", "Network") is None


# what the desk shows, in which zone → the moment
DUES = {
    "a moment": ("2026-03-05T17:00:00+01:00", "UTC", "2026-03-05T16:00:00+00:00"),
    "a moment in UTC by a letter": ("2026-03-05T17:00:00Z", "Europe/Rome", "2026-03-05T17:00:00+00:00"),
    "a time without an offset is the desk's": (
        "2026-03-05 17:00:00",
        "Europe/Rome",
        "2026-03-05T16:00:00+00:00",
    ),
    "a day is its last second at the desk": ("2026-03-05", "Europe/Rome", "2026-03-05T22:59:59+00:00"),
    "a summer's day": ("2026-07-05", "Europe/Rome", "2026-07-05T21:59:59+00:00"),
}


@pytest.mark.parametrize(("shown", "zone", "moment"), DUES.values(), ids=DUES.keys())
def test_a_due_date_is_read_as(shown: str, zone: str, moment: str) -> None:
    assert canonical(desk(zone=zone), frozenset(), "due", shown) == moment


EVENING = "2026-03-05T23:30:00+00:00"
DUES_WRITTEN = {
    "a desk that keeps moments": ("datetime", "Europe/Rome", EVENING, True),
    "a desk that keeps days: its own day": ("date", "UTC", "2026-03-05", False),
    "a desk that keeps days, where it is tomorrow already": ("date", "Europe/Rome", "2026-03-06", False),
    "a desk that keeps none": ("none", "UTC", None, False),
}


@pytest.mark.parametrize(("kind", "zone", "word", "exact"), DUES_WRITTEN.values(), ids=DUES_WRITTEN.keys())
def test_a_due_date_is_written_for(kind: str, zone: str, word: str | None, exact: bool) -> None:
    here = with_due(kind, zone)

    assert native(here, "due", EVENING) == word
    assert is_exact(here, "due", EVENING) is exact


def test_a_day_that_came_from_such_a_desk_is_exact_at_another() -> None:
    day = canonical(with_due("date", "Europe/Rome"), frozenset(), "due", "2026-03-05")

    assert is_exact(with_due("date", "Europe/Rome"), "due", day)


@PROPERTY
@given(
    st.datetimes().filter(lambda at: 1980 < at.year < 2100),
    st.sampled_from(["UTC", "Europe/Rome", "Asia/Yekaterinburg", "America/St_Johns", "Pacific/Kiritimati"]),
)
def test_a_day_that_is_written_is_never_later_than_the_day_of_the_due_moment(at: Any, zone: str) -> None:
    here = with_due("date", zone)
    moment = canonical(with_due("datetime", zone), frozenset(), "due", at.replace(microsecond=0).isoformat())

    day = native(here, "due", moment)

    assert day is not None
    assert day <= at.date().isoformat()
    assert canonical(here, frozenset(), "due", day) >= moment


@PROPERTY
@given(st.sampled_from(STATUSES))
def test_what_is_written_reads_back_as_what_was_meant(row: StatusRow) -> None:
    word = native_status(desk(), row.status)
    assert word is not None
    back = status_of(desk(), word)
    assert back is not None
    assert back.status is row.status
