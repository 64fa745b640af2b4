"""`interdesk reconcile`: over real HTTP to two desks; bad input; a run that was cut short goes on."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.flows import reconcile
from gateway.flows.commands import Order
from gateway.flows.reconcile import Wanted
from gateway.store import desks, views
from gateway.store.scope import Scope
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house
from tests.cli.conftest import Run


@dataclass
class Town:
    """An installation with a desk behind HTTP, and a ticket there that a person has changed since."""

    gateway: Gateway
    server: LoopbackServer
    ticket: str
    number: str


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    desk = LoopbackDesk(
        PLAIN,
        clock=lambda: utc_now() - timedelta(hours=1),
        token=house.SECRETS["NORTH_TOKEN"],
        hook_secret=house.HOOK_SECRET.encode(),
    )
    with ExitStack() as stack:
        server = stack.enter_context(LoopbackServer(desk))
        gateway = stack.enter_context(house.installed(tmp_path, north=server.url))
        with server.acting() as acting:
            ann = acting.person("ann")
            number = ann.open("The till is dead", "No light", queue="Field", priority="urgent")
            acting.clock = utc_now
            house.hear(gateway, acting, "north")
            acting.clock = lambda: utc_now() - timedelta(hours=1)
            ann.set(number, "priority", "low")
            acting.drain_hooks()
        with gateway.database.read() as db:
            [found] = views.tickets(db, Scope.operator(), limit=10)
        yield Town(gateway=gateway, server=server, ticket=found["id"], number=number)


def test_a_drifted_ticket_is_told_then_healed_then_agrees(run: Run, town: Town) -> None:
    told = run("reconcile", "--ticket", town.number, "--dry-run", "--json")
    assert told.exit_code == 1
    [row] = [orjson.loads(line) for line in told.stdout.splitlines()]
    assert {name: row[name] for name in ("what", "shows", "known", "cause", "repair")} == {
        "what": "priority",
        "shows": "low",
        "known": "urgent",
        "cause": "missed_hook",
        "repair": "adopt",
    }

    assert run("reconcile", "--desk", "north").exit_code == 5  # nobody can be asked
    healed = run("reconcile", "--desk", "north", "--yes")
    assert healed.exit_code == 0, healed.output
    assert "1 missed_hook: taken over" in healed.stderr
    again = run("reconcile", "--everything", "--yes", "--since", "2026-01-01T00:00:00+00:00")
    assert (again.exit_code, "nothing drifted" in again.stderr) == (0, True)
    listed = run("reconcile", "--runs", "--json").stdout.splitlines()
    assert [orjson.loads(line)["is_dry"] for line in listed] == [False, False, True]


def test_a_run_that_was_cut_short_goes_on(run: Run, town: Town) -> None:
    order, long_ago = Order(actor="tests", now=utc_now()), utc_now() - timedelta(minutes=10)
    wanted = Wanted(desk="north", is_dry=True)
    begun = reconcile.begin(town.gateway.context, wanted, order, due_at=long_ago).run
    room = dict.fromkeys(town.gateway.context.directory_now.desks, 1)
    assert (
        len(reconcile.take(town.gateway.context, [begun.id], now=long_ago, capacity=room)) == 1
    )  # and killed

    told = run("reconcile", "--resume", begun.id, "--yes")

    assert (told.exit_code, "1 missed_hook: to be taken over" in told.stderr) == (1, True)
    over = run("reconcile", "--resume", begun.id, "--yes")
    assert (over.exit_code, "is over" in over.stderr) == (5, True)
    assert run("reconcile", "--show", begun.id).exit_code == 1


def test_a_desk_that_does_not_answer(run: Run, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "MOST_TRIES", 1)
    town.server.stop()
    told = run("reconcile", "--ticket", town.ticket, "--dry-run")
    assert (told.exit_code, "could not be compared" in told.stderr) == (4, True)


def test_a_held_desk_leaves_the_rest_for_later(run: Run, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.cli.reconcile.PATIENCE", 0.0)
    with town.gateway.database.write() as db:
        for known in town.gateway.context.directory(db).desks:
            desks.hold(db, known, "credentials: no", now=utc_now())
    told = run("reconcile", "--ticket", town.ticket, "--dry-run")
    assert (told.exit_code, "--resume rec_" in told.stderr) == (4, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 3, "what is to be compared?"),
        (("--everything", "--desk", "north"), 3, "say one of"),
        (("--desk", "nort", "--dry-run"), 2, "no desk nort"),
        (("--link", "north-sout", "--dry-run"), 2, "did you mean 'north-south'?"),
        (("--ticket", "4711", "--dry-run"), 2, "there is no ticket 4711"),
        (("--resume", "rec_1", "--yes"), 2, "there is no run rec_1"),
        (("--show", "rec_1"), 2, "there is no run rec_1"),
        (("--everything", "--since", "yesterday", "--dry-run"), 3, "is no moment"),
        (("--everything", "--per-minute", "0", "--dry-run"), 2, "--per-minute"),
    ],
    ids=["nothing", "two", "desk", "link", "ticket", "resume", "show", "since", "per minute"],
)
def test_bad_input(run: Run, gateway: Gateway, words: tuple[str, ...], code: int, said: str) -> None:
    assert gateway is not None
    told = run("reconcile", *words)
    assert (told.exit_code, said in told.output) == (code, True), told.output
