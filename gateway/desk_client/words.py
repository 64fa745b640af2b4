"""What a desk's refusal says, in the desk's own words, for the person who must act on it."""

import re
from collections.abc import Iterator

import orjson

from gateway.connector import Response

_LONGEST = 500
_TELLING = (
    "message",
    "error",
    "errors",
    "errorMessages",
    "detail",
    "details",
    "title",
    "reason",
    "error_description",
)
_UNNAMED = frozenset({"message", "error", "errors", "errorMessages", "detail", "details"})
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_PASSWORD_FIELD = re.compile(rb"<input\b[^>]{0,500}\btype\s*=\s*[\"']?password\b", re.IGNORECASE)


def desk_words(response: Response) -> str:
    """At most 500 signs of the answer that a person can read; empty if there are none."""
    body = response.body[:65536]
    kind = response.headers.get("content-type", "").lower()
    if "json" in kind:
        words = "; ".join(dict.fromkeys(_from_json(response.body)))
    else:
        text = body.decode("utf-8", "replace")
        words = _TAG.sub(" ", text) if "html" in kind else text
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in words[: _LONGEST * 8]).split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


def _from_json(body: bytes) -> Iterator[str]:
    try:
        document = orjson.loads(body)
    except ValueError:
        return
    if isinstance(document, dict):
        told = [document[key] for key in _TELLING if key in document]
        yield from _leaves(told or document, depth=4)
    else:
        yield from _leaves(document, depth=4)


def _leaves(node: object, *, depth: int) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif depth and isinstance(node, dict):
        for key, value in node.items():
            for leaf in _leaves(value, depth=depth - 1):
                yield leaf if key in _UNNAMED else f"{key}: {leaf}"
    elif depth and isinstance(node, list):
        for value in node:
            yield from _leaves(value, depth=depth - 1)


def is_login_page(response: Response) -> bool:
    """Whether this is an HTML page that asks for a password: what a product shows instead of the API to a stranger."""
    kind = response.headers.get("content-type", "").lower()
    return "html" in kind and _PASSWORD_FIELD.search(response.body[:262144]) is not None
