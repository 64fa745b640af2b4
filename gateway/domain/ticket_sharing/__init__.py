"""Networked Help Desk 1.0 (ticket sharing): two desks that push documents to each other and cannot be asked. What the
documents may say is `wire`, what becomes of a ticket `folding`, of an agreement `agreements`. Its nouns are here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.domain.model import Actor, ActorKind

SCHEME = "sharing"
"""What `kept_here` of such a desk's connector says; also the scheme under which its connector asks us."""
US = Actor(id="interdesk", name="Interdesk", kind=ActorKind.GATEWAY)


class Standing(StrEnum):
    """How an agreement stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    INACTIVE = "inactive"


class End(StrEnum):
    """The two parties of an agreement: who invited, who was invited."""

    SENDER = "sender"
    RECEIVER = "receiver"

    @property
    def other(self) -> "End":
        """The party across."""
        return End.RECEIVER if self is End.SENDER else End.SENDER


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Consent of two desks to share tickets. `ours` is which end we are; `id` is ours, `uuid` the wire's name of it.
    The access key is kept apart, sealed."""

    id: str
    org_id: str
    desk_id: str
    uuid: str
    ours: End
    name: str
    sender_url: str
    receiver_url: str
    standing: Standing
    agreed: bool = False
    """Whether both ever consented: only such a one can be taken up again by who ended it."""
    deactivated_by: str = ""
    sync_tags: bool = True
    sync_custom_fields: bool = True
    public_comments: bool = True
    """Whether either may write what the other's requester reads (`allows_public_comments`)."""
    created_at: datetime
    changed_at: datetime

    @property
    def our_url(self) -> str:
        """The sharing address that the partner knows us by."""
        return self.sender_url if self.ours is End.SENDER else self.receiver_url

    @property
    def their_url(self) -> str:
        """The partner's sharing address, as it says itself."""
        return self.receiver_url if self.ours is End.SENDER else self.sender_url


class PartKind(StrEnum):
    """What is added to a shared ticket."""

    COMMENT = "comment"
    FILE = "file"
    ENTRY = "entry"
    """One change of a field."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing that was added, once and for good. `name`: the wire's uuid of a comment, `<comment>.<n>` of a file, else the
    place. `data`: `text public shown` of a comment; `filename media_type url comment public` of a file; `field old new`
    of an entry. `request`: the marker of our own write, empty for the partner's."""

    id: str
    org_id: str
    ticket_id: str
    place: int
    kind: PartKind
    name: str
    at: datetime
    actor: Actor
    data: Mapping[str, Any]
    request: str = ""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """A ticket at a partner's desk as both have told each other. `fields` are the wire's names and values; `marker` is ours
    for a ticket that we shared; `shared` says that the partner has it, `tried` that it may (an answer was lost);
    `first` is the digest of the document it came with."""

    id: str
    org_id: str
    desk_id: str
    uuid: str
    marker: str
    fields: Mapping[str, str | None]
    created_at: datetime
    changed_at: datetime
    number: str = ""
    first: str = ""
    shared: bool = False
    tried: bool = False
    gone_at: datetime | None = None
    revision: int = 0
    parts: int = 0


@dataclass(frozen=True, kw_only=True)
class Written:
    """A ticket after a document, and what that added."""

    ticket: Shared
    parts: tuple[Part, ...] = field(default=())
