"""A month of work over one link: the agreed basis for act and invoice. What was accepted counts, by word or by silence; what is
disputed or undecided stands apart. A closed month is frozen: what is accepted later goes into the next one that is open."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from gateway.domain.figures import open_time
from gateway.domain.reports.document import Cell, CellKind, Column, Report, Section, Table
from gateway.domain.reports.period import Period, period_from
from gateway.domain.worklog import COUNTED, Unit, WorkKind, WorkLine, WorkState, standing
from gateway.domain.worktelling import plain
from gateway.errors import Invalid

_MONTH = re.compile(r"\d{4}-\d{2}")
_HOUR, _CENT = Decimal(60), Decimal("0.01")
NONE = timedelta()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line as it stands in a statement: its state then, what its ticket is called on both sides, what people wrote."""

    line: WorkLine
    state: WorkState
    below: str = ""
    above: str = ""
    text: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One month of one link. Organizations by name. `closed_at` None: it is a draft, which the next decision still changes."""

    link: str
    upstream: str
    downstream: str
    month: str
    zone: str
    review_days: int
    made_at: datetime
    entries: tuple[Entry, ...] = ()
    closed_at: datetime | None = None
    closed_by: str = ""
    fingerprint: str = ""

    @property
    def agreed(self) -> list[Entry]:
        """What counts."""
        return [one for one in self.entries if one.state in COUNTED]

    @property
    def disputed(self) -> list[Entry]:
        """What the side above does not accept."""
        return [one for one in self.entries if one.state is WorkState.DISPUTED]

    @property
    def waiting(self) -> list[Entry]:
        """What nobody has decided."""
        return [one for one in self.entries if one not in self.agreed and one not in self.disputed]


# -- which lines --------------------------------------------------------------------------------------------------------------


def month_period(month: str, zone: str) -> Period:
    """The days of a month. Raises Invalid for what is none."""
    if not _MONTH.fullmatch(month):
        raise Invalid(
            f"{month!r} is no month", why="a statement is of one month", cure="write it like 2026-10"
        )
    return period_from(month, zone=zone)


def goes_into(month: str, closed: Collection[str]) -> str:
    """The first month from then on that is not closed."""
    while month in closed:
        year, number = int(month[:4]), int(month[5:])
        month = f"{year + 1}-01" if number == 12 else f"{year}-{number + 1:02}"
    return month


def of_month(
    lines: Iterable[WorkLine], month: str, closed: Collection[str], *, now: datetime
) -> list[tuple[WorkLine, WorkState]]:
    """The lines of a month that is open, each with its state: its own, and those of closed months that came too late."""
    found = [(line, standing(line, now)) for line in lines if goes_into(line.month, closed) == month]
    return sorted(found, key=lambda one: (one[0].at, one[0].id))


# -- frozen -------------------------------------------------------------------------------------------------------------------


def frozen(statement: Statement) -> dict[str, Any]:
    """What is kept of a statement that is closed: everything but what people wrote, which can be erased."""
    kept = {
        name: getattr(statement, name)
        for name in ("link", "upstream", "downstream", "month", "zone", "review_days")
    }
    return {**kept, "entries": [_frozen(one) for one in statement.entries]}


_MOMENTS = ("at", "logged_at", "told_at", "review_until", "decided_at")
_NUMBERS = ("amount", "price")


def _frozen(entry: Entry) -> dict[str, Any]:
    plain_line = {name: value for name, value in vars(entry.line).items() if name != "passed_from"}
    for name in _MOMENTS:
        at = plain_line[name]
        plain_line[name] = at.astimezone(UTC).isoformat() if at is not None else None
    for name in _NUMBERS:
        plain_line[name] = None if plain_line[name] is None else str(plain_line[name])
    words = {name: plain_line[name].value for name in ("kind", "unit", "state")}
    return {
        "line": plain_line | words,
        "state": entry.state.value,
        "below": entry.below,
        "above": entry.above,
    }


def thawed(document: Mapping[str, Any]) -> list[Entry]:
    """The entries of a closed statement, without their words."""
    return [_thawed(one) for one in document["entries"]]


def _thawed(kept: Mapping[str, Any]) -> Entry:
    told: dict[str, Any] = dict(kept["line"])
    told |= {name: datetime.fromisoformat(told[name]) for name in _MOMENTS if told[name] is not None}
    told |= {name: Decimal(told[name]) for name in _NUMBERS if told[name] is not None}
    told |= {"kind": WorkKind(told["kind"]), "unit": Unit(told["unit"]), "state": WorkState(told["state"])}
    return Entry(
        line=WorkLine(**told), state=WorkState(kept["state"]), below=kept["below"], above=kept["above"]
    )


# -- sums ---------------------------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Sum:
    """What some lines come to. Money by currency: sums of different ones are never added."""

    lines: int = 0
    time: timedelta = NONE
    km: Decimal = Decimal()
    pieces: Decimal = Decimal()
    money: dict[str, Decimal] = field(default_factory=dict)

    def add(self, line: WorkLine) -> None:
        """One line more."""
        self.lines += 1
        self.time += line.length or NONE
        self.km += line.amount if line.unit is Unit.KM else 0
        self.pieces += line.amount if line.unit is Unit.PIECES else 0
        if line.price is not None:
            self.money[line.currency] = self.money.get(line.currency, Decimal()) + line.price

    @property
    def words(self) -> str:
        """`3 h 30 min (3.50 h), 12 km, 2 pieces, 120.00 EUR`."""
        parts = [f"{open_time(self.time)} ({hours(self.time)} h)"] if self.time else []
        parts += [f"{plain(self.km)} km"] if self.km else []
        parts += [f"{plain(self.pieces)} pieces"] if self.pieces else []
        parts += [f"{amount:,.2f} {currency}" for currency, amount in sorted(self.money.items())]
        return ", ".join(parts) or "nothing"


def summed(entries: Iterable[Entry]) -> Sum:
    """What entries come to."""
    total = Sum()
    for one in entries:
        total.add(one.line)
    return total


def hours(time: timedelta) -> Decimal:
    """Hours as people bill them: two digits, halves up; of a sum, never a sum of such."""
    return (Decimal(time // timedelta(minutes=1)) / _HOUR).quantize(_CENT, rounding=ROUND_HALF_UP)


# -- the report ---------------------------------------------------------------------------------------------------------------


def report(statement: Statement) -> Report:
    """The statement as a document: sums first, then every line behind them, then what is not in them."""
    currencies = sorted({one.line.currency for one in statement.entries if one.line.currency})
    closed = statement.closed_at is not None
    return Report(
        kind="statement",
        title=f"Work logged by {statement.downstream} for {statement.upstream}, {statement.month}",
        parameters=_parameters(statement),
        made_at=statement.closed_at or statement.made_at,
        zone=statement.zone,
        headlines=tuple(_headlines(statement)),
        sections=(
            Section(id="sums", title="What it comes to", tables=tuple(_sums(statement.agreed, currencies))),
            Section(id="agreed", title="Agreed, line by line", tables=(_agreed(statement, currencies),)),
            Section(
                id="apart",
                title="Not in these sums",
                summary="What is accepted later goes into the next open month, marked with the month it belongs to.",
                tables=tuple(_apart(statement, currencies)),
            ),
        ),
        version=1 if closed else 0,
        warnings=() if closed else ("This month is not closed: decisions still change it.",),
    )


def _parameters(statement: Statement) -> dict[str, str]:
    told = {
        "Link": statement.link,
        "Provider": statement.downstream,
        "Consumer": statement.upstream,
        "Month": statement.month,
        "Zone of days and months": statement.zone,
        "Review period": f"{statement.review_days} working days; silence accepts",
        "Hours": "h:mm, and decimal: two digits, halves up, sums from whole minutes",
    }
    if statement.closed_at is None:
        return told | {"State": "draft"}
    closed = f"closed {statement.closed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC by {statement.closed_by}"
    return told | {"State": closed, "Fingerprint (SHA-256)": statement.fingerprint}


def _headlines(statement: Statement) -> Iterable[str]:
    agreed = statement.agreed
    yield f"Agreed: {_lines(agreed)}, {summed(agreed).words}."
    silent = [one for one in agreed if one.state is WorkState.LAPSED]
    if silent:
        yield f"Of these accepted by silence, as their review period lapsed: {_lines(silent)}."
    late = [one for one in agreed if one.line.month != statement.month]
    if late:
        months = ", ".join(sorted({one.line.month for one in late}))
        yield f"Of these accepted after the month they belong to was closed ({months}): {_lines(late)}."
    for entries, words in ((statement.disputed, "Disputed"), (statement.waiting, "Not decided yet")):
        if entries:
            yield f"{words}, and not in these sums: {_lines(entries)}, {summed(entries).words}."


def _lines(entries: Sequence[Entry]) -> str:
    return "1 line" if len(entries) == 1 else f"{len(entries)} lines"


_SUMS = (
    Column(key="lines", title="Lines", kind=CellKind.COUNT),
    Column(key="time", title="Time", kind=CellKind.LENGTH),
    Column(key="hours", title="Hours", kind=CellKind.NUMBER, unit="h"),
    Column(key="km", title="Way", kind=CellKind.NUMBER, unit="km"),
    Column(key="pieces", title="Pieces", kind=CellKind.NUMBER),
)


def _money(currencies: Sequence[str]) -> tuple[Column, ...]:
    return tuple(
        Column(key=f"money_{one.lower()}", title="Money", kind=CellKind.MONEY, unit=one) for one in currencies
    )


def _figures(total: Sum, currencies: Sequence[str]) -> tuple[Cell, ...]:
    """What is nothing is left out: a row of parts has no hours."""
    time = (total.time, hours(total.time)) if total.time else (None, None)
    money = (total.money[one].quantize(_CENT) if one in total.money else None for one in currencies)
    return (total.lines, *time, total.km or None, total.pieces or None, *money)


def _sums(entries: Sequence[Entry], currencies: Sequence[str]) -> Iterable[Table]:
    kinds = [
        (kind.value.replace("_", " "), [one for one in entries if one.line.kind is kind]) for kind in WorkKind
    ]
    yield Table(
        id="by_kind",
        title="By kind",
        columns=(Column(key="kind", title="Kind"), *_SUMS, *_money(currencies)),
        rows=tuple((name, *_figures(summed(mine), currencies)) for name, mine in kinds if mine),
        totals=("Total", *_figures(summed(entries), currencies)) if entries else (),
        empty="Nothing is agreed yet.",
    )
    tickets: dict[tuple[str, str, str], list[Entry]] = {}
    for one in entries:
        tickets.setdefault((one.above, one.below, one.line.hop_id), []).append(one)
    yield Table(
        id="by_ticket",
        title="By ticket, as each side calls it",
        columns=(*_TICKET, *_SUMS, *_money(currencies)),
        rows=tuple(
            (above, below, *_figures(summed(mine), currencies))
            for (above, below, _), mine in sorted(tickets.items())
        ),
        totals=("Total", None, *_figures(summed(entries), currencies)) if entries else (),
        empty="Nothing is agreed yet.",
    )


_TICKET = (
    Column(key="ticket_above", title="Consumer's ticket", kind=CellKind.TICKET),
    Column(key="ticket_below", title="Provider's ticket", kind=CellKind.TICKET),
)
_LINE = (
    *_TICKET,
    Column(key="done_at", title="Done", kind=CellKind.MOMENT),
    Column(key="kind", title="Kind"),
    *_SUMS[1:],
)
_TOLD = (Column(key="what", title="What was done"), Column(key="line", title="Line", kind=CellKind.CODE))


def _cells(entry: Entry, currencies: Sequence[str]) -> tuple[Cell, ...]:
    line = entry.line
    figures = _figures(summed([entry]), currencies)[1:]
    return (entry.above, entry.below, line.at, line.kind.value.replace("_", " "), *figures)


def _agreed(statement: Statement, currencies: Sequence[str]) -> Table:
    how = {WorkState.ACCEPTED: "accepted", WorkState.LAPSED: "review lapsed"}
    entries = statement.agreed
    own = statement.month
    return Table(
        id="agreed",
        title="Agreed lines",
        columns=(
            *_LINE,
            *_money(currencies),
            Column(key="state", title="How"),
            Column(key="belongs_to", title="Belongs to"),
            *_TOLD,
        ),
        rows=tuple(
            (
                *_cells(one, currencies),
                how[one.state],
                one.line.month if one.line.month != own else "",
                one.text,
                one.line.id,
            )
            for one in entries
        ),
        totals=("Total", None, None, None, *_figures(summed(entries), currencies)[1:], None, None, None, None)
        if entries
        else (),
        empty="Nothing is agreed yet.",
    )


def _apart(statement: Statement, currencies: Sequence[str]) -> Iterable[Table]:
    columns = (*_LINE, *_money(currencies))
    yield Table(
        id="disputed",
        title="Disputed",
        columns=(*columns, Column(key="reason", title="Why"), *_TOLD),
        rows=tuple(
            (*_cells(one, currencies), one.reason, one.text, one.line.id) for one in statement.disputed
        ),
        empty="Nothing is disputed.",
    )
    yield Table(
        id="waiting",
        title="Not decided yet",
        columns=(*columns, Column(key="review_until", title="Review ends", kind=CellKind.MOMENT), *_TOLD),
        rows=tuple(
            (*_cells(one, currencies), one.line.review_until, one.text, one.line.id)
            for one in statement.waiting
        ),
        empty="Everything is decided.",
    )
