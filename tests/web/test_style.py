"""The colours of the pictures, by day and by night: texts stand out 4.5 to 1 from their ground, shapes 3 to 1 (WCAG 1.4.3,
1.4.11). What the browser computes of ordinary texts is asked in test_browser."""

import re

import pytest

from gateway.web import security

TEXTS = (
    ("text", "ground"),
    ("text", "raised"),
    ("text", "rests"),
    ("text", "track"),
    ("text", "rest-ground"),
    ("quiet", "ground"),
    ("quiet", "raised"),
    ("link", "ground"),
    ("link", "raised"),
    ("link", "rest-ground"),
    ("on-bar", "bar"),
    ("good", "good-ground"),
    ("over", "bad-ground"),
    ("over", "ground"),
)
SHAPES = (
    *(("bar", ground) for ground in ("ground", "track", "raised")),
    *(("transit", ground) for ground in ("ground", "track")),
    *(("hatch", ground) for ground in ("ground", "track", "rests", "raised")),
    *(("over", ground) for ground in ("ground", "track", "raised")),
    *(("mark", ground) for ground in ("ground", "raised", "track")),
    ("now", "ground"),
    ("focus", "ground"),
    ("dots", "track"),
)


def schemes() -> dict[str, dict[str, str]]:
    """Tokens by scheme, read from the style sheet itself."""
    day, night = re.findall(r":root \{(.*?)\}", security.style(), flags=re.DOTALL)[:2]
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", day))
    return {"light": light, "dark": light | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", night))}


def brightness(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((brightness(one), brightness(other)))
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_is_21_to_1() -> None:
    assert round(contrast("#000000", "#ffffff"), 3) == 21


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_stand_out(scheme: str) -> None:
    tokens = schemes()[scheme]
    poor = [
        f"{one} on {ground}: {contrast(tokens[one], tokens[ground]):.2f}, needs {least}"
        for pairs, least in ((TEXTS, 4.5), (SHAPES, 3.0))
        for one, ground in pairs
        if contrast(tokens[one], tokens[ground]) < least
    ]
    assert poor == []


def test_every_colour_that_is_used_is_a_token_of_both_schemes() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", security.style()))
    night = set(
        re.findall(r"--([\w-]+): #", re.findall(r":root \{(.*?)\}", security.style(), flags=re.DOTALL)[1])
    )
    assert used <= schemes()["light"].keys()
    assert used <= night


def test_the_policy_knows_the_style_by_its_digest() -> None:
    assert "'unsafe" not in security.headers()["content-security-policy"]
    assert "</style" not in security.style()
