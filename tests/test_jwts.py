"""Tokens that are anything but what we take: never accepted, and never more than a refusal."""

import base64
import itertools
import json
import random

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway import jwts
from gateway.errors import Invalid, SignatureInvalid

KEY = ECKey.generate_key("P-256", {"kid": "one"})
KEYS = jwts.key_set({"keys": [KEY.as_dict(private=False)]})
HEADS: list[object] = [
    {}, [], 1, None, {"alg": [1]}, {"alg": {}}, {"alg": "ES256", "crit": ["b64"], "b64": False}, {"alg": "ES256", "kid": {}},
    {"alg": "ES256", "kid": 7}, {"alg": "ES256", "jwk": {}}, {"alg": "none"}, {"alg": "HS256"}, {"alg": "RS256"}, b"\xff", b"{", b"",
    b'{"alg":NaN}', b"[" * 5000,
]  # fmt: skip
BODIES: list[object] = [
    {},
    [],
    b"\xff",
    b"",
    b"[" * 5000,
    {"iss": {}},
    b'{"exp":1e999}',
    b'{"sub":"\\ud800"}',
]
SIGNATURES = ["", "A", "A" * 86, "!", "="]


def part(thing: object) -> str:
    raw = thing if isinstance(thing, bytes) else json.dumps(thing).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_nothing_odd_is_more_than_refused() -> None:
    for head, body, signature in itertools.product(HEADS, BODIES, SIGNATURES):
        with pytest.raises(SignatureInvalid):
            jwts.claims(f"{part(head)}.{part(body)}.{signature}", KEYS)


def test_one_changed_sign_is_noticed() -> None:
    good = jwt.encode({"alg": "ES256", "kid": "one"}, {"iss": "a"}, KEY)
    assert jwts.claims(good, KEYS) == {"iss": "a"}
    dice = random.Random(1)
    for _ in range(1_500):
        place, sign = dice.randrange(len(good)), chr(dice.choice([*range(32, 127), 0, 255]))
        changed = good[:place] + sign + good[place + 1 :]
        if changed != good:
            with pytest.raises(SignatureInvalid):
                jwts.claims(changed, KEYS)


@pytest.mark.parametrize(
    "key",
    [[], {"kty": ["EC"]}, {"kty": "EC", "crv": 5, "x": 1, "y": 2}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
     {"kty": "OKP", "crv": "Ed25519", "x": "ä"}, {"kty": "RSA", "n": 5, "e": []}],
    ids=str,
)  # fmt: skip
def test_a_key_that_cannot_be_read_is_refused_and_passed_over(key: object) -> None:
    with pytest.raises(Invalid):
        jwts.key_set({"keys": [key]})
    assert jwts.usable({"keys": [key, *KEYS["keys"]]}) == KEYS
