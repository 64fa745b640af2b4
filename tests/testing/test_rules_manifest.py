"""A folder with one defect, or a connector that does what its manifest denies, breaks the rule that is there for it."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.loopback import CONNECTOR, Loopback
from gateway.connector import Effect, Exchange, Request, load_manifest
from gateway.domain.model import (
    Command,
    Desk,
    Message,
    Receipt,
    Visibility,
)
from gateway.registry import folder_of
from gateway.testing import rules_manifest
from gateway.testing.fixtures import load

LOOPBACK = folder_of(CONNECTOR)


class AcceptsAll(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """No."""


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
        yield Request(effect=Effect.WRITE, method="GET", path="desk")
        return None


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
    "any field is written": (
        WritesAnything,
        manifest(capabilities__writable=["title", "status"]),
        rules_manifest.cannot_means_unsupported,
    ),
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
