"""Nouns of link rules. A side's rules speak of what leaves it (`outgoing`) and of what comes to it (`incoming`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from gateway.domain.model import Condition, Side

Matcher = Callable[[str], bool]
"""Whether a text contains what a pattern describes."""
Patterns = Callable[[str], Matcher]
"""Compiles a pattern, within bounds of time and size. Raises ValueError with what is wrong."""


class Course(StrEnum):
    """Which way a rule looks, from its owner."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


class Unknown(StrEnum):
    """What becomes of a value that a table does not name."""

    HOLD = "hold"
    KEEP = "keep"
    DEFAULT = "default"


class Markup(StrEnum):
    """How a text is written."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A value table; its keys are compared without case."""

    rows: Mapping[str, str]
    unknown: Unknown = Unknown.HOLD
    default: str = ""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A number times `factor`, rounded half up to `digits` places."""

    factor: Decimal
    digits: int = 2


Piece = tuple[str, str]
"""Part of a template: ("say", words) or ("field", name)."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a field becomes. At most one of the makings is set; none: the source's value as it is."""

    name: str
    """Where it stands: `outgoing[2]`."""
    field: str
    source: str
    when: Condition | None = None
    table: Table | None = None
    template: tuple[Piece, ...] | None = None
    constant: str | None = None
    unit: Unit | None = None
    text: tuple[Markup, Markup] | None = None
    drop: bool = False

    @property
    def reads(self) -> frozenset[str]:
        """The fields whose change can change what it makes."""
        parts = {name for kind, name in self.template or () if kind == "field"}
        own = set() if self.template is not None or self.constant is not None or self.drop else {self.source}
        return frozenset(parts | own | read_by(self.when))


def read_by(condition: Condition | None) -> set[str]:
    """The fields a condition looks at."""
    if condition is None:
        return set()
    inner = (
        *(condition.all or ()),
        *(condition.any or ()),
        *((condition.negated,) if condition.negated else ()),
    )
    found = {condition.field} if condition.field else set()
    return found.union(*(read_by(part) for part in inner))


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """One version of one side's rules. `matchers`: the compiled patterns of its conditions."""

    version: int = 0
    outgoing: tuple[Rule, ...] = ()
    incoming: tuple[Rule, ...] = ()
    status_as_note: bool = False
    """Whether the other side's status is told here in words instead of moving this desk's own."""
    matchers: Mapping[str, Matcher] = field(default_factory=dict, repr=False, compare=False)

    def course(self, course: Course) -> tuple[Rule, ...]:
        """Its rules for one way."""
        return self.outgoing if course is Course.OUTGOING else self.incoming


NO_RULES = RuleSet()


@dataclass(frozen=True, kw_only=True)
class LinkRules:
    """What both sides of a link have published."""

    upstream: RuleSet = NO_RULES
    downstream: RuleSet = NO_RULES

    def of(self, side: Side) -> RuleSet:
        """One side's."""
        return self.upstream if side is Side.UPSTREAM else self.downstream

    def touch(self, field: str) -> bool:
        """Whether a rule makes the field, or makes another one of it."""
        every = [rule for side in Side for course in Course for rule in self.of(side).course(course)]
        return any(field in (rule.field, rule.source) for rule in every)

    @property
    def versions(self) -> dict[str, int]:
        """Which versions these are, by side; 0 where a side has published none."""
        return {side.value: self.of(side).version for side in Side}


UNRULED = LinkRules()
