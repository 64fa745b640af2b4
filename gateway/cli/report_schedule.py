"""`interdesk report schedule`: reports that are published and mailed by themselves."""

from typing import Annotated, Any

import typer

from gateway import export
from gateway.app import utc_now
from gateway.cli.report_options import Customer, Partner
from gateway.cli.terminal import Actor, AsJson, acting, opened, say, show
from gateway.domain.reports.schedule import MOST_DAYS, Every, Schedule
from gateway.domain.reports.views import View
from gateway.errors import Invalid
from gateway.flows import schedules
from gateway.flows.commands import Order

_COLUMNS = {
    "id": "ID",
    "customer": "CUSTOMER",
    "view": "VIEW",
    "every": "EVERY",
    "next_period": "NEXT",
    "due_at": "LEAVES",
    "format": "FORMAT",
    "recipients": "TO",
}


def register(group: typer.Typer) -> None:
    """Add the commands to `interdesk report`."""
    part = typer.Typer(help="Reports that are published and mailed by themselves.", no_args_is_help=True)
    part.command("add")(add)
    part.command("list")(listed)
    part.command("remove")(remove)
    group.add_typer(part, name="schedule")


To = Annotated[list[str] | None, typer.Option("--to", help="An address; once for each.", show_default=False)]
HowOften = Annotated[Every, typer.Option("--every", help="How often.")]
Reader = Annotated[View | None, typer.Option("--view", help="Who reads it.", show_default="customer")]
CutOff = Annotated[
    int,
    typer.Option(
        "--cut-off", min=0, max=MOST_DAYS, help="Days after the period; it leaves on the next morning."
    ),
]
Enclosed = Annotated[
    str, typer.Option("--format", "-f", help="What is enclosed: pdf, xlsx, html, csv, json.")
]
OwnLanguage = Annotated[
    str, typer.Option("--language", help="en, ru or it.", show_default="the organization's")
]


def add(
    customer: Customer = "",
    *,
    to: To = None,
    every: HowOften = Every.MONTH,
    view: Reader = None,
    partner: Partner = "",
    cut_off: CutOff = 2,
    form: Enclosed = "pdf",
    language: OwnLanguage = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Publish a report on the morning after each cut-off and mail it, beginning with the period that is under way."""
    if not customer:
        raise Invalid("whose report?", cure="name the customer: --customer CODE")
    wanted = schedules.Wanted(
        customer=customer,
        recipients=tuple(to or ()),
        every=every,
        view=view or (View.PARTNER if partner else View.CUSTOMER),
        partner=partner,
        after_days=cut_off,
        format=export.format_from(form),
        language=language,
    )
    with opened() as gateway:
        made = schedules.add(gateway.context, wanted, Order(actor=acting(actor), now=utc_now()))
        mails = gateway.settings.smtp_url is not None
    show([_row(made)], _COLUMNS, as_json=as_json)
    if not mails:
        say(
            "no mail server is named: INTERDESK_SMTP_URL; until then reports are published and wait to be sent"
        )


def listed(as_json: AsJson = False) -> None:
    """List what is published by itself, the next first."""
    with opened() as gateway:
        found = schedules.listed(gateway.context)
    show([_row(one) for one in found], _COLUMNS, as_json=as_json, empty="nothing is published by itself")


def remove(
    schedule: Annotated[str, typer.Argument(metavar="SCHEDULE", help="Its id (rsc_…).", show_default=False)],
    actor: Actor = None,
) -> None:
    """Publish and send nothing more by it."""
    with opened() as gateway:
        gone = schedules.remove(gateway.context, schedule, Order(actor=acting(actor), now=utc_now()))
    say(f"{gone.id} publishes nothing any more")


def _row(one: Schedule) -> dict[str, Any]:
    view = f"partner:{one.partner}" if one.partner else one.view
    return {**vars(one), "every": one.every.value, "view": view, "recipients": list(one.recipients)}
