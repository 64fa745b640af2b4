"""`interdesk statement`: drafted, closed after a question, closed once; in text and as files."""

from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from openpyxl import load_workbook

from gateway.app import Gateway, utc_now
from tests.api import house
from tests.api.house import Chain
from tests.cli.conftest import Run

MONTH = f"{utc_now():%Y-%m}"
LAST = f"{utc_now().replace(day=1) - timedelta(days=1):%Y-%m}"


@pytest.fixture
def chain(gateway: Gateway, run: Run) -> Chain:
    """Ninety minutes of last month are agreed, thirty are not decided."""
    found = house.open_chain(gateway)
    assert run("accept", found.hops["south"]).exit_code == 0
    with gateway.database.write() as db:
        db.exec_driver_sql("UPDATE hop SET offered_at = 0")
    for minutes in ("90", "30"):
        words = (
            "--kind",
            "labour",
            "--minutes",
            minutes,
            "--at",
            f"{LAST}-15T10:00:00+00:00",
            "--actor",
            "sam",
        )
        done = run(
            "work", "log", found.hops["south"], *words, "--money", minutes, "--currency", "EUR", "--json"
        )
        if minutes == "90":
            run("work", "accept", orjson.loads(done.stdout)["id"])
    return found


def test_a_month_is_shown_closed_and_stays_closed(run: Run, chain: Chain) -> None:
    words = ("statement", "--link", "north-south", "--month", LAST)
    shown = run(*words).stdout
    assert "Agreed: 1 line, 1 h 30 min (1.50 h), 90.00 EUR." in " ".join(shown.split())
    assert "draft" in shown.splitlines()[0]
    unasked = run(*words, "--close")
    assert (unasked.exit_code, "add --yes" in unasked.stderr) == (5, True)
    assert "version 1" in run(*words, "--close", "--yes").stdout.splitlines()[0]
    again = run(*words, "--close", "--yes")
    assert (again.exit_code, "closed months are frozen" in again.stderr) == (5, True)
    assert orjson.loads(run(*words, "--json").stdout)["version"] == 1


def test_a_sheet_holds_hours_as_a_number_and_as_a_length(run: Run, chain: Chain, tmp_path: Path) -> None:
    out = tmp_path / "statement.xlsx"
    words = ("statement", "--link", "north-south", "--month", LAST, "--format", "xlsx", "--out", str(out))
    assert run(*words).exit_code == 0
    values = [cell.value for sheet in load_workbook(out) for row in sheet.iter_rows() for cell in row]
    assert 1.5 in values
    assert timedelta(minutes=90) in values
    formats = {
        cell.number_format for sheet in load_workbook(out) for row in sheet.iter_rows() for cell in row
    }
    assert {'#,##0.00 "h"', '#,##0.00 "EUR"', "[h]:mm:ss"} <= formats


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--link", "nort-south", "--month", LAST),
            "there is no link 'nort-south' · did you mean 'north-south'?",
        ),
        (("--link", "north-south", "--month", "2026"), "'2026' is no month · a statement is of one month"),
        (("--link", "north-south", "--month", MONTH, "--close", "--yes"), "is not over"),
        (("--link", "north-south", "--month", LAST, "--format", "doc"), "'doc' is no format"),
        (("--link", "north-south", "--month", LAST, "--for", "nobody"), "there is no organization 'nobody'"),
        (("--link", "north-south", "--month", LAST, "--language", "tlh"), "'tlh' is no language here"),
    ],
)
def test_what_cannot_be_is_told(run: Run, chain: Chain, words: tuple[str, ...], said: str) -> None:
    refused = run("statement", *words)
    assert refused.exit_code != 0
    assert said in refused.stderr
