"""The chapter about service credits (R29): what is owed, what may come on top, what partners owe in turn, each line with its
arithmetic and the tickets that prove it."""

from collections.abc import Iterable, Iterator, Sequence

from gateway.domain.reports.credits import ZERO, Balance, Line, LineKind, Statement, balances
from gateway.domain.reports.document import Cell, CellKind, Column, Section, Table
from gateway.domain.reports.views import Viewer

_TICKETS = 20
"""So many tickets are named in a line; the table of proofs has all."""
Statements = Sequence[Statement]


def section(
    owed: Statements, due: Statements, viewer: Viewer, *, customer: str | None = None
) -> Section | None:
    """`owed`: by the provider that the report is about; `due`: to it, by those who work for it, of which the part that the
    tickets of `customer` prove can be set against it. None: nobody agreed on credits."""
    sums = balances(owed, due, customer=customer)
    if not sums:
        return None
    later = sorted({f"{one.agreement}: {name}" for one in (*owed, *due) for name in one.later})
    tables = [_sums(balance, later, below=bool(due)) for balance in sums]
    for place, statements in (("owed", owed), ("due", due)):
        tables += [
            _lines(place, [one for one in statements if one.currency == currency], (currency, viewer))
            for currency in (balance.currency for balance in sums)
            if any(one.currency == currency for one in statements)
        ]
    words = " ".join(_words(balance, bool(due)) for balance in sums)
    return Section(
        id="credits", title="Service credits", summary=words, tables=(*tables, _proof((*owed, *due)))
    )


def _words(balance: Balance, below: bool) -> str:
    currency = balance.currency
    more = f" ({balance.possible:,} {currency} more are possible)" if balance.possible else ""
    recovered = (
        f", recoverable from partners {balance.recoverable:,} {currency}, exposure {balance.exposure:,} {currency}"
        if below
        else ""
    )
    return f"Credits owed: {balance.owed:,} {currency}{more}{recovered}."


def _sums(balance: Balance, later: Sequence[str], *, below: bool) -> Table:
    currency, back = balance.currency, balance.possibly_recoverable
    rows: list[tuple[Cell, ...]] = [("Owed", balance.owed, balance.possible)]
    if below:
        rows += [
            ("Recoverable from partners", balance.recoverable, back),
            ("Exposure", balance.exposure, balance.possible - back),
        ]
    return Table(
        id=f"credits-{currency.lower()}",
        title=f"Service credits, {currency}",
        columns=(
            Column(key="what", title="What"),
            Column(key="final", title="Final", kind=CellKind.MONEY, unit=currency),
            Column(key="possible", title="Possible on top", kind=CellKind.MONEY, unit=currency),
        ),
        rows=tuple(rows),
        note="Only what is final is billed; what is undecided, or of a month that is not over, is possible."
        + (" Of a partner's credits that part is recoverable which these tickets prove." if below else "")
        + (f" Settled later: {', '.join(later)}." if later else ""),
    )


def _lines(place: str, statements: Statements, told: tuple[str, Viewer]) -> Table:
    currency, viewer = told
    rows = [row for statement in statements for row in _rows(statement, viewer)]
    return Table(
        id=f"credits-{place}-{currency.lower()}",
        title="What is owed, and why" if place == "owed" else "What partners owe, and why",
        columns=(
            Column(key="by", title="Owed by"),
            Column(key="agreement", title="Agreement", kind=CellKind.CODE),
            Column(key="scheme", title="Scheme", kind=CellKind.CODE),
            Column(key="period", title="For", kind=CellKind.CODE),
            Column(key="standing", title="Standing"),
            Column(key="amount", title="Amount", kind=CellKind.MONEY, unit=currency),
            Column(key="claim_by", title="Claim by", kind=CellKind.DAY),
            Column(key="words", title="How it came about"),
            Column(key="tickets", title="Proved by"),
        ),
        rows=tuple(rows),
        totals=_totals(statements) if rows else (),
        empty="Nothing is owed.",
    )


def _totals(statements: Statements) -> tuple[Cell, ...]:
    total = sum((one.owed for one in statements), ZERO)
    return ("final", None, None, None, None, total, None, None, None)


def _rows(statement: Statement, viewer: Viewer) -> Iterator[tuple[Cell, ...]]:
    final = {(one.claim, one.kind): one.amount for one in statement.lines}
    for one in statement.lines:
        yield _row(statement, one, one.kind.value, viewer)
    for one in statement.possible:
        if one.kind is LineKind.UNPRICED or final.get((one.claim, one.kind)) != one.amount:
            yield _row(
                statement, one, "no fee told" if one.kind is LineKind.UNPRICED else "possible in all", viewer
            )


def _row(statement: Statement, line: Line, standing: str, viewer: Viewer) -> tuple[Cell, ...]:
    tickets = line.tickets
    more = f" and {len(tickets) - _TICKETS} more" if len(tickets) > _TICKETS else ""
    return (
        *(viewer.name(statement.provider), statement.agreement, line.scheme, line.period.name, standing),
        *(line.amount, line.claim_by, line.words, ", ".join(tickets[:_TICKETS]) + more),
    )


def _proof(statements: Iterable[Statement]) -> Table:
    rows = tuple(
        (
            statement.agreement,
            line.claim,
            one.number or one.ticket_id,
            one.target_kind.value,
            one.over,
            weight,
            one.key,
        )
        for statement in statements
        for line in statement.lines
        for one, weight in line.proof
    )
    return Table(
        id="credits-proof",
        title="The tickets that prove it",
        columns=(
            Column(key="agreement", title="Agreement", kind=CellKind.CODE),
            Column(key="claim", title="Claim", kind=CellKind.CODE),
            Column(key="ticket", title="Ticket", kind=CellKind.TICKET),
            Column(key="target", title="Target", kind=CellKind.CODE),
            Column(key="over", title="Over by", kind=CellKind.LENGTH),
            Column(key="weight", title="Weight", kind=CellKind.SHARE),
            Column(key="clock", title="Clock", kind=CellKind.CODE),
        ),
        rows=rows,
        note="The weight is the share of the line that this clock is for.",
        empty="No final line names a ticket.",
    )
