"""`interdesk replay`: parked deliveries and quarantined messages, a ticket, or a stretch of time, once more."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from gateway.app import Gateway, utc_now
from gateway.cli.terminal import (
    Actor,
    AsJson,
    Code,
    Reason,
    Yes,
    acting,
    agreed,
    complain,
    moment,
    opened,
    say,
    show,
    show_one,
)
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import commands
from gateway.flows import replay as flow
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.flows.reconcile import ticket_named
from gateway.store import views
from gateway.store.db import Db
from gateway.store.replays import Span

LOOKED_BACK = timedelta(days=3650)
"""Of a ticket, everything."""

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]…", help="Deliveries or messages.", show_default=False),
]
Ticket = Annotated[
    str | None,
    typer.Option("--ticket", help="Everything of a ticket, by its id or by its number at any desk."),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="MOMENT", help="Everything from then on (ISO 8601 with offset)."),
]
To = Annotated[str | None, typer.Option("--to", metavar="MOMENT", help="Until before then. Without it: now.")]


def replay(
    ids: Ids = None,
    *,
    ticket: Ticket = None,
    start: From = None,
    end: To = None,
    desk: Annotated[str | None, typer.Option("--desk", help="Only of this desk.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    reason: Reason = "",
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Try parked deliveries again, read quarantined messages again, look again at a ticket or at all that a stretch of
    time spoke of. Harmless: a replay cannot duplicate."""
    if bool(ids) + (ticket is not None) + (start is not None) != 1:
        raise typer.BadParameter("name deliveries or messages, or say --ticket or --from")
    with opened() as gateway:
        if ids:
            if dry_run or desk or end:
                raise typer.BadParameter("--dry-run, --desk and --to go with --ticket or --from")
            _named(gateway, list(dict.fromkeys(ids)), (actor, reason), yes=yes, as_json=as_json)
            return
        span = _span(gateway, ticket, (start, end), desk)
        found = flow.harvest(gateway.context, span)
        show_one(found.counts, as_json=as_json)
        if dry_run:
            return
        if not agreed("Replay that?", yes=yes):
            say("nothing was replayed")
            raise typer.Exit(Code.FINDINGS)
        order = Order(actor=acting(actor), reason=reason, now=utc_now())
        flow.replay(gateway.context, span, order)
    say("replayed")


def _span(
    gateway: Gateway, ticket: str | None, between: tuple[str | None, str | None], desk: str | None
) -> Span:
    start, end = between
    begins = moment(start) if start is not None else utc_now() - LOOKED_BACK
    ends = moment(end)
    if begins >= ends:
        raise Invalid(f"{end or 'now'} is not after {start}", cure="say an earlier --from")
    with gateway.database.read() as db:
        known = {one.code: one.id for one in gateway.context.directory(db).desks.values()}
        if desk is not None and desk not in known:
            raise NotFound(f"no desk {desk}", cure="interdesk desks list names them")
        return Span(
            start=begins,
            end=ends,
            desk_ids=[known[desk]] if desk is not None else None,
            ticket_id=ticket_named(db, ticket) if ticket is not None else None,
        )


def _named(
    gateway: Gateway, chosen: list[str], who: tuple[str | None, str], *, yes: bool, as_json: bool
) -> None:
    """Those with these ids, all or nothing."""
    _refuse_unknown(gateway, chosen)
    if not agreed(f"Replay {len(chosen)} {'thing' if len(chosen) == 1 else 'things'}?", yes=yes):
        say("nothing was replayed")
        raise typer.Exit(Code.FINDINGS)
    order = Order(actor=acting(who[0]), reason=who[1], now=utc_now())
    results = [_replayed(gateway, name, order) for name in chosen]
    show(results, {"id": "ID", "state": "STATE"}, as_json=as_json)
    failed = [result for result in results if result["state"] == "refused"]
    say(f"replayed {len(results) - len(failed)} of {len(results)}")
    if failed:
        raise typer.Exit(Code.CONFLICT)


def _refuse_unknown(gateway: Gateway, names: Sequence[str]) -> None:
    """All or nothing is asked about: a mistyped id is told before anything is done."""
    with gateway.database.read() as db:
        lost = [name for name in names if not _is_known(db, name)]
    if lost:
        raise NotFound(
            f"no delivery or message is called {', '.join(lost)}",
            cure="interdesk parked and interdesk messages list show them",
        )


def _is_known(db: Db, name: str) -> bool:
    find = {"dlv": views.delivery, "msg": views.message}.get(name.partition("_")[0])
    return find is not None and find(db, OPERATOR, name) is not None


def _replayed(gateway: Gateway, name: str, order: Order) -> dict[str, str]:
    try:
        if name.startswith("msg_"):
            commands.replay_message(gateway.context, name, order)
            return {"id": name, "state": "received"}
        return {"id": name, "state": commands.retry_parked(gateway.context, name, order).state.value}
    except (Refused, NotFound) as error:
        complain(error)
        return {"id": name, "state": "refused"}
