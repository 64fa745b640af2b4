"""`interdesk warnings`: what stands, who was told, and saying that one knows."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.flows import clockwork
from tests.api import house
from tests.api.house import Chain
from tests.cli.conftest import Run

CONTRACTS = """
contacts:
  - {organization: south, code: duty, level: 1, channel: email, address: duty@south.example}
calendars:
  - {code: always, organization: south, always: true}
agreements:
  - code: south-uc
    organization: south
    consumer: north
    kind: uc
    calendar: always
    targets: {resolution: {critical: 4h}}
    warnings: [50%]
"""


@pytest.fixture
def chain(gateway: Gateway, tmp_path: Path, run: Run) -> Chain:
    """Three hours after a ticket was handed over: half of its target is gone."""
    file = tmp_path / "contracts.yaml"
    file.write_text(CONTRACTS, encoding="utf-8")
    assert run("apply", str(file), "--yes").exit_code == 0
    found = house.open_chain(gateway)
    clockwork.run(gateway.context, now=utc_now() + timedelta(hours=3))
    return found


def listed(run: Run, *more: str) -> list[dict[str, Any]]:
    lines = run("warnings", "list", "--json", *more).stdout.splitlines()
    return [orjson.loads(line) for line in lines]


def test_what_stands_is_listed_with_who_was_told(run: Run, chain: Chain) -> None:
    found = {one["why"]: one for one in listed(run)}

    assert found["clock 50%"]["told"] == "duty (pending), admin (pending)"
    assert found["clock 50%"]["ticket"] == chain.ticket
    assert "clock 50%" in run("warnings", "list").stdout


def test_who_knows_is_named(run: Run, chain: Chain) -> None:
    warning = listed(run)[0]["warning"]
    said = run("warnings", "acknowledge", warning, "--actor", "ann", "--reason", "on it")

    assert (said.exit_code, f"{warning}: ann knows" in said.stderr) == (0, True)
    assert [one["known_to"] for one in listed(run) if one["warning"] == warning] == ["ann"]
    assert run("warnings", "acknowledge", warning).exit_code == 5


def test_an_unknown_warning(run: Run, chain: Chain) -> None:
    refused = run("warnings", "acknowledge", "wrn_none")

    assert (refused.exit_code, "interdesk warnings list" in refused.stderr) == (2, True)


def test_an_installation_at_peace(run: Run, gateway: Gateway) -> None:
    assert "nobody has to be warned" in run("warnings", "list").stderr
