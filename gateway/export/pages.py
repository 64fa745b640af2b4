"""A report as one HTML page that stands by itself: no script, nothing loaded, the summary in front, each chart with its table.
The same page is read on a screen, printed by a browser, and printed as PDF."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment

from gateway.domain.reports.document import Cell, CellKind, Column, Report, Section, Table
from gateway.export import documents
from gateway.export.charts import Drawing, drawings
from gateway.export.manner import Manner
from gateway.export.telling import FIGURES, Teller, stand
from gateway.export.templating import environment

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_UPRIGHT = 135
"""So many signs stand in a line of a table on an upright page."""
_AFTER_SLASH = re.compile(r"(?<=/)")
_LONGEST = 26
"""Longer texts are broken into lines, longer words anywhere."""


@dataclass(frozen=True)
class Said:
    """A cell as it is shown: its words, and the class it is styled by."""

    text: str
    look: str = ""

    @property
    def pieces(self) -> list[str]:
        """Between these it may be broken, beside where there is a space: the names of clocks are long."""
        return _AFTER_SLASH.split(self.text)

    @property
    def is_figure(self) -> bool:
        """Whether it stands to the right."""
        return self.look == "figure"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A table as it is shown."""

    id: str
    table: Table
    heads: tuple[Said, ...]
    rows: tuple[tuple[Said, ...], ...]
    totals: tuple[Said, ...]
    left: str = ""
    """What is said of lines that are left out."""

    @property
    def signs(self) -> int:
        """How wide its lines are, with a gap between cells."""
        columns = zip(self.heads, *self.rows, strict=True)
        return sum(_signs(head.text, [one.text for one in cells]) for head, *cells in columns)


def _words(text: str) -> list[str]:
    """What is not broken."""
    return [piece for word in text.split(" ") for piece in _AFTER_SLASH.split(word)]


def _signs(head: str, cells: Sequence[str]) -> int:
    """Of a column, with the gap behind it. Only breaks between words make it narrower."""
    words = [word for text in (head, *cells) for word in _words(text)]
    longest = max(map(len, cells), default=0)
    return max(min(longest, _LONGEST), min(max(map(len, words)), 2 * _LONGEST)) + 3


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A section as it is shown."""

    id: str
    section: Section
    drawings: tuple[Drawing, ...]
    tables: tuple[Shown, ...]

    @property
    def sentences(self) -> list[str]:
        """What is said above its pictures: its summary and those of charts that are not drawn, each once."""
        told = [self.section.summary, *(chart.summary for chart in self.section.charts)]
        below = {one.caption for one in self.drawings}
        return [line for line in dict.fromkeys(told) if line and line not in below]

    @property
    def is_wide(self) -> bool:
        """Whether it is printed across."""
        return any(shown.signs > _UPRIGHT for shown in self.tables)


def text(report: Report, manner: Manner, *, beside: tuple[str, ...] = (), most: int | None = None) -> str:
    """The page. `beside`: what else is said under its title; `most`: so many lines of a table are shown, and how many more
    there are is said."""
    teller = Teller.of(report, manner.language)
    words, made = teller.words, teller.whole(report.made_at)
    footer = ("report.footer_for", {"at": made, "who": manner.made_by}) if manner.made_by else None
    key, gaps = footer or ("report.footer", {"at": made})
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            words=words,
            style=style(),
            stand=stand(report, words),
            made=made,
            created=report.made_at.isoformat(timespec="seconds"),
            made_by=manner.made_by or "Interdesk",
            digest=documents.digest(report),
            chapters=list(_chapters(report, teller, most)),
            footer=words(key, **gaps),
            beside=beside,
        )
    )


@cache
def style() -> str:
    """The style sheet that stands in each page."""
    return (_TEMPLATES / "report.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return environment(_TEMPLATES)


def _chapters(report: Report, teller: Teller, most: int | None) -> Iterator[Chapter]:
    for section in report.sections:
        shown = tuple(
            _shown(f"table-{section.id}-{table.id}", table, teller, most) for table in section.tables
        )
        yield Chapter(
            id=f"chapter-{section.id}",
            section=section,
            drawings=tuple(drawings(section, teller)),
            tables=shown,
        )


def _shown(name: str, table: Table, teller: Teller, most: int | None) -> Shown:
    looks = [_look(column) for column in table.columns]
    return Shown(
        id=name,
        table=table,
        heads=tuple(Said(teller.heading(one), look) for one, look in zip(table.columns, looks, strict=True)),
        rows=tuple(_row(table, row, teller) for row in table.rows[:most]),
        totals=_row(table, table.totals, teller, is_total=True) if table.totals else (),
        left=_left(table, teller, most),
    )


def _left(table: Table, teller: Teller, most: int | None) -> str:
    more = len(table.rows) - len(table.rows[:most])
    return f"{teller.number(f'{more:,}')} more: in the XLSX." if more else ""


def _look(column: Column) -> str:
    if column.kind in FIGURES:
        return "figure"
    return "moment" if column.kind in (CellKind.MOMENT, CellKind.DAY) else ""


def _row(table: Table, row: tuple[Cell, ...], teller: Teller, *, is_total: bool = False) -> tuple[Said, ...]:
    return tuple(
        _said(column, "" if is_total and cell is None else teller.cell(column, cell))
        for column, cell in zip(table.columns, row, strict=True)
    )


def _said(column: Column, text: str) -> Said:
    is_long = max(map(len, _words(text))) > _LONGEST
    return Said(text, "free" if is_long else _look(column))
