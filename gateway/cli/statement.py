"""`interdesk statement`: what was agreed of the work of a month over a link, as the basis for act and invoice."""

from typing import Annotated

import typer

from gateway.app import utc_now
from gateway.cli.report_options import (
    TEXT,
    Excel,
    FormatOf,
    Language,
    OneTable,
    Out,
    chosen_format,
    manner_of,
    put,
)
from gateway.cli.terminal import Actor, AsJson, Yes, acting, agreed, opened, say
from gateway.cli.worklog import For
from gateway.errors import Refused
from gateway.flows import statement as flow
from gateway.flows import worklog
from gateway.flows.commands import Order


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("statement")(statement)


def statement(
    *,
    link: Annotated[str, typer.Option("--link", help="The link's code.", show_default=False)],
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="The month.", show_default=False)],
    close: Annotated[
        bool, typer.Option("--close", help="Freeze the month: what is accepted later goes into the next one.")
    ] = False,
    party: For = None,
    form: FormatOf = TEXT,
    as_json: AsJson = False,
    table: OneTable = "",
    language: Language = "en",
    excel: Excel = False,
    out: Out = None,
    yes: Yes = False,
    actor: Actor = None,
) -> None:
    """Tell what work of a month is agreed between the two ends of a link: sums by kind and ticket, every line behind them;
    disputed and undecided lines apart."""
    chosen = chosen_format(form, as_json=as_json)
    order = Order(actor=acting(actor), now=utc_now())
    with opened() as gateway:
        whom = worklog.party_of(gateway.context, party) if party else None
        made = flow.compose(gateway.context, link, month, now=order.now, party=whom)
        if close:
            for headline in made.headlines:
                say(headline)
            if not agreed(f"Close {month} of {link}? It cannot be opened again.", yes=yes):
                raise Refused("nothing was closed")
            made = flow.close(gateway.context, link, month, order, party=whom)
    put(made, chosen, out, manner_of(language, table=table, excel=excel))
