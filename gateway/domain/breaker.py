"""Circuit breaker of a desk as a pure state machine: after repeated failures nothing is sent for a while, then one probe.

Time behind an open breaker does not use up anybody's attempts (D8). The state is a small document kept with the desk,
so that all workers see the same.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

THRESHOLD = 5
"""Failures in a row that open the breaker."""
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)
OUTAGE = timedelta(minutes=10)
"""A desk that failed for longer is compared with what we know when it is back."""


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """`failures` in a row; while `open_until` lies ahead nothing is sent; after it one call at a time is let through
    (`half_open`) until one succeeds. `slow_until` is a throttled desk's own wish; `failing_since`: the first failure in the
    row."""

    failures: int = 0
    opened: int = 0
    open_until: datetime | None = None
    slow_until: datetime | None = None
    failing_since: datetime | None = None


def room(breaker: Breaker, *, now: datetime, concurrency: int) -> int:
    """How many exchanges with the desk may be under way now."""
    if breaker.slow_until is not None and now < breaker.slow_until:
        return 0
    if breaker.open_until is None:
        return concurrency
    return 0 if now < breaker.open_until else 1


def succeeded(breaker: Breaker) -> Breaker:
    """The desk answered: closed. A pause it asked for still holds: the call may be from before it asked."""
    return Breaker(slow_until=breaker.slow_until)


def failed(breaker: Breaker, *, now: datetime) -> Breaker:
    """The desk could not be reached or failed. A failing probe opens it again for twice as long."""
    failures = breaker.failures + 1
    breaker = replace(breaker, failing_since=breaker.failing_since or now)
    if failures < THRESHOLD:
        return replace(breaker, failures=failures)
    if breaker.open_until is not None and now < breaker.open_until:
        return replace(breaker, failures=failures)  # a call from before it opened
    pause = min(FIRST_PAUSE * 2**breaker.opened, LONGEST_PAUSE)
    return replace(breaker, failures=failures, opened=min(breaker.opened + 1, 10), open_until=now + pause)


def outage(breaker: Breaker, *, now: datetime) -> datetime | None:
    """Since when a desk that answers now was out of reach; None where that was no outage."""
    since = breaker.failing_since
    return since if breaker.open_until is not None and since is not None and now - since > OUTAGE else None


def throttled(breaker: Breaker, *, now: datetime, pause: timedelta) -> Breaker:
    """The desk asked for a pause: the whole desk slows down, and that is no failure."""
    until = now + pause
    return replace(breaker, slow_until=max(until, breaker.slow_until) if breaker.slow_until else until)


def to_document(breaker: Breaker) -> dict[str, Any]:
    """As it is kept with the desk."""
    return {
        "failures": breaker.failures,
        "opened": breaker.opened,
        "open_until": breaker.open_until.isoformat() if breaker.open_until else None,
        "slow_until": breaker.slow_until.isoformat() if breaker.slow_until else None,
        "failing_since": breaker.failing_since.isoformat() if breaker.failing_since else None,
    }


def from_document(document: Any) -> Breaker:
    """From what is kept with the desk."""
    if not document:
        return Breaker()
    return Breaker(
        failures=document["failures"],
        opened=document["opened"],
        open_until=_moment(document["open_until"]),
        slow_until=_moment(document["slow_until"]),
        failing_since=_moment(document.get("failing_since")),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
