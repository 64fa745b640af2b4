"""The one place where a door reads JSON that came in (T8): bounded, strict, and the same for everybody who reads it after us."""

import json
from collections.abc import Sequence
from typing import Any

from gateway.errors import Invalid

DEEPEST = 64
MOST_NAMES = 10_000
_LEAST, _MOST = -(2**63), 2**64 - 1


class _Strict:
    """Counts the names of one document and refuses what two readers would read differently."""

    def __init__(self) -> None:
        self.names = 0

    def pairs(self, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        self.names += len(pairs)
        if self.names > MOST_NAMES:
            raise Invalid(f"the document has more than {MOST_NAMES} names")
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(name for name, _ in pairs if sum(one == name for one, _ in pairs) > 1)
            raise Invalid(f"the name {twice[:40]!r} stands twice in one object", cure="say it once")
        return found

    @staticmethod
    def whole(text: str) -> int:
        if len(text) > 20 or not _LEAST <= (number := int(text)) <= _MOST:
            raise Invalid("a number beyond 64 bits cannot be kept", cure="send it as text")
        return number

    @staticmethod
    def broken(text: str) -> float:
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise Invalid("a number so large cannot be kept", cure="send it as text")
        return number

    @staticmethod
    def constant(text: str) -> float:
        raise Invalid(f"{text} is no JSON")


def loads(raw: bytes) -> Any:
    """The document. Raises Invalid for what is no JSON in UTF-8, is deeper than 64, names more than 10 000 things or one twice,
    or holds NaN, a number beyond 64 bits, a NUL sign or half a surrogate pair."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise Invalid("the body is not UTF-8") from error
    if _depth(text) > DEEPEST:
        raise Invalid(f"a document deeper than {DEEPEST} cannot be kept")
    strict = _Strict()
    try:
        found = json.loads(
            text,
            object_pairs_hook=strict.pairs,
            parse_int=strict.whole,
            parse_float=strict.broken,
            parse_constant=strict.constant,
        )
    except ValueError as error:
        raise Invalid("the body is no JSON", why=str(error)) from error
    _refuse_signs(found)
    return found


def _depth(text: str) -> int:
    """How deep brackets stand at most; those in texts count too, so this is never less than the truth and cheap."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return 0
    deepest = depth = 0
    in_text = escaped = False
    for sign in text:
        if in_text:
            in_text = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
        elif sign == '"':
            in_text = True
        elif sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > DEEPEST:
                break
        elif sign in "]}":
            depth -= 1
    return deepest


def _refuse_signs(found: object) -> None:
    """Signs that no database keeps."""
    told = json.dumps(found, ensure_ascii=False)
    if "\\u0000" in told.replace("\\\\", ""):
        raise Invalid("a text holds a NUL sign")
    try:
        told.encode()
    except UnicodeEncodeError as error:
        raise Invalid("a text cannot be kept: half a surrogate pair") from error
