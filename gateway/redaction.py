"""Keeping secrets out of logs and pages: by the name they stand under, by known shapes, and by the value itself.

Of a value only the first characters and a keyed digest are kept, so this list of secrets is none.
"""

import os
import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

REDACTED = "[redacted]"
SHORTEST = 8
"""Shorter secrets are not looked for by value: they would be found in every other word."""

_HEAD = 6
_DEEPEST = 12
_NAMES = re.compile(
    r"passw|secret|token|authorization|cookie|credential|signature|api[_-]?key|private[_-]?key", re.IGNORECASE
)
_SHAPES = re.compile(
    r"(?P<key>fgw_[a-z]+_)[A-Za-z0-9]+"
    r"|(?P<scheme>\b(?:Bearer|Basic|token)\s+)[A-Za-z0-9+/=._~-]{8,}"
    r"|(?P<user>://[^/\s:@]*:)[^/\s@]+(?=@)"
    r"|(?P<query>[?&][^=&\s]*(?:token|secret|key|password|signature)[^=&\s]*=)[^&\s]+"
    r"|(?P<hook>/hooks/[^/\s]+/)[^/\s?]+",
    re.IGNORECASE,
)


class Redaction:
    """A structlog processor that knows the secrets which are in use."""

    def __init__(self) -> None:
        self._pepper = os.urandom(16)
        self._known: dict[str, set[tuple[int, bytes]]] = {}

    def remember(self, secrets: Iterable[str]) -> None:
        """From now on these values never get through, wherever in a text they stand."""
        for secret in secrets:
            for form in {secret, quote(secret, safe="")}:
                if len(form) >= SHORTEST:
                    self._known.setdefault(form[:_HEAD], set()).add((len(form), self._digest(form)))

    def __call__(self, _logger: object, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """The log line with every secret replaced. Stands after the processors that put exceptions into words."""
        return {name: self._named(name, value, _DEEPEST) for name, value in event.items()}

    def value(self, thing: object) -> Any:
        """A document, text or object with every secret replaced."""
        return self._cleaned(thing, _DEEPEST)

    def text(self, text: str) -> str:
        """A text with every secret replaced."""
        shaped = _SHAPES.sub(lambda found: _kept(found) + REDACTED, text)
        return self._without_known(shaped) if self._known else shaped

    def _named(self, name: str, value: object, depth: int) -> Any:
        if value in (None, "", False, True) or not _NAMES.search(name):
            return self._cleaned(value, depth)
        return REDACTED

    def _cleaned(self, value: object, depth: int) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if depth and isinstance(value, Mapping):
            return {name: self._named(str(name), inner, depth - 1) for name, inner in value.items()}
        if depth and isinstance(value, list | tuple | set | frozenset):
            return [self._cleaned(inner, depth - 1) for inner in value]
        if isinstance(value, bytes):
            return self.text(value.decode(errors="replace"))
        return self.text(str(value))

    def _without_known(self, text: str) -> str:
        kept: list[str] = []
        at = start = 0
        while at + _HEAD <= len(text):
            length = self._length_of_secret(text, at)
            if length:
                kept += (text[start:at], REDACTED)
                start = at = at + length
            else:
                at += 1
        return "".join((*kept, text[start:]))

    def _length_of_secret(self, text: str, at: int) -> int:
        candidates = self._known.get(text[at : at + _HEAD], ())
        fitting = [size for size, digest in candidates if self._digest(text[at : at + size]) == digest]
        return max(fitting, default=0)

    def _digest(self, text: str) -> bytes:
        return blake2b(text.encode(errors="surrogatepass"), key=self._pepper, digest_size=16).digest()


def _kept(found: re.Match[str]) -> str:
    return next((part for part in found.groupdict().values() if part), "")
