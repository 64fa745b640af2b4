"""How it went month by month, thirteen of them, so that a month stands beside the same one of last year."""

from fractions import Fraction

from gateway.domain.reports.basis import Basis
from gateway.domain.reports.document import CellKind, Chart, ChartKind, Column, Section, Table
from gateway.domain.reports.rollup import Rolled

MONTHS = 13
_UNITS = (
    Column(key="counted", title="Counted", kind=CellKind.COUNT),
    Column(key="met", title="Met", kind=CellKind.COUNT),
    Column(key="breached", title="Breached", kind=CellKind.COUNT),
    Column(key="excluded", title="Excluded", kind=CellKind.COUNT),
)


def section(basis: Basis) -> Section:
    """A line for each month; one in which nothing was counted has no share."""
    months = dict.fromkeys((one.name for one in basis.period.months(MONTHS)), Rolled()) | dict(basis.months)
    table = Table(
        id="trend",
        title="Thirteen months",
        columns=(
            Column(key="month", title="Month", kind=CellKind.CODE),
            *_UNITS,
            Column(key="gross", title="Gross", kind=CellKind.SHARE),
            Column(key="net", title="Net", kind=CellKind.SHARE),
        ),
        rows=tuple(
            (name, one.counted, one.met, one.breached, one.excluded, one.gross, one.net)
            for name, one in sorted(months.items())
        ),
        note="All targets of the promise together. A month without a figure had no clock that was met or fell due.",
    )
    told = [(name, one) for name, one in sorted(months.items()) if one.counted]
    asked = {one.result.objective.share for one in basis.judged}
    chart = Chart(
        table="trend",
        kind=ChartKind.LINE,
        label="month",
        series=("gross", "net"),
        summary=_words(told),
        mark=next(iter(asked)) if len(asked) == 1 else None,
    )
    return Section(
        id="trend",
        title="Trend",
        summary=_words(told),
        tables=(table,),
        charts=(chart,) if len(told) > 1 else (),
    )


def _words(told: list[tuple[str, Rolled]]) -> str:
    if len(told) < 2:
        return "There is no other month to compare with yet."
    (_, before), (name, last) = told[-2:]
    change = (last.gross or Fraction()) - (before.gross or Fraction())
    how = (
        "the same share as in"
        if not change
        else "a better share than in"
        if change > 0
        else "a worse share than in"
    )
    return f"{name} has {how} {told[-2][0]}: {last.met:,} of {last.counted:,} after {before.met:,} of {before.counted:,}."
