"""`interdesk sla`, `interdesk stops` and `interdesk exclude`: what the clocks of a ticket show, why, and what people decide
about the time they stood still."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, acting, opened, out, print_json, say, show, words
from gateway.domain.contract_problems import open_time
from gateway.domain.sla.clocks import Clock
from gateway.domain.sla.ledger import ledger
from gateway.errors import Invalid
from gateway.flows import sla
from gateway.flows.commands import Order

OneTicket = Annotated[str, typer.Argument(metavar="TICKET", help="The ticket's id.", show_default=False)]
OneRequest = Annotated[
    str, typer.Argument(metavar="REQUEST", help="The request's id (evt_…).", show_default=False)
]
ForAgreement = Annotated[
    str, typer.Option("--agreement", help="For this agreement; without it, that of the assignment itself.")
]
Why = Annotated[str, typer.Option("--reason", help="Why; the other side will read it.", show_default=False)]
AsOf = Annotated[
    str | None,
    typer.Option("--at", help="As it was known then (ISO 8601 with offset).", show_default="now"),
]

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
_STOPS = {"request": "REQUEST", "hop": "AT", "code": "CODE", "start": "FROM", "end": "TO", "agreement": "AGREEMENT", "standing": "STANDS"}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the commands."""
    clocks = typer.Typer(help="Clocks of the agreements.", no_args_is_help=True)
    clocks.command("show")(shown)
    clocks.command("explain")(explained)
    app.add_typer(clocks, name="sla")
    requests = typer.Typer(help="Requests to stop a clock.", no_args_is_help=True)
    requests.command("list")(listed)
    requests.command("accept")(accept)
    requests.command("dispute")(dispute)
    requests.command("uphold")(uphold)
    requests.command("void")(void)
    app.add_typer(requests, name="stops")
    app.command("exclude")(exclude)


def shown(ticket: OneTicket, at: AsOf = None, as_json: AsJson = False) -> None:
    """Show a ticket's clocks, who held it how long, and whose a breach is."""
    with opened() as gateway:
        found = sla.read(gateway.context, ticket, now=_moment(at))
        names = _names(gateway.context.directory_now.organizations, found)
    clocks = [_clock(clock) for clock in found.clocks]
    rows, breaches = list(_rows(found, names)), list(_breaches(found, names))
    if as_json:
        print_json({"ticket": found.ticket_id, "clocks": clocks, "ledger": rows, "breaches": breaches})
        return
    show(clocks, _CLOCKS, as_json=False, empty="no agreement holds for this ticket")
    out().print()
    show(rows, _LEDGER, as_json=False, empty="nothing happened yet")
    for breach in breaches:
        out().print(f"\n[bold]{words(breach['clock'])} is {breach['over']} over:[/]")
        for party, part in breach["parts"].items():
            out().print(f"  {words(party)}: {part}")


def _names(organizations: Any, found: sla.Reading) -> dict[str, str]:
    """What people call holders and parties: the organization and its number at its desk."""
    names = {one.id: one.name or one.code for one in organizations.values()}
    for hop in found.hops:
        owner = names.get(hop.org_id, hop.org_id)
        names[hop.id] = f"{owner} {hop.number}" if hop.number else owner
        names[f"link:{hop.id}"] = f"link to {owner}"
    return names | {"requester": "requester", "contract_gap": "contract gap"}


def _clock(clock: Clock) -> dict[str, Any]:
    flags = [name for name in ("stopped", "provisional", "superseded") if getattr(clock, name)]
    return {
        "clock": clock.key,
        "state": f"{clock.state} ({', '.join(flags)})" if flags else clock.state,
        "started_at": clock.started_at,
        "due": clock.due,
        "breached_at": clock.breached_at,
        "elapsed": open_time(clock.elapsed),
        "stopped_time": open_time(clock.stopped_time),
        "remaining": _signed(clock.remaining),
    }


def _signed(amount: timedelta | None) -> str:
    if amount is None:
        return ""
    return f"-{open_time(-amount)}" if amount < timedelta() else open_time(amount)


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
            "event": span.cause,
        }


