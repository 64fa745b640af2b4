"""`interdesk sla forecast`: when a ticket's clocks may be met, and how likely they are not."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from gateway.app import utc_now
from gateway.cli.terminal import AsJson, opened, out, print_json, say, show, words
from gateway.domain.figures import ran
from gateway.domain.sla.forecast import FEWEST, Forecast
from gateway.flows.forecast import look_ahead

_COLUMNS = {
    "clock": "CLOCK",
    "due": "DUE",
    "earliest": "EARLIEST",
    "likely": "LIKELY",
    "late": "NINE IN TEN BY",
    "chance_of_breach": "CHANCE OF BREACH",
}


def register(group: typer.Typer) -> None:
    """Add the command to `interdesk sla`."""
    group.command("forecast")(forecast)


def forecast(
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="The ticket's id.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Say when each clock may be met: in the hours of whoever still has to act, as quick as each was before."""
    with opened() as gateway:
        outlook = look_ahead(gateway.context, ticket, now=utc_now())
        organizations = gateway.context.directory_now.organizations
    names = {hop.id: organizations[hop.org_id].name or hop.org_id for hop in outlook.reading.hops}
    rows = [_row(one) | {"still_to_act": list(_legs(one, names))} for one in outlook.forecasts]
    if as_json:
        print_json({"ticket": outlook.reading.ticket_id, "forecasts": rows})
        return
    show(rows, _COLUMNS, as_json=False, empty="no clock of this ticket runs")
    for row in rows:
        out().print(f"\n[bold]{words(row['clock'])}[/] waits for {words('; '.join(row['still_to_act']))}")
    if any(one.hopeless for one in outlook.forecasts):
        say("a promise is lost unless somebody is quicker than ever before: ask for more time, or for help")


def _row(one: Forecast) -> dict[str, Any]:
    return {
        "clock": one.clock.key,
        "due": one.clock.due,
        "earliest": one.earliest,
        "likely": one.likely,
        "late": one.late,
        "chance_of_breach": "not known" if one.chance is None else f"{-(-one.chance * 100 // 1)} %",
    }


def _legs(one: Forecast, names: dict[str, str]) -> Iterator[str]:
    for leg in one.legs:
        who = names.get(leg.hop, leg.hop)
        if leg.verifies:
            yield f"{who} to verify what was done"
        elif leg.known < FEWEST:
            yield f"{who}, of whom {leg.known} finished tickets are known and {FEWEST} are needed"
        else:
            yield f"{who}, who has had it for {ran(leg.had)}; {leg.known} finished tickets tell how long it takes"
