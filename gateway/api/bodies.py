"""What a body may be, before any door reads it: how large, and of which signs."""

import re

import orjson
from pydantic import BaseModel, ConfigDict, model_validator
from starlette.types import Message, Receive, Scope

from gateway.api import problems

MOST_BYTES = 2_000_000
"""Of a body that is read whole: JSON. No document of ours comes near."""
_OWN_LIMIT = re.compile(
    r"/v1/portal/jobs/[^/]+/files|/portal/[^/]+|/sharing/.+|/v1/agent/errands/[^/]+/answer"
)
"""Doors that take files count for themselves."""


class Body(BaseModel):
    """What comes in; nothing that nobody reads, and no sign that no database keeps."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, given: object) -> object:
        return storable(given)


def storable(given: object) -> object:
    """The same, if every database keeps it. Raises ValueError."""
    try:
        told = orjson.dumps(given, default=str)
    except TypeError as error:  # half a surrogate pair, a number beyond 64 bits, 254 levels
        raise ValueError(f"this cannot be kept: {error}") from error
    if b"\\u0000" in told:
        raise ValueError("a text holds a NUL sign")
    return given


def refuse_nul(scope: Scope) -> None:
    """Raises Problem (404, 422) for an address that no database can be asked about."""
    if "\0" in scope["path"]:
        raise problems.nowhere()
    if b"%00" in scope["query_string"] or b"\0" in scope["query_string"]:
        raise problems.not_valid("a parameter holds a NUL sign")


def refuse_encoded(scope: Scope) -> None:
    """Raises Problem (415) for a compressed body: a bomb is never unpacked (T9)."""
    said = dict(scope["headers"]).get(b"content-encoding", b"").decode("latin-1").strip()
    if said.lower() not in ("", "identity"):
        raise problems.encoded(said)


def limited(scope: Scope, receive: Receive) -> Receive:
    """The body, which raises BodyTooLarge at the first byte too many: unread, if it says how long it is."""
    if _OWN_LIMIT.fullmatch(scope["path"]):
        return receive
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    too_long = declared.isdigit() and int(declared[:20]) > MOST_BYTES
    size = 0

    async def counted() -> Message:
        nonlocal size
        told: Message = {} if too_long else await receive()
        size += len(told.get("body", b""))
        if too_long or size > MOST_BYTES:
            raise problems.BodyTooLarge(MOST_BYTES)
        return told

    return counted
