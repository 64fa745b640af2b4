"""`interdesk sla recompute`: the clocks counted again from the events, and what that says beside what was told."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from gateway.app import Gateway, utc_now
from gateway.cli.terminal import AsJson, Code, moment, opened, out, print_json, say, show
from gateway.domain.figures import open_time, ran
from gateway.domain.recount import RECOUNT, TIME, UNDER, Difference
from gateway.errors import Invalid, Refused
from gateway.flows import recount
from gateway.flows.recount import Recount

Tickets = Annotated[
    list[str] | None, typer.Argument(metavar="[TICKET]...", help="The tickets' ids.", show_default=False)
]
Every = Annotated[bool, typer.Option("--all", help="Every ticket that an agreement holds for.")]
Diff = Annotated[
    bool, typer.Option("--diff", help="Each figure that differs: told, now, and the events that did it.")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", help="Against what was told then (ISO 8601 with offset).", show_default="last told"
    ),
]
Under = Annotated[
    str | None,
    typer.Option(
        "--under",
        metavar="TERMS",
        help="As if bound to AGREEMENT or a sheet (sht_…), counted in /CALENDAR, or both joined.",
        show_default=False,
    ),
]
Count = Callable[[str], Recount | None]

_COLUMNS = {"clock": "CLOCK", "figure": "FIGURE", "told": "TOLD", "now": "NOW", "causes": "BECAUSE OF"}
_CAUSES = {
    RECOUNT: "no event: the same events come to this",
    TIME: "time passed",
    UNDER: "the other terms",
}


def register(group: typer.Typer) -> None:
    """Add the command to `interdesk sla`."""
    group.command("recompute")(recompute)


def recompute(
    tickets: Tickets = None,
    every: Every = False,
    diff: Diff = False,
    *,
    as_of: AsOf = None,
    under: Under = None,
    as_json: AsJson = False,
) -> None:
    """Count clocks again from the events and say what differs from what was told. Changes nothing."""
    now = utc_now()
    if bool(tickets) == every:
        raise Invalid("which tickets?", cure="name them, or say --all")
    if as_of is not None and under is not None:
        raise Invalid("--as-of and --under ask for two different things", cure="say one of them")
    with opened() as gateway:
        count = _count(gateway, as_of, under, now)
        names = recount.tickets(gateway.context) if every else tickets or []
        found = {name: count(name) for name in names}
    silent = [name for name, one in found.items() if one is None]
    if silent and not every:
        raise Refused(
            f"{under} says nothing about {silent[0]}",
            why="it is between other parties, or of another kind, than what the ticket is bound to",
            cure=f"interdesk sla show {silent[0]} names its agreements",
        )
    counted = [one for one in found.values() if one is not None]
    _tell(counted, diff=diff, as_json=as_json)
    if any(one.differences for one in counted):
        raise typer.Exit(Code.FINDINGS)


def _count(gateway: Gateway, as_of: str | None, under: str | None, now: datetime) -> Count:
    """What to count against."""
    if under is not None:
        other = recount.other_terms(gateway.context, under)
        return lambda name: recount.under(gateway.context, name, other, now=now)
    if as_of is not None:
        at = moment(as_of)
        return lambda name: recount.against_moment(gateway.context, name, at, now=now)
    return lambda name: recount.against_kept(gateway.context, name, now=now)


def _tell(found: Sequence[Recount], *, diff: bool, as_json: bool) -> None:
    for one in found:
        rows = list(_rows(one.differences))
        if as_json:
            print_json({"ticket": one.ticket_id, "since": one.since, "differences": rows})
        elif rows and diff:
            out().print(f"\n[bold]{one.ticket_id}[/]{_since(one)}")
            show(rows, _COLUMNS, as_json=False)
        elif rows or diff or len(found) == 1:
            told = (
                f"{len(rows)} figures differ" if rows else "agrees" if one.since else "nothing was told yet"
            )
            out().print(f"{one.ticket_id}: {told}{_since(one)}")
    agree = sum(not one.differences for one in found)
    say(f"{agree} of {len(found)} tickets agree")


def _since(one: Recount) -> str:
    return f" (told {one.since:%Y-%m-%d %H:%M:%S} UTC)" if one.since is not None else ""


def _rows(differences: Sequence[Difference]) -> Iterator[dict[str, Any]]:
    for one in differences:
        yield {
            "clock": one.clock,
            "figure": one.figure.removesuffix("_at"),
            "told": _figure(one.figure, one.told),
            "now": _figure(one.figure, one.now),
            "causes": [_CAUSES.get(cause, cause) for cause in one.causes],
        }


def _figure(name: str, value: Any) -> Any:
    """Open time in words, rounded against the provider; anything else as it is."""
    if not isinstance(value, timedelta):
        return value
    return ran(value) if name == "elapsed" else open_time(value)
