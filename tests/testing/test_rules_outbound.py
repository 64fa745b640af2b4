"""A connector with one defect in what goes out breaks the rule that is there for it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from connectors.loopback import CONNECTOR, Loopback
from gateway.connector import Effect, Exchange, Request
from gateway.domain.model import (
    Command,
    CommandKind,
    Desk,
    Page,
    Receipt,
    Snapshot,
)
from gateway.errors import DeskError
from gateway.registry import folder_of
from gateway.testing import rules_outbound
from gateway.testing.fixtures import load

LOOPBACK = folder_of(CONNECTOR)


def ping(effect: Effect = Effect.READ, **more: Any) -> Request:
    return Request(effect=effect, method="GET", path="desk", **more)


class WritesWhileReading(Loopback):
    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        yield ping(Effect.WRITE)
        return (yield from super().fetch(remote_id, desk, since=since))


class WritesTwice(Loopback):
    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        receipt = yield from super().push(command, desk)
        yield from super().push(command, desk)
        return receipt


class OnlyReads(Loopback):
    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        exchange = super().push(command, desk)
        response = yield replace(next(exchange), effect=Effect.READ)
        try:
            while True:
                response = yield exchange.send(response)
        except StopIteration as end:
            receipt: Receipt = end.value
            return receipt


class Retries(Loopback):
    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        try:
            return (yield from super().push(command, desk))
        except DeskError:
            return (yield from super().push(command, desk))


class Swallows(Loopback):
    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        try:
            return (yield from super().find(command, desk))
        except DeskError:
            return ()


class RenamesErrors(Loopback):
    def changed(self, cursor: str | None, desk: Desk) -> Exchange[Page]:
        try:
            return (yield from super().changed(cursor, desk))
        except DeskError:
            raise LookupError("nothing there") from None


class TakesNothingForNone(Loopback):
    """An answer that is no list of tickets becomes "not found": the way to a duplicate."""

    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        if command.kind is not CommandKind.CREATE:
            return (yield from super().find(command, desk))
        request = next(super().find(command, desk))
        response = yield request
        document = response.json() or {}
        rows = document.get("tickets", []) if isinstance(document, dict) else []
        return [Receipt(remote_id=row["id"], marker=command.marker) for row in rows]


class BringsItsOwnKey(Loopback):
    def check(self, desk: Desk) -> Exchange[Any]:
        response = yield ping(headers={"Authorization": "Bearer x"})
        return response.json()


class LeavesTheDesk(Loopback):
    def check(self, desk: Desk) -> Exchange[Any]:
        response = yield replace(ping(), path="https://elsewhere.example/desk")
        return response.json()


class MixesUpTickets(Loopback):
    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        return [replace(receipt, remote_id="99") for receipt in (yield from super().find(command, desk))]


class ShowsAll(Loopback):
    """A comment without a word about visibility is public."""

    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        exchange = super().fetch(remote_id, desk, since=since)
        response = yield next(exchange)
        document = response.json()
        parts = document.get("ticket", {}).get("comments", []) if isinstance(document, dict) else []
        for part in parts:
            part.setdefault("public", True)
        body = json.dumps(document).encode()
        try:
            exchange.send(replace(response, body=body))
        except StopIteration as end:
            snapshot: Snapshot = end.value
            return snapshot
        raise RuntimeError("one request was all")


class Unforeseen(Loopback):
    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        return value.upper() if value else value


OUTBOUND: Mapping[str, tuple[type[Loopback], rules_outbound.Rule]] = {
    "asks other things": (WritesTwice, rules_outbound.says_what_is_recorded),
    "writes in a read": (WritesWhileReading, rules_outbound.has_one_effect),
    "pushes without a write": (OnlyReads, rules_outbound.has_one_effect),
    "retries": (Retries, rules_outbound.errors_come_through),
    "swallows errors": (Swallows, rules_outbound.errors_come_through),
    "renames errors": (RenamesErrors, rules_outbound.errors_come_through),
    "takes any answer for none": (TakesNothingForNone, rules_outbound.wrong_answers_are_noticed),
    "brings credentials": (BringsItsOwnKey, rules_outbound.requests_are_well_formed),
    "leaves the desk": (LeavesTheDesk, rules_outbound.requests_are_well_formed),
    "mixes up tickets": (MixesUpTickets, rules_outbound.receipts_prove),
    "publishes what it does not know": (ShowsAll, rules_outbound.missing_keys_harm_nothing),
    "does not know its desk": (Unforeseen, rules_outbound.read_back_is_foreseen),
}


@pytest.mark.parametrize(("defect", "rule"), OUTBOUND.values(), ids=OUTBOUND.keys())
def test_a_defect_in_what_goes_out(defect: type[Loopback], rule: rules_outbound.Rule) -> None:
    subject = load(defect(), LOOPBACK)
    assert [problem for case in subject.talks for problem in rule(subject, case)]
