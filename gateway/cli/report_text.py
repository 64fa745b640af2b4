"""A report for a terminal of a hundred columns: what is said first, then each chapter with its tables. What does not fit beside
the other columns stands below its line."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from textwrap import wrap
from zoneinfo import ZoneInfo

from gateway.domain.figures import ran, share
from gateway.domain.reports.document import Cell, CellKind, Column, Report, Section, Table

WIDTH = 100
_GAP, _BELOW = "  ", "      "
_NUMBERS = frozenset({CellKind.COUNT, CellKind.SHARE, CellKind.LENGTH, CellKind.MONEY, CellKind.NUMBER})
_MOST = 40
"""A text longer than this is not kept in one line of its column: it stands below."""


def lines(report: Report) -> Iterator[str]:
    """The report, line by line."""
    version = f", version {report.version}" if report.version else ", draft"
    yield from (report.title + version, "=" * min(WIDTH, len(report.title + version)))
    yield from _headed("", report.headlines)
    yield from _headed("Before you trust it:", report.warnings)
    yield ""
    for name, value in report.parameters.items():
        yield from wrap(f"{name}: {value}", WIDTH, subsequent_indent="    ")
    for section in report.sections:
        yield from _section(section, ZoneInfo(report.zone))


def _headed(heading: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield ""
        if heading:
            yield heading
    for text in texts:
        yield from wrap(f"- {text}", WIDTH, subsequent_indent="  ")


def _section(section: Section, zone: ZoneInfo) -> Iterator[str]:
    yield from ("", "", section.title, "-" * len(section.title))
    yield from wrap(section.summary, WIDTH)
    for table in section.tables:
        yield ""
        yield from wrap(table.title, WIDTH)
        yield from _table(table, zone) if table.rows else [f"  {table.empty}"]
        yield from wrap(table.note, WIDTH, initial_indent="  ", subsequent_indent="  ") if table.rows else []


def _table(table: Table, zone: ZoneInfo) -> Iterator[str]:
    every = [*table.rows, *([table.totals] if table.totals else [])]
    texts = [
        [cell_text(cell, column, zone) for cell, column in zip(row, table.columns, strict=True)]
        for row in every
    ]
    used = [place for place in range(len(table.columns)) if any(row[place] for row in texts)]
    widths = {
        place: max(len(table.columns[place].title), *(len(row[place]) for row in texts)) for place in used
    }
    beside = _beside(used, widths)
    below = [place for place in used if place not in beside]
    yield _line([table.columns[place].title for place in beside], beside, (table.columns, widths))
    for number, row in enumerate(texts):
        if number == len(table.rows):
            yield _GAP + "-" * (sum(widths[place] + 2 for place in beside) - 2)
        yield _line([row[place] for place in beside], beside, (table.columns, widths))
        told = "; ".join(
            f"{table.columns[place].title.lower()} {row[place]}" for place in below if row[place]
        )
        yield from wrap(
            told,
            WIDTH,
            initial_indent=_BELOW,
            subsequent_indent=_BELOW,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _beside(used: Sequence[int], widths: dict[int, int]) -> list[int]:
    """The columns that stand beside each other, from the left; a long text makes room for the others."""
    room, beside = WIDTH - len(_GAP), list[int]()
    for place in used:
        width = widths[place] + len(_GAP)
        if width <= room and (widths[place] <= _MOST or place == used[0] or len(used) < 4):
            beside.append(place)
            room -= width
    return beside


def _line(texts: Sequence[str], beside: Sequence[int], shape: tuple[Sequence[Column], dict[int, int]]) -> str:
    columns, widths = shape
    told = (
        text.rjust(widths[place]) if columns[place].kind in _NUMBERS else text.ljust(widths[place])
        for text, place in zip(texts, beside, strict=True)
    )
    return (_GAP + _GAP.join(told)).rstrip()


def cell_text(cell: Cell, column: Column, zone: ZoneInfo) -> str:
    """A cell in words: shares are cut, never rounded up; moments by the wall of the report's zone."""
    if cell is None:
        return ""
    if isinstance(cell, Fraction) or (column.kind is CellKind.SHARE and isinstance(cell, int)):
        return share(cell.numerator, cell.denominator)
    if isinstance(cell, timedelta):
        return ran(cell)
    if isinstance(cell, datetime):
        return f"{cell.astimezone(zone):%Y-%m-%d %H:%M}"
    return _plain(cell, column)


def _plain(cell: str | int | date | Decimal, column: Column) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, str):
        return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in cell)
    return cell.isoformat() if isinstance(cell, date) else f"{cell:,} {column.unit}".strip()
