"""The brake: a person stops deliveries over a link, of a group of organizations, or all of them. Nothing is lost: lanes stand and
go on in order when it is off."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.directory import Directory
from gateway.domain.linking import OPERATOR
from gateway.domain.model import Link


class Reach(StrEnum):
    """What a brake stops."""

    LINK = "link"
    GROUP = "group"
    EVERYTHING = "everything"


@dataclass(frozen=True, kw_only=True)
class Brake:
    """One that is on, or was. `target`: a link's id, or an organization's, whose group it stops: its own links and those of all
    that belong to it (their `parent`); empty for everything. `org_id` put it on (`operator` for the operator)."""

    id: str
    org_id: str
    kind: Reach
    target: str
    on_at: datetime
    on_by: str
    reason: str
    off_at: datetime | None = None
    off_by: str = ""


def stopped(directory: Directory, standing: Iterable[Brake]) -> frozenset[str] | None:
    """The ids of links over which nothing is delivered now; None: nothing is delivered at all."""
    on = list(standing)
    if any(brake.kind is Reach.EVERYTHING for brake in on):
        return None
    return frozenset(
        link.id for link in directory.links.values() for brake in on if stops(directory, brake, link)
    )


def stops(directory: Directory, brake: Brake, link: Link) -> bool:
    """Whether a brake stops this link."""
    if brake.kind is Reach.EVERYTHING:
        return True
    if brake.kind is Reach.LINK:
        return brake.target == link.id
    ends = (link.upstream_org_id, link.downstream_org_id)
    return any(brake.target in directory.line_of(org_id) for org_id in ends)


def may_release(brake: Brake, org_id: str) -> bool:
    """Whoever put it on, and the operator."""
    return org_id in (OPERATOR, brake.org_id)
