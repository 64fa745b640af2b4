"""The contract suite is itself on trial: a connector with one defect breaks the rule that is there for it."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.loopback import CONNECTOR, Loopback
from gateway.connector import Effect, Exchange, Request, load_manifest
from gateway.domain.model import (
    Command,
    CommandKind,
    Desk,
    Message,
    Page,
    Receipt,
    Sighting,
    Snapshot,
    Visibility,
)
from gateway.errors import DeskError, SignatureInvalid
from gateway.registry import folder_of
from gateway.testing import contract, rules_inbound, rules_manifest, rules_outbound
from gateway.testing.contract import ContractBroken, ContractSuite, contract_suite, problems
from gateway.testing.fixtures import load

LOOPBACK = folder_of(CONNECTOR)


def test_a_good_connector_has_no_problems() -> None:
    assert list(problems(CONNECTOR, LOOPBACK)) == []


# -- what comes in --------------------------------------------------------------------------------------------------


class AcceptsAll(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """No."""


class TellsTheSecret(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        try:
            super().verify(message, desk, now=now)
        except SignatureInvalid as error:
            raise SignatureInvalid(f"expected {desk.hook_secrets[:1]}") from error


class StumblesOverHeaders(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        int(message.headers.get("webhook-timestamp") or "0")
        super().verify(message, desk, now=now)


class KnowsOneSecret(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        super().verify(message, replace(desk, hook_secrets=desk.hook_secrets[:1]), now=now)


class HasNoSenseOfTime(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        stamp = message.headers.get("webhook-timestamp", "")
        at = datetime.fromtimestamp(int(stamp), tz=now.tzinfo) if stamp.isdigit() and len(stamp) < 12 else now
        super().verify(message, desk, now=at)


class Guesses(Loopback):
    """Shows comments to the requester unless told not to."""

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        document = json.loads(message.body) if message.body.startswith(b'{"type"') else {}
        ticket = document.get("ticket")
        for part in ticket.get("comments", ()) if isinstance(ticket, dict) else ():
            if isinstance(part, dict):
                part.setdefault("public", True)
        return super().parse(
            replace(message, body=json.dumps(document).encode()) if ticket else message, desk
        )


class Shrugs(Loopback):
    """Takes what it cannot read for nothing."""

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        try:
            return super().parse(message, desk)
        except Exception:  # noqa: BLE001 - the defect
            return ()


class Explodes(Loopback):
    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        json.loads(message.body)["type"]
        return super().parse(message, desk)


class ForgetsZones(Loopback):
    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        return [_without_zone(sighting) for sighting in super().parse(message, desk)]


def _without_zone(sighting: Sighting) -> Sighting:
    if sighting.snapshot is None or sighting.snapshot.changed_at is None:
        return sighting
    naive = sighting.snapshot.changed_at.replace(tzinfo=None)
    return replace(sighting, snapshot=replace(sighting.snapshot, changed_at=naive))


class CountsItsCalls(Loopback):
    calls = 0

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        self.calls += 1
        return [replace(seen, hints={"call": str(self.calls)}) for seen in super().parse(message, desk)]


INBOUND: Mapping[str, tuple[type[Loopback], rules_inbound.Rule]] = {
    "accepts everything": (AcceptsAll, rules_inbound.changed_bytes_are_refused),
    "accepts strangers": (AcceptsAll, rules_inbound.strangers_are_refused),
    "accepts forgeries": (AcceptsAll, rules_inbound.means_what_is_recorded),
    "tells the secret": (TellsTheSecret, rules_inbound.secrets_stay_out),
    "stumbles over headers": (StumblesOverHeaders, rules_inbound.strange_headers_are_refused),
    "cannot rotate secrets": (KnowsOneSecret, rules_inbound.strangers_are_refused),
    "accepts old messages": (HasNoSenseOfTime, rules_inbound.old_messages_are_refused),
    "guesses visibility": (Guesses, rules_inbound.broken_fields_harm_nothing),
    "takes garbage for nothing": (Shrugs, rules_inbound.garbage_is_unreadable),
    "raises its own errors": (Explodes, rules_inbound.garbage_is_unreadable),
    "raises its own errors on parts": (Explodes, rules_inbound.broken_fields_harm_nothing),
    "forgets the zone": (ForgetsZones, rules_inbound.moments_are_aware),
    "is not pure": (CountsItsCalls, rules_inbound.parse_is_pure),
}


@pytest.mark.parametrize(("defect", "rule"), INBOUND.values(), ids=INBOUND.keys())
def test_a_defect_in_what_comes_in(defect: type[Loopback], rule: rules_inbound.Rule) -> None:
    subject = load(defect(), LOOPBACK)
    assert [problem for case in subject.received for problem in rule(subject, case)]


# -- what goes out --------------------------------------------------------------------------------------------------


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


class PublishesSecrets(Loopback):
    """Writes a private comment where there are none."""

    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        if command.comment and command.comment.visibility is Visibility.PRIVATE:
            command = replace(command, comment=replace(command.comment, visibility=Visibility.PUBLIC))
        return (yield from super().push(command, desk))


class WritesAnything(Loopback):
    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        everything = replace(desk.capabilities, writable=frozenset(command.fields))
        return (yield from super().push(command, replace(desk, capabilities=everything)))


class NeverSettles(Loopback):
    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        return None if value is None else f"{value}."


class ChecksByWriting(Loopback):
    def check(self, desk: Desk) -> Exchange[Any]:
        yield ping(Effect.WRITE)
        return None


# -- the folder -----------------------------------------------------------------------------------------------------

Change = Callable[[Path], None]


def manifest(**changes: object) -> Change:
    def change(folder: Path) -> None:
        path = folder / "manifest.json"
        document = json.loads(path.read_text())
        for name, value in changes.items():
            *head, last = name.split("__")
            at = document
            for part in head:
                at = at[part]
            at[last] = value
        path.write_text(json.dumps(document))

    return change


def without(pattern: str) -> Change:
    def change(folder: Path) -> None:
        found = list(folder.glob(pattern))
        assert found, pattern
        for path in found:
            path.unlink()

    return change


def fixture(path: str, **changes: object) -> Change:
    def change(folder: Path) -> None:
        target = folder / "fixtures" / path
        target.write_text(json.dumps({**json.loads(target.read_text()), **changes}))

    return change


def no_refusal(folder: Path) -> None:
    for pattern in ("fixtures/out/update_refused*.json", "fixtures/out/fetch_gone.json"):
        without(pattern)(folder)


FOLDERS: Mapping[str, tuple[type[Loopback], Change, rules_manifest.Rule]] = {
    "a level nobody knows": (Loopback, manifest(quality="gold"), rules_manifest.manifest_keeps_its_schema),
    "another name": (Loopback, manifest(name="other"), rules_manifest.manifest_keeps_its_schema),
    "settings out of bounds": (
        Loopback,
        fixture("desk.json", settings={"title_limit": "long"}),
        rules_manifest.fixtures_keep_the_settings,
    ),
    "no README": (Loopback, without("README.md"), rules_manifest.readme_is_there),
    "a setting nobody explains": (
        Loopback,
        manifest(settings__properties__secret_sauce={"description": "x"}),
        rules_manifest.readme_is_there,
    ),
    "a status that is written and not read": (
        Loopback,
        manifest(profile__write_statuses={"held": "frozen"}),
        rules_manifest.tables_cover_both_directions,
    ),
    "no way to resolve": (
        Loopback,
        manifest(profile__statuses={"open": "in_progress"}, profile__write_statuses={}),
        rules_manifest.tables_cover_both_directions,
    ),
    "a priority missing": (
        Loopback,
        manifest(profile__priorities={"high": "high"}),
        rules_manifest.tables_cover_both_directions,
    ),
    "a marker field nobody can search": (
        Loopback,
        manifest(capabilities__find_by_marker=False),
        rules_manifest.claims_agree,
    ),
    "due without due": (
        Loopback,
        manifest(capabilities__due="none"),
        rules_manifest.claims_agree,
    ),
    "a probe too early": (Loopback, manifest(settle_window="5s"), rules_manifest.claims_agree),
    "no webhooks, yet they are read": (
        Loopback,
        manifest(capabilities__webhooks=False, capabilities__signed_webhooks=False),
        rules_manifest.without_webhooks_nothing_is_accepted,
    ),
    "no webhooks, yet they are let in": (
        AcceptsAll,
        manifest(capabilities__webhooks=False, capabilities__signed_webhooks=False),
        rules_manifest.without_webhooks_nothing_is_accepted,
    ),
    "webhooks nobody has seen": (
        Loopback,
        without("fixtures/in/*.json"),
        rules_manifest.without_webhooks_nothing_is_accepted,
    ),
    "private comments are published": (
        PublishesSecrets,
        manifest(capabilities__private_comments=False),
        rules_manifest.cannot_means_unsupported,
    ),
    "any field is written": (WritesAnything, manifest(), rules_manifest.cannot_means_unsupported),
    "unstable values": (NeverSettles, manifest(), rules_manifest.normalised_is_stable),
    "no first cursor": (
        Loopback,
        without("fixtures/out/changed_first.json"),
        rules_manifest.changed_starts_now,
    ),
    "no download": (Loopback, without("fixtures/out/download.json"), rules_manifest.every_call_is_recorded),
    "no update": (Loopback, without("fixtures/out/update.json"), rules_manifest.every_call_is_recorded),
    "history that is never shown": (
        Loopback,
        without("fixtures/out/fetch*.json"),
        rules_manifest.history_is_shown,
    ),
    "history nobody claims": (
        Loopback,
        manifest(capabilities__history=False),
        rules_manifest.history_is_shown,
    ),
    "a payload from nowhere": (
        Loopback,
        fixture("out/create.json", source=""),
        rules_manifest.level_is_earned,
    ),
    "no unknown event": (Loopback, without("fixtures/in/unknown*.json"), rules_manifest.level_is_earned),
    "no refusal": (Loopback, no_refusal, rules_manifest.level_is_earned),
    "a lost create stays lost": (Loopback, manifest(tiers__create="nothing"), rules_manifest.level_is_earned),
    "nothing proves it": (Loopback, manifest(proof="tests/nowhere.py"), rules_manifest.level_is_earned),
    "the proof proves something else": (
        Loopback,
        manifest(proof="connectors/loopback/reading.py"),
        rules_manifest.level_is_earned,
    ),
    "checks by writing": (ChecksByWriting, manifest(), rules_manifest.only_push_writes),
}


@pytest.mark.parametrize(("kind", "change", "rule"), FOLDERS.values(), ids=FOLDERS.keys())
def test_a_defect_in_the_folder(
    tmp_path: Path, kind: type[Loopback], change: Change, rule: rules_manifest.Rule
) -> None:
    folder = tmp_path / "connectors" / "loopback"
    shutil.copytree(LOOPBACK, folder, ignore=shutil.ignore_patterns("__pycache__"))
    proof = tmp_path / "tests" / "connectors" / "test_loopback.py"
    proof.parent.mkdir(parents=True)
    proof.write_text(f"def {rules_manifest.PROOF}(): ...\n")
    assert list(rule(load(Loopback(), folder))) == []
    change(folder)
    connector = kind()
    connector.__dict__["manifest"] = load_manifest(folder)
    assert list(rule(load(connector, folder)))


# -- the suite as pytest sees it ------------------------------------------------------------------------------------


class Parametrised:
    """What pytest would be told."""

    def __init__(self, *names: str) -> None:
        self.fixturenames: Sequence[str] = names
        self.ids: list[str] = []

    def parametrize(self, _names: str, values: Sequence[Any], *, ids: Sequence[str]) -> None:
        assert len(values) == len(ids)
        self.ids += ids


def test_every_rule_meets_every_fixture() -> None:
    suite = contract_suite(CONNECTOR, LOOPBACK)
    subject = suite.subject
    asked = Parametrised("talk")
    suite().pytest_generate_tests(asked)
    assert len(asked.ids) == len(subject.talks) * len(rules_outbound.RULES) > 200
    asked = Parametrised("message")
    suite().pytest_generate_tests(asked)
    assert len(asked.ids) == len(subject.received) * len(rules_inbound.RULES)
    asked = Parametrised("folder_rule")
    suite().pytest_generate_tests(asked)
    assert asked.ids == [rule.__name__ for rule in rules_manifest.RULES]


def test_every_function_that_looks_like_a_rule_is_one() -> None:
    for module in (rules_manifest, rules_inbound, rules_outbound):
        public = {
            name
            for name, item in vars(module).items()
            if callable(item)
            and not name.startswith("_")
            and getattr(item, "__module__", "") == module.__name__
        }
        assert public == {rule.__name__ for rule in module.RULES}


def test_a_broken_rule_fails_its_test_in_words() -> None:
    suite: ContractSuite = contract_suite(AcceptsAll(), LOOPBACK)()
    case = next(case for case in suite.subject.received if case.name == "ticket_created")
    with pytest.raises(ContractBroken, match=r"byte 0 changed: verify should refuse it") as raised:
        suite.test_message((rules_inbound.changed_bytes_are_refused, case))
    assert "SignatureInvalid" in str(raised.value)


def test_the_command_without_pytest(capsys: pytest.CaptureFixture[str]) -> None:
    assert contract.main(["connectors.loopback:CONNECTOR"]) == 0
    assert capsys.readouterr().out == "loopback keeps the contract\n"
    assert contract.main([]) == 2
    assert "package.module:CONNECTOR" in capsys.readouterr().err


def test_the_command_lists_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "loopback"
    shutil.copytree(LOOPBACK, folder)
    (folder / "README.md").unlink()
    assert contract.main(["connectors.loopback:CONNECTOR", str(folder)]) == 1
    assert "readme_is_there: README.md is missing" in capsys.readouterr().out
