"""The other side's list: columns and words mean what the mapping says; what a cell does not say is told by its row."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.reports.lists import ListedBy
from gateway.domain.reports.outcome import Verdict
from gateway.domain.reports.their_list import mapping_from, read
from gateway.domain.sla.terms import TargetKind
from gateway.errors import Invalid

MAPPING: dict[str, Any] = {
    "columns": {"number": "Ticket", "former": "Was", "opened_at": "Created", "priority": "Prio"},
    "verdicts": {"resolution": {"column": "SLA", "met": ["Yes", "ok"], "breached": ["No"]}},
    "priorities": {"P1": "critical"},
    "time": {"format": "%d/%m/%Y %H:%M", "zone": "Europe/Rome"},
}
HEADER = ["Ticket", "Was", "Created", "Prio", "SLA"]


def test_a_row_in_their_words() -> None:
    [row], troubles = read(
        mapping_from(MAPPING), HEADER, [(2, [" A-1 ", "B-1", "01/10/2026 09:00", "p1", "YES"])]
    )
    assert troubles == []
    assert (row.row, row.number, row.former, row.priority) == (2, "A-1", ("B-1",), "critical")
    assert row.opened_at == datetime(2026, 10, 1, 7, tzinfo=UTC)
    assert row.verdicts == {TargetKind.RESOLUTION: Verdict.MET}


def test_what_a_row_leaves_open() -> None:
    [row], _ = read(mapping_from(MAPPING), HEADER, [(2, ["A-1"])])
    assert (row.opened_at, row.priority, row.verdicts, row.former) == (None, "", {}, ())


def test_a_workbooks_moments_are_by_the_wall_of_the_zone() -> None:
    wall = datetime(2026, 1, 15, 9)  # noqa: DTZ001 - a workbook knows no zone
    [row], _ = read(mapping_from(MAPPING), HEADER, [(2, ["A-1", None, wall, None, None])])
    assert row.opened_at == datetime(2026, 1, 15, 8, tzinfo=UTC)


TROUBLES = {
    "no number": (["", "", "", "", "Yes"], "the row has no number"),
    "an unknown verdict": (["A-1", "", "", "", "Yess"], "did you mean 'yes'?"),
    "an unknown priority": (["A-1", "", "", "P7", ""], "priority 'P7' is not in the mapping"),
    "no moment": (["A-1", "", "yesterday", "", ""], "is no moment"),
    "an hour that was not": (["A-1", "", "29/03/2026 02:30", "", ""], "was never shown"),
    "an hour that was twice": (["A-1", "", "25/10/2026 02:30", "", ""], "was shown twice"),
}


@pytest.mark.parametrize(("cells", "words"), TROUBLES.values(), ids=TROUBLES)
def test_what_cannot_be_read_is_told_by_its_row(cells: list[str], words: str) -> None:
    rows, [trouble] = read(mapping_from(MAPPING), HEADER, [(7, cells)])
    assert (rows, trouble.line, words in str(trouble)) == ([], 7, True)


def test_naive_times_need_a_zone() -> None:
    mapping = mapping_from(MAPPING | {"time": {"format": "%d/%m/%Y %H:%M"}})
    _, [trouble] = read(mapping, HEADER, [(2, ["A-1", "", "01/10/2026 09:00", "", ""])])
    assert "has no offset" in str(trouble)


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(Invalid, match="did you mean 'Tickets'"):
        read(mapping_from(MAPPING), ["Tickets", "Was", "Created", "Prio", "SLA"], [])


def test_what_is_left_out_of_the_mapping() -> None:
    bare = mapping_from({"columns": {"number": "Ticket"}})
    assert (bare.listed_by, bare.exported_at, bare.sheet) == (ListedBy.OPENED, None, "")
    [row], _ = read(bare, ["Ticket"], [(2, ["A-1"])])
    assert row.number == "A-1"
