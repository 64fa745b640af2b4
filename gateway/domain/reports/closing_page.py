"""A closing as a document: both names, who is on which list, where verdicts differ, each difference with its cause and what was
agreed about it; the chapters of the report stand behind."""

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.reports.document import Cell, CellKind, Column, Report, Section, Table
from gateway.domain.reports.lists import Line, Place
from gateway.domain.reports.review import Closing, Entry, Standing
from gateway.domain.reports.tally import so_many

_CLOCKS = "verdict"


def page(closing: Closing, report: Report, *, now: datetime) -> Report:
    """The closing before the report that it is about."""
    state = closing.state(now)
    ours, theirs = closing.names
    signed = (
        f"; issued by {ours} and {theirs} on {closing.issued_at:%Y-%m-%d}"
        if closing.issued_at is not None
        else ""
    )
    return Report(
        kind="closing",
        title=f"Closing of {closing.period}: {report.parameters.get('customer', closing.customer)}",
        parameters={
            **report.parameters,
            "state": state.value,
            "their list": f"{closing.source} ({closing.sha256[:12]})",
            "review until": f"{closing.review_until:%Y-%m-%d %H:%M} UTC",
            "for us": ours,
            "for them": theirs,
        },
        made_at=now,
        zone=report.zone,
        headlines=(f"{words(closing)}{signed}", *report.headlines),
        sections=(section(closing, now=now), *report.sections),
        warnings=report.warnings,
    )


def words(closing: Closing) -> str:
    """How the lists compare, in a sentence."""
    counts = closing.counts
    differ = sum(one.line.target is not None and one.standing is not Standing.GONE for one in closing.entries)
    return (
        f"Their list has {so_many(counts.theirs, 'ticket')}, ours {counts.ours:,}; {counts.both:,} on both; "
        f"{so_many(counts.agreed, 'verdict')} the same, {differ:,} not"
    )


def section(closing: Closing, *, now: datetime) -> Section:
    """The differences."""
    summary = f"{words(closing)}. Every difference has its cause."
    tables = (_population(closing), _causes(closing), _lines(closing, now=now))
    return Section(id="closing", title="Their list and ours", summary=summary, tables=tables)


def _population(closing: Closing) -> Table:
    counts = closing.counts
    lines = [
        one.line for one in closing.entries if one.standing is not Standing.GONE and one.line.target is None
    ]
    rows: tuple[tuple[Cell, ...], ...] = (
        ("On their list", counts.theirs),
        ("Counted here", counts.ours),
        ("On both", counts.both),
        ("Only on theirs", sum(one.place is Place.ONLY_THERE for one in lines)),
        ("Only here", sum(one.place is Place.ONLY_HERE for one in lines)),
    )
    return Table(
        id="lists",
        title="Who is on which list",
        columns=(
            Column(key="list", title="Tickets"),
            Column(key="count", title="Number", kind=CellKind.COUNT),
        ),
        rows=rows,
        note="A ticket that stands twice on their list counts once on both.",
    )


def _causes(closing: Closing) -> Table:
    found: dict[tuple[str, str], int] = {}
    for entry in closing.entries:
        if entry.standing is not Standing.GONE:
            place = (_where(entry.line), entry.line.cause.value)
            found[place] = found.get(place, 0) + 1
    return Table(
        id="causes",
        title="Differences by cause",
        columns=(
            Column(key="where", title="Where"),
            Column(key="cause", title="Cause"),
            Column(key="count", title="Lines", kind=CellKind.COUNT),
        ),
        rows=tuple((*place, count) for place, count in sorted(found.items())),
        totals=("all", None, sum(found.values())) if found else (),
        empty="Both lists say the same.",
    )


def _where(line: Line) -> str:
    return _CLOCKS if line.target is not None else line.place.value


def _lines(closing: Closing, *, now: datetime) -> Table:
    return Table(
        id="differences",
        title="Every difference",
        columns=(
            Column(key="line", title="Line", kind=CellKind.CODE),
            Column(key="where", title="Where"),
            Column(key="cause", title="Cause"),
            Column(key="ours", title="Ours"),
            Column(key="theirs", title="Theirs"),
            Column(key="standing", title="Standing"),
            Column(key="words", title="Because"),
            Column(key="query", title="Query"),
            Column(key="answer", title="Answer"),
        ),
        rows=tuple(_row(closing, entry, now) for entry in _ordered(closing.entries)),
        empty="Both lists say the same.",
    )


def _ordered(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: (_where(one.line), one.line.cause.value, one.line.key))


def _row(closing: Closing, entry: Entry, now: datetime) -> tuple[Cell, ...]:
    line = entry.line
    asked = f"{entry.query} ({entry.queried_by})" if entry.query else ""
    said = f"{entry.answer} ({entry.answered_by})" if entry.answer or entry.answered_by else ""
    return (
        *(line.key, _where(line), line.cause.value, line.ours, line.theirs),
        *(closing.standing(entry, now).value, line.words, asked, said),
    )
