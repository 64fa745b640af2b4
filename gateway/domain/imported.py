"""Tickets whose history was imported: what marks them and their desks. Nobody is told anything because of them, their desks
are never asked and never written to; reports can count them or leave them out."""

from collections.abc import Iterable

from gateway.domain.model import Desk, Event, Ticket

CONNECTOR = "imported"
"""Stands where a desk's connector would: there is none, and nothing to connect to."""
SOURCE = "imported_from"
"""Among a ticket's facts: the history it came with."""
HISTORY = "history"
"""In what is recorded of its opening: the same."""
CUSTOMER = "customer"
"""Among a ticket's facts: the id of the organization it is for, which no site has to tell."""


def is_imported(ticket: Ticket) -> bool:
    """Whether the ticket came with an imported history."""
    return SOURCE in ticket.facts


def was_imported(events: Iterable[Event]) -> bool:
    """The same, by what was recorded of it."""
    return any(event.type == "ticket.opened" and HISTORY in event.data for event in events)


def is_connected(desk: Desk) -> bool:
    """Whether there is a desk to talk to."""
    return desk.connector != CONNECTOR
