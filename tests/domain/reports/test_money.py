"""Money: exact until the end, rounded once."""

from decimal import Decimal
from fractions import Fraction

import pytest

from gateway.domain.reports import money

D = Decimal


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.005", "EUR", "0.00"),
        ("0.015", "EUR", "0.02"),
        ("-0.015", "EUR", "-0.02"),
        ("0.0149999999999999999999999999999", "EUR", "0.01"),
        ("1000000000000.125", "EUR", "1000000000000.12"),
        ("50.5", "JPY", "50"),
        ("0.0155", "KWD", "0.016"),
    ],
)
def test_half_goes_to_the_even_one(amount: str, currency: str, rounded: str) -> None:
    assert str(money.rounded(Fraction(amount), currency)) == rounded


def test_parts_come_to_the_rounded_whole() -> None:
    thirds = [Fraction(100, 3)] * 3
    assert money.split(thirds, "EUR") == [D("33.33"), D("33.34"), D("33.33")]
    assert sum(money.split([Fraction(1, 300)] * 7, "EUR")) == D("0.02")


@pytest.mark.parametrize(("amount", "down"), [("132.2299", "132.22"), ("0.009", "0"), ("7", "7")])
def test_a_cap_is_cut_to_the_cent(amount: str, down: str) -> None:
    assert money.down(Fraction(amount), "EUR") == Fraction(down)


@pytest.mark.parametrize("told", [0.1, "0.1", "0.10"])
def test_a_number_is_what_it_says(told: str | float) -> None:
    assert money.exact(told) == Fraction(1, 10)


def test_it_is_told_with_its_currency() -> None:
    assert money.words(Fraction(1200), "EUR") == "1,200.00 EUR"
    assert money.words(D("7.5"), "EUR") == "7.50 EUR"
    assert money.words(Fraction(1200), "JPY") == "1,200 JPY"
