"""`interdesk reconcile`: desks compared with what we know, what drifted, and what is done about it."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from gateway.app import Gateway, utc_now, worker_id
from gateway.cli.terminal import (
    Actor,
    AsJson,
    Code,
    Reason,
    Yes,
    acting,
    agreed,
    is_watched,
    moment,
    opened,
    say,
    show,
)
from gateway.cli.tickets import Limit
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import reconcile as flow
from gateway.flows import sweep
from gateway.flows.capacity import Capacity
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.flows.reconcile import Begun, Wanted
from gateway.flows.reconciler import Reconciler
from gateway.store import reconciliations
from gateway.store.reconciliations import Run

PATIENCE = 120.0
"""Seconds without anything to do (desks that rest or are held) after which the rest of a run is left for later."""
TOLD_EVERY = 5.0

Ticket = Annotated[
    str | None, typer.Option("--ticket", help="A ticket by its id, or by its number at any desk.")
]
Resume = Annotated[
    str | None, typer.Option("--resume", metavar="RUN", help="Go on with a run that was cut short.")
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="Also tickets that ended after this moment (ISO 8601 with offset).",
        show_default="30 days ago",
    ),
]
PerMinute = Annotated[
    int | None, typer.Option("--per-minute", min=1, help="So many tickets a minute at most.")
]
_ONE_OF = "--link, --desk, --ticket, --everything, --resume, --show, --runs"

_COLUMNS = {
    "desk": "DESK",
    "number": "NUMBER",
    "what": "WHAT",
    "shows": "DESK SHOWS",
    "known": "WE THOUGHT",
    "wanted": "CHAIN SAYS",
    "cause": "CAUSE",
    "repair": "REPAIR",
}
_RUNS = {
    "id": "RUN",
    "kind": "BY",
    "started_at": "STARTED",
    "finished_at": "ENDED",
    "is_dry": "DRY",
    "selection": "OF",
}


def reconcile(
    *,
    link: Annotated[str | None, typer.Option("--link", help="Both ends of every ticket of a link.")] = None,
    desk: Annotated[str | None, typer.Option("--desk", help="Every ticket at a desk.")] = None,
    ticket: Ticket = None,
    everything: Annotated[bool, typer.Option("--everything", help="Every ticket at every desk.")] = False,
    resume: Resume = None,
    shown: Annotated[str | None, typer.Option("--show", metavar="RUN", help="What a run found.")] = None,
    runs: Annotated[bool, typer.Option("--runs", help="The runs there were, the newest first.")] = False,
    since: Since = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what drifted.")] = False,
    per_minute: PerMinute = None,
    limit: Limit = 50,
    reason: Reason = "",
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Compare desks with what we know and with what the chain says; set right what drifted."""
    named = [name for name in (link, desk, ticket, resume, shown) if name is not None]
    if len(named) + everything + runs != 1:
        raise Invalid("what is to be compared?", cure=f"say one of {_ONE_OF}")
    ended = moment(since) if since is not None else None
    wanted = Wanted(link=link, desk=desk, ticket=ticket, since=ended, is_dry=dry_run, per_minute=per_minute)
    with opened() as gateway:
        if runs:
            _list(gateway, limit, as_json=as_json)
            return
        if shown is not None:
            raise typer.Exit(_tell(gateway, _run(gateway, shown), as_json=as_json))
        if not (dry_run or agreed("Set right what drifted?", yes=yes)):
            raise typer.Exit(Code.FINDINGS)
        order = Order(actor=acting(actor), reason=reason, now=utc_now())
        run = _resumed(gateway, resume) if resume is not None else _begun(gateway, wanted, order)
        raise typer.Exit(_carry_out(gateway, run, as_json=as_json))


def _list(gateway: Gateway, limit: int, *, as_json: bool) -> None:
    with gateway.database.read() as db:
        found = [dict(vars(run)) for run in reconciliations.listed(db, OPERATOR, limit=limit)]
    show(found, _RUNS, as_json=as_json, empty="nothing was compared yet")


def _run(gateway: Gateway, name: str) -> Run:
    with gateway.database.read() as db:
        found = reconciliations.get(db, OPERATOR, name)
    if found is None:
        raise NotFound(f"there is no run {name}", cure="interdesk reconcile --runs lists them")
    return found


