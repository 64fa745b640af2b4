"""`interdesk priority`: what the consumer agrees to about the priority of a ticket."""

from typing import Annotated

import typer

from gateway.app import utc_now
from gateway.cli.stops import tell_effect
from gateway.cli.terminal import Actor, acting, opened
from gateway.flows import priorities
from gateway.flows.commands import Order

OneChange = Annotated[
    str, typer.Argument(metavar="EVENT", help="The change's id (evt_…).", show_default=False)
]
Why = Annotated[str, typer.Option("--reason", help="Why; the other side will read it.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The priority of a ticket.", no_args_is_help=True)
    group.command("agree")(agree)
    app.add_typer(group, name="priority")


def agree(event: OneChange, reason: Why, actor: Actor = None) -> None:
    """Agree for the consumer to a change of priority that the provider made: it counts from now on."""
    with opened() as gateway:
        order = Order(actor=acting(actor), reason=reason, now=utc_now())
        tell_effect(priorities.agree(gateway.context, event, order))
