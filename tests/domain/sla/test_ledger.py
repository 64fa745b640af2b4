"""Who holds the ticket, and whose minutes they are (R10–R12): every sentence by hand, as rows of the ledger."""

import pytest

from gateway.domain.sla.terms import Chain
from tests.domain.sla.story import H, at, chain, play, rows, terms

BEGUN = "08:00 open h0\n08:00 offer h1\n08:00 accept h1\n"
TWO = chain("h0 h1<h0")
THREE = chain("h0 h1<h0 h2<h1")
FORKED = chain("h0 h1<h0 h2<h1 h3<h1")
BELOW = BEGUN + "08:00 offer h2\n08:00 accept h2\n"
BOTH = BELOW + "08:00 offer h3\n08:00 accept h3\n"


def told(where: Chain, text: str, now: str = "12:00") -> list[str]:
    return rows(play(where, text, now=now))


def test_r10_the_deepest_hop_holds_from_the_moment_its_desk_has_it_accepted_or_not() -> None:
    text = "08:00 open h0\n08:10 offer h1\n08:15 receive h1\n09:00 accept h1"
    assert told(TWO, text) == [
        "08:00 08:10 h0 working",
        "08:10 08:15 link:h1 transit",
        "08:15 09:00 h1 offered",
        "09:00 12:00 h1 working",
    ]


def test_r10_a_decline_never_moves_offered_time_back_and_makes_the_parent_hold() -> None:
    text = "08:00 open h0\n08:10 offer h1\n08:15 receive h1\n09:00 decline h1\n10:00 work h0"
    assert told(TWO, text)[2:] == ["08:15 09:00 h1 offered", "09:00 12:00 h0 handback"]


@pytest.mark.parametrize("verb", ["decline", "expire", "return"])
def test_r10_what_comes_back_makes_the_parent_hold_until_it_offers_again(verb: str) -> None:
    text = BOTH + f"09:00 {verb} h2\n10:00 offer h2 id=o\n10:05 receive h2"
    assert told(FORKED, text) == [
        "08:00 09:00 h2+h3 working+working",
        "09:00 10:00 h1+h3 handback+working",
        "10:00 10:05 link:h2+h3 transit+working",
        "10:05 12:00 h2+h3 offered+working",
    ]


def test_r10_what_comes_back_holds_the_parent_until_it_passes_the_ball_on() -> None:
    text = BOTH + "09:00 decline h2\n10:00 ask h1 requester_info"
    assert told(FORKED, text)[1:] == [
        "09:00 10:00 h1+h3 handback+working",
        "10:00 12:00 h0+h3 asked+working requester_info",
    ]


def test_r10_withdrawn_leaves_the_parent_as_the_deepest_open_hop() -> None:
    assert told(THREE, BELOW + "09:00 withdraw h2")[1:] == ["09:00 12:00 h1 working"]


def test_r10_pending_passes_the_ball_to_the_parent_until_it_answers() -> None:
    text = BELOW + "09:00 ask h2 requester_info id=q\n10:00 answer h2 q"
    assert told(THREE, text)[1:] == ["09:00 10:00 h1 asked requester_info", "10:00 12:00 h2 working"]


def test_r10_pending_ends_with_the_hops_leaving_of_it() -> None:
    assert told(THREE, BELOW + "09:00 ask h2 requester_info\n10:00 work h2")[1:] == [
        "09:00 10:00 h1 asked requester_info",
        "10:00 12:00 h2 working",
    ]


def test_r10_a_parent_asked_holds_until_it_is_itself_pending() -> None:
    text = BELOW + "09:00 ask h2 requester_info\n10:00 ask h1 requester_approval"
    assert told(THREE, text)[2:] == ["10:00 12:00 h0 asked requester_approval"]


def test_r10_the_top_hops_pending_passes_to_the_requester() -> None:
    assert told(TWO, "08:00 open h0\n09:00 ask h0 requester_info")[1:] == [
        "09:00 12:00 requester asked requester_info"
    ]


