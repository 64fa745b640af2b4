"""`interdesk erase`: a person is forgotten, and what is known of whom that was asked."""

from typing import Annotated, Any

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
    opened,
    print_json,
    say,
    show,
    show_one,
)
from gateway.flows import erasing, erasure_rounds, erasure_views, holds
from gateway.flows.commands import Order
from gateway.flows.erasing import Found, Keep, Wanted
from gateway.store.traces import KEPT

_COLUMNS = {
    "id": "ERASURE",
    "organization": "OF",
    "asked_at": "ASKED",
    "asked_by": "BY",
    "state": "STATE",
    "done_at": "DONE",
    "tickets": "TICKETS",
    "reason": "REASON",
}
_HELD = {"ticket_id": "TICKET", "at": "SINCE", "by": "BY", "reason": "REASON"}
_ELSE = {"organization": "WHO", "desk": "DESK", "number": "NUMBER", "ticket": "TICKET"}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Forget a person; figures stay provable.", no_args_is_help=True)
    group.command("person")(person)
    group.command("list")(listed)
    group.command("run")(run)
    group.command("hold")(hold)
    group.command("unhold")(unhold)
    group.command("holds")(held)
    app.add_typer(group, name="erase")


def person(
    *,
    organization: Annotated[
        str, typer.Option("--organization", help="Whose requester or customer it is (code).")
    ],
    requester: Annotated[
        list[str],
        typer.Option(
            "--requester",
            help="An address, a full name, a number, an id at a desk; give every one that is known.",
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, change nothing.")] = False,
    reason: Reason = "",
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Erase somebody from texts, names, files, raw messages and accounts. Tickets that go on or are held wait."""
    wanted = Wanted(organization=organization, terms=tuple(requester))
    with opened() as gateway:
        keep = keep_of(gateway)
        found = erasing.look(gateway.context, keep, wanted)
        if dry_run or not (as_json and yes):
            _tell(gateway, found, as_json=as_json and dry_run)
        if dry_run:
            return
        if not agreed("Erase this? It cannot be taken back.", yes=yes):
            raise typer.Exit(Code.FINDINGS)
        order = Order(actor=acting(actor), now=utc_now(), reason=reason)
        done, _ = erasing.erase(gateway.context, keep, wanted, order)
    show_one({"erasure": done.id, "state": done.state, "erased": done.counts}, as_json=as_json)


def keep_of(gateway: Gateway) -> Keep:
    """Where it is done."""
    return Keep(blobs=gateway.blobs, vault=gateway.vault, beside=gateway.settings.erasures, now=utc_now)


def _tell(gateway: Gateway, found: Found, *, as_json: bool) -> None:
    """What there is, and who else has it."""
    elsewhere = erasure_views.who_else(gateway.context, sorted(found.tickets))
    told: dict[str, Any] = {
        "to erase": dict(found.erased),
        "files to remove": len(found.files),
        "files no search reads": found.unread,
        "waiting": dict(found.waiting),
        "kept": {name: f"{number}, {KEPT[name]}" for name, number in found.kept.items()},
    }
    if as_json:
        print_json({**told, "elsewhere": elsewhere})
        return
    show_one(told, as_json=False)
    if elsewhere:
        say("these desks have it too; what they hold is erased there, by whom they belong to:")
        show(elsewhere, _ELSE, as_json=False)


def listed(as_json: AsJson = False) -> None:
    """Who asked for whom to be forgotten, and how far it came; never who that was."""
    with opened() as gateway:
        codes = {one.id: one.code for one in _directory(gateway)}
        found = erasing.listed(gateway.context)
    told = [
        {
            **{
                name: getattr(one, name)
                for name in ("id", "asked_at", "asked_by", "state", "done_at", "reason")
            },
            "organization": codes.get(one.org_id, one.org_id),
            "tickets": len(one.tickets),
            "counts": dict(one.counts),
        }
        for one in found
    ]
    show(told, _COLUMNS, as_json=as_json, empty="nobody was to be forgotten")


def _directory(gateway: Gateway) -> list[Any]:
    with gateway.database.read() as db:
        return list(gateway.context.directory(db).organizations.values())


def run(
    name: Annotated[
        str | None, typer.Argument(help="One erasure; without it: what was broken off or waits.")
    ] = None,
    actor: Actor = None,
) -> None:
    """Go on with erasures; one that is named is gone over again (a desk may have told of the person once more)."""
    with opened() as gateway:
        order, keep = Order(actor=acting(actor), now=utc_now(), reason=""), keep_of(gateway)
        if name is not None:
            done, _ = erasing.work(gateway.context, keep, name, order)
            say(f"{name} is {done.state}")
        else:
            say(f"{erasure_rounds.go_on(gateway.context, keep, order)} erasures were worked on")


Ticket = Annotated[str, typer.Argument(help="The ticket.", show_default=False)]


def hold(ticket: Ticket, reason: Reason = "", actor: Actor = None) -> None:
    """Nothing is taken from this ticket by erasure or age, nor raw messages and names of the desks that know it."""
    with opened() as gateway:
        holds.hold(gateway.context, ticket, Order(actor=acting(actor), now=utc_now(), reason=reason))
    say(f"{ticket} is held")


def unhold(ticket: Ticket, reason: Reason = "", actor: Actor = None) -> None:
    """Take the hold off."""
    with opened() as gateway:
        holds.unhold(gateway.context, ticket, Order(actor=acting(actor), now=utc_now(), reason=reason))
    say(f"{ticket} is not held any more")


def held(as_json: AsJson = False) -> None:
    """List tickets that are held."""
    with opened() as gateway:
        found = holds.listed(gateway.context)
    show(found, _HELD, as_json=as_json, empty="no ticket is held")
