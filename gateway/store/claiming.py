"""The terms on which a process takes work: who, when, for how long, how much each desk takes now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

Thing = TypeVar("Thing", bound=Any)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """`capacity`: desk id → how many more exchanges may start there. `limit`: how many in all. `stopped`: links with a brake
    on; lanes at either of their ends stand."""

    now: datetime
    lease: timedelta
    capacity: Mapping[str, int]
    limit: int
    worker: str = ""
    stopped: frozenset[str] = frozenset()

    @property
    def until(self) -> datetime:
        """When the lease ends."""
        return self.now + self.lease

    @property
    def free(self) -> list[str]:
        """The desks that take something now."""
        return sorted(desk_id for desk_id, room in self.capacity.items() if room > 0)


class Room:
    """What is left of the capacity while rows are taken one by one."""

    def __init__(self, capacity: Mapping[str, int]) -> None:
        self._left = dict(capacity)

    def take(self, things: Sequence[Thing], *, most: int) -> list[Thing]:
        """The first that fit, at most `most`; each uses up one of its desk's places."""
        taken: list[Thing] = []
        for thing in things:
            if len(taken) < most and self._left.get(thing.desk_id, 0) > 0:
                self._left[thing.desk_id] -= 1
                taken.append(thing)
        return taken

    def free(self) -> list[str]:
        """The desks that still take something."""
        return sorted(desk_id for desk_id, room in self._left.items() if room > 0)
