"""What a broken schema rule is called in words: path, what is wrong, what would be right."""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}

_FORMATS = {
    "date-time": "a moment with its offset, like 2026-03-01T09:00:00+01:00",
    "date": "a day, like 2026-03-01",
    "uri": "an address with its scheme, like https://desk.example",
    "regex": "a regular expression",
    "length": "a length of time, like 90s, 15m, 4h or 3d",
    "time-zone": "a time zone name, like Europe/Rome",
}


class Failure(Protocol):
    """One broken rule: the keyword, what it demands, and what stands there instead."""

    message: str
    validator: Any
    validator_value: Any
    instance: Any
    schema: Any

    @property
    def absolute_path(self) -> Iterable[object]:
        """Where in the document."""


def place(path: Iterable[object]) -> str:
    """`links[0].upstream`; the document itself is called `(top)`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or "(top)"


def problem_of(failure: Failure) -> str:
    """One line: `where: what is wrong; what would be right`."""
    what, right = _WORDS.get(str(failure.validator), _as_said)(failure)
    return f"{place(failure.absolute_path)}: {what}" + (f"; {right}" if right else "")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _described(failure: Failure) -> str:
    return str(failure.schema.get("description", "")) if isinstance(failure.schema, Mapping) else ""


def _as_said(failure: Failure) -> tuple[str, str]:
    return failure.message, _described(failure)


def _required(failure: Failure) -> tuple[str, str]:
    present = failure.instance if isinstance(failure.instance, Mapping) else {}
    missing = [name for name in failure.validator_value if name not in present]
    properties = failure.schema.get("properties", {})
    meant = "; ".join(
        f"{name}: {properties[name]['description']}"
        for name in missing
        if isinstance(properties.get(name), Mapping) and "description" in properties[name]
    )
    return f"{', '.join(repr(name) for name in missing)} is missing", meant and f"add {meant}"


def _companions(failure: Failure) -> tuple[str, str]:
    needed = next(names for name, names in failure.validator_value.items() if name in failure.instance)
    missing = [name for name in needed if name not in failure.instance]
    return f"{', '.join(repr(name) for name in missing)} is missing", "it is needed by what stands beside it"


def _unknown_names(failure: Failure) -> tuple[str, str]:
    known = sorted(failure.schema.get("properties", {}))
    patterns = failure.schema.get("patternProperties", {})
    strange = [name for name in failure.instance if name not in known and not patterns]
    if not strange:
        return _as_said(failure)
    near = difflib.get_close_matches(strange[0], known, n=1)
    right = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known) or 'nothing'}"
    return f"{', '.join(repr(name) for name in strange)} is not known here", right


def _one_of(failure: Failure) -> tuple[str, str]:
    words = [_shown(word) for word in failure.validator_value]
    return f"{_shown(failure.instance)} is not one of the words allowed", f"one of {', '.join(words)}"


def _constant(failure: Failure) -> tuple[str, str]:
    return f"{_shown(failure.instance)} is not right here", f"write {_shown(failure.validator_value)}"


def _kind(failure: Failure) -> tuple[str, str]:
    wanted = failure.validator_value
    kinds = [wanted] if isinstance(wanted, str) else wanted
    return (
        f"{_shown(failure.instance)} is of the wrong kind",
        f"write {' or '.join(_KINDS[kind] for kind in kinds)}",
    )


def _shape(failure: Failure) -> tuple[str, str]:
    right = _described(failure) or f"it must match {failure.validator_value}"
    return f"{_shown(failure.instance)} does not have the right form", right


def _format(failure: Failure) -> tuple[str, str]:
    wanted = str(failure.validator_value)
    return f"{_shown(failure.instance)} does not have the right form", f"write {_FORMATS.get(wanted, wanted)}"


def _never(failure: Failure) -> tuple[str, str]:
    return f"{_shown(failure.instance)} cannot stand here", _described(failure)


def _limit(sentence: str) -> Callable[[Failure], tuple[str, str]]:
    def words(failure: Failure) -> tuple[str, str]:
        return f"{_shown(failure.instance)} is out of bounds", sentence.format(failure.validator_value)

    return words


_WORDS: Mapping[str, Callable[[Any], tuple[str, str]]] = {
    "required": _required,
    "dependentRequired": _companions,
    "additionalProperties": _unknown_names,
    "unevaluatedProperties": _unknown_names,
    "enum": _one_of,
    "const": _constant,
    "type": _kind,
    "not": _never,
    "pattern": _shape,
    "format": _format,
    "minimum": _limit("at least {}"),
    "maximum": _limit("at most {}"),
    "exclusiveMinimum": _limit("more than {}"),
    "exclusiveMaximum": _limit("less than {}"),
    "minLength": _limit("at least {} characters"),
    "maxLength": _limit("at most {} characters"),
    "minItems": _limit("at least {} of them"),
    "maxItems": _limit("at most {} of them"),
    "minProperties": _limit("at least {} entries"),
    "maxProperties": _limit("at most {} entries"),
    "uniqueItems": _limit("each one only once"),
}
