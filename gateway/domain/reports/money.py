"""Money: exact fractions while one counts, decimals of a currency's smallest unit once, at the end (R29)."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

_DIGITS = {
    **dict.fromkeys(
        (
            *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"),
            *("PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""Currencies whose smallest unit is not a hundredth (ISO 4217, list one, minor unit)."""


def digits(currency: str) -> int:
    """How many digits stand behind the point."""
    return _DIGITS.get(currency, 2)


def exact(told: str | float) -> Fraction:
    """An amount as it stands in a document; a number is what its shortest form says (0.1 is a tenth). Raises ValueError."""
    return Fraction(str(told))


def rounded(amount: Fraction, currency: str) -> Decimal:
    """To the smallest unit of the currency, half to even."""
    places = digits(currency)
    units = round(amount * 10**places)  # of a Fraction: half to even, exactly
    return Decimal(units).scaleb(-places)


def split(amounts: Iterable[Fraction], currency: str) -> list[Decimal]:
    """Each amount rounded so that together they are the rounded sum of all: what is lost at one is found at the next."""
    found, total, given = [], Fraction(), Decimal(0)
    for amount in amounts:
        total += amount
        found.append(rounded(total, currency) - given)
        given += found[-1]
    return found


def words(amount: Fraction | Decimal, currency: str) -> str:
    """`1,200.00 EUR`."""
    told = rounded(amount, currency) if isinstance(amount, Fraction) else amount
    return f"{told:,.{digits(currency)}f} {currency}"


def down(amount: Fraction, currency: str) -> Fraction:
    """Cut to the smallest unit of the currency: no cap is passed by a rounding."""
    unit = 10 ** digits(currency)
    return Fraction(amount * unit // 1, unit)
