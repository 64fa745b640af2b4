"""A report as JSON and back, without loss: keys are the names of its fields; a share is its numerator and denominator, a
length of time an ISO 8601 duration to the microsecond, a moment ISO 8601 with its offset, money decimal text. What kind a
cell is of, its column says. `schemas/report.v1.json` is the form."""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson

from gateway.domain.reports.document import Cell, CellKind, Chart, ChartKind, Column, Report, Section, Table

SCHEMA = "report.v1"
_MICROSECOND = timedelta(microseconds=1)
_FITTING: Mapping[CellKind, tuple[type, ...]] = {
    CellKind.TEXT: (str,),
    CellKind.CODE: (str,),
    CellKind.TICKET: (str,),
    CellKind.COUNT: (int,),
    CellKind.SHARE: (Fraction, int),
    CellKind.LENGTH: (timedelta,),
    CellKind.MOMENT: (datetime,),
    CellKind.DAY: (date,),
    CellKind.MONEY: (Decimal,),
    CellKind.NUMBER: (Decimal,),
    CellKind.FLAG: (bool,),
}
_LENGTH = re.compile(r"(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6}))?S)?")


def packed(report: Report) -> bytes:
    """The report as one JSON document, indented, with a line end."""
    return orjson.dumps(document(report), option=orjson.OPT_INDENT_2) + b"\n"


def digest(report: Report) -> str:
    """SHA-256 in hex of what a report says: neither when it was made nor which version it became belongs to that."""
    told = {name: value for name, value in document(report).items() if name not in ("made_at", "version")}
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


def document(report: Report) -> dict[str, Any]:
    """The report as plain JSON values. Raises ValueError for a table whose rows do not fit its columns."""
    return {
        "schema": SCHEMA,
        "kind": report.kind,
        "title": report.title,
        "parameters": dict(report.parameters),
        "made_at": _moment(report.made_at),
        "zone": report.zone,
        "headlines": list(report.headlines),
        "warnings": list(report.warnings),
        "version": report.version,
        "sections": [_section(section) for section in report.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": section.title,
        "summary": section.summary,
        "tables": [_table(table) for table in section.tables],
        "charts": [_chart(chart) for chart in section.charts],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "id": table.id,
        "title": table.title,
        "columns": [
            {"key": one.key, "title": one.title, "kind": one.kind.value, "unit": one.unit}
            for one in table.columns
        ],
        "rows": [_row(table, row) for row in table.rows],
        "totals": _totals(table),
        "note": table.note,
        "empty": table.empty,
    }


def _row(table: Table, row: tuple[Cell, ...]) -> list[Any]:
    if len(row) != len(table.columns):
        raise ValueError(f"table {table.id}: {len(row)} cells for {len(table.columns)} columns")
    for column, cell in zip(table.columns, row, strict=True):
        if cell is not None and not isinstance(cell, _FITTING[column.kind]):
            raise ValueError(f"table {table.id}, column {column.key}: {cell!r} is no {column.kind}")
    return [_cell(cell) for cell in row]


def _totals(table: Table) -> list[Any]:
    """What they are called may stand under any kind of first column."""
    if not table.totals:
        return []
    name, *rest = table.totals
    return [name, *_row(table, (None, *rest))[1:]] if isinstance(name, str) else _row(table, table.totals)


def _cell(cell: Cell) -> Any:
    match cell:
        case Fraction():
            return {"numerator": cell.numerator, "denominator": cell.denominator}
        case timedelta():
            return _length(cell)
        case datetime():
            return _moment(cell)
        case date():
            return cell.isoformat()
        case Decimal():
            return format(cell, "f")
    return cell


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "table": chart.table,
        "kind": chart.kind.value,
        "label": chart.label,
        "series": list(chart.series),
        "summary": chart.summary,
        "mark": None if chart.mark is None else _cell(chart.mark),
    }


