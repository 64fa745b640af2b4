"""Agreements while tickets are open: bound as they are at the ticket's site, bound anew by a person, and never changed otherwise."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.domain.agreements import Agreement
from gateway.domain.sla.clocks import Clock
from gateway.flows import sla
from gateway.flows.context import OPERATOR
from gateway.store import audit, history
from gateway.testing.loopback import PLAIN, LoopbackDesk
from tests.api import house
from tests.cli.conftest import Run

CONTRACTS = """
sites:
  - {organization: north, code: MI-1, name: Duomo, zone: Europe/Rome, country: IT, subdivision: MI}
  - {organization: north, code: TYO-1, zone: Asia/Tokyo, country: JP, hours: "Mon-Sun 10:00-21:00"}
calendars:
  - code: shop
    organization: south
    zone: site
    weekly: {mon: ["08:00-18:00"], tue: ["08:00-18:00"], wed: ["08:00-18:00"], thu: ["08:00-18:00"], fri: ["08:00-18:00"]}
    holidays: {of_site: true}
  - {code: always, organization: south, always: true}
agreements:
  - code: south-uc
    organization: south
    consumer: north
    kind: uc
    calendar: shop
    targets:
      acceptance: {critical: 15m, calendar: always}
      attendance: {critical: 2h, access_hours: true}
      resolution: {critical: 4h, calendar: always}
