"""Units that a number can be converted between: only those with a fixed factor. The factors are exact by definition (SI;
IEC 80000-13 for the binary ones)."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_SIZES: dict[str, dict[str, str]] = {
    "time": {"s": "1", "min": "60", "h": "3600", "d": "86400"},
    "length": {"mm": "0.001", "cm": "0.01", "m": "1", "km": "1000", "in": "0.0254", "ft": "0.3048"},
    "mass": {"g": "0.001", "kg": "1", "t": "1000", "lb": "0.45359237"},
    "size": {"B": "1", "kB": "1000", "MB": "1000000", "GB": "1000000000", "KiB": "1024", "MiB": "1048576"},
    "money": {"cent": "1", "unit": "100"},
}
UNITS = {unit: (kind, Decimal(size)) for kind, units in _SIZES.items() for unit, size in units.items()}
MAX_DIGITS = 15
"""Of a number that is converted; more digits are no measurement."""


def factor(source: str, target: str) -> Decimal | None:
    """By what a number of `source` units is multiplied; None where the two do not measure the same thing."""
    (here, size), (there, other) = UNITS[source], UNITS[target]
    return size / other if here == there else None


def converted(text: str, by: Decimal, digits: int) -> str | None:
    """The number of a text, converted; None if it is none. A decimal comma is read like a point."""
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    if (
        not number.is_finite()
        or len(number.as_tuple().digits) > MAX_DIGITS
        or abs(number.adjusted()) > MAX_DIGITS
    ):
        return None
    rounded = (number * by).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    shown = format(rounded, "f")
    return (shown.rstrip("0").rstrip(".") if "." in shown else shown) or "0"
