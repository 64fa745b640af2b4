"""The Roundup connector over recorded answers, changed where a running Roundup is hard to bring into that state, and the
detector of its README against a receiver."""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors import roundup
from connectors.roundup import CONNECTOR, listing, words
from gateway.connector import Effect, Request, Response
from gateway.domain.model import ActorKind, Desk, Message, Visibility
from gateway.errors import AnswerUnreadable, DeskGone, DeskRejected, SignatureInvalid
from gateway.testing.fixtures import Talk, load_one
from gateway.testing.playback import Played, play
from gateway.testing.verdicts import answer_of
from tests.connectors.polling import Feed, Watch, live
from tests.desks.receiver import Receiver

FOLDER = Path(roundup.__file__).parent
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def recorded(name: str) -> Talk:
    found = load_one(CONNECTOR, FOLDER / f"fixtures/out/{name}.json")
    assert isinstance(found, Talk)
    return found


def answers(talk: Talk) -> list[Response]:
    found = [answer_of(step, CONNECTOR.manifest) for step in talk.steps]
    return [answer for answer in found if isinstance(answer, Response)]


def body(document: Any, status: int = 200) -> Response:
    return Response(
        status=status, headers={"content-type": "application/json"}, body=json.dumps(document).encode()
    )


def played(talk: Talk, given: Sequence[Response | Exception]) -> Played:
    return play(talk.begin(CONNECTOR), given)


@pytest.fixture
def desk() -> Desk:
    return recorded("check").desk


def test_every_write_names_the_state_it_was_decided_on() -> None:
    for name in ("update", "comment_moves_unread_to_chatting", "attach"):
        talk = recorded(name)
        shown = next(step.response for step in talk.steps if step.request.path.endswith("issue/1"))
        (write,) = [step.request for step in talk.steps if step.request.effect is Effect.WRITE]
        assert shown is not None
        assert write.headers == {"if-match": shown.json()["data"]["@etag"]}


def test_a_state_without_a_name_is_not_written_over() -> None:
    talk = recorded("update")
    shown = answers(talk)[0].json()
    shown["data"]["@etag"] = ""
    told = played(talk, [body(shown)])
    assert isinstance(told.error, AnswerUnreadable)


def test_an_auditor_that_changes_what_was_sent_is_a_refusal() -> None:
    """A tracker's own code may put another value in the place of ours without a word."""
    talk = recorded("update")
    given = answers(talk)
    shown = given[-1].json()
    shown["data"]["attributes"]["status"]["name"] = "deferred"
    told = played(talk, [*given[:-1], body(shown)])
    assert isinstance(told.error, DeskRejected)
    assert "status became 'deferred' instead of 'in-progress'" in str(told.error)
    shown["data"]["attributes"]["actor"] |= {"id": "4", "username": "alice"}
    assert played(talk, [*given[:-1], body(shown)]).returned, "alice has changed it again since"


def test_what_was_added_must_be_there() -> None:
    talk = recorded("comment_moves_unread_to_chatting")
    given = answers(talk)
    shown = given[-1].json()
    shown["data"]["attributes"]["messages"] = []
    told = played(talk, [*given[:-1], body(shown)])
    assert isinstance(told.error, DeskRejected)
    assert "does not show" in str(told.error)


@pytest.mark.parametrize(
    ("words_", "kind"),
    [
        ("Requested item is retired", DeskGone),
        ('"nosy" multilink value ([None]) must contain Strings', DeskRejected),
    ],
)
def test_409_is_a_refusal_never_stale(words_: str, kind: type[Exception]) -> None:
    talk = recorded("update")
    told = played(talk, [answers(talk)[0], body({"error": {"status": 409, "msg": words_}}, 409)])
    assert isinstance(told.error, kind)
    assert words_ in str(told.error)


def test_a_message_needs_an_author(desk: Desk) -> None:
    nameless = replace(desk, account="")
    for name in ("comment_moves_unread_to_chatting", "create"):
        told = play(CONNECTOR.push(recorded(name).args["command"], nameless), ())
        assert isinstance(told.error, DeskRejected)
        assert "no account" in str(told.error)


def test_accounts_are_known_by_name_and_by_id(desk: Desk) -> None:
    talk = recorded("fetch")
    kinds: list[list[ActorKind]] = []
    for account in ("fedbot", "3", "somebody"):
        told = play(CONNECTOR.fetch("1", replace(desk, account=account), since=None), answers(talk))
        kinds.append([said.author.kind for said in told.result.comments])
    ours, hers = ActorKind.GATEWAY, ActorKind.PERSON
    assert kinds == [[ours, hers], [ours, hers], [hers, hers]]


