"""The command line: `interdesk`. One small file for each group of commands; the rules they share are in `terminal`, which
module brings which command is in `group`."""

import sys
from typing import Annotated

import typer

from gateway import __version__
from gateway.cli.group import Interdesk

app = typer.Typer(
    name="interdesk",
    cls=Interdesk,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def interdesk(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    """A federation gateway between service desks."""


def main() -> None:
    """The entry point of the command."""
    sys.exit(app())
