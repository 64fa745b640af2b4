"""A report in a hundred columns: numbers to the right, what does not fit below its line, nothing a terminal could obey."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from gateway.cli.report_text import WIDTH, cell_text, lines
from gateway.domain.reports.document import Cell, CellKind, Column, Report, Section, Table
from tests.domain.reports import sample

ROME = ZoneInfo("Europe/Rome")


@pytest.mark.parametrize(
    ("cell", "kind", "text"),
    [
        (None, CellKind.TEXT, ""),
        ("a\x1b[31mb", CellKind.TEXT, "a\N{REPLACEMENT CHARACTER}[31mb"),
        (12345, CellKind.COUNT, "12,345"),
        (1, CellKind.SHARE, "100 %"),
        (Fraction(99951, 100000), CellKind.SHARE, "99.95 %"),
        (Fraction(199999, 200000), CellKind.SHARE, "99.99 %"),
        (timedelta(seconds=61, microseconds=1), CellKind.LENGTH, "1 min 2 s"),
        (datetime(2026, 10, 31, 23, 30, tzinfo=UTC), CellKind.MOMENT, "2026-11-01 00:30"),
        (date(2026, 10, 31), CellKind.DAY, "2026-10-31"),
        (Decimal("1234.50"), CellKind.MONEY, "1,234.50 EUR"),
        (True, CellKind.FLAG, "yes"),
        (False, CellKind.FLAG, "no"),
    ],
)
def test_cells_in_words(cell: Cell, kind: CellKind, text: str) -> None:
    unit = "EUR" if kind is CellKind.MONEY else ""
    assert cell_text(cell, Column(key="x", title="X", kind=kind, unit=unit), ROME) == text


def of(*rows: tuple[Cell, ...], columns: tuple[Column, ...], totals: tuple[Cell, ...] = ()) -> list[str]:
    table = Table(id="t", title="Table", columns=columns, rows=rows, totals=totals, note="A note.")
    section = Section(id="s", title="Chapter", tables=(table,))
    told = Report(
        kind="test",
        title="Title",
        parameters={"zone": "UTC"},
        made_at=datetime(2026, 11, 1, tzinfo=UTC),
        zone="UTC",
        sections=(section,),
    )
    found = list(lines(told))
    return found[found.index("Table") + 1 :]


COUNT = Column(key="n", title="N", kind=CellKind.COUNT)
NAME = Column(key="name", title="Name")


def test_numbers_stand_to_the_right_and_totals_under_a_line() -> None:
    assert of(("a", 5), ("bb", 1000), columns=(NAME, COUNT), totals=("all", 1005)) == [
        "  Name      N",
        "  a         5",
        "  bb    1,000",
        "  -----------",
        "  all   1,005",
        "  A note.",
    ]


def test_what_does_not_fit_stands_below_its_line() -> None:
    why = Column(key="why", title="Why")
    empty = Column(key="empty", title="Empty")
    found = of(("a", 5, "", "because " * 20), columns=(NAME, COUNT, empty, why))
    assert found[:2] == ["  Name  N", "  a     5"]
    assert found[2].startswith("      why because because")
    assert max(map(len, found)) <= WIDTH


def test_the_richest_report_fits() -> None:
    found = list(lines(sample.report()))
    assert max(len(line) for line in found if " " in line.strip()) <= WIDTH
    assert found[0].endswith("version 2")
    assert "Before you trust it:" in found
    assert all(line.isprintable() for line in found)
