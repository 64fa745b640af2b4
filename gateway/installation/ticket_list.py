"""The other side's list of tickets as a file: CSV, or a workbook (XLSX) where openpyxl is installed. What its rows mean is
`gateway.domain.reports.their_list`."""

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway import schemas
from gateway.domain.importing.trouble import Trouble
from gateway.domain.problem import suggestion
from gateway.domain.reports.lists import Theirs
from gateway.domain.reports.their_list import Cell, ListMapping, mapping_from, read
from gateway.errors import Invalid, Unsupported
from gateway.installation import event_log, yaml_text

MOST_BYTES = 200_000_000
"""So much a workbook may unpack to."""


def mapping_of(path: Path) -> ListMapping:
    """The mapping a YAML file holds. Raises Invalid with every problem."""
    found = yaml_text.documents(content(path), source=path.name)
    if len(found) != 1:
        raise Invalid(f"{path.name} has {len(found)} documents", cure="a mapping is one")
    schemas.check("closing_mapping", found[0])
    return mapping_from(found[0])


def content(path: Path) -> bytes:
    """The bytes of a file. Raises Invalid."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read", why=str(error.strerror or error)) from error


def listed(path: Path, mapping: ListMapping) -> tuple[list[Theirs], list[Trouble]]:
    """The rows of the list, and those that cannot be read. Raises Invalid; Unsupported without openpyxl."""
    if zipfile.is_zipfile(path):
        header, rows = _workbook(path, mapping.sheet)
        return read(mapping, header, rows)
    with event_log.opened(path) as log:
        return read(mapping, log.header, log)


def digest(path: Path) -> str:
    """SHA-256 in hex. Raises Invalid."""
    return hashlib.sha256(content(path)).hexdigest()


def _workbook(path: Path, sheet: str) -> tuple[Sequence[str], Iterator[tuple[int, list[Cell]]]]:
    try:
        import openpyxl  # noqa: PLC0415 - only for who has workbooks
    except ImportError as error:
        why = "reading workbooks needs openpyxl"
        cure = "install interdesk[xlsx], or save the list as CSV UTF-8"
        raise Unsupported(f"{path.name} is a workbook", why=why, cure=cure) from error
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
            raise Invalid(
                f"{path.name} unpacks to more than {MOST_BYTES:,} bytes", cure="save the sheet as CSV UTF-8"
            )
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl has no error of its own for what is no workbook
        raise Invalid(
            f"{path.name} is no workbook", why=str(error), cure="save the list as CSV UTF-8"
        ) from error
    if sheet and sheet not in book.sheetnames:
        raise Invalid(f"{path.name} has no sheet {sheet!r}", cure=suggestion(sheet, book.sheetnames))
    lines = (book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True)
    header = [str(cell).strip() if cell is not None else "" for cell in next(lines, ())]
    return header, _filled(lines)


def _filled(lines: Iterator[Any]) -> Iterator[tuple[int, list[Cell]]]:
    """Rows that say something, by their number in the sheet; numbers as they are written."""
    for line, cells in enumerate(lines, start=2):
        if any(cell is not None and str(cell).strip() for cell in cells):
            yield line, [_cell(cell) for cell in cells]


def _cell(cell: Any) -> Cell:
    if cell is None or isinstance(cell, datetime):
        return cell
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
