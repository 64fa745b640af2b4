"""`interdesk agreements`: what is promised now, and binding open tickets to it."""

from typing import Annotated

import typer

from gateway.app import Gateway, utc_now
from gateway.cli.stops import Why, tell_effect
from gateway.cli.terminal import Actor, AsJson, Code, acting, opened, say, show
from gateway.errors import Invalid
from gateway.flows import contracts
from gateway.flows.commands import Order

_COLUMNS = {
    "agreement": "AGREEMENT",
    "kind": "KIND",
    "provider": "PROVIDER",
    "consumer": "CONSUMER",
    "valid_from": "FROM",
    "valid_until": "UNTIL",
    "terms": "TERMS",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What is promised to whom.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("rebind")(rebind)
    app.add_typer(group, name="agreements")


def listed(as_json: AsJson = False) -> None:
    """List the agreements as they stand; TERMS names the version that new tickets are bound to."""
    with opened() as gateway:
        with gateway.database.read() as db:
            known = gateway.context.directory(db)
        rows = [
            {
                "agreement": one.code,
                "kind": one.kind.value,
                "provider": known.organization_name(one.terms.provider),
                "consumer": known.organization_name(one.terms.consumer),
                "valid_from": one.valid_from,
                "valid_until": one.valid_until,
                "terms": "of each site" if one.template is not None else one.sheet[:12],
            }
            for one in known.agreements
        ]
    show(rows, _COLUMNS, as_json=as_json, empty="there is no agreement")


def rebind(
    agreement: Annotated[
        str, typer.Option("--agreement", help="The agreement's code, as it stands now.", show_default=False)
    ],
    reason: Why,
    ticket: Annotated[
        str, typer.Argument(metavar="[TICKET]", help="One ticket's id.", show_default=False)
    ] = "",
    open_ones: Annotated[
        bool, typer.Option("--open", help="All open tickets that are bound to some version of it.")
    ] = False,
    actor: Actor = None,
) -> None:
    """Count open clocks under an agreement as it stands now; closed ones keep the terms they ended under."""
    if bool(ticket) == open_ones:
        raise Invalid("which tickets?", why="TICKET or --open", cure="give one of them")
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    with opened() as gateway:
        tickets = contracts.open_under(gateway.context, agreement) if open_ones else [ticket]
        done = sum(_rebound(gateway, one, agreement, order) for one in tickets)
    say(
        f"{done} of {len(tickets)} tickets bound anew"
        if done
        else "nothing to do: they stand under these terms"
    )
    if not tickets:
        raise typer.Exit(Code.FINDINGS)


def _rebound(gateway: Gateway, ticket: str, agreement: str, order: Order) -> bool:
    effect = contracts.rebind(gateway.context, ticket, agreement, order)
    if effect is None:
        return False
    say(ticket)
    tell_effect(effect)
    return True
