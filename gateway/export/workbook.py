"""A report as XLSX: one sheet for each table with typed cells, a frozen heading, a filter and totals; in front the summary and
what it was made from. No text becomes a formula, a link or a number."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.format import Format as Style
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from gateway.domain.reports.document import Cell, CellKind, Column, Report, Table
from gateway.errors import Refused
from gateway.export import documents
from gateway.export.manner import Manner
from gateway.export.telling import FIGURES, Teller, stand

MOST_ROWS = 1_000_000
LONGEST_TEXT = 32_000
"""Excel holds 32,767 signs in a cell and 1,048,576 rows on a sheet."""
_LONGEST_NAME = 31
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_OFF = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""By default a text that begins with `=` becomes a live formula, and one like an address a link."""
_SHARE_STEPS = 1_000_000
_WIDEST, _NARROWEST = 60, 8
_LOOKED_AT = 500
"""So many rows tell how wide a column is."""
_NUMBERS = {
    CellKind.COUNT: "#,##0",
    CellKind.SHARE: "0.00##%",
    CellKind.LENGTH: "[h]:mm:ss",
    CellKind.MOMENT: "yyyy-mm-dd hh:mm:ss",
    CellKind.DAY: "yyyy-mm-dd",
}
_DECIMALS = frozenset({CellKind.MONEY, CellKind.NUMBER})


def write(report: Report, stream: BinaryIO, manner: Manner) -> None:
    """All of it. Raises Refused for a table that no sheet can hold."""
    teller = Teller.of(report, manner.language)
    # A zip of its own: the writer dates its parts 1980, so that equal reports are equal bytes.
    book = xlsxwriter.Workbook(stream, {"in_memory": True, **_OFF})
    at = report.made_at.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": report.title, "author": manner.made_by or "Interdesk", "created": at})
    made = _Book(book, report, teller, manner)
    tables = [table for section in report.sections for table in section.tables]
    names = list(_names(teller, tables))
    made.summary(list(zip(names[2:], tables, strict=True)), names[0])
    made.parameters(names[1])
    for name, table in zip(names[2:], tables, strict=True):
        made.table(name, table)
    book.close()


def _names(teller: Teller, tables: Sequence[Table]) -> Iterator[str]:
    """Names of sheets: at most 31 signs, none of them reserved, no two alike in any case."""
    taken = set[str]()
    wanted = (
        teller.words("report.summary"),
        teller.words("report.sheet_parameters"),
        *(table.title for table in tables),
    )
    for title in wanted:
        clean = " ".join(_NOT_IN_A_NAME.sub(" ", title).split()).strip("'") or "-"
        name, number = clean[:_LONGEST_NAME].strip(" '"), 1
        while name.casefold() in taken:
            number += 1
            name = f"{clean[: _LONGEST_NAME - 4].strip()} {number}"
        taken.add(name.casefold())
        yield name


