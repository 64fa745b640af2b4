"""The review of a closing: a period for questions in working days, silence is agreement, two names to issue."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.reports.lists import Cause, Comparison, Frame, Line, Place
from gateway.domain.reports.review import (
    Closing,
    Entry,
    Standing,
    State,
    compared_again,
    entries,
    issued,
    query,
    review_end,
    settle,
)
from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar
from gateway.errors import NotFound, Refused
from tests.domain.reports.month import OCTOBER

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
END = NOW + timedelta(days=7)


def line(ticket: str, **more: Any) -> Line:
    given: dict[str, Any] = {
        "place": Place.ONLY_HERE,
        "ticket": ticket,
        "cause": Cause.MISSING,
        "words": "not there",
    }
    return Line(**(given | more))


def counts(*lines: Line) -> Comparison:
    return Comparison(theirs=9, ours=9, both=8, agreed=7, lines=lines)


def closing(*lines: Line) -> Closing:
    return Closing(
        id="cls_1",
        org_id="org_mall",
        customer="mall",
        period="2026-10",
        made_at=NOW,
        made_by="anna",
        review_until=END,
        source="october.csv",
        sha256="0" * 64,
        frame=Frame(period=OCTOBER),
        counts=counts(*lines),
        entries=entries(lines),
    )


def test_silence_agrees_and_a_question_does_not() -> None:
    asked = query(closing(line("M-1"), line("M-2")), "M-1", by="mario", words="why?", now=NOW)
    assert [asked.standing(one, END) for one in asked.entries] == [Standing.QUERIED, Standing.LAPSED]
    assert (asked.state(NOW), asked.state(END)) == (State.DRAFT, State.DRAFT)
    answered = settle(asked, "M-1", by="anna", words="because")
    assert (answered.state(NOW), answered.state(END)) == (State.DRAFT, State.RECONCILED)
    assert answered.entry("M-1") == Entry(
        line=line("M-1"),
        standing=Standing.SETTLED,
        query="why?",
        queried_by="mario",
        answer="because",
        answered_by="anna",
    )


def test_agreed_lines_need_no_waiting() -> None:
    done = settle(closing(line("M-1")), "M-1", by="anna", words="")
    assert (done.entry("M-1").standing, done.state(NOW)) == (Standing.AGREED, State.RECONCILED)
    assert closing().state(NOW) is State.RECONCILED


def test_what_cannot_be_asked() -> None:
    one = closing(line("M-1"))
    with pytest.raises(Refused, match="unanswered is agreed"):
        query(one, "M-1", by="mario", words="why?", now=END)
    with pytest.raises(NotFound, match="did you mean 'M-1'"):
        query(one, "M-l", by="mario", words="why?", now=NOW)
    with pytest.raises(Refused, match="M-1 is agreed"):
        query(settle(one, "M-1", by="anna", words="yes"), "M-1", by="mario", words="why?", now=NOW)


def test_issued_with_both_names_and_once() -> None:
    one = closing(line("M-1"))
    with pytest.raises(Refused, match="1 lines are not agreed"):
        issued(one, ("Anna", "Mario"), now=NOW)
    for names in (("", "Mario"), ("Anna", " ")):
        with pytest.raises(Refused, match="both names"):
            issued(one, names, now=END)
    done = issued(one, ("Anna", "Mario"), now=END)
    assert (done.state(END), done.names) == (State.ISSUED, ("Anna", "Mario"))
    with pytest.raises(Refused, match="issued already"):
        issued(done, ("Anna", "Mario"), now=END)
    with pytest.raises(Refused, match="is issued"):
        settle(done, "M-1", by="anna", words="")


def test_what_was_said_stays_while_a_line_says_the_same() -> None:
    before = closing(line("M-1"), line("M-2"), line("M-3"))
    for key in ("M-1", "M-2", "M-3"):
        before = settle(before, key, by="anna", words="seen")
    now = counts(line("M-1"), line("M-2", cause=Cause.OUTSIDE), line("M-4"))
    after = compared_again(before, now, now=NOW)
    assert {one.line.key: one.standing for one in after.entries} == {
        "M-1": Standing.AGREED,
        "M-2": Standing.OPEN,
        "M-4": Standing.OPEN,
        "M-3": Standing.GONE,
    }
    assert compared_again(after, after.counts, now=NOW).entries == after.entries


def test_what_comes_after_the_review_is_not_agreed_by_silence() -> None:
    late = compared_again(closing(line("M-1")), counts(line("M-1"), line("M-2")), now=END)
    assert [late.standing(one, END) for one in late.entries] == [Standing.LAPSED, Standing.NEW]
    with pytest.raises(Refused, match="1 lines are not agreed, the first is M-2"):
        issued(late, ("Anna", "Mario"), now=END)
    assert settle(late, "M-2", by="anna", words="seen").state(END) is State.RECONCILED


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (datetime(2026, 11, 2, 9, tzinfo=UTC), 5, datetime(2026, 11, 9, 23, tzinfo=UTC)),
        (datetime(2026, 11, 6, 9, tzinfo=UTC), 1, datetime(2026, 11, 9, 23, tzinfo=UTC)),
        (datetime(2026, 11, 7, 9, tzinfo=UTC), 1, datetime(2026, 11, 9, 23, tzinfo=UTC)),
    ],
)
def test_working_days_of_what_never_closes_are_those_of_the_week(
    start: datetime, days: int, end: datetime
) -> None:
    always = Calendar(code="always", weekly=ROUND_THE_CLOCK)
    assert review_end(start, days, always, "Europe/Rome") == end
