"""Keeps what a desk needs long to make, a migrated and seeded database, in the cache; made anew when anything it is made of changes."""

import fcntl
import hashlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.desks.launch import leftovers
from tests.desks.launch.desk import cache


def template(kind: str, build: Callable[[Path], Path], *, package: str, sources: Sequence[Path]) -> Path:
    """The finished template directory of that kind; two test runs that need it at once make it only once.

    `build` gets the path of a directory to make and returns the part of it worth keeping. The Debian package's version
    and the contents of the source files decide whether an older one still serves.
    """
    place = cache() / "templates"
    place.mkdir(parents=True, exist_ok=True)
    finished = place / f"{kind}-{_digest(package, sources)}"
    with _locked(place / f"{kind}.lock"):
        if not finished.exists():
            with _scratch(place, kind) as scratch:
                build(scratch / "made").rename(finished)
    return finished


def _digest(package: str, sources: Sequence[Path]) -> str:
    query = ["dpkg-query", "--show", "--showformat=${Version}", package]
    parts = [
        subprocess.run(query, capture_output=True, check=True).stdout,
        *(path.read_bytes() for path in sources),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


@contextmanager
def _scratch(place: Path, kind: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=place, prefix=f"{kind}-making-") as directory:
        leftovers.remember("directory", directory)
        yield Path(directory)
    leftovers.forget("directory", directory)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Only one process on this machine at a time, and one thread in it; the lock goes with the process that holds it."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
