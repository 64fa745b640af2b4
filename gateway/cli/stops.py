"""`interdesk stops` and `interdesk exclude`: what people ask for and decide about the time in which clocks stood still."""

from typing import Annotated

import typer

from gateway.app import utc_now
from gateway.cli.sla import clock_row, names_of
from gateway.cli.sla_options import OneTicket
from gateway.cli.terminal import Actor, AsJson, acting, moment, opened, say, show
from gateway.domain.figures import ran
from gateway.errors import Invalid
from gateway.flows import contracts, sla
from gateway.flows.commands import Order
from gateway.flows.contracts import Wanted

OneRequest = Annotated[
    str, typer.Argument(metavar="REQUEST", help="The request's id (evt_…).", show_default=False)
]
ForAgreement = Annotated[
    str, typer.Option("--agreement", help="For this agreement; without it, that of the assignment itself.")
]
Why = Annotated[str, typer.Option("--reason", help="Why; the other side will read it.", show_default=False)]
OneHop = Annotated[
    str, typer.Argument(metavar="ASSIGNMENT", help="The assignment's id (hop_…).", show_default=False)
]
From = Annotated[str, typer.Option("--from", help="ISO 8601 with offset.", show_default=False)]
To = Annotated[str, typer.Option("--to", help="ISO 8601 with offset.", show_default=False)]

_STOPS = {"request": "REQUEST", "hop": "AT", "code": "CODE", "evidence": "EVIDENCE", "start": "FROM", "end": "TO", "agreement": "AGREEMENT", "standing": "STANDS"}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the commands."""
    requests = typer.Typer(help="Requests to stop a clock.", no_args_is_help=True)
    requests.command("list")(listed)
    requests.command("request")(request)
    requests.command("accept")(accept)
    requests.command("dispute")(dispute)
    requests.command("uphold")(uphold)
    requests.command("void")(void)
    app.add_typer(requests, name="stops")
    app.command("exclude")(exclude)


def request(
    hop: OneHop,
    *,
    code: Annotated[str, typer.Option("--code", help="The reason code.", show_default=False)],
    start: From,
    end: To,
    reason: Why,
    evidence: Annotated[
        list[str] | None,
        typer.Option("--evidence", metavar="KIND=TEXT", help="Like permit_number=4711.", show_default=False),
    ] = None,
    expected_end: Annotated[
        str | None,
        typer.Option("--expected-end", help="When it was expected to end.", show_default="--to"),
    ] = None,
    actor: Actor = None,
) -> None:
    """Ask afterwards that the clocks of an assignment stood still; where the agreement says so, the consumer decides."""
    wanted = Wanted(
        code=code,
        start=moment(start),
        end=moment(end),
        expected_end=moment(expected_end) if expected_end else None,
        evidence=dict(_evidence(one) for one in evidence or []),
    )
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    with opened() as gateway:
        request_id, effect = contracts.request_stop(gateway.context, hop, wanted, order)
    say(f"{request_id} is asked for; interdesk stops list TICKET tells how it stands")
    tell_effect(effect)


def _evidence(text: str) -> tuple[str, str]:
    kind, given, words = text.partition("=")
    if not given or not words.strip():
        raise Invalid(f"{text!r} is no evidence", cure="write KIND=TEXT, like permit_number=4711")
    return kind.strip(), words.strip()


def listed(ticket: OneTicket, as_json: AsJson = False) -> None:
    """List the requests to stop a ticket's clocks, and how each stands."""
    with opened() as gateway:
        found = sla.read(gateway.context, ticket, now=utc_now())
        names = names_of(gateway.context.directory_now.organizations, found)
    rows = [
        {
            "request": one.request.id,
            "hop": names.get(one.request.hop, one.request.hop),
            "code": one.request.own_code or one.request.code,
            "evidence": ", ".join(sorted(one.request.evidence)),
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
        tell_effect(sla.decide(gateway.context, request, decision, order, agreement=agreement))


def exclude(
    hop: OneHop,
    start: From,
    end: To,
    reason: Why,
    actor: Actor = None,
) -> None:
    """Leave a span out of net figures, as the consumer agreed; the clock itself does not change."""
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    with opened() as gateway:
        tell_effect(sla.exclude(gateway.context, hop, moment(start), moment(end), order))


def tell_effect(effect: sla.Effect) -> None:
    """Each clock before and after."""
    before = {clock.key: clock for clock in effect.before}
    for clock in effect.after:
        old = before.get(clock.key)
        if old is None or clock_row(old) != clock_row(clock):
            was = f"{clock_row(old)['state']}, {ran(old.elapsed)} elapsed" if old else "not there"
            say(f"{clock.key}: {was} → {clock_row(clock)['state']}, {ran(clock.elapsed)} elapsed")
    if [clock_row(one) for one in effect.before] == [clock_row(one) for one in effect.after]:
        say("recorded; no clock changed")
