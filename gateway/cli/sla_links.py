"""`interdesk sla link`, `sla links`, `sla unlink`: the page of one ticket for people who have no key."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from gateway.app import Gateway, utc_now
from gateway.cli.sla_options import OneTicket
from gateway.cli.terminal import Actor, AsJson, acting, opened, print_json, say, show
from gateway.config import Settings
from gateway.domain.documents import length
from gateway.errors import Invalid
from gateway.flows import share
from gateway.store.share import ShareLink

COLUMNS = {
    "id": "ID",
    "organization": "SEEN AS",
    "state": "STATE",
    "created_at": "MADE",
    "created_by": "BY",
    "expires_at": "EXPIRES",
    "used_at": "LAST USED",
}


def register(group: typer.Typer) -> None:
    """Add the commands to `interdesk sla`."""
    group.command("link")(link)
    group.command("links")(links)
    group.command("unlink")(unlink)


def link(
    ticket: OneTicket,
    organization: Annotated[
        str,
        typer.Option("--for", help="Whose view it opens: the organization's code.", show_default=False),
    ],
    expires: Annotated[
        str, typer.Option("--expires", help="How long it works: 8h, 7d, at most 366d.")
    ] = "7d",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make a link to a ticket's page as one organization may see it. It is printed this once and kept nowhere."""
    wanted = share.Wanted(subject=ticket, organization=organization, lasts=link_length(expires))
    with opened() as gateway:
        made, token = share.create(gateway.context, wanted, actor=acting(actor), now=utc_now())
        tell_link(gateway.settings, made, token, organization, as_json=as_json)


def tell_link(settings: Settings, made: ShareLink, token: str, organization: str, *, as_json: bool) -> None:
    """The address, this once."""
    url = f"{settings.address}/shared/{token}"
    if as_json:
        print_json({"id": made.id, "url": url, "organization": organization, "expires_at": made.expires_at})
        return
    typer.echo(url)
    say(
        f"{made.id}: works until {made.expires_at:%Y-%m-%d %H:%M} UTC for whoever holds it, as {organization}"
    )
    if not settings.public_url:
        say(
            "it begins with this machine's own address; INTERDESK_PUBLIC_URL names what browsers elsewhere reach"
        )


def link_length(text: str) -> timedelta:
    """How long a link is to work. Raises Invalid."""
    try:
        return length(text)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"--expires {text!r} is no length of time", cure="write 8h or 7d") from error


def links(ticket: OneTicket, as_json: AsJson = False) -> None:
    """List a ticket's links, those that no longer work too."""
    with opened() as gateway:
        rows = link_rows(gateway, ticket, now=utc_now())
    show(rows, COLUMNS, as_json=as_json, empty="nobody was given a link to this ticket")


def link_rows(gateway: Gateway, subject: str, *, now: datetime) -> list[dict[str, Any]]:
    """The links to a ticket or report, and whether each works."""
    found = share.listed(gateway.context, subject)
    with gateway.database.read() as db:
        known = gateway.context.directory(db).organizations
    names = ("id", "created_at", "created_by", "expires_at", "used_at")
    return [
        {
            **{name: getattr(one, name) for name in names},
            "organization": known[one.org_id].code if one.org_id in known else one.org_id,
            "state": "works" if one.is_valid(now) else "taken back" if one.revoked_at else "expired",
        }
        for one in found
    ]


def unlink(
    link_id: Annotated[str, typer.Argument(metavar="LINK", help="The link's id.", show_default=False)],
    actor: Actor = None,
) -> None:
    """Take a link back, at once."""
    with opened() as gateway:
        gone = share.revoke(gateway.context, link_id, actor=acting(actor), now=utc_now())
    say(f"{gone.id} opens nothing any more")
