"""Reads the deployment files: instructions of a Dockerfile, sections of a systemd unit, services of a Compose file."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
import yaml

from gateway import cli
from gateway.config import PREFIX, Settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
CHECKOUT = DEPLOY.parent
SETTINGS = frozenset(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)
COMPOSE_ALONE, COMPOSE_CLUSTER = DEPLOY / "compose.yaml", DEPLOY / "compose.cluster.yaml"
UNITS = (DEPLOY / "interdesk.service", DEPLOY / "interdesk-worker@.service")
OURS = "interdesk"


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """(INSTRUCTION, the rest of it), continued lines joined, comments left out."""
    text = re.sub(r"\\\n\s*", " ", dockerfile.read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def unit(path: Path) -> dict[str, dict[str, list[str]]]:
    """Section → name → values; a name may come several times, which configparser does not take."""
    sections: dict[str, dict[str, list[str]]] = {}
    current: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            current.setdefault(name, []).append(value)
    return sections


def services(path: Path) -> dict[str, dict[str, Any]]:
    """The services of a Compose file, merges done."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())["services"]
    return found


def our_services(path: Path) -> dict[str, dict[str, Any]]:
    """Those that run our image."""
    return {name: service for name, service in services(path).items() if service["image"] == OURS}


def filled(text: str, variables: Mapping[str, str]) -> str:
    """`${NAME:-default}` and `${NAME:?message}` replaced as Compose does. Raises KeyError where nothing is given."""

    def value(found: re.Match[str]) -> str:
        name, default = found["name"], found["default"]
        return variables[name] if name in variables or default is None else default

    return re.sub(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?(?::\?[^}]*)?\}", value, text)


def refused(arguments: list[str]) -> str:
    """Why the command line would not take these words; "" if it does. Nothing is run."""
    command: Any = typer.main.get_command(cli.app)
    context = None
    words = list(arguments)
    while hasattr(command, "commands"):
        if not words or words[0] not in command.commands:
            return f"no command {words[:1]}"
        command = command.commands[words.pop(0)]
    try:
        context = command.make_context(OURS, words)
    except Exception as error:  # noqa: BLE001 - whatever it says is the finding
        return f"{arguments}: {error}"
    context.close()
    return ""


def started_by(path: Path) -> Iterator[list[str]]:
    """What a unit's `ExecStart` gives to `interdesk`."""
    for line in unit(path)["Service"]["ExecStart"]:
        program, *arguments = shlex.split(line)
        if Path(program).name != OURS:
            raise ValueError(f"{path.name} starts {program}")
        yield arguments
