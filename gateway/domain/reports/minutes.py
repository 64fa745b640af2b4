"""Where the minutes went (R30): the running time by party, the stopped time by reason, and what was on the way."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from fractions import Fraction

from gateway.domain.reports.basis import Basis
from gateway.domain.reports.document import CellKind, Chart, ChartKind, Column, Section, Table
from gateway.domain.reports.outcome import Outcome
from gateway.domain.reports.views import LINK, View, Viewer
from gateway.domain.sla.terms import NONE, TargetKind


def section(basis: Basis) -> Section:
    """Running time by party, standing time by reason, transit."""
    heads = headlines(basis.counted)
    time, stopped = _sums(one.time for one in heads), _sums(one.stopped for one in heads)
    transit = {party: length for party, length in time.items() if party.startswith(LINK)}
    by_party = _together(time, transit)
    return Section(
        id="minutes",
        title="Where the minutes went",
        summary=_words(by_party, stopped, basis.viewer),
        tables=(
            _table("time-by-party", "Running time by party", by_party, basis.viewer),
            _table("stopped-by-reason", "Stopped time by reason", stopped, None),
            _table("transit", "On the way between desks", _named(transit, basis.viewer), None),
        ),
        charts=(_chart("time-by-party", by_party, basis.viewer),) if by_party else (),
    )


def headlines(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """One clock for each ticket and agreement, or a minute would be counted once for each target: the resolution's, else the
    one that ran longest."""
    best: dict[tuple[str, str, str], Outcome] = {}
    for one in outcomes:
        place = (one.ticket_id, one.provider, one.agreement)
        if place not in best or _rank(one) > _rank(best[place]):
            best[place] = one
    return list(best.values())


def _rank(one: Outcome) -> tuple[bool, timedelta, str]:
    return one.target_kind is TargetKind.RESOLUTION, one.elapsed, one.id


def _sums(amounts: Iterable[Mapping[str, timedelta]]) -> dict[str, timedelta]:
    sums: dict[str, timedelta] = {}
    for one in amounts:
        for name, length in one.items():
            sums[name] = sums.get(name, NONE) + length
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def _together(time: Mapping[str, timedelta], transit: Mapping[str, timedelta]) -> dict[str, timedelta]:
    """All transit as one party."""
    rest = {party: length for party, length in time.items() if party not in transit}
    return _sums([rest, {"transit": sum(transit.values(), NONE)}]) if transit else rest


def _named(amounts: Mapping[str, timedelta], viewer: Viewer) -> dict[str, timedelta]:
    return _sums([{viewer.name(name): length} for name, length in amounts.items()])


def _table(table: str, title: str, amounts: Mapping[str, timedelta], viewer: Viewer | None) -> Table:
    total = sum(amounts.values(), NONE)
    rows = tuple(
        (viewer.name(name) if viewer else name.replace("_", " "), length, _share(length, total))
        for name, length in amounts.items()
    )
    notes = {View.CUSTOMER: "What tier-2 partners did stands with the party they work for."}
    return Table(
        id=table,
        title=title,
        columns=(
            Column(key="name", title="Party" if viewer else "What for"),
            Column(key="length", title="Time", kind=CellKind.LENGTH),
            Column(key="share", title="Share", kind=CellKind.SHARE),
        ),
        rows=rows,
        totals=("all", total, Fraction(1)) if total else (),
        note=notes.get(viewer.view, "") if viewer else "",
        empty="No time.",
    )


def _share(length: timedelta, total: timedelta) -> Fraction | None:
    unit = timedelta(microseconds=1)
    return Fraction(length // unit, total // unit) if total else None


def _chart(table: str, amounts: Mapping[str, timedelta], viewer: Viewer) -> Chart:
    first = viewer.name(next(iter(amounts)))
    summary = f"Most of the running time was with {first}."
    return Chart(table=table, kind=ChartKind.BARS, label="name", series=("length",), summary=summary)


def _words(time: Mapping[str, timedelta], stopped: Mapping[str, timedelta], viewer: Viewer) -> str:
    if not time:
        return "No clock was counted."
    first, total = next(iter(time)), sum(time.values(), NONE)
    why = f" Clocks stood still mostly for {next(iter(stopped)).replace('_', ' ')}." if stopped else ""
    percent = 100 * time[first] // total if total else 0
    return f"{percent} % of the running time was with {viewer.name(first)}.{why}"
