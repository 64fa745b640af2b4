"""`interdesk warnings`: what is at risk or waits for somebody to take it up, who was told, and saying that one knows."""

from typing import Annotated, Any

import typer

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, Reason, acting, opened, say, show
from gateway.cli.tickets import Limit
from gateway.domain.alarms import Alarm
from gateway.domain.letters import Letter
from gateway.flows.acknowledge import acknowledge
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.store import alarms

_ROWS = {
    "warning": "WARNING",
    "ticket": "TICKET",
    "why": "WHY",
    "about": "ABOUT",
    "since": "SINCE",
    "told": "TOLD",
    "known_to": "KNOWN TO",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Clocks at risk and jobs that nobody takes up.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("acknowledge")(acknowledged)
    app.add_typer(group, name="warnings")


def listed(
    over: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: Limit = 200,
    as_json: AsJson = False,
) -> None:
    """List warnings, the oldest first, with who was told by mail and what became of the letters."""
    with opened() as gateway, gateway.database.read() as db:
        found = alarms.every(db, OPERATOR, over=over, limit=limit)
        letters = alarms.letters_of(db, OPERATOR, [alarm.id for alarm in found])
    rows = [_row(alarm, [one for one in letters if one.warning_id == alarm.id]) for alarm in found]
    show(rows, _ROWS, as_json=as_json, empty="nobody has to be warned of anything")


def _row(alarm: Alarm, letters: list[Letter]) -> dict[str, Any]:
    return {
        "warning": alarm.id,
        "ticket": alarm.ticket_id,
        "why": f"{alarm.kind} {alarm.mark}".strip(),
        "about": alarm.about,
        "since": alarm.raised_at,
        "told": ", ".join(f"{letter.contact} ({letter.state})" for letter in letters),
        "known_to": alarm.acknowledged_by,
        "over_at": alarm.over_at,
    }


def acknowledged(
    warning: Annotated[str, typer.Argument(metavar="ID", help="The warning (wrn_…).", show_default=False)],
    reason: Reason = "",
    actor: Actor = None,
) -> None:
    """Say that you know: nobody else is called about it."""
    with opened() as gateway:
        order = Order(actor=acting(actor), reason=reason, now=utc_now())
        known = acknowledge(gateway.context, warning, order)
    say(f"{known.id}: {known.acknowledged_by} knows")
