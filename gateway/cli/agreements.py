"""`interdesk agreements`: what is promised now, and binding open tickets to it."""

from typing import Annotated

import typer

from gateway.app import Gateway, utc_now
from gateway.cli.stops import Why, tell_effect
from gateway.cli.terminal import Actor, AsJson, Code, Yes, acting, agreed, opened, say, show
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
    ticket: Annotated[
        str, typer.Argument(metavar="TICKET", help="One ticket's id.", show_default=False)
    ] = "",
    *,
    agreement: Annotated[
        str, typer.Option("--agreement", help="The agreement's code, as it stands now.", show_default=False)
    ],
    reason: Why,
    open_ones: Annotated[
        bool,
        typer.Option("--open", help="All open tickets that are bound to some version of it; asks first."),
    ] = False,
    yes: Yes = False,
    actor: Actor = None,
) -> None:
    """Count open clocks under an agreement as it stands now; closed ones keep the terms they ended under. What it would
    change, `interdesk sla recompute --under` shows before."""
    if bool(ticket) == open_ones:
        raise Invalid("which tickets?", why="TICKET or --open", cure="give one of them")
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    with opened() as gateway:
        tickets = contracts.open_under(gateway.context, agreement) if open_ones else [ticket]
        if open_ones and tickets and not agreed(f"Bind {len(tickets)} open tickets anew?", yes=yes):
            say("nothing was changed")
            raise typer.Exit(Code.FINDINGS)
        done = sum(_rebound(gateway, one, agreement, order) for one in tickets)
    if done:
        say(f"{done} of {len(tickets)} tickets bound anew")
    else:
        say(
            "nothing to do: they stand under these terms"
            if tickets
            else f"no open ticket stands under {agreement}"
        )


def _rebound(gateway: Gateway, ticket: str, agreement: str, order: Order) -> bool:
    effect = contracts.rebind(gateway.context, ticket, agreement, order)
    if effect is None:
        return False
    say(ticket)
    tell_effect(effect)
    return True
