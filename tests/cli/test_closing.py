"""A month closed by command: brought, shown, queried, agreed, written; each mistake in one line."""

from pathlib import Path

import orjson
import pytest

from gateway import schemas
from tests.cli.conftest import Run
from tests.cli.test_report import october

__all__ = ["october"]

LIST = """Ticket,Created,SLA
M-1,2026-10-09T09:00:00,yes
M-2,2026-10-09T09:00:00,yes
M-99,2026-10-12T09:00:00,no
"""
MAPPING = """
columns: {number: Ticket, opened_at: Created}
verdicts: {resolution: {column: SLA, met: ["yes"], breached: ["no"]}}
time: {zone: UTC}
"""
MALL = ("--customer", "mall", "--month", "2026-10")


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    file, mapping = tmp_path / "list.csv", tmp_path / "mapping.yaml"
    file.write_text(LIST, encoding="utf-8")
    mapping.write_text(MAPPING, encoding="utf-8")
    return str(file), str(mapping)


def test_a_month_is_closed(run: Run, october: dict[str, str], files: tuple[str, str]) -> None:
    file, mapping = files
    begun = run("close", "import", file, "--mapping", mapping, *MALL, "--json")
    assert begun.exit_code == 0, begun.stderr
    told = orjson.loads(begun.stdout)
    assert (told["theirs"], told["ours"], told["both"], told["agreed"]) == (3, 4, 2, 1)
    found = {one["line"]: (one["where"], one["cause"]) for one in told["lines"]}
    assert found == {
        "M-99": ("only there", "not linked"),
        "M-2/resolution": ("verdict", "unexplained"),
        "M-6": ("only here", "missing there"),
        "M-7": ("only here", "outside the period"),
    }
    shown = run("close", "show", *MALL)
    assert "Their list has 3 tickets, ours 4; 2 on both" in shown.stdout
    assert "M-99" in shown.stdout
    asked = run("close", "query", "M-6", *MALL, "--reason", "where is it?")
    assert (asked.exit_code, "M-6 is queried" in asked.stderr) == (0, True)
    assert "M-6 is settled" in run("close", "agree", "M-6", *MALL, "--reason", "it came by phone").stderr
    refused = run("close", "issue", *MALL, "--ours", "Anna", "--theirs", "Mario")
    assert (refused.exit_code, "3 lines are not agreed" in refused.stderr) == (5, True)
    for line in ("M-99", "M-2/resolution", "M-7"):
        assert run("close", "agree", line, *MALL).exit_code == 0
    issued = run("close", "issue", *MALL, "--ours", "Anna", "--theirs", "Mario")
    assert (issued.exit_code, "version 1" in issued.stderr) == (0, True), issued.stderr
    schemas.check("report", orjson.loads(run("close", "report", *MALL, "--json").stdout))
    again = run("close", "restate", *MALL, "--reason", "to be sure")
    assert (again.exit_code, "nothing has changed since version 1" in again.stderr) == (1, True)
    [one] = [orjson.loads(line) for line in run("close", "list", "--json").stdout.splitlines()]
    assert (one["state"], one["names"]) == ("issued", ["Anna", "Mario"])


def test_mistakes_are_one_line(
    run: Run, october: dict[str, str], files: tuple[str, str], tmp_path: Path
) -> None:
    file, mapping = files
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(LIST.replace(",no", ",nope"), encoding="utf-8")
    mistakes = [
        (
            ("close", "import", str(wrong), "--mapping", mapping, *MALL),
            "1 rows of wrong.csv cannot be read",
            3,
        ),
        (("close", "import", file, "--mapping", file, *MALL), "not a valid closing_mapping", 3),
        (("close", "import", file, "--mapping", mapping, "--customer", "mall"), "which period?", 3),
        (
            ("close", "import", file, "--mapping", mapping, "--customer", "mal", *MALL[2:]),
            "did you mean 'mall'?",
            2,
        ),
        (("close", "show", *MALL), "nobody began to close", 2),
        (("close", "restate", *MALL, "--reason", "x"), "nobody began to close", 2),
    ]
    for words, said, code in mistakes:
        done = run(*words)
        assert (done.exit_code, said in done.stderr) == (code, True), (words, done.stderr)
