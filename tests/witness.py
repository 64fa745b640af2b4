"""When a test over real processes fails, what its gateways know of it: looks, deliveries and tries, as their databases say.

A failed wait tells what was not seen; why it was not is known to the gateway alone.
"""

import sqlite3
import time
from pathlib import Path

RECENT = 600.0
"""Seconds: an installation that wrote nothing for so long belongs to another test."""
_LAST = 25
_WATCHED: list[Path] = []
_ASKED = {
    "looks": "SELECT desk_id, remote_id, due_at - {now} AS due_in, lease_until - {now} AS leased, attempts, why, error FROM look",
    "deliveries not done": (
        "SELECT id, hop_id, kind, state, attempts, probes, next_at - {now} AS next_in, lease_until - {now} AS leased, error"
        " FROM delivery WHERE state NOT IN ('done', 'superseded', 'cancelled')"
    ),
    "desks": "SELECT id, held, cursor, poll_at - {now} AS next_in, polled_at - {now} AS since, breaker FROM desk",
    "last tries": (
        "SELECT attempt.at - {now} AS since, attempt.took_ms, delivery.desk_id, delivery.kind, attempt.kind AS asked,"
        " attempt.outcome, attempt.error FROM attempt JOIN delivery ON delivery.id = attempt.delivery_id"
        f" ORDER BY attempt.seq DESC LIMIT {_LAST}"
    ),
    "last events": (
        "SELECT observed_at - {now} AS since, hop_id, type, data FROM event ORDER BY seq DESC"
        f" LIMIT {_LAST}"
    ),
}
"""Moments are microseconds, told as seconds from now."""


def watch(data: Path) -> None:
    """The directory of an installation's data, which may not exist yet."""
    _WATCHED.append(data)


def told() -> str:
    """Of every installation that was at work just now, newest first."""
    files = [(file.stat().st_mtime, file) for data in _WATCHED for file in data.glob("interdesk.db*")]
    databases = {file.with_name("interdesk.db") for at, file in files if time.time() - at < RECENT}
    return "\n\n".join(_of(file) for file in sorted(databases))


def _of(file: Path) -> str:
    parts = [str(file)]
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        for title, asked in _ASKED.items():
            parts += [f"-- {title}", *_rows(db, asked.replace("{now}", str(time.time_ns() // 1000)))]
    db.close()
    return "\n".join(parts)


def _rows(db: sqlite3.Connection, asked: str) -> list[str]:
    try:
        return ["  ".join(_cell(name, row[name]) for name in row.keys()) for row in db.execute(asked)]  # noqa: SIM118
    except sqlite3.Error as error:
        return [f"not to be read: {error}"]


def _cell(name: str, value: object) -> str:
    if isinstance(value, int) and name in ("due_in", "next_in", "leased", "since"):
        return f"{name}={value / 1_000_000:+.1f}s"
    return f"{name}={value}"
