"""The form of API keys, of links and of invitations: a prefix, random signs, 6 signs of checksum, so that scanners of leaked secrets find
them and a mistyped one is refused without asking the database. Who holds a key is `gateway.flows.keys`, who was given a
link `gateway.flows.share`, who was invited `gateway.flows.handshake`."""

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Callable, Sequence

PREFIX = "fgw_live_"
_SIGNS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM = 30
"""Of 62 signs: 178 bits, so a plain SHA-256 is enough to keep it by."""
LINK_PREFIX = "fgw_link_"
_LINK_RANDOM = 43
"""256 bits: a link opens a page without a name or password beside it."""
INVITATION_PREFIX = "fgw_join_"
"""An invitation to link two desks; as many signs as a link has."""
CLIENT_PREFIX = "fgw_clnt_"
"""A client's secret; a client asks for tokens with it."""
ACCESS_PREFIX = "fgw_tokn_"
"""An access token that a client was given."""
WELCOME_PREFIX = "fgw_acct_"
"""An invitation to have an account."""
RESET_PREFIX = "fgw_rset_"
"""A link to choose a new password, and the cookie of whoever asked for it."""
SESSION_PREFIX = "fgw_sess_"
"""The cookie of somebody who signed in."""
_CHECKSUM = 6
_ID = re.compile(r"[a-z]{3}_[0-9a-v]{26}")


def new(choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A fresh key. `choose` picks one of the signs; only tests pass their own."""
    return _made(PREFIX, _RANDOM, choose)


def new_link(choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A fresh token of a link."""
    return _made(LINK_PREFIX, _LINK_RANDOM, choose)


def new_invitation(choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A fresh code that makes one link, once."""
    return _made(INVITATION_PREFIX, _LINK_RANDOM, choose)


def new_client_secret(choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A fresh secret of a client."""
    return _made(CLIENT_PREFIX, _LINK_RANDOM, choose)


def new_token(choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A fresh access token."""
    return _made(ACCESS_PREFIX, _LINK_RANDOM, choose)


def new_welcome(choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A fresh invitation to have an account."""
    return _made(WELCOME_PREFIX, _LINK_RANDOM, choose)


def new_reset(choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A fresh link to choose a new password, or the cookie of a browser that asks for one."""
    return _made(RESET_PREFIX, _LINK_RANDOM, choose)


def new_session(choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A fresh cookie of a session."""
    return _made(SESSION_PREFIX, _LINK_RANDOM, choose)


def _made(prefix: str, length: int, choose: Callable[[Sequence[str]], str]) -> str:
    body = prefix + "".join(choose(_SIGNS) for _ in range(length))
    return body + _checksum(body)


def _checksum(body: str) -> str:
    """CRC-32 of everything before it, in base 62 with leading zeros."""
    rest, signs = zlib.crc32(body.encode()), ""
    for _ in range(_CHECKSUM):
        rest, digit = divmod(rest, len(_SIGNS))
        signs = _SIGNS[digit] + signs
    return signs


def is_well_formed(text: str) -> bool:
    """Whether it can be a key at all: prefix, length, signs, checksum."""
    return _fits(text, PREFIX, _RANDOM)


def is_link(text: str) -> bool:
    """The same of a link's token."""
    return _fits(text, LINK_PREFIX, _LINK_RANDOM)


def is_invitation(text: str) -> bool:
    """The same of an invitation's code."""
    return _fits(text, INVITATION_PREFIX, _LINK_RANDOM)


def is_client_secret(text: str) -> bool:
    """The same of a client's secret."""
    return _fits(text, CLIENT_PREFIX, _LINK_RANDOM)


def is_token(text: str) -> bool:
    """The same of an access token."""
    return _fits(text, ACCESS_PREFIX, _LINK_RANDOM)


def is_welcome(text: str) -> bool:
    """The same of an invitation to have an account."""
    return _fits(text, WELCOME_PREFIX, _LINK_RANDOM)


def is_reset(text: str) -> bool:
    """The same of a link to choose a new password, and of its cookie."""
    return _fits(text, RESET_PREFIX, _LINK_RANDOM)


def is_session(text: str) -> bool:
    """The same of a session's cookie."""
    return _fits(text, SESSION_PREFIX, _LINK_RANDOM)


def is_id(text: str, prefix: str) -> bool:
    """Whether a stranger's text can be an id of ours (`tkt_` and 26 signs): no other is looked for."""
    return text.startswith(f"{prefix}_") and _ID.fullmatch(text) is not None


def _fits(text: str, prefix: str, length: int) -> bool:
    body, checksum = text[:-_CHECKSUM], text[-_CHECKSUM:]
    fits = len(text) == len(prefix) + length + _CHECKSUM and text.startswith(prefix)
    return fits and text.isascii() and checksum == _checksum(body)


def digest(text: str) -> str:
    """What is kept of a key: SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def shown(text: str) -> str:
    """Enough for its owner to tell it from others."""
    return f"{text[: len(PREFIX) + 4]}…"


def code() -> str:
    """Six digits that somebody types: worth something only beside a link, and for a few tries."""
    return f"{secrets.randbelow(1_000_000):06}"


def random_digits() -> str:
    """40 hex digits, 160 bits: the form of names and access keys in Networked Help Desk."""
    return secrets.token_hex(20)
