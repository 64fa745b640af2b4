"""`interdesk sla`: what the clocks of a ticket show, and why."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import typer

from gateway.cli import forecast, sla_events, sla_links, sla_recompute
from gateway.cli.sla_options import AsOf, OneTicket
from gateway.cli.terminal import AsJson, moment, opened, out, print_json, say, show, words
from gateway.domain import disagreement
from gateway.domain.figures import left, open_time, ran
from gateway.domain.sla.clocks import Clock
from gateway.domain.sla.ledger import ledger
from gateway.flows import sla

_CLOCKS = {
    "clock": "CLOCK",
    "state": "STATE",
    "started_at": "STARTED",
    "due": "DUE",
    "elapsed": "ELAPSED",
    "stopped_time": "STOPPED",
    "remaining": "LEFT",
}
_LEDGER = {
    "from": "FROM",
    "to": "TO",
    "held_by": "HELD BY",
    "booked_to": "BOOKED TO",
    "state": "STATE",
    "reason": "REASON",
    "length": "LENGTH",
    "event": "BECAUSE OF",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    clocks = typer.Typer(help="Clocks of the agreements.", no_args_is_help=True)
    clocks.command("show")(shown)
    clocks.command("explain")(explained)
    sla_events.register(clocks)
    forecast.register(clocks)
    sla_recompute.register(clocks)
    sla_links.register(clocks)
    app.add_typer(clocks, name="sla")


def shown(ticket: OneTicket, at: AsOf = None, as_json: AsJson = False) -> None:
    """Show a ticket's clocks, who held it how long, and whose a breach is."""
    with opened() as gateway:
        found = sla.read(gateway.context, ticket, now=moment(at))
        names = names_of(gateway.context.directory_now.organizations, found)
    clocks = [clock_row(clock) for clock in found.clocks]
    rows, breaches = list(_rows(found, names)), list(_breaches(found, names))
    if as_json:
        doubts = [data for _, data in disagreement.views(found.folded.told)]
        told = {"ticket": found.ticket_id, "clocks": clocks, "ledger": rows, "breaches": breaches}
        print_json({**told, "discrepancies": doubts})
        return
    show(clocks, _CLOCKS, as_json=False, empty="no agreement holds for this ticket")
    out().print()
    show(rows, _LEDGER, as_json=False, empty="nothing happened yet")
    for breach in breaches:
        out().print(f"\n[bold]{words(breach['clock'])} is {breach['over']} over:[/]")
        for party, part in breach["parts"].items():
            out().print(f"  {words(party)}: {part}")
    for doubt, data in disagreement.views(found.folded.told):
        out().print(
            f"\n[bold]{words(doubt.kind)}:[/] {words(doubt.event)} was reported for {data['reported_at']}"
        )
        out().print(f"  the clocks take {data['effective_at']}; {words(data['cure'])}")


def names_of(organizations: Any, found: sla.Reading) -> dict[str, str]:
    """What people call holders and parties: the organization and its number at its desk."""
    names = {one.id: one.name or one.code for one in organizations.values()}
    for hop in found.hops:
        owner = names.get(hop.org_id, hop.org_id)
        names[hop.id] = f"{owner} {hop.number}" if hop.number else owner
        names[f"link:{hop.id}"] = f"link to {owner}"
    return names | {"requester": "requester", "contract_gap": "contract gap"}


def clock_row(clock: Clock) -> dict[str, Any]:
    """A clock as people read it."""
    flags = [name for name in ("stopped", "provisional", "superseded") if getattr(clock, name)]
    return {
        "clock": clock.key,
        "state": f"{clock.state} ({', '.join(flags)})" if flags else clock.state,
        "started_at": clock.started_at,
        "due": clock.due,
        "breached_at": clock.breached_at,
        "elapsed": ran(clock.elapsed),
        "stopped_time": open_time(clock.stopped_time),
        "remaining": "" if clock.remaining is None else left(clock.remaining),
        "ended_at": clock.ended_at,
        "seconds": {
            "target": _seconds(clock.target),
            "elapsed": _seconds(clock.elapsed),
            "stopped_time": _seconds(clock.stopped_time),
            "remaining": _seconds(clock.remaining),
        },
    }


def _seconds(length: timedelta | None) -> float | None:
    """Exact, for programs; the words beside it are rounded."""
    return None if length is None else length.total_seconds()


def _rows(found: sla.Reading, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    for span in ledger(found.folded.spans):
        yield {
            "from": span.start,
            "to": span.end,
            "held_by": ", ".join(names.get(name, name) for name in span.holders),
            "booked_to": ", ".join(names.get(name, name) for name in span.booked_to),
            "state": span.state,
            "reason": span.reason,
            "length": open_time(span.end - span.start),
            "seconds": _seconds(span.end - span.start),
            "event": span.cause,
        }


def _breaches(found: sla.Reading, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    for one in found.attributions:
        if one.breach:
            parts = {names.get(party, party): open_time(part) for party, part in one.parts.items()}
            exact = {names.get(party, party): _seconds(part) for party, part in one.parts.items()}
            seconds = {"over": _seconds(one.breach), "parts": exact}
            yield {"clock": one.clock.key, "over": ran(one.breach), "parts": parts, "seconds": seconds}


def explained(ticket: OneTicket, at: AsOf = None, as_json: AsJson = False) -> None:
    """Say step by step how each clock came to its figures: every stretch with the event that began it."""
    with opened() as gateway:
        found = sla.read(gateway.context, ticket, now=moment(at))
        names = names_of(gateway.context.directory_now.organizations, found)
    steps = {clock.key: list(step_rows(clock, names)) for clock in found.clocks}
    if as_json:
        print_json(steps)
        return
    for one in found.bindings:
        late = "; it had ended, and goes on until it is renewed" if one.in_renewal else ""
        whose = names.get(one.hop, one.hop)
        out().print(
            f"[bold]{words(one.agreement)}[/] holds at {words(whose)} on the level of {one.level or 'the customer'}{late}"
        )
    for clock in found.clocks:
        out().print(f"\n[bold]{words(clock.key)}[/] {words(clock_row(clock)['state'])}")
        show(steps[clock.key], STEPS, as_json=False, empty="it has not started")
    if not found.clocks:
        say("no agreement holds for this ticket")


STEPS = {
    "from": "FROM",
    "to": "TO",
    "clock": "CLOCK",
    "counted": "COUNTED",
    "sum": "SUM",
    "held_by": "HELD BY",
    "booked_to": "BOOKED TO",
    "state": "STATE",
    "event": "BECAUSE OF",
}


def step_rows(clock: Clock, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    """A clock stretch by stretch, each with the event that began it."""
    total = timedelta()
    for piece in clock.pieces:
        total += timedelta() if piece.stopped else piece.open_time
        yield {
            "from": piece.start,
            "to": piece.end,
            "clock": "stopped" if piece.stopped else "runs",
            "counted": open_time(piece.open_time),
            "seconds": _seconds(piece.open_time),
            "sum": ran(total),
            "held_by": ", ".join(names.get(name, name) for name in piece.span.holders),
            "booked_to": ", ".join(names.get(name, name) for name in piece.span.booked_to),
            "state": piece.span.state,
            "event": piece.span.cause,
        }