def _resumed(gateway: Gateway, name: str) -> Run:
    run = _run(gateway, name)
    if run.finished_at is not None:
        raise Refused(f"{name} is over", cure=f"interdesk reconcile --show {name}")
    return run


def _begun(gateway: Gateway, wanted: Wanted, order: Order) -> Run:
    begun: Begun = flow.begin(gateway.context, wanted, order)
    say(f"{begun.run.id}: {begun.count} assignments to compare")
    return begun.run


def _carry_out(gateway: Gateway, run: Run, *, as_json: bool) -> Code:
    try:
        over = asyncio.run(_drive(gateway, run))
    except KeyboardInterrupt:
        say(f"cut short; go on with: interdesk reconcile --resume {run.id}")
        raise
    code = _tell(gateway, run, as_json=as_json)
    if over:
        return code
    say(f"some desks rest or are held; go on with: interdesk reconcile --resume {run.id}")
    return Code.UNREACHABLE


async def _drive(gateway: Gateway, run: Run) -> bool:
    """Rounds until nothing waits; False if the desks give no more. This process counts among those that share a desk's
    limits for as long as it lasts."""
    name, capacity = worker_id(), Capacity(gateway.context)
    busy_at = told_at = time.monotonic()
    try:
        async with gateway.desk_client() as client:
            reconciler = Reconciler(
                gateway.context, client, gateway.credentials, capacity=capacity, now=utc_now
            )
            while not flow.finish(gateway.context, run.id, now=utc_now()):
                sweep.beat(gateway.context, name, now=utc_now())
                if await reconciler.round(run):
                    busy_at = time.monotonic()
                elif time.monotonic() - busy_at > PATIENCE:
                    return False
                else:
                    await asyncio.sleep(0.2)
                capacity.write_down()
                told_at = _tell_progress(gateway, run, told_at)
    finally:
        sweep.leave(gateway.context, name)
    return True


def _tell_progress(gateway: Gateway, run: Run, told_at: float) -> float:
    if time.monotonic() - told_at < TOLD_EVERY or not is_watched():
        return told_at
    with gateway.database.read() as db:
        states = reconciliations.progress(db, OPERATOR, run.id)
    say(f"compared {sum(states.values()) - states.get('waiting', 0)} of {sum(states.values())}")
    return time.monotonic()


def _tell(gateway: Gateway, run: Run, *, as_json: bool) -> Code:
    """What was found; the exit code that says it."""
    with gateway.database.read() as db:
        items = reconciliations.findings(db, OPERATOR, run.id)
        states = reconciliations.progress(db, OPERATOR, run.id)
    drift = [_row(item, one) for item in items for one in item["drift"] or ()]
    failed = [item for item in items if item["state"] == "failed"]
    show(drift, _COLUMNS, as_json=as_json, empty="nothing drifted")
    for item in failed:
        say(f"{item['desk']} {item['number']} could not be compared: {item['error']}")
    for (cause, repair), count in sorted(Counter((one["cause"], one["repair"]) for one in drift).items()):
        say(f"{count} {cause}: {_would(repair, dry=run.is_dry)}")
    return _code(drift, failed, states, dry=run.is_dry)


def _row(item: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    what = f"{one['what']} {one['object_id']}" if one.get("object_id") else one["what"]
    places = {name: item[name] for name in ("ticket_id", "desk", "number")}
    return {**places, **one, "what": what}


_DONE = {
    "adopt": ("taken over", "to be taken over"),
    "rewrite": ("written again", "to be written again"),
    "hold": ("held for a person", "to be held for a person"),
    "leave": ("let be", "to be let be"),
}


def _would(repair: str, *, dry: bool) -> str:
    return _DONE[repair][dry]


def _code(
    drift: Sequence[Mapping[str, Any]],
    failed: Sequence[Mapping[str, Any]],
    states: Mapping[str, int],
    *,
    dry: bool,
) -> Code:
    if failed:
        return Code.UNREACHABLE if states.get("done", 0) == 0 and not drift else Code.PARTIAL
    waits = any(one["repair"] == "hold" for one in drift)
    return Code.FINDINGS if waits or (dry and drift) else Code.OK