def _moment(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("a moment must carry its zone")
    return at.astimezone(UTC).isoformat()


def _length(amount: timedelta) -> str:
    """`PT30H5M0.25S`: hours are not made days, which are not always 24 of them."""
    micros = amount // _MICROSECOND
    seconds, part = divmod(abs(micros), 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    fine = f".{part:06}".rstrip("0") if part else ""
    told = (f"{hours}H" if hours else "") + (f"{minute}M" if minute else "")
    told += f"{second}{fine}S" if second or part or not told else ""
    return f"{'-' if micros < 0 else ''}PT{told}"


# -- and back -----------------------------------------------------------------------------------------------------------------


def report_from(told: Mapping[str, Any]) -> Report:
    """The report that `document` was made of. Raises ValueError or KeyError for what is none."""
    return Report(
        kind=told["kind"],
        title=told["title"],
        parameters=dict(told["parameters"]),
        made_at=datetime.fromisoformat(told["made_at"]),
        zone=told["zone"],
        headlines=tuple(told["headlines"]),
        sections=tuple(_section_from(one) for one in told["sections"]),
        version=told["version"],
        warnings=tuple(told["warnings"]),
    )


def _section_from(told: Mapping[str, Any]) -> Section:
    return Section(
        id=told["id"],
        title=told["title"],
        summary=told["summary"],
        tables=tuple(_table_from(one) for one in told["tables"]),
        charts=tuple(_chart_from(one) for one in told["charts"]),
    )


def _table_from(told: Mapping[str, Any]) -> Table:
    columns = tuple(
        Column(key=one["key"], title=one["title"], kind=CellKind(one["kind"]), unit=one["unit"])
        for one in told["columns"]
    )
    return Table(
        id=told["id"],
        title=told["title"],
        columns=columns,
        rows=tuple(_row_from(columns, row) for row in told["rows"]),
        totals=_totals_from(columns, told["totals"]),
        note=told["note"],
        empty=told["empty"],
    )


def _row_from(columns: tuple[Column, ...], row: list[Any]) -> tuple[Cell, ...]:
    return tuple(_cell_from(column.kind, cell) for column, cell in zip(columns, row, strict=True))


def _totals_from(columns: tuple[Column, ...], row: list[Any]) -> tuple[Cell, ...]:
    if not row:
        return ()
    rest = _row_from(columns, [None, *row[1:]])[1:]
    return (_name_from(columns[0].kind, row[0]), *rest)


def _name_from(kind: CellKind, cell: Any) -> Cell:
    try:
        return _cell_from(kind, cell)
    except ValueError:
        return str(cell)


def _cell_from(kind: CellKind, cell: Any) -> Cell:
    if isinstance(cell, Mapping):
        return Fraction(cell["numerator"], cell["denominator"])
    if not isinstance(cell, str):
        return cell  # type: ignore[no-any-return]
    read = _READERS.get(kind)
    return read(cell) if read else cell


def length_from(text: str) -> timedelta:
    """The length that such a duration names. Raises ValueError."""
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration")
    sign, hours, minutes, seconds, part = found.groups()
    amount = timedelta(hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0))
    amount += int((part or "").ljust(6, "0")) * _MICROSECOND
    return -amount if sign else amount


_READERS: Mapping[CellKind, Callable[[str], Cell]] = {
    CellKind.LENGTH: length_from,
    CellKind.MOMENT: datetime.fromisoformat,
    CellKind.DAY: date.fromisoformat,
    CellKind.MONEY: Decimal,
    CellKind.NUMBER: Decimal,
}


def _chart_from(told: Mapping[str, Any]) -> Chart:
    mark = told["mark"]
    return Chart(
        table=told["table"],
        kind=ChartKind(told["kind"]),
        label=told["label"],
        series=tuple(told["series"]),
        summary=told["summary"],
        mark=None if mark is None else Fraction(mark["numerator"], mark["denominator"]),
    )
