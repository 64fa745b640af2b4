"""What a side's rules make of a ticket's values: pure, total, in one pass. Every rule reads what came in, none what another
rule made, so their order decides only which of several for one field is the first that fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.domain import conditions
from gateway.domain.model import Side
from gateway.domain.model.change import replace
from gateway.domain.rules import markup
from gateway.domain.rules.model import Course, Matcher, Rule, RuleSet, Table, Unknown
from gateway.domain.rules.units import converted

View = Mapping[str, str | None]

MAX_VALUE = 10_000
"""Characters of a value that a rule makes; a longer one is held."""
TEXTS = frozenset({"title", "description"})
"""Fields that are texts of people: a rule shapes them at the last line before the wire, and no other field quotes them."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What one field became. `held`: the value for which there is no meaning; then `value` is None and the field does not
    cross. `rule` names what fired, empty where the value just passed; `before` is what came in."""

    field: str
    value: str | None = None
    held: str | None = None
    before: str | None = None
    side: Side | None = None
    rule: str = ""
    dropped: bool = False


def applied(rules: RuleSet, course: Course, view: View, values: View, *, side: Side) -> dict[str, Made]:
    """Field → what it becomes, of all `values` (what may cross) and all that the rules make besides. `view` is what
    conditions look at."""
    fields = dict.fromkeys((*values, *(rule.field for rule in rules.course(course))))
    by_field: dict[str, list[Rule]] = {}
    for rule in rules.course(course):
        by_field.setdefault(rule.field, []).append(rule)
    found: dict[str, Made] = {}
    for name in fields:
        fired = first(by_field.get(name, ()), view, rules.matchers)
        made = (
            _made(fired, values, side)
            if fired
            else Made(field=name, value=values.get(name), before=values.get(name))
        )
        if made.value is not None or made.held is not None or made.dropped:
            found[name] = made
    return found


def first(rules: Sequence[Rule], view: View, matchers: Mapping[str, Matcher]) -> Rule | None:
    """The first rule that fits the ticket."""
    return next((rule for rule in rules if fits(rule, view, matchers)), None)


def fits(rule: Rule, view: View, matchers: Mapping[str, Matcher]) -> bool:
    """Whether its condition holds; without one it always does."""
    return rule.when is None or conditions.holds(
        rule.when, view, matches=lambda pattern, text: matchers[pattern](text)
    )


def _made(rule: Rule, values: View, side: Side) -> Made:
    before = values.get(rule.source)
    told = Made(field=rule.field, before=before, side=side, rule=f"{side} {rule.name}")
    if rule.drop:
        return replace(told, dropped=True)
    value, held = _value(rule, before, values)
    if value is not None and len(value) > MAX_VALUE and rule.field not in TEXTS:
        return replace(told, held=value[:80])
    return replace(told, value=value, held=held)


def _value(rule: Rule, before: str | None, values: View) -> tuple[str | None, str | None]:
    """(value, None), or (None, what is held); both None where there is nothing to make it of."""
    if rule.constant is not None:
        return rule.constant, None
    if rule.template is not None:
        return filled(rule, values), None
    return _changed(rule, before) if before else (None, None)


def _changed(rule: Rule, before: str) -> tuple[str | None, str | None]:
    if rule.table is not None:
        return _looked_up(rule.table, before)
    if rule.unit is not None:
        number = converted(before, rule.unit.factor, rule.unit.digits)
        return number, (before if number is None else None)
    if rule.text is not None:
        return markup.converted(before, *rule.text), None
    return before, None


def _looked_up(table: Table, value: str) -> tuple[str | None, str | None]:
    known = table.rows.get(value.casefold())
    if known is not None:
        return known, None
    match table.unknown:
        case Unknown.KEEP:
            return value, None
        case Unknown.DEFAULT:
            return table.default, None
        case _:
            return None, value


def filled(rule: Rule, values: View) -> str:
    """A template with its placeholders filled in; what is not there leaves nothing."""
    return "".join(word if kind == "say" else values.get(word) or "" for kind, word in rule.template or ())
