"""Both ends of a link set a field: what stands, what is written back, what stays visible, who is told, and when it ends."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.domain import conflicts, contest, facts
from gateway.domain.case import Because, Case
from gateway.domain.conflicts import Standing
from gateway.domain.model import Actor, ActorKind, Crossing, Loser, Ownership, Policy, Side, Source
from gateway.domain.model.change import replace
from gateway.domain.sighting import FieldChange
from tests.builders import AGENT, NOW, RULE, happened, later, put, said, tree, written

BOTH = Crossing(
    fields_down=frozenset({"title", "priority", "site"}), fields_up=frozenset({"priority", "site"})
)
WORD = {"critical": "P1", "high": "P2", "medium": "P3", "low": "P4"}
UNKNOWN = Actor()


def pair(owner: Side = Side.UPSTREAM, policy: Policy = Policy.OWNER_WINS, **more: Any) -> Case:
    """customer > vendor, both with medium priority."""
    told = {"ownership": {"priority": Ownership(owner=owner, policy=policy, **more)}, "crossing": BOTH}
    known = {"facts": {"priority": "medium"}, "shadow": {"priority": "P3", "title": "broken"}}
    return tree("customer>vendor", links={"customer>vendor": told}, hops={"customer": known, "vendor": known})


def sets(
    case: Case, code: str, value: str, *, at: datetime = NOW, by: Actor = AGENT, before: str | None = None
) -> None:
    """Somebody at the desk sets the priority, and the gateway hears of it at once (`case.now`)."""
    hop = case.hops[f"hop_{code}"]
    old = before or hop.shadow["priority"]
    put(case, code, shadow={**hop.shadow, "priority": WORD[value]})
    change = FieldChange(field="priority", old=old, new=WORD[value], at=at, actor=by, source=Source.HISTORY)
    because = Because(source=Source.HISTORY, actor_kind=by.kind, actor="per_x", reported_at=at)
    facts.changed(case, case.hops[f"hop_{code}"], change, because)
    contest.assure(case)


def arrives(case: Case) -> None:
    """What is on its way is written: the desks show it."""
    for one in case.deliveries:
        hop = case.hops[one.hop_id]
        case.hops[hop.id] = replace(hop, shadow={**hop.shadow, **one.payload.get("fields", {})})
    case.deliveries.clear()


def values(case: Case) -> dict[str, str | None]:
    return {code: case.hops[f"hop_{code}"].facts.get("priority") for code in ("customer", "vendor")}


def shown(case: Case) -> dict[str, str | None]:
    arrives(case)
    return {code: case.hops[f"hop_{code}"].shadow.get("priority") for code in ("customer", "vendor")}


def found(case: Case) -> list[Standing]:
    every = [one for one in case.events if one.type == conflicts.FOUND]
    return [conflicts.standing(one, case.events, now=case.now) for one in every]


def test_a_change_by_who_does_not_own_it_is_taken_back_and_stays_visible() -> None:
    case = pair()

    sets(case, "vendor", "critical")

    [conflict] = case.events
    assert (conflict.type, conflict.hop_id, found(case)) == (
        "conflict.found",
        "hop_vendor",
        [Standing.SETTLED],
    )
    assert conflict.data["winner"] == conflict.data["owner"] == "upstream"
    assert conflict.data["downstream"] == {"hop": "hop_vendor", "value": "critical", "at": NOW.isoformat()}
    assert conflict.data["upstream"] == {"hop": "hop_customer", "value": "medium", "at": None}
    [note] = said(case, "vendor")
    assert note == f"priority: Customer decides; “P1” was replaced by “P3” ({conflict.id})."
    assert (values(case), written(case, "vendor")) == (
        {"customer": "medium", "vendor": "medium"},
        [{"priority": "P3"}],
    )
    assert (said(case, "customer"), written(case, "customer")) == ([], [])


def test_no_clock_hears_of_a_value_that_did_not_stand() -> None:
    case = pair()
    sets(case, "vendor", "critical")
    assert "priority.changed" not in happened(case)


def test_the_owner_below_is_heard_above_and_the_one_above_is_taken_back() -> None:
    case = pair(Side.DOWNSTREAM)

    sets(case, "vendor", "critical")
    assert shown(case) == {"customer": "P1", "vendor": "P1"}

    sets(case, "customer", "low")
    assert happened(case, "customer") == ["conflict.found"]
    assert shown(case) == {"customer": "P1", "vendor": "P1"}


def test_only_told_where_the_link_says_so() -> None:
    case = pair(loser=Loser.TELL)

    sets(case, "vendor", "critical")

    assert written(case, "vendor") == []
    assert values(case) == {"customer": "medium", "vendor": "critical"}
    assert "stays here only" in said(case, "vendor")[0]
    assert happened(case) == ["conflict.found", "priority.changed"]


def test_what_is_shown_while_the_owners_newer_value_is_on_its_way_is_not_kept() -> None:
    case = pair(loser=Loser.TELL)
    sets(case, "customer", "low")

    sets(case, "vendor", "critical")

    assert values(case) == {"customer": "low", "vendor": "low"}
    assert shown(case) == {"customer": WORD["low"], "vendor": WORD["low"]}


def test_what_a_desk_made_of_an_older_value_of_ours_gives_way_to_the_newer_one() -> None:
    """The first look after a creation in doubt: the desk had raised what was created, the owner has lowered it since."""
    case = pair(loser=Loser.TELL)
    sets(case, "customer", "low")
    put(case, "vendor", shadow={"priority": "P1"})
    made = FieldChange(
        field="priority", old="P3", new="P1", at=NOW, actor=AGENT, source=Source.HISTORY, ours=True
    )

    facts.changed(case, case.hops["hop_vendor"], made, Because())

    assert values(case) == {"customer": "low", "vendor": "low"}
    assert shown(case) == {"customer": WORD["low"], "vendor": WORD["low"]}


def test_an_owner_who_has_said_nothing_is_not_contradicted() -> None:
    case = pair()
    put(case, "customer", facts={})
    sets(case, "vendor", "critical")
    assert happened(case) == ["priority.changed"]


def test_a_history_that_shows_what_we_wrote_since_is_not_written_again() -> None:
    """Two entries in one look: the vendor's, then our own. What the desk shows now is what stands."""
    case = pair()
    put(case, "vendor", shadow={"priority": "P3"})
    change = FieldChange(field="priority", old="P3", new="P1", at=NOW, actor=AGENT, source=Source.HISTORY)
    facts.changed(case, case.hops["hop_vendor"], change, Because(actor_kind=ActorKind.PERSON))
    contest.assure(case)
    assert (happened(case), written(case, "vendor")) == (["conflict.found"], [])


