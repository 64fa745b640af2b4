"""`interdesk worklist`: rows that say what to do, pages that go on, and what is said of a list that there is not."""

from typing import Any

import orjson
import pytest

from gateway.app import Gateway
from gateway.domain.worklists import NAMES
from tests.api import house
from tests.api.house import Chain
from tests.cli.conftest import Run


@pytest.fixture
def chain(gateway: Gateway) -> Chain:
    return house.open_chain(gateway)


def listed(run: Run, *words: str) -> Any:
    return orjson.loads(run("worklist", *words, "--json").stdout)


def test_a_row_says_what_to_do_and_the_command_does_it(run: Run, chain: Chain) -> None:
    found = listed(run, "unanswered-offers", "--org", "south")
    [item] = found["items"]
    assert (item["organization"], item["hop_id"], found["next"]) == ("south", chain.hops["south"], None)
    shown = run("worklist", "unanswered-offers").stdout
    assert f"interdesk accept {chain.hops['south']}" in shown

    _, *command = item["next"].partition(" (")[0].split()
    assert run(*command).exit_code == 0
    assert listed(run, "unanswered-offers", "--org", "south")["items"] == []
    assert "nothing to do here" in run("worklist", "unanswered-offers").stderr


def test_hours_are_approved_from_the_list(run: Run, chain: Chain) -> None:
    assert run("accept", chain.hops["south"]).exit_code == 0
    for minutes in ("30", "60", "90"):
        words = ("--kind", "labour", "--minutes", minutes, "--actor", "sam")
        assert run("work", "log", chain.hops["south"], *words).exit_code == 0
    first = listed(run, "hours-to-approve", "--org", "north", "--limit", "2")
    rest = listed(run, "hours-to-approve", "--org", "north", "--after", first["next"])
    items = first["items"] + rest["items"]
    assert [one["what"] for one in items] == [f"south: labour {minutes} minutes" for minutes in (30, 60, 90)]
    assert "there may be more: --after" in run("worklist", "hours-to-approve", "--limit", "2").stderr
    for item in items:
        _, *command = item["next"].partition(" (")[0].split()
        assert run(*command, "--for", "north").exit_code == 0
    assert listed(run, "hours-to-approve")["items"] == []
    assert listed(run, "hours-to-approve", "--org", "south")["items"] == []


def test_what_is_not_there_is_told(run: Run, chain: Chain) -> None:
    assert "there is no work list 'hours' · known: at-risk" in run("worklist", "hours").stderr
    assert "there is no organization 'nobody'" in run("worklist", "at-risk", "--org", "nobody").stderr
    assert "'x' is no place in a list" in run("worklist", "at-risk", "--after", "x").stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_list_is_there(run: Run, chain: Chain, name: str) -> None:
    assert set(listed(run, name)) == {"worklist", "items", "next"}
