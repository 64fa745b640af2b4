"""Passwords at rest: Argon2id (RFC 9106), each with its own salt and cost, written as a PHC string. Who signs in with one is
`gateway.flows.signing_in`."""

import os
import threading
import unicodedata
from dataclasses import dataclass
from functools import cache

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

SHORTEST, LONGEST = 12, 1000
"""Signs."""
_SALT, _LENGTH = 16, 32
_ONE = threading.Lock()
"""One after the other. A second at the same time asks OpenSSL 4.0 for threads that the first has, and then either fails, with a
MemoryError that has nothing to do with memory, or never ends (seen 2026-11); and a crowd at the door must not take all memory."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one guess costs: KiB of memory, passes over it, lanes. The defaults took 0.14 s on two cores, 2026-11."""

    memory: int = 65_536
    passes: int = 3
    lanes: int = 4


def kept(password: str, cost: Cost) -> str:
    """What is kept of a password."""
    made = Argon2id(
        salt=os.urandom(_SALT),
        length=_LENGTH,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory,
    )
    with _ONE:
        return made.derive_phc_encoded(_bytes(password))


def is_right(password: str, phc: str | None, cost: Cost) -> bool:
    """Whether it is the password. Where there is none (`phc` None) it takes as long to say no."""
    with _ONE:
        try:
            Argon2id.verify_phc_encoded(_bytes(password), phc or _nobodys(cost))
        except InvalidKey:
            return False
    return phc is not None


@cache
def _nobodys(cost: Cost) -> str:
    salt = os.urandom(_SALT)
    made = Argon2id(
        salt=salt, length=_LENGTH, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory
    )
    return made.derive_phc_encoded(os.urandom(_LENGTH))


def _bytes(password: str) -> bytes:
    """Two keyboards write one letter in two ways (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password[:LONGEST]).encode("utf-8", "surrogatepass")
