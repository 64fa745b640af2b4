"""JSON Web Tokens that others sign: which keys are taken, and the claims of a token whose signature holds. Only signatures that a
public key checks are known here; what the claims must say is the reader's business."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from joserfc import jwk, jws
from joserfc.errors import JoseError
from joserfc.util import to_bytes

from gateway.errors import Invalid, SignatureInvalid

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
"""`none` and shared secrets (HS256) are never among them: a public key must not pass for a secret (RFC 8725, 3.1)."""
LONGEST = 16_000
"""Bytes of a token."""
_KINDS = ("RSA", "EC", "OKP")
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_SMALLEST = 2048
"""Bits of an RSA key: six in each sign of its modulus."""
_MOST = 20
"""Keys in a set."""


def key_set(document: object) -> dict[str, Any]:
    """A JWK Set as it may be kept. Raises Invalid, naming the key: for one that is private or secret too."""
    found = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(found, list) or not 0 < len(found) <= _MOST:
        raise Invalid("this is no set of keys", cure='{"keys": […]} of 1 to 20 public keys (RFC 7517)')
    for number, key in enumerate(found):
        _check(number, key)
    return {"keys": found}


def _check(number: int, key: object) -> None:
    if not isinstance(key, Mapping) or key.get("kty") not in _KINDS:
        raise Invalid(f"keys[{number}] is of no kind that is taken", cure=f"one of {', '.join(_KINDS)}")
    if any(name in key for name in _PRIVATE):
        raise Invalid(f"keys[{number}] is a private key", cure="give its public half, and replace the key")
    if key["kty"] == "RSA" and len(str(key.get("n", ""))) * 6 < _SMALLEST:
        raise Invalid(f"keys[{number}] is too short", cure=f"at least {_SMALLEST} bits")
    try:
        jwk.import_key(dict(key))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Invalid(f"keys[{number}] cannot be read", why=str(error)[:200]) from error


def usable(document: object) -> dict[str, Any]:
    """What of a published key set can be used: a provider may publish kinds that we do not know. Raises SignatureInvalid if
    nothing is left."""
    found = document.get("keys") if isinstance(document, Mapping) else None
    good = []
    for key in (found if isinstance(found, list) else [])[:_MOST]:
        try:
            _check(0, key)
        except Invalid:
            continue
        if key.get("use", "sig") == "sig":
            good.append(key)
    if not good:
        raise SignatureInvalid("there is no key that could check this signature")
    return {"keys": good}


def unread(text: str) -> dict[str, Any]:
    """Its claims before anything is checked: good only for finding out whose keys to ask. Raises SignatureInvalid."""
    return _claims(_parts(text).payload)


def claims(text: str, keys: Mapping[str, Any], algorithms: Iterable[str] = ALGORITHMS) -> dict[str, Any]:
    """The claims, if one of the keys made the signature by one of the algorithms. Raises SignatureInvalid."""
    allowed = [name for name in algorithms if name in ALGORITHMS]
    header = _parts(text).headers()
    wanted = header.get("kid")
    plain = isinstance(wanted, str | None) and "crit" not in header
    if header.get("alg") not in allowed or not plain:
        raise SignatureInvalid("the token is signed in a way that is not taken")
    named = [key for key in keys["keys"] if wanted is None or key.get("kid") in {None, wanted}]
    for key in named:
        try:
            read = jwk.import_key(dict(key))
            return _claims(jws.deserialize_compact(to_bytes(text), read, algorithms=allowed).payload)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    raise SignatureInvalid("no known key made this signature")


def _parts(text: str) -> jws.CompactSignature:
    try:
        if len(text) > LONGEST or not text.isascii():
            raise ValueError("too long, or no ASCII")
        parts = jws.extract_compact(to_bytes(text))
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise SignatureInvalid("this is no signed token") from error
    if not isinstance(parts.headers(), dict):
        raise SignatureInvalid("the token's header is no object")
    return parts


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(payload)
    except ValueError as error:
        raise SignatureInvalid("the token's claims cannot be read") from error
    if not isinstance(found, dict):
        raise SignatureInvalid("the token's claims are no object")
    return found
