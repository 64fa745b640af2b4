"""Documents broken on purpose: one key gone, one value of another kind, at every place in turn. Deterministic."""

from collections.abc import Iterator, Mapping
from typing import Any

JUNK: tuple[Any, ...] = (None, "", "\u0000junk", -1, 2**70, 0.5, True, [], {}, [None], {"x": None})
"""Values no desk sends where another is expected."""

MOST_PLACES = 150
"""Of a long document only so many places are broken."""


def spoiled(document: Any) -> Iterator[tuple[str, Any]]:
    """Every variant with a word on what was done to it: each key dropped, each value replaced by junk."""
    for place in list(_places(document))[:MOST_PLACES]:
        words = ".".join(str(part) for part in place)
        if isinstance(_at(document, place[:-1]), Mapping):
            yield f"without {words}", _without(document, place)
        for junk in JUNK:
            yield f"{words} = {junk!r}", _with(document, place, junk)


def without_keys(document: Any) -> Iterator[tuple[str, Any]]:
    """Only the variants with one key dropped."""
    for place in list(_places(document))[:MOST_PLACES]:
        if isinstance(_at(document, place[:-1]), Mapping):
            yield f"without {'.'.join(str(part) for part in place)}", _without(document, place)


def _places(document: Any, start: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items: Any = ()
    if isinstance(document, Mapping):
        items = document.items()
    elif isinstance(document, list):
        items = enumerate(document)
    for key, value in items:
        yield (*start, key)
        yield from _places(value, (*start, key))


def _at(document: Any, place: tuple[str | int, ...]) -> Any:
    for part in place:
        document = document[part]
    return document


def _without(document: Any, place: tuple[str | int, ...]) -> Any:
    head, *rest = place
    if not rest:
        return {key: value for key, value in document.items() if key != head}
    return _replaced(document, head, _without(document[head], tuple(rest)))


def _with(document: Any, place: tuple[str | int, ...], value: Any) -> Any:
    head, *rest = place
    return _replaced(document, head, _with(document[head], tuple(rest), value) if rest else value)


def _replaced(document: Any, head: str | int, value: Any) -> Any:
    if isinstance(document, Mapping):
        return {**document, head: value}
    return [value if number == head else item for number, item in enumerate(document)]
