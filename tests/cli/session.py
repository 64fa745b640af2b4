"""Two organizations link their desks from two terminals, each with its own key at a running gateway: the session that README.md
shows. `python -m tests.cli.session` plays it and prints it anew; a test compares the two."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from typer.testing import CliRunner

from gateway.app import utc_now
from gateway.cli import app
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house

BEGIN, END = "<!-- session:begin -->", "<!-- session:end -->"
_VARYING = (
    (re.compile(r"fgw_join_\w+"), "fgw_join_…"),
    (re.compile(r"\b(inv|lnk)_\w{26}"), r"\1_…"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|\+00:00)?"), "2026-11-29 16:35"),
    (re.compile(r"its clock is \d+ s (?:ahead of|behind) ours"), "its clock is 0 s behind ours"),
    (re.compile(r"Loopback desk [\d.]+"), "Loopback desk 1"),
)


def plain(text: str) -> str:
    """Without what differs each time."""
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


@dataclass
class Terminal:
    """Somebody's terminal: the gateway's address and the key of one organization are all it has."""

    name: str
    environment: dict[str, str]
    said: list[str] = field(default_factory=list)

    def type(self, *words: str, code: int = 0) -> str:
        """Run a command; its standard output."""
        kept = {name: None for name in os.environ if name.startswith("INTERDESK_")}
        ran = CliRunner().invoke(app, list(words), env={**kept, **self.environment}, catch_exceptions=False)
        assert ran.exit_code == code, f"{words}: {ran.exit_code} {ran.output}"
        shown = " ".join(f"'{word}'" if " " in word else word for word in words)
        self.said.append(f"{self.name}$ interdesk {shown}\n{ran.output}")
        return ran.stdout


@dataclass(kw_only=True)
class Stage:
    """A running gateway with two desks, and a terminal for each organization."""

    north: Terminal
    south: Terminal
    desks: dict[str, LoopbackDesk]
    port: int


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Two desks that have no link yet, a gateway that runs, and a key for each organization."""
    with ExitStack() as stack:
        desks = {
            code: LoopbackDesk(PLAIN, clock=utc_now, token=house.SECRETS[f"{code.upper()}_TOKEN"])
            for code in ("north", "south")
        }
        urls = {code: stack.enter_context(LoopbackServer(desk)).url for code, desk in desks.items()}
        opened = stack.enter_context(house.installed(folder, said=house.UNLINKED, **urls))
        keys = {code: _key(folder, code) for code in desks}
        opened.close()
        _, port = stack.enter_context(house.served(folder))
        said: list[str] = []
        terminals = {
            code: Terminal(
                code,
                {"INTERDESK_URL": f"http://127.0.0.1:{port}", "INTERDESK_KEY": key, "LOGNAME": "ann"},
                said,
            )
            for code, key in keys.items()
        }
        yield Stage(**terminals, desks=desks, port=port)


def _key(folder: Path, code: str) -> str:
    ran = CliRunner().invoke(
        app,
        ["keys", "create", code, "--organization", code, "--json"],
        env={"INTERDESK_DATA_DIR": str(folder / "data"), "LOGNAME": "operator"},
        catch_exceptions=False,
    )
    return str(orjson.loads(ran.stdout)["key"])


def play(stage: Stage) -> str:
    """The session, as both terminals showed it."""
    ticket = (
        stage.desks["north"]
        .person("ann")
        .open("The till is dead", "No light", queue="Field", priority="urgent")
    )
    stage.desks["north"].person("ann").comment(ticket, "The safe code is 4711", public=False)
    code = stage.north.type(
        "link", "invite", "--desk", "north", "--role", "upstream", "--to", "south"
    ).strip()
    stage.south.type("link", "accept", code, "--desk", "south")
    stage.north.type("link", "dry-run", "north-south", "--ticket", ticket)
    stage.north.type("link", "activate", "north-south")
    stage.south.type("link", "activate", "north-south")
    return plain("\n".join(stage.north.said))


def main() -> None:
    """Play it and print it."""
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder)) as stage:
        sys.stdout.write(play(stage) + "\n")


if __name__ == "__main__":
    main()
