"""Long lists as CSV: one row a thing, columns named in the first line, by commas or semicolons, UTF-8 (with or without
the mark that spreadsheets write)."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.problem import suggestion
from gateway.errors import Invalid

MAX_BYTES = 50_000_000
MAX_ROWS = 200_000


@dataclass(frozen=True, kw_only=True)
class Table:
    """Columns a table may have: `numbers` are whole numbers, `lists` hold several values by spaces."""

    texts: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.texts, *self.numbers, *self.lists)


SITES = Table(
    texts=("organization", "code", "name", "address", "zone", "country", "subdivision", "group", "hours"),
    lists=("contacts",),
)
ASSETS = Table(texts=("organization", "code", "site", "model", "serial", "warranty_until"))
COVERAGE = Table(texts=("organization", "site", "group", "service", "hours", "link"), numbers=("rank",))


def rows(text: bytes, table: Table, *, source: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(`sites.csv row 2`, document) of every row that says something; the first line is row 1. Empty cells are absent.

    Raises Invalid naming file, row and column.
    """
    lines = csv.reader(
        io.StringIO(_decoded(text, source), newline=""), delimiter=_delimiter(text), strict=True
    )
    try:
        names = _header(next(lines, []), table, source)
        for cells in lines:
            place = f"{source} row {lines.line_num}"
            if any(cell.strip() for cell in cells):
                yield place, _document(names, cells, table, place)
    except csv.Error as error:
        raise _refused(f"{source} row {lines.line_num}", str(error)) from error


def _refused(place: str, what: str, right: str = "") -> Invalid:
    problem = f"{place}: {what}" + (f"; {right}" if right else "")
    return Invalid("the table cannot be read", problems=(problem,))


def _decoded(text: bytes, source: str) -> str:
    if len(text) > MAX_BYTES or text.count(b"\n") > MAX_ROWS:
        raise _refused(source, "it is too long", f"at most {MAX_ROWS} rows and {MAX_BYTES} bytes; divide it")
    if b"\0" in text:
        row = text.count(b"\n", 0, text.index(b"\0")) + 1
        raise _refused(f"{source} row {row}", "it holds a zero byte", "save it as CSV UTF-8")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = text.count(b"\n", 0, error.start) + 1
        raise _refused(f"{source} row {row}", "it is not UTF-8", "save it as CSV UTF-8") from error


def _delimiter(text: bytes) -> str:
    first = text.split(b"\n", 1)[0]
    return ";" if first.count(b";") > first.count(b",") else ","


def _header(cells: list[str], table: Table, source: str) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    for name in names:
        if name not in table.columns:
            right = suggestion(name, table.columns)
            raise _refused(f"{source} row 1", f"there is no column {name!r}", right)
        if names.count(name) > 1:
            raise _refused(f"{source} row 1", f"column {name!r} stands there twice", "keep one of them")
    if not names:
        raise _refused(source, "it is empty", f"begin with a line of columns: {', '.join(table.columns)}")
    return names


def _document(names: list[str], cells: list[str], table: Table, place: str) -> dict[str, Any]:
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        raise _refused(
            place, f"it has {len(cells)} cells for {len(names)} columns", "put texts with commas in quotes"
        )
    filled = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
    return {name: _typed(name, cell, table, place) for name, cell in filled.items()}


def _typed(name: str, cell: str, table: Table, place: str) -> Any:
    if name in table.lists:
        return cell.split()
    if name not in table.numbers:
        return cell
    if not cell.isascii() or not cell.isdigit():
        raise _refused(f"{place} column {name}", f"{cell!r} is no number", "write a whole number")
    return int(cell)


TABLES: Mapping[str, Table] = {"sites": SITES, "assets": ASSETS, "coverage": COVERAGE}
