"""When a town has come to rest: nothing is open, nothing has moved for a while, and every open ticket was looked at since
something last moved, however slow the machine is. What a killed gateway never heard of is found by such a look."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from tests.cluster.town import Town

QUIET_SECONDS = 7.0
"""So long nothing may change at any desk; every desk is polled several times in between."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def unseen(since: datetime) -> str:
    """The query for open tickets whose last whole look began before that moment."""
    micros = (since - _EPOCH) // timedelta(microseconds=1)
    return (
        "SELECT 'not looked at', id FROM hop WHERE refetch_at IS NOT NULL AND remote_id IS NOT NULL"
        f" AND coalesce(fetched_at, 0) < {micros}"
    )


def come_to_rest(
    town: Town,
    undone: Callable[[], Sequence[str]],
    ask: Callable[[str], Sequence[str]],
    *,
    patience: float,
) -> None:
    """People go home, faults stop; returns at rest. `undone` tells what is not finished, `ask` runs a query."""
    town.go_home()
    moved_at, last = datetime.now(UTC), town.changes()
    quiet_since = deadline = time.monotonic()
    deadline += patience
    while time.monotonic() - quiet_since < QUIET_SECONDS or ask(unseen(moved_at)):
        time.sleep(0.25)
        changes = town.changes()
        if changes != last or undone():
            quiet_since, moved_at, last = time.monotonic(), datetime.now(UTC), changes
        if time.monotonic() > deadline:
            left = [*undone(), *ask(unseen(moved_at))]
            raise AssertionError("it does not come to rest:\n" + "\n".join(left[:20]))
