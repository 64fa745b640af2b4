"""Signatures of webhooks as Standard Webhooks has them: HMAC-SHA256 (`v1`, secret `whsec_…`) and ed25519 (`v1a`, public key
`whpk_…`). What is signed is `id.timestamp.body`; the header lists every signature, so that two secrets hold while one
takes over from the other. Which secrets a subscriber has is `gateway.flows.webhooks`."""

import binascii
import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HMAC_PREFIX, PRIVATE_PREFIX, PUBLIC_PREFIX = "whsec_", "whsk_", "whpk_"
KEY_BYTES = 32
"""Of a fresh secret; the standard takes 24 to 64."""
TOLERANCE = timedelta(minutes=5)
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_LONGEST = 2048
"""A header of more signs is not looked at."""


class Scheme(StrEnum):
    """How a secret signs."""

    HMAC = "v1"
    ED25519 = "v1a"


def new_secret(scheme: Scheme) -> str:
    """A fresh one, 256 bits."""
    prefix = HMAC_PREFIX if scheme is Scheme.HMAC else PRIVATE_PREFIX
    return prefix + b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def shown(secret: str) -> str:
    """What its subscriber verifies with: the secret itself, or the public key of a pair."""
    if scheme_of(secret) is Scheme.HMAC:
        return secret
    return PUBLIC_PREFIX + b64encode(_private(secret).public_key().public_bytes_raw()).decode()


def scheme_of(secret: str) -> Scheme:
    """By its prefix."""
    return Scheme.ED25519 if secret.startswith((PRIVATE_PREFIX, PUBLIC_PREFIX)) else Scheme.HMAC


def headers(message_id: str, body: bytes, signing: Iterable[str], *, now: datetime) -> dict[str, str]:
    """The three headers of one attempt at `now`, signed with every secret in turn."""
    stamp = str(int(now.timestamp()))
    signatures = [sign(secret, message_id, stamp, body) for secret in signing]
    return {ID: message_id, TIMESTAMP: stamp, SIGNATURE: " ".join(signatures)}


def sign(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    """One signature, `v1,…` or `v1a,…`. Raises ValueError for a secret that is none."""
    told, scheme = _signed(message_id, stamp, body), scheme_of(secret)
    made = _private(secret).sign(told) if scheme is Scheme.ED25519 else _mac(secret, told)
    return f"{scheme.value},{b64encode(made).decode()}"


def is_signed(secret: str, given: Mapping[str, str], body: bytes, *, now: datetime) -> bool:
    """Whether the headers (names in lower case) hold a signature of this secret or public key, made within five minutes
    of `now`. Says yes or no to anything."""
    message_id, stamp, listed = (given.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not message_id or len(listed) > _LONGEST or not _is_fresh(stamp, now):
        return False
    told, scheme = _signed(message_id, stamp, body), scheme_of(secret)
    found = [part.partition(",") for part in listed.split(" ")]
    return any(_fits(secret, scheme, told, text) for version, _, text in found if version == scheme.value)


def _is_fresh(stamp: str, now: datetime) -> bool:
    plain = stamp.isascii() and stamp.isdigit() and len(stamp) <= 12
    return plain and abs(now.timestamp() - int(stamp)) <= TOLERANCE.total_seconds()


def _fits(secret: str, scheme: Scheme, told: bytes, text: str) -> bool:
    try:
        given = b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return False
    if b64encode(given).decode() != text:  # unused bits of the last sign
        return False
    if scheme is Scheme.HMAC:
        return hmac.compare_digest(_mac(secret, told), given)
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(secret, PUBLIC_PREFIX)).verify(given, told)
    except InvalidSignature:
        return False
    return True


def _signed(message_id: str, stamp: str, body: bytes) -> bytes:
    return b".".join((message_id.encode("utf-8", "surrogatepass"), stamp.encode(), body))


def _mac(secret: str, told: bytes) -> bytes:
    return hmac.new(_bytes(secret, HMAC_PREFIX), told, hashlib.sha256).digest()


def _private(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_bytes(secret, PRIVATE_PREFIX))


def _bytes(secret: str, prefix: str) -> bytes:
    return b64decode(secret.removeprefix(prefix), validate=True)
