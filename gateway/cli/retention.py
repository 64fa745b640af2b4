"""`interdesk retention`: for how long what people wrote is kept, and taking away what has reached its age."""

from typing import Annotated

import typer

from gateway.app import utc_now
from gateway.cli.erase import keep_of
from gateway.cli.terminal import Actor, AsJson, Yes, acting, agreed, opened, show
from gateway.cli.terminal import Code as Exit
from gateway.flows import retention
from gateway.flows.commands import Order

_COLUMNS = {"organization": "ORGANIZATION", "kind": "WHAT", "age": "KEPT FOR", "rows": "ROWS PAST IT"}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="For how long what people wrote is kept.", no_args_is_help=True)
    group.command("show")(shown)
    group.command("run")(run)
    app.add_typer(group, name="retention")


def shown(as_json: AsJson = False) -> None:
    """What each organization set, and how many rows have reached their age."""
    with opened() as gateway:
        now = utc_now()
        told = [
            {"organization": policy.code, "kind": kind, "age": f"{policy.ages[kind].days}d", "rows": rows}
            for policy in retention.policies(gateway.context)
            for kind, rows in retention.due(gateway.context, policy, now=now).items()
        ]
    show(told, _COLUMNS, as_json=as_json, empty="no organization set an age; everything is kept")


def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, change nothing.")] = False,
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take away what has reached its age now; workers do so every hour."""
    if dry_run:
        shown(as_json=as_json)
        return
    with opened() as gateway:
        if not agreed("Take away what has reached its age? It cannot be taken back.", yes=yes):
            raise typer.Exit(Exit.FINDINGS)
        order = Order(actor=acting(actor), now=utc_now(), reason="")
        done = retention.run(gateway.context, keep_of(gateway), order)
    told = [
        {"organization": code, "kind": kind, "rows": rows}
        for code, taken in done.items()
        for kind, rows in taken.items()
    ]
    columns = {name: _COLUMNS[name] for name in ("organization", "kind")} | {"rows": "ROWS TAKEN"}
    show(told, columns, as_json=as_json, empty="no organization set an age")
