"""`interdesk sla events`: what the clocks of a ticket read, each with the moment it took effect and what that follows from.
Whoever wants to check a clock by hand needs nothing else but the agreement."""

from collections.abc import Iterator
from typing import Any

import typer

from gateway.cli.sla_options import AsOf, OneTicket
from gateway.cli.terminal import AsJson, moment, opened, out, print_json, show
from gateway.domain.sla.terms import Record
from gateway.flows import sla

_COLUMNS = {
    "effective_at": "TOOK EFFECT",
    "type": "EVENT",
    "where": "AT",
    "what": "WHAT",
    "reported_at": "THE DESK SAYS",
    "observed_at": "SEEN",
    "contrary_seen_at": "NOT YET SO",
    "id": "ID",
    "cause": "BECAUSE OF",
}
_PLAIN = ("status", "reason", "code", "priority", "decision")


def register(group: typer.Typer) -> None:
    """Add the command to `interdesk sla`."""
    group.command("events")(events)


def events(ticket: OneTicket, at: AsOf = None, as_json: AsJson = False) -> None:
    """List what a ticket's clocks are folded from: when each event took effect, what its desk said, when it was seen."""
    with opened() as gateway:
        found = sla.read(gateway.context, ticket, now=moment(at))
        desks = gateway.context.directory_now.desks
        where = {hop.id: desks[hop.desk_id].code for hop in found.hops if hop.desk_id in desks}
    rows = list(_rows(found, where))
    if as_json:
        print_json({"ticket": found.ticket_id, "events": rows})
        return
    told = [{**row, "effective_at": row["effective_at"].isoformat(timespec="milliseconds")} for row in rows]
    show(told, _COLUMNS, as_json=False, empty="nothing happened yet")
    if rows:
        out().print("\nAn event takes effect when its desk says, within what was seen and what caused it.")


def _rows(found: sla.Reading, where: dict[str, str]) -> Iterator[dict[str, Any]]:
    told = found.folded.told
    for record in told.records:
        yield {
            "id": record.id,
            "type": record.type,
            "hop": record.hop,
            "where": where.get(record.hop or "", ""),
            "effective_at": told.effective[record.id],
            "reported_at": record.reported_at,
            "stated_at": record.stated_at,
            "observed_at": record.observed_at,
            "contrary_seen_at": record.contrary_seen_at,
            "cause": record.cause or told.causes.get(record.id),
            "what": _what(record),
            "data": dict(record.data),
        }


def _what(record: Record) -> str:
    return " ".join(str(record.data[name]) for name in _PLAIN if record.data.get(name))
