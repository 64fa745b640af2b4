"""What passes between the gateway and a connector, in a desk's own words: snapshots, sightings, commands, receipts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.model.words import ActorKind, CommandKind, Visibility


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who did something at a desk: the desk's own id and the name people read there."""

    id: str = ""
    name: str = ""
    kind: ActorKind = ActorKind.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Blob:
    """A file kept outside the message: `key` names it in the gateway's blob store, `sha256` is hex over its bytes.
    `media_type` is what its first bytes say, empty where they say nothing."""

    key: str
    size: int
    sha256: str
    media_type: str = ""


@dataclass(frozen=True, kw_only=True)
class NativeComment:
    """One comment as a desk shows it. `text` is plain text; `at` is the desk's record time, aware, or None."""

    remote_id: str
    text: str
    visibility: Visibility
    author: Actor = Actor()
    at: datetime | None = None
    edited_at: datetime | None = None
    marker: str | None = None


@dataclass(frozen=True, kw_only=True)
class NativeAttachment:
    """One file as a desk lists it; its bytes are fetched by `url` only when somebody must receive them. `comment_id`: the
    `remote_id` of the comment it came with; None for one that came with none, or with the ticket's description."""

    remote_id: str
    filename: str
    media_type: str = "application/octet-stream"
    size: int | None = None
    url: str | None = None
    visibility: Visibility = Visibility.PRIVATE
    author: Actor = Actor()
    at: datetime | None = None
    comment_id: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class NativeWork:
    """Time that somebody logged at a desk: whole `minutes`; `at`: when it was done, aware; `activity`: the desk's own word
    for what was done."""

    remote_id: str
    minutes: int
    at: datetime
    author: Actor = Actor()
    text: str = ""
    activity: str = ""


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One field change in the desk's history. `field` is a canonical name; `old` and `new` are native values."""

    id: str
    field: str
    old: str | None
    new: str | None
    at: datetime | None
    actor: Actor = Actor()


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A ticket as its desk has it.

    `fields` maps canonical field names to native values; a name that is missing is *unknown*, None is *empty*.
    `history` holds what came after the `since` of the fetch, oldest first; `has_history` says whether it can be
    trusted to be all of it. `complete` says that comments and attachments are the whole list, so absence means
    removal. `revision` grows with each change where the desk has such a thing; `position` is what to pass as
    `since` next time.
    """

    remote_id: str
    fields: Mapping[str, str | None]
    number: str | None = None
    url: str | None = None
    comments: Sequence[NativeComment] = ()
    attachments: Sequence[NativeAttachment] = ()
    work: Sequence[NativeWork] = ()
    """Time logged there, as far as the desk shows it; what is missing was not taken back."""
    history: Sequence[HistoryEntry] = ()
    has_history: bool = False
    complete: bool = False
    revision: str | None = None
    position: str | None = None
    created_at: datetime | None = None
    changed_at: datetime | None = None
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """What a message or a list row says about one remote ticket: a snapshot, or only that it was touched."""

    remote_id: str
    snapshot: Snapshot | None = None
    marker: str | None = None
    hints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Unread:
    """Something in a list that a person should see before it counts: `id` is the desk's own name of it, `body` the bytes
    as they were, `why` in words."""

    id: str
    body: bytes
    why: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of what changed since a cursor, oldest first. `more` says that another page is ready now. What is `unread`
    is kept as a quarantined message, so that it can be replayed."""

    sightings: Sequence[Sighting]
    cursor: str
    more: bool = False
    unread: Sequence[Unread] = ()


@dataclass(frozen=True, kw_only=True)
class CommentDraft:
    """A comment to write: plain text (attribution already in it) and the visibility it must have there."""

    text: str
    visibility: Visibility
    occurrence: int = 1
    """The how-manieth comment of ours with this very text on this ticket; tells equal texts apart in `find`."""
    author: str = ""
    """For a desk that is another gateway, which says by itself who said something: who did, as far as that may be shown …"""
    plain: str = ""
    """… and the words without it."""
    automatic: bool = False
    """For such a desk: nobody said it, they are words of this gateway's own, which the other one does not pass on."""


@dataclass(frozen=True, kw_only=True)
class AttachmentDraft:
    """A file to attach."""

    filename: str
    media_type: str
    blob: Blob
    visibility: Visibility
    occurrence: int = 1


@dataclass(frozen=True, kw_only=True)
class Command:
    """One effect to bring about at a desk, in that desk's own words.

    `marker` is derived from link and object, so a repeat carries the same one. `fields` maps canonical field names
    to native values. `remote_id` is None only for CREATE.
    """

    id: str
    kind: CommandKind
    marker: str
    remote_id: str | None = None
    fields: Mapping[str, str | None] = field(default_factory=dict)
    comment: CommentDraft | None = None
    attachment: AttachmentDraft | None = None
    object_id: str | None = None
    """For EDIT and REMOVE: which comment of ours, by the desk's own id."""
    was: Mapping[str, str | None] = field(default_factory=dict)
    """For UPDATE: what these fields held when the desk was last read, as `fetch` shows them. A connector that finds
    something else there raises DeskStale and writes nothing. A field that is not named is not compared."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Proof that a command has its effect at the desk.

    `remote_id` is the ticket's; `object_id` the comment's or attachment's. `entries` are the ids of history entries
    this write caused (they are never sightings). `snapshot` is the read-back, if one was made.
    """

    remote_id: str
    marker: str | None = None
    object_id: str | None = None
    number: str | None = None
    url: str | None = None
    entries: Sequence[str] = ()
    snapshot: Snapshot | None = None
    at: datetime | None = None
    created_at: datetime | None = None
    """For `find`: when the desk says the thing was made; the oldest of several is the true one."""


@dataclass(frozen=True, kw_only=True)
class DeskFacts:
    """What a desk says of itself: shown by `doctor`, compared with the profile, never guessed."""

    product: str
    version: str | None = None
    clock: datetime | None = None
    account: Actor = Actor()
    statuses: Sequence[str] = ()
    only_in_use: bool = False
    """`statuses` are those that tickets show, for the product does not tell which others there are."""
    priorities: Sequence[str] = ()
    missing: Sequence[str] = ()
    """What the account lacks for this link, in words a person can act on."""
    sees_beyond: Sequence[str] = ()
    """Places this account can read though the link does not need them."""
