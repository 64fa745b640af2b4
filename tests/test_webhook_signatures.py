"""Signatures of webhooks: the published vector, the standard's own library, two secrets at a time, and nothing else passes."""

import random
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from gateway import webhook_signatures as signatures
from gateway.webhook_signatures import Scheme

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BODY = b'{"test": 2432232314}'


def test_the_published_vector_holds() -> None:
    """libraries/python/tests/test_webhooks.py of standard-webhooks, b2fa7b87."""
    secret, name = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signatures.sign(secret, name, "1614265330", BODY) == expected


def test_the_library_of_the_standard_verifies_ours() -> None:
    secret, now = signatures.new_secret(Scheme.HMAC), datetime.now(UTC)
    body = '{"words": "кабель · ☂"}'.encode()
    headers = signatures.headers("msg_1", body, [signatures.new_secret(Scheme.ED25519), secret], now=now)

    assert Webhook(secret).verify(body, headers) == {"words": "кабель · ☂"}


@pytest.mark.parametrize("scheme", Scheme)
def test_what_is_shown_verifies_and_another_secret_does_not(scheme: Scheme) -> None:
    secret = signatures.new_secret(scheme)
    headers = signatures.headers("msg_1", BODY, [secret], now=NOW)

    assert signatures.is_signed(signatures.shown(secret), headers, BODY, now=NOW)
    other = signatures.shown(signatures.new_secret(scheme))
    assert not signatures.is_signed(other, headers, BODY, now=NOW)


def test_of_a_pair_only_the_public_key_is_shown() -> None:
    secret = signatures.new_secret(Scheme.ED25519)
    assert signatures.shown(secret).startswith("whpk_")
    assert secret.removeprefix("whsk_") not in signatures.shown(secret)


def test_while_one_secret_takes_over_from_the_other_both_hold() -> None:
    old, new = signatures.new_secret(Scheme.HMAC), signatures.new_secret(Scheme.ED25519)
    headers = signatures.headers("msg_1", BODY, [new, old], now=NOW)

    assert signatures.is_signed(old, headers, BODY, now=NOW)
    assert signatures.is_signed(signatures.shown(new), headers, BODY, now=NOW)


def test_t2_an_old_message_does_not_pass_again() -> None:
    secret = signatures.new_secret(Scheme.HMAC)
    headers = signatures.headers("msg_1", BODY, [secret], now=NOW)

    for later in (timedelta(minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1)):
        assert not signatures.is_signed(secret, headers, BODY, now=NOW + later)


@pytest.mark.parametrize("scheme", Scheme)
def test_t1_one_changed_bit_is_refused(scheme: Scheme) -> None:
    secret = signatures.new_secret(scheme)
    shown, chance = signatures.shown(secret), random.Random(7)
    headers = signatures.headers("msg_1", BODY, [secret], now=NOW)
    for _ in range(200):
        place, bit = chance.randrange(len(BODY)), 1 << chance.randrange(8)
        spoilt = bytearray(BODY)
        spoilt[place] ^= bit
        assert not signatures.is_signed(shown, headers, bytes(spoilt), now=NOW)
    for name in headers:
        for place in range(len(headers[name])):
            text = headers[name]
            other = "A" if text[place] != "A" else "B"
            changed = {**headers, name: text[:place] + other + text[place + 1 :]}
            assert not signatures.is_signed(shown, changed, BODY, now=NOW), (name, place)


HOSTILE = {
    "nothing": {},
    "no signature": {"webhook-signature": ""},
    "no version": {"webhook-signature": b64encode(b"x" * 32).decode()},
    "no base64": {"webhook-signature": "v1,???"},
    "half an ed25519": {"webhook-signature": "v1a,AAAA"},
    "many": {"webhook-signature": "v1,AAAA " * 10_000},
    "a time in words": {"webhook-timestamp": "now"},
    "a long time": {"webhook-timestamp": "9" * 400},
    "a negative time": {"webhook-timestamp": "-1"},
    "a time in other digits": {"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"},
    "not a number": {"webhook-timestamp": "nan"},
    "an id of half a pair": {"webhook-id": "\ud800"},
}


@pytest.mark.parametrize("spoilt", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("scheme", Scheme)
def test_t3_hostile_headers_are_refused_and_nothing_else(spoilt: dict[str, str], scheme: Scheme) -> None:
    secret = signatures.new_secret(scheme)
    good = signatures.headers("msg_1", BODY, [secret], now=NOW)
    assert signatures.is_signed(signatures.shown(secret), good, BODY, now=NOW)
    given = {**good, **spoilt} if spoilt else {}
    assert not signatures.is_signed(signatures.shown(secret), given, BODY, now=NOW)