def test_r10_an_answer_not_enough_is_asked_again() -> None:
    text = BELOW + "09:00 ask h2 requester_info id=q\n10:00 answer h2 q\n10:30 ask h2 requester_info"
    assert told(THREE, text)[2:] == ["10:00 10:30 h2 working", "10:30 12:00 h1 asked requester_info"]


def test_r10_an_answer_to_an_older_question_ends_nothing() -> None:
    text = (
        BELOW
        + "09:00 ask h2 requester_info id=q\n09:10 work h2\n09:20 ask h2 requester_info id=p\n09:30 answer h2 q"
    )
    assert told(THREE, text)[3:] == ["09:20 12:00 h1 asked requester_info"]


def test_r10_resolved_makes_the_parent_verify_only_when_no_other_branch_is_open() -> None:
    text = BOTH + "09:00 resolve h2\n10:00 resolve h3"
    assert told(FORKED, text)[1:] == ["09:00 10:00 h3 working", "10:00 12:00 h1 verify"]


def test_r10_a_parent_that_owes_an_answer_joins_the_branches() -> None:
    text = BOTH + "09:00 ask h2 requester_info"
    assert told(FORKED, text)[1:] == ["09:00 12:00 h1+h3 asked+working requester_info"]


def test_r10_a_pending_hop_whose_child_works_shares_with_its_parent() -> None:
    assert told(THREE, BELOW + "09:00 ask h1 requester_info")[1:] == [
        "09:00 12:00 h0+h2 asked+working requester_info"
    ]


@pytest.mark.parametrize("verb", ["resolve", "close", "decline", "withdraw", "return"])
def test_r10_a_hop_that_is_done_takes_its_subtree_out(verb: str) -> None:
    holder = {"resolve": "h0 verify", "close": "h0 working", "withdraw": "h0 working"}.get(
        verb, "h0 handback"
    )
    assert told(THREE, BELOW + f"09:00 {verb} h1")[1:] == [f"09:00 12:00 {holder}"]


@pytest.mark.parametrize(
    ("code", "booked"),
    [
        ("requester_postponed", "requester"),
        ("site_closed", "requester"),
        ("parts_customer", "requester"),
        ("maintenance_window", "requester"),
        ("parts_own", "h2"),
        ("observation", "h2"),
        ("other", "h2"),
        ("parts_upstream", "h2"),
        ("scheduled_visit", "h2"),
        ("carrier", "outside:carrier"),
        ("third_party", "outside:third_party"),
        ("power_or_facility", "outside:power_or_facility"),
        ("force_majeure", "outside:force_majeure"),
        ("safety_or_permit", "outside:safety_or_permit"),
        ("something_else", "h2"),
    ],
)
def test_r10_held_keeps_the_ball_and_is_booked_to_whom_it_waits_for(code: str, booked: str) -> None:
    holder = "h2" if booked == "h2" else f"h2>{booked}"
    assert told(THREE, BELOW + f"09:00 hold h2 {code}")[1:] == [f"09:00 12:00 {holder} held {code}"]


@pytest.mark.parametrize(
    ("supplier", "booked"), [("org-h1", "h1"), ("org-h0", "h0"), ("depot", "supplier:depot")]
)
def test_r10_parts_upstream_is_booked_to_the_supplier_the_agreement_names(supplier: str, booked: str) -> None:
    where = chain("h0 h1<h0 h2<h1", terms("UC", "h2", parts_supplier=supplier))
    assert told(where, BELOW + "09:00 hold h2 parts_upstream")[1:] == [
        f"09:00 12:00 h2>{booked} held parts_upstream"
    ]


def test_r10_a_visit_the_consumer_moved_is_booked_to_the_customer() -> None:
    text = (
        BELOW + "09:00 move h2 consumer 11:00 12:00 id=v\n09:00 hold h2 scheduled_visit until=11:00 cause=v"
    )
    assert told(THREE, text)[1:] == [
        "09:00 11:00 h2>requester held scheduled_visit",
        "11:00 12:00 h2 working",
    ]


