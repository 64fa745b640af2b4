"""A ticket seen for the first time: whether it is one for us, and the case that opens with it."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.agreements import Agreement
from gateway.domain.binding import BOUND
from gateway.domain.case import Case, Occasion
from gateway.domain.directory import Directory
from gateway.domain.marks import route_mark
from gateway.domain.model import (
    CommandKind,
    Condition,
    ContentKind,
    HopStatus,
    LinkState,
    NativeAttachment,
    Passage,
    Site,
    Snapshot,
    Visibility,
)
from gateway.domain.opening import is_ours, open_case
from gateway.domain.sla.terms import AgreementKind, Terms
from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar
from tests.builders import (
    AGENT,
    NOW,
    RULE,
    SALT,
    US,
    comment,
    desk,
    directory,
    happened,
    ids,
    later,
    link,
    said,
    snapshot,
)

ALWAYS = Calendar(code="always", weekly=ROUND_THE_CLOCK)
RULES = Passage(when=Condition(field="queue", value="network"), delegate_as="North")
SITES = {("org_customer", "MI-1"): Site(id="s", org_id="org_customer", code="MI-1")}


def here(**more: Any) -> Directory:
    links = [link("customer", "north", passage=RULES, **more)]
    return directory([desk("customer"), desk("north")], links, sites=SITES)


def shown(**fields: str | None) -> Snapshot:
    return snapshot(
        fields={"status": "queued", "queue": "network", "title": "till dead", "description": "since 8", **fields},
        number="INC-1", url="https://desk/1", created_at=later(-9), position="p", revision="3",
    )  # fmt: skip


def opened(one: Snapshot | None = None, **more: Any) -> Case:
    known = here(**more)
    occasion = Occasion(directory=known, now=NOW, new_id=ids())
    return open_case(occasion, known.desks["dsk_customer"], one or shown())


def root(case: Case) -> Any:
    return next(hop for hop in case.hops.values() if hop.parent_id is None)


# -- one for us? ------------------------------------------------------------------------------------------------------------

OURS: dict[str, tuple[dict[str, str | None], dict[str, Any], bool]] = {
    "a rule lets it pass": ({}, {}, True),
    "no rule does": ({"queue": "printers"}, {}, False),
    "its desk names a partner": ({"queue": None, "delegate": "north"}, {}, True),
    "its desk names a stranger": ({"queue": None, "delegate": "south"}, {}, False),
    "it has ended": ({"status": "closed"}, {}, False),
    "it is resolved": ({"status": "solved"}, {}, False),
    "its status means nothing to us yet": ({"status": "Waiting CAB"}, {}, True),
    "the link is paused": ({}, {"state": LinkState.PAUSED}, False),
}


@pytest.mark.parametrize(("fields", "terms", "expected"), OURS.values(), ids=OURS.keys())
def test_it_is_ours_when(fields: dict[str, str | None], terms: dict[str, Any], expected: bool) -> None:
    known = here(**terms)

    assert is_ours(known, known.desks["dsk_customer"], shown(**fields)) is expected


def test_a_downstream_desk_has_nothing_of_ours_by_itself() -> None:
    known = here()

    assert not is_ours(known, known.desks["dsk_north"], shown())


# -- the case that opens ------------------------------------------------------------------------------------------------------


def test_it_opens_with_a_root_a_ticket_and_an_offer() -> None:
    case = opened()

    assert happened(case) == ["ticket.opened", "assignment.offered"]
    assert (case.is_new, case.ticket.org_id, len(case.hops)) == (True, "org_customer", 2)
    assert [one.kind for one in case.deliveries] == [CommandKind.CREATE]
    assert case.events[0].reported_at == later(-9)


def test_the_root_remembers_all_that_was_seen() -> None:
    hop = root(opened())

    assert (hop.remote_id, hop.number, hop.url) == ("1", "INC-1", "https://desk/1")
    assert (hop.status, hop.position, hop.revision) == (HopStatus.ACKNOWLEDGED, "p", "3")
    assert hop.shadow["queue"] == "network"
    assert hop.route == (route_mark(SALT, "dsk_customer"),)
    assert hop.looked_at == NOW


def test_the_root_is_looked_at_again_on_a_schedule() -> None:
    assert root(opened()).refetch_at == NOW + timedelta(minutes=15)


def test_title_and_description_are_kept_and_go_along() -> None:
    case = opened()

    kept = {one.kind: one.text for one in case.contents}
    assert kept == {ContentKind.TITLE: "till dead", ContentKind.DESCRIPTION: "since 8"}
    assert set(case.deliveries[0].payload["texts"]) == {"title", "description"}


def test_facts_are_the_tickets_in_canonical_words() -> None:
    case = opened(shown(priority="P1", site="MI-1", due="2026-03-05T18:00:00+01:00"))

    expected = {"priority": "critical", "site": "MI-1", "due": "2026-03-05T17:00:00+00:00"}
    assert dict(root(case).facts) == expected
    assert dict(case.ticket.facts) == expected
    assert case.deliveries[0].urgency == 0


UNKNOWN = {
    "a site": ("site", "XX-9"),
    "a priority": ("priority", "P9"),
    "a status": ("status", "Waiting CAB"),
}


@pytest.mark.parametrize(("field", "value"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_has_no_meaning_is_held_and_told_and_never_sent(field: str, value: str) -> None:
    case = opened(shown(**{field: value}))

    hop = root(case)
    assert hop.unmapped == {field}
    assert field not in hop.facts
    assert "mapping.unknown" in happened(case)
    assert [kind for kind, _, _ in case.discrepancies] == ["unmapped"]
    codes = [one for one in case.deliveries if one.kind is CommandKind.CREATE]
    assert all(value not in str(one.payload) for one in codes)
    notes = [one.text for one in case.contents if one.kind is ContentKind.NOTE]
    assert f"“{value}” of the field {field} is not known" in notes[0]


def test_a_status_without_meaning_is_taken_for_a_new_one() -> None:
    assert root(opened(shown(status="Waiting CAB"))).status is HopStatus.ACKNOWLEDGED


def with_talk() -> Snapshot:
    file = NativeAttachment(
        remote_id="f1", filename="a.png", visibility=Visibility.PUBLIC, author=AGENT, at=NOW
    )
    talk = [
        comment("1", "hello"),
        comment("2", "secret", visibility=Visibility.PRIVATE),
        comment("3", "thank you", author=RULE),
        comment("4", "our own of long ago", author=US),
    ]
    ours = NativeAttachment(remote_id="f2", filename="b.png", visibility=Visibility.PUBLIC, author=US, at=NOW)
    return snapshot(fields={"status": "queued", "queue": "network"}, comments=talk, attachments=[file, ours])


def test_what_was_said_already_comes_along_as_its_audience_allows() -> None:
    case = opened(with_talk())

    assert happened(case).count("comment.added") == 3
    assert happened(case).count("attachment.added") == 1
    kinds = [one.kind for one in case.deliveries]
    assert kinds == [CommandKind.CREATE, CommandKind.COMMENT, CommandKind.ATTACH]
    texts = {one.id: one.text for one in case.contents}
    assert texts[case.deliveries[1].content_id or ""] == "hello"


def test_each_says_who_and_when() -> None:
    case = opened(with_talk())

    event = next(event for event in case.events if event.type == "comment.added")
    assert event.reported_at == NOW
    assert case.people[event.actor][2] == "agent"


def test_when_its_rules_match_no_link_by_now_only_the_root_opens() -> None:
    case = opened(shown(queue="printers"))

    assert (len(case.hops), case.deliveries) == (1, [])
    assert said(case, "north") == []


def test_a_customer_without_a_desk_is_promised_something_at_its_vendors() -> None:
    """The desk of the one who promises is the top: its ticket names a site of the customer's."""
    terms = Terms(
        id="mall", hop="", provider="org_customer", consumer="org_mall", calendar=ALWAYS, targets={},
        kind=AgreementKind.SLA,
    )  # fmt: skip
    promise = Agreement(id="mall", code="mall", terms=terms, sheet="sht_mall", sites=frozenset({"MA-1"}))
    links = [link("customer", "north", passage=RULES)]
    sites = {("org_mall", "MA-1"): Site(id="m", org_id="org_mall", code="MA-1")}
    known = directory([desk("customer"), desk("north")], links, sites=SITES | sites, agreements=(promise,))
    occasion = Occasion(directory=known, now=NOW, new_id=ids())

    case = open_case(occasion, known.desks["dsk_customer"], shown(site="MA-1"))

    assert case.ticket.facts["site"] == "MA-1"
    [bound] = [event for event in case.events if event.type == BOUND]
    assert (bound.hop_id, bound.data["sheet"], bound.data["because"]) == (root(case).id, "sht_mall", ["site"])
