"""`interdesk conflicts`: what lost, whose it is, and deciding it."""

from typing import Any

import orjson
import pytest

from gateway.app import Gateway
from tests.api import house
from tests.cli.conftest import Run
from tests.contested import contested


@pytest.fixture
def conflict(gateway: Gateway) -> str:
    return contested(gateway, house.open_chain(gateway))


def listed(run: Run, *more: str) -> list[dict[str, Any]]:
    lines = run("conflicts", "list", "--json", *more).stdout.splitlines()
    return [orjson.loads(line) for line in lines]


def test_what_was_settled_by_rule_is_listed_when_asked_for(run: Run, conflict: str) -> None:
    assert listed(run) == []
    [row] = listed(run, "--all")
    assert (row["conflict"], row["owner"], row["standing"]) == (conflict, "upstream", "settled")
    assert (row["upstream"]["value"], row["downstream"]["value"]) == ("critical", "low")
    shown = run("conflicts", "list", "--all").stdout
    assert "north: critical" in shown
    assert "south: low" in shown


def test_a_person_keeps_what_lost_once(run: Run, conflict: str) -> None:
    done = run("conflicts", "keep", conflict, "--mine", "--reason", "they are right", "--actor", "ann")
    assert (done.exit_code, f"{conflict} is decided" in done.stderr) == (0, True)
    again = run("conflicts", "keep", conflict, "--theirs")
    assert (again.exit_code, "this conflict is decided" in again.stderr) == (5, True)


# words → exit code, what is said
WRONG = {
    "neither": (("keep",), 2, "say one of --mine, --theirs or --value"),
    "no priority": (("keep", "--value", "soon"), None, "'soon' is no priority"),
    "nothing was stopped": (("release",), 5, "nothing was stopped by this conflict"),
}


@pytest.mark.parametrize(("words", "code", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_makes_no_sense_is_told(
    run: Run, conflict: str, words: tuple[str, ...], code: int | None, said: str
) -> None:
    done = run("conflicts", words[0], conflict, *words[1:])
    assert done.exit_code == code if code is not None else done.exit_code > 0
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_one_that_is_not_there(run: Run, conflict: str) -> None:
    done = run("conflicts", "keep", f"{conflict}x", "--mine")
    assert (done.exit_code > 0, "no conflict" in done.stderr) == (True, True)
