"""Files kept outside messages: content-addressed on local disk, written whole or not at all."""

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from gateway.domain.filetypes import HEAD, sniffed
from gateway.domain.model import Blob
from gateway.errors import InterdeskError, NotFound

CHUNK = 256 * 1024
_KEY = re.compile(r"[0-9a-f]{64}")


class BlobTooLarge(InterdeskError):
    """The bytes exceed the limit of who brings them; nothing was kept."""

    code = "IDK-1501"


class BlobWriter:
    """Takes one file's bytes; `commit` makes them durable under their hash. Left without commit, nothing remains."""

    def __init__(self, root: Path, limit: int) -> None:
        self._root = root
        self._limit = limit
        self._hash = hashlib.sha256()
        self._size = 0
        self._head = b""
        descriptor, name = tempfile.mkstemp(dir=root / "incoming")
        self._file = os.fdopen(descriptor, "wb")
        self._path = Path(name)

    def __enter__(self) -> "BlobWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def write(self, chunk: bytes) -> None:
        """Raises BlobTooLarge as soon as the limit is passed."""
        self._size += len(chunk)
        if self._size > self._limit:
            raise BlobTooLarge(f"the file is larger than {self._limit} bytes")
        if len(self._head) < HEAD:
            self._head += bytes(chunk[: HEAD - len(self._head)])
        self._hash.update(chunk)
        self._file.write(chunk)

    def commit(self) -> Blob:
        """Sync, then rename into place: after a crash the file is there whole or not at all. It waits for who takes files away: the
        same bytes may have lain there, spoken of by nobody."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        digest = self._hash.hexdigest()
        place = _place(self._root, digest)
        with _still(self._root, alone=False):
            _make_folder(place.parent)
            os.utime(self._path)
            self._path.replace(place)
        _sync_folder(place.parent)
        return Blob(key=digest, size=self._size, sha256=digest, media_type=sniffed(self._head))

    def discard(self) -> None:
        """Forget what was not committed."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class BlobStore:
    """A folder of files named by the SHA-256 of their bytes. Methods block on the disk for milliseconds."""

    def __init__(self, root: Path) -> None:
        self._root = root
        _make_folder(root / "incoming")

    def writer(self, *, limit: int) -> BlobWriter:
        """A place for one new file of at most `limit` bytes."""
        return BlobWriter(self._root, limit)

    def put(self, chunks: Iterable[bytes], *, limit: int) -> Blob:
        """Keep one file. Raises BlobTooLarge."""
        with self.writer(limit=limit) as writer:
            for chunk in chunks:
                writer.write(chunk)
            return writer.commit()

    def chunks(self, blob: Blob) -> Iterator[bytes]:
        """The file's bytes in pieces of at most CHUNK. Raises NotFound before the first piece."""
        try:
            file = _place(self._root, blob.key).open("rb")
        except FileNotFoundError as error:
            raise NotFound(f"the file {blob.key} is not in the store") from error
        with file:
            while chunk := file.read(CHUNK):
                yield chunk

    def has(self, key: str) -> bool:
        """Whether this file is kept."""
        return _place(self._root, key).is_file()

    def keys(self) -> Iterator[str]:
        """Every file that is kept, in order."""
        for folder in sorted(self._root.glob("??")):
            yield from (
                key for path in sorted(folder.iterdir()) if _KEY.fullmatch(key := folder.name + path.name)
            )

    def size(self, key: str) -> int:
        """How many bytes a file has. Raises NotFound."""
        try:
            return _place(self._root, key).stat().st_size
        except FileNotFoundError as error:
            raise NotFound(f"the file {key} is not in the store") from error

    def remove(self, key: str) -> None:
        """Erase a file; no harm if it is gone already."""
        _place(self._root, key).unlink(missing_ok=True)

    @contextmanager
    def still(self, *, alone: bool) -> Iterator[None]:
        """Nobody who is alone takes files away while others read them all (a backup) or put one in its place: each waits for the other,
        whatever its process."""
        with _still(self._root, alone=alone):
            yield

    def older(self, before: float) -> set[str]:
        """Files that were stored before this moment (seconds of the epoch), and not again since."""
        return {key for key in self.keys() if self._is_older(key, before)}

    def remove_older(self, key: str, before: float) -> bool:
        """Erase a file unless it was stored again since; to be called while nobody else is let in (`still`)."""
        if not self._is_older(key, before):
            return False
        self.remove(key)
        return True

    def _is_older(self, key: str, before: float) -> bool:
        try:
            return _place(self._root, key).stat().st_mtime < before
        except FileNotFoundError:
            return False

    def sweep(self, *, before: float) -> int:
        """Remove what writers that died before this moment (seconds of the epoch) left behind; how many there were."""
        left = [path for path in (self._root / "incoming").iterdir() if path.stat().st_mtime < before]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


@contextmanager
def _still(root: Path, *, alone: bool) -> Iterator[None]:
    with (root / ".still").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def _place(root: Path, key: str) -> Path:
    if not _KEY.fullmatch(key):
        raise NotFound("this is no key of a file")
    return root / key[:2] / key[2:]


def _make_folder(path: Path) -> None:
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
