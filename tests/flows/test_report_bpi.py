"""The whole report over a real history, in seconds: its totals are counted a second time by DuckDB from the file itself, and every
minute of every clock, breach and stop is somebody's. Skipped, aloud, without the log."""

import time
from datetime import timedelta

import duckdb
import pytest

from gateway.domain.reports.basis import Basis
from gateway.domain.reports.compliance import report
from gateway.domain.reports.document import Cell, Report
from gateway.domain.reports.outcome import Verdict
from gateway.domain.sla.terms import NONE
from gateway.export import documents
from gateway.flows import reporting
from gateway.flows.reporting import Wanted
from tests.flows.bpi import CHAINS, LOG, NOW, USERS, World, pytestmark

__all__ = ["pytestmark"]

PERIOD = "2012"
"""The year in which most of the log's cases were opened."""
SECONDS = 60
"""Generous: CI's machine has other things to do."""


@pytest.fixture(scope="module")
def told(bpi_counted: World) -> tuple[Basis, Report]:
    begun = time.perf_counter()
    basis = reporting.gathered(bpi_counted.context, Wanted(customer=USERS, period=PERIOD), now=NOW)
    made = report(basis)
    assert time.perf_counter() - begun < SECONDS
    print(f"{len(basis.cases)} tickets, {len(basis.outcomes)} clocks: {time.perf_counter() - begun:.1f} s")  # noqa: T201
    return basis, made


def rows(made: Report, table: str) -> list[dict[str, Cell]]:
    [one] = [one for section in made.sections for one in section.tables if one.id == table]
    return [dict(zip((column.key for column in one.columns), row, strict=True)) for row in one.rows]


def asked(query: str) -> int:
    """One number, from the file, by DuckDB."""
    source = f"read_csv('{LOG}', header = true, all_varchar = true)"
    cases = f"(SELECT case_id, min(time::TIMESTAMPTZ) AS begun FROM {source} GROUP BY case_id)"
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'Europe/Stockholm'")
        found = db.execute(query.format(cases=cases)).fetchone()
    assert found is not None
    return int(found[0])


def test_as_many_were_opened_as_the_file_says(told: tuple[Basis, Report]) -> None:
    basis, made = told
    lines = {str(row["line"]).strip("– "): row["tickets"] for row in rows(made, "population")}
    year = "date_trunc('year', begun) = TIMESTAMPTZ '2012-01-01 00:00:00 Europe/Stockholm'"
    assert lines["Opened in the period"] == asked(f"SELECT count(*) FROM {{cases}} WHERE {year}")
    opened, _, counted = basis.circles
    assert lines["Opened in the period, not counted"] == len(opened - counted)


def test_the_sums_agree_with_what_is_kept(told: tuple[Basis, Report]) -> None:
    basis, made = told
    assert [words for words in made.warnings if "rebuild" in words] == []
    months = [row for row in rows(made, "trend") if str(row["month"]).startswith(PERIOD)]
    for name in ("counted", "met", "breached"):
        assert sum(one for row in months if isinstance(one := row[name], int)) == getattr(basis.total, name)
    assert basis.total.counted > 1000


def test_every_minute_is_somebodys(told: tuple[Basis, Report]) -> None:
    basis, _ = told
    assert len(CHAINS.read_text().splitlines()) > 248
    for one in basis.outcomes:
        assert sum(one.time.values(), NONE) == one.elapsed
        assert sum(one.stopped.values(), NONE) == one.stopped_time
        if one.verdict in (Verdict.BREACHED, Verdict.EXCLUDED) and one.parts:
            assert sum(one.parts.values(), NONE) == one.over
    assert all(isinstance(row["over"], timedelta) for row in rows(told[1], "breaches"))


def test_it_is_written_and_read_again(told: tuple[Basis, Report]) -> None:
    assert documents.report_from(documents.document(told[1])) == told[1]
