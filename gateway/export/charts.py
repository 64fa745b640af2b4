"""Geometry of a report's charts: places along the width in per cent, so that a chart fits a telephone and a page alike, heights
in pixels, so that its texts keep their size. Whatever is drawn stands in the table beside it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from gateway.domain.reports.document import Cell, CellKind, Chart, ChartKind, Column, Section, Table
from gateway.export.telling import FIGURES, NOTHING, Teller

MOST_ROWS = 30
"""A chart of more would be a table that is hard to read; the table has all of them."""
_MOST_LABELS = 5
_LONGEST_LABEL = 60
TALLEST = 470
"""Of so many pixels a picture stands on a page across, below a heading; bars of more are parted into several."""
_LOOKS = 6
_LABEL, _BAR, _THIN, _GAP = 18, 16, 10, 10
_HEIGHT, _TOP, _LEFT, _RIGHT = 170, 26, 3.0, 97.0
_STEP = 10


@dataclass(frozen=True)
class Piece:
    """A bar or a part of one: where it begins and how wide it is, in per cent; how it is filled; what it says."""

    x: float
    width: float
    look: int
    title: str


@dataclass(frozen=True)
class Row:
    """A label with its value above one bar or several."""

    label: str
    value: str
    y: int
    height: int
    bars: tuple[tuple[int, tuple[Piece, ...]], ...]


@dataclass(frozen=True)
class Point:
    """A value of a line."""

    x: float
    y: float
    look: int
    title: str
    value: str = ""
    anchor: str = "middle"
    is_low: bool = False
    """The least: its value stands below it."""


@dataclass(frozen=True)
class Tick:
    """A line across, or a label below."""

    at: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A chart, ready to be drawn. `kind` is `rows` or `line`; `legend` names the fillings where there are several."""

    id: str
    kind: str
    title: str
    caption: str
    height: int
    table: Table
    rows: tuple[Row, ...] = ()
    points: tuple[Point, ...] = ()
    strokes: tuple[tuple[Point, Point], ...] = ()
    across: tuple[Tick, ...] = ()
    below: tuple[Tick, ...] = ()
    legend: tuple[tuple[int, str], ...] = ()
    mark: Tick | None = None
    note: str = ""


def drawings(section: Section, teller: Teller) -> Iterator[Drawing]:
    """The charts of a section whose table holds something to compare."""
    tables = {table.id: table for table in section.tables}
    for number, chart in enumerate(section.charts, start=1):
        table = tables[chart.table]
        if len(table.rows) > 1 or (table.rows and len(chart.series) > 1):
            yield from _drawing(f"{section.id}-{number}", chart, table, teller)


def _drawing(name: str, chart: Chart, table: Table, teller: Teller) -> Iterator[Drawing]:
    plot = _Plot(chart, table, teller)
    title = teller.words("report.chart", table=table.title, summary=chart.summary)
    if chart.kind is ChartKind.LINE:
        yield plot.line(name, title)
    else:
        yield from plot.bars(name, title)


