"""What somebody who helps needs to see and nothing more: versions, settings, how many of what, what failed how often, what doctor
says. Never words of people, never a secret: everything passes the redaction, and of errors only their kind is told."""

import json
import platform
import sys
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gateway import __version__
from gateway.config import Settings
from gateway.errors import ConfigError
from gateway.flows.context import OPERATOR, Context
from gateway.redaction import Redaction
from gateway.store import migrate, tally

_PACKAGES = ("sqlalchemy", "fastapi", "httpx", "pydantic", "cryptography", "uvicorn", "orjson")
MOST_LOG = 5_000_000
"""Bytes of a log's end that are taken along."""


def bundle(
    context: Context, settings: Settings, redaction: Redaction, findings: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """File → document. `findings` of doctor."""
    with context.database.read() as db:
        counted, failed = tally.rows_by_table(db, OPERATOR), tally.failures(db, OPERATOR)
        known = list(context.directory(db).desks.values())
    numbers = desk_numbers(context)
    desks = [
        {"desk": numbers[one.code], "connector": one.connector, "capabilities": _able(one.capabilities)}
        for one in known
    ]
    documents: dict[str, Any] = {
        "versions.json": _versions(context),
        "settings.json": _settings(settings),
        "counts.json": counted,
        "failures.json": failed,
        "desks.json": desks,
        "doctor.json": _unnamed(findings, numbers),
    }
    return {name: redaction.value(document) for name, document in documents.items()}


_NAMED = ("desk", "link", "webhook", "calendar")
"""Findings about one of these have its code behind that."""


def _unnamed(findings: Iterable[Mapping[str, Any]], desks: Mapping[str, int]) -> list[dict[str, Any]]:
    """Levels and subjects. Codes are chosen by people and may name some: desks go by their number in desks.json, others by the
    order in which they are met."""
    met: dict[str, dict[str, int]] = {kind: {} for kind in _NAMED} | {"desk": dict(desks)}
    told = []
    for one in findings:
        kind, _, code = str(one["subject"]).partition(" ")
        if code and kind in met:
            number = met[kind].setdefault(code, len(met[kind]) + 1)
            told.append({"level": one["level"], "subject": f"{kind} {number}"})
        else:
            told.append({name: one[name] for name in ("level", "subject")})
    return told


def desk_numbers(context: Context) -> dict[str, int]:
    """Code → number, as desks.json has it."""
    with context.database.read() as db:
        return {one.code: number for number, one in enumerate(context.directory(db).desks.values(), start=1)}


def _able(capabilities: object) -> dict[str, Any]:
    return {name: value for name, value in vars(capabilities).items() if isinstance(value, bool | int)}


def _versions(context: Context) -> dict[str, Any]:
    database = "sqlite" if context.database.is_sqlite else "postgresql"
    return {
        "interdesk": __version__,
        "python": sys.version,
        "platform": platform.platform(),
        "database": database,
        "schema": migrate.current(context.database),
        **{name: version(name) for name in _PACKAGES},
    }


def _settings(settings: Settings) -> dict[str, Any]:
    """By name: the plain ones as they are, of addresses and secrets only that they are set."""
    told = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        plain = isinstance(value, bool | int | float) or name in ("log_format", "log_level")
        told[name] = value if plain or value is None else "set" if value else "not set"
    return told


def write(target: Path, documents: Mapping[str, Any], log: str = "") -> None:
    """Into a new zip. Raises ConfigError."""
    try:
        with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as out:
            for name, document in documents.items():
                out.writestr(name, json.dumps(document, indent=2, sort_keys=True, default=str) + "\n")
            if log:
                out.writestr("log.txt", log)
    except OSError as error:
        raise ConfigError(f"{target} cannot be written", why=error.strerror or str(error)) from error


def log_of(file: Path, redaction: Redaction, desks: Mapping[str, int]) -> str:
    """The end of a log: of each line that is a JSON object the fields that hold no words, redacted, desks by their numbers (0: one
    that is not there any more). Raises ConfigError."""
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - MOST_LOG))
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read", why=error.strerror or str(error)) from error
    told = [one for one in (_told(line, desks) for line in lines) if one]
    return "".join(json.dumps(redaction.value(one), default=str) + "\n" for one in told)


_LOGGED = (
    *("timestamp", "level", "logger", "desk", "ticket", "hop", "delivery", "kind", "outcome", "status"),
    *("attempt", "took_ms", "code", "error_kind"),
)


def _told(line: str, desks: Mapping[str, int]) -> dict[str, Any]:
    """A line for a terminal cannot be told apart from what it quotes, so it is left out."""
    try:
        document = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(document, dict):
        return {}
    told = {name: document[name] for name in _LOGGED if name in document}
    return told | ({"desk": desks.get(str(told["desk"]), 0)} if "desk" in told else {})
