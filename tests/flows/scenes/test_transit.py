"""The ball on its way between desks: what the link held, also while a desk was away, stands in the ledger (R11)."""

from datetime import timedelta

from gateway.domain.sla.ledger import ledger
from gateway.flows import sla
from gateway.testing.loopback.faults import Fault, FaultKind
from tests.flows.scenes.stage import MINUTE, Cast, Stage

ALWAYS = {"code": "always", "always": True}
UC = {
    "code": "vendor-uc",
    "provider": "vendor",
    "consumer": "customer",
    "kind": "uc",
    "calendar": "always",
    "targets": {"resolution": {"high": "4h"}},
}
AWAY = Fault(kind=FaultKind.REFUSE)


def stage() -> Stage:
    found = Stage("customer>vendor", cast=Cast(agreements=(UC,), calendars=(ALWAYS,)))
    found.open(priority="high")
    found.set("vendor", "status", "open")
    return found


def held(found: Stage) -> list[tuple[str, str, timedelta]]:
    """(holder, state, how long) of every span."""
    reading = sla.read(found.hub.context, found.case.ticket.id, now=found.hub.now)
    names = {hop.id: hop.desk_id.removeprefix("dsk_") for hop in reading.hops}
    names |= {f"link:{hop}": f"link:{desk}" for hop, desk in names.items()}
    return [
        (names[span.holders[0]], span.state, span.end - span.start) for span in ledger(reading.folded.spans)
    ]


def states(found: Stage) -> list[tuple[str, str]]:
    return [(holder, state) for holder, state, spent in held(found) if spent]


def test_what_arrives_at_once_is_held_by_nobody_in_between() -> None:
    found = stage()
    found.set("vendor", "status", "waiting")
    found.wait(10 * MINUTE)
    found.say("customer", "By the stairs.")
    found.wait(10 * MINUTE)
    assert states(found) == [
        ("vendor", "offered"),
        ("vendor", "working"),
        ("customer", "asked"),
        ("vendor", "working"),
    ]


def test_r11_an_answer_is_held_by_the_link_until_the_desk_that_asked_has_it() -> None:
    found = stage()
    found.set("vendor", "status", "waiting")
    found.hub.desks["vendor"].faults = lambda _call: AWAY
    found.say("customer", "By the stairs.")
    found.wait(30 * MINUTE)
    assert states(found)[-2:] == [("customer", "asked"), ("link:vendor", "transit")]
    found.hub.desks["vendor"].faults = lambda _call: None
    found.wait(60 * MINUTE)
    assert states(found)[-2:] == [("link:vendor", "transit"), ("vendor", "working")]


def test_r11_so_is_a_question_while_the_desk_it_goes_to_is_away() -> None:
    found = stage()
    found.hub.desks["customer"].faults = lambda _call: AWAY
    found.set("vendor", "status", "waiting")
    found.wait(30 * MINUTE)
    holder, state, spent = held(found)[-1]
    assert (holder, state) == ("link:vendor", "transit")
    assert spent >= 30 * MINUTE
    found.hub.desks["customer"].faults = lambda _call: None
    found.wait(60 * MINUTE)
    assert [one[:2] for one in held(found)][-2:] == [("link:vendor", "transit"), ("customer", "asked")]