# -- the later wins -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["customer", "vendor"])
def test_both_in_the_same_second_the_owner_wins_whoever_is_heard_first(first: str) -> None:
    case = pair(policy=Policy.LATEST_WINS)
    wanted = {"customer": "critical", "vendor": "low"}
    for code in (first, *(wanted.keys() - {first})):
        sets(case, code, wanted[code], before="P3")
        case.now += timedelta(seconds=1)

    assert shown(case) == {"customer": "P1", "vendor": "P1"}
    assert values(case) == {"customer": "critical", "vendor": "critical"}
    assert found(case) == [Standing.SETTLED]
    [conflict] = [one for one in case.events if one.type == conflicts.FOUND]
    assert (conflict.data["winner"], conflict.data["downstream"]["value"]) == ("upstream", "low")
    assert len(said(case, "vendor")) + len(said(case, "customer")) == 0  # arrived: shown() emptied the lanes


@pytest.mark.parametrize("first", ["customer", "vendor"])
def test_the_later_one_wins_whoever_is_heard_first(first: str) -> None:
    case = pair(policy=Policy.LATEST_WINS)
    case.now = later(10)
    edits = {"customer": ("critical", later(1)), "vendor": ("low", later(3))}
    for code in (first, *(edits.keys() - {first})):
        value, at = edits[code]
        sets(case, code, value, at=at, before="P3")

    assert shown(case) == {"customer": "P4", "vendor": "P4"}
    assert found(case) == [Standing.SETTLED]


def test_one_after_the_other_is_no_conflict() -> None:
    case = pair(policy=Policy.LATEST_WINS)
    sets(case, "customer", "critical")
    arrives(case)
    case.now = later(5)
    sets(case, "vendor", "low", at=later(4))
    assert (found(case), shown(case)) == ([], {"customer": "P4", "vendor": "P4"})


# -- held for a person ----------------------------------------------------------------------------------------------


def test_held_values_stay_where_they_are_until_somebody_decides() -> None:
    case = pair(policy=Policy.HOLD)

    sets(case, "vendor", "critical")
    sets(case, "customer", "low")

    assert found(case) == [Standing.OPEN]
    assert shown(case) == {"customer": "P4", "vendor": "P1"}
    assert happened(case) == ["conflict.found", "priority.changed"]


