"""Whose a field is over a link, and what becomes of the other side's change of it. Facts only; who wins is `domain.ownership`."""

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """The two ends of a link."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"

    @property
    def other(self) -> "Side":
        """The end across."""
        return Side.DOWNSTREAM if self is Side.UPSTREAM else Side.UPSTREAM


class Policy(StrEnum):
    """Who wins where both sides set a field: its owner, the later one by effective time, or nobody until a person says."""

    OWNER_WINS = "owner_wins"
    LATEST_WINS = "latest_wins"
    HOLD = "hold"


class Loser(StrEnum):
    """What happens at the desk that lost: the value that won is written there, or its people are only told."""

    WRITE_BACK = "write_back"
    TELL = "tell"


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """Of one field over one link. Under `latest_wins` the owner wins a tie, under `hold` it is asked first."""

    owner: Side
    policy: Policy = Policy.OWNER_WINS
    loser: Loser = Loser.WRITE_BACK
