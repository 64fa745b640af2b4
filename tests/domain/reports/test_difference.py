"""Two versions side by side: which figures, in which rows, because of which tickets."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.reports.difference import Figure, as_report, difference
from gateway.domain.reports.document import Cell, CellKind, Report, Section, Table
from gateway.domain.reports.plain import per_cent
from gateway.domain.reports.publication import Line, Publication, broken, sealed
from tests.domain.reports import sample

COLUMNS = (
    sample.column("priority", "Priority", CellKind.CODE),
    sample.column("met", "Met", CellKind.COUNT),
    sample.column("share", "Share", CellKind.SHARE),
)


def report(*rows: tuple[Cell, ...], **more: Any) -> Report:
    table = Table(id="t", title="Targets", columns=COLUMNS, rows=rows, totals=more.pop("totals", ()))
    section = Section(id="s", title="S", tables=(table,))
    return replace(sample.report(), sections=(section,), **more)


def clock(number: str, verdict: str, priority: str = "high") -> dict[str, Any]:
    return {"number": number, "verdict": verdict, "priority": priority, "elapsed": 1}


def figures(old: Report, new: Report, before: Any = None, after: Any = None) -> list[Figure]:
    return list(difference(old, new, before or {}, after or {}).figures)


def test_the_same_has_no_difference() -> None:
    one = sample.report()
    assert difference(one, one, {"a": clock("1", "met")}, {"a": clock("1", "met")}).is_empty


def test_a_figure_is_named_by_its_row_and_column_with_the_tickets_that_fit() -> None:
    old, new = report(("high", 9, None), ("low", 5, None)), report(("high", 8, None), ("low", 5, None))
    before = {"a": clock("T-1", "met"), "b": clock("T-2", "met", "low")}
    after = {"a": clock("T-1", "breached"), "b": clock("T-2", "breached", "low")}
    (one,) = figures(old, new, before, after)
    assert (one.table, one.row, one.column.title, one.old, one.new) == ("Targets", "high", "Met", 9, 8)
    assert one.tickets == ("T-1",)


def test_a_row_that_no_ticket_is_named_by_may_be_of_all() -> None:
    old, new = report(totals=("All", 9, None)), report(totals=("All", 8, None))
    (one,) = figures(old, new, {"a": clock("T-1", "met")}, {"b": clock("T-2", "met")})
    assert (one.row, one.tickets) == ("All", ("T-1", "T-2"))


def test_rows_that_come_and_go_are_told_by_their_figures() -> None:
    found = figures(report(("high", 1, Fraction(1))), report(("low", 2, Fraction(1, 2))))
    told = [(one.row, one.column.key, one.old, one.new) for one in found]
    assert told == [
        ("low", "met", None, 2),
        ("low", "share", None, Fraction(1, 2)),
        ("high", "met", 1, None),
        ("high", "share", Fraction(1), None),
    ]


def test_rows_of_the_same_name_are_told_apart_by_their_order() -> None:
    old = report(("high", 1, None), ("high", 2, None))
    assert [(one.old, one.new) for one in figures(old, report(("high", 1, None), ("high", 3, None)))] == [
        (2, 3)
    ]


def test_a_table_or_column_that_is_new_is_no_error() -> None:
    old = report(("high", 1, None))
    more = replace(old.sections[0].tables[0], id="u", title="More")
    new = replace(old, sections=(replace(old.sections[0], tables=(*old.sections[0].tables, more)),))
    assert [(one.table, one.new) for one in figures(old, new)] == [("More", 1)]
    assert [(one.table, one.old) for one in figures(new, old)] == [("More", 1)]


def test_clocks_that_are_no_longer_counted_are_told() -> None:
    old, new = report(), report(version=2)
    found = difference(old, new, {"a": clock("T-1", "met")}, {})
    (rows,) = [table.rows for table in as_report(found, old, new, now=sample.AT).sections[2].tables]
    assert rows == (("T-1", "", "", "met, ran 0:00:00.000001", "not counted"),)


def test_sentences_and_parameters_are_compared() -> None:
    old = report(headlines=("one", "two"), parameters={"zone": "UTC"})
    new = report(headlines=("one", "three"), parameters={"zone": "Europe/Rome", "under": "x"})
    found = difference(old, new, {}, {})
    assert found.headlines == (("two", "three"),)
    assert found.parameters == (("zone", "UTC", "Europe/Rome"), ("under", "", "x"))
    told = as_report(found, old, new, now=sample.AT)
    assert "0 clocks of 0 tickets" in told.headlines[1]


@given(
    st.fractions(min_value=0, max_value=1),
    st.sampled_from([Fraction(95, 100), Fraction(999, 1000), Fraction(1)]),
)
def test_a_share_below_its_objective_is_never_shown_as_reaching_it(share: Fraction, mark: Fraction) -> None:
    shown = per_cent(share)
    value = Fraction(0) if shown.startswith("<") else Fraction(shown)
    assert (value >= mark * 100) == (share >= mark)


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (Fraction(99951, 100000), "99.95"),
        (Fraction(10**9 - 1, 10**9), "99.99"),
        (Fraction(1), "100.00"),
        (Fraction(1, 10**9), "<0.01"),
        (Fraction(0), "0.00"),
        (Fraction(-1, 3), "-33.34"),
        (1, "100.00"),
    ],
)
def test_shares_are_cut(share: Fraction | int, shown: str) -> None:
    assert per_cent(share) == shown


LINE = Line(kind="compliance", subject="north", period="2026-10")


def chain(length: int) -> list[Publication]:
    found, previous = list[Publication](), ""
    for number in range(1, length + 1):
        seal = sealed(LINE, number, str(number), previous)
        found.append(
            Publication(
                id=f"pub_{number}",
                org_id="o",
                line=LINE,
                version=number,
                made_at=sample.AT,
                made_by="m",
                document={},
                sha256=str(number),
                previous=previous,
                seal=seal,
            )
        )
        previous = seal
    return found


@given(st.integers(1, 6), st.data())
def test_whatever_is_changed_in_a_chain_is_noticed(length: int, drawn: st.DataObject) -> None:
    every = chain(length)
    assert list(broken(every)) == []
    place = drawn.draw(st.integers(0, length - 1))
    how = drawn.draw(st.sampled_from(["sha256", "seal", "previous", "gone"]))
    if how == "gone":
        rest = [*every[:place], *every[place + 1 :]]
        assert bool(list(broken(rest))) == (place < length - 1), "only the last one leaves no gap behind"
    else:
        changed: dict[str, Any] = {how: "0" * 64}
        every[place] = replace(every[place], **changed)
        assert list(broken(every))
