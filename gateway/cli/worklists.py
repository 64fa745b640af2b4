"""`interdesk worklist`: what somebody has to do next, and how."""

from typing import Annotated

import typer

from gateway.app import utc_now
from gateway.cli.terminal import AsJson, opened, print_json, say, show
from gateway.domain.worklists import NAMES
from gateway.flows import worklists, worklog
from gateway.flows.worklists import Wanted

_ITEMS = {
    "number": "TICKET",
    "organization": "WHO",
    "since": "SINCE",
    "due": "DUE",
    "what": "WHAT",
    "hop_id": "ASSIGNMENT",
    "next": "DO THIS",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("worklist")(worklist)


def worklist(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(NAMES)}.", show_default=False)],
    *,
    org: Annotated[
        str | None, typer.Option("--org", help="As this organization sees it.", show_default="the operator")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 50,
    after: Annotated[
        str | None, typer.Option("--after", help="Go on after the page before.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what waits for somebody: each row with its ticket, since when, until when, and what to do."""
    with opened() as gateway:
        party = worklog.party_of(gateway.context, org) if org else None
        wanted = Wanted(name=name, party=party, limit=limit, after=after)
        found = worklists.listed(gateway.context, wanted, now=utc_now())
        names = {one.id: one.code for one in gateway.context.directory_now.organizations.values()}
    items = [worklists.view(item, names) for item in found.items]
    if as_json:
        print_json({"worklist": name, "items": items, "next": found.next})
        return
    show(items, _ITEMS, as_json=False, empty="nothing to do here")
    if found.next is not None:
        say(f"there may be more: --after {found.next}")
