"""Tickets whose history was imported: what marks them and their desks. Nobody is told anything because of them, their desks
are never asked and never written to; reports can count them or leave them out."""

from gateway.domain.model import Desk, Ticket

CONNECTOR = "imported"
"""Stands where a desk's connector would: there is none, and nothing to connect to."""
SOURCE = "imported_from"
"""Among a ticket's facts: the history it came with."""
CUSTOMER = "customer"
"""Among a ticket's facts: the id of the organization it is for, which no site has to tell."""


def is_imported(ticket: Ticket) -> bool:
    """Whether the ticket came with an imported history."""
    return SOURCE in ticket.facts


def is_connected(desk: Desk) -> bool:
    """Whether there is a desk to talk to."""
    return desk.connector != CONNECTOR
