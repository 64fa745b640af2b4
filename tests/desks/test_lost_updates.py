"""No desk loses what a person set a moment before a write of ours, and not what was set since the gateway last looked."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from connectors import redmine, request_tracker, roundup
from gateway.connector import Effect, Request
from gateway.domain.model import Command
from gateway.errors import DeskStale
from tests.connectors.drive import Drive
from tests.desks import redmine_commands, request_tracker_commands, roundup_commands

pytestmark = pytest.mark.desks


@dataclass(frozen=True, kw_only=True)
class Product:
    """A running desk with one ticket, as the gateway drives it. `first` is its status; `theirs` what a person sets by
    `set_status`, `ours` what the gateway wants."""

    drive: Drive
    push: Callable[[Command], Any]
    status: Callable[[], str | None]
    set_status: Callable[[str], object]
    update: Command
    first: str
    theirs: str
    ours: str


CLOSED_WINDOW = ("request_tracker", "roundup")
"""Products whose write names the state it was decided on; Redmine's API tells none."""


def _request_tracker(request: pytest.FixtureRequest, stack: ExitStack) -> Product:
    running = request.getfixturevalue("rt_partner")
    drive, desk = request_tracker_commands.drive_of(running), request_tracker_commands.desk_of(running)
    ticket = request_tracker_commands.made(drive, desk).remote_id
    alice = stack.enter_context(running.client("alice"))
    return Product(
        drive=drive,
        push=lambda command: drive.run(request_tracker.CONNECTOR.push(command, desk)),
        status=lambda: request_tracker_commands.look(drive, desk, ticket).fields["status"],
        set_status=lambda word: alice.put(f"/ticket/{ticket}", json={"Status": word}).raise_for_status(),
        update=request_tracker_commands.update(ticket, status="open"),
        first="new",
        theirs="stalled",
        ours="open",
    )


def _redmine(request: pytest.FixtureRequest, stack: ExitStack) -> Product:
    running = request.getfixturevalue("redmine_vendor")
    drive, desk = redmine_commands.drive_of(running), redmine_commands.desk_of(running)
    ticket = redmine_commands.made(drive, desk).remote_id
    alice = stack.enter_context(running.client("alice"))
    path = "issue_statuses.json"
    ids = {one["name"]: one["id"] for one in alice.get(f"/{path}").json()["issue_statuses"]}
    first = redmine_commands.look(drive, desk, ticket).fields["status"] or ""
    theirs, ours = [word for word in ids if word in ("Resolved", "In Progress")][:2]
    return Product(
        drive=drive,
        push=lambda command: drive.run(redmine.CONNECTOR.push(command, desk)),
        status=lambda: redmine_commands.look(drive, desk, ticket).fields["status"],
        set_status=lambda word: redmine_commands.say(alice, ticket, status_id=ids[word]),
        update=redmine_commands.update(ticket, status=ours),
        first=first,
        theirs=theirs,
        ours=ours,
    )


def _roundup(request: pytest.FixtureRequest, stack: ExitStack) -> Product:
    running = request.getfixturevalue("roundup_subcontractor")
    drive, desk = roundup_commands.drive_of(running), roundup_commands.desk_of(running)
    ticket = roundup_commands.made(drive, desk).remote_id
    alice = stack.enter_context(running.client("alice"))

    def set_status(word: str) -> object:
        tag = alice.get(f"/issue/{ticket}").json()["data"]["@etag"]
        change = {"status": word}
        return alice.patch(f"/issue/{ticket}", json=change, headers={"If-Match": tag}).raise_for_status()

    return Product(
        drive=drive,
        push=lambda command: drive.run(roundup.CONNECTOR.push(command, desk)),
        status=lambda: roundup_commands.look(drive, desk, ticket).fields["status"],
        set_status=set_status,
        update=roundup_commands.update(ticket, status="in-progress"),
        first=roundup_commands.look(drive, desk, ticket).fields["status"] or "",
        theirs="resolved",
        ours="in-progress",
    )


KINDS = {"request_tracker": _request_tracker, "redmine": _redmine, "roundup": _roundup}


@pytest.fixture
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    with ExitStack() as stack:
        yield KINDS[request.param](request, stack)


@pytest.mark.parametrize("product", KINDS, indirect=True)
def test_what_changed_since_the_gateway_looked_is_not_written_over(product: Product) -> None:
    product.set_status(product.theirs)

    with pytest.raises(DeskStale, match="somebody changed status"):
        product.push(replace(product.update, was={"status": product.first}))

    assert product.status() == product.theirs


@pytest.mark.parametrize("product", CLOSED_WINDOW, indirect=True)
def test_what_changes_between_our_read_and_our_write_is_not_written_over(product: Product) -> None:
    def somebody_is_faster(request: Request) -> None:
        if request.effect is Effect.WRITE:
            product.set_status(product.theirs)

    product.drive.before = somebody_is_faster

    with pytest.raises(DeskStale):
        product.push(replace(product.update, was={"status": product.first}))

    product.drive.before = None
    assert product.status() == product.theirs


@pytest.mark.parametrize("product", KINDS, indirect=True)
def test_what_stands_as_it_was_known_is_written(product: Product) -> None:
    product.push(replace(product.update, was={"status": product.first}))

    assert product.status() == product.ours
