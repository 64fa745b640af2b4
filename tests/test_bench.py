"""The figures in the README are those of the saved run, or none; and none stands there without what it is compared with."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from gateway.store import outcomes
from gateway.store.db import Database
from tests.bench import aims, compliance
from tests.bench.__main__ import BENCHES, README, RESULTS, main
from tests.bench.figures import Bench, Row, benches_of, document, percentile, shown, table
from tests.bench.report import MACHINE, NOTHING, aims_table, faults, section, with_section
from tests.migrated import bring_up


def _saved() -> dict[str, Any] | None:
    if not RESULTS.exists():
        return None
    run: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return run


def test_the_readme_shows_the_saved_run() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_section(text, _saved()) == text


def test_the_saved_run_is_whole() -> None:
    run = _saved()
    assert run is None or list(faults(run, list(BENCHES))) == []


def _bench(ours: dict[str, float], base: dict[str, float], *, name: str = "accept") -> Bench:
    rows = [
        Row(what="ours", store="SQLite", figures=ours),
        Row(what="the old way", store="SQLite", figures=base, baseline=True),
    ]
    return Bench(name=name, title="A bench", note="What it shows.", rows=rows)


FAST = _bench({"accepted/s": 3_500.0, "p99 ms at 50/s": 6.0}, {"accepted/s": 500.0, "p99 ms at 50/s": 9.0})
STATE = dict.fromkeys(MACHINE, "x")
RUN = document([FAST], STATE)


def test_another_run_is_seen_in_the_readme(tmp_path: Path) -> None:
    readme, results = tmp_path / "README.md", tmp_path / "results.json"
    readme.write_text("Before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n", encoding="utf-8")
    results.write_text(json.dumps(RUN), encoding="utf-8")
    assert main(["--readme", str(readme), "--json", str(results)]) == 0
    text = readme.read_text(encoding="utf-8")
    assert "3,500" in text
    assert "old\n" not in text
    assert (text.startswith("Before\n"), text.endswith("\nafter\n")) == (True, True)
    assert with_section(text, RUN) == text
    assert with_section(text, None) != text
    slower = _bench({"accepted/s": 3_400.0, "p99 ms at 50/s": 6.0}, FAST.rows[1].figures)
    assert with_section(text, document([slower], STATE)) != text


def test_without_a_run_there_are_no_figures() -> None:
    assert section(None) == NOTHING


LACKING: dict[str, tuple[dict[str, Any], str]] = {
    "a bench is missing": (document([], STATE), "not every bench was measured"),
    "no baseline": (
        document([replace(FAST, rows=FAST.rows[:1])], STATE),
        "accept stands beside nothing",
    ),
    "what machine": (document([FAST], {}), "the machine's cpus"),
    "a quick look": (document([FAST], {**STATE, "quick": True}), "it was a quick look"),
}


@pytest.mark.parametrize(("run", "fault"), LACKING.values(), ids=LACKING.keys())
def test_what_a_run_lacks_is_told(run: dict[str, Any], fault: str) -> None:
    assert [told for told in faults(run, ["accept"]) if told.startswith(fault)]
    assert list(faults(RUN, ["accept"])) == []


def test_aims_are_met_or_missed() -> None:
    slow = _bench({"accepted/s": 2_000.0, "p99 ms at 50/s": 12.0}, {"accepted/s": 300.0})
    assert [aim.met for aim in aims.judged([FAST])] == [True, True, True]
    assert [aim.met for aim in aims.judged([slow])] == [False, True, False]
    assert "Aims: 1 of 3 met" in aims_table([slow])
    assert aims_table([slow]).count("MISSED") == 2


def test_a_full_store_may_cost_a_tenth_more() -> None:
    flat, steep = ({"CPU us/event": cost} for cost in (109.0, 111.0))
    few = {"CPU us/event": 100.0}
    assert [aim.met for aim in aims.judged([_bench(flat, few, name="stock")])] == [True]
    assert [aim.met for aim in aims.judged([_bench(steep, few, name="stock")])] == [False]


def test_the_dearest_span_and_the_longest_history_are_judged() -> None:
    rates = {"between, 4 h": 2e6, "between, 6 months": 1.25e6, "add 4 h": 9e5}
    peers = {
        "times businesstimedelta": {"between, 4 h": 250.0, "add 4 h": 199.0},
        "times pandas CustomBusinessHour": rates,
    }
    rows = [
        Row(what="Interdesk, calls/s", figures=rates),
        *(Row(what=what, figures=told) for what, told in peers.items()),
    ]
    found = {
        aim.what: (aim.found, aim.met)
        for aim in aims.judged([Bench(name="worktime", title="", note="", rows=rows)])
    }
    assert found["times businesstimedelta, at least"] == (199.0, False)
    assert found["between/s, any span"] == (1.25e6, True)
    assert found["cost of the dearest span in % of 4 h"] == (160.0, False)


def test_a_run_comes_back_from_its_json() -> None:
    assert benches_of(json.loads(json.dumps(RUN))) == [FAST]
    assert RUN["benches"] == [asdict(FAST)]


def test_a_baseline_stands_out_and_a_missing_figure_leaves_its_cell_empty() -> None:
    bench = _bench({"accepted/s": 3_500.0, "p99 ms at 50/s": 0.123}, {"accepted/s": 99.0})
    lines = section(document([bench], STATE)).splitlines()
    assert "| ours, SQLite | 3,500 | 0.12 |" in lines
    assert any(line.startswith("| *the old way, SQLite* | 99.0 |") for line in lines)
    assert "ours, SQLite" in table(bench)


@pytest.mark.parametrize(("number", "text"), [(0.0, "0.00"), (12.34, "12.3"), (4003.4, "4,003")])
def test_three_digits_count(number: float, text: str) -> None:
    assert shown(number) == text


def test_percentiles_of_few_values() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert percentile([], 0.5) == 0.0


def test_a_years_report_is_judged_in_ms_and_beside_duckdb() -> None:
    rows = [
        Row(
            what="kept sums",
            store="SQLite",
            figures={"year, ms": 150.0, "customer, ms": 30.0, "rows, ms": 900.0},
        ),
        Row(what="DuckDB", figures={"year, ms": 60.0, "customer, ms": 20.0, "rows, ms": 1.0}, baseline=True),
    ]
    found = aims.judged([Bench(name="compliance", title="", note="", rows=rows)])
    assert [(aim.what, aim.met) for aim in found] == [
        ("year, ms", True),
        ("year, × DuckDB", False),
        ("customer, ms", True),
        ("customer, × DuckDB", True),
    ]


def test_a_years_report_has_the_same_answers_from_sums_from_rows_and_from_duckdb(tmp_path: Path) -> None:
    database = Database("sqlite://")
    bring_up(database)
    compliance.fill(database, 2_000)
    with database.write() as db:
        answers = compliance.whole(db), compliance.one_customer(db), compliance.late(db)
        outcomes.sum_again(db)
        again = compliance.whole(db), compliance.one_customer(db), compliance.late(db)
    database.close()
    assert answers == again == compliance.peers(tmp_path, 2_000)[1]
    assert sum(counted for _, counted, _ in answers[0].values()) == 2_000
