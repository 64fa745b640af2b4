"""A ticket's timeline for whoever asks: folded from its events, shown as that party may see it (R32)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.directory import Directory
from gateway.domain.model import Field, Hop
from gateway.domain.timeline import Timeline, timeline, with_tidings
from gateway.errors import NotFound
from gateway.flows import sla
from gateway.flows.context import OPERATOR, Context
from gateway.store import history


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A timeline with what people call the parties in it (organization id → name), the zone of the ticket's site, and the
    viewer's own language."""

    timeline: Timeline
    names: Mapping[str, str]
    zone: str
    language: str = ""
    test: bool = False


def read(context: Context, ticket_id: str, org_id: str | None, *, now: datetime) -> Shown:
    """The timeline as an organization (None: the operator) may see it. Raises NotFound for a ticket that is not there as
    for one that is none of its business."""
    with context.database.read() as db:
        hops, events = history.of_ticket(db, OPERATOR, ticket_id)
        found = sla.of_events(context, db, (hops, events), now=now) if hops else None
    numbers = {hop.id: hop.number for hop in hops if hop.number}
    seen = timeline(ticket_id, found.folded, found.clocks, org_id, numbers) if found else None
    if found is None or seen is None:
        raise NotFound("there is no such ticket")
    seen = with_tidings(seen, found.folded, events)
    directory = context.directory_now
    viewer = directory.organizations.get(org_id or "")
    return Shown(
        timeline=seen,
        names=_names(directory, seen),
        zone=_zone(directory, found.hops),
        language=viewer.language if viewer else "",
        test=_is_test(directory, hops),
    )


def _names(directory: Directory, seen: Timeline) -> dict[str, str]:
    """The names of those who may be named, and of nobody else."""
    orgs = {lane.org for lane in seen.lanes} | {seen.org or ""}
    orgs |= {org for line in seen.clocks for org in (line.provider, line.consumer)}
    return {org: directory.organization_name(org) for org in orgs if org}


def _is_test(directory: Directory, hops: Sequence[Hop]) -> bool:
    """Whether the chain began at a test desk."""
    roots = (directory.desks.get(hop.desk_id) for hop in hops if hop.parent_id is None)
    return any(desk is not None and desk.test for desk in roots)


def _zone(directory: Directory, hops: Sequence[Hop]) -> str:
    """The zone of the site that the ticket names; UTC where it names none."""
    for hop in hops:
        code = hop.facts.get(Field.SITE)
        if code:
            found = [site for (_, known), site in directory.sites.items() if known == code]
            own = next((site for site in found if site.org_id == hops[0].org_id), None)
            if found:
                return (own or found[0]).zone
    return "UTC"
