"""Rows of a log on their way: in any order in, case by case out, those that are held left out, nothing left behind."""

from pathlib import Path

from gateway.store import import_staging
from gateway.store.import_staging import Staged, staging


def row(case: str, place: int) -> Staged:
    return (case, place, place, place, "open", "north", "", "", "", "")


def test_cases_come_together_however_their_rows_lie(tmp_path: Path) -> None:
    with staging(tmp_path) as staged:
        for number in range(7):
            for case in ("b", "a", "c"):
                staged.add(row(case, number))
        staged.hold("c")
        staged.hold("c")
        assert staged.left_out() == (1, 7)
        found = [[(one[0], one[1]) for one in rows] for rows in staged.cases()]
        assert [[case for case, _ in rows][:1] for rows in found] == [["a"], ["b"]]
        assert sorted(found[0]) == [("a", number) for number in range(7)]
        assert staged.rows == 21
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_a_batch() -> None:
    with staging(None) as staged:
        for number in range(import_staging.BATCH + 1):
            staged.add(row("a", number))
        assert [len(rows) for rows in staged.cases()] == [import_staging.BATCH + 1]
