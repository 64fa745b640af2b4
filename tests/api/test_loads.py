"""JSON that comes in is read once, strictly, in bounded time (T8)."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api.loads import loads
from gateway.errors import Invalid

BAD = {
    "deep": (b"[" * 65 + b"]" * 65, "deeper than 64"),
    "deep without an end": (b'{"a":' * 200_000, "deeper than 64"),
    "many names": (json.dumps({f"n{one}": 1 for one in range(10_001)}).encode(), "more than 10000 names"),
    "a name twice": (b'{"a": {"b": 1, "b": 2}}', "'b' stands twice"),
    "not a number": (b"[NaN]", "NaN is no JSON"),
    "endless": (b"[-Infinity]", "-Infinity is no JSON"),
    "endless in figures": (b"[1e999]", "cannot be kept"),
    "5000 figures": (b"1" * 5000, "64 bits"),
    "65 bits": (str(2**64).encode(), "64 bits"),
    "NUL": (rb'{"a": "\u0000"}', "NUL"),
    "NUL in a name": (rb'{"\u0000": 1}', "NUL"),
    "half a pair": (rb'"\ud800"', "surrogate"),
    "not UTF-8": (b'"\xff"', "not UTF-8"),
    "nothing": (b"", "no JSON"),
    "more than one": (b"1 2", "no JSON"),
    "a raw sign": (b'"\x01"', "no JSON"),
}


@pytest.mark.parametrize(("raw", "told"), BAD.values(), ids=BAD)
def test_t8_what_two_readers_would_read_differently_is_refused(raw: bytes, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        loads(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 64 + b"]" * 64,
        str(2**64 - 1).encode(),
        str(-(2**63)).encode(),
        b'"' + b"[" * 99 + b'\\""',
        rb'"\\u0000"',
        b'"\xf0\x9f\x98\x80"',
    ],
)
def test_what_is_just_right_is_read(raw: bytes) -> None:
    assert loads(raw) == json.loads(raw)


@given(st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab[{\"\\", max_size=3), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3), max_leaves=9))  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_documents_are_read_as_they_are(document: object) -> None:
    assert loads(json.dumps(document).encode()) == document


@given(st.binary(max_size=40))
@settings(max_examples=100, deadline=None)
def test_bytes_are_a_document_or_refused(raw: bytes) -> None:
    with contextlib.suppress(Invalid):
        assert loads(raw) == json.loads(raw)
