"""`interdesk work`: what a person types, what is said back, and every mistake with what to do about it."""

from typing import Any

import orjson
import pytest

from gateway.app import Gateway
from tests.api import house
from tests.api.house import Chain
from tests.cli.conftest import Run


@pytest.fixture
def chain(gateway: Gateway, run: Run) -> Chain:
    found = house.open_chain(gateway)
    assert run("accept", found.hops["south"]).exit_code == 0
    return found


def logged(run: Run, chain: Chain, *more: str) -> str:
    words = more or ("--kind", "labour", "--minutes", "90")
    done = run("work", "log", chain.hops["south"], *words, "--json")
    assert done.exit_code == 0, done.stderr
    return str(orjson.loads(done.stdout)["id"])


def lines(run: Run, *more: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in run("work", "list", *more, "--json").stdout.splitlines()]


def test_a_line_is_logged_listed_disputed_and_accepted(run: Run, chain: Chain) -> None:
    words = (
        "--kind",
        "labour",
        "--minutes",
        "90",
        "--money",
        "120",
        "--currency",
        "EUR",
        "--text",
        "new switch",
    )
    line = logged(run, chain, *words)

    [told] = lines(run, "--for", "north")
    assert {name: told[name] for name in ("id", "kind", "amount", "unit", "money", "currency", "text", "by", "to")} == {
        "id": line, "kind": "labour", "amount": "90", "unit": "minutes", "money": "120.00", "currency": "EUR",
        "text": "new switch", "by": "south", "to": "north",
    }  # fmt: skip
    assert "labour" in run("work", "list", "--ticket", chain.ticket, "--link", "north-south").stdout
    disputed = run("work", "dispute", line, "--reason", "sixty were agreed", "--for", "north")
    assert f"{line}: labour 90 minutes is disputed" in disputed.stderr
    [told] = lines(run, "--state", "disputed")
    assert (told["reason"], told["decided_by"]) == ("sixty were agreed", "maria")
    assert run("work", "accept", line, "--actor", "ann").exit_code == 0
    assert lines(run, "--state", "disputed") == []
    assert "no such work was logged" in run("work", "list", "--month", "2001-01").stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(
            ("--kind", "labor", "--minutes", "9"),
            ["'labor' is no kind of work", "did you mean 'labour'?"],
            id="unknown kind",
        ),
        pytest.param(
            ("--kind", "labour", "--minutes", "-90"),
            ["-90 minutes cannot be logged", "more than nothing", "the other side disputes its line"],
            id="negative",
        ),
        pytest.param(("--kind", "labour", "--minutes", "0"), ["0 minutes cannot be logged"], id="nothing"),
        pytest.param(
            ("--kind", "labour", "--minutes", "NaN"), ["NaN minutes cannot be logged"], id="no number"
        ),
        pytest.param(
            ("--kind", "labour", "--minutes", "1h"),
            ["'1h' is no number of minutes", "write it like 90"],
            id="words",
        ),
        pytest.param(
            ("--kind", "labour", "--minutes", "1.5"), ["minutes are logged whole"], id="half a minute"
        ),
        pytest.param(
            ("--kind", "labour", "--km", "9"), ["labour is not counted in km", "--minutes"], id="wrong unit"
        ),
        pytest.param(
            ("--kind", "travel"), ["how much travel is not said", "--km or --minutes"], id="no amount"
        ),
        pytest.param(
            ("--kind", "travel", "--km", "9", "--minutes", "9"), ["a line has one amount"], id="two amounts"
        ),
        pytest.param(
            ("--kind", "parts", "--pieces", "1", "--money", "12"),
            ["needs its currency", "--currency EUR"],
            id="no currency",
        ),
        pytest.param(
            ("--kind", "parts", "--pieces", "1", "--money", "12", "--currency", "euro"),
            ["'euro' is no currency", "ISO 4217"],
            id="no such currency",
        ),
        pytest.param(
            ("--kind", "labour", "--minutes", "9", "--at", "2001-01-01T10:00:00+00:00"),
            ["the work lies before its assignment", "offered at", "correct --at"],
            id="before the assignment",
        ),
        pytest.param(
            ("--kind", "labour", "--minutes", "9", "--at", "2099-01-01T10:00:00+00:00"),
            ["the work lies in the future"],
            id="future",
        ),
        pytest.param(
            ("--kind", "labour", "--minutes", "9", "--at", "2026-01-01T10:00:00"),
            ["has no offset"],
            id="naive time",
        ),
    ],
)
def test_a_line_that_cannot_be_says_what_is_wrong(
    run: Run, chain: Chain, words: tuple[str, ...], said: list[str]
) -> None:
    refused = run("work", "log", chain.hops["south"], *words)
    assert refused.exit_code != 0
    assert [one for one in said if one not in refused.stderr] == [], refused.stderr
    assert lines(run) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("log", "hop_none", "--kind", "labour", "--minutes", "9"), "no assignment hop_none"),
        (("accept", "wrk_none"), "there is no line wrk_none · interdesk work list shows them"),
        (("dispute", "wrk_none", "--reason", "no"), "there is no line wrk_none"),
        (("pass-on", "wrk_none"), "there is no line wrk_none"),
        (("confirm", "wrk_none"), "there is no line wrk_none"),
        (("drop", "wrk_none"), "there is no line wrk_none"),
        (("list", "--link", "north-suth"), "there is no link 'north-suth' · did you mean 'north-south'?"),
        (("list", "--for", "nobody"), "there is no organization 'nobody'"),
        (("list", "--state", "acepted"), "'acepted' is no state of a line · did you mean 'accepted'?"),
    ],
)
def test_unknown_names_are_told_with_what_is_known(
    run: Run, chain: Chain, words: tuple[str, ...], said: str
) -> None:
    refused = run("work", *words)
    assert refused.exit_code != 0
    assert said in refused.stderr


def test_one_does_not_decide_ones_own_line_and_the_first_ticket_has_nobody_above(
    run: Run, chain: Chain
) -> None:
    line = logged(run, chain)
    own = run("work", "accept", line)
    assert (own.exit_code, "maria logged this line and cannot be the one who decides it" in own.stderr) == (
        5,
        True,
    )
    assert "--for ORGANIZATION decides for that side" in own.stderr
    assert run("work", "accept", line, "--for", "south").exit_code == 5
    top = run("work", "log", chain.hops["north"], "--kind", "labour", "--minutes", "9")
    assert "nobody above this assignment is linked" in top.stderr
    onward = run("work", "pass-on", line)
    assert "nobody above this assignment is linked" in onward.stderr
