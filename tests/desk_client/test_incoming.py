"""One answer in whatever pieces it arrives: the same result, or the same refusal."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.desk_client.incoming import Incoming
from gateway.desk_client.trip import Broken

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n4\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n"
WHOLE = {
    "length": (b"HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\nabcdefg", 201, b"abcdefg", True),
    "chunks": (CHUNKED, 200, b"abcdefg", True),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    "after an interim answer": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + CHUNKED,
        200,
        b"abcdefg",
        True,
    ),
    "the old protocol": (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, b"abc", False),
    "to be closed": (
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
        200,
        b"abc",
        False,
    ),
    "an offer to upgrade": (
        b"HTTP/1.1 200 OK\r\nUpgrade: h2\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc",
        200,
        b"abc",
        True,
    ),
}


def incoming(*, bodiless: bool = False, head_limit: int = 4096) -> Incoming:
    return Incoming(head_limit=head_limit, bodiless=bodiless, flow=lambda _: None)


async def body_of(answer: Incoming) -> bytes:
    await answer.head()
    body = b""
    while chunk := await answer.chunk():
        body += chunk
    return body


@pytest.mark.parametrize(("raw", "status", "body", "reusable"), WHOLE.values(), ids=WHOLE.keys())
def test_a_whole_answer_byte_by_byte(raw: bytes, status: int, body: bytes, reusable: bool) -> None:
    answer = incoming()
    for at in range(len(raw)):
        assert not answer.complete, at
        answer.feed(raw[at : at + 1])
    assert asyncio.run(body_of(answer)) == body
    assert (answer.status, answer.reusable) == (status, reusable)


@given(st.sampled_from([row[0] for row in WHOLE.values()]), st.data())
def test_the_pieces_do_not_matter(raw: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1))))
    answer, at_once = incoming(), incoming()
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        answer.feed(raw[start:end])
    at_once.feed(raw)
    assert answer.headers == at_once.headers
    assert asyncio.run(body_of(answer)) == asyncio.run(body_of(at_once))


@given(st.sampled_from([row[0] for row in WHOLE.values()]), st.data())
def test_a_part_is_never_taken_for_the_whole(raw: bytes, data: st.DataObject) -> None:
    answer = incoming()
    answer.feed(raw[: data.draw(st.integers(0, len(raw) - 1))])
    answer.end("closed", orderly=True)
    with pytest.raises(Broken):
        asyncio.run(body_of(answer))
    assert not answer.reusable


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_unfinished(raw: bytes) -> None:
    answer = incoming()
    answer.feed(raw)
    answer.end("closed", orderly=False)
    with pytest.raises(Broken):
        asyncio.run(body_of(answer))


REFUSED = {
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n",
    "a folded header": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "no HTTP": b"<html>",
    "another protocol": b"HTTP/1.1 101 X\r\nUpgrade: y\r\nConnection: upgrade\r\n\r\n",
    "a broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n",
    "a header too long": b"HTTP/1.1 200 OK\r\nA: " + b"x" * 5000,
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000,
    "interim answers without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 300,
    "trailers without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    + b"A: b\r\n" * 2000,
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("step", [1, 100_000], ids=["byte by byte", "at once"])
def test_what_is_no_strict_answer_is_refused_at_once(raw: bytes, step: int) -> None:
    answer = incoming()
    for at in range(0, len(raw), step):
        answer.feed(raw[at : at + step])
    assert answer.dirty
    with pytest.raises(Broken):
        asyncio.run(body_of(answer))


def test_a_body_without_length_ends_with_an_orderly_close_only() -> None:
    for orderly in (True, False):
        answer = incoming()
        answer.feed(b"HTTP/1.1 200 OK\r\n\r\nabc")
        assert not answer.complete
        answer.end("closed", orderly=orderly)
        if orderly:
            assert asyncio.run(body_of(answer)) == b"abc"
        else:
            with pytest.raises(Broken):
                asyncio.run(body_of(answer))
        assert not answer.reusable


def test_the_answer_to_head_has_no_body_whatever_its_length_says() -> None:
    answer = incoming(bodiless=True)
    answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n")
    assert asyncio.run(body_of(answer)) == b""
    assert not answer.reusable


@pytest.mark.parametrize("step", [1, 100_000], ids=["byte by byte", "at once"])
def test_a_second_answer_is_nobodys(step: int) -> None:
    raw = WHOLE["length"][0] + WHOLE["chunks"][0]
    answer = incoming()
    for at in range(0, len(raw), step):
        answer.feed(raw[at : at + step])
    assert asyncio.run(body_of(answer)) == b"abcdefg"
    assert (answer.status, answer.reusable) == (201, False)


def test_a_reader_that_is_slow_stops_the_desk() -> None:
    turns: list[bool] = []
    answer = Incoming(head_limit=4096, bodiless=False, flow=turns.append)
    answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n")
    for _ in range(4):
        answer.feed(b"x" * 100_000)
    assert turns == [True]
    assert len(asyncio.run(body_of(answer))) == 400_000
    assert turns == [True, False]
