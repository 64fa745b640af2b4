"""Warnings as they really come: at the right moment, to whoever can act and then up the chain, at no contact's night, never
twice; and the calls about top-priority jobs that nobody takes up."""

from datetime import datetime, timedelta
from typing import Any

from gateway.domain.alarms import Alarm
from gateway.domain.hours import hours_from
from gateway.domain.letters import Letter
from gateway.domain.model import Contact, Event
from gateway.flows.context import OPERATOR
from gateway.store import alarms
from gateway.testing.hub import START
from gateway.testing.loopback.faults import Fault, FaultKind
from tests.flows.scenes.stage import MINUTE, Cast, Stage

HOUR = 60 * MINUTE
ALWAYS = {"code": "always", "always": True}
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
DAYS = {"code": "days", "zone": "UTC", "weekly": {day: ["08:00-18:00"] for day in WORKDAYS}}
UC: dict[str, Any] = {
    "code": "vendor-uc",
    "provider": "vendor",
    "consumer": "customer",
    "kind": "uc",
    "calendar": "always",
    "targets": {"resolution": {"high": "4h", "critical": "4h"}},
    "stops": {"requester_info": "automatic"},
}
DUTY = "Mon-Fri 08:00-18:00"


def contact(org: str, level: int = 1, hours: str = "always", **more: Any) -> Contact:
    return Contact(
        id=f"ctc_{org}{level}",
        org_id=f"org_{org}",
        code=f"{org}{level}",
        level=level,
        channel=more.pop("channel", "email"),
        address=more.pop("address", f"level{level}@{org}.example"),
        hours=hours_from(hours),
        **more,
    )


VENDOR = (contact("vendor"), contact("vendor", 2), contact("vendor", 3), contact("customer"))


def stage(
    *agreements: dict[str, Any],
    contacts: tuple[Contact, ...] = VENDOR,
    start: timedelta = timedelta(),
    priority: str = "high",
    edges: tuple[str, ...] = ("customer>vendor",),
) -> Stage:
    """A ticket opened so long after Monday 08:00."""
    terms = {"answer_within": {"default": "3d"}}
    cast = Cast(
        agreements=agreements,
        calendars=(ALWAYS, DAYS),
        links=dict.fromkeys(edges, terms),
        contacts=contacts,
    )
    found = Stage(*edges, cast=cast)
    found.wait(start)
    found.open(priority=priority)
    return found


def warned(found: Stage) -> list[Event]:
    return [event for event in found.events() if event.type == "clock.warned"]


def letters(found: Stage) -> list[Letter]:
    with found.hub.database.read() as db:
        known = alarms.every(db, OPERATOR, over=True, limit=100)
        return alarms.letters_of(db, OPERATOR, [one.id for one in known])


def to(found: Stage) -> list[str]:
    """Who was written to, without whoever runs the installation."""
    return [letter.contact for letter in letters(found) if letter.contact != "admin"]


def standing(found: Stage) -> list[Alarm]:
    with found.hub.database.read() as db:
        return alarms.every(db, OPERATOR, over=False, limit=100)


