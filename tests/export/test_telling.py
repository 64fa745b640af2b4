"""Each kind of cell in words: cut, grouped and pointed as the language does, with offsets where the clocks change."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from gateway.domain.reports.document import Cell, CellKind
from gateway.export.telling import Teller
from tests.domain.reports import sample

AT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
K = CellKind


def told(kind: CellKind, cell: Cell, language: str = "en", unit: str = "") -> str:
    teller = Teller.of(sample.report(), language)
    column = sample.column("a", "A", kind, unit)
    return teller.cell(column, cell).replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize(
    ("kind", "cell", "words"),
    [
        (K.COUNT, 1234567, ("1,234,567", "1.234.567", "1 234 567")),
        (K.COUNT, -5, ("-5", "-5", "-5")),
        (K.SHARE, Fraction(99951, 100000), ("99.95 %", "99,95 %", "99,95 %")),
        (K.SHARE, 1, ("100.00 %", "100,00 %", "100,00 %")),
        (K.LENGTH, timedelta(hours=30, minutes=5), ("30 h 5 min", "30 h 5 min", "30 ч 5 мин")),
        (K.LENGTH, timedelta(microseconds=1), ("<1 s", "<1 s", "<1 с")),
        (
            K.MOMENT,
            AT,
            ("25 Oct 2026, 02:30:00 CEST", "25 ott 2026, 02:30:00 CEST", "25 окт 2026, 02:30:00 CEST"),
        ),
        (K.DAY, date(2026, 10, 25), ("25 Oct 2026", "25 ott 2026", "25 окт 2026")),
        (K.FLAG, True, ("yes", "sì", "да")),
        (K.FLAG, False, ("no", "no", "нет")),
        (K.TEXT, "", ("–", "–", "–")),
        (K.TEXT, None, ("–", "–", "–")),
        (K.TEXT, "a\x00b\x1b", ("a�b�", "a�b�", "a�b�")),
    ],
)
def test_each_kind_in_each_language(kind: CellKind, cell: Cell, words: tuple[str, str, str]) -> None:
    """English, Italian, Russian."""
    assert tuple(told(kind, cell, language) for language in ("en", "it", "ru")) == words


def test_money_has_its_currency() -> None:
    assert told(K.MONEY, Decimal("-1250.50"), unit="EUR") == "-1,250.50 EUR"
    assert told(K.MONEY, Decimal("1E+3"), "it", unit="EUR") == "1.000 EUR"


def test_an_hour_that_comes_twice_is_told_apart_only_where_it_can() -> None:
    still = replace(sample.report(), sections=(), zone="Asia/Tokyo")
    teller = Teller.of(still, "en")
    assert teller.cell(sample.column("a", "A", K.MOMENT), AT).endswith("09:30:00")
    assert teller.heading(sample.column("a", "Due", K.MOMENT)) == "Due (Asia/Tokyo)"
    assert teller.heading(sample.column("a", "Owed", K.MONEY, "EUR")) == "Owed (EUR)"


def test_a_zone_that_there_is_not_is_utc() -> None:
    teller = Teller.of(replace(sample.report(), zone="Mars/Olympus"), "en")
    assert teller.heading(sample.column("a", "Due", K.MOMENT)) == "Due (UTC)"
