"""From a mapping document (its schema already checked) to rules. What is wrong beyond the schema is `problems`."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from gateway.domain.conditions import MATCHES
from gateway.domain.documents import condition_from
from gateway.domain.rules.model import (
    Course,
    Markup,
    Matcher,
    Patterns,
    Piece,
    Rule,
    RuleSet,
    Table,
    Unit,
    Unknown,
)
from gateway.domain.rules.units import factor

Document = Mapping[str, Any]

AS_NOTE = "as_note"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def rules_from(document: Document, patterns: Patterns, *, version: int = 0) -> RuleSet:
    """The rules of a document without problems."""
    return RuleSet(
        version=version,
        outgoing=tuple(_rules(document, Course.OUTGOING)),
        incoming=tuple(_rules(document, Course.INCOMING)),
        status_as_note=document.get("status") == AS_NOTE,
        matchers=dict(_matchers(document, patterns)),
    )


def _rules(document: Document, course: Course) -> Iterator[Rule]:
    for number, row in enumerate(document.get(course, ())):
        yield rule_from(row, f"{course}[{number}]")


def rule_from(row: Document, name: str) -> Rule:
    """One rule. Unit names and placeholders must be known."""
    unit, text, when = row.get("unit"), row.get("text"), row.get("when")
    return Rule(
        name=name,
        field=row["field"],
        source=row.get("from", row["field"]),
        when=condition_from(when) if when else None,
        table=_table(row) if "values" in row else None,
        template=tuple(pieces(row["template"])) if "template" in row else None,
        constant=row.get("set"),
        unit=_unit(unit) if unit else None,
        text=(Markup(text["from"]), Markup(text["to"])) if text else None,
        drop=row.get("drop", False),
    )


def _table(row: Document) -> Table:
    rows = {native.casefold(): value for native, value in row["values"].items()}
    unknown = row.get("unknown", Unknown.HOLD)
    if isinstance(unknown, Mapping):
        return Table(rows=rows, unknown=Unknown.DEFAULT, default=unknown["default"])
    return Table(rows=rows, unknown=Unknown(unknown))


def _unit(unit: Document) -> Unit:
    return Unit(factor=factor(unit["from"], unit["to"]) or Decimal(1), digits=unit.get("digits", 2))


def pieces(template: str) -> Iterator[Piece]:
    """A template taken apart: words, and `{field}` placeholders."""
    end = 0
    for found in _PLACEHOLDER.finditer(template):
        if found.start() > end:
            yield "say", template[end : found.start()]
        yield "field", found.group(1)
        end = found.end()
    if end < len(template):
        yield "say", template[end:]


def _matchers(document: Document, patterns: Patterns) -> Iterator[tuple[str, Matcher]]:
    for course in Course:
        for number, row in enumerate(document.get(course, ())):
            for _place, condition in conditions_in(row.get("when"), f"{course}[{number}].when"):
                if condition.get("op") == MATCHES:
                    yield condition["value"], patterns(condition["value"])


def conditions_in(condition: Document | None, place: str) -> Iterator[tuple[str, Document]]:
    """A condition and all within it, each with its place."""
    if condition is None:
        return
    yield place, condition
    for name in ("all", "any"):
        for number, part in enumerate(condition.get(name, ())):
            yield from conditions_in(part, f"{place}.{name}[{number}]")
    if "not" in condition:
        yield from conditions_in(condition["not"], f"{place}.not")
