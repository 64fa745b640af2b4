"""`interdesk chain check`: whether the partners' targets can keep the customers' promises."""

from typing import Annotated, Any

import typer

from gateway.app import utc_now
from gateway.cli.terminal import AsJson, Code, opened, say, show
from gateway.domain.figures import open_time, ran, share
from gateway.flows.chain_check import Checked, check

_COLUMNS = {
    "promise": "PROMISE",
    "priority": "PRIORITY",
    "target": "TARGET",
    "support": "STANDS ON",
    "site": "AT SITE",
    "result": "RESULT",
    "by": "BY",
    "opened_at": "OPENED (UTC)",
    "due": "DUE",
    "finish": "FINISHED",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Chains of agreements.", no_args_is_help=True)
    group.command("check")(checked)
    group.callback()(lambda: None)  # one command alone would take the group's place
    app.add_typer(group, name="chain")


def checked(
    agreement: Annotated[
        str, typer.Argument(help="Only this agreement's promises.", show_default=False)
    ] = "",
    year: Annotated[
        int | None,
        typer.Option("--year", min=1990, max=2200, help="The year to look at.", show_default="this year"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check whether what partners promise us can keep what we promise, from every moment of a year."""
    with opened() as gateway:
        found = check(gateway.context, year=year or utc_now().year, agreement=agreement)
    rows = [_row(one) for one in found]
    show(rows, _COLUMNS, as_json=as_json, empty="no agreement stands on another one")
    short = [one for one in found if not one.found.supported]
    if short:
        say(
            f"{len(short)} of {len(found)} promises cannot be kept from every moment, "
            f"{share(len(found) - len(short), len(found))} can: lengthen the promise, "
            "shorten the target underneath, or agree on longer hours"
        )
        raise typer.Exit(Code.FINDINGS)


def _row(one: Checked) -> dict[str, Any]:
    pair, found = one.pair, one.found
    named = {
        "promise": pair.promise.code,
        "priority": pair.priority,
        "target": pair.target.value,
        "support": pair.support.code,
    }
    return {
        **named,
        "site": one.site,
        "result": "kept" if found.supported else "not kept",
        "by": f"{open_time(-found.gap)} to spare" if found.supported else f"{ran(found.gap)} short",
        "opened_at": found.worst[0].first,
        "due": found.due,
        "finish": found.finish,
    }
