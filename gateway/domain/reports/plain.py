"""Figures in plain text, the same in every language: shares that are never rounded over an objective, lengths to the
microsecond where it matters."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from gateway.domain.reports.document import Cell, Column

PLACES = 2
_MICROSECOND = timedelta(microseconds=1)


def per_cent(share: Fraction | int, places: int = PLACES) -> str:
    """A share times a hundred, cut to so many places: 99.951 % is 99.95, 99.9999 % is 99.99 and never 100.00. One that is not
    nothing but would be shown as nothing is `<0.01`."""
    ten = 10**places
    cut = share * 100 * ten // 1
    if cut == 0 and share > 0:
        return f"<{1 / Decimal(ten):f}"
    whole, rest = divmod(abs(int(cut)), ten)
    return f"{'-' if cut < 0 else ''}{whole}" + (f".{rest:0{places}}" if places else "")


def clock(amount: timedelta) -> str:
    """`27:04:59.25`: hours, minutes, seconds and what there is of a second."""
    micros = abs(amount) // _MICROSECOND
    seconds, part = divmod(micros, 1_000_000)
    fine = f".{part:06}".rstrip("0") if part else ""
    sign = "-" if amount < timedelta() else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{fine}"


def plain(cell: Cell, column: Column, zone: str) -> str:
    """A cell by itself, with its unit; a share with the counts behind it."""
    if cell is None:
        return ""
    match cell:
        case bool():
            told = "yes" if cell else "no"
        case Fraction():
            told = f"{per_cent(cell)} % ({cell.numerator}/{cell.denominator})"
        case timedelta():
            told = clock(cell)
        case datetime():
            told = f"{cell.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}"
        case date():
            told = cell.isoformat()
        case Decimal():
            told = f"{cell:f} {column.unit}".rstrip()
        case _:
            told = str(cell)
    return told