"""

Apply = Callable[[str], None]
Open = Callable[..., tuple[str, str]]


@pytest.fixture
def contracts(gateway: Gateway, tmp_path: Path, run: Run) -> Apply:
    def apply(text: str) -> None:
        file = tmp_path / "contracts.yaml"
        file.write_text(text, encoding="utf-8")
        done = run("apply", str(file), "--yes")
        assert done.exit_code == 0, done.stderr

    apply(CONTRACTS)
    return apply


@pytest.fixture
def opened(gateway: Gateway, contracts: Apply) -> Open:
    """Opens a ticket, at a site, that passes over the link: its id, and that of the assignment downstream."""
    desk = LoopbackDesk(PLAIN, clock=utc_now, hook_secret=house.HOOK_SECRET.encode())

    def open_one(site: str | None = None) -> tuple[str, str]:
        desk.person("ann").open("The till is dead", queue="Field", priority="urgent", site=site)
        house.hear(gateway, desk, "north")
        with gateway.database.read() as db:
            bindings = history.in_open_tickets(db, OPERATOR, ("agreement.bound",))
        assert bindings[-1].hop_id is not None
        return bindings[-1].ticket_id, bindings[-1].hop_id

    return open_one


def bound(gateway: Gateway, ticket: str) -> Agreement:
    [one] = sla.read(gateway.context, ticket, now=utc_now()).bound.values()
    return one


def clocks(gateway: Gateway, ticket: str) -> dict[str, Clock]:
    found = sla.read(gateway.context, ticket, now=utc_now()).clocks
    return {one.target_kind.value: one for one in found}


def test_r6_a_ticket_is_bound_to_the_calendar_of_its_own_site(
    gateway: Gateway, contracts: Apply, opened: Open
) -> None:
    year = utc_now().year
    milan = bound(gateway, opened("MI-1")[0]).terms.calendar
    tokyo = bound(gateway, opened("TYO-1")[0]).terms
    assert (milan.zone, tokyo.calendar.zone) == ("Europe/Rome", "Asia/Tokyo")
    saint_ambrose, foundation_day = date(year, 12, 7), date(year, 2, 11)
    assert [day in milan.holidays for day in (saint_ambrose, foundation_day)] == [True, False]
    assert [day in tokyo.calendar.holidays for day in (saint_ambrose, foundation_day)] == [False, True]


def test_r13_attendance_counts_only_while_the_site_can_be_entered(
    gateway: Gateway, contracts: Apply, opened: Open, run: Run
) -> None:
    ticket, _ = opened("TYO-1")
    calendars = bound(gateway, ticket).terms.calendars
    [attendance] = [calendar for kind, calendar in calendars.items() if kind.value == "attendance"]
    monday = date(2026, 3, 2)
    assert [span.opens.isoformat() for span in attendance.spans(monday)] == ["2026-03-02T01:00:00+00:00"]
    assert attendance.spans(monday)[0].closes - attendance.spans(monday)[0].opens == timedelta(hours=8)
    assert run("sla", "show", ticket).exit_code == 0


def test_a_ticket_without_a_site_counts_in_the_zone_of_the_provider(
    gateway: Gateway, contracts: Apply, opened: Open, run: Run
) -> None:
    ticket, _ = opened()
    assert bound(gateway, ticket).terms.calendar.zone == "UTC"
    assert run("sla", "show", ticket).exit_code == 0


def test_a_new_region_is_added_to_calendars_that_the_file_does_not_name(
    gateway: Gateway, contracts: Apply, opened: Open, tmp_path: Path, run: Run
) -> None:
    file = tmp_path / "site.yaml"
    site = "sites: [{organization: north, code: PAR-1, zone: Europe/Paris, country: FR}]"
    file.write_text(site, encoding="utf-8")
    told = run("plan", str(file))
    planned = told.stdout
    assert "~ calendar south/shop" in planned
    assert "changes for tickets" not in told.stderr, "no ticket that is bound was in France"
    pruned = run("plan", str(file), "--prune").stdout
    assert "- calendar south/shop" in pruned
    assert f"holidays.of_sites.FR.{utc_now().year}-07-14: (none) → National Day" in planned
    run("apply", str(file), "--yes")
    assert "nothing to do" in run("apply", str(file), "--yes").stderr
    ticket, _ = opened("PAR-1")
    assert date(utc_now().year, 7, 14) in bound(gateway, ticket).terms.calendar.holidays


def test_r17_an_agreement_that_changes_in_mid_flight_leaves_open_tickets_as_they_are(
    gateway: Gateway, contracts: Apply, opened: Open
) -> None:
    ticket, _ = opened()
    contracts(CONTRACTS.replace("resolution: {critical: 4h", "resolution: {critical: 8h"))
    assert clocks(gateway, ticket)["resolution"].target == timedelta(hours=4)
    later, _ = opened()
    assert clocks(gateway, later)["resolution"].target == timedelta(hours=8)


def test_r17_trap_changing_a_calendar_touches_open_cycles_only(
    gateway: Gateway, contracts: Apply, opened: Open, run: Run
) -> None:
    ticket, hop = opened()
    run("accept", hop)
    before = clocks(gateway, ticket)
    assert before["acceptance"].state == "met"
    changed = CONTRACTS.replace("acceptance: {critical: 15m", "acceptance: {critical: 1m")
    contracts(changed.replace("resolution: {critical: 4h", "resolution: {critical: 8h"))
    done = run("agreements", "rebind", ticket, "--agreement", "south-uc", "--reason", "signed on Monday")
    assert (done.exit_code, "1 of 1 tickets bound anew" in done.stderr) == (0, True), done.stderr
    after = clocks(gateway, ticket)
    assert after["acceptance"].target == timedelta(minutes=15), "closed under the old terms"
    assert after["resolution"].target == timedelta(hours=8)
    assert after["resolution"].started_at == before["resolution"].started_at
    again = run("agreements", "rebind", ticket, "--agreement", "south-uc", "--reason", "once more")
    assert "nothing to do" in again.stderr


def test_binding_anew_tells_before_and_after_and_stands_in_the_audit(
    gateway: Gateway, contracts: Apply, opened: Open, run: Run
) -> None:
    ticket, hop = opened()
    stays, _ = opened()
    was = bound(gateway, ticket).sheet
    contracts(CONTRACTS.replace("resolution: {critical: 4h", "resolution: {critical: 0.0001s"))
    words = ("agreements", "rebind", "--open", "--agreement", "south-uc", "--reason", "signed")
    asked = run(*words)
    assert (asked.exit_code, "this asks before it changes something" in asked.stderr) == (5, True)
    done = run(*words, "--yes")
    assert "2 of 2 tickets bound anew" in done.stderr
    assert f"south-uc/{hop}/resolution: running" in done.stderr
    assert "→ breached" in done.stderr
    with gateway.database.read() as db:
        events = history.in_open_tickets(db, OPERATOR, ("agreement.rebound",))
        [entry] = audit.entries(db, OPERATOR, subject=ticket)
    assert [event.data["before"] for event in events] == [was, was]
    assert {event.data["after"] for event in events} == {bound(gateway, stays).sheet}
    assert (entry["action"], entry["actor"]) == ("agreement rebound", "maria")
    known = [orjson.loads(line) for line in run("agreements", "list", "--json").stdout.splitlines()]
    assert [(one["agreement"], one["terms"]) for one in known] == [("south-uc", "of each site")]


def test_as_of_an_earlier_moment_the_earlier_terms_hold(
    gateway: Gateway, contracts: Apply, opened: Open, run: Run
) -> None:
    ticket, _ = opened()
    then = utc_now()
    contracts(CONTRACTS.replace("resolution: {critical: 4h", "resolution: {critical: 8h"))
    run("agreements", "rebind", ticket, "--agreement", "south-uc", "--reason", "signed")
    found = sla.read(gateway.context, ticket, now=then).clocks
    assert {one.target for one in found if one.target_kind == "resolution"} == {timedelta(hours=4)}


FEED = """calendars:
  - {code: always, organization: south, always: true}
  - code: shop
    organization: south
    zone: Europe/Rome
    weekly: {mon: ["08:00-18:00"], tue: ["08:00-18:00"]}
    holidays: {ics: feeds/ours.ics, years: 2026-2027}