def test_both_are_told_of_what_is_held() -> None:
    case = pair(policy=Policy.HOLD)
    sets(case, "vendor", "critical")
    assert [len(said(case, code)) for code in ("customer", "vendor")] == [1, 1]
    assert "“P1” here, “P3” at Customer" in said(case, "vendor")[0]


# -- rules that answer each other -----------------------------------------------------------------------------------


def test_a_rule_that_sets_its_value_again_and_again_is_left_to_a_person() -> None:
    case = pair()
    for minute in range(30):
        case.now = later(minute)
        if case.hops["hop_vendor"].shadow["priority"] != "P1":
            sets(case, "vendor", "critical", at=case.now, by=RULE)
        arrives(case)
    assert found(case) == [Standing.SETTLED, Standing.SETTLED, Standing.OPEN]
    assert shown(case) == {"customer": "P3", "vendor": "P1"}


def test_a_person_may_insist_and_is_taken_back_each_time() -> None:
    case = pair()
    for minute in range(10):
        case.now = later(minute)
        sets(case, "vendor", "critical", at=case.now)
        arrives(case)
    assert found(case) == [Standing.SETTLED] * 10
    assert shown(case)["vendor"] == "P3"


@pytest.mark.parametrize(("by", "most"), [(RULE, 6), (UNKNOWN, 12)], ids=["rules", "nobody knows who"])
def test_two_rules_that_answer_each_other_are_stopped_and_told_once(by: Actor, most: int) -> None:
    case, writes, notes = pair(policy=Policy.LATEST_WINS), 0, 0
    for minute in range(55):
        for code, wants, seconds in (("customer", "critical", 0), ("vendor", "low", 30)):
            case.now = later(minute) + timedelta(seconds=seconds)
            if case.hops[f"hop_{code}"].shadow["priority"] != WORD[wants]:
                sets(case, code, wants, at=case.now, by=by)
            writes += len(written(case, "customer")) + len(written(case, "vendor"))
            notes += len(said(case, "customer")) + len(said(case, "vendor"))
            arrives(case)
    assert found(case) == [Standing.OPEN]
    assert (writes <= most, notes) == (True, 2)


def test_a_person_ends_it_and_so_does_quiet() -> None:
    case = pair(policy=Policy.LATEST_WINS)
    for minute in range(20):
        for code, wants, seconds in (("customer", "critical", 0), ("vendor", "low", 30)):
            case.now = later(minute) + timedelta(seconds=seconds)
            if case.hops[f"hop_{code}"].shadow["priority"] != WORD[wants]:
                sets(case, code, wants, at=case.now, by=RULE)
            arrives(case)
    assert found(case) == [Standing.OPEN]
    case.now = later(20) + conflicts.QUIET
    assert found(case) == [Standing.QUIET]
    case.now = later(21)
    sets(case, "customer", "high", at=case.now)
    assert found(case)[0] is Standing.REPLACED
    assert shown(case) == {"customer": "P2", "vendor": "P2"}


# -- titles ---------------------------------------------------------------------------------------------------------


def retitled(case: Case, code: str, text: str, by: Actor = AGENT) -> None:
    change = FieldChange(field="title", old="", new=text, at=case.now, actor=by, source=Source.HISTORY)
    because = Because(source=Source.HISTORY, actor_kind=by.kind, reported_at=case.now)
    facts.changed(case, case.hops[f"hop_{code}"], change, because)


def test_a_title_written_below_is_replaced_by_the_one_above() -> None:
    case = pair()
    retitled(case, "customer", "no light")
    case.deliveries.clear()

    retitled(case, "vendor", "my own words")

    [one] = [one for one in case.deliveries if one.payload.get("texts")]
    texts = {content.id: content.text for content in case.contents}
    assert texts[one.payload["texts"]["title"]] == "no light"
    [note] = said(case, "vendor")
    assert "“my own words” was replaced by “no light”" in note
    assert "my own words" not in str([event.data for event in case.events])


def test_what_lost_above_is_not_what_is_written_below() -> None:
    """The vendor's words lost to the customer's: its subcontractor gets the customer's, too."""
    case = tree("customer>vendor", "vendor>north")
    retitled(case, "customer", "no light")
    retitled(case, "vendor", "my own words")
    case.deliveries.clear()

    retitled(case, "north", "other words")

    [one] = [one for one in case.deliveries if one.payload.get("texts")]
    texts = {content.id: content.text for content in case.contents}
    assert texts[one.payload["texts"]["title"]] == "no light"
