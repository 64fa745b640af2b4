"""Answers read within limits: packed ones, bombs, files."""

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gateway.blobs import BlobStore
from gateway.connector import Response
from gateway.desk_client.answers import read, read_blob
from gateway.errors import AnswerUnreadable, ConfigError, DeskRejected

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
TEXT = b'{"text": "' + b"\xd0\xb9" * 70_000 + b'"}'


class Pieces(httpx.AsyncByteStream):
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def answer(pieces: Iterable[bytes], *headers: tuple[str, str]) -> httpx.Response:
    return httpx.Response(200, headers=list(headers), stream=Pieces(pieces))


def whole(given: httpx.Response, limit: int = 1_000_000) -> Response:
    return asyncio.run(read(given, limit=limit, now=lambda: NOW))


def in_pieces(data: bytes, size: int = 1000) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKED = {
    "not at all": ("identity", TEXT),
    "gzip": ("gzip", gzip.compress(TEXT)),
    "gzip by its old name": ("x-gzip", gzip.compress(TEXT)),
    "gzip, shouted": (" GZIP ", gzip.compress(TEXT)),
    "deflate": ("deflate", zlib.compress(TEXT)),
    "deflate without its header": ("deflate", raw_deflate(TEXT)),
}


@pytest.mark.parametrize(("packing", "data"), PACKED.values(), ids=PACKED.keys())
@pytest.mark.parametrize("size", [1, 100_000], ids=["byte by byte", "at once"])
def test_a_packed_answer_is_unpacked(packing: str, data: bytes, size: int) -> None:
    read_ = whole(answer(in_pieces(data, size), ("Content-Encoding", packing)))
    assert read_.body == TEXT
    assert read_.received_at == NOW


UNREADABLE = {
    "cut off": ("gzip", gzip.compress(TEXT)[:-9]),
    "no gzip": ("gzip", TEXT),
    "another packing": ("br", TEXT),
    "two packings": ("gzip, gzip", gzip.compress(gzip.compress(TEXT))),
}


@pytest.mark.parametrize(("packing", "data"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_unpacked_is_unreadable(packing: str, data: bytes) -> None:
    with pytest.raises(AnswerUnreadable):
        whole(answer(in_pieces(data), ("Content-Encoding", packing)))


def test_nothing_is_nothing_however_it_is_packed() -> None:
    assert whole(answer([], ("Content-Encoding", "gzip"))).body == b""


@pytest.mark.parametrize("size", [100, 101], ids=["at the limit", "beyond it"])
def test_the_limit_counts_bytes(size: int) -> None:
    given = answer(in_pieces(b"x" * size, 7))
    if size <= 100:
        assert len(whole(given, limit=100).body) == size
    else:
        with pytest.raises(AnswerUnreadable, match="100 bytes"):
            whole(given, limit=100)


def test_t7_a_bomb_costs_little_memory() -> None:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(100)) + packer.flush()
    assert len(bomb) < 200_000
    tracemalloc.start()
    with pytest.raises(AnswerUnreadable, match="unpacks"):
        whole(answer([bomb], ("Content-Encoding", "gzip")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_headers_are_lower_case_and_joined() -> None:
    raw = [
        (b"X-One", b"1"),
        (b"Link", b"a"),
        (b"LINK", b"b"),
        (b"X-Name", "Zoë".encode()),
        (b"X-Odd", b"\xff"),
    ]
    read_ = whole(httpx.Response(200, headers=raw, stream=Pieces([b"x"])))
    assert read_.headers["x-one"] == "1"
    assert read_.headers["link"] == "a, b"
    assert read_.headers["x-name"] == "Zoë"
    assert read_.headers["x-odd"] == "\N{REPLACEMENT CHARACTER}"


def test_a_file_streams_into_the_store(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    given = answer(in_pieces(TEXT), ("Content-Type", "text/plain"))
    read_ = asyncio.run(read_blob(given, blobs=blobs, limit=1_000_000, now=lambda: NOW))
    assert read_.blob
    assert read_.body == b""
    assert b"".join(blobs.chunks(read_.blob)) == TEXT


def test_a_file_beyond_the_limit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    with pytest.raises(DeskRejected, match="larger than 1000 bytes"):
        asyncio.run(read_blob(answer(in_pieces(TEXT)), blobs=blobs, limit=1000, now=lambda: NOW))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_without_a_place_for_files_is_a_setting_to_correct() -> None:
    with pytest.raises(ConfigError):
        asyncio.run(read_blob(answer([b"x"]), blobs=None, limit=10, now=lambda: NOW))
