"""A ticket's values over a link: the source's canonical values, then what both sides' rules make of them, in the order in
which they meet. What has no meaning is held, and told to the side whose rule lacks it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.domain import mapping
from gateway.domain.directory import Directory
from gateway.domain.model import Hop, Link, Side
from gateway.domain.rules import markup
from gateway.domain.rules.evaluate import TEXTS, Made, View, applied, first
from gateway.domain.rules.model import UNRULED, Course, LinkRules, Markup, Rule

Step = Mapping[str, Any]
"""What a rule does to a text, as it stands in a delivery: `{"pieces": [["say", "…"], ["text", ""]]}` or
`{"markup": ["html", "markdown"]}`. No word of the text itself, which stays erasable."""


@dataclass(frozen=True, kw_only=True)
class Passed:
    """What arrives at the other end. `made`: field → its outcome, texts among them; `middle`: the same between the two
    sides; `shapes`: what to do with texts at the last line before the wire."""

    made: Mapping[str, Made] = field(default_factory=dict)
    middle: Mapping[str, Made] = field(default_factory=dict)
    shapes: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, str]:
        """The values that the other hop then has."""
        return {
            name: made.value
            for name, made in self.made.items()
            if made.value is not None and name not in TEXTS
        }

    @property
    def held(self) -> list[Made]:
        """Values without a meaning."""
        return [made for made in self.made.values() if made.held is not None]

    @property
    def withheld_texts(self) -> set[str]:
        """Texts that a rule drops."""
        return {name for name, made in self.made.items() if made.dropped and name in TEXTS}


def allowed(link: Link, *, down: bool) -> frozenset[str]:
    """The fields that may cross in a direction."""
    return link.crossing.fields_down if down else link.crossing.fields_up


def passed(directory: Directory, source: Hop, link: Link, *, down: bool) -> Passed:
    """What becomes of all that the hop has and the link lets cross."""
    return over(directory.rules_of(link), source, link, down=down)


def over(rules: LinkRules, source: Hop, link: Link, *, down: bool) -> Passed:
    """The same under these rules."""
    may = allowed(link, down=down)
    values: dict[str, str | None] = {n: v for n, v in source.facts.items() if mapping.among(may, n)}
    if rules == UNRULED:
        return Passed(made={n: Made(field=n, value=v, before=v) for n, v in values.items()})
    values |= {name: source.shadow.get(name) for name in TEXTS if name in may}
    ours, theirs = (Side.UPSTREAM, Side.DOWNSTREAM) if down else (Side.DOWNSTREAM, Side.UPSTREAM)
    view = {**source.shadow, **source.facts}
    out = applied(rules.of(ours), Course.OUTGOING, view, values, side=ours)
    between: dict[str, str | None] = {n: made.value for n, made in out.items() if made.value is not None}
    into = applied(rules.of(theirs), Course.INCOMING, between, between, side=theirs)
    lost = {n: made for n, made in out.items() if made.value is None and n not in into}
    made = {n: _told(one, out.get(n)) for n, one in into.items()} | lost
    fired = (
        (first_of(rules, ours, Course.OUTGOING, view), values),
        (first_of(rules, theirs, Course.INCOMING, between), between),
    )
    return Passed(made=made, middle=out, shapes=_shapes(fired))


def _told(last: Made, before: Made | None) -> Made:
    """An outcome that the second side let pass is told as the first one made it."""
    return last if last.rule or before is None else before


Fired = Mapping[str, Rule]


def first_of(rules: LinkRules, side: Side, course: Course, view: View) -> Fired:
    """Text field → the rule that shapes it."""
    own = rules.of(side)
    found = {
        name: first([rule for rule in own.course(course) if rule.field == name], view, own.matchers)
        for name in TEXTS
    }
    return {name: rule for name, rule in found.items() if rule is not None}


def _shapes(fired: tuple[tuple[Fired, View], ...]) -> dict[str, tuple[Step, ...]]:
    steps: dict[str, list[Step]] = {}
    for rules, values in fired:
        for name, rule in rules.items():
            step = _step(rule, values)
            if step is not None:
                steps.setdefault(name, []).append(step)
    return {name: tuple(each) for name, each in steps.items()}


def _step(rule: Rule, values: View) -> Step | None:
    if rule.text is not None:
        return {"markup": [each.value for each in rule.text]}
    if rule.constant is not None:
        return {"pieces": [["say", rule.constant]]}
    if rule.template is None:
        return None
    said = [
        ["text", ""]
        if (kind, word) == ("field", rule.field)
        else ["say", word if kind == "say" else values.get(word) or ""]
        for kind, word in rule.template
    ]
    return {"pieces": said}


def shaped(text: str, steps: tuple[Step, ...] | list[Step]) -> str:
    """A text as the rules of its delivery want it."""
    for step in steps:
        if "markup" in step:
            source, target = step["markup"]
            text = markup.converted(text, Markup(source), Markup(target))
        else:
            text = "".join(text if kind == "text" else word for kind, word in step["pieces"])
    return text


def touched(rules: LinkRules, name: str, *, down: bool) -> set[str]:
    """The fields at the other end that a change of this one may change, itself among them."""
    ours, theirs = (rules.upstream, rules.downstream) if down else (rules.downstream, rules.upstream)
    out = {rule.field for rule in ours.outgoing if name in rule.reads} | {name}
    return out | {rule.field for rule in theirs.incoming if rule.reads & out}


def marked(name: str, *, down: bool) -> str:
    """How a held field stands among the unmapped ones of the hop that came over the link."""
    return f"crossing {'down' if down else 'up'} {name}"
