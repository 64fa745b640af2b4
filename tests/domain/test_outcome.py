"""The outcome table, row by row: what a status, a break or a Retry-After means."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.model import Receipt
from gateway.domain.outcome import (
    RETRY_AFTER_CAP,
    Ground,
    OutcomeClass,
    Stage,
    Verdict,
    clock_sample,
    leads_to_login,
    of_break,
    of_status,
    retry_after,
)

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
APPLIED, NOT_APPLIED, AMBIGUOUS, STALE, AUTH, PERMANENT = (
    OutcomeClass.APPLIED,
    OutcomeClass.NOT_APPLIED,
    OutcomeClass.AMBIGUOUS,
    OutcomeClass.STALE,
    OutcomeClass.AUTH,
    OutcomeClass.PERMANENT,
)
LOGIN = {"location": "https://desk.example/NoAuth/Login.html?next=x"}
ELSEWHERE = {"location": "https://new.example/REST/2.0/ticket"}

# status, headers → (outcome and reason of a write), (outcome and reason of a read or a prepare)
STATUSES = {
    "bad request": (400, {}, (PERMANENT, Ground.REFUSED), (PERMANENT, Ground.REFUSED)),
    "unauthorized": (401, {}, (AUTH, Ground.DENIED), (AUTH, Ground.DENIED)),
    "forbidden": (403, {}, (AUTH, Ground.DENIED), (AUTH, Ground.DENIED)),
    "not found": (404, {}, (PERMANENT, Ground.GONE), (PERMANENT, Ground.GONE)),
    "method not allowed": (405, {}, (PERMANENT, Ground.REFUSED), (PERMANENT, Ground.REFUSED)),
    "proxy wants credentials": (407, {}, (AUTH, Ground.DENIED), (AUTH, Ground.DENIED)),
    "request time-out": (
        408,
        {},
        (AMBIGUOUS, Ground.UNEXPECTED_STATUS),
        (NOT_APPLIED, Ground.UNEXPECTED_STATUS),
    ),
    "gone": (410, {}, (PERMANENT, Ground.GONE), (PERMANENT, Ground.GONE)),
    "precondition failed": (412, {}, (STALE, Ground.PRECONDITION), (STALE, Ground.PRECONDITION)),
    "too large": (413, {}, (PERMANENT, Ground.TOO_LARGE), (PERMANENT, Ground.TOO_LARGE)),
    "unprocessable": (422, {}, (PERMANENT, Ground.REFUSED), (PERMANENT, Ground.REFUSED)),
    "too early": (425, {}, (NOT_APPLIED, Ground.THROTTLED), (NOT_APPLIED, Ground.THROTTLED)),
    "too many": (429, {}, (NOT_APPLIED, Ground.THROTTLED), (NOT_APPLIED, Ground.THROTTLED)),
    "server error": (500, {}, (AMBIGUOUS, Ground.SERVER_ERROR), (NOT_APPLIED, Ground.SERVER_ERROR)),
    "bad gateway": (502, {}, (AMBIGUOUS, Ground.SERVER_ERROR), (NOT_APPLIED, Ground.SERVER_ERROR)),
    "unavailable": (503, {}, (AMBIGUOUS, Ground.SERVER_ERROR), (NOT_APPLIED, Ground.SERVER_ERROR)),
    "unavailable until": (
        503,
        {"retry-after": "9"},
        (AMBIGUOUS, Ground.SERVER_ERROR),
        (NOT_APPLIED, Ground.THROTTLED),
    ),
    "gateway time-out": (504, {}, (AMBIGUOUS, Ground.SERVER_ERROR), (NOT_APPLIED, Ground.SERVER_ERROR)),
    "not modified": (
        304,
        {},
        (AMBIGUOUS, Ground.UNEXPECTED_STATUS),
        (NOT_APPLIED, Ground.UNEXPECTED_STATUS),
    ),
    "found, a login page": (302, LOGIN, (AUTH, Ground.LOGIN), (AUTH, Ground.LOGIN)),
    "moved, a login page": (301, LOGIN, (AUTH, Ground.LOGIN), (AUTH, Ground.LOGIN)),
    "moved": (301, ELSEWHERE, (PERMANENT, Ground.MOVED), (PERMANENT, Ground.MOVED)),
    "repeat elsewhere": (307, ELSEWHERE, (PERMANENT, Ground.MOVED), (PERMANENT, Ground.MOVED)),
    "repeat elsewhere for good": (308, ELSEWHERE, (PERMANENT, Ground.MOVED), (PERMANENT, Ground.MOVED)),
    "found, as a form answers a done write": (
        302,
        ELSEWHERE,
        (AMBIGUOUS, Ground.UNEXPECTED_STATUS),
        (PERMANENT, Ground.MOVED),
    ),
    "see other": (303, ELSEWHERE, (AMBIGUOUS, Ground.UNEXPECTED_STATUS), (PERMANENT, Ground.MOVED)),
    "moved to nowhere": (
        301,
        {},
        (AMBIGUOUS, Ground.UNEXPECTED_STATUS),
        (NOT_APPLIED, Ground.UNEXPECTED_STATUS),
    ),
    "a status nobody knows": (
        700,
        {},
        (AMBIGUOUS, Ground.SERVER_ERROR),
        (NOT_APPLIED, Ground.SERVER_ERROR),
    ),
}


def judged(
    status: int, headers: dict[str, str], *, wrote: bool, conflict_is_stale: bool = False
) -> Verdict | None:
    return of_status(status, wrote=wrote, headers=headers, now=NOW, conflict_is_stale=conflict_is_stale)


@pytest.mark.parametrize(("status", "headers", "write", "read"), STATUSES.values(), ids=STATUSES.keys())
def test_a_status_means(
    status: int,
    headers: dict[str, str],
    write: tuple[OutcomeClass, Ground],
    read: tuple[OutcomeClass, Ground],
) -> None:
    for wrote, expected in ((True, write), (False, read)):
        verdict = judged(status, headers, wrote=wrote)
        assert verdict
        assert (verdict.outcome, verdict.reason, verdict.http_status) == (*expected, status)
        assert str(status) in verdict.message


@pytest.mark.parametrize(
    ("conflict_is_stale", "outcome"), [(True, STALE), (False, PERMANENT)], ids=["stale", "refused"]
)
def test_a_conflict_is_what_the_manifest_says(conflict_is_stale: bool, outcome: OutcomeClass) -> None:
    verdict = judged(409, {}, wrote=True, conflict_is_stale=conflict_is_stale)
    assert verdict
    assert (verdict.outcome, verdict.reason) == (outcome, Ground.CONFLICT)


@given(st.integers(200, 299), st.booleans())
def test_success_is_left_to_the_connector(status: int, wrote: bool) -> None:
    assert judged(status, {}, wrote=wrote) is None


@given(st.one_of(st.integers(300, 999)), st.booleans())
def test_a_write_is_never_called_unapplied_without_the_desk_saying_so(status: int, stale: bool) -> None:
    verdict = judged(status, {}, wrote=True, conflict_is_stale=stale)
    assert verdict
    assert verdict.outcome is not APPLIED
    if verdict.outcome is not AMBIGUOUS:
        assert 400 <= status < 500


@given(st.integers(300, 999), st.booleans())
def test_what_is_no_write_leaves_no_doubt(status: int, stale: bool) -> None:
    verdict = judged(status, {}, wrote=False, conflict_is_stale=stale)
    assert verdict
    assert verdict.outcome not in {AMBIGUOUS, APPLIED}


# writing, connected, write_started → outcome, reason
BREAKS = {
    "no connection for a write": (True, False, False, NOT_APPLIED, Ground.UNREACHABLE),
    "connection, no byte": (True, True, False, NOT_APPLIED, Ground.NO_ANSWER),
    "bytes, no answer": (True, True, True, AMBIGUOUS, Ground.NO_ANSWER),
    "a transport that cannot tell, connected": (True, True, None, AMBIGUOUS, Ground.NO_ANSWER),
    "a transport that cannot tell, not connected": (True, False, None, NOT_APPLIED, Ground.UNREACHABLE),
    "a read that was sent": (False, True, True, NOT_APPLIED, Ground.NO_ANSWER),
    "a read without a connection": (False, False, False, NOT_APPLIED, Ground.UNREACHABLE),
}


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS.keys())
@pytest.mark.parametrize("stage", Stage)
def test_a_break_means(broken: tuple[bool, bool, bool | None, OutcomeClass, Ground], stage: Stage) -> None:
    writing, connected, started, outcome, reason = broken
    verdict = of_break(writing=writing, connected=connected, write_started=started, stage=stage)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)
    assert verdict.message


WISHES = {
    "seconds": ("120", timedelta(seconds=120)),
    "spaces around": (" 7 ", timedelta(seconds=7)),
    "none": ("0", timedelta()),
    "a fraction, as some send": ("1.5", timedelta(seconds=1.5)),
    "a date": ("Mon, 02 Nov 2026 10:01:30 GMT", timedelta(seconds=90)),
    "a date of the old kind": ("Monday, 02-Nov-26 10:01:30 GMT", timedelta(seconds=90)),
    "asctime": ("Mon Nov  2 10:01:30 2026", timedelta(seconds=90)),
    "a date gone by": ("Mon, 02 Nov 2026 09:00:00 GMT", timedelta()),
    "a week": ("604800", RETRY_AFTER_CAP),
    "a date next year": ("Fri, 01 Jan 2027 00:00:00 GMT", RETRY_AFTER_CAP),
    "more digits than a number has": ("9" * 5000, RETRY_AFTER_CAP),
    "nothing": (None, None),
    "empty": ("", None),
    "negative": ("-5", None),
    "a word": ("soon", None),
    "digits of another script": ("١٢", None),
    "half a date": ("Mon, 02 Nov", None),
    "an impossible date": ("Mon, 99 Nov 2026 10:00:00 GMT", None),
    "infinity": ("inf", None),
}


@pytest.mark.parametrize(("header", "wish"), WISHES.values(), ids=WISHES.keys())
def test_retry_after(header: str | None, wish: timedelta | None) -> None:
    assert retry_after(header, NOW) == wish


@given(st.one_of(st.none(), st.text(), st.integers().map(str), st.datetimes().map(format_datetime)))
def test_retry_after_is_bounded_whatever_stands_there(header: str | None) -> None:
    wish = retry_after(header, NOW)
    assert wish is None or timedelta() <= wish <= RETRY_AFTER_CAP


@pytest.mark.parametrize("status", [429, 503])
def test_a_desk_that_names_a_moment_is_heard(status: int) -> None:
    verdict = judged(status, {"retry-after": "30"}, wrote=True)
    assert verdict
    assert verdict.retry_after == timedelta(seconds=30)


LOCATIONS = {
    "/login?back_url=x": True,
    "https://desk.example/NoAuth/Login.html": True,
    "/users/sign_in": True,
    "https://sso.example/saml2/idp": True,
    "/oauth2/authorize": True,
    "/Account/LogOn": True,
    "/tickets/17": False,
    "/blogging/17": False,
    "/authors/9": False,
    "/tickets?next=/login": False,
    "": False,
    "http://[broken": False,
}


@pytest.mark.parametrize(("location", "login"), LOCATIONS.items(), ids=[*LOCATIONS.keys()])
def test_a_login_page_is_known_by_its_path(location: str, login: bool) -> None:
    assert leads_to_login(location) is login


COUNTED = {
    "unreachable": (NOT_APPLIED, Ground.UNREACHABLE, True),
    "throttled": (NOT_APPLIED, Ground.THROTTLED, False),
    "ambiguous": (AMBIGUOUS, Ground.NO_ANSWER, True),
    "stale": (STALE, Ground.PRECONDITION, False),
    "held for credentials": (AUTH, Ground.DENIED, False),
    "abandoned": (OutcomeClass.ABANDONED, Ground.LEASE, False),
    "permanent": (PERMANENT, Ground.REFUSED, True),
}


@pytest.mark.parametrize(("outcome", "reason", "counts"), COUNTED.values(), ids=COUNTED.keys())
def test_what_eats_an_attempt(outcome: OutcomeClass, reason: Ground, counts: bool) -> None:
    assert Verdict(outcome=outcome, reason=reason, message="x").counts_as_attempt is counts


def test_an_applied_verdict_carries_its_receipt() -> None:
    receipt = Receipt(remote_id="7")
    verdict = Verdict(outcome=APPLIED, reason=Ground.DONE, message="done", receipt=receipt)
    assert verdict.receipt is receipt
    assert verdict.counts_as_attempt


@given(
    offset=st.timedeltas(timedelta(days=-2), timedelta(days=2)),
    out=st.timedeltas(timedelta(), timedelta(seconds=20)),
    back=st.timedeltas(timedelta(), timedelta(seconds=20)),
)
def test_the_true_offset_of_a_desks_clock_lies_within_the_error(
    offset: timedelta, out: timedelta, back: timedelta
) -> None:
    stamped = NOW + out + offset
    header = format_datetime(stamped.replace(microsecond=0), usegmt=True)
    sample = clock_sample(header, sent_at=NOW, received_at=NOW + out + back)
    assert sample
    assert abs(sample.offset - offset) <= sample.error + timedelta(microseconds=1)
    assert sample.error == (out + back + timedelta(seconds=1)) / 2


@pytest.mark.parametrize("header", [None, "", "yesterday"], ids=["none", "empty", "a word"])
def test_no_date_no_sample(header: str | None) -> None:
    assert clock_sample(header, sent_at=NOW, received_at=NOW) is None


def test_two_dates_tell_nothing_of_the_desks_clock() -> None:
    """A proxy or server that adds its own; the client joins both with a comma, and either alone can be read."""
    first, second = "Mon, 02 Mar 2026 09:00:00 GMT", "Mon, 02 Mar 2026 09:00:01 GMT"
    assert clock_sample(first, sent_at=NOW, received_at=NOW) is not None
    assert clock_sample(f"{first}, {second}", sent_at=NOW, received_at=NOW) is None
