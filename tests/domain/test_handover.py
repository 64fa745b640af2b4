"""Handing over: offered, accepted, refused, lapsed, withdrawn, and who is asked next. What the other desk gets to see."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain import handover
from gateway.domain.case import Because, Case
from gateway.domain.marks import route_mark
from gateway.domain.model import (
    Capabilities,
    Choice,
    CommandKind,
    Content,
    ContentKind,
    CoverageRow,
    Crossing,
    Delivery,
    DeliveryState,
    Event,
    Hop,
    HopStatus,
    Link,
    Passage,
    Priority,
    Profile,
    Source,
    Visibility,
)
from gateway.domain.model.change import replace
from tests.builders import (
    CAPABLE,
    NOW,
    PERSON,
    ROBOT,
    SALT,
    WORDS,
    content,
    delivery,
    happened,
    later,
    put,
    queued,
    said,
    status,
    tree,
    written,
)

BY_COMMAND = Because(source=Source.PERSON, actor_kind=PERSON.actor_kind, actor="anna")
CHAIN = ("customer>vendor", "vendor>partner", "vendor>other", "partner>sub")
TITLE, DESCRIPTION = ContentKind.TITLE, ContentKind.DESCRIPTION


def start(*codes: str, **more: Any) -> Case:
    """The chain with only these hops in it."""
    case = tree(*CHAIN, **more)
    for hop_id in [hop_id for hop_id in case.hops if hop_id.removeprefix("hop_") not in codes]:
        del case.hops[hop_id]
    return case


def link(case: Case, up: str, down: str) -> Link:
    return case.directory.links[f"lnk_{up}_{down}"]


def offer(case: Case, up: str, down: str, because: Because = PERSON) -> Hop | None:
    return handover.offer(case, case.hops[f"hop_{up}"], link(case, up, down), because)


def create_of(case: Case, hop: Hop | None) -> Delivery:
    assert hop is not None
    return next(one for one in case.deliveries if one.hop_id == hop.id and one.kind is CommandKind.CREATE)


# -- an offer -------------------------------------------------------------------------------------------------------------


def test_an_offer_is_a_new_hop_and_a_ticket_to_create() -> None:
    case = start("customer")

    new = offer(case, "customer", "vendor")

    assert new is not None
    assert (new.status, new.parent_id, new.link_id) == (
        HopStatus.OFFERED,
        "hop_customer",
        "lnk_customer_vendor",
    )
    assert (new.org_id, new.desk_id, new.remote_id) == ("org_vendor", "dsk_vendor", None)
    assert happened(case) == ["assignment.offered"]
    assert [one.kind for one in case.deliveries] == [CommandKind.CREATE]


# the priority → how long the answer may take
ANSWERS = {
    "by its priority": ({"priority": "critical"}, timedelta(minutes=15)),
    "another priority": ({"priority": "low"}, timedelta(hours=2)),
    "no priority": ({}, timedelta(hours=2)),
}


@pytest.mark.parametrize(("facts", "within"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_offer_has_an_answer_by_moment(facts: dict[str, str], within: timedelta) -> None:
    terms = {
        "answer_within": {Priority.CRITICAL: timedelta(minutes=15)},
        "answer_within_default": timedelta(hours=2),
    }
    case = start("customer", links={"customer>vendor": terms}, hops={"customer": {"facts": facts}})

    new = offer(case, "customer", "vendor")

    assert new is not None
    assert new.answer_by == NOW + within
    assert case.events[0].data["answer_by"] == (NOW + within).isoformat()
    assert create_of(case, new).due_at == NOW + within


def test_only_the_fields_that_may_cross_come_along() -> None:
    facts = {"priority": "high", "site": "MI-1", "due": "2026-03-05T17:00:00+00:00"}
    crossing = Crossing(fields_down=frozenset({"title", "priority", "due"}))
    case = start(
        "customer", links={"customer>vendor": {"crossing": crossing}}, hops={"customer": {"facts": facts}}
    )

    new = offer(case, "customer", "vendor")

    assert new is not None
    assert new.facts == {"priority": "high", "due": "2026-03-05T17:00:00+00:00"}
    fields = create_of(case, new).payload["fields"]
    assert {name: fields[name] for name in ("priority", "due")} == {
        "priority": "P2",
        "due": "2026-03-05T17:00:00+00:00",
    }
    assert "site" not in fields


def test_the_links_own_values_go_over_the_desks_defaults() -> None:
    case = start(
        "customer",
        desks={"vendor": {"profile": replace(WORDS, defaults={"queue": "in", "tags": "x"})}},
        links={"customer>vendor": {"create": {"queue": "acme"}}},
    )

    fields = create_of(case, offer(case, "customer", "vendor")).payload["fields"]

    assert {name: fields[name] for name in ("queue", "tags")} == {"queue": "acme", "tags": "x"}


def test_what_the_desk_has_no_field_for_is_told_in_words() -> None:
    dated = replace(CAPABLE, due="date", writable=frozenset({"title", "status", "due"}))
    facts = {"site": "MI-1", "due": "2026-03-05T17:00:00+00:00"}
    case = start("customer", desks={"vendor": {"capabilities": dated}}, hops={"customer": {"facts": facts}})

    new = offer(case, "customer", "vendor")

    assert new is not None
    assert create_of(case, new).payload["fields"]["due"] == "2026-03-05"
    notes = [one for one in case.contents if one.kind is ContentKind.NOTE]
    assert [note.text for note in notes] == ["site: MI-1", "due: 2026-03-05T17:00:00+00:00"]


# -- the texts a new ticket gets: only from above, only as far as each link lets them -----------------------------------


def text(origin: str, kind: ContentKind, key: str) -> Content:
    return content(origin, key, id=key, kind=kind)


TITLES_DOWN = Crossing(fields_down=frozenset({"title"}))
NOTHING_DOWN = Crossing(fields_down=frozenset())
TEXTS: dict[str, tuple[list[Content], dict[str, Crossing], dict[str, str]]] = {
    "the customer's, two desks up": (
        [text("customer", TITLE, "t"), text("customer", DESCRIPTION, "d")],
        {},
        {"title": "t", "description": "d"},
    ),
    "what the vendor wrote anew": (
        [text("customer", TITLE, "t"), text("customer", DESCRIPTION, "d"), text("vendor", TITLE, "t2")],
        {},
        {"title": "t2", "description": "d"},
    ),
    "what the customer wrote after that": (
        [text("vendor", TITLE, "t1"), text("customer", TITLE, "t2")],
        {},
        {"title": "t2"},
    ),
    "never what a sibling made of it": (
        [text("customer", TITLE, "t"), text("other", TITLE, "leak"), text("other", DESCRIPTION, "leak")],
        {},
        {"title": "t"},
    ),
    "no description over the last link": (
        [text("customer", TITLE, "t"), text("customer", DESCRIPTION, "d")],
        {"vendor>partner": TITLES_DOWN},
        {"title": "t"},
    ),
    "no description that stopped a link above": (
        [text("customer", TITLE, "t"), text("customer", DESCRIPTION, "d")],
        {"customer>vendor": TITLES_DOWN},
        {"title": "t"},
    ),
    "but the vendor's own words": (
        [text("customer", DESCRIPTION, "d"), text("vendor", DESCRIPTION, "d2")],
        {"customer>vendor": TITLES_DOWN},
        {"description": "d2"},
    ),
    "nothing at all": ([text("customer", TITLE, "t")], {"vendor>partner": NOTHING_DOWN}, {}),
}


@pytest.mark.parametrize(("known", "rules", "expected"), TEXTS.values(), ids=TEXTS.keys())
def test_a_new_ticket_gets(
    known: list[Content], rules: dict[str, Crossing], expected: dict[str, str]
) -> None:
    case = start(
        "customer", "vendor", "other", links={edge: {"crossing": rule} for edge, rule in rules.items()}
    )
    case.library = lambda: known

    assert create_of(case, offer(case, "vendor", "partner")).payload["texts"] == expected


def test_a_ticket_without_a_title_is_called_by_who_sends_it() -> None:
    case = start("customer", "vendor", links={"vendor>partner": {"crossing": NOTHING_DOWN}})
    case.library = lambda: [text("customer", TITLE, "t")]

    fields = create_of(case, offer(case, "vendor", "partner")).payload["fields"]

    assert fields["title"] == "Assignment from Vendor"


def test_what_was_said_before_comes_along_as_its_audience_allows() -> None:
    case = start("customer", "vendor", "other")
    case.library = lambda: [
        content("customer", id="cnt_1"),
        content("vendor", id="cnt_2", visibility=Visibility.PRIVATE),
        content("other", id="cnt_3"),
    ]

    new = offer(case, "vendor", "partner")

    assert new is not None
    lane = [one for one in case.deliveries if one.hop_id == new.id]
    assert [(one.kind, one.content_id) for one in lane] == [
        (CommandKind.CREATE, None),
        (CommandKind.COMMENT, "cnt_1"),
    ]
    assert [one.seq for one in lane] == [1, 2]


# -- offers that are refused ----------------------------------------------------------------------------------------------


def test_a_hop_open_on_the_same_link_is_not_offered_to_twice() -> None:
    case = start("customer", "vendor")

    assert offer(case, "customer", "vendor") is None
    assert (case.events, case.deliveries) == ([], [])


@pytest.mark.parametrize(
    "ended", [HopStatus.DECLINED, HopStatus.EXPIRED, HopStatus.WITHDRAWN, HopStatus.CLOSED]
)
def test_a_hop_that_has_ended_may_be_offered_to_again(ended: HopStatus) -> None:
    case = start("customer", "vendor")
    put(case, "vendor", status=ended)

    assert offer(case, "customer", "vendor") is not None


def came_over(*codes: str) -> tuple[str, ...]:
    return tuple(route_mark(SALT, f"dsk_{code}") for code in codes)


REFUSALS: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "a loop": ({}, came_over("partner", "customer", "vendor"), "already came through that desk"),
    "too many desks": ({"hop_limit": 2}, came_over("customer", "vendor"), "already went over 2 desks"),
    "a link that is not valid yet": ({"valid_from": later(1)}, (), "not valid today"),
    "a link that is valid no more": ({"valid_until": NOW}, (), "not valid today"),
}


@pytest.mark.parametrize(("terms", "route", "why"), REFUSALS.values(), ids=REFUSALS.keys())
def test_is_not_offered_and_told(terms: dict[str, Any], route: tuple[str, ...], why: str) -> None:
    case = start("customer", "vendor", links={"vendor>partner": terms})
    put(case, "vendor", route=route)

    assert offer(case, "vendor", "partner") is None
    assert happened(case) == ["assignment.refused"]
    assert why in said(case, "vendor")[0]


def test_one_desk_below_the_limit_it_is_offered() -> None:
    case = start("customer", "vendor", links={"vendor>partner": {"hop_limit": 3}})
    put(case, "vendor", route=came_over("customer", "vendor"))

    new = offer(case, "vendor", "partner")

    assert new is not None
    assert new.route == came_over("customer", "vendor", "partner")


# -- accepted -------------------------------------------------------------------------------------------------------------


def test_accepting_stops_the_answer_clock_and_tells_upstream() -> None:
    case = start("customer", "vendor")
    put(case, "customer", status=HopStatus.ACKNOWLEDGED)
    put(case, "vendor", status=HopStatus.OFFERED, answer_by=later(60), ranks=("x",))

    handover.accept(case, case.hops["hop_vendor"], PERSON)

    hop = case.hops["hop_vendor"]
    assert (hop.status, hop.answer_by, hop.ranks) == (HopStatus.ACCEPTED, None, ())
    assert said(case, "customer") == ["Vendor accepted the assignment."]
    assert written(case, "customer") == [{"status": "open"}]
    assert queued(case, "vendor") == []


def test_whoever_hands_on_has_accepted() -> None:
    case = start("customer", "vendor")
    put(case, "vendor", status=HopStatus.OFFERED)

    offer(case, "vendor", "partner")

    assert status(case, "vendor") is HopStatus.ACCEPTED
    assert happened(case, "vendor") == ["assignment.accepted"]


def test_the_customers_own_ticket_was_offered_by_nobody() -> None:
    case = start("customer")
    put(case, "customer", status=HopStatus.OFFERED)

    offer(case, "customer", "vendor")

    assert happened(case, "customer") == []


def test_an_offer_accepted_elsewhere_is_shown_at_its_own_desk() -> None:
    case = start("customer", "vendor")
    put(case, "vendor", status=HopStatus.OFFERED)

    handover.accept(case, case.hops["hop_vendor"], BY_COMMAND)

    assert written(case, "vendor") == [{"status": "queued"}]


# -- declined, returned, expired ------------------------------------------------------------------------------------------


def refuse(case: Case, code: str, verdict: HopStatus, because: Because = PERSON, reason: str = "") -> None:
    why = content(code, reason, kind=ContentKind.REASON) if reason else None
    handover.refuse(case, case.hops[f"hop_{code}"], verdict, why, because)


VERDICTS = {
    HopStatus.DECLINED: ("assignment.declined", "Vendor declined the assignment. Reason: no people"),
    HopStatus.RETURNED: ("assignment.returned", "Vendor returned the assignment. Reason: no people"),
    HopStatus.EXPIRED: ("assignment.expired", "Vendor did not answer the offer in time."),
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_refusal_goes_back_upstream_with_its_reason(verdict: HopStatus) -> None:
    case = start("customer", "vendor")
    put(case, "vendor", status=HopStatus.OFFERED, answer_by=later(5))

    refuse(case, "vendor", verdict, reason="no people")

    event, words = VERDICTS[verdict]
    assert (status(case, "vendor"), case.hops["hop_vendor"].answer_by) == (verdict, None)
    assert happened(case, "vendor")[0] == event
    assert case.events[0].data["reason"] == "cnt_x"
    assert said(case, "customer") == [words]


def test_a_refusal_without_a_reason_says_so() -> None:
    case = start("customer", "vendor")

    refuse(case, "vendor", HopStatus.RETURNED)

    assert said(case, "customer") == ["Vendor returned the assignment. Reason: –"]


def test_when_nobody_is_left_the_parent_stands_in_its_queue_again() -> None:
    case = start("customer", "vendor")

    refuse(case, "vendor", HopStatus.RETURNED)

    assert status(case, "customer") is HopStatus.ACKNOWLEDGED
    assert written(case, "customer") == [{"status": "queued"}]
    assert happened(case, "customer") == ["assignment.exhausted", "status.changed"]


def test_while_another_branch_works_the_parent_stays_as_it_is() -> None:
    case = start("customer", "vendor", "partner", "other")

    refuse(case, "partner", HopStatus.RETURNED)

    assert (status(case, "vendor"), written(case, "vendor")) == (HopStatus.IN_PROGRESS, [])


def test_when_all_others_are_resolved_the_parent_is_to_verify() -> None:
    profile = replace(WORDS, to_verify="verify")
    case = start("customer", "vendor", "partner", "other", desks={"vendor": {"profile": profile}})
    put(case, "other", status=HopStatus.RESOLVED)

    refuse(case, "partner", HopStatus.DECLINED)

    assert written(case, "vendor") == [{"status": "verify"}]


PARENT_MEANS: dict[str, tuple[dict[HopStatus, str], list[dict[str, str]]]] = {
    "by default, back to the queue": ({}, [{"status": "queued"}]),
    "on hold, if the link says so": ({HopStatus.RETURNED: "held"}, [{"status": "parts"}]),
    "nothing but the note, if the link says so": ({HopStatus.RETURNED: "note"}, []),
}


@pytest.mark.parametrize(("means", "expected"), PARENT_MEANS.values(), ids=PARENT_MEANS.keys())
def test_what_a_return_means_upstream(means: dict[HopStatus, str], expected: list[dict[str, str]]) -> None:
    case = start("customer", "vendor", links={"customer>vendor": {"parent_means": means}})

    refuse(case, "vendor", HopStatus.RETURNED)

    assert written(case, "customer") == expected


def test_a_refusal_takes_the_hops_below_with_it_and_keeps_its_reason_to_itself() -> None:
    case = start("customer", "vendor", "partner")

    refuse(case, "vendor", HopStatus.RETURNED, reason="they do not pay")

    assert status(case, "partner") is HopStatus.WITHDRAWN
    assert "they do not pay" not in " ".join(said(case, "partner"))


def test_a_refusal_at_the_desk_writes_nothing_there() -> None:
    case = start("customer", "vendor")
    put(case, "vendor", status=HopStatus.OFFERED)

    refuse(case, "vendor", HopStatus.DECLINED)

    assert queued(case, "vendor") == []


def test_a_refusal_said_elsewhere_is_shown_at_its_own_desk() -> None:
    case = start("customer", "vendor")

    refuse(case, "vendor", HopStatus.RETURNED, BY_COMMAND)

    assert written(case, "vendor") == [{"status": "refused"}]


def test_an_offer_that_lapsed_is_taken_back_at_the_other_desk() -> None:
    case = start("customer", "vendor")
    put(case, "vendor", status=HopStatus.OFFERED)

    refuse(case, "vendor", HopStatus.EXPIRED, Because())

    assert "has gone to somebody else" in said(case, "vendor")[0]
    assert written(case, "vendor") == [{"status": "cancelled"}]


def test_what_still_waits_for_a_hop_that_refused_is_cancelled() -> None:
    case = start("customer", "vendor")
    waiting = delivery("vendor", kind=CommandKind.COMMENT)
    case.lane = lambda hop_id: [waiting] if hop_id == "hop_vendor" else []

    refuse(case, "vendor", HopStatus.RETURNED)

    assert case.changed_deliveries["dlv_x"].state is DeliveryState.CANCELLED


def test_the_root_can_be_refused_to_nobody() -> None:
    case = start("customer")

    refuse(case, "customer", HopStatus.RETURNED)

    assert case.deliveries == []


@pytest.mark.parametrize(
    ("before", "after"),
    [(HopStatus.OFFERED, HopStatus.EXPIRED), (HopStatus.ACCEPTED, HopStatus.ACCEPTED)],
    ids=["still unanswered", "answered meanwhile"],
)
def test_the_answer_by_moment_passes(before: HopStatus, after: HopStatus) -> None:
    case = start("customer", "vendor")
    put(case, "vendor", status=before, answer_by=NOW)

    handover.lapse(case, case.hops["hop_vendor"])

    assert (status(case, "vendor"), case.hops["hop_vendor"].answer_by) == (after, None)


# -- the coverage table -----------------------------------------------------------------------------------------------------

BY_TABLE = {"passage": Passage(choose=Choice.COVERAGE)}


def row(down: str, rank: int, **more: Any) -> CoverageRow:
    return CoverageRow(org_id="org_vendor", link_id=f"lnk_vendor_{down}", rank=rank, **more)


def covered(*rows: CoverageRow, **more: Any) -> Case:
    links = {"vendor>partner": BY_TABLE, "vendor>other": BY_TABLE}
    return start("customer", "vendor", links=links, coverage={"org_vendor": rows}, **more)


def dispatch(case: Case, *downs: str, because: Because = PERSON) -> None:
    matched = [link(case, "vendor", down) for down in downs]
    handover.dispatch(case, case.hops["hop_vendor"], matched, because)


def offers(case: Case) -> list[tuple[str, str]]:
    """(desk, status) of the hops below the vendor, oldest first."""
    below = [hop for hop in case.hops.values() if hop.parent_id == "hop_vendor"]
    return [(hop.desk_id.removeprefix("dsk_"), hop.status.value) for hop in below]


def test_always_links_are_offered_side_by_side() -> None:
    case = start("customer", "vendor")

    dispatch(case, "partner", "other")

    assert offers(case) == [("partner", "offered"), ("other", "offered")]


def test_of_the_covering_links_the_first_rank_is_asked() -> None:
    case = covered(row("partner", 2), row("other", 1))

    dispatch(case, "partner", "other")

    assert offers(case) == [("other", "offered")]


def test_when_it_declines_the_next_rank_is_asked_then_nobody() -> None:
    case = covered(row("partner", 2), row("other", 1))
    dispatch(case, "partner", "other")

    for _ in range(2):
        open_one = next(hop for hop in case.hops.values() if hop.status is HopStatus.OFFERED)
        handover.refuse(case, open_one, HopStatus.DECLINED, None, PERSON)

    assert offers(case) == [("other", "declined"), ("partner", "declined")]
    assert status(case, "vendor") is HopStatus.ACKNOWLEDGED


def test_the_next_rank_is_who_covers_at_that_moment() -> None:
    """Offered in the day, lapsed at night: whoever opens at night is asked although it was closed then."""
    day, night = {"opens_minute": 0, "closes_minute": 9 * 60}, {"opens_minute": 9 * 60, "closes_minute": 1440}
    case = covered(row("other", 1, **day), row("partner", 2, **night))
    dispatch(case, "partner", "other")

    case.now = later(120)
    handover.lapse(case, next(hop for hop in case.hops.values() if hop.status is HopStatus.OFFERED))

    assert offers(case) == [("other", "expired"), ("partner", "offered")]


def test_who_returns_later_does_not_send_it_to_the_next_rank() -> None:
    case = covered(row("partner", 2), row("other", 1))
    dispatch(case, "partner", "other")
    first = next(hop for hop in case.hops.values() if hop.status is HopStatus.OFFERED)
    handover.accept(case, first, PERSON)

    handover.refuse(case, case.hops[first.id], HopStatus.RETURNED, None, PERSON)

    assert offers(case) == [("other", "returned")]


def test_a_link_that_was_paused_meanwhile_is_passed_over() -> None:
    case = covered(row("partner", 2), row("other", 1))
    dispatch(case, "partner", "other")
    paused = {"lnk_vendor_partner": replace(link(case, "vendor", "partner"), state="paused")}
    case.directory = replace(case.directory, links={**case.directory.links, **paused})
    case.directory.__post_init__()

    handover.refuse(
        case,
        next(hop for hop in case.hops.values() if hop.status is HopStatus.OFFERED),
        HopStatus.DECLINED,
        None,
        PERSON,
    )

    assert offers(case) == [("other", "declined")]


def test_nobody_covers_and_the_dispatcher_hears_of_it() -> None:
    case = covered()

    dispatch(case, "partner", "other")

    assert offers(case) == []
    assert happened(case) == ["assignment.exhausted"]
    assert "Back to the dispatcher" in said(case, "vendor")[0]


def test_while_one_that_covers_has_it_no_other_is_asked() -> None:
    case = covered(row("partner", 2), row("other", 1))
    dispatch(case, "partner", "other")

    dispatch(case, "partner", "other")

    assert len(offers(case)) == 1


# -- a rule fires, and does not fire again without a person ---------------------------------------------------------------


@pytest.mark.parametrize("choice", Choice)
@pytest.mark.parametrize("ended", [HopStatus.DECLINED, HopStatus.RETURNED, HopStatus.EXPIRED])
def test_after_a_refusal_only_a_person_offers_again(choice: Choice, ended: HopStatus) -> None:
    def again(because: Because) -> int:
        case = start(
            "customer",
            "vendor",
            "partner",
            links={"vendor>partner": {"passage": Passage(choose=choice)}},
            coverage={"org_vendor": (row("partner", 1),)},
        )
        put(case, "partner", status=ended)
        dispatch(case, "partner", because=because)
        return len(offers(case)) - 1

    assert (again(ROBOT), again(Because()), again(PERSON)) == (0, 0, 1)


# -- withdrawn ------------------------------------------------------------------------------------------------------------


def withdraw(case: Case, code: str, reason: str = "done by phone") -> Event:
    return handover.withdraw(case, case.hops[f"hop_{code}"], reason, PERSON)


def test_a_withdrawal_is_told_and_its_status_written() -> None:
    case = start("customer", "vendor")
    put(case, "vendor", confirm_by=later(9), asked=True)

    withdraw(case, "vendor")

    hop = case.hops["hop_vendor"]
    assert (hop.status, hop.confirm_by, hop.asked) == (HopStatus.WITHDRAWN, None, False)
    assert said(case, "vendor") == [
        "Customer withdrew this assignment. Reason: done by phone. Please acknowledge by closing the ticket."
    ]
    assert written(case, "vendor") == [{"status": "cancelled"}]


def test_a_withdrawal_takes_what_hangs_below_but_not_its_reason() -> None:
    case = start("customer", "vendor", "partner", "sub")

    withdraw(case, "vendor", "they are too dear")

    assert [status(case, code) for code in ("vendor", "partner", "sub")] == [HopStatus.WITHDRAWN] * 3
    assert "too dear" in said(case, "vendor")[0]
    assert "too dear" not in " ".join(said(case, "partner") + said(case, "sub"))


def test_what_ended_before_stays_as_it_ended() -> None:
    case = start("customer", "vendor", "partner")
    put(case, "partner", status=HopStatus.DECLINED)

    withdraw(case, "vendor")

    assert status(case, "partner") is HopStatus.DECLINED


# the create in the lane → whether the desk is told
CREATES = {
    "never sent": ({"state": DeliveryState.PENDING}, False),
    "refused to connect a few times": ({"state": DeliveryState.PENDING, "attempts": 4}, False),
    "refused by the desk, parked": ({"state": DeliveryState.PARKED, "attempts": 1}, False),
    "sent once, asked about and not there": (
        {"state": DeliveryState.PENDING, "attempts": 1, "probes": 1},
        False,
    ),
    "under way": ({"state": DeliveryState.INFLIGHT}, True),
    "in doubt": ({"state": DeliveryState.AMBIGUOUS, "attempts": 1, "probes": 1}, True),
    "a person is asked": ({"state": DeliveryState.ASKING, "attempts": 1, "probes": 1}, True),
}


@pytest.mark.parametrize(("how", "told"), CREATES.values(), ids=CREATES.keys())
def test_a_ticket_whose_create_was(how: dict[str, Any], told: bool) -> None:
    case = start("customer", "vendor")
    put(case, "vendor", remote_id=None, status=HopStatus.OFFERED)
    create = delivery("vendor", kind=CommandKind.CREATE, **how)
    case.lane = lambda _hop_id: [create]

    withdraw(case, "vendor")

    assert bool(queued(case, "vendor")) is told
    cancelled = case.changed_deliveries.get("dlv_x")
    waiting = create.state in (DeliveryState.PENDING, DeliveryState.PARKED)
    assert (cancelled is not None and cancelled.state is DeliveryState.CANCELLED) is waiting


TAKES_AWAY = {
    "removes words": {"kind": CommandKind.REMOVE},
    "asks people to remove words": {"kind": CommandKind.COMMENT, "note": True, "payload": {"retracts": True}},
}


@pytest.mark.parametrize("what", TAKES_AWAY.values(), ids=TAKES_AWAY.keys())
@pytest.mark.parametrize("created", [True, False])
def test_what_takes_words_away_is_due_where_the_assignment_was_taken_back(
    what: dict[str, Any], created: bool
) -> None:
    """They may not be read there any more, whoever works on it."""
    case = start("customer", "vendor")
    put(case, "vendor", remote_id="1" if created else None)
    create = [] if created else [delivery("vendor", id="dlv_c", kind=CommandKind.CREATE)]
    case.lane = lambda _hop_id: [*create, delivery("vendor", **what), delivery("vendor", id="dlv_y")]

    withdraw(case, "vendor")

    cancelled = {one.id for one in case.changed_deliveries.values()}
    assert cancelled == ({"dlv_y"} if created else {"dlv_c", "dlv_x", "dlv_y"})


def test_what_was_queued_in_the_same_moment_is_cancelled_too() -> None:
    case = start("customer")
    new = offer(case, "customer", "vendor")
    assert new is not None

    handover.withdraw(case, new, "mistake", PERSON)

    assert {one.state for one in case.deliveries if one.hop_id == new.id} == {DeliveryState.CANCELLED}


def test_acknowledging_is_an_event() -> None:
    case = start("customer", "vendor")

    handover.acknowledge_withdrawal(case, case.hops["hop_vendor"], PERSON)

    assert happened(case) == ["withdrawal.acknowledged"]


def test_a_desk_that_can_do_nothing_is_still_given_a_ticket() -> None:
    poor = {"capabilities": Capabilities(), "profile": Profile()}
    case = start("customer", desks={"vendor": poor}, hops={"customer": {"facts": {"priority": "high"}}})

    new = offer(case, "customer", "vendor")
    assert new is not None
    handover.withdraw(case, case.hops[new.id], "", PERSON)

    assert create_of(case, new).payload["fields"] == {"title": "Assignment from Customer"}
