"""The other side's list from files: CSV as spreadsheets save it, and workbooks."""

import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from gateway.errors import Invalid, Unsupported
from gateway.installation import ticket_list

MAPPING = """
columns: {number: Ticket, opened_at: Created}
verdicts: {resolution: {column: SLA, met: ["yes"]}}
time: {zone: Europe/Rome}
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    file = tmp_path / "mapping.yaml"
    file.write_text(MAPPING, encoding="utf-8")
    return file


def book(folder: Path, *, title: str = "October") -> Path:
    file = folder / "list.xlsx"
    made = openpyxl.Workbook()
    made.create_sheet(title)
    sheet = made[title]
    sheet.append(["Ticket", "Created", "SLA"])
    sheet.append([4711, datetime(2026, 10, 1, 9), "yes"])  # noqa: DTZ001 - a workbook knows no zone
    sheet.append([None, None, None])
    sheet.append(["A-2", None, None])
    made.save(file)
    return file


def test_csv_by_semicolons_and_with_a_mark(tmp_path: Path, mapping: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("\ufeffTicket;Created;SLA\r\nA-1;2026-10-01T09:00:00;yes\r\n".encode())
    [row], troubles = ticket_list.listed(file, ticket_list.mapping_of(mapping))
    assert (row.number, row.opened_at, troubles) == ("A-1", datetime(2026, 10, 1, 7, tzinfo=UTC), [])
    assert len(ticket_list.digest(file)) == 64


def test_a_workbook(tmp_path: Path, mapping: Path) -> None:
    mapping.write_text(MAPPING + "sheet: October\n", encoding="utf-8")
    rows, troubles = ticket_list.listed(book(tmp_path), ticket_list.mapping_of(mapping))
    assert [(row.row, row.number) for row in rows] == [(2, "4711"), (4, "A-2")]
    assert (rows[0].opened_at, troubles) == (datetime(2026, 10, 1, 7, tzinfo=UTC), [])


def test_another_sheet_than_there_is(tmp_path: Path, mapping: Path) -> None:
    mapping.write_text(MAPPING + "sheet: Octobre\n", encoding="utf-8")
    with pytest.raises(Invalid, match="did you mean 'October'"):
        ticket_list.listed(book(tmp_path), ticket_list.mapping_of(mapping))


def test_what_is_no_workbook(tmp_path: Path, mapping: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "list.xlsx"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    known = ticket_list.mapping_of(mapping)
    with pytest.raises(Invalid, match="is no workbook"):
        ticket_list.listed(file, known)
    monkeypatch.setattr(ticket_list, "MOST_BYTES", 5)
    with pytest.raises(Invalid, match="unpacks to more than"):
        ticket_list.listed(file, known)


def test_without_the_library(tmp_path: Path, mapping: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = book(tmp_path)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(Unsupported, match="save the list as CSV"):
        ticket_list.listed(file, ticket_list.mapping_of(mapping))


def test_files_that_are_not_there(tmp_path: Path, mapping: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        ticket_list.mapping_of(tmp_path / "nothing.yaml")
    with pytest.raises(Invalid, match="cannot be read"):
        ticket_list.digest(tmp_path / "nothing.csv")
    mapping.write_text("columns: {}\n", encoding="utf-8")
    with pytest.raises(Invalid, match="'number' is missing"):
        ticket_list.mapping_of(mapping)
