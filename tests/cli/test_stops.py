"""Stop-clock requests of a ticket that really is in the chain: made at a desk or asked for afterwards, decided, disputed, voided."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.domain import progress
from gateway.domain.case import Because
from gateway.domain.model import HopStatus, Reason
from gateway.flows.context import OPERATOR
from gateway.store import audit, cases
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


def test_an_exclusion_needs_a_reason_and_a_span(run: Run, chain: Chain) -> None:
    hop = chain.hops["south"]
    span = ("--from", "2026-01-01T10:00:00+00:00", "--to", "2026-01-01T09:00:00+00:00")
    assert "ends before it begins" in run("exclude", hop, *span, "--reason", "test").stderr
    right = ("--from", "2026-01-01T09:00:00+00:00", "--to", "2026-01-01T10:00:00+00:00")
    assert "recorded" in run("exclude", hop, *right, "--reason", "agreed with Ann").stderr


def test_a_request_that_is_none(run: Run, chain: Chain) -> None:
    refused = run("stops", "void", "evt_none", "--reason", "no")
    assert (refused.exit_code, "evt_none is no stop request" in refused.stderr) == (2, True)
    assert "nobody asked for a stop" in run("stops", "list", chain.ticket).stderr


def test_a_question_stops_the_clock_once_it_is_accepted_and_as_never_when_it_is_voided(
    gateway: Gateway, run: Run, chain: Chain
) -> None:
    hop = chain.hops["south"]
    with gateway.database.write() as db:
        case = next(
            iter(cases.load(db, OPERATOR, [chain.ticket], gateway.context.occasion(db, utc_now())).values())
        )
        progress.move(case, case.hops[hop], HopStatus.PENDING, Reason.REQUESTER_INFO, Because())
        cases.save(db, [case])
    listed = [orjson.loads(line) for line in run("stops", "list", chain.ticket, "--json").stdout.splitlines()]
    [(request, standing)] = {(one["request"], one["standing"]) for one in listed}
    assert standing == "open"
    assert resolution(run, chain) == "running"

    assert run("stops", "accept", request, "--reason", "we do owe an answer").exit_code == 0
    assert resolution(run, chain) == "running (stopped)"
    disputed = run("stops", "dispute", request, "--reason", "we answered by phone", "--actor", "ann")
    assert f"south-uc/{hop}/resolution: running (stopped)" in disputed.stderr
    assert resolution(run, chain) == "running"
    run("stops", "uphold", request, "--reason", "no call is on record")
    assert resolution(run, chain) == "running (stopped)"
    run("stops", "void", request, "--reason", "the answer stood in the ticket all along")
    assert resolution(run, chain) == "running"
    assert run("stops", "void", request).exit_code == 2

    with gateway.database.read() as db:
        actions = [(one["actor"], one["action"]) for one in audit.entries(db, OPERATOR, subject=request)]
    assert ("ann", "stop disputed") in actions


def resolution(run: Run, chain: Chain) -> str:
    return str(next(one["state"] for one in shown(run, chain)["clocks"] if "resolution" in one["clock"]))
