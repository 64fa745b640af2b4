"""Drift: what the desk shows, what we thought, what the chain says; the cause of each difference, and its repair."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain import drift, healing
from gateway.domain.case import Case
from gateway.domain.drift import Cause, Evidence, Repair
from gateway.domain.model import (
    Content,
    ContentKind,
    Delivery,
    DeliveryState,
    HistoryEntry,
    Hop,
    HopStatus,
    Snapshot,
    Visibility,
)
from gateway.domain.relinking import UNLINKED
from gateway.domain.sighting import Known
from tests.builders import (
    AGENT,
    CAPABLE,
    NOW,
    US,
    comment,
    content,
    copy,
    delivery,
    happened,
    later,
    put,
    queued,
    snapshot,
    status,
    tree,
    written,
)

S = HopStatus
MISSED = (Cause.MISSED, Repair.ADOPT)
UNTOLD = (Cause.UNTOLD, Repair.ADOPT)
LOST = (Cause.LOST, Repair.REWRITE)
LET_BE = (Cause.NOT_OURS, Repair.LEAVE)
AGREED: dict[str, Any] = {"shadow": {"status": "open", "priority": "P2"}, "facts": {"priority": "high"}}
OLD = later(-60)


def chain(hop: dict[str, Any] | None = None, **desk: Any) -> Case:
    case = tree("customer>north", desks={"north": desk})
    put(case, "north", **(AGREED | {"revision": "5", "looked_at": OLD} | (hop or {})))
    return case


def shows(**more: Any) -> Snapshot:
    plain: dict[str, Any] = {
        "fields": {"status": "open", "priority": "P2"},
        "revision": "5",
        "changed_at": OLD,
        "complete": True,
    }
    return snapshot(**(plain | more))


def entry(field: str, new: str, **more: Any) -> HistoryEntry:
    plain: dict[str, Any] = {"id": "9", "old": None, "at": OLD, "actor": AGENT}
    return HistoryEntry(field=field, new=new, **(plain | more))


def wrote(
    field: str, value: str, state: DeliveryState = DeliveryState.DONE, **more: Any
) -> dict[str, Delivery]:
    """The newest write of a field."""
    return {field: delivery(payload={"fields": {field: value}}, state=state, first_sent_at=NOW, **more)}


def told(case: Case, seen: Snapshot, **more: Any) -> list[tuple[str, Cause, Repair]]:
    evidence = Evidence(snapshot=seen, known=more.pop("known", Known()), **more)
    return [
        (one.what, one.cause, one.repair) for one in drift.compare(case, case.hops["hop_north"], evidence)
    ]


P4 = {"status": "open", "priority": "P4"}


@pytest.mark.parametrize(
    ("seen", "writes", "found"),
    [
        (shows(), {}, []),
        (shows(fields=P4, has_history=True, history=[entry("priority", "P4")]), {}, [MISSED]),
        (shows(fields=P4, has_history=True), {}, [UNTOLD]),
        (shows(fields=P4), {}, [UNTOLD]),
        (shows(fields=P4, has_history=True, history=[entry("priority", "P4", at=later(-1))]), {}, []),
        (shows(fields=P4, changed_at=later(-1)), {}, []),
        (shows(fields=P4, has_history=True, history=[entry("priority", "P4", actor=US)]), {}, []),
        (shows(fields=P4, revision="3"), {}, [LOST]),
        (shows(fields=P4), wrote("priority", "P2"), [LOST]),
        (shows(fields=P4, changed_at=later(1)), wrote("priority", "P2"), []),
        (shows(fields=P4), wrote("priority", "P1"), [UNTOLD]),
        (shows(fields=P4), wrote("priority", "P2", DeliveryState.CANCELLED), [UNTOLD]),
        (shows(fields={"status": "open", "priority": "P0"}), {}, [(Cause.UNMAPPED, Repair.HOLD)]),
        (shows(fields={"status": "open"}), {}, []),
        (shows(fields={"status": "open", "priority": "P2", "site": "S-1"}), {}, []),
    ],
    ids=[
        *(
            "agreed",
            "its history tells",
            "its history does not tell",
            "it has none",
            "just now by its history",
        ),
        *(
            "just now",
            "our own trace",
            "the desk went back",
            "older than our write",
            "younger than our write",
        ),
        *("another value written", "given up", "no meaning", "unknown is not cleared", "never known before"),
    ],
)
def test_what_the_desk_shows_otherwise_than_we_thought(
    seen: Snapshot, writes: dict[str, Delivery], found: list[tuple[Cause, Repair]]
) -> None:
    assert told(chain(), seen, writes=writes) == [("priority", *one) for one in found]


@pytest.mark.parametrize(
    ("hop", "writes", "found"),
    [
        ({"facts": {"priority": "critical"}}, wrote("priority", "P1"), [LOST]),
        ({"facts": {"priority": "critical"}}, {}, []),
        ({"facts": {"priority": "critical"}}, wrote("priority", "P1", DeliveryState.PENDING), []),
        ({"facts": {"priority": "critical"}, "status": S.CLOSED}, wrote("priority", "P1"), []),
        ({"unmapped": frozenset({"priority"})}, {}, [(Cause.UNMAPPED, Repair.HOLD)]),
        ({"unmapped": frozenset({UNLINKED}), "facts": {"priority": "critical"}}, wrote("priority", "P1"), []),
    ],
    ids=["written and lost", "never written", "on its way", "over", "no meaning", "let go"],
)
def test_what_the_chain_says_otherwise_than_both(
    hop: dict[str, Any], writes: dict[str, Delivery], found: list[tuple[Cause, Repair]]
) -> None:
    assert told(chain(hop), shows(), writes=writes) == [("priority", *one) for one in found]


def test_a_write_that_is_parked_is_held() -> None:
    case = chain({"facts": {"priority": "critical"}})
    parked = wrote("priority", "P1", DeliveryState.PARKED)
    case.lane = lambda _hop: list(parked.values())
    assert told(case, shows(), writes=parked) == [("priority", Cause.PARKED, Repair.HOLD)]


@pytest.mark.parametrize(
    ("hop_status", "native"),
    [
        (S.OFFERED, "queued"),
        (S.ACCEPTED, "new"),
        (S.ACCEPTED, "queued"),
        (S.RESOLVED, "closed"),
        (S.WITHDRAWN, "open"),
        (S.IN_PROGRESS, "open"),
    ],
)
def test_two_words_for_the_same_status_are_no_drift(hop_status: HopStatus, native: str) -> None:
    fields = {"status": native}
    writes = wrote("status", "open") | wrote("status", "cancelled")
    assert told(chain({"status": hop_status, "shadow": fields}), shows(fields=fields), writes=writes) == []


def test_values_that_people_wrote_are_not_quoted() -> None:
    case = chain({"shadow": {"title": "a", "requester": "ann", "priority": "P2"}})
    seen = shows(fields={"title": "b", "requester": "bob", "priority": "P4"})
    evidence = Evidence(snapshot=seen, known=Known())
    found = {one.what: one.shows for one in drift.compare(case, case.hops["hop_north"], evidence)}
    assert found == {"title": None, "requester": None, "priority": "P4"}


def test_another_ticket_is_never_compared() -> None:
    seen = replace(shows(fields=P4), remote_id="99")
    assert told(chain(), seen) == [("ticket", Cause.ANOTHER, Repair.HOLD)]
    made = shows(fields=P4, created_at=OLD + timedelta(hours=2))
    assert told(chain(), made) == [("ticket", Cause.ANOTHER, Repair.HOLD)]


def test_words_that_are_missing_were_removed_or_lost() -> None:
    mine, theirs = copy(remote_id="7", ours=True), copy(remote_id="8")
    known = Known(copies={(one.kind, one.remote_id): one for one in (mine, theirs)})
    assert told(chain(), shows(), known=known) == [("comment", *UNTOLD), ("comment", *UNTOLD)]
    assert told(chain(), shows(revision="2"), known=known) == [("comment", *LOST), ("comment", *LET_BE)]
    assert told(chain(), shows(revision="2", complete=False), known=known) == []


def test_words_we_never_heard_are_missed_unless_they_are_of_this_moment() -> None:
    seen = shows(comments=[comment("7", at=OLD), comment("8", at=later(-1)), comment("9", at=OLD, author=US)])
    assert told(chain(), seen) == [("comment", *MISSED)]


# -- set right -------------------------------------------------------------------------------------------------------------


def heal(case: Case, seen: Snapshot, **more: Any) -> Hop:
    evidence = Evidence(snapshot=seen, known=more.pop("known", Known()), **more)
    found = drift.compare(case, case.hops["hop_north"], evidence)
    healing.heal(case, "hop_north", evidence, found, at=NOW)
    return case.hops["hop_north"]


def test_a_missed_change_is_a_sighting_like_any_other() -> None:
    case = chain()
    fields = {"status": "parts", "priority": "P2"}
    heal(case, shows(fields=fields, has_history=True, history=[entry("status", "parts")]))
    assert (status(case, "north"), happened(case, "north")) == (S.HELD, ["status.changed"])


def test_a_lost_value_is_written_again_and_is_no_act_of_anybody() -> None:
    case = chain()
    hop = heal(case, shows(fields={"status": "waiting", "priority": "P4"}, revision="3"))
    assert (status(case, "north"), happened(case)) == (S.IN_PROGRESS, ["desk.reverted"])
    assert written(case, "north") == [{"status": "open", "priority": "P2"}]
    assert (hop.facts["priority"], hop.shadow["priority"]) == ("high", "P4")


def test_what_the_desk_takes_from_nobody_is_let_be() -> None:
    narrow = replace(CAPABLE, writable=frozenset({"status"}))
    case = chain(capabilities=narrow)
    assert told(case, shows(fields=P4, revision="3")) == [("priority", *LET_BE)]
    heal(case, shows(fields=P4, revision="3"))
    assert written(case, "north") == []
    assert told(case, shows(fields=P4, revision="3")) == []


def test_lost_words_of_ours_are_asked_about_and_said_again_under_a_number_of_their_own() -> None:
    case, mine = chain(), copy(remote_id="7", ours=True)
    said: Content = content("customer")
    case.library = lambda: [said]
    heal(case, shows(revision="3"), known=Known(copies={(ContentKind.COMMENT, "7"): mine}))
    [again] = queued(case, "north")
    assert (again.state, again.content_id, again.visibility) == (
        DeliveryState.AMBIGUOUS,
        "cnt_x",
        Visibility.PUBLIC,
    )
    lost = case.changed_copies[mine.id]
    assert (lost.removed, lost.remote_id) == (True, f"{healing.LOST}{mine.id}")
