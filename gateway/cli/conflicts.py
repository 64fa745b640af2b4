"""`interdesk conflicts`: what both ends of a link set, what lost, what waits for somebody, and deciding it."""

from typing import Annotated, Any

import typer

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, Reason, acting, opened, say, show
from gateway.cli.tickets import Limit
from gateway.flows import conflicts
from gateway.flows.commands import Order

OneConflict = Annotated[
    str, typer.Argument(metavar="CONFLICT", help="The conflict's id (evt_…).", show_default=False)
]
_ROWS = {
    "conflict": "CONFLICT",
    "ticket": "TICKET",
    "field": "FIELD",
    "upstream": "UPSTREAM",
    "downstream": "DOWNSTREAM",
    "owner": "OWNER",
    "policy": "POLICY",
    "standing": "STANDS",
    "winner": "WINNER",
    "found_at": "FOUND",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Fields that both ends of a link set.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("keep")(keep)
    group.command("release")(release)
    app.add_typer(group, name="conflicts")


def listed(
    every: Annotated[bool, typer.Option("--all", help="Those that are settled or decided, too.")] = False,
    ticket: Annotated[str | None, typer.Option("--ticket", help="Of one ticket (tkt_…).")] = None,
    limit: Limit = 200,
    as_json: AsJson = False,
) -> None:
    """List conflicts, the newest first: both values, whose the field is, and who won."""
    order = Order(actor="", now=utc_now())
    asked = conflicts.Asked(every=every, ticket_id=ticket, limit=limit)
    with opened() as gateway:
        found = conflicts.listed(gateway.context, asked, order)
    rows = found if as_json else [_told(one) for one in found]
    show(rows, _ROWS, as_json=as_json, empty="nothing waits for a decision")


def _told(row: dict[str, Any]) -> dict[str, Any]:
    ends = {side: f"{row[side]['desk']}: {row[side]['value'] or '–'}" for side in ("upstream", "downstream")}
    return {**row, **ends}


def keep(
    conflict: OneConflict,
    *,
    mine: Annotated[bool, typer.Option("--mine", help="The value of the desk whose change it was.")] = False,
    theirs: Annotated[bool, typer.Option("--theirs", help="The value of the other desk.")] = False,
    value: Annotated[str | None, typer.Option("--value", help="Another one, in our own words.")] = None,
    reason: Reason = "",
    actor: Actor = None,
) -> None:
    """Decide which value stands; it goes to both desks and wherever the owner's changes go."""
    if mine + theirs + (value is not None) != 1:
        raise typer.BadParameter("say one of --mine, --theirs or --value VALUE")
    choice = (
        (conflicts.VALUE, value) if value is not None else (conflicts.MINE if mine else conflicts.THEIRS, "")
    )
    with opened() as gateway:
        order = Order(actor=acting(actor), reason=reason, now=utc_now())
        done = conflicts.keep(gateway.context, conflict, choice, order)
    say(f"{done['conflict']} is {done['standing']}")


def release(conflict: OneConflict, reason: Reason = "", actor: Actor = None) -> None:
    """Let rules that answered each other set the field again."""
    with opened() as gateway:
        order = Order(actor=acting(actor), reason=reason, now=utc_now())
        done = conflicts.release(gateway.context, conflict, order)
    say(f"{done['conflict']} is {done['standing']}")
