"""`interdesk tickets` and `interdesk explain`: what there is, and why it is so."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from gateway.app import utc_now
from gateway.cli import relink
from gateway.cli.terminal import AsJson, opened, out, print_json, say, show, words
from gateway.errors import NotFound
from gateway.flows.context import OPERATOR
from gateway.flows.explain import Explanation
from gateway.flows.explain import explain as explained
from gateway.store import views

Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")]

_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "events": {"observed_at": "SEEN", "reported_at": "SAID", "type": "EVENT", "hop_id": "AT", "actor_kind": "BY", "data": "WHAT"},
    "because of": {"id": "ID", "type": "EVENT", "hop_id": "AT", "observed_at": "SEEN", "actor_kind": "BY"},
    "tries": {"at": "AT", "kind": "KIND", "outcome": "OUTCOME", "http_status": "STATUS", "took_ms": "MS", "error": "ERROR"},
    "lane": {"seq": "NO", "id": "ID", "kind": "KIND", "state": "STATE", "next_at": "NEXT", "error": "ERROR"},
    "neighbours": {"side": "SIDE", "organization": "ORGANIZATION", "status": "STATUS"},
    "assignments": {"id": "ID", "ticket_id": "TICKET", "desk": "DESK", "number": "NUMBER", "status": "STATUS"},
    "discrepancies": {"at": "AT", "hop_id": "ASSIGNMENT", "kind": "KIND", "data": "WHAT"},
}  # fmt: skip
_WHOLE = ("delivery", "message")
"""Parts that are one thing, told line by line."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Tickets across the chain.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("show")(one)
    group.command("relink")(relink.relink)
    group.command("unlink")(relink.unlink)
    app.add_typer(group, name="tickets")
    app.command("explain")(explain)


def listed(
    only_open: Annotated[bool, typer.Option("--open", help="Only tickets that are not closed.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List tickets, the newest first."""
    with opened() as gateway, gateway.database.read() as db:
        found = views.tickets(db, OPERATOR, limit=limit, narrow=views.Narrow(is_open=only_open))
    if as_json:
        show(found, {}, as_json=True)
        return
    told = [{**ticket, "chain": _chain(ticket)} for ticket in found]
    columns = {"id": "ID", "opened_at": "OPENED", "closed_at": "CLOSED", "chain": "CHAIN"}
    show(told, columns, as_json=False, empty="there are no tickets")


def _chain(ticket: Mapping[str, Any]) -> str:
    hops = " · ".join(map(_in_short, ticket["hops"]))
    return f"TEST: {hops}" if ticket["test"] else hops


def _in_short(hop: dict[str, Any]) -> str:
    return f"{hop['desk']} {hop['number'] or '–'} {hop['status']}"


def one(
    ticket: Annotated[str, typer.Argument(help="The ticket's id.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show a ticket: its assignments and what happened."""
    with opened() as gateway, gateway.database.read() as db:
        found = views.ticket(db, OPERATOR, ticket)
    if found is None:
        raise NotFound(f"there is no ticket {ticket}", cure="interdesk tickets list shows them")
    if as_json:
        print_json(found)
        return
    hops = {
        "id": "ASSIGNMENT",
        "desk": "DESK",
        "number": "NUMBER",
        "status": "STATUS",
        "reason": "REASON",
        "link": "OVER",
    }
    show(found["hops"], hops, as_json=False)
    out().print()
    show(found["events"], _COLUMNS["events"], as_json=False, empty="nothing happened yet")


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A ticket, assignment, delivery, message or event; or a ticket's number.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Say why something is as it is: what it waits for, what was tried, what caused it."""
    with opened() as gateway:
        found = explained(gateway.context, OPERATOR, name, now=utc_now())
    if as_json:
        print_json(asdict(found))
    else:
        _tell(found)


def _tell(found: Explanation) -> None:
    out().print(f"[bold]{found.kind} {words(found.id)}[/]")
    for sentence in found.says:
        out().print(f"  {words(sentence)}")
    for heading, rows in found.parts.items():
        out().print(f"\n[bold]{heading}[/]")
        if heading in _WHOLE:
            show([{"name": key, "value": value} for key, value in rows[0].items()], _PAIR, as_json=False)
        else:
            show(rows, _COLUMNS[heading], as_json=False)
    if not found.parts:
        say("nothing more is known of it")


_PAIR = {"name": "", "value": ""}
