"""Files outside messages: whole or not at all, named by their bytes, within a limit."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.blobs import CHUNK, BlobStore, BlobTooLarge
from gateway.domain.filetypes import sniffed
from gateway.domain.model import Blob
from gateway.errors import NotFound


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "files")


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".still"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.binary(max_size=2000), max_size=5))
def test_what_goes_in_comes_out(blobs: BlobStore, pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    blob = blobs.put(pieces, limit=10_000)
    digest = hashlib.sha256(whole).hexdigest()
    assert blob == Blob(key=digest, size=len(whole), sha256=digest, media_type=sniffed(whole))
    assert b"".join(blobs.chunks(blob)) == whole


def test_the_first_bytes_say_of_what_type_a_file_is_however_they_come(blobs: BlobStore) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"x" * 1000

    assert blobs.put([png[:3], png[3:]], limit=10_000).media_type == "image/png"


def test_a_large_file_comes_in_pieces(blobs: BlobStore) -> None:
    blob = blobs.put([os.urandom(CHUNK), b"x"], limit=CHUNK + 1)
    assert [len(chunk) for chunk in blobs.chunks(blob)] == [CHUNK, 1]


def test_the_same_bytes_are_kept_once(blobs: BlobStore, tmp_path: Path) -> None:
    assert blobs.put([b"a", b"b"], limit=2) == blobs.put([b"ab"], limit=2)
    assert len(kept(tmp_path)) == 1


def test_the_limit_holds_while_writing(blobs: BlobStore, tmp_path: Path) -> None:
    written: list[bytes] = []

    def endless() -> object:
        while True:
            written.append(b"x" * 1000)
            yield written[-1]

    with pytest.raises(BlobTooLarge, match="2500"):
        blobs.put(endless(), limit=2500)  # type: ignore[arg-type]
    assert len(written) == 3
    assert not kept(tmp_path)


def test_what_is_not_committed_leaves_nothing(blobs: BlobStore, tmp_path: Path) -> None:
    with blobs.writer(limit=10) as writer:
        writer.write(b"half")
        assert len(kept(tmp_path)) == 1
    assert not kept(tmp_path)


def test_an_error_while_writing_leaves_nothing(blobs: BlobStore, tmp_path: Path) -> None:
    def broken() -> object:
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        blobs.put(broken(), limit=10)  # type: ignore[arg-type]
    assert not kept(tmp_path)


def test_removing(blobs: BlobStore) -> None:
    blob = blobs.put([b"secret"], limit=10)
    assert blobs.has(blob.key)
    blobs.remove(blob.key)
    blobs.remove(blob.key)
    assert not blobs.has(blob.key)
    with pytest.raises(NotFound):
        next(blobs.chunks(blob))


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "0" * 62 + "/x"], ids=range(6)
)
def test_a_key_is_no_path(blobs: BlobStore, key: str) -> None:
    with pytest.raises(NotFound):
        blobs.has(key)


def test_another_process_finds_the_file(blobs: BlobStore, tmp_path: Path) -> None:
    blob = blobs.put([b"shared"], limit=10)
    assert b"".join(BlobStore(tmp_path / "files").chunks(blob)) == b"shared"


def test_a_writer_that_was_killed_leaves_only_what_the_sweep_removes(
    blobs: BlobStore, tmp_path: Path
) -> None:
    script = (
        "import os, sys, pathlib; from gateway.blobs import BlobStore;"
        "w = BlobStore(pathlib.Path(sys.argv[1])).writer(limit=10); w.write(b'half'); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "files")], check=False)
    assert done.returncode == -9
    assert len(kept(tmp_path)) == 1
    assert blobs.sweep(before=time.time() - 3600) == 0
    assert blobs.sweep(before=time.time() + 1) == 1
    assert not kept(tmp_path)
