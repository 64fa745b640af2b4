"""`interdesk connector`: the kit for authors of connectors: begin one, check it, capture what a live desk says, and a desk with
faults to try a client against."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.app import Gateway, utc_now
from gateway.cli.terminal import AsJson, Code, opened, out, print_json, say, words
from gateway.desk_client import DeskClient
from gateway.domain.model import Desk
from gateway.domain.problem import suggestion
from gateway.errors import Invalid, NotFound
from gateway.testing import faults
from gateway.testing.fault_desk import Fault, FaultDesk
from gateway.testing.kit import capture as capturing
from gateway.testing.kit import scaffold
from gateway.testing.kit.capture import Wanted
from gateway.testing.kit.judge import judge

FAULTS: dict[str, Callable[[], Fault]] = {
    "close_at_once": faults.close_at_once,
    "read_then_reset": faults.read_then_reset,
    "apply_then_drop": faults.apply_then_drop,
    "silent": faults.silent,
    "cut_answer": lambda: faults.cut(40),
    "slow_drip": lambda: faults.drip(0.05),
    "status_429": lambda: faults.status(429, retry_after="30"),
    "status_500": lambda: faults.status(500),
    "status_401": lambda: faults.status(401),
    "login_page": lambda: faults.html_page(login=True),
    "wrong_id": faults.wrong_id,
    "gzip_bomb": lambda: faults.gzip_bomb(50),
    "endless_body": faults.endless_body,
    "endless_headers": faults.endless_headers,
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="For authors of connectors.", no_args_is_help=True)
    group.command("new")(new)
    group.command("check")(check)
    group.command("capture")(capture)
    group.command("fault-desk")(fault_desk)
    app.add_typer(group, name="connector")


def new(
    name: Annotated[
        str, typer.Argument(help="Lower case, digits and _, like acme_desk.", show_default=False)
    ],
    parent: Annotated[Path, typer.Option("--in", help="The folder that its folder is made in.")] = Path(),
) -> None:
    """Begin a connector: a folder that passes at level draft and speaks of a desk that does not exist."""
    made = scaffold.begin(name, parent)
    say(f"{parent / name} has {len(made)} files; change them piece by piece, as connectors/README.md says")
    say(f"then: interdesk connector check {parent / name}")


def check(
    folder: Annotated[
        Path, typer.Argument(metavar="PATH", help="The connector's folder.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Play the contract suite on a connector in any folder: the level it reaches, and what the next one lacks."""
    found = judge(folder)
    if as_json:
        print_json(asdict(found))
    else:
        for problem in found.problems:
            out().print(words(problem))
        for lack in found.lacks:
            out().print(f"[dim]lacks for[/] {words(lack)}")
        reached = (
            f"reaches level {found.reached}"
            if found.reached
            else f"breaks the contract in {len(found.problems)} places"
        )
        say(f"{found.name} {reached}; its manifest claims {found.claimed}")
    if found.problems or found.overclaims:
        raise typer.Exit(Code.FINDINGS)


def capture(
    call: Annotated[str, typer.Argument(help="check, fetch or changed.", show_default=False)],
    remote_id: Annotated[str, typer.Argument(help="For fetch: the ticket's id at the desk.")] = "",
    *,
    desk: Annotated[str, typer.Option("--desk", help="A configured desk's code.", show_default=False)],
    to: Annotated[
        Path, typer.Option("--out", help="The fixture to write, fixtures/out/….json.", show_default=False)
    ],
    cursor: Annotated[str, typer.Option("--cursor", help="For changed: where to begin.")] = "",
) -> None:
    """Record what a live desk answers to a read, without secrets, people and prose, as a fixture."""
    args: dict[str, Any] = {
        "fetch": {"remote_id": remote_id, "since": None},
        "changed": {"cursor": cursor or None},
    }.get(call, {})
    if call == "fetch" and not remote_id:
        raise Invalid(
            "fetch needs the ticket's id at the desk", cure="interdesk connector capture fetch 4711 --desk …"
        )
    with opened() as gateway:
        found = _desk(gateway, desk)
        source = f"captured from {gateway.context.connector(found).manifest.title}, {utc_now():%Y-%m-%d}"
        wanted = Wanted(call=call, args=args, path=to, source=source, secrets=_secrets(gateway, found))
        document = asyncio.run(_captured(gateway, found, wanted))
    say(
        f"{to}: {len(document['exchange'])} requests; read it before you keep it, `expect` is what the connector makes of it"
    )


def _desk(gateway: Gateway, code: str) -> Desk:
    with gateway.database.read() as db:
        known = gateway.context.directory(db)
    found = known.desk_by_code(code)
    if found is None:
        codes = [one.code for one in known.desks.values()]
        raise NotFound(f"there is no desk {code!r}", cure=suggestion(code, codes))
    return found


def _secrets(gateway: Gateway, desk: Desk) -> tuple[str, ...]:
    """Everything that opens this desk or proves that it speaks."""
    signed = [
        value
        for name, value in gateway.credentials(desk).headers.items()
        if name.lower() not in ("accept", "user-agent")
    ]
    hooks = [secret.decode(errors="replace") for secret in desk.hook_secrets]
    return tuple(
        part for text in (*signed, *hooks) for part in (text, text.rpartition(" ")[2]) if len(part) > 5
    )


async def _captured(gateway: Gateway, desk: Desk, wanted: Wanted) -> dict[str, Any]:
    client: DeskClient = gateway.desk_client()
    connector, credentials = gateway.context.connector(desk), gateway.credentials(desk)
    async with client:
        return await capturing.capture(
            connector, desk, wanted, lambda exchange: client.ask(exchange, desk=desk, credentials=credentials)
        )


def fault_desk(
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", help="What the next request meets; may be repeated, in this order."),
    ] = None,
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    *,
    endless: Annotated[
        bool, typer.Option("--again", help="Begin the list of faults anew when it is through.")
    ] = False,
) -> None:
    """Serve a small HTTP desk that fails as it is told to, until it is interrupted; prints its address and what it was sent."""
    unknown = [name for name in fault or () if name not in FAULTS]
    if unknown:
        raise Invalid(f"there is no fault {unknown[0]!r}", cure=f"one of {', '.join(FAULTS)}")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_fail(fault or [], port, again=endless))


async def _fail(names: list[str], port: int, *, again: bool) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    desk = FaultDesk(port=port)
    async with desk:
        await serve_badly(desk, names * (1000 if again else 1), ended)


async def serve_badly(desk: FaultDesk, names: list[str], ended: asyncio.Event) -> None:
    """Print the desk's address and each request until it has ended, then what came to it in all."""
    desk.plan(*(FAULTS[name]() for name in names))
    print_json({"url": desk.url})
    seen = 0
    while not ended.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), 0.1)
        for one in desk.received[seen:]:
            told = {"method": one.method, "target": one.target, "marker": one.identity[2]}
            print_json({**told, "bytes": len(one.body)})
        seen = len(desk.received)
    print_json({"requests": len(desk.received), "applied": len(desk.applied)})
