"""How figures are told in words. Rounding goes against the provider (R5): what ran is rounded up, what is left and what stood
still down, and what was not kept whole is never shown as whole."""

from datetime import timedelta
from fractions import Fraction

_SECOND = timedelta(seconds=1)


def open_time(amount: timedelta) -> str:
    """An amount of open time, rounded down: `65 h 30 min`. Never in days: those differ from calendar to calendar."""
    return _words(amount // _SECOND)


def ran(amount: timedelta) -> str:
    """Time that ran against the provider, rounded up."""
    return _words(-(-amount // _SECOND))


def left(amount: timedelta) -> str:
    """What is left of a target, rounded down: negative once it is over."""
    seconds = amount // _SECOND
    return f"-{_words(-seconds)}" if seconds < 0 else _words(seconds)


def _words(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"


def share(part: int, whole: int) -> str:
    """`99.95 %` of them, rounded down: 99,999 of 100,000 are 99.99 %."""
    hundredths = int(Fraction(part, whole) * 10_000)
    text = f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")
    return f"{text} %"
