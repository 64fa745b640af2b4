"""`interdesk close`: a customer's period is laid beside the customer's own list, reviewed line by line and issued with both names."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.app import utc_now
from gateway.cli.report_options import TEXT, Customer, FormatOf, Month, Out, PeriodOf, one_period, put
from gateway.cli.terminal import Actor, AsJson, Code, acting, opened, out, print_json, say, show
from gateway.domain.reports import closing_page
from gateway.domain.reports.review import WAITING, Closing, Standing
from gateway.errors import Invalid
from gateway.flows import closing
from gateway.flows.closing import TheirList
from gateway.flows.commands import Order
from gateway.flows.reporting import Wanted
from gateway.installation import ticket_list

OneFile = Annotated[Path, typer.Argument(metavar="FILE", help="Their list: CSV or XLSX.", show_default=False)]
ByMapping = Annotated[
    Path,
    typer.Option(
        "--mapping",
        help="YAML: what its columns and words mean (schemas/closing_mapping).",
        show_default=False,
    ),
]
Days = Annotated[int, typer.Option("--review", min=1, max=60, help="Working days of the review.")]
OneLine = Annotated[
    str, typer.Argument(metavar="LINE", help="The line, as `show` names it.", show_default=False)
]
Why = Annotated[
    str,
    typer.Option("--reason", help="What is asked or answered; the other side reads it.", show_default=False),
]
Ours = Annotated[str, typer.Option("--ours", help="Who signs for us.", show_default=False)]
Theirs = Annotated[str, typer.Option("--theirs", help="Who signs for them.", show_default=False)]

_LINES = {
    "line": "LINE",
    "where": "WHERE",
    "cause": "CAUSE",
    "ours": "OURS",
    "theirs": "THEIRS",
    "standing": "STANDS",
    "because": "BECAUSE",
}
_CLOSINGS = {
    "customer": "CUSTOMER",
    "period": "PERIOD",
    "state": "STATE",
    "differences": "DIFFERENCES",
    "open": "OPEN",
    "review_until": "REVIEW UNTIL",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Close a period with a customer.", no_args_is_help=True)
    group.command("import")(brought)
    group.command("list")(listed)
    group.command("show")(shown)
    group.command("query")(query)
    group.command("agree")(agree)
    group.command("report")(report)
    group.command("issue")(issue)
    group.command("restate")(restate)
    app.add_typer(group, name="close")


def brought(
    file: OneFile,
    *,
    mapping: ByMapping,
    customer: Customer = "",
    month: Month = "",
    period: PeriodOf = "",
    days: Days = 5,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Bring the other side's list of a period: who is on both, only there, only here, whose verdict differs, and why. The review
    begins; nothing is kept while a row cannot be read."""
    known = ticket_list.mapping_of(mapping)
    rows, troubles = ticket_list.listed(file, known)
    if troubles:
        raise Invalid(
            f"{len(troubles)} rows of {file.name} cannot be read",
            problems=tuple(str(one) for one in troubles[:20]),
            cure="correct the file or the mapping; nothing was kept",
        )
    given = TheirList(rows=rows, mapping=known, source=file.name, sha256=ticket_list.digest(file))
    order = Order(actor=acting(actor), reason="", now=utc_now())
    with opened() as gateway:
        wanted = Wanted(customer=customer, period=one_period(month, period))
        _tell(closing.begin(gateway.context, wanted, given, order, days=days), as_json=as_json)


def listed(as_json: AsJson = False) -> None:
    """List the periods that are being closed, and those that were."""
    with opened() as gateway:
        found = closing.every(gateway.context)
    show([_summary(one) for one in found], _CLOSINGS, as_json=as_json, empty="no period is being closed")


def shown(customer: Customer = "", month: Month = "", period: PeriodOf = "", as_json: AsJson = False) -> None:
    """Show a closing: how the lists compare, and each difference with its cause and what was said about it."""
    with opened() as gateway:
        _tell(closing.find(gateway.context, customer, one_period(month, period)), as_json=as_json)


