"""`python -m gateway.testing.loopback --port 0 --temper vendor …`: one desk as a process of its own. The first line of
output is JSON with its address; it runs until SIGTERM or SIGINT."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.testing.loopback.desk import LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from gateway.testing.loopback.temper import TEMPERS


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m gateway.testing.loopback", description="A service desk to try things on."
    )
    parser.add_argument("--port", type=int, default=0, help="0 = any free one")
    parser.add_argument("--temper", choices=sorted(TEMPERS), default="plain")
    parser.add_argument("--seed", type=int, default=0, help="what its habits and faults throw dice with")
    parser.add_argument("--token", help="the bearer token its API wants; none = open")
    parser.add_argument("--control-token", help="the bearer token its control side wants; none = open")
    parser.add_argument("--hook-url", help="where its webhooks go")
    parser.add_argument("--hook-secret", default="", help="what it signs them with")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Serve until told to stop."""
    told = _arguments(given)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    desk = LoopbackDesk(
        TEMPERS[told.temper],
        clock=lambda: datetime.now(UTC),
        seed=told.seed,
        token=told.token,
        hook_secret=told.hook_secret.encode(),
    )
    server = LoopbackServer(desk, port=told.port, hook_url=told.hook_url, control_token=told.control_token)
    with server:
        print(json.dumps({"url": server.url, "temper": told.temper}), flush=True)  # noqa: T201 - the caller reads it
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
