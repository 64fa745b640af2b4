"""Who wins a field that both ends of a link have set: the same claims give the same winner, in whatever order they came."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.model import Field, Link, Loser, Ownership, Policy, Side

SHARED = tuple(
    str(field)
    for field in (Field.TITLE, Field.DESCRIPTION, Field.PRIORITY, Field.SITE, Field.ASSET, Field.SERVICE)
)
"""Fields of which a ticket has one value for both ends. A due date is not among them: each side has its own (R20)."""
TEXTS = (str(Field.TITLE), str(Field.DESCRIPTION))
"""Those that are content: their words only go down."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What the people (or rules) of one side set. `at` is when, as near as it is known: not before it was last seen
    otherwise, not after it was seen."""

    side: Side
    value: str | None
    at: datetime

    @property
    def second(self) -> datetime:
        """The second it was set in: desks cut their times to whole ones, so nothing smaller can be compared."""
        return self.at.replace(microsecond=0)

    @property
    def rank(self) -> tuple[datetime, str]:
        """The newest of a side has the highest."""
        return self.at, self.value or ""


def ownership_of(link: Link, field: str) -> Ownership | None:
    """Whose the field is over a link: as the link says, else whose it is by the directions in which it crosses. None: each
    side has its own, for it does not cross."""
    crossing = link.crossing
    down, up = field in crossing.fields_down, field in crossing.fields_up
    if field not in SHARED or not (down or up):
        return None
    if field in link.ownership:
        return link.ownership[field]
    if down and up and field not in TEXTS:
        return Ownership(owner=Side.UPSTREAM, policy=Policy.LATEST_WINS)
    # Nobody said that a desk's own value is to be overwritten, so it is told only (and R17's agreement stays possible).
    loser = Loser.WRITE_BACK if field in TEXTS else Loser.TELL
    return Ownership(owner=Side.UPSTREAM if down else Side.DOWNSTREAM, loser=loser)


def effective(reported: datetime | None, *, seen: datetime, contrary: datetime | None) -> datetime:
    """When something was set (R2): the desk's own time, but never after it was seen nor before it was last seen otherwise."""
    at = min(reported or seen, seen)
    return max(at, contrary) if contrary is not None and contrary <= seen else at


def winner(rule: Ownership, claims: Iterable[Claim]) -> Claim | None:
    """Whose value stands; None where a person is to say. The same second is the owner's."""
    newest: dict[Side, Claim] = {}
    for claim in claims:
        known = newest.get(claim.side)
        if known is None or claim.rank > known.rank:
            newest[claim.side] = claim
    own, other = newest.get(rule.owner), newest.get(rule.owner.other)
    if own is None or other is None or own.value == other.value:
        return own or other
    match rule.policy:
        case Policy.OWNER_WINS:
            return own
        case Policy.HOLD:
            return None
        case Policy.LATEST_WINS:
            return other if other.second > own.second else own