def test_a_declared_rule_is_no_person(desk: Desk) -> None:
    profile = replace(desk.profile, automatic_actors=("alice",))
    told = play(CONNECTOR.fetch("1", replace(desk, profile=profile), since=None), answers(recorded("fetch")))
    assert [said.author.kind for said in told.result.comments] == [ActorKind.GATEWAY, ActorKind.AUTOMATION]


@pytest.mark.parametrize(("message", "came_with"), [(0, None), (1, 1)], ids=["the description", "a comment"])
def test_a_file_came_with_a_comment_or_with_none(message: int, came_with: int | None) -> None:
    talk = recorded("fetch")
    issue, words, *more = answers(talk)
    listed = words.json()
    rows, file = listed["data"]["collection"], issue.json()["data"]["collection"][0]["files"][0]
    rows[message]["files"] = [file]
    told = played(talk, [issue, body(listed), *more]).result
    first = next(one for one in told.attachments if one.remote_id == file["id"])
    assert first.comment_id == (None if came_with is None else rows[came_with]["id"])


DESCRIPTIONS: dict[str, tuple[dict[str, Any], bool]] = {
    "of a ticket by us, with its mark": ({}, True),
    "a later message of ours": ({"messageid": "<idk-other@interdesk>"}, False),
    "made before the issue, by its creator": ({"messageid": None}, True),
    "made before the issue, by somebody else": (
        {"messageid": None, "creator": {"id": "4", "username": "alice"}},
        False,
    ),
    "made after the issue": ({"messageid": None, "creation": "2099-01-01.00:00:00"}, False),
    "with the mail's own id": ({"messageid": "<1.2.3@mail.example>"}, True),
}


@pytest.mark.parametrize(("change", "expected"), DESCRIPTIONS.values(), ids=list(DESCRIPTIONS))
def test_a_first_message_may_be_the_description(change: dict[str, Any], expected: bool) -> None:
    talk = recorded("fetch")
    given = answers(talk)
    messages = given[1].json()
    messages["data"]["collection"][0] |= change
    told = played(talk, [given[0], body(messages), *given[2:]])
    assert (told.result.fields["description"] is not None) is expected
    assert len(told.result.comments) == (2 if expected else 3)


def test_many_messages_are_asked_for_in_parts() -> None:
    talk = recorded("fetch")
    given = answers(talk)
    issue, messages = given[0].json(), given[1].json()
    first = messages["data"]["collection"][0]
    issue["data"]["collection"][0]["messages"] = [{"id": str(number)} for number in range(1, 121)]
    parts = [
        body({"data": {"collection": [{**first, "id": str(number)} for number in numbers]}})
        for numbers in (range(1, 51), range(51, 101), range(101, 121))
    ]
    told = played(talk, [body(issue), *parts, *given[2:]])
    assert len(told.result.comments) == 119
    asked = [[value for name, value in request.params if name == "id"] for request in told.requests[1:4]]
    assert [len(ids) for ids in asked] == [50, 50, 20]


def test_a_marker_that_only_contains_ours_is_another() -> None:
    talk = recorded("find_created")
    shown = answers(talk)[0].json()
    shown["data"]["collection"][0]["externalref"] += "-and-more"
    assert played(talk, [body(shown)]).result == ()


def test_check_names_properties_that_are_not_there() -> None:
    talk = recorded("check")
    refused = body({"error": {"status": 400, "msg": "Field site is not valid for issue class."}}, 400)
    told = played(talk, [*answers(talk)[:-1], refused])
    assert told.result.missing == (
        "issues have no property 'site' (site): add it to the tracker's schema.py",
    )


NORMALISED = {
    "spaces go": (" two  words ", "two  words"),
    "line ends": ("a\r\nb\rc\n", "a\nb\nc"),
    "nothing": (" \n", None),
    "NUL goes": ("a\0b", "ab"),
}


@pytest.mark.parametrize(("value", "shown"), NORMALISED.values(), ids=list(NORMALISED))
def test_what_is_written_is_foreseen(desk: Desk, value: str, shown: str | None) -> None:
    assert CONNECTOR.normalised("title", value, desk) == shown


def test_times_are_utc_both_ways() -> None:
    at = words.moment("2026-11-22.02:56:06")
    assert at == datetime(2026, 11, 22, 2, 56, 6, tzinfo=UTC)
    assert words.written_moment(at) == "2026-11-22.02:56:06"


def message(content: bytes, headers: dict[str, str]) -> Message:
    return Message(id="msg_1", desk_id="dsk_1", received_at=NOW, body=content, headers=headers)


