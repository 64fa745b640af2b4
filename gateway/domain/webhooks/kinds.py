"""Which of our events are told outside, and under which name. A name with its version is a promise: `schemas/event_*.json`."""

from collections.abc import Mapping

PREFIX, VERSION = "interdesk", "v1"

KINDS: Mapping[str, str] = {
    "ticket.opened": "a ticket was opened at one of your desks",
    "ticket.closed": "the case was closed",
    "ticket.reopened": "it was opened again",
    "ticket.status": "an assignment's status changed: yours, or one right above or below",
    "ticket.priority": "the priority changed at one of your desks",
    "assignment.changed": "an assignment was offered, received, accepted, declined, returned, withdrawn, or lapsed",
    "comment.added": "a comment that you may read",
    "comment.edited": "its words changed",
    "comment.removed": "it was taken away",
    "attachment.added": "a file that you may read",
    "clock.warned": "a clock of an agreement of yours came to a mark",
    "clock.breached": "it passed its target",
    "delivery.parked": "something cannot be written at your desk without a person",
    "link.changed": "a link of yours moved: invited, live, paused, ended",
    "report.published": "a report for you was published",
    "webhook.test": "somebody tries the webhook out",
}
"""Name → what it says."""

OF_EVENTS: Mapping[str, str] = {
    "ticket.opened": "ticket.opened",
    "ticket.closed": "ticket.closed",
    "ticket.reopened": "ticket.reopened",
    "status.changed": "ticket.status",
    "priority.changed": "ticket.priority",
    **{
        f"assignment.{act}": "assignment.changed"
        for act in ("offered", "received", "accepted", "declined", "expired", "withdrawn", "returned")
    },
    "comment.added": "comment.added",
    "comment.edited": "comment.edited",
    "comment.removed": "comment.removed",
    "attachment.added": "attachment.added",
    "clock.warned": "clock.warned",
    "clock.breached": "clock.breached",
    "delivery.parked": "delivery.parked",
}
"""Type of a recorded event → name outside. What is not here stays inside."""


def cloud_type(kind: str) -> str:
    """`interdesk.ticket.opened.v1`."""
    return f"{PREFIX}.{kind}.{VERSION}"


def schema_of(kind: str) -> str:
    """The schema that a whole message of this kind fits: `event_ticket_opened.v1`."""
    return f"event_{kind.replace('.', '_')}.{VERSION}"
