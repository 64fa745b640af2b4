"""`interdesk migrate`: bring the database to the schema of this version."""

from typing import Annotated

import typer

from gateway.cli.terminal import Absent, Code, opened, say
from gateway.store import migrate as schema


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would be done; exit 1 if there is something.")
    ] = False,
) -> None:
    """Bring the database to the schema of this version."""
    with opened(checked=False, absent=Absent.IMAGINE if check else Absent.MAKE) as gateway:
        steps = schema.pending(gateway.database)
        for step in steps:
            say(f"{'to do' if check else 'doing'}: {step}")
        if check and steps:
            raise typer.Exit(Code.FINDINGS)
        if not check:
            schema.upgrade(gateway.database)
        say(f"the schema is {schema.current(gateway.database)}")
