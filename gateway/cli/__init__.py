"""The command line: `interdesk`. One small file for each group of commands; the rules they share are in `terminal`."""

import sys
from importlib import import_module
from importlib.util import find_spec

import typer

from gateway.cli.terminal import Interdesk

app = typer.Typer(
    name="interdesk",
    cls=Interdesk,
    help="A federation gateway between service desks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_GROUPS = (
    "serve",
    "schema",
    "configuration",
    "doctor",
    "keys",
    "tickets",
    "work",
    "handover",
    "desks",
    "restored",
)
_WRITTEN_APART = ("demo", "sim")


def _register() -> None:
    """Each module brings its commands by itself; `demo` and `sim` are there where their module is."""
    for name in _GROUPS:
        import_module(f"gateway.cli.{name}").register(app)
    for name in _WRITTEN_APART:
        module = f"gateway.cli.{name}"
        if find_spec(module) is not None:
            app.command(name)(getattr(import_module(module), name))


_register()


def main() -> None:
    """The entry point of the command."""
    sys.exit(app())
