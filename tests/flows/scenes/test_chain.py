"""A ticket goes down a chain of four desks and comes back: handed over, worked on, asked about, resolved, closed."""

from datetime import timedelta

from gateway.domain.model import HopStatus
from gateway.flows import commands
from tests.flows.scenes.stage import Cast, Stage

S = HopStatus
CHAIN = ("customer>vendor", "vendor>partner", "partner>sub")
OF_MANY_TEMPERS = Cast(
    tempers={"customer": "customer", "vendor": "vendor", "partner": "partner", "sub": "subcontractor"}
)


def down_the_chain(cast: Cast | None = None) -> Stage:
    """The ticket is at all four desks, offered to the last."""
    stage = Stage(*CHAIN, cast=cast)
    stage.open()
    stage.delegate("vendor", "partner")
    stage.delegate("partner", "sub")
    stage.wait(timedelta(minutes=3))
    return stage


def test_a_ticket_appears_at_each_next_desk_as_it_is_delegated() -> None:
    stage = Stage(*CHAIN, cast=OF_MANY_TEMPERS)
    counts = []
    for code, to in (("customer", None), ("vendor", "partner"), ("partner", "sub"), ("sub", None)):
        if code == "customer":
            stage.open()
        elif to:
            stage.delegate(code, to)
        stage.wait(timedelta(minutes=2))
        counts.append([len(stage.docs(code)) for code in ("customer", "vendor", "partner", "sub")])

    assert counts == [[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1]]
    for code in ("vendor", "partner", "sub"):
        assert (stage.field(code, "title"), stage.field(code, "description")) == (
            "till is dead",
            "since eight",
        )
    assert [stage.is_(code) for code in ("vendor", "partner", "sub")] == [
        S.IN_PROGRESS,
        S.ACCEPTED,
        S.OFFERED,
    ]


def test_work_goes_up_status_by_status() -> None:
    stage = down_the_chain()

    stage.set("sub", "status", "open")

    assert [stage.status(code) for code in ("partner", "vendor", "customer")] == ["open", "open", "open"]
    assert stage.read("partner") == ["Sub accepted the assignment."]
    assert stage.read("vendor") == ["Partner accepted the assignment."]


def test_a_question_is_answered_and_work_goes_on() -> None:
    stage = down_the_chain()
    stage.set("sub", "status", "open")

    stage.set("sub", "status", "waiting")
    assert (
        stage.read("partner")[-1]
        == "Sub waits for an answer from you (requester_info). The ball is with you."
    )
    assert (stage.is_("sub"), stage.status("partner")) == (S.PENDING, "open")

    stage.say("partner", "the key is under the mat")
    assert (stage.is_("sub"), stage.status("sub")) == (S.IN_PROGRESS, "open")
    assert stage.heard("sub") == ["the key is under the mat"]


def test_a_question_passed_on_is_not_answered_by_passing_it_on() -> None:
    stage = down_the_chain()
    stage.set("sub", "status", "open")
    stage.set("sub", "status", "waiting")

    stage.set("partner", "status", "waiting")

    assert (stage.is_("sub"), stage.is_("partner")) == (S.PENDING, S.PENDING)
    assert "waits for an answer" in stage.read("vendor")[-1]


def test_resolution_is_verified_hop_by_hop_and_confirmed_down_to_the_last() -> None:
    stage = down_the_chain()
    for code in ("sub", "partner", "vendor"):
        stage.set(code, "status", "solved")
        above = {"sub": "partner", "partner": "vendor", "vendor": "customer"}[code]
        assert "Please verify" in stage.read(above)[-1]
        assert stage.status(above) == "open", "no desk is resolved by another's word"

    stage.set("customer", "status", "closed")

    assert [stage.status(code) for code in ("vendor", "partner", "sub")] == ["closed"] * 3
    assert [stage.is_(code) for code in ("vendor", "partner", "sub")] == [S.CLOSED] * 3
    assert stage.case.ticket.closed_at is not None


