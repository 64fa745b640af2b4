"""The face of in-house desks that people look at: they are told by mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.in_house import Face, Part, PartKind
from gateway.domain.model import Desk
from gateway.domain.portal import State
from gateway.flows.context import Context
from gateway.flows.in_house.front import Change
from gateway.flows.portal import mailing
from gateway.store.db import Db

_TOLD_BY_MAIL = ("status", "priority", "due")
"""Fields whose change the party hears of; the rest it sees when it looks."""


@dataclass(frozen=True)
class PortalFront:
    """Jobs, and letters about them."""

    context: Context
    face = Face.PORTAL
    prefix = "job"
    states = tuple(State)

    def number(self, place: int) -> str:
        """What people call the job of that place."""
        return f"P-{place}"

    def missing(self, db: Db, desk: Desk) -> Sequence[str]:
        """Somebody who reads mail."""
        nobody = "nobody is mailed: add a contact with channel email to the organization"
        return () if mailing.readers(self.context, db, desk) else (nobody,)

    def told(self, db: Db, desk: Desk, change: Change, *, now: datetime) -> None:
        """A letter to each reader: of a new job, and of what is news."""
        about = (desk, change.after.ticket)
        if change.before is None:
            mailing.tell(self.context, db, about, "offer", now=now)
        elif any(_is_news(part) for part in change.after.parts):
            mailing.tell(self.context, db, about, "news", now=now)


def _is_news(part: Part) -> bool:
    return part.kind is not PartKind.ENTRY or part.data["field"] in _TOLD_BY_MAIL
