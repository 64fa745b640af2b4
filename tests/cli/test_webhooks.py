"""`interdesk webhooks`, and webhooks in configuration files."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import orjson
from typer.testing import Result

from gateway import webhook_signatures as signatures
from gateway.app import Gateway, utc_now
from tests.api import house
from tests.cli.conftest import Run
from tests.flows.webhooks.listening import Subscriber, subscriber

SECTION = """
webhooks:
  - {organization: south, code: board, url: "https://board.south.example/in", only: {priorities: [critical]}}
"""


def lines(told: Result) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in told.stdout.splitlines()]


def test_made_tried_rotated_and_taken_away_from_a_terminal(gateway: Gateway, run: Run) -> None:
    with listening() as found:
        made = run("webhooks", "add", "pager", found.url, "--for", "north", "--allow-private-network")
        secret = made.stdout.strip()
        assert secret.startswith("whsec_")
        tried = run("webhooks", "test", "pager")
        assert tried.exit_code == 0, tried.output
        assert "taken with 204" in tried.stderr
        [sent] = found.got
        assert signatures.is_signed(secret, sent.headers, sent.body, now=utc_now())

        newer = run("webhooks", "rotate", "north/pager", "--ed25519").stdout.strip()
        found.answer = lambda _sent: "500"
        assert run("webhooks", "test", "pager").exit_code == 1
    for shown in (secret, newer):
        assert signatures.is_signed(shown, found.got[1].headers, found.got[1].body, now=utc_now())
    [listed] = lines(run("webhooks", "list", "--json"))
    assert (listed["delivered"], listed["health"], listed["last_status"]) == (1, "failing", 500)
    assert secret not in run("webhooks", "show", "pager").output
    assert "webhook north/pager: takes nothing since" in run("doctor").output
    run("webhooks", "pause", "pager", "--reason", "moving house")
    assert "paused" in run("webhooks", "list").stdout
    assert "active" in run("webhooks", "resume", "pager").stderr
    messages = lines(run("webhooks", "messages", "pager", "--json"))
    assert [one["state"] for one in messages] == ["pending", "done"]
    done = orjson.loads(run("webhooks", "messages", "pager", "--message", messages[1]["id"]).stdout)
    assert [one["status"] for one in done["attempts"]] == [204]
    assert "1 messages" in run("webhooks", "replay", "pager", "--message", messages[1]["id"]).stderr
    assert run("webhooks", "replay", "pager").exit_code == 3
    assert run("webhooks", "remove", "pager").exit_code == 0
    assert run("webhooks", "show", "pager").exit_code == 2


def test_a_file_makes_and_takes_away_webhooks(gateway: Gateway, run: Run, tmp_path: Path) -> None:
    plain = house.CONFIGURATION
    file = house.configuration(tmp_path, said=plain + SECTION)
    assert run("apply", str(file), "--yes").exit_code == 0
    assert "nothing to do" in run("apply", str(file), "--yes").stderr
    [listed] = lines(run("webhooks", "list", "--json"))
    assert (listed["organization"], listed["only"]) == ("south", {"priorities": ["critical"]})
    assert run("webhooks", "rotate", "board").stdout.startswith("whsec_")

    house.configuration(tmp_path, said=plain)
    assert run("apply", str(file), "--prune", "--yes").exit_code == 0
    assert lines(run("webhooks", "list", "--json")) == []


class listening:  # noqa: N801 - reads as a verb where it is used
    """A subscriber in a thread of its own, for commands that run an event loop themselves."""

    def __enter__(self) -> Subscriber:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._context = subscriber()
        return asyncio.run_coroutine_threadsafe(self._context.__aenter__(), self._loop).result(10)

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._context.__aexit__(None, None, None), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
