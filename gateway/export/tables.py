"""Tables as CSV (RFC 4180): columns are headed by their keys, texts stand in quotes and can be no formula, numbers stay
numbers. A share is a decimal fraction (0.9995, cut, never rounded up), a length of time a number of seconds, a moment
ISO 8601 in the report's zone with its offset."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import BinaryIO
from zoneinfo import ZoneInfo

from gateway.domain.problem import suggestion
from gateway.domain.reports.document import Cell, Report, Table
from gateway.errors import NotFound
from gateway.export import documents
from gateway.export.manner import Manner

_FORMULA = frozenset("=+-@\t\r\n\0＝＋－＠")
"""With what a cell begins that a spreadsheet may take for a formula, in narrow and full width (OWASP, CSV injection)."""
_DIGITS = Context(prec=60, rounding=ROUND_FLOOR)
_PLACES = Decimal("1e-12")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""What files of an archive are dated with: the earliest that a zip can say, so that equal reports are equal bytes."""


def write(report: Report, stream: BinaryIO, manner: Manner) -> None:
    """The table that is named, else a zip archive of all of them with the parameters and a list of the columns. Raises
    NotFound."""
    every = {table.id: table for section in report.sections for table in section.tables}
    if manner.table:
        if manner.table not in every:
            cure = suggestion(manner.table, every) or "the report's JSON lists its tables"
            raise NotFound(f"the report has no table {manner.table!r}", cure=cure)
        _lines(stream, [every[manner.table]], report, manner)
        return
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, "parameters.csv", _parameters(report), manner)
        _put(archive, "columns.csv", _columns(every.values()), manner)
        for name, table in every.items():
            _put(archive, f"{name}.csv", _cells(table, report), manner)


def _put(archive: zipfile.ZipFile, name: str, rows: Iterable[Iterable[Cell]], manner: Manner) -> None:
    place = zipfile.ZipInfo(name, date_time=_EPOCH)
    place.compress_type, place.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    archive.writestr(place, _text(rows, manner))


def _lines(stream: BinaryIO, tables: Iterable[Table], report: Report, manner: Manner) -> None:
    stream.writelines(_text(_cells(table, report), manner) for table in tables)


def _text(rows: Iterable[Iterable[Cell]], manner: Manner) -> bytes:
    text = io.StringIO()
    for row in rows:
        text.write(manner.delimiter.join(_written(cell, manner) for cell in row) + "\r\n")
    return text.getvalue().encode("utf-8-sig" if manner.bom else "utf-8")


def _cells(table: Table, report: Report) -> Iterator[tuple[Cell, ...]]:
    zone = ZoneInfo(report.zone)
    yield tuple(column.key for column in table.columns)
    for row in (*table.rows, *([table.totals] if table.totals else [])):
        yield tuple(cell.astimezone(zone) if isinstance(cell, datetime) else cell for cell in row)


def _parameters(report: Report) -> Iterator[tuple[Cell, ...]]:
    yield "name", "value"
    yield "title", report.title
    yield from report.parameters.items()
    yield "zone", report.zone
    yield "made_at", report.made_at.astimezone(ZoneInfo(report.zone))
    yield "version", report.version
    yield "sha256", documents.digest(report)
    yield from (("headline", text) for text in report.headlines)
    yield from (("warning", text) for text in report.warnings)


_HOW = {
    "share": "decimal fraction, cut",
    "length": "seconds",
    "moment": "ISO 8601 with offset",
    "day": "ISO 8601",
    "flag": "true or false",
}


def _columns(tables: Iterable[Table]) -> Iterator[tuple[Cell, ...]]:
    yield "table", "table_title", "column", "column_title", "kind", "unit"
    for table in tables:
        for one in table.columns:
            yield (
                table.id,
                table.title,
                one.key,
                one.title,
                one.kind.value,
                one.unit or _HOW.get(one.kind, ""),
            )


def _written(cell: Cell, manner: Manner) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime() | date():
            return cell.isoformat()
        case str():
            return quoted(cell)
    return number(cell).replace(".", manner.decimal)


def quoted(text: str) -> str:
    """A text in quotes, whatever parts the cells; one that could be a formula is made a text by an apostrophe."""
    safe = f"'{text}" if text[:1] in _FORMULA else text
    return f'"{safe.replace(chr(0), "").replace(chr(34), chr(34) * 2)}"'


def number(cell: int | Fraction | timedelta | Decimal) -> str:
    """A number without exponent: seconds of a length; a share cut to twelve places."""
    match cell:
        case timedelta():
            seconds = Decimal(cell // timedelta(microseconds=1)) / 1_000_000
            return _plain(seconds)
        case Fraction():
            share = _DIGITS.divide(Decimal(cell.numerator), Decimal(cell.denominator))
            return _plain(share.quantize(_PLACES, rounding=ROUND_FLOOR))
        case Decimal():
            return format(cell, "f")
    return str(cell)


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
