"""`interdesk report`: what was promised to a customer and what came of it, for a period, as each party may know it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from gateway.app import utc_now
from gateway.cli import publish, report_schedule
from gateway.cli.report_options import (
    TEXT,
    AsOf,
    Customer,
    Excel,
    FormatOf,
    ForWhom,
    Language,
    Month,
    OneTable,
    Out,
    Partner,
    PeriodOf,
    Under,
    chosen_format,
    manner_of,
    one_period,
    put,
)
from gateway.cli.sla import STEPS, clock_row, names_of, step_rows
from gateway.cli.terminal import AsJson, is_watched, moment, opened, print_json, say, show
from gateway.domain.reports.views import View
from gateway.domain.sla.clocks import Clock
from gateway.domain.sla.terms import AgreementKind
from gateway.errors import Invalid
from gateway.flows import outcomes, reporting, sla
from gateway.flows.reporting import Wanted

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
    publish.register(group)
    report_schedule.register(group)
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
    table: OneTable = "",
    language: Language = "en",
    excel: Excel = False,
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
    chosen = chosen_format(form, as_json=as_json)
    with opened() as gateway:
        made = reporting.compose(gateway.context, wanted, now=utc_now())
    put(made, chosen, out, manner_of(language, table=table, excel=excel))


def explain(clock: OneClock, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Explain a line of a report: each stretch of its clock with the event that began it, down to what a desk said; in the
    report's zone, as JSON in UTC."""
    with opened() as gateway:
        found, one = reporting.clock(gateway.context, clock, now=moment(as_of))
        known = gateway.context.directory_now
        names, zone = names_of(known.organizations, found), ZoneInfo(known.zone_of(_reader(found, one)))
    row, steps = clock_row(one), list(step_rows(one, names))
    if as_json:
        print_json({"ticket": found.ticket_id, **row, "steps": steps})
        return
    row, *steps = [_in_zone(one, zone) for one in (row, *steps)]
    typer.echo(
        f"{row['clock']} of {found.ticket_id}: {row['state']}, {row['elapsed']} elapsed, due {row['due']} ({zone.key})"
    )
    show(steps, STEPS, as_json=False, empty="it has not started")
    say(f"interdesk explain EVENT shows what was seen; interdesk sla show {found.ticket_id} the whole ticket")


def _reader(found: sla.Reading, one: Clock) -> str:
    """In whose report a clock stands, hence by whose wall it is told: the customer's, of what is between others the
    provider's own."""
    agreed = found.bound.get((one.hop, one.agreement))
    if agreed is None:
        return ""
    return agreed.terms.consumer if agreed.kind is AgreementKind.SLA else agreed.terms.provider


def _in_zone(row: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """The same with its moments by that wall, to the second."""
    return {
        key: value.astimezone(zone).replace(microsecond=0) if isinstance(value, datetime) else value
        for key, value in row.items()
    }


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
