"""The outbound rate bucket of a desk as a pure value: so many calls a minute, and a short burst."""

from dataclasses import dataclass, replace
from datetime import datetime

BURST_SECONDS = 10
"""How many seconds' worth of calls may be saved up."""
CALLS_PER_EXCHANGE = 3
"""What one exchange is counted as: a write with its read-back and, now and then, a preparation."""


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """`rate` in calls a second; `tokens` are the calls saved up at `at`."""

    rate: float
    tokens: float
    at: datetime

    @property
    def size(self) -> float:
        """The most that can be saved up; at least one exchange, or nothing would ever start."""
        return max(self.rate * BURST_SECONDS, CALLS_PER_EXCHANGE)


def full(rate: float, now: datetime) -> Bucket:
    """A bucket that has been left alone for long."""
    bucket = Bucket(rate=rate, tokens=0, at=now)
    return replace(bucket, tokens=bucket.size)


def filled(bucket: Bucket, now: datetime) -> Bucket:
    """The bucket at `now`; a clock that steps back fills nothing."""
    passed = max(0.0, (now - bucket.at).total_seconds())
    return replace(
        bucket, tokens=min(bucket.size, bucket.tokens + passed * bucket.rate), at=max(now, bucket.at)
    )


def exchanges(bucket: Bucket) -> int:
    """How many exchanges may start now."""
    return int(bucket.tokens // CALLS_PER_EXCHANGE)


def taken(bucket: Bucket) -> Bucket:
    """The bucket after one exchange started."""
    return replace(bucket, tokens=bucket.tokens - CALLS_PER_EXCHANGE)
