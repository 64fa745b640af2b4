"""Fixture files become nouns: the desk under them, bytes as they were, and words for a file that breaks the format."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.loopback import CONNECTOR
from gateway.domain.model import HopStatus
from gateway.errors import DeskStale, DeskUncertain, Invalid
from gateway.registry import folder_of
from gateway.testing.fixtures import HOOK_SECRET, NOW, Received, Talk, load, load_one
from gateway.testing.verdicts import answer_of


def placed(folder: Path, path: str, document: object) -> Path:
    target = folder / "fixtures" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document))
    return target


def message(folder: Path, **document: Any) -> Received:
    known: dict[str, Any] = {"request": {}, "expect": []}
    case = load_one(CONNECTOR, placed(folder, "in/x.json", {**known, **document}))
    assert isinstance(case, Received)
    return case


def talk(folder: Path, **document: Any) -> Talk:
    known = {"call": "check", "exchange": [], "expect": {"error": "DeskDenied"}}
    case = load_one(CONNECTOR, placed(folder, "out/x.json", {**known, **document}))
    assert isinstance(case, Talk)
    return case


def test_the_loopback_folder_loads_whole() -> None:
    subject = load(CONNECTOR, folder_of(CONNECTOR))
    assert len(subject.talks) == len(list((subject.folder / "fixtures/out").glob("*.json")))
    assert len(subject.received) == len(list((subject.folder / "fixtures/in").glob("*.json")))


def test_a_folder_without_fixtures_is_empty(tmp_path: Path) -> None:
    subject = load(CONNECTOR, tmp_path)
    assert (subject.received, subject.talks) == ((), ())


BODIES: Mapping[str, tuple[object, bytes]] = {
    "a text": ("hé", "hé".encode()),
    "a document": ({"a": ["é", 1]}, '{"a":["é",1]}'.encode()),
    "a list": ([1, 2], b"[1,2]"),
    "bytes": ({"base64": base64.b64encode(b"\xff\x00").decode()}, b"\xff\x00"),
}


@pytest.mark.parametrize(("written", "body"), BODIES.values(), ids=BODIES.keys())
def test_a_body_as_it_was(tmp_path: Path, written: object, body: bytes) -> None:
    assert message(tmp_path, request={"body": written}).message.body == body


def test_header_names_are_lower_case(tmp_path: Path) -> None:
    case = message(tmp_path, request={"headers": {"X-Sig": "A"}, "query": {"Token": "B"}})
    assert (case.message.headers, case.message.query) == ({"x-sig": "A"}, {"Token": "B"})


def test_the_desk_under_a_fixture(tmp_path: Path) -> None:
    plain = message(tmp_path).desk
    assert plain.hook_secrets == (HOOK_SECRET.encode(),)
    assert plain.capabilities == CONNECTOR.manifest.capabilities
    assert plain.profile == CONNECTOR.manifest.profile
    placed(tmp_path, "desk.json", {"account": "shared", "zone": "Europe/Rome", "hook_secrets": ["a", "b"]})
    own = message(tmp_path, desk={"account": "own", "profile": {"statuses": {"frozen": "held"}}}).desk
    assert (own.account, own.zone, own.hook_secrets) == ("own", "Europe/Rome", (b"a", b"b"))
    assert [(row.native, row.status) for row in own.profile.statuses] == [("frozen", HopStatus.HELD)]


def test_the_clock_of_a_fixture(tmp_path: Path) -> None:
    assert message(tmp_path).now == NOW
    assert message(tmp_path, now="2026-05-01T00:00:00+00:00").now == datetime(2026, 5, 1, tzinfo=UTC)


def test_parameters_as_a_mapping_or_as_pairs(tmp_path: Path) -> None:
    step = {"response": {"status": 200}}
    mapped = {"effect": "read", "method": "GET", "path": "x", "params": {"a": "1"}}
    paired = {**mapped, "params": [["a", "1"]]}
    case = talk(tmp_path, exchange=[{"request": mapped, **step}, {"request": paired, **step}])
    assert case.steps[0].request == case.steps[1].request


READ = {"effect": "read", "method": "GET", "path": "x"}
WRITE = {**READ, "effect": "write"}

ANSWERS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], str]] = {
    "a status the connector reads": ({**READ, "accept": [404]}, {"status": 404}, "Response"),
    "all is well": (READ, {"status": 204}, "Response"),
    "not found": (READ, {"status": 404}, "DeskGone"),
    "gone": (WRITE, {"status": 410}, "DeskGone"),
    "changed under us": (WRITE, {"status": 412}, "DeskStale"),
    "a conflict": (WRITE, {"status": 409}, "DeskStale"),
    "refused": (WRITE, {"status": 422}, "DeskRejected"),
    "too large": (WRITE, {"status": 413}, "DeskRejected"),
    "denied": (WRITE, {"status": 401}, "DeskDenied"),
    "forbidden": (READ, {"status": 403}, "DeskDenied"),
    "too much": (WRITE, {"status": 429, "headers": {"Retry-After": "7"}}, "DeskThrottled"),
    "broken before": (READ, {"status": 500}, "DeskUnavailable"),
    "broken after": (WRITE, {"status": 500}, "DeskUncertain"),
}


@pytest.mark.parametrize(("request_", "response", "became"), ANSWERS.values(), ids=ANSWERS.keys())
def test_what_the_wire_makes_of_an_answer(
    tmp_path: Path, request_: Mapping[str, Any], response: Mapping[str, Any], became: str
) -> None:
    case = talk(tmp_path, exchange=[{"request": request_, "response": response}])
    assert type(answer_of(case.steps[0], CONNECTOR.manifest)).__name__ == became


def test_an_error_thrown_by_name(tmp_path: Path) -> None:
    exchange = [{"request": READ, "fails": "DeskStale"}, {"request": WRITE, "fails": "DeskUncertain"}]
    case = talk(tmp_path, exchange=exchange)
    assert isinstance(answer_of(case.steps[0], CONNECTOR.manifest), DeskStale)
    assert isinstance(answer_of(case.steps[1], CONNECTOR.manifest), DeskUncertain)


BROKEN: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "no expectation": ("in", {"request": {}}, "KeyError: 'expect'"),
    "an unknown error": (
        "in",
        {"request": {}, "expect": {"error": "Oops"}},
        "'Oops' is not one of our errors",
    ),
    "a strange sighting": ("in", {"request": {}, "expect": [{"id": "7"}]}, "expect[0]"),
    "no moment": ("in", {"request": {}, "expect": [], "now": "yesterday"}, "ValueError"),
    "an unknown call": ("out", {"call": "delete", "exchange": [], "expect": {}}, "one of push, find"),
    "no answer": (
        "out",
        {"call": "check", "exchange": [{"request": READ}], "expect": {}},
        "KeyError: 'response'",
    ),
    "an unknown effect": (
        "out",
        {
            "call": "check",
            "exchange": [{"request": {**READ, "effect": "maybe"}, "response": {"status": 200}}],
            "expect": {},
        },
        "exchange[0].request.effect",
    ),
    "no command": ("out", {"call": "push", "exchange": [], "expect": {}}, "KeyError: 'command'"),
    "a setting of the desk that does not exist": (
        "in",
        {"request": {}, "expect": [], "desk": {"colour": "red"}},
        "desk: 'colour' is not right",
    ),
}


@pytest.mark.parametrize(("kind", "document", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_breaks_the_format_is_named(
    tmp_path: Path, kind: str, document: object, words: str
) -> None:
    path = placed(tmp_path, f"{kind}/broken.json", document)
    with pytest.raises(Invalid) as raised:
        load_one(CONNECTOR, path)
    assert f"{kind}/broken.json is not a fixture" in str(raised.value)
    assert words in str(raised.value)
