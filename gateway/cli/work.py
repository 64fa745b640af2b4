"""What waits for a person: `interdesk parked`, `give-up`, `ambiguous`, `messages`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from gateway.app import utc_now
from gateway.cli.terminal import (
    Actor,
    AsJson,
    Code,
    Reason,
    Yes,
    acting,
    agreed,
    opened,
    say,
    show,
)
from gateway.cli.tickets import Limit
from gateway.flows import commands
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.store import views

_DELIVERIES = {
    "id": "ID",
    "desk": "DESK",
    "kind": "KIND",
    "ticket_id": "TICKET",
    "created_at": "SINCE",
    "error": "WHY",
}
_MESSAGES = {"id": "ID", "desk": "DESK", "received_at": "CAME", "state": "STATE", "error": "WHY"}
_STATES = ("received", "processed", "quarantined")

OneId = Annotated[str, typer.Argument(metavar="ID", help="A delivery.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("parked")(parked)
    app.command("give-up")(give_up)
    ambiguous = typer.Typer(
        help="Deliveries of which nobody knows whether they arrived.", no_args_is_help=True
    )
    ambiguous.command("list")(doubtful)
    ambiguous.command("resolve")(resolve)
    app.add_typer(ambiguous, name="ambiguous")
    messages = typer.Typer(help="What came in at the hooks.", no_args_is_help=True)
    messages.command("list")(arrived)
    app.add_typer(messages, name="messages")


def parked(limit: Limit = 200, as_json: AsJson = False) -> None:
    """List deliveries that were refused for good and wait for a person."""
    _list(["parked"], limit, as_json=as_json, empty="nothing is parked")


def doubtful(limit: Limit = 200, as_json: AsJson = False) -> None:
    """List deliveries of which it is not known whether they arrived: `asking` wait for a person, of `ambiguous` ones the
    desk is asked again and again."""
    _list(["asking", "ambiguous"], limit, as_json=as_json, empty="nothing is in doubt")


def _list(states: Sequence[str], limit: int, *, as_json: bool, empty: str) -> None:
    with opened() as gateway, gateway.database.read() as db:
        found = views.deliveries(db, OPERATOR, views.Deliveries(states=states, limit=limit))
    show(found, _DELIVERIES, as_json=as_json, empty=empty)


def arrived(
    state: Annotated[str | None, typer.Option("--state", help=f"One of: {', '.join(_STATES)}.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List messages, the newest first."""
    if state is not None and state not in _STATES:
        raise typer.BadParameter(f"{state!r} is none of: {', '.join(_STATES)}", param_hint="--state")
    with opened() as gateway, gateway.database.read() as db:
        found = views.messages(db, OPERATOR, state=state, limit=limit)
    show(found, _MESSAGES, as_json=as_json, empty="there are none")


def give_up(
    delivery: OneId,
    reason: Annotated[str, typer.Option("--reason", help="Why; stands in the audit.", show_default=False)],
    actor: Actor = None,
    yes: Yes = False,
) -> None:
    """Give a parked or doubtful delivery up; its lane goes on without it."""
    with opened() as gateway:
        if not agreed(f"Give {delivery} up for good?", yes=yes):
            raise typer.Exit(Code.FINDINGS)
        order = Order(actor=acting(actor), reason=reason, now=utc_now())
        gone = commands.cancel_parked(gateway.context, delivery, order)
    say(f"{gone.id} is {gone.state.value}")


def resolve(
    delivery: OneId,
    exists: Annotated[
        str | None, typer.Option("--exists", help="The desk has it, under this number.", metavar="NUMBER")
    ] = None,
    absent: Annotated[
        bool, typer.Option("--absent", help="The desk does not have it: send it again.")
    ] = False,
    reason: Reason = "",
    actor: Actor = None,
) -> None:
    """Say what you found at the desk: the delivery arrived there, or it did not."""
    if (exists is None) is not absent:
        raise typer.BadParameter("say either --exists NUMBER or --absent")
    with opened() as gateway:
        order = Order(actor=acting(actor), reason=reason, now=utc_now())
        after = commands.resolve_ambiguous(gateway.context, delivery, exists, order)
    say(f"{after.id} is {after.state.value}")
