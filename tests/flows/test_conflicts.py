"""Conflicts listed to whom they concern, decided by whom they belong to, carried like any change; statuses that two rules set."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.conflicts import FOUND
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import conflicts
from gateway.flows.commands import Order
from gateway.flows.conflicts import MINE, THEIRS, VALUE, Asked
from gateway.store import audit
from gateway.store import conflicts as store
from gateway.store import rows as store_rows
from gateway.store.scope import Scope
from gateway.testing.loopback.cabinet import ROBOT
from tests.flows.scenes.stage import MINUTE, Cast, Stage

BOTH = {"fields_down": ["title", "priority"], "fields_up": ["priority"]}
EDGE = "customer>vendor"
CUSTOMER, VENDOR, STRANGER = "org_customer", "org_vendor", "org_stranger"


def stage(**told: Any) -> Stage:
    link = {"crosses": BOTH, "ownership": {"priority": {"owner": "upstream", **told}}}
    found = Stage(EDGE, cast=Cast(links={EDGE: link}))
    found.open(priority="normal")
    found.set("vendor", "status", "open")
    return found


@pytest.fixture(scope="module")
def settled() -> Stage:
    """The vendor's value was taken back."""
    found = stage()
    found.set("vendor", "priority", "low")
    return found


def order(found: Stage) -> Order:
    return Order(actor="ann", now=found.hub.now, reason="we talked")


def rows(found: Stage, party: str | None = None, *, every: bool = True) -> list[dict[str, Any]]:
    return conflicts.listed(found.hub.context, Asked(party=party, every=every), order(found))


def keep(found: Stage, how: str, value: str = "", party: str | None = None) -> dict[str, Any]:
    [row] = rows(found)
    done = conflicts.keep(found.hub.context, row["conflict"], (how, value), order(found), party=party)
    found.wait(MINUTE)
    return done


def priorities(found: Stage) -> list[str | None]:
    return [found.field(code, "priority") for code in ("customer", "vendor")]


def test_both_ends_see_both_values_and_nobody_else_sees_any(settled: Stage) -> None:
    for party in (None, CUSTOMER, VENDOR):
        [row] = rows(settled, party)
        assert (row["upstream"]["value"], row["downstream"]["value"]) == ("medium", "low")
        assert (row["standing"], row["winner"], row["by"]) == ("settled", "upstream", "downstream")
    assert (rows(settled, STRANGER), rows(settled, every=False)) == ([], [])


def test_a_value_that_does_not_cross_is_not_shown_across() -> None:
    found = Stage(EDGE)
    found.open(priority="normal")
    found.set("vendor", "priority", "low")
    [above], [below] = rows(found, CUSTOMER), rows(found, VENDOR)
    assert (above["downstream"]["value"], below["downstream"]["value"]) == (None, "low")
    assert not any("low" in text for text in found.read("customer"))


def test_one_that_waits_is_found_behind_newer_ones_that_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    found = stage(policy="hold")
    found.set("vendor", "priority", "low")
    [waits] = rows(found, every=False)
    with found.hub.database.write() as db:
        [event] = db.execute(store_rows.event.select().where(store_rows.event.c.type == FOUND)).mappings()
        data = {**event["data"], "field": "title", "winner": "upstream", "insists": False}
        for number in range(3):
            newer = {**event, "id": f"evt_newer{number}", "seq": event["seq"] + 1_000 + number, "data": data}
            db.execute(store_rows.event.insert().values(**newer))
    monkeypatch.setattr(store, "PAGE", 2)
    for party in (None, CUSTOMER, VENDOR):
        asked = Asked(party=party, limit=1)
        shown = conflicts.listed(found.hub.context, asked, order(found))
        assert [row["conflict"] for row in shown] == [waits["conflict"]]
    assert len(rows(found)) == 4
    assert len(conflicts.listed(found.hub.context, Asked(every=True, limit=3), order(found))) == 3


REFUSED = {
    "not the owner's side": (Refused, MINE, "", VENDOR),
    "another value of who does not own it": (Refused, VALUE, "high", VENDOR),
    "no end of it": (NotFound, THEIRS, "", STRANGER),
    "no priority": (Invalid, VALUE, "urgentissimo", None),
}


