"""`interdesk desks`: how talking to each desk goes, and letting a held one go on."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, Reason, acting, opened, say, show
from gateway.domain import breaker
from gateway.domain.outcome import ClockSample
from gateway.errors import NotFound
from gateway.flows import commands
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.store import offsets, views

_COLUMNS = {
    "code": "DESK",
    "organization": "ORGANIZATION",
    "connector": "CONNECTOR",
    "state": "STATE",
    "polled_at": "POLLED",
    "clock": "ITS CLOCK",
    "held": "WHY",
}
_OFFSETS = {
    "measured_at": "MEASURED",
    "clock": "ITS CLOCK",
    "ahead_s": "SECONDS AHEAD",
    "error_s": "GIVE OR TAKE",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The desks that are linked.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("offsets")(clock_offsets)
    group.command("release")(release)
    app.add_typer(group, name="desks")


def listed(as_json: AsJson = False) -> None:
    """List the desks and how talking to them goes."""
    with opened() as gateway, gateway.database.read() as db:
        clocks = offsets.latest(db, OPERATOR)
        found = [
            {**desk, "state": _state(desk), "clock": _clock(clocks.get(desk["id"]))}
            for desk in views.desks(db, OPERATOR)
        ]
    show(found, _COLUMNS, as_json=as_json, empty="no desk is configured; interdesk apply FILE makes them")


def clock_offsets(
    code: Annotated[str, typer.Argument(metavar="DESK", help="The desk's code.", show_default=False)],
    days: Annotated[int, typer.Option("--days", min=1, help="So far back.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Show how far a desk's clock was from ours: what the times of its acts are corrected by."""
    with opened() as gateway, gateway.database.read() as db:
        desk_id = next((desk["id"] for desk in views.desks(db, OPERATOR) if desk["code"] == code), None)
        if desk_id is None:
            raise NotFound(f"there is no desk {code}", cure="interdesk desks list shows them")
        series = offsets.since(db, OPERATOR, [desk_id], utc_now() - timedelta(days=days)).get(desk_id, ())
    rows = [
        {
            "measured_at": one.at,
            "clock": _clock(one),
            "ahead_s": one.offset.total_seconds(),
            "error_s": one.error.total_seconds(),
        }
        for one in series
    ]
    show(rows, _OFFSETS, as_json=as_json, empty="no answer of this desk has told its time yet")


def _clock(sample: ClockSample | None) -> str:
    """Words for an offset; one within its error bar counts as none (R3)."""
    if sample is None:
        return ""
    if abs(sample.offset) <= sample.error:
        return "right"
    way = "ahead" if sample.offset > timedelta() else "behind"
    return f"{timedelta(seconds=round(abs(sample.offset).total_seconds()))} {way}"


UNPOLLED = timedelta(minutes=30)
"""A desk that showed no page of changes for so long is not well, whatever else it does (as in deploy/alerts.yaml)."""


def _state(desk: dict[str, Any]) -> str:
    state, now = breaker.from_document(desk["breaker"]), utc_now()
    if desk["held"]:
        return "held"
    if state.open_until is not None and state.open_until > now:
        return "left alone"
    if state.slow_until is not None and state.slow_until > now:
        return "slowed down"
    if state.failures:
        return "failing"
    return "well" if desk["polled_at"] and now - desk["polled_at"] < UNPOLLED else "not polled"


def release(
    code: Annotated[str, typer.Argument(metavar="DESK", help="The desk's code.", show_default=False)],
    reason: Reason = "",
    actor: Actor = None,
) -> None:
    """Talk to a held desk again."""
    with opened() as gateway:
        commands.release_desk(gateway.context, code, Order(actor=acting(actor), reason=reason, now=utc_now()))
    say(f"desk {code} is talked to again")
