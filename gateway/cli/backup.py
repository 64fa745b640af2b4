"""`interdesk backup` and `interdesk restore`: one sealed file that holds an installation, and putting it back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gateway import app as wiring
from gateway import config, vault
from gateway.app import Gateway, utc_now
from gateway.cli.erase import keep_of
from gateway.cli.terminal import Actor, AsJson, Code, Reason, Yes, acting, agreed, opened, say, show_one
from gateway.flows import backup, erasure_rounds
from gateway.flows.backup import Found, Place
from gateway.flows.commands import Order

File = Annotated[Path, typer.Argument(help="The backup.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="One sealed file that holds an installation.", no_args_is_help=True)
    group.command("make")(make)
    group.command("verify")(verify)
    app.add_typer(group, name="backup")
    app.command("restore")(restore)


def make(file: File, reason: Reason = "", actor: Actor = None, as_json: AsJson = False) -> None:
    """Write a backup while the gateway works: database and files, sealed under the key ring. Keep the ring elsewhere."""
    with opened() as gateway:
        order = Order(actor=acting(actor), now=utc_now(), reason=reason)
        found = backup.make(_place(gateway), file, order)
    show_one(_told(found), as_json=as_json)
    if not as_json:
        say(f"{file} opens with this installation's key ring only, which is not in it")


def verify(file: File, as_json: AsJson = False) -> None:
    """Read a backup to its end: every piece opens, its database is whole, no file lacks."""
    found = backup.verify(file, vault.of(config.load()))
    show_one(_told(found), as_json=as_json)


def restore(
    file: File,
    reason: Reason = "a backup was put back",
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup into an empty database and folder of files. What was unfinished is asked about before anything is sent."""
    gateway = wiring.open_gateway(config.load())
    try:
        if not agreed("Put this backup back, and ask the desks about all that was unfinished?", yes=yes):
            raise typer.Exit(Code.FINDINGS)
        order = Order(actor=acting(actor), now=utc_now(), reason=reason)
        done = backup.restore(gateway.context, _place(gateway), file, order)
        erased = erasure_rounds.replay(gateway.context, keep_of(gateway), order)
    finally:
        gateway.close()
    doubted = done.doubted
    asked = {"asked about": doubted.deliveries, "looked at again": doubted.looks}
    show_one(
        {**_told(done.found), **asked, "compared in 15 minutes": doubted.compared, "erased again": erased},
        as_json=as_json,
    )


def _place(gateway: Gateway) -> Place:
    return Place(database=gateway.database, blobs=gateway.blobs, vault=gateway.vault)


def _told(found: Found) -> dict[str, Any]:
    label = {"made at": found.label.made_at, "kind": found.label.kind, "schema": found.label.revision}
    sizes = {"database bytes": found.database_bytes, "files": found.files, "file bytes": found.file_bytes}
    return {**label, **sizes}
