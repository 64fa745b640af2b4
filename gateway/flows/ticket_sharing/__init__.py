"""Ticket sharing: `receiving` takes what partners push, `agreements` makes and ends what it is under, `door` answers the
gateway's own connector, which is the other half."""

import hashlib
from typing import Any

import orjson

from gateway.domain.directory import Directory
from gateway.domain.model import Desk
from gateway.domain.rules import html_text, text_tree
from gateway.domain.ticket_sharing import SCHEME
from gateway.errors import InterdeskError, Invalid, NotFound

PATH = "sharing"
"""Under which path of ours partners find us."""
VERSION_HEADER = "X-Ticket-Sharing-Version"
TOKEN_HEADER = "X-Ticket-Sharing-Token"  # noqa: S105 - the name of a header


class NoToken(InterdeskError):
    """Nothing says who calls: answer 401."""

    code = "IDK-1101"


class NotAgreed(InterdeskError):
    """The token opens nothing here, or not now: answer 403."""

    code = "IDK-1421"


class Gone(InterdeskError):
    """The ticket is no longer shared: answer 410."""

    code = "IDK-1422"


def desk_named(known: Directory, code: str) -> Desk:
    """A desk that shares tickets. Raises NotFound, Invalid for one that does not."""
    desk = known.desk_by_code(code)
    if desk is None:
        raise NotFound(f"there is no desk {code}", cure="interdesk desks list shows them")
    if not shares(desk):
        raise Invalid(f"desk {code} is not one that shares tickets", cure="its connector is another")
    return desk


def shares(desk: Desk) -> bool:
    """Whether a desk pushes to us and keeps its tickets here."""
    return desk.capabilities.kept_here == SCHEME


def address_of(base: str, desk: Desk) -> str:
    """Our sharing address for the desk's people; `base` is that of our doors."""
    return f"{base.rstrip('/')}/{PATH}/{desk.code}"


def token_hash(token: str) -> str:
    """How a token is known again."""
    return hashlib.sha256(token.encode("utf-8", "backslashreplace")).hexdigest()


def digest(document: Any) -> str:
    """The same for the same document, however it is spaced or ordered."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def plain(html: str) -> str:
    """The words of a comment that came as HTML only."""
    return text_tree.write_plain(html_text.read(html))
