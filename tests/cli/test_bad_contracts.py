"""What is wrong with contracts, as `plan` and `apply` say it: what, why, and what to do. What is wrong with requests is in
test_stops, with events in tests/domain/sla/test_bad_input."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.app import Gateway
from tests.cli.conftest import Run

CONTRACTS = """
organizations:
  - {code: mall, name: The Mall}
calendars:
  - {code: always, organization: north, always: true}
  - {code: office, organization: south, zone: Europe/Rome, weekly: {mon: ["09:00-17:00"], tue: ["09:00-17:00"]}}
agreements:
  - code: mall-sla
    organization: north
    consumer: mall
    kind: sla
    calendar: always
    targets: {resolution: {critical: 4h}}
    stops: {requester_info: automatic}
  - code: south-uc
    organization: south
    consumer: north
    kind: uc
    calendar: office
    targets: {resolution: {critical: 4h}}
"""

Plan = Callable[[str], str]


@pytest.fixture
def plan(gateway: Gateway, tmp_path: Path, run: Run) -> Plan:
    def planned(text: str) -> str:
        file = tmp_path / "contracts.yaml"
        file.write_text(text, encoding="utf-8")
        return " ".join(run("plan", str(file)).stderr.split())

    return planned


WRONG = {
    "targets without a calendar": (
        "    calendar: office\n",
        "",
        [
            "contracts.yaml: agreements[1]: 'calendar' is missing",
            "add calendar: code of the calendar in which targets count, one of the provider's",
        ],
    ),
    "targets in a calendar that is not there": (
        "calendar: office",
        "calendar: offise",
        ["there is no calendar 'offise' of south", "did you mean 'office'?"],
    ),
    "a calendar with no open hour": (
        'weekly: {mon: ["09:00-17:00"], tue: ["09:00-17:00"]}',
        "weekly: {mon: []}",
        [
            "contracts.yaml: calendars[1]: calendar office has no open hour",
            "give it `weekly` hours or `special` days",
        ],
    ),
    "a target of no time": (
        "{resolution: {critical: 4h}}\n    stops",
        "{resolution: {critical: 0m}}\n    stops",
        ["agreements[0].targets.resolution.critical: 0m is no time at all", "leave it out, or give some"],
    ),
    "an unknown reason code": (
        "requester_info: automatic",
        "requester_inf: automatic",
        [
            'agreements[0].stops.requester_inf: "automatic" cannot stand here; no reason code has this name',
            "known: requester_info",
            "a code of your own is {refines: CODE, decided: WHO}",
        ],
    ),
    "the provider's own parts as a stop": (
        "requester_info: automatic",
        "parts_own: automatic",
        ["agreements[0].stops.parts_own", "never stops a clock: it is the provider's own time; leave it out"],
    ),
    "a time of day that there is not": (
        '"09:00-17:00"], tue',
        '"09:00-25:00"], tue',
        ["does not have the right form", "hours like 08:00-18:00; 22:00-06:00 closes on the next day"],
    ),
    "a zone that there is not": (
        "zone: Europe/Rome",
        "zone: Europe/Atlantis",
        ['"Europe/Atlantis"', "time zone"],
    ),
    "an agreement with itself that is no ola": (
        "consumer: mall",
        "consumer: north",
        ["a sla of 'north' for 'north'", "an ola is inside one organization, an sla or uc between two"],
    ),
    "an agreement that ends before it begins": (
        "    kind: uc\n",
        "    kind: uc\n    valid_from: 2026-02-01\n    valid_until: 2026-01-01\n",
        ["agreements[1].valid_until: it ends before it begins"],
    ),
    "two agreements for the same tickets": (
        "  - code: south-uc\n",
        "  - {code: mall-2, organization: north, consumer: mall, kind: sla, calendar: always, targets: {update: {low: 4h}}}\n\n  - code: south-uc\n",
        [
            "agreement north/mall-sla and agreement north/mall-2 hold for the same tickets from the beginning without end",
            "end one the day before the other begins, or narrow one to services, sites or groups",
        ],
    ),
    "a renewal that begins before the last term ends": (
        "    kind: uc\n",
        "    kind: uc\n    valid_until: 2026-12-31\n    amendments: [{from: 2026-12-01, change: {valid_until: 2027-12-31}}]\n",
        [
            "agreements[1].amendments[0]: it renews from 2026-12-01 what ends on 2026-12-31: the two would overlap",
            "begin on 2027-01-01; other terms in mid-term are an amendment without it",
        ],
    ),
    "an amendment to targets of no time": (
        "    kind: uc\n",
        "    kind: uc\n    amendments: [{from: 2026-12-01, change: {targets: {resolution: {low: 0m}}}}]\n",
        ["agreements[1].amendments[0].change.targets.resolution.low: 0m is no time at all"],
    ),
    "an amendment to a calendar that is not there": (
        "    kind: uc\n",
        "    kind: uc\n    amendments: [{from: 2026-12-01, change: {calendar: nights}}]\n",
        ["there is no calendar 'nights' of south"],
    ),
    "support that is not there": (
        "    stops: {requester_info: automatic}\n",
        "    supported_by: [south/south-us]\n",
        ["supported_by[0]: there is no agreement 'south/south-us'; did you mean 'south/south-uc'?"],
    ),
    "an organization that belongs to itself": (
        "{code: mall, name: The Mall}",
        "{code: mall, name: The Mall, parent: mall}",
        ["organizations[0].parent: it belongs to itself: mall → mall; leave one out"],
    ),
}


@pytest.mark.parametrize(("right", "wrong", "told"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_a_contract(plan: Plan, right: str, wrong: str, told: list[str]) -> None:
    assert CONTRACTS.count(right) == 1
    said = plan(CONTRACTS.replace(right, wrong))
    assert [words for words in told if words not in said] == [], said


def test_a_chain_whose_uc_is_longer_than_its_sla(plan: Plan) -> None:
    said = plan(CONTRACTS)
    assert (
        "agreement mall-sla cannot be kept: its critical resolution stands on south-uc, which may take"
        in said
    )
    assert "it is due" in said
    assert "lengthen the promise, shorten the target underneath, or agree on longer hours" in said


def test_an_agreement_that_changes_in_mid_flight(plan: Plan, tmp_path: Path, run: Run) -> None:
    plan(CONTRACTS)
    file = tmp_path / "contracts.yaml"
    assert run("apply", str(file), "--yes").exit_code == 0
    kept = "open ones keep the terms they are bound to, until interdesk agreements rebind --open --agreement"
    assert f"agreement south/south-uc changes for tickets from now on; {kept} south-uc" in plan(
        CONTRACTS.replace('tue: ["09:00-17:00"]', 'wed: ["09:00-17:00"]')
    )
    assert f"agreement north/mall-sla changes for tickets from now on; {kept} mall-sla" in plan(
        CONTRACTS.replace(
            "{resolution: {critical: 4h}}\n    stops", "{resolution: {critical: 90h}}\n    stops"
        )
    )
    assert "changes for tickets" not in plan(CONTRACTS)
