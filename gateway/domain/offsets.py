"""Which samples of a desk's clock are worth keeping (R3). How they are measured: `outcome.clock_sample`."""

from datetime import timedelta

from gateway.domain.outcome import ClockSample

KEPT_FOR = timedelta(hours=1)
"""A series has a sample at least so often while the desk is talked to."""


def is_news(kept: ClockSample | None, sample: ClockSample) -> bool:
    """Whether a sample says something that the one kept last does not: that the clock has moved, for both cannot be true
    of one offset; the same at least twice as exactly; or that it still goes so after an hour. A slow answer tells the time
    only vaguely and does not take the place of an exact one before two hours."""
    if kept is None:
        return True
    age = sample.at - kept.at
    if age <= timedelta():
        return False
    moved = abs(sample.offset - kept.offset) > sample.error + kept.error
    vague = sample.error > 2 * kept.error
    return moved or 2 * sample.error <= kept.error or age >= (2 * KEPT_FOR if vague else KEPT_FOR)
