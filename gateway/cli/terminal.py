"""What every command shares: data on stdout, talk on stderr, errors as `IDK-nnnn: what · why · do this`, exit codes."""

import getpass
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from gateway import app as wiring
from gateway import config
from gateway.app import Gateway
from gateway.config import Settings
from gateway.errors import (
    ConfigError,
    DeskError,
    GatewayAway,
    InterdeskError,
    Invalid,
    NotFound,
    Refused,
    Unsupported,
)
from gateway.store import migrate
from gateway.store.health import DatabaseFailed


class Code(IntEnum):
    """Exit codes."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    CONFIG = 3
    UNREACHABLE = 4
    CONFLICT = 5
    PARTIAL = 10


_CODES: tuple[tuple[type[InterdeskError], Code], ...] = (
    (NotFound, Code.USAGE),
    (Refused, Code.CONFLICT),
    (Unsupported, Code.CONFLICT),
    (DeskError, Code.UNREACHABLE),
    (GatewayAway, Code.UNREACHABLE),
    (DatabaseFailed, Code.UNREACHABLE),
    (ConfigError, Code.CONFIG),
    (Invalid, Code.CONFIG),
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Actor = Annotated[
    str | None,
    typer.Option("--actor", help="Who does this; stands in the audit. Without it: your login name."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; stands in the audit.")]


def complain(error: InterdeskError) -> Code:
    """Say what is wrong; the exit code that goes with it."""
    say(f"{error.code}: {error}")
    return next((code for kind, code in _CODES if isinstance(error, kind)), Code.FINDINGS)


def say(text: str) -> None:
    """Talk: to stderr, as it is."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


def acting(actor: str | None) -> str:
    """Who acts. Raises ConfigError where nobody is named and nobody is logged in."""
    try:
        return actor or getpass.getuser()
    except (KeyError, OSError) as error:
        raise ConfigError("nobody is named as the one who does this", cure="add --actor NAME") from error


def is_watched() -> bool:
    """Whether a person sits at the terminal and can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def agreed(question: str, *, yes: bool) -> bool:
    """Ask before something is changed. Raises Refused where nobody can be asked and `--yes` was not said."""
    if yes:
        return True
    if not is_watched():
        raise Refused(
            "this asks before it changes something", why="there is no terminal to ask at", cure="add --yes"
        )
    return typer.confirm(question, err=True)


def moment(text: str | None) -> datetime:
    """A moment that somebody wrote; None is now. Raises Invalid for one without an offset: nobody may guess it."""
    if text is None:
        return wiring.utc_now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is no moment", cure="write 2026-03-01T09:00:00+01:00") from error
    if at.tzinfo is None:
        raise Invalid(f"{text!r} has no offset", cure="write 2026-03-01T09:00:00+01:00")
    return at.astimezone(UTC)


class Absent(Enum):
    """What a command does where the settings name a database file that is not there: refuse, make it, or go on as if
    there were an empty one, which is gone afterwards."""

    REFUSE = "refuse"
    MAKE = "make"
    IMAGINE = "imagine"


@contextmanager
def opened(*, checked: bool = True, absent: Absent = Absent.REFUSE) -> Iterator[Gateway]:
    """The installation that the settings name. `checked`: with the schema that this version needs, and no other; a new
    SQLite file gets it at once. Raises ConfigError."""
    with _there(config.load(), absent) as settings:
        gateway = wiring.open_gateway(settings)
        try:
            if checked:
                _check(gateway, absent)
            yield gateway
        finally:
            gateway.close()


def _check(gateway: Gateway, absent: Absent) -> None:
    if absent is Absent.REFUSE:
        migrate.check(gateway.database)
    else:
        wiring.prepare_schema(gateway)


@contextmanager
def _there(settings: Settings, absent: Absent) -> Iterator[Settings]:
    """The settings, or others that name an empty installation in a folder of its own."""
    missing = wiring.absence(settings)
    if missing is None or absent is Absent.MAKE:
        yield settings
    elif absent is Absent.REFUSE:
        raise missing
    else:
        with tempfile.TemporaryDirectory(prefix="interdesk-") as folder:
            elsewhere = {"data_dir": Path(folder), "database_url": None}
            yield settings.model_copy(update=elsewhere)


def show(
    things: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, as_json: bool, empty: str = "nothing"
) -> None:
    """Things as a table of `columns` (key → heading), or all they hold as JSON, one object a line."""
    if as_json:
        for thing in things:
            print_json(thing)
        return
    if not things:
        say(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for thing in things:
        table.add_row(*(words(thing.get(key)) for key in columns))
    out().print(table)


def show_one(thing: Mapping[str, Any], *, as_json: bool) -> None:
    """One thing, a line for each of its parts."""
    if as_json:
        print_json(thing)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in thing.items():
        table.add_row(name, words(value))
    out().print(table)


def out() -> Console:
    """Where data goes. Beside a terminal lines are as long as they need to be."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=240)


def print_json(thing: Any) -> None:
    """One line of JSON on stdout; moments in ISO 8601."""
    typer.echo(orjson.dumps(thing, default=str).decode())


def words(value: Any) -> str:
    """A value in a table: plain, so that nothing in it is taken for markup."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={words(inner)}" for key, inner in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(words, value))
    text = value.isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else str(value)
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text).replace(
        "[", r"\["
    )