def test_r10_a_parents_own_held_while_a_child_is_open_is_no_span() -> None:
    assert told(THREE, BELOW + "09:00 hold h1 third_party") == ["08:00 12:00 h2 working"]
    text = BELOW + "09:00 hold h1 third_party\n10:00 ask h2 requester_info"
    assert told(THREE, text)[1:] == ["10:00 12:00 h1 asked requester_info"]


def test_r10_a_parents_own_held_counts_once_its_child_is_done() -> None:
    text = BELOW + "09:00 hold h1 site_access\n10:00 resolve h2"
    assert told(THREE, text)[1:] == ["10:00 12:00 h1>requester held site_access"]


TRACKED = chain("h0 h1<h0 h2<h1", tracked="h2")


def test_r11_question_and_answer_are_held_by_the_link_until_they_arrive() -> None:
    text = (
        BELOW + "09:00 ask h2 requester_info id=q\n09:10 deliver q\n10:00 answer h2 q id=a\n10:20 deliver a"
    )
    assert told(TRACKED, text)[1:] == [
        "09:00 09:10 link:h2 transit requester_info",
        "09:10 10:00 h1 asked requester_info",
        "10:00 10:20 link:h2 transit",
        "10:20 12:00 h2 working",
    ]


@pytest.mark.parametrize(
    ("verb", "state"), [("decline", "handback"), ("return", "handback"), ("resolve", "verify")]
)
def test_r11_what_comes_back_is_in_transit_first(verb: str, state: str) -> None:
    text = BELOW + f"09:00 {verb} h2 id=x\n09:10 deliver x"
    assert told(TRACKED, text)[1:] == ["09:00 09:10 link:h2 transit", f"09:10 12:00 h1 {state}"]


def test_r11_a_rejection_is_held_by_the_link_until_the_desk_has_it() -> None:
    text = BELOW + "09:00 resolve h2 id=x\n09:10 deliver x\n10:00 reject h2 x id=r\n10:20 deliver r"
    assert told(TRACKED, text)[2:] == [
        "09:10 10:00 h1 verify",
        "10:00 10:20 link:h2 transit",
        "10:20 12:00 h2 working",
    ]


def test_r11_a_resolution_under_way_shares_with_an_open_branch() -> None:
    where = chain("h0 h1<h0 h2<h1 h3<h1", tracked="h2")
    text = BOTH + "09:00 resolve h2 id=x\n09:10 deliver x"
    assert told(where, text)[1:] == ["09:00 09:10 link:h2+h3 transit+working", "09:10 12:00 h3 working"]


def test_r11_a_question_under_way_with_a_child_at_work_is_shared() -> None:
    where = chain("h0 h1<h0 h2<h1", tracked="h1")
    text = BELOW + "09:00 ask h1 requester_info id=q\n09:10 deliver q"
    assert told(where, text)[1:] == [
        "09:00 09:10 link:h1+h2 transit+working requester_info",
        "09:10 12:00 h0+h2 asked+working requester_info",
    ]


def test_r11_news_of_what_is_over_moves_nothing() -> None:
    text = BELOW + "09:00 ask h2 requester_info id=q\n09:05 work h2\n09:10 deliver q"
    assert told(TRACKED, text)[1:] == ["09:00 09:05 link:h2 transit requester_info", "09:05 12:00 h2 working"]


def test_r12_before_opening_nobody_had_been_told() -> None:
    where = chain("h1", terms("SLA", "h1", starts_on="outage_at"))
    assert told(where, "08:00 open h1 outage=07:00", "09:00") == [
        "07:00 08:00 requester unreported",
        "08:00 09:00 h1 working",
    ]


def test_r12_the_ledger_begins_with_the_earliest_clock_not_with_an_outage_no_clock_takes() -> None:
    refused = chain("h1", terms("SLA", "h1", starts_on="outage_at"))
    assert told(refused, "08:00 open h1 outage=-2/07:00", "09:00") == ["08:00 09:00 h1 working"]
    accepted = "08:00 open h1 id=o outage=-2/07:00\n08:30 ok o"
    assert told(refused, accepted, "09:00")[0] == "-2/07:00 08:00 requester unreported"


