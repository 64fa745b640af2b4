"""A report as a document: sections with tables of typed cells, and charts that are drawn from a table beside them. Whoever
renders it (JSON, CSV, XLSX, HTML, PDF) adds nothing and leaves nothing out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class CellKind(StrEnum):
    """What stands in a column, hence how it is written."""

    TEXT = "text"
    CODE = "code"
    TICKET = "ticket"
    COUNT = "count"
    SHARE = "share"
    """An exact Fraction; shown as a percentage that is never rounded over its objective (99.951 % is not 100 %)."""
    LENGTH = "length"
    MOMENT = "moment"
    DAY = "day"
    MONEY = "money"
    FLAG = "flag"
    NUMBER = "number"
    """An exact decimal of something else than money: hours, kilometres."""


Cell = str | int | bool | Fraction | timedelta | datetime | date | Decimal | None


@dataclass(frozen=True, kw_only=True)
class Column:
    """`key` is stable across versions and languages (the heading of exports and JSON); `title` is for people."""

    key: str
    title: str
    kind: CellKind = CellKind.TEXT
    unit: str = ""
    """Of money: the currency, ISO 4217; of a number: what it counts, like `h`."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of as many cells as there are columns; `totals` one more of the same shape, or empty. `note` says what is counted."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    totals: tuple[Cell, ...] = ()
    note: str = ""
    empty: str = "Nothing in this period."
    """What is said instead of an empty table."""


class ChartKind(StrEnum):
    """How a table is drawn."""

    BARS = "bars"
    STACKED = "stacked"
    LINE = "line"


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture of a table in the same section: `label` names the column along the axis, `series` those that are drawn; `mark`
    is a line across (an objective)."""

    table: str
    kind: ChartKind
    label: str
    series: tuple[str, ...]
    summary: str
    """One sentence that says what is to be seen."""
    mark: Fraction | None = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """A chapter: what it says in one or two sentences, the tables that prove it, pictures of them."""

    id: str
    title: str
    summary: str = ""
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """`parameters` are what it was made from (customer, period, zone, agreement versions, data as of …), in order; `headlines`
    the one-page summary in front. `version` counts publications: 0 is a draft, which a late fact still changes."""

    kind: str
    title: str
    parameters: Mapping[str, str]
    made_at: datetime
    zone: str
    headlines: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    version: int = 0
    warnings: tuple[str, ...] = field(default=())
    """What a reader must know before trusting it: coverage gaps, provisional figures, a contract in renewal."""
