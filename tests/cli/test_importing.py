"""`interdesk import` as somebody at a terminal sees it: what came of it, what was left out and what to do, exit codes."""

import csv
from pathlib import Path

import orjson
import pytest

from gateway.cli import importing
from tests.cli.conftest import Run

MAPPING = """
source: old-desk
columns: {case: number, time: at, status: state, organization: company}
time: {zone: Europe/Rome}
statuses: {Open: in_progress, Done: closed}
parties: {organizations: {create: true}}
"""
LOG = """number,at,state,company
A-1,2025-03-03T08:00:00,Open,Old North
A-1,2025-03-03T09:00:00,Done,Old North
A-2,2025-03-03T08:00:00,Open,Old South
"""
BAD = LOG + "=A-3,2025-03-03T08:00:00,Lost,Old South\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    (tmp_path / "bad.csv").write_text(BAD, encoding="utf-8")
    return tmp_path


def words(files: Path, name: str = "log.csv", *more: str) -> tuple[str, ...]:
    return ("import", str(files / name), "--mapping", str(files / "mapping.yaml"), *more)


@pytest.mark.usefixtures("gateway")
def test_a_history_is_brought_in_and_can_be_looked_at(run: Run, files: Path) -> None:
    foreseen = run(*words(files, "log.csv", "--dry-run"))
    assert (foreseen.exit_code, "nothing was written" in foreseen.stderr) == (0, True)
    assert "organizations to be made: old-north, old-south" in foreseen.stderr

    done = run(*words(files))
    assert done.exit_code == 0
    assert "2  cases taken" in done.stdout
    assert "2 cases are there" in done.stderr
    shown = run("explain", "A-1")
    assert shown.exit_code == 0
    assert "old-desk:old-north/desk" in shown.stdout
    listed = [orjson.loads(line) for line in run("tickets", "list", "--json").stdout.splitlines()]
    assert {hop["desk"] for one in listed for hop in one["hops"]} >= {"old-desk:old-north/desk"}
    assert "old-desk" not in run("desks", "list").stdout


@pytest.mark.usefixtures("gateway")
def test_reports_count_it_or_leave_it_out(run: Run, files: Path) -> None:
    assert "nothing was imported" in run("imports", "list").stderr
    assert run(*words(files, "log.csv", "--leave-out")).exit_code == 0
    [listed] = [orjson.loads(line) for line in run("imports", "list", "--json").stdout.splitlines()]
    assert (listed["reports"], listed["state"], listed["counts"]["cases"]) == ("leave it out", "done", 2)
    assert "reports count 0 tickets" in run("imports", "count", listed["id"]).stderr
    assert "count it" in run("imports", "list").stdout
    assert "reports leave out" in run("imports", "leave-out", listed["id"], "--reason", "too old").stderr
    assert run("imports", "count", "imp_none").exit_code == 2


@pytest.mark.usefixtures("gateway")
def test_rows_that_are_left_out_are_told_and_listed(run: Run, files: Path) -> None:
    errors = files / "left-out.csv"
    done = run(*words(files, "bad.csv", "--json", "--errors", str(errors)))
    assert done.exit_code == 10
    assert "line 5 (=A-3): 'Lost' is no status that the mapping knows" in done.stderr
    assert orjson.loads(done.stdout)["bad_rows"] == 1
    with errors.open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    assert listed == [
        {
            "line": "5",
            "case": "'=A-3",
            "what": "''Lost' is no status that the mapping knows"[1:],
            "why": "nobody may guess what it means",
            "do": "add it to statuses",
        }
    ]
    again = run(*words(files, "bad.csv"))
    assert (again.exit_code, "--resume" in again.stderr) == (5, True)
    (files / "mapping.yaml").write_text(
        MAPPING.replace("Done:", "Lost: in_progress, Done:"), encoding="utf-8"
    )
    mended = run(*words(files, "bad.csv", "--resume"))
    assert (mended.exit_code, "3 cases are there" in mended.stderr) == (0, True)


@pytest.mark.usefixtures("gateway")
def test_only_the_first_of_many_are_told(run: Run, files: Path) -> None:
    rows = "".join(f"B-{n},never,Open,Old North\n" for n in range(importing.SHOWN + 2))
    (files / "bad.csv").write_text(LOG + rows, encoding="utf-8")
    told = run(*words(files, "bad.csv", "--dry-run"))
    assert told.exit_code == 10
    assert "… and 2 more: --errors FILE" in told.stderr


MISTAKES = {
    "no such file": (("nowhere.csv",), "", "nowhere.csv cannot be read"),
    "no such customer": (("log.csv", "--customer", "nobody"), "", "no organization 'nobody'"),
    "a mapping that is none": (("log.csv",), "source: x\n", "not a valid import_mapping"),
    "two mappings": (("log.csv",), "{}\n---\n{}\n", "has 2 documents"),
    "nowhere to write": (("log.csv", "--errors", "nowhere/x.csv"), MAPPING, "cannot be written"),
    "a time without a zone": (
        ("log.csv",),
        MAPPING.replace("time: {zone: Europe/Rome}\n", ""),
        "has no offset",
    ),
}


@pytest.mark.parametrize(("more", "mapping", "what"), MISTAKES.values(), ids=MISTAKES.keys())
@pytest.mark.usefixtures("gateway")
def test_a_mistake_is_told(run: Run, files: Path, more: tuple[str, ...], mapping: str, what: str) -> None:
    if mapping:
        (files / "mapping.yaml").write_text(mapping, encoding="utf-8")
    told = run(*words(files, *more))
    assert told.exit_code not in (0, 1)
    assert what in told.stderr
