"""A report survives JSON whole: every kind of cell comes back as it was, and the digest is of what is said."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.reports.document import Cell, CellKind, Column, Report, Section, Table
from gateway.export import documents
from tests.domain.reports import sample


def holding(kind: CellKind, cell: Cell, totals: tuple[Cell, ...] = ()) -> Report:
    table = Table(
        id="t", title="", columns=(Column(key="k", title="", kind=kind),), rows=((cell,),), totals=totals
    )
    section = Section(id="s", title="", tables=(table,))
    return Report(kind="x", title="", parameters={}, made_at=sample.AT, zone="UTC", sections=(section,))


def test_a_report_comes_back_whole() -> None:
    made = sample.report()
    assert documents.report_from(orjson.loads(documents.packed(made))) == made


@pytest.mark.parametrize(
    ("kind", "cell", "written"),
    [
        (CellKind.SHARE, Fraction(1999, 2000), {"numerator": 1999, "denominator": 2000}),
        (CellKind.LENGTH, timedelta(hours=30, minutes=5, microseconds=250_000), "PT30H5M0.25S"),
        (CellKind.LENGTH, timedelta(), "PT0S"),
        (CellKind.LENGTH, timedelta(microseconds=-1), "-PT0.000001S"),
        (CellKind.LENGTH, timedelta(days=2), "PT48H"),
        (CellKind.MOMENT, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T00:30:00+00:00"),
        (CellKind.DAY, date(2026, 10, 25), "2026-10-25"),
        (CellKind.MONEY, Decimal("1250.00"), "1250.00"),
        (CellKind.MONEY, Decimal("1E+3"), "1000"),
        (CellKind.FLAG, False, False),
        (CellKind.COUNT, None, None),
        (CellKind.TEXT, "=1+1", "=1+1"),
    ],
)
def test_each_kind_of_cell_has_its_form(kind: CellKind, cell: Cell, written: object) -> None:
    told = documents.document(holding(kind, cell))
    assert told["sections"][0]["tables"][0]["rows"] == [[written]]
    assert documents.report_from(told).sections[0].tables[0].rows == ((cell,),)


@given(st.timedeltas())
def test_every_length_comes_back(amount: timedelta) -> None:
    told = documents.document(holding(CellKind.LENGTH, amount))
    assert documents.report_from(told).sections[0].tables[0].rows == ((amount,),)


def test_totals_may_be_called_something_under_any_kind_of_column() -> None:
    made = holding(CellKind.DAY, date(2026, 1, 1), totals=("All",))
    assert documents.report_from(documents.document(made)) == made


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (holding(CellKind.LENGTH, "soon"), "table t, column k: 'soon' is no length"),
        (holding(CellKind.MONEY, 1), "table t, column k: 1 is no money"),
        (holding(CellKind.MOMENT, datetime(2026, 1, 1)), "a moment must carry its zone"),  # noqa: DTZ001
    ],
    ids=["a word for a length", "a number for money", "a naive moment"],
)
def test_what_does_not_fit_its_column_is_refused(made: Report, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        documents.packed(made)


def test_a_row_that_is_too_short_is_refused() -> None:
    made = sample.report()
    table = replace(made.sections[0].tables[0], rows=(("desk history",),))
    broken = replace(made, sections=(replace(made.sections[0], tables=(table,)),))
    with pytest.raises(ValueError, match="table coverage: 1 cells for 3 columns"):
        documents.packed(broken)


def test_the_digest_is_of_what_is_said_not_of_when() -> None:
    made = sample.report()
    assert documents.digest(made) == documents.digest(
        replace(made, made_at=sample.AT + sample.HOUR, version=9)
    )
    assert documents.digest(made) != documents.digest(sample.later())
    assert len(documents.digest(made)) == 64