def test_r12_between_close_and_reopening_nobody_holds() -> None:
    text = (
        "08:00 open h1\n09:00 resolve h1\n10:00 close h1\n11:00 reopen h1\n12:00 resolve h1\n12:30 close h1"
    )
    assert told(chain("h1"), text, "15:00") == [
        "08:00 09:00 h1 working",
        "09:00 10:00 requester verify",
        "10:00 11:00  closed",
        "11:00 12:00 h1 working",
        "12:00 12:30 requester verify",
    ]


def test_r12_a_ticket_taken_up_after_its_close_without_a_word_is_open_again() -> None:
    text = "08:00 open h1\n10:00 close h1\n11:00 work h1"
    assert told(chain("h1"), text)[1:] == ["10:00 11:00  closed", "11:00 12:00 h1 working"]


def test_r12_siblings_stand_in_the_order_of_their_offers_then_of_their_names() -> None:
    where = chain("h0 h9<h0 h8<h0 h7<h0")
    text = """08:00 open h0
              08:20 offer h9
              08:20 accept h9
              08:10 offer h8
              08:10 accept h8
              08:20 offer h7
              08:20 accept h7"""
    assert told(where, text, "09:00")[-1] == "08:20 09:00 h8+h7+h9 working+working+working"


def test_r12_each_span_names_the_event_that_made_it() -> None:
    folded = play(
        TWO,
        BEGUN + "09:00 say h1\n09:00 hold h1 site_access id=x\n09:30 say h1\n10:00 work h1 id=w",
        now="12:00",
    )
    assert [span.cause for span in folded.spans if span.start >= at("09:00")] == ["x", "w", "w"]


def test_r12_a_chain_told_children_first_is_the_same_chain() -> None:
    text = BELOW + "09:00 ask h2 requester_info"
    assert told(chain("h2<h1 h1<h0 h0"), text) == told(THREE, text)


def test_a_ticket_whose_opening_is_not_known_begins_with_the_first_event() -> None:
    text = "08:00 offer h1\n08:05 accept h1\n09:00 ask h1 requester_info"
    where = chain("h0 h1<h0", terms("SLA", "h1", 4 * H))
    assert told(where, text, "10:00") == [
        "08:00 08:05 link:h1 transit",
        "08:05 09:00 h1 working",
        "09:00 10:00 h0 asked requester_info",
    ]


def test_events_of_a_withdrawn_hop_and_of_unknown_ones_move_nothing() -> None:
    text = (
        BELOW + "09:00 withdraw h2\n09:30 resolve h2\n09:40 ask h2 requester_info\n09:50 hold nowhere other"
    )
    assert told(THREE, text)[1:] == ["09:00 12:00 h1 working"]


def test_r12_what_a_coarse_clock_dates_before_the_opening_hides_nothing_after_it() -> None:
    """The customer's desk tells of its own work at 07:59 and of the opening at 08:00."""
    where = chain("h0 h1<h0")
    assert rows(play(where, "07:59 work h0\n08:00 open h0\n08:30 offer h1", now="09:00")) == [
        "08:00 08:30 h0 working",
        "08:30 09:00 link:h1 transit",
    ]


def test_r11_a_reopening_is_on_the_link_until_the_desk_below_has_it() -> None:
    where = chain("h0 h1<h0", tracked="h1")
    text = "08:00 open h0\n08:00 offer h1 id=o\n08:00 receive h1\n08:00 accept h1\n09:00 close h1\n09:00 close h0\n"
    again = "10:00 work h0\n10:00 reopen h0\n10:00 reopen h1 id=r\n10:20 deliver r"
    assert rows(play(where, text + again, now="11:00"))[-2:] == [
        "10:00 10:20 link:h1 transit",
        "10:20 11:00 h1 working",
    ]
