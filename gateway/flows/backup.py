"""One file that holds an installation as it was at one moment: its database, then its files (a file's name is its digest and it
never changes, so those that were there a moment later hold all that the database speaks of), sealed under the key ring. The ring
itself is not in it: keep it elsewhere. What a restored installation does first stands in `flows.restored` (D10)."""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, BinaryIO

from gateway.blobs import CHUNK, BlobStore
from gateway.domain.model import Blob
from gateway.errors import ConfigError, Invalid, Refused
from gateway.flows.commands import Order
from gateway.flows.context import Context
from gateway.flows.restored import Doubted, doubt_everything
from gateway.sealed_files import SealedReader, SealedWriter
from gateway.store import audit, snapshots
from gateway.store.db import Database, Db
from gateway.store.scope import OPERATOR_ID
from gateway.vault import Vault

FORMAT = 1
_LABEL, _DATABASE, _FILES = "backup.json", "database", "files/"


@dataclass(frozen=True, kw_only=True)
class Label:
    """What a backup says of itself. `kind`: `sqlite` or `postgresql`; `revision` of its schema."""

    format: int
    kind: str
    revision: str
    made_at: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is in a backup: its label, bytes of the database, how many files and their bytes."""

    label: Label
    database_bytes: int
    files: int
    file_bytes: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an installation is kept, and what opens it."""

    database: Database
    blobs: BlobStore
    vault: Vault


def make(place: Place, target: Path, order: Order) -> Found:
    """Write a backup while the gateway works; the file appears under its name when it is whole. Raises Refused, ConfigError."""
    if target.exists():
        raise Refused(f"{target} is there already", why="a backup is never written over another one")
    with _scratch(target.parent) as folder:
        copy, draft = folder / _DATABASE, folder / "draft"
        kind = "sqlite" if place.database.is_sqlite else "postgresql"
        with place.blobs.still(alone=False), draft.open("wb") as file:
            revision = snapshots.take(place.database, copy)
            label = Label(format=FORMAT, kind=kind, revision=revision, made_at=order.now.isoformat())
            found = _write(place, file, copy, label)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    told = {"made_at": label.made_at, "files": found.files, "reason": order.reason}
    with place.database.write() as db:
        _audit(db, "backup made", order, told)
    return found


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """A folder beside the backup that only we read, gone afterwards."""
    try:
        with tempfile.TemporaryDirectory(dir=parent, prefix=".backup-") as folder:
            yield Path(folder)
    except OSError as error:
        raise ConfigError(f"{parent} cannot be written to", why=error.strerror or str(error)) from error


def _write(place: Place, file: BinaryIO, copy: Path, label: Label) -> Found:
    files, file_bytes = 0, 0
    sealed = SealedWriter(file, place.vault)
    with io.BufferedWriter(sealed, CHUNK) as out, tarfile.open(fileobj=out, mode="w|") as tar:
        _add(tar, _LABEL, io.BytesIO(json.dumps(asdict(label)).encode()), None)
        with copy.open("rb") as database:
            _add(tar, _DATABASE, database, copy.stat().st_size)
        for key in place.blobs.keys():  # noqa: SIM118 - no mapping
            size = place.blobs.size(key)
            blob = Blob(key=key, size=size, sha256=key)
            _add(tar, f"{_FILES}{key}", _Stream(place.blobs.chunks(blob)), size)
            files, file_bytes = files + 1, file_bytes + size
    return Found(label=label, database_bytes=copy.stat().st_size, files=files, file_bytes=file_bytes)


