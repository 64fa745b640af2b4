"""`interdesk serve` and `interdesk worker`: the processes that stay. Both end cleanly on SIGTERM and SIGINT."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer
import uvicorn
import uvloop

from gateway import app as wiring
from gateway import config
from gateway.app import Gateway, Life
from gateway.cli.terminal import say
from gateway.errors import ConfigError
from gateway.store.waiting import wait_until_it_answers

_SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter: the store's threads and the event loop take turns a hundred times in a
commit, and the default of 5 ms makes each turn a wait."""


_COLLECT_AFTER = (20_000, 20, 20)
"""When memory is looked through for cycles (`gc`). A batch makes tens of thousands of objects that all die with it: the
default looks at them dozens of times, each time pausing every request, and finds nothing. What was loaded at the start
stays for good and is looked at no more."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)
    app.command("worker")(worker)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [INTERDESK_HOST]")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one. [INTERDESK_PORT]")] = None,
    worker: Annotated[
        bool | None, typer.Option("--worker/--no-worker", help="Work the queues too. [INTERDESK_WORKER]")
    ] = None,
) -> None:
    """Serve the doors; on SQLite also work the queues."""
    given = {"host": host, "port": port, "worker": worker}
    settings = config.load(**{name: value for name, value in given.items() if value is not None})
    with _started(wiring.open_gateway(settings)) as gateway, _listening(settings.host, settings.port) as sock:
        sys.exit(uvloop.run(_serve(gateway, sock)))


def worker() -> None:
    """Work the queues: deliver, look, poll. Any number of these share one PostgreSQL."""
    settings = config.load()
    missing = wiring.absence(settings)
    if missing is not None:  # its work comes in by the doors of another process, which has made the database
        raise missing
    with _started(wiring.open_gateway(settings)) as gateway:
        sys.exit(uvloop.run(_work(gateway)))


@contextlib.contextmanager
def _started(gateway: Gateway) -> Iterator[Gateway]:
    try:
        wait_until_it_answers(gateway.database, say)
        wiring.ready_schema(gateway)
        wiring.set_up_logs(gateway)
        settle_in()
        yield gateway
    finally:
        gateway.close()


def settle_in() -> None:
    """Set the interpreter up for a process that stays."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        sock = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            f"INTERDESK_HOST, INTERDESK_PORT: {host}:{port} cannot be listened on",
            why=error.strerror or str(error),
            cure="choose another port, or end the process that has it",
        ) from error
    with sock:
        yield sock


class _Server(uvicorn.Server):
    """uvicorn with our own signals: SIGTERM ends the process with 0, and the worker hears of it first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(gateway: Gateway, sock: socket.socket) -> int:
    life, failures = Life(), []
    server = _Server(_configuration(gateway, life))

    def end() -> None:
        life.stop.set()
        server.should_exit = True

    def failed(failure: BaseException) -> None:
        failures.append(failure)
        end()

    life.failed = failed
    _on_signals(end)
    address = sock.getsockname()
    say(f"listening on http://{_shown(address[0])}:{address[1]}")
    await server.serve(sockets=[sock])
    return 1 if failures or not server.started else 0


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _configuration(gateway: Gateway, life: Life) -> uvicorn.Config:
    options: dict[str, Any] = {
        "http": "httptools",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,  # nobody here asks for a sender's address
        "timeout_keep_alive": 65,
        "timeout_graceful_shutdown": max(1, round(gateway.settings.stop_within / 2)),
    }
    with_worker = gateway.settings.worker_in_serve
    return uvicorn.Config(wiring.web_app(gateway, with_worker=with_worker, life=life), **options)


async def _work(gateway: Gateway) -> int:
    stop = asyncio.Event()
    _on_signals(stop.set)
    client = gateway.desk_client()
    running = asyncio.create_task(gateway.worker(client).run(stop))
    asked = asyncio.create_task(stop.wait())
    say("working")
    await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        await running  # ended by itself: its failure is ours
        return 1
    await wiring.finish(running, within=gateway.settings.stop_within)
    await client.close()
    return 0


def _on_signals(end: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
