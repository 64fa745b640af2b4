"""`interdesk work`: hours, ways, parts and visits in vain, as they are logged at an assignment and agreed one link up."""

from decimal import Decimal
from typing import Annotated, Any

import typer

from gateway.app import utc_now
from gateway.cli.stops import OneHop
from gateway.cli.terminal import Actor, AsJson, acting, moment, opened, say, show
from gateway.domain import worklog as rules
from gateway.domain.problem import suggestion
from gateway.domain.worklog import UNITS, Unit, Work, WorkState
from gateway.domain.worktelling import plain
from gateway.errors import Invalid, NotFound
from gateway.flows import worklog
from gateway.flows.commands import Order
from gateway.flows.context import Context
from gateway.flows.worklog import Onward, Way
from gateway.store.worklogs import Asked

OneLine = Annotated[str, typer.Argument(metavar="LINE", help="The line's id (wrk_…).", show_default=False)]
For = Annotated[
    str | None, typer.Option("--for", help="The organization on whose behalf.", show_default="the operator")
]
Minutes = Annotated[str | None, typer.Option("--minutes", help="So many minutes.", show_default=False)]
Km = Annotated[str | None, typer.Option("--km", help="So many kilometres.", show_default=False)]
Pieces = Annotated[
    str | None, typer.Option("--pieces", help="So many pieces, or visits.", show_default=False)
]
Money = Annotated[str | None, typer.Option("--money", help="What the whole line costs.", show_default=False)]
Currency = Annotated[
    str, typer.Option("--currency", help="Of the money: ISO 4217, like EUR.", show_default=False)
]
Words = Annotated[
    str, typer.Option("--text", help="What was done; the side above reads it.", show_default=False)
]
Late = Annotated[bool, typer.Option("--late", help="Though its month is closed: into the next statement.")]

_LINES = {
    "id": "LINE",
    "number": "TICKET",
    "by": "BY",
    "to": "TO",
    "kind": "KIND",
    "amount": "AMOUNT",
    "unit": "IN",
    "money": "MONEY",
    "currency": "",
    "at": "DONE",
    "state": "STATE",
    "review_until": "REVIEW ENDS",
    "text": "WHAT",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        help="Work logged: told one link up, accepted or disputed there.", no_args_is_help=True
    )
    group.command("log")(log)
    group.command("list")(listed)
    group.command("accept")(accept)
    group.command("dispute")(dispute)
    group.command("pass-on")(pass_on)
    group.command("confirm")(confirm)
    group.command("drop")(drop)
    app.add_typer(group, name="work")


