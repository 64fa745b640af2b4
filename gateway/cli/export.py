"""`interdesk export data`: everything of one organization in one file."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, Reason, acting, opened, say, show_one
from gateway.flows import data_export
from gateway.flows.commands import Order


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Data for whom they belong to.", no_args_is_help=True)
    group.callback()(_alone)
    group.command("data")(data)
    app.add_typer(group, name="export")


def _alone() -> None:
    """Data for whom they belong to."""


def data(
    *,
    organization: Annotated[str, typer.Option("--organization", help="Whose (code).")],
    out: Annotated[Path, typer.Option("--out", help="A new file.")],
    reason: Reason = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Write all data of one organization, its side only: JSON lines, files, and a manifest with the hash of each."""
    with opened() as gateway:
        order = Order(actor=acting(actor), now=utc_now(), reason=reason)
        done = data_export.write(gateway.context, gateway.blobs, organization, out, order)
    rows = {one.name: one.rows for one in done.entries if one.rows is not None}
    files = sum(one.rows is None for one in done.entries)
    show_one({"rows": rows, "files": files, "lacking": list(done.lacking)}, as_json=as_json)
    if done.lacking:
        say(f"{len(done.lacking)} files lack that the database speaks of")