@pytest.mark.parametrize("secrets", [(b"old", b"new"), (b"new", b"old"), (b"new",)])
def test_any_secret_of_a_rotation_will_do(desk: Desk, secrets: tuple[bytes, ...]) -> None:
    content = b'{"class": "issue", "id": "7"}'
    proof = "sha256=" + hmac.new(b"new", content, hashlib.sha256).hexdigest()
    told = message(content, {"x-roundup-signature": proof})
    CONNECTOR.verify(told, replace(desk, hook_secrets=secrets), now=NOW)
    (sighting,) = CONNECTOR.parse(told, desk)
    assert (sighting.remote_id, sighting.snapshot, sighting.hints) == ("7", None, {})
    for wrong in ("", proof[:-1], proof.upper(), "sha1=" + proof[7:]):
        with pytest.raises(SignatureInvalid):
            CONNECTOR.verify(
                message(content, {"x-roundup-signature": wrong}), replace(desk, hook_secrets=secrets), now=NOW
            )


def test_the_detector_of_the_readme_is_believed(desk: Desk) -> None:
    """What people are told to install does what `verify` asks for."""
    code = re.search(r"```python\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)
    assert code is not None
    detector: dict[str, Any] = {}
    exec("\n".join(line.removeprefix("   ") for line in code[1].splitlines()), detector)
    with Receiver() as receiver:
        settings = {"INTERDESK_URL": receiver.url, "INTERDESK_SECRET": "s3cret"}
        people = SimpleNamespace(get=lambda number, name: {("3", "username"): "alice"}[number, name])
        db = SimpleNamespace(config=SimpleNamespace(detectors=settings), user=people, getuid=lambda: "3")
        reactions: list[tuple[str, Any]] = []
        db.issue = SimpleNamespace(react=lambda event, tell, **_: reactions.append((event, tell)))
        detector["init"](db)
        assert [event for event, _ in reactions] == ["create", "set"]
        reactions[1][1](db, SimpleNamespace(classname="issue"), "12", {"status": "1"})
        came = receiver.next()
    told = message(came.body, came.headers)
    CONNECTOR.verify(told, replace(desk, hook_secrets=(b"s3cret",)), now=NOW)
    (sighting,) = CONNECTOR.parse(told, desk)
    assert (sighting.remote_id, sighting.hints) == ("12", {"actor": "alice"})


def answer(feed: Feed, request: Request) -> Any:
    """The list as Roundup 2.6.0 gives it: the order is finer than the times shown."""
    asked = dict(request.params)
    text = asked["activity"].removesuffix("+0000;")
    start = int(datetime.strptime(text, "%Y-%m-%d.%H:%M:%S").replace(tzinfo=UTC).timestamp() * 1000)
    found = feed.since(start, newest_first=asked["@sort"].startswith("-"))
    rows = [_row(ticket, when) for ticket, when in found[: int(asked["@page_size"])]]
    return {"data": {"collection": rows, "@total_size": len(found)}}


def _row(ticket: int, when: int) -> dict[str, Any]:
    shown = datetime.fromtimestamp(when // 1000, UTC).strftime("%Y-%m-%d.%H:%M:%S")
    user = {"id": "3", "username": "fedbot"}
    return {
        "id": str(ticket), "title": "x", "status": None, "priority": None, "assignedto": None, "keyword": [],
        "externalref": None, "delegateto": None, "site": None, "creation": shown, "activity": shown,
        "creator": user, "actor": user,
    }  # fmt: skip


@pytest.mark.parametrize("limit", [3, 7, 100])
def test_no_change_is_lost_between_polls(desk: Desk, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(listing, "LIMIT", limit)
    for seed in range(12):
        feed = live(CONNECTOR, desk, answer, seed)
        assert len(feed.reported) < 4 * len(feed.changes), "hardly anything is reported more than twice"


def test_a_change_in_the_second_of_the_last_poll_is_seen(desk: Desk) -> None:
    feed = Feed()
    watch = Watch(connector=CONNECTOR, desk=desk, feed=feed, answer=answer)
    feed.change(1)
    watch.ask()
    feed.now += 5000
    feed.change(1)
    assert watch.poll() == ["1"]
    feed.change(1)  # 40 ms later: the list shows the same second
    feed.now += 60_000
    assert watch.poll() == ["1"]
    feed.now += 60_000
    assert watch.poll() == []


def test_nothing_in_a_fixture_is_private() -> None:
    """Roundup shows every message to whoever sees the issue: nothing here may look as if it were hidden."""
    told = played(recorded("fetch"), answers(recorded("fetch")))
    seen = [*told.result.comments, *told.result.attachments]
    assert {part.visibility for part in seen} == {Visibility.PUBLIC}
