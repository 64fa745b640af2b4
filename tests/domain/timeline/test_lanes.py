"""Rows, bars and events as each party may see them (R32): no boundary, event or word tells what is hidden."""

import pytest

from tests.domain.timeline.day import DAY, lines, seen


def test_the_operator_sees_every_row_with_its_event() -> None:
    found = lines(seen(None))
    assert len(found) == 19
    assert found[7] == "09:30 09:32 link:h2 transit /h2 [q]"
    assert found[14] == "12:10 13:00 h3 held  [parts]"


def test_r32_the_customer_sees_one_stretch_where_its_vendor_had_others_work() -> None:
    assert lines(seen("org-h0")) == [
        "08:00 08:05 h0 working  [e1]",
        "08:05 08:07 link:h1 transit  [e2]",
        "08:07 08:20 h1 offered  [e3]",
        "08:20 16:00 h1 working  [w1]",
    ]


def test_r32_a_partner_sees_when_others_have_the_ticket_and_not_what_they_do_with_it() -> None:
    found = lines(seen("org-h2"))
    assert found[0].startswith("08:30 08:33 link:h2 transit")
    assert "09:32 11:00 above asked /h2 " in [line.split("[")[0] for line in found]
    assert found[-1] == "15:15 16:00 above elsewhere  [r2]"


def test_r32_states_that_come_from_masked_partners_are_not_told() -> None:
    states = {bar.state for bar in seen("org-h0").bars}
    assert states == {"working", "transit", "offered"}
    assert {bar.state for bar in seen("org-h1").bars if bar.lane == "h2"} == {"offered", "working", "waits"}


def test_r32_comments_of_another_desk_are_not_even_counted() -> None:
    told = {org: [event.id for event in seen(org).events] for org in (None, "org-h1", "org-h2")}
    assert "c1" in told["org-h1"]
    assert "secret" not in told["org-h1"]
    assert "secret" in told["org-h2"]
    assert {"c1", "secret"} <= set(told[None])


def test_r32_no_event_of_a_masked_desk_is_told() -> None:
    assert {event.lane for event in seen("org-h0").events} == {"h0", "h1"}
    assert {event.lane for event in seen("org-h3").events} == {"h3"}


def test_news_of_a_delivery_names_what_was_delivered() -> None:
    [row] = [row for row in seen("org-h1").rows if f"{row.start:%H:%M}" == "11:02"]
    assert row.cause == "a"


def test_where_the_event_is_hidden_one_of_the_same_instant_is_named() -> None:
    text = "08:00 open h0\n08:05 offer h1\n08:07 receive h1\n09:00 accept h1 id=mine\n09:00 work h0 id=zz"
    found = seen("org-h1", text, now="10:00")
    assert [row.cause for row in found.rows][-1] == "mine"


def test_a_bar_is_what_a_lane_does_without_a_break() -> None:
    waits = [bar for bar in seen(None).bars if bar.lane == "h2" and not bar.holds]
    assert [(f"{bar.start:%H:%M}", f"{bar.end:%H:%M}", bar.reason) for bar in waits] == [
        ("09:30", "11:02", "requester_info")
    ]
    assert all(bar.stands_still for bar in waits)


@pytest.mark.parametrize("org", [None, "org-h0", "org-h1", "org-h2", "org-h3", "acme"], ids=str)
def test_rows_leave_no_gap(org: str | None) -> None:
    found = seen(org)
    assert found.rows[0].start == found.start
    assert found.rows[-1].end == found.end
    for row, after in zip(found.rows, found.rows[1:], strict=False):
        assert row.end == after.start


def test_a_time_that_a_desk_told_differently_is_shown_beside_the_one_that_counts() -> None:
    found = seen("org-h3", DAY + "15:30 say h3 id=late seen=15:20")
    [late] = [event for event in found.events if event.id == "late"]
    assert (f"{late.at:%H:%M}", f"{late.reported_at:%H:%M}") == ("15:20", "15:30")
