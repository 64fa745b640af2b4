"""Lists of the native API: the cursor on which they go on, the fields that are told, and the answer with its Link header."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query, Request
from fastapi.responses import Response

from gateway.api import problems
from gateway.api.deps import Limit

Cursor = Annotated[
    str | None,
    Query(
        max_length=400,
        description="Go on here: `next` of the last answer. It is opaque and of one list only.",
    ),
]
Fields = Annotated[
    str, Query(max_length=400, description="Only these, separated by commas; `id` is always told.")
]


@dataclass(frozen=True)
class Asked:
    """How much of a list, from where on, and what of each thing in it."""

    request: Request
    limit: Limit = 50
    cursor: Cursor = None
    fields: Fields = ""

    def after(self, of: str, parts: int = 1) -> tuple[str, ...] | None:
        """Behind what a list goes on; None: it begins. Raises Problem (422) for a cursor that this list did not give."""
        if self.cursor is None:
            return None
        try:
            padded = self.cursor.encode() + b"=" * (-len(self.cursor) % 4)
            found = orjson.loads(urlsafe_b64decode(padded))
        except (binascii.Error, ValueError) as error:
            raise _no_cursor() from error
        right = (
            isinstance(found, list) and len(found) == parts + 1 and all(isinstance(one, str) for one in found)
        )
        if not right or found[0] != of or any("\0" in one for one in found):
            raise _no_cursor()
        return tuple(found[1:])

    def page(self, of: str, found: Sequence[Mapping[str, Any]], key: Sequence[str], shape: type) -> Response:
        """A page of a list in which things are found again by `key`, the names that order them."""
        last = found[-1] if len(found) == self.limit else None
        onward = None if last is None else cursor(of, *(str(last[name]) for name in key))
        return self.answer(of, found, onward, shape)

    def answer(
        self, of: str, found: Sequence[Mapping[str, Any]], onward: str | None, shape: type
    ) -> Response:
        """A page that goes on at `onward`."""
        told = {of: [sparse(one, self.fields, shape) for one in found], "next": onward}
        if not found:
            sparse({}, self.fields, shape)
        answer = document(told)
        if onward is not None:
            there = self.request.url.include_query_params(cursor=onward)
            answer.headers["link"] = f'<{there.path}?{there.query}>; rel="next"'
        return answer


AnyAsked = Annotated[Asked, Depends()]


def _no_cursor() -> problems.Problem:
    return problems.not_valid("cursor: it is none that this list gave")


def cursor(of: str, *parts: str) -> str:
    """Where a list goes on."""
    return urlsafe_b64encode(orjson.dumps([of, *parts])).rstrip(b"=").decode()


def sparse(one: Mapping[str, Any], fields: str, shape: type) -> dict[str, Any]:
    """A thing with the fields that were asked for. Raises Problem (422) for one that such a thing never has."""
    known: Collection[str] = shape.__annotations__
    if not fields:
        return {name: value for name, value in one.items() if name in known}
    wanted = {part.strip() for part in fields.split(",") if part.strip()}
    unknown = sorted(wanted - set(known))
    if unknown:
        raise problems.not_valid(f"fields: there is no {unknown[0][:40]!r}; known are {', '.join(known)}")
    return {name: value for name, value in one.items() if name in wanted or name == "id"}


def document(told: object, status: int = 200) -> Response:
    """A document as an answer."""
    return Response(orjson.dumps(told, default=_plain), status_code=status, media_type="application/json")


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(type(value).__name__)
