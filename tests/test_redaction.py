"""No secret gets into a log line: by name, by shape, by value, at any depth."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction import REDACTED, SHORTEST, Redaction

SECRET = "hunter2-hunter2/ü+="


@pytest.fixture
def redaction() -> Redaction:
    redaction = Redaction()
    redaction.remember([SECRET])
    return redaction


@pytest.mark.parametrize(
    "name",
    ["password", "X-Api-Key", "Authorization", "set-cookie", "hook_token", "client_secret", "x-signature"],
)
def test_names_of_secrets(redaction: Redaction, name: str) -> None:
    line = redaction(None, "info", {"event": "sent", "headers": {name: "whatever"}})

    assert line == {"event": "sent", "headers": {name: REDACTED}}


@pytest.mark.parametrize("value", [None, "", True, False])
def test_whether_there_is_a_secret_may_be_told(redaction: Redaction, value: object) -> None:
    assert redaction(None, "info", {"secret": value}) == {"secret": value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key fgw_live_0123456789abc used", f"key fgw_live_{REDACTED} used"),
        ("Authorization: Bearer abcdefgh.ijk", f"Authorization: Bearer {REDACTED}"),
        ("Authorization: token 1-2-abcdefgh", f"Authorization: token {REDACTED}"),
        ("https://me:pass@desk.example/x", f"https://me:{REDACTED}@desk.example/x"),
        ("GET /x?a=1&access_token=zzz&b=2", f"GET /x?a=1&access_token={REDACTED}&b=2"),
        ("POST /hooks/vendor/s3cr3t?x=1", f"POST /hooks/vendor/{REDACTED}?x=1"),
        ("the token was refused", "the token was refused"),
        ("status 200 in 12 ms", "status 200 in 12 ms"),
    ],
)
def test_shapes_of_secrets(redaction: Redaction, text: str, expected: str) -> None:
    assert redaction.text(text) == expected


@pytest.mark.parametrize(
    "thing",
    [
        f"tried {SECRET} in vain",
        f"{SECRET}{SECRET}",
        {"a": [{"b": (SECRET,)}]},
        f"x{SECRET}y".encode(),
        ValueError(f"bad {SECRET}"),
        "url hunter2-hunter2%2F%C3%BC%2B%3D end",
        {"deep": [[[[[[[[[[[[[[SECRET]]]]]]]]]]]]]]},
    ],
    ids=["inside", "twice", "nested", "bytes", "exception", "quoted", "too-deep"],
)
def test_values_of_secrets(redaction: Redaction, thing: object) -> None:
    shown = json.dumps(redaction(None, "info", {"event": thing}), ensure_ascii=False)

    assert "hunter2" not in shown
    assert REDACTED in shown


@given(before=st.text(), secret=st.text(min_size=SHORTEST), after=st.text())
def test_no_text_around_a_secret_lets_it_through(before: str, secret: str, after: str) -> None:
    redaction = Redaction()
    redaction.remember([secret])

    shown = redaction._without_known(before + secret + after)

    assert REDACTED in shown
    assert secret not in shown.replace(REDACTED, "\0")


def test_two_secrets_with_one_beginning(redaction: Redaction) -> None:
    redaction.remember([SECRET + "-longer"])

    assert redaction.text(f"{SECRET}-longer, {SECRET}") == f"{REDACTED}, {REDACTED}"


def test_the_memory_of_secrets_holds_none(redaction: Redaction) -> None:
    assert SECRET not in repr(redaction.__dict__)


def test_numbers_and_words_stay(redaction: Redaction) -> None:
    line = {"event": "delivered", "took_ms": 12.5, "ok": True, "ticket": "tkt_1", "parts": [1, None]}

    assert redaction(None, "info", line) == line
