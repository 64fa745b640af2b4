"""API keys can be recognised, have a checksum, and are random enough to be kept by a plain digest."""

import re
import string

import pytest

from gateway import keys

SAMPLE = "fgw_live_" + "A" * 30


def test_a_key_has_the_form_that_scanners_look_for() -> None:
    assert re.fullmatch(r"fgw_live_[0-9A-Za-z]{36}", keys.new())
    assert keys.is_well_formed(keys.new())


def test_keys_are_never_alike_and_use_every_sign() -> None:
    made = {keys.new() for _ in range(500)}

    assert len(made) == 500
    assert set("".join(text[9:39] for text in made)) == set(string.ascii_letters + string.digits)


@pytest.mark.parametrize("place", range(45))
def test_one_wrong_sign_is_noticed(place: int) -> None:
    text = keys.new(lambda _signs: "A")
    wrong = text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]

    assert not keys.is_well_formed(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fgw_live_",
        SAMPLE,
        SAMPLE + "000000",
        SAMPLE.replace("live", "test") + "000000",
        "ä" * 45,
        "Bearer " + "x" * 38,
    ],
)
def test_what_is_no_key(text: str) -> None:
    assert not keys.is_well_formed(text)


def test_the_checksum_is_stable() -> None:
    """A key made today is a key tomorrow: the form is a promise."""
    assert keys.is_well_formed("fgw_live_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA44YWeK")


def test_what_is_kept_and_shown_does_not_give_it_away() -> None:
    text = keys.new()

    assert keys.digest(text) != text
    assert len(keys.digest(text)) == 64
    assert text[13:] not in keys.shown(text)
    assert text.startswith(keys.shown(text).rstrip("…"))