def _tell(found: Closing, *, as_json: bool) -> None:
    rows = [_row(found, one) for one in found.entries]
    if as_json:
        print_json({**_summary(found), "lines": rows})
        return
    out().print(closing_page.words(found), markup=False)
    show(rows, _LINES, as_json=False, empty="both lists say the same")
    state = found.state(utc_now()).value
    say(f"{found.period} is {state}; the review ends on {found.review_until:%Y-%m-%d %H:%M} UTC")


def _summary(found: Closing) -> dict[str, Any]:
    now, counts = utc_now(), found.counts
    standings = [found.standing(one, now) for one in found.entries]
    return {
        "id": found.id,
        "customer": found.customer,
        "period": found.period,
        "state": found.state(now).value,
        "theirs": counts.theirs,
        "ours": counts.ours,
        "both": counts.both,
        "agreed": counts.agreed,
        "differences": sum(one is not Standing.GONE for one in standings),
        "open": sum(one in WAITING for one in standings),
        "review_until": found.review_until,
        "issued_at": found.issued_at,
        "names": list(found.names),
    }


def _row(found: Closing, entry: Any) -> dict[str, Any]:
    line = entry.line
    return {
        "line": line.key,
        "where": "verdict" if line.target is not None else line.place.value,
        "cause": line.cause.value,
        "ours": line.ours,
        "theirs": line.theirs,
        "standing": found.standing(entry, utc_now()).value,
        "because": line.words,
        "ticket": line.ticket_id,
        "query": entry.query,
        "queried_by": entry.queried_by,
        "answer": entry.answer,
        "answered_by": entry.answered_by,
    }


def query(
    line: OneLine,
    *,
    customer: Customer = "",
    month: Month = "",
    period: PeriodOf = "",
    reason: Why,
    actor: Actor = None,
) -> None:
    """Ask about a line, within the review period; it is not agreed before it is answered."""
    order, which = (
        Order(actor=acting(actor), reason=reason, now=utc_now()),
        (customer, one_period(month, period)),
    )
    with opened() as gateway:
        closing.query(gateway.context, which, line, order)
    say(f"{line} is queried; interdesk close agree answers it")


def agree(
    line: OneLine,
    *,
    customer: Customer = "",
    month: Month = "",
    period: PeriodOf = "",
    reason: Why = "",
    actor: Actor = None,
) -> None:
    """Agree to a line, or answer what was asked about it."""
    order, which = (
        Order(actor=acting(actor), reason=reason, now=utc_now()),
        (customer, one_period(month, period)),
    )
    with opened() as gateway:
        found = closing.agree(gateway.context, which, line, order)
    say(f"{line} is {found.entry(line).standing.value}; {found.period} is {found.state(order.now).value}")


def report(
    customer: Customer = "",
    month: Month = "",
    period: PeriodOf = "",
    *,
    form: FormatOf = TEXT,
    as_json: AsJson = False,
    out: Out = None,
) -> None:
    """Write the closing as it stands now: the differences, and the customer's report behind them."""
    with opened() as gateway:
        made = closing.draft(gateway.context, (customer, one_period(month, period)), now=utc_now())
    put(made, "json" if as_json else form.lower(), out)


def issue(
    customer: Customer = "",
    month: Month = "",
    period: PeriodOf = "",
    *,
    ours: Ours = "",
    theirs: Theirs = "",
    actor: Actor = None,
) -> None:
    """Issue a reconciled period with both names: from then on it keeps its figures."""
    order, which = Order(actor=acting(actor), reason="", now=utc_now()), (customer, one_period(month, period))
    with opened() as gateway:
        made = closing.issue(gateway.context, which, (ours, theirs), order)
    say(f"{which[1]} is issued as {made.publication.id}, version {made.publication.version}")


def restate(
    customer: Customer = "", month: Month = "", period: PeriodOf = "", *, reason: Why, actor: Actor = None
) -> None:
    """Issue a further version after a late fact; both stay, with their difference."""
    order, which = (
        Order(actor=acting(actor), reason=reason, now=utc_now()),
        (customer, one_period(month, period)),
    )
    with opened() as gateway:
        made = closing.restate(gateway.context, which, order)
    if not made.is_new:
        say(f"nothing has changed since version {made.publication.version}")
        raise typer.Exit(Code.FINDINGS)
    say(f"{which[1]} is restated as {made.publication.id}, version {made.publication.version}")
