"""What the native API tells of links and brakes, as types. See `gateway.client.shapes`."""

from typing import Any, Required

from typing_extensions import TypedDict

from gateway.client.shapes import Moment, Ticket


class LinkInShort(TypedDict, total=False):
    """A link in a list."""

    id: Required[str]
    code: str
    state: str
    test: bool
    upstream: str
    downstream: str
    upstream_desk: str
    downstream_desk: str
    valid_until: Moment | None


class Check(TypedDict, total=False):
    """One line of what was asked of a desk; of the other side's only whether it passes."""

    desk: str
    org_id: str
    name: str
    fine: bool
    must: bool
    what: str
    cure: str


class Step(TypedDict, total=False):
    """What happened to a link or an invitation."""

    subject: str
    at: Moment
    by: str
    actor: str
    act: str
    before: str
    after: str
    reason: str


class Link(LinkInShort, total=False):
    """A link whole, as one side reads it. `stays` is told when it ends."""

    passes: dict[str, Any] | None
    crosses: dict[str, Any] | None
    agreement: str
    ready: list[str]
    paused_by: list[str]
    open_tickets: int
    warnings: list[str]
    checked_at: Moment | None
    check_at: Moment | None
    checks: list[Check]
    steps: list[Step]
    stays: list[str]


Invitation = TypedDict(
    "Invitation",
    {
        "id": Required[str],
        "from": str,
        "desk": str,
        "role": str,
        "to": str,
        "contact": str,
        "agreement": str,
        "terms": dict[str, Any],
        "state": str,
        "created_at": Moment,
        "created_by": str,
        "expires_at": Moment,
        "answered_at": Moment | None,
        "answered_by": str,
        "answered_for": str,
        "reason": str,
        "link": str | None,
        "code": str,
    },
    total=False,
)
"""An invitation as one side reads it; `code` only when it is made."""


class Protocol(TypedDict, total=False):
    """A certification: what was played, and our signature over everything else."""

    protocol: Required[str]
    version: int
    run: str
    link: str
    upstream: dict[str, str]
    downstream: dict[str, str]
    begun_at: Moment
    ended_at: Moment | None
    by: str
    situations: list[dict[str, Any]]
    counts: dict[str, int]
    signature: str


class Vouched(TypedDict):
    """Whether a protocol bears the gateway's signature and nothing in it was changed since."""

    genuine: bool


class DryRun(TypedDict, total=False):
    """What a link would make of a ticket."""

    ticket: str
    error: str
    desk: str
    at: str
    passes: bool
    refused: str
    fields: dict[str, Any]
    comments: list[dict[str, Any]]
    files: list[dict[str, Any]]
    withheld: list[dict[str, str]]


class Exported(TypedDict, total=False):
    """A line of an export: the link, or one of its tickets."""

    link: Link
    ticket: Ticket


class Brake(TypedDict, total=False):
    """What stops deliveries."""

    id: Required[str]
    kind: str
    target: str
    by: str
    on_at: Moment
    on_by: str
    reason: str
    off_at: Moment | None
    off_by: str


class TotalsDifference(TypedDict, total=False):
    """A ticket that one end counts in a figure and the other does not; `tickets`: its numbers at the reader's own desks."""

    figure: str
    counted_by: str
    tickets: list[str]


class Totals(TypedDict, total=False):
    """A day of a link: `sent`, `taken`, `refused`, `unanswered` and `open` as each end counts them."""

    link: Required[str]
    test: bool
    day: str
    counted_at: Moment
    restated: int
    upstream: dict[str, int]
    downstream: dict[str, int]
    differences: list[TotalsDifference]
