"""`interdesk chain check` over agreements that were applied, and what `plan` says of them."""

from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway
from tests.cli.conftest import Run

CONTRACTS = """
calendars:
  - {code: always, organization: north, always: true}
  - {code: office, organization: south, zone: Europe/Rome,
     weekly: {mon: ["09:00-17:00"], tue: ["09:00-17:00"], wed: ["09:00-17:00"], thu: ["09:00-17:00"], fri: ["09:00-17:00"]}}
organizations:
  - {code: mall, name: The Mall}
agreements:
  - code: mall-sla
    organization: north
    consumer: mall
    kind: sla
    calendar: always
    targets: {resolution: {critical: 4h, low: 10d}}
    stops: {requester_info: automatic}
    reserve: {critical: 30m}
  - code: south-uc
    organization: south
    consumer: north
    kind: uc
    calendar: office
    targets: {resolution: {critical: 4h, low: 3h}}
"""


@pytest.fixture
def contracts(gateway: Gateway, tmp_path: Path, run: Run) -> Path:
    file = tmp_path / "contracts.yaml"
    file.write_text(CONTRACTS, encoding="utf-8")
    return file


def test_plan_says_what_cannot_be_kept_and_a_second_apply_changes_nothing(contracts: Path, run: Run) -> None:
    planned = run("plan", str(contracts))
    assert "agreement mall-sla cannot be kept: its critical resolution stands on south-uc" in planned.stderr
    assert "low resolution" not in planned.stderr
    applied = run("apply", str(contracts), "--yes")
    assert (applied.exit_code, "5 created" in applied.stderr) == (0, True)
    assert "nothing to do" in run("apply", str(contracts), "--yes").stderr


def test_check_names_the_worst_start(contracts: Path, run: Run) -> None:
    run("apply", str(contracts), "--yes")
    checked = run("chain", "check", "--year", "2026", "--json")
    first, second = [orjson.loads(line) for line in checked.stdout.splitlines()]
    assert (first["promise"], first["priority"], first["result"]) == ("mall-sla", "critical", "not kept")
    assert first["by"] == "65 h 30 min short"
    assert first["opened_at"].startswith("2026-10-23T11:00:00")
    assert (second["priority"], second["result"], "to spare" in second["by"]) == ("low", "kept", True)
    assert checked.exit_code == 1
    assert "1 of 2 promises cannot be kept" in checked.stderr


def test_check_of_an_unknown_agreement(gateway: Gateway, run: Run) -> None:
    refused = run("chain", "check", "nonsense")
    assert refused.exit_code == 2
    assert "there is no agreement nonsense" in refused.stderr


def test_without_agreements_there_is_nothing_to_check(gateway: Gateway, run: Run) -> None:
    checked = run("chain", "check")
    assert (checked.exit_code, "no agreement stands on another one" in checked.stderr) == (0, True)


def test_a_calendar_that_is_not_there_is_named(gateway: Gateway, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(CONTRACTS.replace("calendar: office", "calendar: offise"), encoding="utf-8")
    refused = run("plan", str(file))
    assert refused.exit_code == 3
    assert "there is no calendar 'offise' of south" in refused.stderr
    assert "office" in refused.stderr