def _breaches(found: sla.Reading, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    for one in found.attributions:
        if one.breach:
            parts = {names.get(party, party): open_time(part) for party, part in one.parts.items()}
            yield {"clock": one.clock.key, "over": open_time(one.breach), "parts": parts}


def explained(ticket: OneTicket, at: AsOf = None, as_json: AsJson = False) -> None:
    """Say step by step how each clock came to its figures: every stretch with the event that began it."""
    with opened() as gateway:
        found = sla.read(gateway.context, ticket, now=_moment(at))
        names = _names(gateway.context.directory_now.organizations, found)
    steps = {clock.key: list(_steps(clock, names)) for clock in found.clocks}
    if as_json:
        print_json(steps)
        return
    for clock in found.clocks:
        out().print(f"\n[bold]{words(clock.key)}[/] {words(_clock(clock)['state'])}")
        show(steps[clock.key], _STEPS, as_json=False, empty="it has not started")
    if not found.clocks:
        say("no agreement holds for this ticket")


_STEPS = {
    "from": "FROM",
    "to": "TO",
    "clock": "CLOCK",
    "counted": "COUNTED",
    "sum": "SUM",
    "held_by": "HELD BY",
    "state": "STATE",
    "event": "BECAUSE OF",
}


def _steps(clock: Clock, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    total = timedelta()
    for piece in clock.pieces:
        total += timedelta() if piece.stopped else piece.open_time
        yield {
            "from": piece.start,
            "to": piece.end,
            "clock": "stopped" if piece.stopped else "runs",
            "counted": open_time(piece.open_time),
            "sum": open_time(total),
            "held_by": ", ".join(names.get(name, name) for name in piece.span.holders),
            "state": piece.span.state,
            "event": piece.span.cause,
        }


def listed(ticket: OneTicket, as_json: AsJson = False) -> None:
    """List the requests to stop a ticket's clocks, and how each stands."""
    with opened() as gateway:
        found = sla.read(gateway.context, ticket, now=utc_now())
        names = _names(gateway.context.directory_now.organizations, found)
    rows = [
        {
            "request": one.request.id,
            "hop": names.get(one.request.hop, one.request.hop),
            "code": one.request.code,
            "start": one.request.start,
            "end": one.request.end,
            "agreement": one.agreement,
            "standing": one.standing.value,
        }
        for one in sla.stops(found)
    ]
    show(rows, _STOPS, as_json=as_json, empty="nobody asked for a stop that an agreement names")


def accept(request: OneRequest, reason: Why, agreement: ForAgreement = "", actor: Actor = None) -> None:
    """Accept a stop: it counts from its start."""
    _decide(request, "accepted", agreement=agreement, reason=reason, actor=actor)


def dispute(request: OneRequest, reason: Why, agreement: ForAgreement = "", actor: Actor = None) -> None:
    """Dispute a stop: until it is decided it is left out of the headline."""
    _decide(request, "disputed", agreement=agreement, reason=reason, actor=actor)


def uphold(request: OneRequest, reason: Why, agreement: ForAgreement = "", actor: Actor = None) -> None:
    """Uphold a disputed stop: it counts after all."""
    _decide(request, "upheld", agreement=agreement, reason=reason, actor=actor)


def void(request: OneRequest, reason: Why, agreement: ForAgreement = "", actor: Actor = None) -> None:
    """Void a stop, as if it had never been: its time goes to whoever asked for it."""
    _decide(request, "voided", agreement=agreement, reason=reason, actor=actor)


def _decide(request: str, decision: str, *, agreement: str, reason: str, actor: str | None) -> None:
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    with opened() as gateway:
        _effect(sla.decide(gateway.context, request, decision, order, agreement=agreement))


def exclude(
    hop: Annotated[
        str, typer.Argument(metavar="ASSIGNMENT", help="The assignment's id (hop_…).", show_default=False)
    ],
    start: Annotated[str, typer.Option("--from", help="ISO 8601 with offset.", show_default=False)],
    end: Annotated[str, typer.Option("--to", help="ISO 8601 with offset.", show_default=False)],
    reason: Why,
    actor: Actor = None,
) -> None:
    """Leave a span out of net figures, as the consumer agreed; the clock itself does not change."""
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    with opened() as gateway:
        _effect(sla.exclude(gateway.context, hop, _moment(start), _moment(end), order))


def _effect(effect: sla.Effect) -> None:
    """Each clock before and after."""
    before = {clock.key: clock for clock in effect.before}
    for clock in effect.after:
        old = before.get(clock.key)
        if old is None or _clock(old) != _clock(clock):
            was = f"{_clock(old)['state']}, {open_time(old.elapsed)} elapsed" if old else "not there"
            say(f"{clock.key}: {was} → {_clock(clock)['state']}, {open_time(clock.elapsed)} elapsed")
    if [_clock(one) for one in effect.before] == [_clock(one) for one in effect.after]:
        say("recorded; no clock changed")


def _moment(text: str | None) -> datetime:
    if text is None:
        return utc_now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is no moment", cure="write 2026-03-01T09:00:00+01:00") from error
    if at.tzinfo is None:
        raise Invalid(f"{text!r} has no offset", cure="write 2026-03-01T09:00:00+01:00")
    return at.astimezone(UTC)
