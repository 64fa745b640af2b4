"""Reports by command, over the installation that the settings name: in words of a hundred columns and as JSON; each mistake in
one line."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from gateway import schemas
from gateway.app import Gateway
from gateway.domain.reports.outcome import Case, Outcome
from gateway.store import outcomes as store
from tests.api import house
from tests.cli.conftest import Run
from tests.domain.reports.month import CASES, DEEP, EAST, MALL, NORTH, OUTCOMES, SOUTH

CONTRACTS = """
organizations:
  - {code: mall, name: The Mall, zone: Europe/Rome}
  - {code: east, name: East Electric}
  - {code: deep, name: Deep Subcontractor}
calendars:
  - {code: always, organization: north, always: true}
agreements:
  - code: mall-sla
    organization: north
    consumer: mall
    kind: sla
    calendar: always
    targets: {resolution: {high: 4h}}
    objectives:
      - {name: resolutions, target: resolution, share: 95%}
"""


@pytest.fixture
def october(gateway: Gateway, tmp_path: Path, run: Run) -> dict[str, str]:
    """The month of `month`, kept; what stands there for an organization → its id here."""
    file = tmp_path / "contracts.yaml"
    file.write_text(CONTRACTS, encoding="utf-8")
    done = run("apply", str(file), "--yes")
    assert done.exit_code == 0, done.stderr
    with gateway.database.read() as db:
        known = {one.code: one.id for one in gateway.context.directory(db).organizations.values()}
    ids = {name: known[name.removeprefix("org_")] for name in (MALL, NORTH, SOUTH, EAST, DEEP)}
    kept = [
        (_case(one, ids), [_outcome(it, ids) for it in OUTCOMES if it.ticket_id == one.ticket_id])
        for one in CASES
    ]
    with gateway.database.write() as db:
        store.keep(db, kept)
    return ids


def _case(case: Case, ids: dict[str, str]) -> Case:
    return replace(
        case,
        org_id=ids[case.org_id],
        customer=ids[case.customer],
        parties=tuple(ids[one] for one in case.parties),
        time={ids.get(party, party): length for party, length in case.time.items()},
    )


def _outcome(one: Outcome, ids: dict[str, str]) -> Outcome:
    changed: dict[str, Any] = {
        name: ids[getattr(one, name)] for name in ("org_id", "customer", "provider", "consumer")
    }
    for name in ("time", "parts"):
        changed[name] = {ids.get(party, party): length for party, length in getattr(one, name).items()}
    return replace(one, **changed)


OCTOBER = ("report", "--customer", "mall", "--month", "2026-10")


def test_it_can_be_read_in_a_hundred_columns(run: Run, october: dict[str, str]) -> None:
    done = run(*OCTOBER)
    lines = done.stdout.splitlines()
    assert (done.exit_code, max(map(len, lines)) <= 100) == (0, True)
    assert lines[0] == "Service level report: The Mall, 2026-10, draft"
    assert "- 50 % of 4 clocks were met (75 % net of agreed exclusions)." in lines
    assert "- 0 of 1 objectives were met." in lines
    titles = [line for line, under in pairwise(lines) if under and set(under) == {"-"}]
    assert titles == [
        *("Coverage and population", "Compliance", "Breaches", "Where the minutes went", "Discrepancies"),
        *(
            "Quality of the work",
            "Watermelons",
            "Trend",
            "Backlog",
            "Chronic sites and assets",
            "Partner scorecard",
        ),
    ]


def test_as_json_it_keeps_its_schema(run: Run, october: dict[str, str]) -> None:
    for words in ((*OCTOBER, "--json"), (*OCTOBER, "--format", "json", "--view", "customer")):
        told = orjson.loads(run(*words).stdout)
        schemas.check("report", told)
        assert told["sections"][0]["id"] == "coverage"


def test_objectives_stand_beside_what_was_reached(run: Run, october: dict[str, str]) -> None:
    told = orjson.loads(run(*OCTOBER, "--json").stdout)
    tables = {table["id"]: table for section in told["sections"] for table in section["tables"]}
    [row] = tables["objectives"]["rows"]
    assert row[:8] == [
        *("mall-sla", "resolutions", "2026-10", "the target"),
        *({"numerator": 19, "denominator": 20}, {"numerator": 3, "denominator": 4}, 3, 4),
    ]
    assert row[8].startswith("missed")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_into_a_file(run: Run, october: dict[str, str], tmp_path: Path, form: str) -> None:
    file = tmp_path / f"october.{form}"
    done = run(*OCTOBER, "--format", form, "--out", str(file))
    assert done.exit_code == 0, done.stderr
    assert file.read_bytes()[:2] == b"PK"
    assert str(file) in done.stderr


def test_words_into_a_file(run: Run, october: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "october.txt"
    assert run(*OCTOBER, "--out", str(file)).exit_code == 0
    assert file.read_text(encoding="utf-8").splitlines()[0] == run(*OCTOBER).stdout.splitlines()[0]
    refused = run(*OCTOBER, "--out", str(tmp_path))
    assert (refused.exit_code, "cannot be written" in refused.stderr) == (3, True)


UNSEEN: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("--view", "customer"), ("South", "East", "Deep", SOUTH, DEEP)),
    (("--partner", "south"), ("Mall", "East", "M-2")),
    (("--partner", "deep"), ("Mall", "East", "North", "M-2")),
)


def test_who_may_not_be_seen_is_nowhere(run: Run, october: dict[str, str]) -> None:
    for more, unseen in UNSEEN:
        text = run(*OCTOBER, *more, "--json").stdout
        assert '"targets"' in text
        assert [word for word in unseen if october.get(word, word) in text] == []


MISTAKES: tuple[tuple[tuple[str, ...], str, int], ...] = (
    (("report", "--month", "2026-10"), "whose report?", 3),
    (("report", "--customer", "mall"), "which period?", 3),
    ((*OCTOBER, "--period", "2026-Q4"), "which period?", 3),
    (("report", "--customer", "mal", "--month", "2026-10"), "did you mean 'mall'?", 2),
    (("report", "--customer", "mall", "--month", "2026-13"), "is no period", 3),
    (("report", "--customer", "mall", "--month", "2999-01"), "had not begun", 5),
    (
        ("report", "--customer", "mall", "--month", "2020-01"),
        "its first ticket was opened on 2026-09-20",
        2,
    ),
    (("report", "--customer", "east", "--month", "2026-10"), "no ticket of east is known", 2),
    ((*OCTOBER, "--format", "papyrus"), "is no format", 3),
    ((*OCTOBER, "--view", "partner"), "--partner CODE", 3),
    ((*OCTOBER, "--as-of", "2026-10-05"), "has no offset", 3),
    ((*OCTOBER, "--under", "mal-sla"), "did you mean 'mall-sla'?", 2),
    (("report", "explain", "mall-sla"), "a clock is called AGREEMENT/ASSIGNMENT/TARGET", 2),
)


def test_a_mistake_is_one_line(run: Run, october: dict[str, str]) -> None:
    for words, said, code in MISTAKES:
        done = run(*words)
        assert (done.exit_code, said in done.stderr, done.stdout) == (code, True, ""), done.stderr


def test_everything_can_be_counted_again(run: Run, october: dict[str, str]) -> None:
    """What is kept of tickets without events goes; nothing is left to report."""
    done = run("report", "rebuild")
    assert (done.exit_code, "0 tickets counted again" in done.stderr) == (0, True)
    assert "no ticket of mall is known" in run(*OCTOBER).stderr
    assert orjson.loads(run("report", "rebuild", "--json").stdout) == {"tickets": 0}


BELOW = """
organizations:
  - {code: south, name: South Services, zone: Asia/Tokyo}
calendars:
  - {code: always, organization: south, always: true}
agreements:
  - code: south-uc
    organization: south
    consumer: north
    kind: uc
    calendar: always
    targets: {resolution: {critical: 4h}}
"""


def test_a_clock_is_explained_in_the_zone_of_its_report(gateway: Gateway, tmp_path: Path, run: Run) -> None:
    """As JSON in UTC, for programs."""
    file = tmp_path / "contracts.yaml"
    file.write_text(BELOW, encoding="utf-8")
    done = run("apply", str(file), "--yes")
    assert done.exit_code == 0, done.stderr
    chain = house.open_chain(gateway)
    name = f"south-uc/{chain.hops['south']}/resolution"
    told = run("report", "explain", name).stdout
    head, *steps = told.splitlines()
    assert head.endswith("+09:00 (Asia/Tokyo)")
    assert "+00:00" not in told
    assert steps
    exact = orjson.loads(run("report", "explain", name, "--json").stdout)
    assert exact["due"].endswith("+00:00")
    assert (
        datetime.fromisoformat(exact["due"]).astimezone(ZoneInfo("Asia/Tokyo")).strftime("%H:%M:%S") in head
    )
