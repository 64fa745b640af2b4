"""What other terms would do, in words: shared by the commands that change agreements."""

from typing import Annotated, Any

import typer

from gateway.cli.terminal import print_json, say, show
from gateway.domain.figures import share
from gateway.domain.sla.clocks import Clock
from gateway.flows.foresight import Foresight, Moved, Share

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what it would change.")]
_MOVED = {"ticket": "TICKET", "clock": "CLOCK", "before": "IS NOW", "after": "WOULD BE"}


def tell(found: Foresight, *, as_json: bool = False) -> None:
    """Open clocks before and after, and last quarter's share before and after."""
    if as_json:
        print_json(document(found))
        return
    if found.moved:
        show([_row(one) for one in found.moved], _MOVED, as_json=False)
    say(
        f"{found.agreement}: {found.open_tickets} open tickets are bound to it; bound anew, {len(found.moved)} of their"
        " open clocks would stand otherwise"
    )
    say(
        f"{found.quarter.name} under the terms that held: {_share(found.before)}; under these: {_share(found.after)}"
    )
    if found.left_out:
        say(f"{found.left_out} tickets more were not counted again")


def document(found: Foresight) -> dict[str, Any]:
    """The same for programs."""
    return {
        "agreement": found.agreement,
        "open_tickets": found.open_tickets,
        "open_clocks": [_row(one) for one in found.moved],
        "quarter": found.quarter.name,
        "before": vars(found.before),
        "after": vars(found.after),
        "left_out": found.left_out,
    }


def _row(one: Moved) -> dict[str, Any]:
    return {
        "ticket": one.ticket_id,
        "clock": one.clock,
        "before": _words(one.before),
        "after": _words(one.after),
    }


def _words(clock: Clock | None) -> str:
    if clock is None:
        return "not there"
    due = f", due {clock.due:%Y-%m-%d %H:%M} UTC" if clock.due is not None else ""
    return f"{clock.state}{due}"


def _share(one: Share) -> str:
    every = one.met + one.breached
    return f"{one.met} of {every} met, {share(one.met, every)}" if every else "no clock ended"
