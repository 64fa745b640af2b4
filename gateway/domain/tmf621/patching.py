"""How a TMF621 document is changed: JSON merge patch (RFC 7396), JSON patch (RFC 6902) and TMF630's JSON patch query, in which
a path picks items of a list by their attributes (`/note?id=77456`)."""

import copy
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from gateway.errors import Invalid

MERGE = ("application/json", "application/merge-patch+json")
OPERATIONS = ("application/json-patch+json", "application/json-patch-query+json")
MOST_OPERATIONS = 200


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396: null removes, objects are merged, everything else is replaced."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    changed = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            changed.pop(name, None)
        else:
            changed[name] = merged(changed.get(name), value)
    return changed


def operated(target: Mapping[str, Any], operations: Any) -> dict[str, Any]:
    """RFC 6902, and paths with a query. All or nothing. Raises Invalid, naming the operation that cannot be done."""
    if not isinstance(operations, list) or len(operations) > MOST_OPERATIONS:
        raise Invalid(f"a JSON patch is a list of at most {MOST_OPERATIONS} operations")
    changed: Any = copy.deepcopy(dict(target))
    for place, operation in enumerate(operations):
        try:
            changed = _one(changed, operation)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise Invalid(f"operation {place} of the JSON patch cannot be done", why=str(error)) from error
    if not isinstance(changed, dict):
        raise Invalid("the JSON patch leaves no trouble ticket")
    return changed


def touched(patch: Any) -> frozenset[str]:
    """The attributes that a patch speaks of."""
    if isinstance(patch, dict):
        return frozenset(patch)
    paths = (
        [str(one.get("path") or "") for one in patch if isinstance(one, dict)]
        if isinstance(patch, list)
        else []
    )
    return frozenset(_steps(path.partition("?")[0])[0] for path in paths if path.startswith("/"))


def _one(document: Any, operation: Mapping[str, Any]) -> Any:
    verb, path = operation["op"], str(operation["path"])
    base, query = _picked(document, path)
    match verb:
        case "test":
            if _at(document, base) != operation["value"]:
                raise ValueError(f"{path} is another value")
            return document
        case "remove":
            return _removed(document, base)
        case "add":
            return _put(document, base, operation["value"], adds=True)
        case "replace":
            return _replaced(document, base, operation["value"], picked=bool(query))
        case "move" | "copy":
            source = _steps(str(operation["from"]))
            value = copy.deepcopy(_at(document, source))
            rest = _removed(document, source) if verb == "move" else document
            return _put(rest, base, value, adds=True)
    raise ValueError(f"{str(verb)[:40]!r} is no operation")


def _replaced(document: Any, steps: list[str], value: Any, *, picked: bool) -> Any:
    """An item that a query picked keeps what the new value does not speak of."""
    try:
        before = _at(document, steps)
    except KeyError:
        if len(steps) > 1:
            raise
        before = None  # TMF630 clients replace what has no value yet
    if picked and isinstance(before, dict) and isinstance(value, dict):
        value = {**before, **value}
    return _put(document, steps, value, adds=False)


def _steps(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"{pointer[:80]!r} is no JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _picked(document: Any, path: str) -> tuple[list[str], str]:
    """The steps of a path; of one with a query, to the one item that it picks."""
    pointer, _, query = path.partition("?")
    steps = _steps(pointer)
    if not query:
        return steps, ""
    wanted = {name.removeprefix(f"{steps[-1]}."): value for name, value in parse_qsl(query)}
    items = _at(document, steps)
    found = [
        place
        for place, item in enumerate(items)
        if all(str(item.get(name)) == value for name, value in wanted.items())
    ]
    if len(found) != 1:
        raise ValueError(f"{path[:80]} picks {len(found)} items")
    return [*steps, str(found[0])], query


def _at(document: Any, steps: list[str]) -> Any:
    for step in steps:
        document = document[_place(document, step)] if isinstance(document, list) else _member(document, step)
    return document


def _member(document: Any, step: str) -> Any:
    if not isinstance(document, dict) or step not in document:
        raise KeyError(f"there is no {step[:80]}")
    return document[step]


def _place(items: list[Any], step: str) -> int:
    if not (step.isascii() and step.isdigit()) or len(step) > 6 or int(step) >= len(items):
        raise IndexError(f"there is no item {step[:20]}")
    return int(step)


def _put(document: Any, steps: list[str], value: Any, *, adds: bool) -> Any:
    if not steps:
        return value
    place, last = _at(document, steps[:-1]), steps[-1]
    if isinstance(place, list):
        if adds:
            place.insert(len(place) if last == "-" or last == str(len(place)) else _place(place, last), value)
        else:
            place[_place(place, last)] = value
        return document
    before = place.get(last)
    # TM Forum's own example adds one note by {"op": "add", "path": "/note", "value": {…}}: into the list, not in its place.
    joins = adds and isinstance(value, dict) and (isinstance(before, list) or last in _LISTS)
    place[last] = [*(before or ()), value] if joins else value
    return document


_LISTS = frozenset({"note", "attachment", "relatedParty", "relatedEntity", "externalIdentifier"})


def _removed(document: Any, steps: list[str]) -> Any:
    if not steps:
        raise ValueError("the whole ticket is not removed")
    place = _at(document, steps[:-1])
    if isinstance(place, list):
        del place[_place(place, steps[-1])]
    else:
        _member(place, steps[-1])
        del place[steps[-1]]
    return document
