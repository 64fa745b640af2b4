"""Twenty tickets between RT and Redmine drift while no gateway runs: one command tells it, one sets it right, a third finds
nothing more."""

import json
from collections import Counter
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from tests.desks.crew import Crew, Way
from tests.desks.house import House

pytestmark = [pytest.mark.desks, pytest.mark.timeout(900)]

MANY = 20
STARTED, SAID, RAISED = range(7), range(7, 14), range(14, MANY)


def reconcile(house: House, *words: str) -> tuple[int, Counter[tuple[str, str]]]:
    """Exit code, and how often each (what, cause) was told."""
    call = ["reconcile", "--link", "c-v", "--json", "--actor", "tests", *words]
    ran = CliRunner().invoke(app, call, env=house.environment(), catch_exceptions=False)
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    return ran.exit_code, Counter((row["what"].split()[0], row["cause"]) for row in told)


def test_a_drifted_pair_is_healed_by_one_run(
    house: House, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.domain.drift.FRESH", timedelta())  # nothing is on its way: nobody works
    ways = [Way.begun(crew, f"till {number} is dead", priority="50") for number in range(MANY)]
    for way in ways:
        way.arrives("vendor")
    house.quiet()
    house.end()

    for number in STARTED:
        ways[number].change("vendor", status="In Progress")
    for number in SAID:
        ways[number].say("vendor", f"on my way {number}")
    for number in RAISED:
        ways[number].change("customer", priority="100")

    code, told = reconcile(house, "--dry-run")
    assert code == 1
    assert {cause for _, cause in told} == {"missed_hook"}
    assert (told[("status", "missed_hook")], told[("comment", "missed_hook")]) == (7, 7)
    assert told[("priority", "missed_hook")] == 6
    assert reconcile(house, "--dry-run") == (1, told)
    assert reconcile(house, "--yes") == (0, told)

    house.start()
    for number in STARTED:
        ways[number].shows(customer="open")
    for number in SAID:
        ways[number].hears("customer", f"on my way {number}")
    urgent = ways[STARTED[0]].field("vendor", "priority")
    for number in RAISED:
        assert ways[number].field("customer", "priority") == "100"
    house.quiet()
    assert {ways[number].field("vendor", "priority") for number in RAISED} != {urgent}
    house.end()
    assert reconcile(house, "--yes") == (0, Counter())
    house.start()
