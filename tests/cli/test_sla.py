"""Clocks of a ticket that really is in the chain: bound, read, explained."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.app import Gateway
from tests.api import house
from tests.api.house import Chain
from tests.cli.conftest import Run

CONTRACTS = """
organizations:
  - {code: mall, name: The Mall}
sites:
  - {organization: mall, code: MI-1, name: Milan}
calendars:
  - {code: always, organization: north, always: true}
  - {code: always, organization: south, always: true}
agreements:
  - code: south-uc
    organization: south
    consumer: north
    kind: uc
    calendar: always
    targets: {acceptance: {critical: 15m}, resolution: {critical: 4h}}
    stops: {requester_info: by_consumer}
"""


@pytest.fixture
def chain(gateway: Gateway, tmp_path: Path, run: Run) -> Chain:
    file = tmp_path / "contracts.yaml"
    file.write_text(CONTRACTS, encoding="utf-8")
    assert run("apply", str(file), "--yes").exit_code == 0
    return house.open_chain(gateway)


def shown(run: Run, chain: Chain, *more: str) -> Any:
    return orjson.loads(run("sla", "show", chain.ticket, "--json", *more).stdout)


def test_a_hop_is_bound_when_it_is_handed_over_and_its_clocks_run(run: Run, chain: Chain) -> None:
    found = shown(run, chain)
    assert [clock["clock"] for clock in found["clocks"]] == [
        f"south-uc/{chain.hops['south']}/acceptance",
        f"south-uc/{chain.hops['south']}/resolution",
    ]
    assert {clock["state"] for clock in found["clocks"]} == {"running"}
    assert found["ledger"][-1]["held_by"] == "link to South Services"
    assert "south-uc" in run("sla", "show", chain.ticket).stdout


def test_a_clock_is_explained_stretch_by_stretch(run: Run, chain: Chain) -> None:
    steps = orjson.loads(run("sla", "explain", chain.ticket, "--json").stdout)
    [step] = steps[f"south-uc/{chain.hops['south']}/resolution"]
    assert (step["clock"], step["state"]) == ("runs", "transit")
    assert step["booked_to"] == step["held_by"] == "link to South Services"
    assert step["event"].startswith("evt_")
    assert "transit" in run("sla", "explain", chain.ticket).stdout


def test_what_the_clocks_read_is_listed_with_when_it_took_effect(run: Run, chain: Chain) -> None:
    found = orjson.loads(run("sla", "events", chain.ticket, "--json").stdout)["events"]
    assert found[0]["type"] == "ticket.opened"
    assert [one["effective_at"] for one in found] == sorted(one["effective_at"] for one in found)
    [step] = orjson.loads(run("sla", "explain", chain.ticket, "--json").stdout)[
        f"south-uc/{chain.hops['south']}/resolution"
    ]
    [cause] = [one for one in found if one["id"] == step["event"]]
    assert (cause["type"], cause["hop"]) == ("assignment.offered", chain.hops["south"])
    told = run("sla", "events", chain.ticket).stdout
    assert cause["id"] in told
    assert run("sla", "events", "tkt_none").exit_code == 2


def test_before_the_ticket_was_seen_there_was_no_clock(run: Run, chain: Chain) -> None:
    found = shown(run, chain, "--at", "2020-01-01T00:00:00+00:00")
    assert (found["ledger"], found["clocks"]) == ([], [])


def test_an_unknown_ticket_and_a_moment_without_offset(run: Run, chain: Chain) -> None:
    assert "there is no ticket tkt_none" in run("sla", "show", "tkt_none").stderr
    refused = run("sla", "show", chain.ticket, "--at", "2026-01-01T00:00:00")
    assert (refused.exit_code, "has no offset" in refused.stderr) == (3, True)
