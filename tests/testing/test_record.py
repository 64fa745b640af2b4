"""A recorded conversation is a fixture that the contract suite accepts."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.loopback import CONNECTOR
from gateway.connector import Effect, Exchange, Request, Response
from gateway.errors import DeskStale, DeskUnavailable
from gateway.testing import rules_outbound, show
from gateway.testing.fixtures import Talk, load, load_one
from gateway.testing.playback import Answer, play
from gateway.testing.record import fixture, recording
from tests.testing.loopback.around import Around, create


def kept(folder: Path, document: object) -> Path:
    path = folder / "fixtures" / "out" / "recorded.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(document))
    return path


def test_what_was_recorded_plays_again(tmp_path: Path) -> None:
    around = Around()
    steps: list[dict[str, Any]] = []
    verdict = around.wire.push(recording(CONNECTOR.push(create(), around.desk), steps), create())
    document = fixture("push", {"command": create()}, steps, expect=verdict.receipt, source="captured today")
    desk = {"account": around.desk.account, "base_url": around.desk.base_url}
    path = kept(tmp_path, {**document, "desk": desk})
    subject = load(CONNECTOR, tmp_path)
    assert [problem for rule in rules_outbound.RULES for problem in rule(subject, subject.talks[0])] == []
    assert show.shown(CONNECTOR, path)["expect"] == document["expect"]


def two_steps() -> Exchange[str]:
    first = yield Request(effect=Effect.READ, method="GET", path="a")
    try:
        yield Request(effect=Effect.WRITE, method="PUT", path="b", content=first.body)
    except DeskStale:
        yield Request(effect=Effect.READ, method="GET", path="c", receive_blob=True)
    return "done"


def test_every_kind_of_answer_is_kept() -> None:
    steps: list[dict[str, Any]] = []
    headers = {"content-type": "text/plain", "set-cookie": "session=secret", "etag": '"1"'}
    answers: list[Answer] = [
        Response(status=200, headers=headers, body=b"\xff"),
        DeskStale("changed"),
        Response(status=200, headers={}),
    ]
    assert play(recording(two_steps(), steps), answers).result == "done"
    said = {
        "status": 200,
        "headers": {"content-type": "text/plain", "etag": '"1"'},
        "body": {"base64": "/w=="},
    }
    assert steps[0]["response"] == said
    assert steps[1]["fails"] == "DeskStale"
    assert steps[2]["response"] == {"status": 200, "headers": {}, "blob": None}


def test_an_error_that_ended_it_is_kept() -> None:
    steps: list[dict[str, Any]] = []
    played = play(recording(CONNECTOR.check(Around().desk), steps), [DeskUnavailable("no")])
    assert isinstance(played.error, DeskUnavailable)
    document = fixture("check", {}, steps, expect=played.error, source="x")
    assert document["expect"] == {"error": "DeskUnavailable"}
    assert document["exchange"][0]["fails"] == "DeskUnavailable"


def test_show_says_where_a_conversation_waits(tmp_path: Path) -> None:
    document = {"call": "check", "exchange": [], "expect": {"error": "DeskDenied"}}
    told = show.shown(CONNECTOR, kept(tmp_path, document))
    assert told["waits"] == "for the answer to the last request"
    assert told["requests"] == [{"effect": "read", "method": "GET", "path": "desk"}]


def test_show_says_how_it_ended(tmp_path: Path) -> None:
    request = {"effect": "read", "method": "GET", "path": "desk"}
    document = {
        "call": "check",
        "exchange": [{"request": request, "fails": "DeskDenied"}],
        "expect": {"error": "DeskGone"},
    }
    assert show.shown(CONNECTOR, kept(tmp_path, document))["expect"] == {"error": "DeskDenied"}


def test_show_of_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fixtures" / "in" / "x.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"request": {"body": "x"}, "expect": []}))
    assert show.main(["connectors.loopback:CONNECTOR", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["expect"] == {"error": "SignatureInvalid"}
    assert show.main([]) == 2
    good = Path("connectors/loopback/fixtures/in/ticket_touched.json")
    if good.is_file():
        assert show.shown(CONNECTOR, good)["verify"] == "passes"


def test_a_recorded_talk_is_one(tmp_path: Path) -> None:
    path = kept(tmp_path, {"call": "check", "exchange": [], "expect": {"error": "DeskDenied"}})
    assert isinstance(load_one(CONNECTOR, path), Talk)