@pytest.mark.parametrize(("error", "how", "value", "party"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_theirs_to_decide(
    settled: Stage, error: type[Exception], how: str, value: str, party: str | None
) -> None:
    with pytest.raises(error):
        keep(settled, how, value, party)


# who decides, how → what both desks show
KEPT = {
    "the operator keeps what was changed": (MINE, "", None, "low"),
    "the operator keeps the other one": (THEIRS, "", None, "normal"),
    "the owner gives in": (THEIRS, "", CUSTOMER, "low"),
    "the owner stays with its own": (MINE, "", CUSTOMER, "normal"),
    "the other side gives in": (THEIRS, "", VENDOR, "normal"),
    "something else": (VALUE, "critical", CUSTOMER, "urgent"),
}


@pytest.mark.parametrize(("how", "value", "party", "shown"), KEPT.values(), ids=KEPT.keys())
def test_what_was_decided_stands_at_both_desks(how: str, value: str, party: str | None, shown: str) -> None:
    found = stage(policy="hold")
    found.set("vendor", "priority", "low")
    assert (priorities(found), len(rows(found, every=False))) == (["normal", "low"], 1)

    assert keep(found, how, value, party)["standing"] == "decided"

    assert (priorities(found), rows(found, every=False)) == ([shown, shown], [])
    with found.hub.database.read() as db:
        [entry] = audit.entries(db, Scope.operator(), subject=rows(found)[0]["conflict"])
    assert (entry["actor"], entry["after"]["reason"]) == ("ann", "we talked")
    with pytest.raises(Refused, match="this conflict is decided"):
        keep(found, THEIRS)


# -- statuses -------------------------------------------------------------------------------------------------------


@pytest.fixture
def quarrel() -> Iterator[Stage]:
    """The customer's rule sets to work what waits, the vendor's makes wait what works."""
    found = Stage(EDGE, cast=Cast(links={EDGE: {"parent_means": {"pending": "pending"}}}))
    found.open()
    found.set("vendor", "status", "open")
    yield found
    found.hub.database.close()


def rules(found: Stage, minutes: int) -> int:
    """Both rules act, each half a minute after the other. How often the gateway wrote a status."""
    before = len([one for one in found.deliveries() if one.kind == "update"])
    for _ in range(minutes):
        for code, when, then in (("vendor", "open", "waiting"), ("customer", "waiting", "open")):
            found.wait(timedelta(seconds=30))
            cabinet = found.hub.desks[code].cabinet
            if found.status(code) == when:
                cabinet.set(ROBOT, cabinet.folders[found.id(code)], {"status": then})
    found.wait(MINUTE)
    return len([one for one in found.deliveries() if one.kind == "update"]) - before


def test_two_rules_that_answer_each_other_are_stopped_told_once_and_let_go_by_a_person(
    quarrel: Stage,
) -> None:
    assert 4 <= rules(quarrel, 30) <= 8
    [row] = rows(quarrel, every=False)
    assert (row["field"], row["policy"], row["standing"]) == ("status", "swing", "open")
    for code in ("customer", "vendor"):
        assert len([text for text in quarrel.read(code) if "answer each other" in text]) == 1
    assert "discrepancies" not in quarrel.discrepancies()

    with pytest.raises(Refused, match="a status is set at its desk"):
        keep(quarrel, MINE)
    conflicts.release(quarrel.hub.context, row["conflict"], order(quarrel))
    assert rows(quarrel, every=False) == []
    quarrel.set("vendor", "status", "open")
    quarrel.set("vendor", "status", "waiting")
    assert quarrel.status("customer") == "waiting"


def test_what_the_rules_did_stays_in_the_events_as_theirs(quarrel: Stage) -> None:
    rules(quarrel, 10)
    moves = [event for event in quarrel.events() if event.type == "status.changed"]
    kinds = {event.actor_kind.value for event in moves}
    assert kinds == {"person", "automation", "gateway"}
    assert (
        quarrel.is_("vendor").value
        == {"open": "in_progress", "waiting": "pending"}[quarrel.status("vendor") or ""]
    )
