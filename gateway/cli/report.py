"""`interdesk report`: what was promised to a customer and what came of it, for a period, as each party may know it."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from gateway import export
from gateway.app import utc_now
from gateway.cli import report_text
from gateway.cli.sla import STEPS, clock_row, names_of, step_rows
from gateway.cli.terminal import AsJson, is_watched, moment, opened, print_json, say, show
from gateway.domain.reports.document import Report
from gateway.domain.reports.views import View
from gateway.errors import Invalid
from gateway.flows import outcomes, reporting
from gateway.flows.reporting import Wanted

TEXT = "text"
Customer = Annotated[str, typer.Option("--customer", "-c", help="The customer's code.", show_default=False)]
Month = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="A month.", show_default=False)]
PeriodOf = Annotated[
    str,
    typer.Option(
        "--period", help="Any period: 2026-10, 2026-Q4, 2026, 2026-10-05..2026-10-11.", show_default=False
    ),
]
Partner = Annotated[
    str, typer.Option("--partner", help="A partner's code: its own report.", show_default=False)
]
ForWhom = Annotated[
    View | None,
    typer.Option("--view", help="Who reads it; the operator sees everything.", show_default="operator"),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="As it was known then (ISO 8601 with offset).", show_default="now"),
]
Under = Annotated[
    str,
    typer.Option(
        "--under",
        metavar="TERMS",
        help="As if bound to AGREEMENT or a sheet (sht_…), counted in /CALENDAR, or both joined.",
        show_default=False,
    ),
]
FormatOf = Annotated[
    str, typer.Option("--format", "-f", help="text, json, csv, xlsx, html or pdf; --json is short for json.")
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Into this file.", show_default="standard output")
]
OneClock = Annotated[
    str, typer.Argument(metavar="CLOCK", help="The clock, as a report names it.", show_default=False)
]
Tickets = Annotated[
    list[str] | None, typer.Argument(metavar="[TICKET]...", help="Only these.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Reports of what was promised and what came of it.")
    group.callback(invoke_without_command=True)(report)
    group.command("explain")(explain)
    group.command("rebuild")(rebuild)
    app.add_typer(group, name="report")


def report(
    ctx: typer.Context,
    customer: Customer = "",
    month: Month = "",
    period: PeriodOf = "",
    *,
    partner: Partner = "",
    view: ForWhom = None,
    as_of: AsOf = None,
    under: Under = "",
    form: FormatOf = TEXT,
    as_json: AsJson = False,
    out: Out = None,
) -> None:
    """Tell how the agreements of a customer were kept in a month or any other period: coverage first, each target beside its
    objective, every breach with whose it was, where the minutes went. Every figure can be explained down to the events."""
    if ctx.invoked_subcommand is not None:
        return
    wanted = Wanted(
        customer=customer,
        period=one_period(month, period),
        partner=partner,
        view=view or (View.PARTNER if partner else View.OPERATOR),
        as_of=moment(as_of) if as_of else None,
        under=under,
    )
    if not customer:
        raise Invalid("whose report?", cure="name the customer: --customer CODE")
    chosen = "json" if as_json else form.lower()
    if chosen != TEXT:
        export.format_from(chosen)
    with opened() as gateway:
        made = reporting.compose(gateway.context, wanted, now=utc_now())
    put(made, chosen, out)


def one_period(month: str, period: str) -> str:
    """The period that is meant. Raises Invalid for none and for two."""
    if bool(month) == bool(period):
        raise Invalid("which period?", cure="say --month 2026-10, or --period 2026-Q4")
    return month or period


def put(made: Report, form: str, out: Path | None) -> None:
    """Write a report to where it is wanted. Raises Invalid where bytes would be written onto a terminal."""
    if form == TEXT and out is None:
        for line in report_text.lines(made):
            typer.echo(line)
        return
    if out is None:
        if form != "json" and sys.stdout.isatty():
            raise Invalid(f"{form} is not for a terminal", cure="add --out FILE")
        export.write(made, form, sys.stdout.buffer)
        return
    try:
        if form == TEXT:
            out.write_text("\n".join(report_text.lines(made)) + "\n", encoding="utf-8")
        else:
            with out.open("wb") as stream:
                export.write(made, form, stream)
    except OSError as error:
        raise Invalid(
            f"{out} cannot be written", why=str(error.strerror), cure="name another --out"
        ) from error
    say(f"{made.title}: {out}")


def explain(clock: OneClock, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Explain a line of a report: each stretch of its clock with the event that began it, down to what a desk said."""
    with opened() as gateway:
        found, one = reporting.clock(gateway.context, clock, now=moment(as_of))
        names = names_of(gateway.context.directory_now.organizations, found)
    row, steps = clock_row(one), list(step_rows(one, names))
    if as_json:
        print_json({"ticket": found.ticket_id, **row, "steps": steps})
        return
    typer.echo(
        f"{row['clock']} of {found.ticket_id}: {row['state']}, {row['elapsed']} elapsed, due {row['due']}"
    )
    show(steps, STEPS, as_json=False, empty="it has not started")
    say(f"interdesk explain EVENT shows what was seen; interdesk sla show {found.ticket_id} the whole ticket")


def rebuild(tickets: Tickets = None, as_json: AsJson = False) -> None:
    """Count what reports are made of again from the events: of every ticket, or of those that are named."""
    with opened() as gateway, Progress(console=Console(stderr=True), disable=not is_watched()) as bar:
        task = bar.add_task("tickets", total=None)
        done = outcomes.rebuild(
            gateway.context,
            now=utc_now(),
            tickets=tickets or None,
            progress=lambda count, total: bar.update(task, completed=count, total=total),
        )
    if as_json:
        print_json({"tickets": done})
    say(f"{done} tickets counted again")