class _Plot:
    """One chart over its table."""

    def __init__(self, chart: Chart, table: Table, teller: Teller) -> None:
        self.chart, self.table, self.teller = chart, table, teller
        keys = [column.key for column in table.columns]
        self.label = keys.index(chart.label)
        self.series = [keys.index(name) for name in chart.series]
        self.columns: list[Column] = [table.columns[place] for place in self.series]
        self.rows = table.rows[:MOST_ROWS] if chart.kind is not ChartKind.LINE else table.rows
        self.naming = self._naming()

    def _naming(self) -> list[int]:
        """The columns that name a row: the one that is asked for; where it names two alike, all in front of the figures."""
        if len({row[self.label] for row in self.table.rows}) == len(self.table.rows):
            return [self.label]
        figures = [place for place, one in enumerate(self.table.columns) if one.kind in FIGURES]
        return sorted({self.label, *range(min(figures, default=0))})

    def _text(self, column: Column, cell: Cell) -> str:
        return self.teller.cell(column, cell)

    def _name(self, row: Sequence[Cell]) -> str:
        return _joined([self._text(self.table.columns[place], row[place]) for place in self.naming])

    def _legend(self) -> tuple[tuple[int, str], ...]:
        named = [(place % _LOOKS, column.title) for place, column in enumerate(self.columns)]
        return tuple(named) if len(named) > 1 else ()

    def _note(self) -> str:
        more = len(self.table.rows) - len(self.rows)
        return f"+{more}" if more > 0 else ""

    # -- bars -------------------------------------------------------------------------------------------------------------

    def bars(self, name: str, title: str) -> Iterator[Drawing]:
        """A bar for each row; of several series one below the other, or one behind the other where they are stacked. What is
        taller than a page is parted evenly; what is said below stands below the last part."""
        most, top = self._most(), _LABEL if self.chart.mark is not None else 0
        high = sum(self._row(row, 0, most).height for row in self.rows)
        parts = max(math.ceil(high / (TALLEST - top)), 1)
        size = math.ceil(len(self.rows) / parts)
        for part, start in enumerate(range(0, len(self.rows), size), start=1):
            is_last = start + size >= len(self.rows)
            rows = tuple(self._below_one_another(self.rows[start : start + size], top, most))
            yield Drawing(
                id=name if part == 1 else f"{name}-{part}",
                kind="rows",
                title=title if parts == 1 else f"{title} ({part} / {parts})",
                caption=self.chart.summary if is_last else "",
                height=rows[-1].y + rows[-1].height,
                table=self.table,
                rows=rows,
                legend=self._legend(),
                mark=self._mark(most),
                note=self._note() if is_last else "",
            )

    def _below_one_another(self, rows: Sequence[Sequence[Cell]], top: int, most: float) -> Iterator[Row]:
        for row in rows:
            made = self._row(row, top, most)
            yield made
            top += made.height

    def _most(self) -> float:
        if self._are_shares:
            return 1.0
        stacked = self.chart.kind is ChartKind.STACKED
        sums = [
            sum(values) if stacked else max(values, default=0.0)
            for values in ([amount(row[place]) for place in self.series] for row in self.rows)
        ]
        return max(sums, default=0.0) or 1.0

    @property
    def _are_shares(self) -> bool:
        return all(column.kind is CellKind.SHARE for column in self.columns)

    def _mark(self, most: float) -> Tick | None:
        if self.chart.mark is None:
            return None
        text = self.teller.words("report.objective", share=self.teller.share(self.chart.mark))
        at = min(float(self.chart.mark) / most, 1.0) * 100
        return Tick(at, text, "end" if at > 50 else "start")

    def _row(self, row: Sequence[Cell], top: int, most: float) -> Row:
        cells = [row[place] for place in self.series]
        told = [self._text(column, cell) for column, cell in zip(self.columns, cells, strict=True)]
        widths = [max(amount(cell), 0.0) / most * 100 for cell in cells]
        pieces = [
            Piece(0.0, width, place % _LOOKS, f"{self._name(row)}, {column.title}: {text}")
            for place, (width, column, text) in enumerate(zip(widths, self.columns, told, strict=True))
        ]
        y = top + _LABEL
        if self.chart.kind is ChartKind.STACKED:
            bars: tuple[tuple[int, tuple[Piece, ...]], ...] = ((y, tuple(_behind_one_another(pieces))),)
            height, value = _LABEL + _BAR + _GAP, _joined(told)
        else:
            high = _BAR if len(pieces) == 1 else _THIN
            bars = tuple((y + place * (high + 2), (piece,)) for place, piece in enumerate(pieces))
            height, value = _LABEL + len(pieces) * (high + 2) + _GAP, _joined(told)
        return Row(_cut(self._name(row)), value, top, height, bars)

    # -- a line -----------------------------------------------------------------------------------------------------------

    def line(self, name: str, title: str) -> Drawing:
        """A line for each series from the first row to the last; where a value is missing it is broken."""
        low, high = self._range()
        points = [self._points(place, low, high) for place in range(len(self.series))]
        begins = self.teller.words("report.axis", start=self._figure(low)) if low else ""
        return Drawing(
            id=name,
            kind="line",
            title=title,
            caption=self.chart.summary,
            height=_TOP + _HEIGHT + 2 * _LABEL + 4,
            table=self.table,
            points=tuple(point for series in points for point in series if point is not None),
            strokes=tuple(
                (one, after) for series in points for one, after in pairwise(series) if one and after
            ),
            across=tuple(self._across(low, high)),
            below=tuple(self._below()),
            legend=self._legend(),
            mark=self._line_mark(low, high),
            note=begins,
        )

    def _range(self) -> tuple[float, float]:
        values = [amount(row[place]) for row in self.rows for place in self.series if row[place] is not None]
        if not self._are_shares:
            return 0.0, max(values, default=0.0) or 1.0
        least = min(
            [*values, *([float(self.chart.mark)] if self.chart.mark is not None else [])], default=0.0
        )
        # From the ten per cent below, so that a fall from 99 to 95 can be seen; the page says where the axis begins.
        low = max(int(least * _STEP - 1e-9) / _STEP, 0.0)
        return (low if low >= 0.5 else 0.0), 1.0

    def _figure(self, value: float) -> str:
        if self._are_shares:
            return self.teller.number(f"{value * 100:.4g}") + "\N{NO-BREAK SPACE}%"
        if self.columns[0].kind is CellKind.LENGTH:
            return self.teller.length(timedelta(hours=round(value / 3600, 1)))
        return self.teller.number(f"{value:,.4g}")

    def _x(self, place: int) -> float:
        last = max(len(self.rows) - 1, 1)
        return _LEFT + (_RIGHT - _LEFT) * place / last

    @staticmethod
    def _y(value: float, low: float, high: float) -> float:
        share = (min(max(value, low), high) - low) / ((high - low) or 1.0)
        return round(_TOP + _HEIGHT * (1 - share), 2)

    def _points(self, number: int, low: float, high: float) -> list[Point | None]:
        place, column = self.series[number], self.columns[number]
        known = [(amount(row[place]), at) for at, row in enumerate(self.rows) if row[place] is not None]
        least = min(known)[1] if known else None
        told = {least, known[-1][1]} if known else set[int | None]()
        found = list[Point | None]()
        for at, row in enumerate(self.rows):
            cell = row[place]
            if cell is None:
                found.append(None)
                continue
            text, x = self._text(column, cell), self._x(at)
            found.append(
                Point(
                    x=x,
                    y=self._y(amount(cell), low, high),
                    look=number % _LOOKS,
                    title=f"{self._name(row)}, {column.title}: {text}",
                    value=text if at in told else "",
                    anchor=_anchor(x),
                    is_low=at == least,
                )
            )
        return found

    def _across(self, low: float, high: float) -> Iterator[Tick]:
        for part in range(3):
            value = low + (high - low) * part / 2
            yield Tick(self._y(value, low, high), self._figure(value), "start")

    def _below(self) -> Iterator[Tick]:
        last = len(self.rows) - 1
        labels = min(_MOST_LABELS, last + 1)
        for place in sorted({round(last * one / max(labels - 1, 1)) for one in range(labels)}):
            yield Tick(self._x(place), self._name(self.rows[place]), _anchor(self._x(place)))

    def _line_mark(self, low: float, high: float) -> Tick | None:
        if self.chart.mark is None:
            return None
        text = self.teller.words("report.objective", share=self.teller.share(self.chart.mark))
        return Tick(self._y(float(self.chart.mark), low, high), text, "end")


def amount(cell: Cell) -> float:
    """How long a bar is; nothing where there is no figure."""
    match cell:
        case timedelta():
            return cell.total_seconds()
        case bool() | int() | Fraction() | Decimal():
            return float(cell)
    return 0.0


def _behind_one_another(pieces: Sequence[Piece]) -> Iterator[Piece]:
    x = 0.0
    for piece in pieces:
        if piece.width > 0:
            yield Piece(x, piece.width, piece.look, piece.title)
        x += piece.width


def _joined(told: Sequence[str]) -> str:
    return told[0] if len(told) == 1 else " \N{MIDDLE DOT} ".join(text for text in told if text != NOTHING)


def _cut(label: str) -> str:
    """Longer names would run into their figures; their bars and the table say them whole."""
    if len(label) <= _LONGEST_LABEL:
        return label
    return label[: _LONGEST_LABEL - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _anchor(x: float) -> str:
    return "start" if x < 10 else "end" if x > 90 else "middle"
