"""Event logs: CSV with its columns named in the first line, by commas or semicolons, UTF-8, of any length; read row by row.
What the rows mean is `gateway.domain.importing`."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gateway import schemas
from gateway.domain.importing.mapping import ImportMapping, mapping_from
from gateway.errors import Invalid
from gateway.installation import yaml_text

_BLOCK = 1 << 20


def mapping_of(path: Path) -> ImportMapping:
    """The mapping a YAML file holds. Raises Invalid with every problem."""
    source = path.name
    found = yaml_text.documents(_bytes(path), source=source)
    if len(found) != 1:
        raise Invalid(f"{source} has {len(found)} documents", cure="a mapping is one")
    schemas.check("import_mapping", found[0])
    return mapping_from(found[0])


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read", why=str(error.strerror or error)) from error


def digest(path: Path) -> str:
    """SHA-256 of a file in hex. Raises Invalid for one that cannot be read or is no text."""
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if b"\0" in block:
                    raise Invalid(f"{path.name} holds a zero byte", cure="save it as CSV UTF-8")
                found.update(block)
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read", why=str(error.strerror or error)) from error
    return found.hexdigest()


class EventLog:
    """An open event log: `header`, then its rows with the number of the line each ends on. `done` and `size` in bytes."""

    def __init__(self, file: IO[str], path: Path) -> None:
        self.size = path.stat().st_size
        self._name, self._file = path.name, file
        with path.open("rb") as raw:
            first = raw.readline(_BLOCK)
        delimiter = ";" if first.count(b";") > first.count(b",") else ","
        self._rows = csv.reader(file, delimiter=delimiter, strict=True)
        self.header: Sequence[str] = [cell.strip() for cell in next(self._read(), (0, []))[1]]
        if not any(self.header):
            raise Invalid(f"{path.name} is empty", cure="its first line names the columns")

    @property
    def done(self) -> int:
        """How many bytes were read, in blocks."""
        return self._file.buffer.tell()  # type: ignore[attr-defined, no-any-return]

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return (row for row in self._read() if row[1])

    def _read(self) -> Iterator[tuple[int, list[str]]]:
        rows = self._rows
        try:
            for cells in rows:
                yield rows.line_num, cells
        except csv.Error as error:
            what = f"{self._name} line {rows.line_num} cannot be read"
            raise Invalid(what, why=str(error), cure="close its quotes") from error
        except UnicodeDecodeError as error:
            what = f"{self._name} is not UTF-8 after line {rows.line_num}"
            raise Invalid(what, cure="save it as CSV UTF-8") from error


@contextmanager
def opened(path: Path) -> Iterator[EventLog]:
    """Open an event log. Raises Invalid."""
    try:
        file = path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read", why=str(error.strerror or error)) from error
    with file:
        yield EventLog(file, path)
