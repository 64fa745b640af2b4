"""A sealed file opens whole or not at all, and with its own ring only."""

import io

import pytest

from gateway.errors import ConfigError
from gateway.sealed_files import PIECE, SealedReader, SealedWriter
from gateway.vault import Vault, new_entry, ring

RING = ring(new_entry("k1"))
SPOILT = (
    "cut in a piece",
    "cut after a piece",
    "longer",
    "pieces swapped",
    "another head",
    "a bit",
    "no such file",
    "nothing",
)
SIZES = {"nothing": 0, "a little": 10, "one piece": PIECE, "a little more": PIECE + 1}


def sealed(text: bytes, vault: Vault = RING) -> bytes:
    file = io.BytesIO()
    with SealedWriter(file, vault) as out:
        out.write(text)
    return file.getvalue()


def opened(raw: bytes, vault: Vault = RING) -> bytes:
    return SealedReader(io.BytesIO(raw), vault).readall()


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_what_went_in_comes_out(size: int) -> None:
    text = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    raw = sealed(text)
    assert opened(raw) == text
    assert size < 10 or text[:64] not in raw
    assert sealed(text) != raw


def test_after_a_rotation_the_older_key_still_opens() -> None:
    both = Vault(current="k2", keys={"k2": bytes(32), **RING.keys})
    assert opened(sealed(b"text"), both) == b"text"


@pytest.mark.parametrize("how", SPOILT)
def test_an_altered_cut_or_lengthened_file_does_not_open(how: str) -> None:
    raw = sealed(b"a" * PIECE + b"b")
    first = raw.index(b"\n") + 1 + 4 + PIECE + 16
    spoilt = {
        "cut in a piece": raw[:-1],
        "cut after a piece": raw[:first],
        "longer": raw + b"x",
        "pieces swapped": raw[: raw.index(b"\n") + 1] + raw[first:] + raw[raw.index(b"\n") + 1 : first],
        "another head": raw.replace(b"idkb1 k1 ", b"idkb1 k1 A", 1),
        "a bit": bytes([*raw[:-1], raw[-1] ^ 1]),
        "no such file": b"hello",
        "nothing": b"",
    }
    with pytest.raises(ConfigError):
        opened(spoilt[how])


def test_another_ring_does_not_open_it() -> None:
    with pytest.raises(ConfigError, match="put the key ring in place"):
        opened(sealed(b"text"), ring(new_entry("k1")))
    with pytest.raises(ConfigError, match="'k1' that sealed this is not in the key ring"):
        opened(sealed(b"text"), ring(new_entry("k9")))
