"""`interdesk sharing`: agreements with partners that share tickets (Networked Help Desk, Zendesk): invite, answer, end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from gateway.app import Gateway, utc_now
from gateway.cli.terminal import Actor, AsJson, acting, opened, say, show
from gateway.domain.ticket_sharing import Agreement, Standing
from gateway.flows.ticket_sharing import address_of, agreements, desk_named
from gateway.flows.ticket_sharing.agreements import Call, Step

_COLUMNS = {"desk": "DESK", "status": "STATUS", "who": "INVITED BY", "name": "NAME", "changed_at": "SINCE", "uuid": "UUID"}  # fmt: skip
Code = Annotated[str, typer.Argument(metavar="DESK", help="The partner's desk.", show_default=False)]
Uuid = Annotated[str, typer.Option("--uuid", help="Which, where there are several: how its uuid begins.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Agreements with partners that share tickets.", no_args_is_help=True)
    for name, command in (
        ("list", listed),
        ("address", address),
        ("invite", invite),
        ("accept", accept),
        ("decline", decline),
        ("end", end),
    ):
        group.command(name)(command)
    app.add_typer(group, name="sharing")


def listed(as_json: AsJson = False) -> None:
    """List the agreements, the newest first."""
    with opened() as gateway:
        found = agreements.listed(gateway.context)
    rows = [
        {
            "desk": code,
            "status": one.standing.value,
            "who": "us" if one.ours == "sender" else "them",
            "name": one.name,
            "changed_at": one.changed_at,
            "uuid": one.uuid,
        }
        for one, code in found
    ]
    show(rows, _COLUMNS, as_json=as_json, empty="no agreement with a partner that shares tickets")


def address(code: Code) -> None:
    """Show the address that the partner's people enter to share tickets with us."""
    with opened() as gateway, gateway.database.read() as db:
        desk = desk_named(gateway.context.directory(db), code)
    say(address_of(gateway.settings.address, desk))


def invite(
    code: Code,
    name: Annotated[str, typer.Option("--name", help="What the partner's people read.")] = "Interdesk",
    actor: Actor = None,
) -> None:
    """Propose an agreement to the partner; it answers when it likes."""
    step = Step(desk=code, actor=acting(actor), now=utc_now())
    made = _told(lambda gateway, call: agreements.invite(gateway.context, call, step, name=name))
    say(f"invited: {made.uuid} waits for the answer of desk {code}")


def accept(code: Code, uuid: Uuid = "", actor: Actor = None) -> None:
    """Accept the partner's invitation, or take up again what we ended."""
    _answer(code, uuid, actor, Standing.ACCEPTED)


def decline(code: Code, uuid: Uuid = "", actor: Actor = None) -> None:
    """Decline the partner's invitation."""
    _answer(code, uuid, actor, Standing.DECLINED)


def end(code: Code, uuid: Uuid = "", actor: Actor = None) -> None:
    """End an agreement, or take an invitation back; tickets stay as they are and nothing more passes."""
    _answer(code, uuid, actor, Standing.INACTIVE)


def _answer(code: str, uuid: str, actor: str | None, standing: Standing) -> None:
    step = Step(desk=code, actor=acting(actor), now=utc_now(), uuid=uuid)
    made = _told(lambda gateway, call: agreements.answer(gateway.context, call, step, standing))
    say(f"the agreement with desk {code} is {made.standing.value}")


def _told(step: Callable[[Gateway, Call], Awaitable[Agreement]]) -> Agreement:
    async def whole(gateway: Gateway) -> Agreement:
        async with gateway.desk_client() as client:
            return await step(gateway, Call(client=client, address=gateway.settings.address))

    with opened() as gateway:
        return asyncio.run(whole(gateway))
