"""What one face of the desks that live in this gateway has of its own; all else is `gateway.flows.in_house.door`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.in_house import DeskTicket, Face, Part, Written
from gateway.domain.model import Desk
from gateway.store.db import Db


@dataclass(frozen=True, kw_only=True)
class Change:
    """A ticket before (None: it was not there) and after a change, and whose change it was."""

    before: tuple[DeskTicket, Sequence[Part]] | None
    after: Written
    by_party: bool


class Front(Protocol):
    """One face, for all its desks."""

    @property
    def face(self) -> Face:
        """Which."""

    @property
    def states(self) -> Collection[str]:
        """How a ticket can stand; `offered` is one of them."""

    @property
    def prefix(self) -> str:
        """Begins the ids of tickets that are made for it."""

    def number(self, place: int) -> str:
        """What people call the ticket of that place."""

    def missing(self, db: Db, desk: Desk) -> Sequence[str]:
        """What a desk lacks, in words for who runs the gateway."""

    def told(self, db: Db, desk: Desk, change: Change, *, now: datetime) -> None:
        """Within the transaction of a change: whoever listens hears of it."""