def test_resolving_oneself_confirms_what_was_done_below() -> None:
    stage = down_the_chain()
    stage.set("sub", "status", "solved")

    stage.set("partner", "status", "solved")

    assert (stage.is_("sub"), stage.status("sub")) == (S.CLOSED, "closed")


def test_a_downstream_that_closes_by_itself_states_a_resolution() -> None:
    stage = down_the_chain()

    stage.set("sub", "status", "closed")

    assert (stage.is_("sub"), stage.status("partner")) == (S.RESOLVED, "open")


def test_nobody_contests_a_resolution_and_time_confirms_it() -> None:
    stage = Stage("customer>vendor", cast=Cast(links={"customer>vendor": {"confirm_within": "4h"}}))
    stage.open()
    stage.set("vendor", "status", "solved")

    stage.wait(timedelta(hours=3, minutes=58))
    assert stage.is_("vendor") is S.RESOLVED

    stage.wait(timedelta(minutes=5))
    assert (stage.is_("vendor"), stage.status("vendor")) == (S.CLOSED, "closed")
    assert "not contested in time" in stage.read("vendor")[-1]


def test_a_reopened_ticket_is_open_again_all_the_way_down_to_who_resolved_it() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    stage.set("vendor", "status", "solved")
    stage.set("customer", "status", "closed")

    stage.say("customer", "it is back")
    stage.set("customer", "status", "open")

    assert (stage.is_("vendor"), stage.status("vendor")) == (S.IN_PROGRESS, "open")
    assert stage.read("vendor")[-1] == "Customer reopened the ticket. Reason: it is back"
    assert stage.case.ticket.closed_at is None


def test_a_resolution_rejected_by_command_is_worked_on_again() -> None:
    stage = Stage("customer>vendor")
    stage.open()
    stage.set("vendor", "status", "solved")

    stage.order(commands.reject, stage.hop("vendor").id, reason="still dead")

    assert (stage.is_("vendor"), stage.status("vendor")) == (S.IN_PROGRESS, "open")
    assert stage.read("vendor")[-1] == "Customer did not accept the resolution. Reason: still dead"


def test_priority_goes_down_in_each_desks_own_word_and_lossy_maps_do_not_travel_back() -> None:
    stage = down_the_chain(OF_MANY_TEMPERS)

    stage.set("customer", "priority", "1 - Critical")
    stage.wait(timedelta(minutes=3))

    words = [stage.field(code, "priority") for code in ("customer", "vendor", "partner", "sub")]
    assert words == ["1 - Critical", "P1", "Авария", "urgent"]  # the last desk lets no account set "critical"
    assert stage.case.ticket.facts["priority"] == "critical"


def test_an_edited_title_and_a_due_date_go_down() -> None:
    stage = down_the_chain()

    stage.set("customer", "title", "both tills are dead")
    stage.set("customer", "due", "2026-03-05T17:00:00+01:00")

    for code in ("vendor", "partner", "sub"):
        assert stage.field(code, "title") == "both tills are dead"
        assert stage.field(code, "due") == "2026-03-05T16:00:00+00:00"


def test_who_works_on_it_is_told_one_hop_up() -> None:
    stage = down_the_chain()

    stage.set("sub", "assignee", "Ivan")

    assert stage.read("partner")[-1] == "Sub: assigned to Ivan."
    assert not [text for code in ("vendor", "customer") for text in stage.read(code) if "Ivan" in text]


def test_each_desk_holds_exactly_one_ticket_per_hop_after_all_this() -> None:
    stage = down_the_chain(OF_MANY_TEMPERS)
    stage.set("sub", "status", "chatting")
    stage.set("sub", "status", "done")
    stage.wait(timedelta(hours=1))

    assert [len(stage.docs(code)) for code in ("customer", "vendor", "partner", "sub")] == [1, 1, 1, 1]
    assert stage.discrepancies() == []