def log(
    hop: OneHop,
    *,
    kind: Annotated[
        str, typer.Option("--kind", help="labour, travel, parts or abortive_visit.", show_default=False)
    ],
    minutes: Minutes = None,
    km: Km = None,
    pieces: Pieces = None,
    at: Annotated[
        str | None, typer.Option("--at", help="When it was done: ISO 8601 with offset.", show_default="now")
    ] = None,
    money: Money = None,
    currency: Currency = "",
    text: Words = "",
    worker: Annotated[
        str, typer.Option("--worker", help="Who did it; told above only where the link names people.")
    ] = "",
    late: Late = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Log work at an assignment and tell it one link up."""
    found = rules.kind_from(kind)
    amount, unit = _needed(_amount(minutes, km, pieces), found)
    work = Work(
        kind=found,
        amount=amount,
        unit=unit,
        at=moment(at),
        price=_money(money),
        currency=currency,
        text=text,
        worker=worker,
    )
    order = Order(actor=acting(actor), now=utc_now())
    with opened() as gateway:
        line = worklog.log(gateway.context, hop, work, order, Way(late=late))
    _done(line, as_json=as_json)


def _amount(minutes: str | None, km: str | None, pieces: str | None) -> tuple[Decimal, Unit] | None:
    """What was counted. Raises Invalid for two amounts at once."""
    told = {Unit.MINUTES: minutes, Unit.KM: km, Unit.PIECES: pieces}
    given = [(rules.number_from(text, unit.value), unit) for unit, text in told.items() if text is not None]
    if len(given) > 1:
        raise Invalid("a line has one amount", cure="log a line for each")
    return given[0] if given else None


def _needed(amount: tuple[Decimal, Unit] | None, kind: rules.WorkKind) -> tuple[Decimal, Unit]:
    if amount is None:
        raise Invalid(f"how much {kind} is not said", cure=" or ".join(f"--{unit}" for unit in UNITS[kind]))
    return amount


def _money(text: str | None) -> Decimal | None:
    return None if text is None else rules.number_from(text, "money")


def _done(line: rules.WorkLine, *, as_json: bool) -> None:
    if as_json:
        show([{"id": line.id, "ticket_id": line.ticket_id, "state": line.state.value}], {}, as_json=True)
    else:
        until = (
            f"; it counts as accepted from {line.review_until:%Y-%m-%d %H:%M} UTC on" if _waits(line) else ""
        )
        say(f"{line.id}: {line.kind} {plain(line.amount)} {line.unit} is {line.state.value}{until}")


def _waits(line: rules.WorkLine) -> bool:
    return line.state is WorkState.TOLD and line.review_until is not None


def listed(
    *,
    ticket: Annotated[
        str | None, typer.Option("--ticket", help="Of this ticket.", show_default=False)
    ] = None,
    hop: Annotated[str | None, typer.Option("--hop", help="Of this assignment.", show_default=False)] = None,
    link: Annotated[str | None, typer.Option("--link", help="Over this link.", show_default=False)] = None,
    month: Annotated[str | None, typer.Option("--month", help="Like 2026-10.", show_default=False)] = None,
    state: Annotated[
        list[str] | None, typer.Option("--state", help="In this state; may be repeated.", show_default=False)
    ] = None,
    party: For = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")] = 50,
    before: Annotated[
        str | None, typer.Option("--before", help="Go on after this line.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List lines of work, the newest first, as an organization reads them."""
    now = utc_now()
    with opened() as gateway:
        asked = Asked(
            ticket_id=ticket,
            hop_id=hop,
            link_id=link_id(gateway.context, link) if link else None,
            month=month,
            states=[_state(one) for one in state or ()],
            limit=limit,
            before=before,
        )
        found = worklog.listed(gateway.context, _party(gateway.context, party), asked, now=now)
    show(found, _LINES, as_json=as_json, empty="no such work was logged")


def _state(word: str) -> str:
    known = [one.value for one in WorkState]
    if word not in known:
        raise Invalid(f"{word!r} is no state of a line", cure=suggestion(word, known))
    return word


def link_id(context: Context, code: str) -> str:
    """The id of the link of that code. Raises NotFound."""
    with context.database.read() as db:
        known = {one.code: one.id for one in context.directory(db).links.values()}
    if code not in known:
        raise NotFound(f"there is no link {code!r}", cure=suggestion(code, known))
    return known[code]


def _party(context: Context, code: str | None) -> str | None:
    return worklog.party_of(context, code) if code else None


def accept(line: OneLine, party: For = None, actor: Actor = None, as_json: AsJson = False) -> None:
    """Accept a line for the side above."""
    _decide(line, WorkState.ACCEPTED, Order(actor=acting(actor), now=utc_now()), (party, as_json))


def dispute(
    line: OneLine,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; the other side reads it.", show_default=False)
    ],
    party: For = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Dispute a line for the side above, until its review period ends."""
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    _decide(line, WorkState.DISPUTED, order, (party, as_json))


def _decide(line: str, state: WorkState, order: Order, how: tuple[str | None, bool]) -> None:
    party, as_json = how
    with opened() as gateway:
        way = Way(party=_party(gateway.context, party))
        done = worklog.decide(gateway.context, line, state, order, way)
    _done(done, as_json=as_json)


def pass_on(
    line: OneLine,
    *,
    minutes: Minutes = None,
    km: Km = None,
    pieces: Pieces = None,
    money: Money = None,
    currency: Currency = "",
    text: Words = "",
    party: For = None,
    late: Late = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Log a line of one's own towards one's upstream, after one from below; its words and money stay where they are."""
    amount, unit = _amount(minutes, km, pieces) or (None, None)
    onward = Onward(amount=amount, unit=unit, price=_money(money), currency=currency, text=text)
    with opened() as gateway:
        way = Way(party=_party(gateway.context, party), late=late)
        order = Order(actor=acting(actor), now=utc_now())
        done = worklog.pass_on(gateway.context, line, onward, order, way)
    _done(done, as_json=as_json)


def confirm(
    line: OneLine,
    *,
    minutes: Minutes = None,
    pieces: Pieces = None,
    money: Money = None,
    currency: Currency = "",
    text: Words = "",
    late: Late = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Log what a visit in vain proposed; with other figures, if need be."""
    change: dict[str, Any] = {"text": text, "price": _money(money), "currency": currency}
    amount = _amount(minutes, None, pieces)
    change |= {"amount": amount[0], "unit": amount[1]} if amount else {}
    with opened() as gateway:
        order = Order(actor=acting(actor), now=utc_now())
        done = worklog.confirm(gateway.context, line, change, order, Way(late=late))
    _done(done, as_json=as_json)


def drop(line: OneLine, actor: Actor = None, as_json: AsJson = False) -> None:
    """Log nothing of what a visit in vain proposed."""
    with opened() as gateway:
        done = worklog.drop(gateway.context, line, Order(actor=acting(actor), now=utc_now()))
    _done(done, as_json=as_json)
