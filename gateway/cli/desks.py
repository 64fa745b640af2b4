"""`interdesk desks`: how talking to each desk goes, and letting a held one go on."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, Reason, acting, opened, say, show
from gateway.domain import breaker
from gateway.flows import commands
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.store import views

_COLUMNS = {
    "code": "DESK",
    "organization": "ORGANIZATION",
    "connector": "CONNECTOR",
    "state": "STATE",
    "polled_at": "POLLED",
    "held": "WHY",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The desks that are linked.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("release")(release)
    app.add_typer(group, name="desks")


def listed(as_json: AsJson = False) -> None:
    """List the desks and how talking to them goes."""
    with opened() as gateway, gateway.database.read() as db:
        found = [{**desk, "state": _state(desk)} for desk in views.desks(db, OPERATOR)]
    show(found, _COLUMNS, as_json=as_json, empty="no desk is configured; interdesk apply FILE makes them")


UNPOLLED = timedelta(minutes=30)
"""A desk that showed no page of changes for so long is not well, whatever else it does (as in deploy/alerts.yaml)."""


def _state(desk: dict[str, Any]) -> str:
    state, now = breaker.from_document(desk["breaker"]), utc_now()
    if desk["held"]:
        return "held"
    if state.open_until is not None and state.open_until > now:
        return "left alone"
    if state.slow_until is not None and state.slow_until > now:
        return "slowed down"
    if state.failures:
        return "failing"
    return "well" if desk["polled_at"] and now - desk["polled_at"] < UNPOLLED else "not polled"


def release(
    code: Annotated[str, typer.Argument(metavar="DESK", help="The desk's code.", show_default=False)],
    reason: Reason = "",
    actor: Actor = None,
) -> None:
    """Talk to a held desk again."""
    with opened() as gateway:
        commands.release_desk(gateway.context, code, Order(actor=acting(actor), reason=reason, now=utc_now()))
    say(f"desk {code} is talked to again")
