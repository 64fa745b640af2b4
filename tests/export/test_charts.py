"""Geometry: bars as long as their figures, no further than the picture, broken lines where nothing is known."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from gateway.domain.reports.document import Cell, CellKind, Chart, ChartKind, Section, Table
from gateway.export.charts import MOST_ROWS, TALLEST, Drawing, amount, drawings
from gateway.export.telling import Teller
from tests.domain.reports import sample


def drawn(
    kind: ChartKind, cells: list[tuple[Cell, ...]], kinds: list[CellKind], mark: Fraction | None = None
) -> Drawing:
    columns = (
        sample.column("name", "Name"),
        *(sample.column(f"c{n}", f"C{n}", one) for n, one in enumerate(kinds)),
    )
    rows = tuple((f"row {number}", *row) for number, row in enumerate(cells))
    chart = Chart(
        table="t",
        kind=kind,
        label="name",
        series=tuple(f"c{n}" for n in range(len(kinds))),
        summary="So.",
        mark=mark,
    )
    section = Section(
        id="s", title="S", tables=(Table(id="t", title="T", columns=columns, rows=rows),), charts=(chart,)
    )
    (one,) = drawings(section, Teller.of(sample.report(), "en"))
    return one


def targets(rows: Sequence[tuple[Cell, ...]]) -> list[Drawing]:
    """Shares of agreements and targets, as the compliance chapter draws them."""
    kinds = {
        "agreement": CellKind.CODE,
        "target": CellKind.CODE,
        "gross": CellKind.SHARE,
        "net": CellKind.SHARE,
    }
    table = Table(
        id="t",
        title="T",
        columns=tuple(sample.column(name, name.capitalize(), kind) for name, kind in kinds.items()),
        rows=tuple((*row, Fraction(9, 10), Fraction(1)) for row in rows),
    )
    chart = Chart(table="t", kind=ChartKind.BARS, label="target", series=("gross", "net"), summary="So.")
    section = Section(id="s", title="S", tables=(table,), charts=(chart,))
    return list(drawings(section, Teller.of(sample.report(), "en")))


def widths(one: Drawing) -> list[list[float]]:
    return [[round(piece.width, 2) for _, pieces in row.bars for piece in pieces] for row in one.rows]


def test_bars_are_as_long_as_their_counts() -> None:
    one = drawn(ChartKind.BARS, [(50,), (100,), (0,), (None,), (-5,)], [CellKind.COUNT])
    assert widths(one) == [[50.0], [100.0], [0.0], [0.0], [0.0]]
    assert [row.value for row in one.rows] == ["50", "100", "0", "–", "−5"]


def test_shares_are_measured_by_the_whole_and_their_objective_by_the_same() -> None:
    one = drawn(
        ChartKind.BARS, [(Fraction(1, 2),), (Fraction(999, 1000),)], [CellKind.SHARE], Fraction(95, 100)
    )
    assert widths(one) == [[50.0], [99.9]]
    assert one.mark is not None
    assert (one.mark.at, one.mark.text) == (95.0, "objective 95.00\N{NO-BREAK SPACE}%")


def test_stacked_parts_follow_one_another_and_the_longest_fills_the_width() -> None:
    hour = timedelta(hours=1)
    one = drawn(ChartKind.STACKED, [(hour, 3 * hour), (2 * hour, timedelta())], [CellKind.LENGTH] * 2)
    (first,), (second,) = ([pieces for _, pieces in row.bars] for row in one.rows)
    assert [(piece.x, piece.width) for piece in first] == [(0.0, 25.0), (25.0, 75.0)]
    assert [(piece.x, piece.width) for piece in second] == [(0.0, 50.0)], "what is nothing is not drawn"
    assert one.legend == ((0, "C0"), (1, "C1"))


def test_several_series_stand_below_one_another() -> None:
    one = drawn(ChartKind.BARS, [(1, 2)], [CellKind.COUNT] * 2)
    (row,) = one.rows
    assert [y for y, _ in row.bars] == [18, 30]
    assert one.height == row.height


def test_a_line_is_broken_where_nothing_is_known_and_says_where_its_axis_begins() -> None:
    shares = [Fraction(96, 100), None, Fraction(99, 100), Fraction(97, 100)]
    one = drawn(ChartKind.LINE, [(share,) for share in shares], [CellKind.SHARE], Fraction(95, 100))
    assert (len(one.points), len(one.strokes)) == (3, 1)
    assert one.note == "The axis begins at 90\N{NO-BREAK SPACE}%."
    assert [point.value for point in one.points] == [
        "96.00\N{NO-BREAK SPACE}%",
        "",
        "97.00\N{NO-BREAK SPACE}%",
    ], "the least and the last"
    assert one.points[1].y < one.points[2].y < one.points[0].y, "more is higher"


@pytest.mark.parametrize("count", [2, 5, 13, 60])
def test_a_line_has_few_labels_and_all_its_points_inside(count: int) -> None:
    one = drawn(ChartKind.LINE, [(number,) for number in range(count)], [CellKind.COUNT])
    assert 1 <= len(one.below) <= 5
    assert all(0 <= point.x <= 100 and 0 <= point.y <= one.height for point in one.points)


def test_too_many_rows_are_left_to_the_table() -> None:
    found = targets([(f"sla-{number}", "response") for number in range(MOST_ROWS + 7)])
    assert sum(len(one.rows) for one in found) == MOST_ROWS
    assert [one.note for one in found if one.note] == ["+7"]


def test_what_is_taller_than_a_page_is_parted_and_explained_once() -> None:
    found = targets([(f"sla-{n // 2}", ("resolution", "response")[n % 2]) for n in range(14)])
    assert [len(one.rows) for one in found] == [7, 7]
    assert all(one.height <= TALLEST and one.rows[0].y == 0 for one in found)
    assert [one.caption for one in found] == ["", "So."]
    assert [one.id for one in found] == ["s-1", "s-1-2"]
    assert [one.title[-7:] for one in found] == ["(1 / 2)", "(2 / 2)"]
    assert all(one.legend for one in found)


def test_bars_that_would_be_named_alike_are_named_by_all_that_tells_them_apart() -> None:
    two = [("Org line C", "resolution"), ("Org line D", "resolution")]
    (one,) = targets(two)
    assert [row.label for row in one.rows] == ["Org line C · resolution", "Org line D · resolution"]
    (alone,) = targets([("Org line C", "resolution"), ("Org line C", "response")])
    assert [row.label for row in alone.rows] == ["resolution", "response"]


def test_a_long_name_is_cut_and_told_whole_where_one_points() -> None:
    (one,) = targets([("x" * 100, "response"), ("y", "response")])
    label = one.rows[0].label
    assert (len(label), label[-1]) == (60, "…")
    assert one.rows[0].bars[0][1][0].title.startswith("x" * 100 + " · response, Gross: ")


def test_all_that_is_nothing_has_no_length() -> None:
    assert widths(drawn(ChartKind.BARS, [(0,), (0,)], [CellKind.COUNT])) == [[0.0], [0.0]]
    assert amount("text") == 0.0
    assert amount(Decimal("12.5")) == 12.5


@pytest.mark.parametrize("rows", [0, 1])
def test_where_nothing_is_to_be_compared_there_is_no_picture(rows: int) -> None:
    section = sample.report().sections[0]
    table = section.tables[0]
    emptied = replace(section, tables=(replace(table, rows=table.rows[:rows]),))
    assert list(drawings(emptied, Teller.of(sample.report(), "en"))) == []
