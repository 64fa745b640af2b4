"""From when to when a party sees a ticket, and what it is told of it."""

from gateway.domain.sla.clocks import clocks
from gateway.domain.timeline import timeline
from tests.domain.timeline.day import DAY, NUMBERS, folded, seen

OVER = DAY + "15:20 resolve h1\n15:30 close h2\n15:40 resolve h0\n15:50 close h0"


def test_for_a_party_further_down_the_case_begins_with_its_own_first_hop() -> None:
    assert f"{seen('org-h0').start:%H:%M}" == f"{seen('acme').start:%H:%M}" == "08:00"
    assert f"{seen('org-h2').start:%H:%M}" == "08:30"
    assert f"{seen('org-h3').start:%H:%M}" == "11:30"


def test_what_comes_after_a_partys_last_hop_is_over_is_not_its_business() -> None:
    found = seen("org-h2", OVER, now="18:00")
    assert (f"{found.end:%H:%M}", found.is_over, found.closed) == ("15:30", True, False)
    assert all(row.end <= found.end for row in found.rows)
    assert all(event.at <= found.end for event in found.events)


def test_a_partner_that_declined_does_not_see_how_it_went_on() -> None:
    text = "08:00 open h0\n08:05 offer h1\n08:10 receive h1\n08:30 decline h1 id=no\n12:00 work h0"
    found = seen("org-h1", text, now="12:30")
    assert f"{found.end:%H:%M}" == "08:30"
    assert [f"{row.end:%H:%M}" for row in found.rows] == ["08:10", "08:30"]


def test_one_that_is_offered_it_again_sees_on() -> None:
    text = (
        "08:00 open h0\n08:05 offer h1\n08:10 receive h1\n08:30 decline h1\n09:00 offer h1\n09:05 receive h1"
    )
    assert f"{seen('org-h1', text, now='12:30').end:%H:%M}" == "12:30"


def test_a_closed_case_ends_at_its_close() -> None:
    found = seen("org-h0", OVER, now="18:00")
    assert (f"{found.end:%H:%M}", found.is_over, found.closed) == ("15:50", True, True)


def test_nobody_reads_the_number_at_another_desk() -> None:
    assert seen("org-h1").numbers == {"h1": "T-204"}
    assert seen(None).numbers == NUMBERS


def test_a_stranger_and_a_ticket_of_which_nothing_is_known_have_no_timeline() -> None:
    told = folded()
    assert timeline("tkt_1", told, clocks(told), "org-elsewhere", {}) is None
    early = folded(now="07:00")
    assert timeline("tkt_1", early, clocks(early), None, {}) is None
