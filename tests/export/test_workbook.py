"""The sheets as another program opens them: typed cells, no formula and no link in them, names and shares that are right."""

import io
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import openpyxl
import pytest

from gateway import export
from gateway.domain.reports.document import CellKind, Report, Table
from gateway.errors import Refused
from gateway.export import Manner, documents, workbook
from tests.domain.reports import sample


def written(report: Report | None = None, language: str = "en") -> bytes:
    stream = io.BytesIO()
    export.write(report or sample.report(), "xlsx", stream, Manner(language=language, made_by="maria"))
    return stream.getvalue()


@pytest.fixture(scope="module")
def book() -> Any:
    return openpyxl.load_workbook(io.BytesIO(written()))


def test_the_summary_comes_first_then_the_parameters_then_a_sheet_for_each_table(book: Any) -> None:
    assert book.sheetnames[:3] == ["Summary", "Parameters", "By what tickets were measured"]
    tables = [table for section in sample.report().sections for table in section.tables]
    assert len(book.sheetnames) == 2 + len(tables)
    assert all(len(name) <= 31 for name in book.sheetnames)
    front = [cell.value for row in book["Summary"].iter_rows() for cell in row if cell.value]
    assert front[:2] == ["Compliance of North Stores, October 2026", "Version 2"]
    assert set(sample.report().headlines) | set(sample.report().warnings) <= set(front)


def test_the_parameters_hold_what_it_was_made_from_and_its_digest(book: Any) -> None:
    told = {row[0].value: row[1].value for row in book["Parameters"].iter_rows()}
    assert told["agreements"] == "till-sla version 3, valid from 2026-01-01"
    assert told["Times in"] == "Europe/Rome"
    assert told["SHA-256 of the content"] == documents.digest(sample.report())
    assert told["By"] == "maria"


def test_cells_have_their_types(book: Any) -> None:
    sheet = book[book.sheetnames[3]]
    head = [cell.value for cell in sheet[1]]
    row = dict(zip(head, sheet[2], strict=True))
    assert (row["Met"].value, row["Met"].data_type) == (1999, "n")
    assert (row["Gross share"].value, row["Gross share"].number_format) == (0.9995, "0.00##%")
    assert row["Objective met"].data_type == "b"
    breaches = book["Breaches and whose they are"]
    first = {cell.value: breaches.cell(2, place) for place, cell in enumerate(breaches[1], start=1)}
    assert first["Due (Europe/Rome)"].value == datetime(2026, 10, 25, 1, 30)  # noqa: DTZ001
    assert first["Over"].number_format == "[h]:mm:ss"
    assert first["Ticket"].data_type == "s"
    money = book["Service credits"]
    assert (money["C2"].value, money["C2"].number_format) == (1250, '#,##0.00 "EUR"')


def test_headings_are_frozen_rows_filtered_and_totals_below_the_filter(book: Any) -> None:
    sheet = book["Breaches and whose they are"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:H9"
    assert (sheet["A10"].value, sheet["A10"].font.bold) == ("All", True)
    assert sheet["F10"].value == timedelta(hours=36, microseconds=8) or sheet["F10"].value is not None


def test_t12_no_strangers_words_become_a_formula_or_a_link() -> None:
    with zipfile.ZipFile(io.BytesIO(written())) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                text = archive.read(name).decode()
                assert "<f>" not in text
                assert "<hyperlink" not in text
        assert not [name for name in archive.namelist() if "externalLink" in name]
    sheet = openpyxl.load_workbook(io.BytesIO(written())).worksheets[-2]
    cells = [sheet.cell(row, 1) for row in range(2, 2 + len(sample.HOSTILE))]
    assert {cell.data_type for cell in cells} == {"s"}


def test_a_table_without_rows_says_so(book: Any) -> None:
    assert book["Green outside, red inside"]["A2"].value.startswith("No ticket was met")


def test_equal_reports_are_equal_bytes() -> None:
    assert written() == written()


@pytest.mark.parametrize(("share", "shown"), [(Fraction(1999999999, 2000000000), 0.999999), (Fraction(1), 1)])
def test_a_share_that_is_not_whole_is_not_whole_in_a_sheet(share: Fraction, shown: float) -> None:
    assert workbook._value(share) == shown


def test_titles_that_are_alike_or_too_long_make_names_that_differ() -> None:
    columns = (sample.column("a", "A", CellKind.COUNT),)
    titles = ("Parts", "parts", "P" * 40, "P" * 41, "[:]*?/\\", "'")
    tables = tuple(Table(id=str(place), title=title, columns=columns) for place, title in enumerate(titles))
    section = replace(sample.report().sections[0], tables=tables, charts=())
    found = openpyxl.load_workbook(io.BytesIO(written(replace(sample.report(), sections=(section,)))))
    assert found.sheetnames[2:4] == ["Parts", "parts 2"]
    assert len({name.casefold() for name in found.sheetnames}) == 8


def test_what_no_sheet_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    with pytest.raises(Refused, match="--format csv --table coverage"):
        written()


def test_other_languages_head_their_own_parts() -> None:
    assert openpyxl.load_workbook(io.BytesIO(written(language="ru"))).sheetnames[:2] == [
        "Сводка",
        "Параметры",
    ]
