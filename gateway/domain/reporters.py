"""Whose desk tells of an event: its clock, granularity and time basis are those of the reported time (R1–R3)."""

from gateway.domain.model import Hop

_TOLD_ABOVE = frozenset({"assignment.offered", "resolution.rejected", "resolution.confirmed"})
"""What befalls a hop by an act at its parent's desk."""


def reporter(kind: str, hop: Hop) -> str:
    """The id of the hop whose desk tells of an event of that kind that befell `hop`."""
    return hop.parent_id if kind in _TOLD_ABOVE and hop.parent_id else hop.id