class _Stream(io.RawIOBase):
    """Pieces as a file, for tar."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._held = pieces, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """As many bytes, fewer only at the end."""
        while size < 0 or len(self._held) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._held += piece
        size = len(self._held) if size < 0 else size
        taken, self._held = self._held[:size], self._held[size:]
        return taken


def _add(tar: tarfile.TarFile, name: str, content: io.IOBase | IO[bytes], size: int | None) -> None:
    entry = tarfile.TarInfo(name)
    if size is None:
        size = content.seek(0, io.SEEK_END)
        content.seek(0)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, content)


# -- reading ------------------------------------------------------------------------------------------------------------------


@contextmanager
def _opened(source: Path, vault: Vault) -> Iterator[tuple[Label, tarfile.TarFile]]:
    try:
        with source.open("rb") as file, io.BufferedReader(SealedReader(file, vault), CHUNK) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                yield _label(tar), tar
            while stream.read(CHUNK):  # to its sealed end: what was cut off there is not whole either
                pass
    except tarfile.TarError as error:
        raise ConfigError("the backup is damaged", why=str(error)) from error
    except OSError as error:
        raise ConfigError(f"{source} cannot be read", why=error.strerror or str(error)) from error


def _label(tar: tarfile.TarFile) -> Label:
    entry = tar.next()
    file = tar.extractfile(entry) if entry is not None and entry.name == _LABEL else None
    if file is None:
        raise Invalid("this backup says nothing of itself")
    label = Label(**json.loads(file.read(64 * 1024)))
    if label.format != FORMAT:
        raise ConfigError(
            f"this backup has format {label.format}, this version reads {FORMAT}",
            cure="restore it with the version that made it",
        )
    return label


def _rest(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """What follows the label; each is read before the next is asked for."""
    while (entry := tar.next()) is not None:
        yield entry


def verify(source: Path, vault: Vault) -> Found:
    """Read a backup to its end: every piece opens, its database is whole, every file is what its name says, and of those that
    a SQLite database speaks of none lacks. Raises ConfigError, Invalid."""
    with _scratch(source.parent) as folder, _opened(source, vault) as (label, tar):
        copy, there, file_bytes = folder / _DATABASE, set[str](), 0
        for entry in _rest(tar):
            if entry.name == _DATABASE:
                _unpack(tar, entry, copy)
            else:
                there.add(_checked(tar, entry))
                file_bytes += entry.size
        _whole(copy, label, there)
        size = copy.stat().st_size
    return Found(label=label, database_bytes=size, files=len(there), file_bytes=file_bytes)


def _whole(copy: Path, label: Label, there: set[str]) -> None:
    if not copy.exists():
        raise Invalid("there is no database in this backup")
    snapshots.check(copy, label.kind)
    lacking = sorted(snapshots.blobs_of(copy) - there) if label.kind == "sqlite" else []
    if lacking:
        raise Invalid(
            f"{len(lacking)} files lack that its database speaks of", why=f"the first: {lacking[0]}"
        )


def _unpack(tar: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> None:
    with target.open("wb") as out:
        for chunk in _pieces(tar, entry):
            out.write(chunk)


def _pieces(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> Iterator[bytes]:
    file = tar.extractfile(entry)
    while file is not None and (chunk := file.read(CHUNK)):
        yield chunk


def _checked(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> str:
    digest = hashlib.sha256()
    for chunk in _pieces(tar, entry):
        digest.update(chunk)
    key = entry.name.removeprefix(_FILES)
    if digest.hexdigest() != key:
        raise Invalid(f"the file {entry.name} in the backup is not what its name says")
    return key


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was put back, and what is asked about now (D10)."""

    found: Found
    doubted: Doubted


def restore(context: Context, place: Place, source: Path, order: Order) -> Restored:
    """Put a backup into an empty place, then treat all that was unfinished as if its fate were unknown. It is read to its end
    before anything is changed. Raises Refused, ConfigError, Invalid."""
    found = verify(source, place.vault)
    kind = "sqlite" if place.database.is_sqlite else "postgresql"
    if found.label.kind != kind:
        raise Refused(
            f"this is a backup of {found.label.kind}, and the settings name {kind}",
            cure="set INTERDESK_DATABASE_URL to a database of its kind",
        )
    with _scratch(source.parent) as folder, _opened(source, place.vault) as (_, tar):
        copy = folder / _DATABASE
        for entry in _rest(tar):
            if entry.name == _DATABASE:
                _unpack(tar, entry, copy)
                snapshots.put_back(place.database, copy)
            else:
                place.blobs.put(_pieces(tar, entry), limit=entry.size)
    with place.database.write() as db:
        _audit(db, "backup restored", order, {"made_at": found.label.made_at, "reason": order.reason})
    return Restored(found=found, doubted=doubt_everything(context, order))


def _audit(db: Db, action: str, order: Order, told: Mapping[str, object]) -> None:
    audit.record(
        db,
        now=order.now,
        org_id=OPERATOR_ID,
        actor=order.actor,
        action=action,
        subject="",
        before=None,
        after=dict(told),
    )
