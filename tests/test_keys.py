"""API keys can be recognised, have a checksum, and are random enough to be kept by a plain digest."""

import re
import string
from collections.abc import Callable

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


@pytest.mark.parametrize(
    ("make", "is_one"),
    [(keys.new_client_secret, keys.is_client_secret), (keys.new_token, keys.is_token)],
    ids=["secret", "token"],
)
def test_secrets_and_tokens_have_forms_of_their_own(
    make: Callable[[], str], is_one: Callable[[str], bool]
) -> None:
    text = make()
    assert is_one(text)
    assert not keys.is_well_formed(text)
    assert not is_one(text[:-1] + ("0" if text[-1] != "0" else "1"))
    assert not is_one(keys.new())


@pytest.mark.parametrize(
    ("text", "good"),
    [("cli_" + "0" * 26, True), ("tkt_" + "0" * 26, False), ("cli_" + "z" * 26, False), ("cli_\0", False)],
)
def test_what_can_be_an_id(text: str, good: bool) -> None:
    assert keys.is_id(text, "cli") is good
