"""`interdesk restored`: what to say to the gateway after a backup was put back."""

import typer

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, Reason, Yes, acting, agreed, opened, show_one
from gateway.flows.commands import Order
from gateway.flows.restored import doubt_everything


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("restored")(restored)


def restored(
    *,
    reason: Reason = "a backup was put back",
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Ask the desks about everything unfinished, and look at every open ticket again. Say it after a restore."""
    with opened() as gateway:
        if not agreed(
            "Ask the desks about all unfinished work and look at every open ticket again?", yes=yes
        ):
            raise typer.Exit(1)
        order = Order(actor=acting(actor), now=utc_now(), reason=reason)
        found = doubt_everything(gateway.context, order)
    show_one(
        {
            "asked about": found.deliveries,
            "looked at again": found.looks,
            "compared in 15 minutes": found.compared,
        },
        as_json=as_json,
    )
