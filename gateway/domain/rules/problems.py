"""What is wrong with a side's rules beyond their schema: fields that nobody has or that do not cross, rules that contradict
each other, rules that would not always have an answer, and what is larger than a rule may be."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.domain.conditions import MATCHES
from gateway.domain.model import Crossing, Field, Priority, Side
from gateway.domain.problem import Problem, suggestion
from gateway.domain.rules.documents import Document, conditions_in, pieces
from gateway.domain.rules.evaluate import TEXTS
from gateway.domain.rules.model import Course, Patterns
from gateway.domain.rules.units import factor

MAKINGS = ("values", "template", "set", "unit", "text", "drop")
MAX_DEPTH = 8
MAX_CONDITIONS = 100
MAX_PATTERNS = 50
"""In one document."""
_CUSTOM = re.compile(r"custom\.[a-z0-9_]+")
READABLE = frozenset(Field) - {Field.MARKER, Field.DELEGATE}
WRITABLE = READABLE - {Field.STATUS, Field.ASSIGNEE, Field.REQUESTER}
"""A status follows from acts and `parent_means`, people from how they are mapped: no rule of values sets them."""


def problems(document: Document, *, side: Side, crossing: Crossing, patterns: Patterns) -> list[Problem]:
    """Everything that is wrong, in the order of the document."""
    found: list[Problem] = []
    for course in Course:
        rows = document.get(course, ())
        allowed = _allowed(crossing, side, course)
        for number, row in enumerate(rows):
            place = f"{course}[{number}]"
            found += [*_making(row, place), *_fields(row, place, course, allowed), *_total(row, place)]
            found += _condition(row.get("when"), f"{place}.when", patterns)
        found += _contradictions(rows, course)
    used = [each for course in Course for row in document.get(course, ()) for each in _patterns(row)]
    if len(used) > MAX_PATTERNS:
        found.append(
            Problem(place="(top)", what=f"{len(used)} patterns", right=f"at most {MAX_PATTERNS} may be used")
        )
    return found


def _allowed(crossing: Crossing, side: Side, course: Course) -> frozenset[str]:
    """The fields that the link lets cross in the direction of that course."""
    down = (side is Side.UPSTREAM) == (course is Course.OUTGOING)
    return crossing.fields_down if down else crossing.fields_up


def _making(row: Document, place: str) -> Iterator[Problem]:
    named = [name for name in MAKINGS if name in row]
    if len(named) > 1:
        right = f"keep one of {', '.join(named)}"
        yield Problem(place=place, what=f"it says {len(named)} ways to make the field", right=right)
    if "unknown" in row and "values" not in row:
        yield Problem(
            place=f"{place}.unknown", what="there is no table of values", right="add values, or leave it out"
        )
    if not named and row.get("from", row["field"]) == row["field"]:
        right = "add values, template, set, unit, text, drop, or from with another field"
        yield Problem(place=place, what="the rule changes nothing", right=right)


def known(name: str, fields: frozenset[Field]) -> bool:
    """Whether there is such a field."""
    return name in fields or _CUSTOM.fullmatch(name) is not None


def lets(allowed: frozenset[str], name: str) -> bool:
    """Whether a field is among those that cross; `custom.*` lets all custom fields."""
    return name in allowed or (name.startswith("custom.") and "custom.*" in allowed)


def _fields(row: Document, place: str, course: Course, allowed: frozenset[str]) -> Iterator[Problem]:
    target = row["field"]
    if not known(target, WRITABLE):
        yield _unknown(f"{place}.field", target, WRITABLE)
    elif not lets(allowed, target) and target != Field.QUEUE:
        yield _kept_back(f"{place}.field", target)
    for where, name in _sources(row, place):
        if not known(name, READABLE):
            yield _unknown(where, name, READABLE)
        elif name in TEXTS and name != target:
            right = f"make {name} of it, or read another field"
            yield Problem(
                place=where, what=f"the words of {name} may not stand in another field", right=right
            )
        elif course is Course.OUTGOING and not lets(allowed, name):
            yield _kept_back(where, name)
    for where, condition in conditions_in(row.get("when"), f"{place}.when"):
        looked_at = condition.get("field")
        if looked_at is not None and not known(looked_at, READABLE):
            yield _unknown(f"{where}.field", looked_at, READABLE)


def _kept_back(place: str, name: str) -> Problem:
    right = "let it cross in the link, or use another field"
    return Problem(place=place, what=f"the link does not let {name} cross this way", right=right)


def _sources(row: Document, place: str) -> Iterator[tuple[str, str]]:
    """The fields whose values a rule carries, each with its place."""
    if "template" in row:
        for kind, word in pieces(row["template"]):
            if kind == "field":
                yield f"{place}.template", word
    elif "set" not in row and "drop" not in row:
        yield f"{place}.from", row.get("from", row["field"])


def _unknown(place: str, name: str, fields: frozenset[Field]) -> Problem:
    right = suggestion(name, [str(field) for field in fields]) + "; a desk's own field is custom.<name>"
    return Problem(place=place, what=f"there is no field {name!r} to use here", right=right)


def _total(row: Document, place: str) -> Iterator[Problem]:
    """Whether the rule has an answer for every value, and one that the field can hold."""
    target, source = row["field"], row.get("from", row["field"])
    if target in TEXTS and row.keys() & {"values", "unit"}:
        yield Problem(place=place, what=f"{target} is a text", right="use template, text, set or drop")
    elif target == Field.PRIORITY:
        yield from _priority(row, place, source)
    elif target == Field.DUE and (
        row.keys() & {"values", "template", "set", "unit", "text"} or source != Field.DUE
    ):
        yield Problem(
            place=place, what="a due moment cannot be made of words", right="use drop, or leave it out"
        )
    if "unit" in row and factor(row["unit"]["from"], row["unit"]["to"]) is None:
        what = f"{row['unit']['from']} and {row['unit']['to']} do not measure the same thing"
        yield Problem(
            place=f"{place}.unit", what=what, right="use two units of time, or of length, mass, size, money"
        )


def _priority(row: Document, place: str, source: str) -> Iterator[Problem]:
    words = ", ".join(Priority)
    if row.keys() & {"template", "unit", "text"} or (
        source != Field.PRIORITY and "values" not in row and "set" not in row and "drop" not in row
    ):
        yield Problem(
            place=place,
            what="that would not always be a priority",
            right=f"use values that say one of {words}",
        )
    if row.get("unknown") == "keep" and source != Field.PRIORITY:
        yield Problem(
            place=f"{place}.unknown", what="what is kept may be no priority", right="use hold or a default"
        )
    for where, value in _words(row, place):
        if value not in list(Priority):
            yield Problem(place=where, what=f"{value!r} is no priority", right=suggestion(value, Priority))


def _words(row: Document, place: str) -> Iterator[tuple[str, str]]:
    """The values that a rule itself names."""
    for native, value in row.get("values", {}).items():
        yield f"{place}.values.{native}", value
    if "set" in row:
        yield f"{place}.set", row["set"]
    if isinstance(row.get("unknown"), Mapping):
        yield f"{place}.unknown.default", row["unknown"]["default"]


def _condition(when: Document | None, place: str, patterns: Patterns) -> Iterator[Problem]:
    listed = list(conditions_in(when, place))
    if len(listed) > MAX_CONDITIONS or any(where.count(".") > MAX_DEPTH for where, _ in listed):
        right = f"at most {MAX_CONDITIONS} parts, {MAX_DEPTH - 1} deep"
        yield Problem(place=place, what="the condition is too large", right=right)
        return
    for where, condition in listed:
        if condition.get("op") == MATCHES:
            yield from _pattern(condition.get("value"), f"{where}.value", patterns)
        wanted: dict[str, str] = {}
        for part in condition.get("all", ()):
            if part.get("op", "eq") == "eq" and isinstance(part.get("value"), str) and "field" in part:
                other = wanted.setdefault(part["field"], part["value"].casefold())
                if other != part["value"].casefold():
                    what = f"{part['field']} cannot be {other!r} and {part['value']!r} at once"
                    yield Problem(place=where, what=what, right="use any, or in")


def _pattern(pattern: Any, place: str, patterns: Patterns) -> Iterator[Problem]:
    if not isinstance(pattern, str):
        yield Problem(place=place, what="it is no pattern", right="write one regular expression")
        return
    try:
        patterns(pattern)
    except ValueError as error:
        yield Problem(place=place, what=str(error), right="RE2 syntax: no look-around, no back-references")


def _patterns(row: Document) -> Iterator[str]:
    return (each["value"] for _, each in conditions_in(row.get("when"), "") if each.get("op") == MATCHES)


def _contradictions(rows: Any, course: Course) -> Iterator[Problem]:
    """A rule that another one above it never lets fire."""
    above: dict[str, list[tuple[int, Any]]] = {}
    for number, row in enumerate(rows):
        for earlier, when in above.get(row["field"], ()):
            if when is None or when == row.get("when"):
                why = "has no condition" if when is None else "has the same condition"
                what = f"it never fires: {course}[{earlier}] makes {row['field']} too and {why}"
                yield Problem(
                    place=f"{course}[{number}]", what=what, right="change a condition, or leave one out"
                )
                break
        above.setdefault(row["field"], []).append((number, row.get("when")))