"""


def test_trap_a_holiday_feed_adds_unexpected_days(
    gateway: Gateway, contracts: Apply, opened: Open, tmp_path: Path, run: Run
) -> None:
    """What a feed says today closes nothing until somebody has seen its days in a plan and applied them; and then no ticket
    that is bound already."""
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "ours.ics").write_bytes(EVENTS.encode())
    with_feed = FEED + CONTRACTS.split("always: true}\n")[1]
    contracts(with_feed)
    ticket, _ = opened()
    assert bound(gateway, ticket).terms.calendar.holidays == {date(2026, 8, 14)}

    surprise = EVENTS.replace("END:VCALENDAR", EVENT % ("Team outing", "20260316") + "END:VCALENDAR")
    (tmp_path / "feeds" / "ours.ics").write_bytes(surprise.encode())
    later, _ = opened()
    assert bound(gateway, later).terms.calendar.holidays == {date(2026, 8, 14)}
    planned = run("plan", str(tmp_path / "contracts.yaml"))
    assert "holidays.frozen.2026-03-16: (none) → Team outing" in planned.stdout

    contracts(with_feed)
    assert date(2026, 3, 16) in bound(gateway, opened()[0]).terms.calendar.holidays
    assert bound(gateway, ticket).terms.calendar.holidays == {date(2026, 8, 14)}


EVENT = "BEGIN:VEVENT\r\nSUMMARY:%s\r\nDTSTART;VALUE=DATE:%s\r\nEND:VEVENT\r\n"
EVENTS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
    + EVENT % ("Stocktaking", "20260814")
    + "END:VCALENDAR\r\n"
)


def test_a_feed_outside_the_folder_is_not_read(contracts: Apply, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "contracts.yaml"
    file.write_text(FEED.replace("feeds/ours.ics", "../ours.ics"), encoding="utf-8")
    refused = run("plan", str(file))
    assert refused.exit_code == 3
    assert "calendars[1].holidays.ics: ../ours.ics lies outside the folder; put it beside" in refused.stderr


def test_an_unknown_country_is_told_where_it_stands(contracts: Apply, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "contracts.yaml"
    file.write_text(FEED.replace("ics: feeds/ours.ics", "country: XX"), encoding="utf-8")
    refused = run("plan", str(file))
    assert refused.exit_code == 3
    assert "contracts.yaml: calendars[1].holidays: no public holidays of 'XX' are known" in refused.stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--agreement", "south-uc"], 3, ["which tickets?", "TICKET or --open", "give one of them"]),
        (
            ["tkt_none", "--agreement", "south-us"],
            2,
            ["there is no agreement south-us", "did you mean 'south-uc'?", "interdesk apply"],
        ),
        (
            ["tkt_none", "--agreement", "south-uc"],
            2,
            ["there is no ticket tkt_none", "interdesk tickets list"],
        ),
    ],
)
def test_binding_anew_says_what_is_wrong(
    contracts: Apply, run: Run, words: list[str], code: int, told: list[str]
) -> None:
    refused = run("agreements", "rebind", *words, "--reason", "signed")
    assert refused.exit_code == code
    assert [one for one in told if one not in refused.stderr] == [], refused.stderr


def test_a_ticket_that_stands_under_another_provider_is_not_bound(
    gateway: Gateway, contracts: Apply, opened: Open, run: Run
) -> None:
    ticket, _ = opened()
    other = (
        CONTRACTS.replace("agreements:\n", OTHER_CALENDAR + "agreements:\n" + OTHER)
        + "\norganizations: [{code: east}]"
    )
    contracts(other)
    refused = run("agreements", "rebind", ticket, "--agreement", "east-uc", "--reason", "signed")
    assert refused.exit_code == 5
    assert f"no open assignment of {ticket} stands under east-uc" in refused.stderr
    assert "its provider or consumer is another one" in refused.stderr


OTHER = """  - code: east-uc
    organization: east
    consumer: north
    kind: uc
    calendar: always
    targets: {resolution: {critical: 4h}}
"""
OTHER_CALENDAR = "  - {code: always, organization: east, always: true}\n"
