"""The chapter about service credits (R29): what is owed, what may come on top, what partners owe in turn, each line with its
arithmetic and the tickets that prove it."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from gateway.domain.reports import money
from gateway.domain.reports.credits import ZERO, Balance, Line, LineKind, Statement, balances
from gateway.domain.reports.document import Cell, CellKind, Column, Section, Table
from gateway.domain.reports.views import Viewer

_TICKETS = 3
"""So many tickets are named in a final line; the table of proofs has all."""
_POSSIBLE = 20
"""So many in one that is only possible, of which that table has none."""
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
    told = f"Credits owed: {_told(balance.owed, currency)}"
    if balance.possible:
        told += f" ({_told(balance.possible, currency)} more are possible)"
    if balance.lapsed:
        told += f", lapsed unclaimed: {_told(balance.lapsed, currency)}"
    if below:
        told += f", recoverable from partners {_told(balance.recoverable, currency)}"
        told += f", exposure {_told(balance.exposure, currency)}"
    if balance.unclaimed:
        told += f", never claimed from partners {_told(balance.unclaimed, currency)}"
    return f"{told}."


def _told(amount: Decimal, currency: str) -> str:
    """`1,250.00 EUR`; nothing is `0.00 EUR` as well."""
    return f"{_whole(amount, currency):,} {currency}"


def _whole(amount: Decimal, currency: str) -> Decimal:
    """With all digits of the currency, as every other amount beside it."""
    return amount.quantize(Decimal(1).scaleb(-money.digits(currency)))


def _sums(balance: Balance, later: Sequence[str], *, below: bool) -> Table:
    rows: list[tuple[str, Decimal, Decimal]] = [("Owed", balance.owed, balance.possible)]
    if balance.lapsed:
        rows.append(("Lapsed unclaimed, not owed", balance.lapsed, ZERO))
    if below:
        back = balance.possibly_recoverable
        rows.append(("Recoverable from partners", balance.recoverable, back))
        rows.append(("Exposure", balance.exposure, balance.possible - back))
    if balance.unclaimed:
        rows.append(("Never claimed from partners in time", balance.unclaimed, ZERO))
    return _sums_table(balance.currency, rows, _note(balance, later, below=below))


def _note(balance: Balance, later: Sequence[str], *, below: bool) -> str:
    lines = {
        "Only what is final is billed; what is undecided, or of a month that is not over, is possible.": True,
        "Of a partner's credits that part is recoverable which these tickets prove.": below,
        "What lapsed is what would have come on top, within every cap, had it been claimed in time.": (
            balance.lapsed or balance.unclaimed
        ),
        f"Settled later: {', '.join(later)}.": later,
    }
    return " ".join(words for words, holds in lines.items() if holds)


def _sums_table(currency: str, rows: Sequence[tuple[str, Decimal, Decimal]], note: str) -> Table:
    return Table(
        id=f"credits-{currency.lower()}",
        title=f"Service credits, {currency}",
        columns=(
            Column(key="what", title="What"),
            Column(key="final", title="Final", kind=CellKind.MONEY, unit=currency),
            Column(key="possible", title="Possible on top", kind=CellKind.MONEY, unit=currency),
        ),
        rows=tuple((what, *(_whole(amount, currency) for amount in amounts)) for what, *amounts in rows),
        note=note,
    )


def _lines(place: str, statements: Statements, told: tuple[str, Viewer]) -> Table:
    currency, viewer = told
    some = any(one.lapsed for one in statements)
    rows = [row for statement in statements for row in _rows(statement, viewer, lapsed=some)]
    lapsed = (Column(key="lapsed", title="Lapsed", kind=CellKind.MONEY, unit=currency),) if some else ()
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
            *lapsed,
            Column(key="claim_by", title="Claim by", kind=CellKind.DAY),
            Column(key="words", title="How it came about"),
            Column(key="tickets", title="Proved by"),
        ),
        rows=tuple(rows),
        totals=_totals(statements, currency, lapsed=some) if rows else (),
        empty="Nothing is owed.",
    )


def _totals(statements: Statements, currency: str, *, lapsed: bool) -> tuple[Cell, ...]:
    owed, gone = (
        sum(some, ZERO) for some in zip(*((one.owed, one.lapsed) for one in statements), strict=True)
    )
    more = (_whole(gone, currency),) if lapsed else ()
    return ("final", None, None, None, None, _whole(owed, currency), *more, None, None, None)


def _rows(statement: Statement, viewer: Viewer, *, lapsed: bool) -> Iterator[tuple[Cell, ...]]:
    final = {(one.claim, one.kind): (one.amount, one.lapsed) for one in statement.lines}
    told = [(one, one.kind.value) for one in statement.lines]
    told += [
        (one, "no fee told" if one.kind is LineKind.UNPRICED else "possible in all")
        for one in statement.possible
        if one.kind is LineKind.UNPRICED or final.get((one.claim, one.kind)) != (one.amount, one.lapsed)
    ]
    for one, standing in told:
        gone = _whole(one.lapsed, statement.currency) if one.kind is LineKind.LAPSED else None
        yield (
            *(viewer.name(statement.provider), statement.agreement, one.scheme, one.period.name, standing),
            *(_whole(one.amount, statement.currency), *((gone,) if lapsed else ())),
            *(one.claim_by, one.words, _tickets(one, standing)),
        )


def _tickets(line: Line, standing: str) -> str:
    tickets, most = line.tickets, _TICKETS if standing == line.kind.value else _POSSIBLE
    more = f" and {len(tickets) - most:,} more" if len(tickets) > most else ""
    return ", ".join(tickets[:most]) + more


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
