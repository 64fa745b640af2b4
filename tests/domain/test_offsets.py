"""Which samples of a desk's clock are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.offsets import KEPT_FOR, is_news
from gateway.domain.outcome import ClockSample

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def sample(offset: float, after: timedelta = timedelta(), error: float = 0.5) -> ClockSample:
    return ClockSample(at=NOON + after, offset=timedelta(seconds=offset), error=timedelta(seconds=error))


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("new", "worth"),
    [
        (sample(10.0, MINUTE), False),
        (sample(10.9, MINUTE), False),
        (sample(11.1, MINUTE), True),
        (sample(11.1, MINUTE, error=5), False),
        (sample(-10.0, MINUTE), True),
        (sample(11.1, -MINUTE), False),
        (sample(10.0, KEPT_FOR), True),
        (sample(10.0, KEPT_FOR, error=5), False),
        (sample(10.0, 2 * KEPT_FOR, error=5), True),
        (sample(10.0, MINUTE, error=0.2), True),
    ],
    ids=[
        "the same",
        "within both bars",
        "beyond both",
        "too vague",
        "back",
        "older",
        "an hour later",
        "an hour later, vaguely",
        "two hours later, vaguely",
        "more exactly",
    ],
)
def test_r3_a_sample_is_kept_when_the_clock_has_moved_or_an_hour_has_passed(
    new: ClockSample, worth: bool
) -> None:
    assert is_news(sample(10.0), new) == worth


def test_the_first_one_is_kept() -> None:
    assert is_news(None, sample(0.0))
