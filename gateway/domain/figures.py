"""How figures are told in words. Rounding goes against the provider (R5): what ran is rounded up, what is left and what stood
still down, and what was not kept whole is never shown as whole."""

from datetime import timedelta
from fractions import Fraction

_MICRO, _MILLI, _SECOND, _MINUTE = 1, 1_000, 1_000_000, 60_000_000
_A_MICROSECOND = timedelta(microseconds=1)


def open_time(amount: timedelta) -> str:
    """An amount of open time, rounded down: `65 h 30 min`. Never in days: those differ from calendar to calendar."""
    return _words(amount, up=False)


def ran(amount: timedelta) -> str:
    """Time that ran against the provider, rounded up."""
    return _words(amount, up=True)


def left(amount: timedelta) -> str:
    """What is left of a target, rounded down: negative once it is over."""
    return f"-{_words(-amount, up=True)}" if amount < timedelta() else _words(amount, up=False)


def _words(amount: timedelta, *, up: bool) -> str:
    """Whole seconds from a minute on; what is shorter more finely, so that parts of a short time still add up."""
    micros = amount // _A_MICROSECOND
    fine = _grain(abs(micros))
    micros = (-(-micros // fine) if up else micros // fine) * fine
    minutes, rest = divmod(micros, _MINUTE)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"))
    told = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join([*told, *_below_a_minute(rest)]) or "0 min"


def _grain(micros: int) -> int:
    """To what a length is rounded: seconds, below a minute tenths, below a second thousandths."""
    if micros >= _MINUTE:
        return _SECOND
    if micros >= _SECOND:
        return 100 * _MILLI
    return _MILLI if micros >= _MILLI else _MICRO


def _below_a_minute(micros: int) -> list[str]:
    if not micros:
        return []
    if micros < _MILLI:
        return [f"{micros} µs"]
    if micros < _SECOND:
        return [f"{micros // _MILLI} ms"]
    whole, tenths = divmod(micros // (100 * _MILLI), 10)
    return [f"{whole}.{tenths} s" if tenths else f"{whole} s"]


def share(part: int, whole: int) -> str:
    """`99.95 %` of them, rounded down: 99,999 of 100,000 are 99.99 %."""
    hundredths = int(Fraction(part, whole) * 10_000)
    text = f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")
    return f"{text} %"
