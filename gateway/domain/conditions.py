"""Conditions of link rules: `all`/`any`/`not` over field · operator · value. Total, bounded, explainable."""

from collections.abc import Callable, Mapping

from gateway.domain.model import Condition

View = Mapping[str, str | None]
"""A ticket as a rule sees it: canonical field names, the desk's own values."""

_OPERATORS: Mapping[str, Callable[[str, tuple[str, ...]], bool]] = {
    "eq": lambda actual, wanted: actual == wanted[0],
    "ne": lambda actual, wanted: actual != wanted[0],
    "in": lambda actual, wanted: actual in wanted,
    "not_in": lambda actual, wanted: actual not in wanted,
    "contains": lambda actual, wanted: all(part in actual for part in wanted),
    "starts": lambda actual, wanted: actual.startswith(wanted[0]),
    "has_label": lambda actual, wanted: bool(set(labels(actual)) & set(wanted)),
    "empty": lambda actual, _wanted: not actual,
    "set": lambda actual, _wanted: bool(actual),
}
MATCHES = "matches"
"""Compares by a regular expression; only where whoever asks brings what compiles it (`gateway.patterns`)."""
OPERATORS = frozenset(_OPERATORS)

Matches = Callable[[str, str], bool]
"""(pattern, text) → whether the text contains what the pattern describes."""


def labels(value: str) -> list[str]:
    """A list kept in one text field, by commas or semicolons; case does not count."""
    return [part.strip().casefold() for part in value.replace(";", ",").split(",") if part.strip()]


def no_patterns(_pattern: str, _text: str) -> bool:
    """For rules that have no patterns: their schema refuses the operator."""
    return False


def holds(condition: Condition | None, view: View, *, matches: Matches = no_patterns) -> bool:
    """Whether the condition is true of the ticket. No condition is never true: a rule must say what passes."""
    if condition is None:
        return False
    if condition.all is not None:
        return all(holds(part, view, matches=matches) for part in condition.all)
    if condition.any is not None:
        return any(holds(part, view, matches=matches) for part in condition.any)
    if condition.negated is not None:
        return not holds(condition.negated, view, matches=matches)
    actual = (view.get(condition.field or "") or "").casefold()
    if condition.op == MATCHES:
        return matches(str(condition.value), view.get(condition.field or "") or "")
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    return _OPERATORS[condition.op](actual, tuple(str(value).casefold() for value in wanted))