@dataclass
class _Book:
    """A workbook as it is written; styles are made once each."""

    book: Workbook
    report: Report
    teller: Teller
    manner: Manner

    def __post_init__(self) -> None:
        self._styles: dict[tuple[str, str, bool], Style] = {}
        self._head = self.book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#E8ECF2"}
        )
        self._title = self.book.add_format({"bold": True, "font_size": 16})
        self._bold = self.book.add_format({"bold": True, "valign": "top"})
        self._wrapped = self.book.add_format({"text_wrap": True, "valign": "top"})

    # -- in front ---------------------------------------------------------------------------------------------------------

    def summary(self, sheets: Sequence[tuple[str, Table]], name: str) -> None:
        """Title, headlines, what to know before relying on them, and which sheet holds what."""
        sheet, words = self._sheet(name), self.teller.words
        sheet.set_column(0, 0, 34, self._wrapped)
        sheet.set_column(1, 1, 70, self._wrapped)
        sheet.set_column(2, 2, 10, self._wrapped)
        sheet.set_column(3, 3, 60, self._wrapped)
        self._put(sheet, (0, 0), self.report.title, self._title)
        self._put(sheet, (1, 0), stand(self.report, self.teller.words), self._bold)
        row = 3
        for heading, texts in (
            ("report.summary", self.report.headlines),
            ("report.warnings", self.report.warnings),
        ):
            if texts:
                self._put(sheet, (row, 0), words(heading), self._bold)
                for text in texts:
                    self._put(sheet, (row, 1), text, self._wrapped)
                    row += 1
                row += 1
        for place, key in enumerate(("sheet", "table", "rows", "note")):
            self._put(sheet, (row, place), words(f"report.{key}"), self._head)
        for number, (called, table) in enumerate(sheets, start=row + 1):
            note = table.note if table.rows else f"{table.empty} {table.note}".strip()
            for place, text in ((0, called), (1, table.title), (3, note)):
                self._put(sheet, (number, place), text, self._wrapped)
            sheet.write_number(number, 2, len(table.rows))

    def parameters(self, name: str) -> None:
        """What it was made from, by whom, and the digest of what it says."""
        sheet, words = self._sheet(name), self.teller.words
        sheet.set_column(0, 0, 30, self._wrapped)
        sheet.set_column(1, 1, 90, self._wrapped)
        sheet.freeze_panes(1, 0)
        rows = [
            (words("report.name"), words("report.value")),
            *self.report.parameters.items(),
            (words("report.zone"), self.report.zone),
            (words("report.made"), self.teller.whole(self.report.made_at)),
            (words("report.made_by"), self.manner.made_by or "Interdesk"),
            (words("report.version", number=""), str(self.report.version)),
            (words("report.digest"), documents.digest(self.report)),
        ]
        for number, pair in enumerate(rows):
            for place, text in enumerate(pair):
                style = self._head if number == 0 else self._bold if place == 0 else self._wrapped
                self._put(sheet, (number, place), text.strip(), style)

    # -- tables -----------------------------------------------------------------------------------------------------------

    def table(self, name: str, table: Table) -> None:
        """A sheet: heading, rows, totals."""
        if len(table.rows) > MOST_ROWS:
            raise Refused(
                f"table {table.id} has {len(table.rows):,} rows",
                why=f"a sheet holds {MOST_ROWS:,} of them",
                cure=f"write it as CSV: --format csv --table {table.id}",
            )
        sheet = self._sheet(name)
        for place, column in enumerate(table.columns):
            self._put(sheet, (0, place), self.teller.heading(column), self._head)
            sheet.set_column(place, place, _width(self.teller, table, place))
        for number, row in enumerate(table.rows, start=1):
            self._row(sheet, number, table, row)
        last = len(table.rows)
        if table.rows:
            sheet.autofilter(0, 0, last, len(table.columns) - 1)
        else:
            self._put(sheet, (1, 0), table.empty, self._style(CellKind.TEXT, ""))
        if table.totals:
            self._row(sheet, max(last, 1) + 1, table, table.totals, is_total=True)
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)

    def _row(
        self, sheet: Worksheet, number: int, table: Table, row: tuple[Cell, ...], *, is_total: bool = False
    ) -> None:
        for place, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
            kind = CellKind.TEXT if isinstance(cell, str) else column.kind
            style = self._style(kind, column.unit, is_total=is_total)
            self._cell(sheet, (number, place), cell, style)

    def _cell(self, sheet: Worksheet, place: tuple[int, int], cell: Cell, style: Style) -> None:
        match cell:
            case None:
                sheet.write_blank(*place, None, style)
            case bool():
                sheet.write_boolean(*place, cell, style)
            case str():
                self._put(sheet, place, cell, style)
            case datetime():
                local = cell.astimezone(self.teller.look.zone).replace(tzinfo=None)
                sheet.write_datetime(*place, local, style)
            case date():
                sheet.write_datetime(*place, cell, style)
            case timedelta() if cell < timedelta():  # a sheet shows no time below nothing
                self._put(sheet, place, self.teller.length(cell), style)
            case _:
                sheet.write_number(*place, _value(cell), style)

    def _put(self, sheet: Worksheet, place: tuple[int, int], text: str, style: Style) -> None:
        clean = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
        if len(clean) > LONGEST_TEXT:
            clean = clean[: LONGEST_TEXT - 1] + "\N{HORIZONTAL ELLIPSIS}"
        sheet.write_string(*place, clean, style)

    def _style(self, kind: CellKind, unit: str, *, is_total: bool = False) -> Style:
        found = self._styles.get((kind, unit, is_total))
        if found is None:
            look: dict[str, Any] = {"valign": "top", "text_wrap": kind is CellKind.TEXT}
            number = f'#,##0.00 "{unit}"' if kind in _DECIMALS else _NUMBERS.get(kind)
            look |= {"num_format": number} if number else {}
            look |= {"align": "right"} if kind in FIGURES else {"align": "left"}
            look |= {"bold": True, "top": 1} if is_total else {}
            found = self._styles[kind, unit, is_total] = self.book.add_format(look)
        return found

    def _sheet(self, name: str) -> Worksheet:
        sheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&R&P / &N")
        return sheet


def _value(cell: int | Fraction | Decimal | timedelta) -> float:
    """A number as sheets hold it: a share cut to what its format shows, a length in days."""
    match cell:
        case timedelta():
            return cell / timedelta(days=1)
        case Fraction():
            return int(cell * _SHARE_STEPS // 1) / _SHARE_STEPS
    return float(cell)


def _width(teller: Teller, table: Table, place: int) -> float:
    """In signs: wide enough for most cells, not for a novel."""
    column: Column = table.columns[place]
    longest = max((len(word) for word in teller.heading(column).split()), default=0)
    for row in table.rows[:_LOOKED_AT]:
        longest = max(longest, max(map(len, teller.cell(column, row[place]).splitlines()), default=0))
    return min(max(longest + 3, _NARROWEST), _WIDEST)