def after(found: Stage) -> list[timedelta]:
    """When warnings came, after Monday 08:00, to the minute."""
    return [timedelta(minutes=(event.observed_at - START) // MINUTE) for event in warned(found)]


# -- the traps ----------------------------------------------------------------------------------------------------------------


def test_a_warning_one_hour_before_due_comes_on_tuesday_at_ten_and_not_at_midnight() -> None:
    terms = UC | {"calendar": "days", "warnings": ["1h"]}
    found = stage(terms, start=9 * HOUR)  # Monday 17:00, due Tuesday 11:00

    found.wait(16 * HOUR)  # Tuesday 09:00
    assert warned(found) == []
    found.wait(5 * HOUR)

    [event] = warned(found)
    assert event.observed_at.replace(second=0, microsecond=0) == datetime.fromisoformat(
        "2026-03-03T10:00:00+00:00"
    )
    assert event.data["mark"] == "1h"
    assert event.data["due"].startswith("2026-03-03T11:00")


def test_a_warning_counts_from_the_start_of_its_own_clock() -> None:
    edges = ("customer>vendor", "vendor>north")
    terms = UC | {"code": "north-uc", "provider": "north", "consumer": "vendor", "warnings": ["50%"]}
    found = stage(terms, edges=edges)
    found.wait(3 * HOUR)
    found.delegate("vendor", "north")
    found.wait(3 * HOUR)

    assert after(found) == [5 * HOUR]


def test_nothing_is_warned_of_while_the_clock_stands_still() -> None:
    found = stage(UC)
    found.set("vendor", "status", "open")
    found.set("vendor", "status", "waiting")
    found.wait(20 * HOUR)
    assert warned(found) == []

    found.set("vendor", "status", "open")
    found.wait(HOUR)
    assert warned(found) == []
    found.wait(HOUR)

    assert [event.data["mark"] for event in warned(found)] == ["50%"]


def test_no_mark_is_told_twice() -> None:
    found = stage(UC)
    found.wait(9 * HOUR)
    found.say("vendor", "still at it")

    assert [event.data["mark"] for event in warned(found)] == ["50%", "75%", "90%"]
    assert after(found) == [2 * HOUR, 3 * HOUR, 216 * MINUTE]
    assert len({(one.message_id, one.contact) for one in letters(found)}) == len(letters(found))


def test_of_marks_that_are_passed_at_once_only_the_furthest_is_told() -> None:
    found = stage(UC | {"targets": {"resolution": {"high": "8h", "critical": "2h"}}})
    found.wait(100 * MINUTE)
    assert warned(found) == []

    found.set("customer", "priority", "urgent")
    found.wait(MINUTE)

    assert [event.data["mark"] for event in warned(found)] == ["75%"]


def test_a_clock_that_was_met_warns_of_nothing_more_and_its_warning_is_over() -> None:
    found = stage(UC)
    found.set("vendor", "status", "open")
    found.wait(2 * HOUR + MINUTE)
    assert [alarm.mark for alarm in standing(found)] == ["50%"]

    found.set("vendor", "status", "solved")
    found.wait(5 * HOUR)

    assert (len(warned(found)), standing(found)) == (1, [])


# -- who, and when ------------------------------------------------------------------------------------------------------------


def test_each_mark_reaches_one_level_more_and_one_party_more() -> None:
    found = stage(UC)
    found.wait(2 * HOUR + MINUTE)
    assert to(found) == ["vendor1"]
    found.wait(HOUR)
    assert to(found)[1:] == ["vendor1", "vendor2", "customer1"]
    found.wait(40 * MINUTE)
    assert to(found)[4:] == ["vendor1", "vendor2", "vendor3", "customer1"]


def test_the_desk_of_whoever_can_act_is_told_in_private() -> None:
    found = stage(UC)
    found.wait(2 * HOUR + MINUTE)

    assert (
        found.read("vendor", public=False)[-1]
        == "resolution: 50% of the agreed time has come; due 2026-03-02 12:00 UTC."
    )
    assert found.read("vendor", public=True) == []


def test_a_breach_is_told_to_all_and_to_whoever_runs_the_installation() -> None:
    found = stage(UC | {"warnings": []})
    found.wait(5 * HOUR)

    assert to(found) == ["vendor1"]
    assert [letter.address for letter in letters(found)].count("admin") == 1
    assert warned(found) == []
    assert [alarm.mark for alarm in standing(found)] == ["breach"]


def test_whoever_runs_the_installation_hears_of_nothing_before_it_is_at_risk() -> None:
    found = stage(UC)
    found.wait(3 * HOUR + MINUTE)
    assert "admin" not in {letter.address for letter in letters(found)}

    found.wait(40 * MINUTE)

    [letter] = [one for one in letters(found) if one.address == "admin"]
    assert letter.subject.startswith("90% of the resolution target")


def test_r22_trap_no_reminder_at_midnight() -> None:
    terms = UC | {"calendar": "late", "targets": {"resolution": {"high": "4h"}}, "warnings": ["50%"]}
    late = {"code": "late", "zone": "UTC", "weekly": {day: ["08:00-22:00"] for day in WORKDAYS}}
    cast = Cast(agreements=(terms,), calendars=(late,), contacts=(contact("vendor", hours=DUTY),))
    found = Stage("customer>vendor", cast=cast)
    found.wait(9 * HOUR)
    found.open(priority="high")  # 17:00: half is gone at 19:00
    found.wait(3 * HOUR)

    [letter] = [one for one in letters(found) if one.contact == "vendor1"]
    assert after(found) == [11 * HOUR]
    assert letter.next_at == START + timedelta(days=1)


def test_where_the_promise_has_no_night_neither_has_the_warning() -> None:
    found = stage(UC, contacts=(contact("vendor", hours=DUTY),), start=12 * HOUR)
    found.wait(2 * HOUR + MINUTE)

    [letter] = letters(found)
    assert letter.next_at == letter.created_at


def test_a_letter_that_waits_for_the_morning_is_dropped_when_the_work_is_done() -> None:
    terms = UC | {"calendar": "late", "warnings": ["50%"]}
    late = {"code": "late", "zone": "UTC", "weekly": {day: ["08:00-22:00"] for day in WORKDAYS}}
    cast = Cast(agreements=(terms,), calendars=(late,), contacts=(contact("vendor", hours=DUTY),))
    found = Stage("customer>vendor", cast=cast)
    found.wait(9 * HOUR)
    found.open(priority="high")
    found.wait(3 * HOUR)
    found.set("vendor", "status", "solved")

    [letter] = [one for one in letters(found) if one.contact == "vendor1"]
    assert letter.state == "dropped"


def test_a_letter_names_what_its_reader_may_know_in_his_language_and_zone() -> None:
    russian = contact("vendor", language="ru", zone="Europe/Moscow")
    found = stage(UC, contacts=(russian,))
    found.wait(2 * HOUR + MINUTE)

    [letter] = letters(found)
    number = found.hop("vendor").number
    assert letter.subject == f"Использовано 50% срока (решение): заявка {number}"
    assert "2026-03-02 15:00 Europe/Moscow" in letter.body
    assert "till is dead" not in letter.body


def test_who_has_no_part_in_the_agreement_hears_only_that_there_is_a_hurry() -> None:
    edges = ("customer>vendor", "vendor>north")
    contacts = (contact("north"), contact("vendor"), contact("customer"))
    found = stage(UC | {"warnings": ["50%"]}, contacts=contacts, edges=edges)
    found.delegate("vendor", "north")
    found.wait(2 * HOUR + MINUTE)

    [letter] = [one for one in letters(found) if one.contact == "north1"]
    assert letter.subject.startswith("There is a hurry")
    assert "vendor-uc" not in letter.body
    assert (
        found.read("north", public=False)[-1] == "There is a hurry: a target further up the chain is at risk."
    )


# -- top priority -------------------------------------------------------------------------------------------------------------


def test_a_top_priority_job_that_nobody_accepts_calls_level_one_after_five_minutes_and_climbs() -> None:
    found = stage(priority="urgent")
    found.wait(4 * MINUTE)
    assert to(found) == []

    called = []
    for _ in range(5):
        found.wait(5 * MINUTE)
        called.append(to(found)[-1])

    assert called == ["vendor1", "vendor2", "vendor3", "customer1", "customer1"]
    [alarm] = standing(found)
    assert (alarm.kind, alarm.about) == ("unaccepted", found.hop("vendor").id)
    assert f"interdesk warnings acknowledge {alarm.id}" in letters(found)[0].body


def test_acceptance_ends_the_calls() -> None:
    found = stage(priority="urgent")
    found.wait(6 * MINUTE)
    found.set("vendor", "status", "open")
    found.wait(HOUR)

    assert (to(found), standing(found)) == (["vendor1"], [])


def test_a_job_of_lower_priority_calls_nobody() -> None:
    found = stage(priority="high")
    found.wait(HOUR)

    assert (letters(found), found.case.ticket.watched) == ([], False)


def test_who_is_not_on_duty_is_passed_over() -> None:
    contacts = (contact("vendor", hours=DUTY), contact("vendor", 2))
    found = stage(priority="urgent", contacts=contacts, start=12 * HOUR)
    found.wait(6 * MINUTE)

    assert to(found) == ["vendor2"]


def test_with_nobody_on_duty_the_first_who_comes_is_called() -> None:
    found = stage(priority="urgent", contacts=(contact("vendor", hours=DUTY),), start=12 * HOUR)
    found.wait(6 * HOUR)
    assert to(found) == []

    found.wait(7 * HOUR)

    [letter] = letters(found)
    assert letter.created_at.replace(second=0, microsecond=0) == START + timedelta(days=1)


def test_a_job_that_cannot_be_delivered_calls_the_sender_and_whoever_runs_the_installation() -> None:
    found = stage(
        contacts=(contact("customer"), contact("vendor")), priority="high", edges=("customer>vendor",)
    )
    found.hub.desks["vendor"].faults = lambda _call: Fault(kind=FaultKind.REFUSE)
    found.person("customer", "maria").open(title="fire", text="now", priority="urgent", delegate="vendor")
    found.wait(7 * MINUTE)

    assert sorted(letter.contact for letter in letters(found)) == ["admin", "customer1"]
    assert [alarm.kind for alarm in standing(found)] == ["undelivered"]
