"""Which samples of a desk's clock are worth keeping (R3). How they are measured: `outcome.clock_sample`."""

from datetime import timedelta

from gateway.domain.outcome import ClockSample

KEPT_FOR = timedelta(hours=1)
"""A series has a sample at least so often while the desk is talked to."""


def is_news(kept: ClockSample | None, sample: ClockSample) -> bool:
    """Whether a sample says something that the one kept last does not: that the clock has moved, for both cannot be true
    of one offset, or that it still goes so after an hour."""
    if kept is None or sample.at - kept.at >= KEPT_FOR:
        return True
    return sample.at > kept.at and abs(sample.offset - kept.offset) > sample.error + kept.error
