"""The face of in-house desks that programs speak to: their listeners hear of what happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.api_desk import State
from gateway.domain.in_house import Face
from gateway.domain.model import Desk
from gateway.flows.api_desk import hubs
from gateway.flows.context import Context
from gateway.flows.in_house.front import Change
from gateway.store.db import Db

PREFIX = "apt"


def number(place: int) -> str:
    """What people call the ticket of that place."""
    return f"TT-{place}"


@dataclass(frozen=True)
class ApiFront:
    """Trouble tickets, and events about them."""

    context: Context
    face = Face.API
    prefix = PREFIX
    states = tuple(State)

    def number(self, place: int) -> str:
        """What people call the ticket of that place."""
        return number(place)

    def missing(self, db: Db, desk: Desk) -> Sequence[str]:
        """Nothing: its callers have their keys, or will."""
        return ()

    def told(self, db: Db, desk: Desk, change: Change, *, now: datetime) -> None:
        """An event to each listener."""
        hubs.tell(self.context, db, change, now=now)
