"""The Redmine connector over recorded answers, changed where a running Redmine is hard to bring into that state."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors import redmine
from connectors.redmine import CONNECTOR, listing, words
from gateway.connector import Effect, Request, Response
from gateway.domain.model import Command, CommandKind, Desk, Message, Snapshot, Visibility
from gateway.errors import DeskDenied, DeskGone, DeskRejected, DeskStale, SignatureInvalid
from gateway.testing.fixtures import Talk, load_one
from gateway.testing.playback import Played, play
from gateway.testing.verdicts import answer_of
from tests.connectors.polling import Feed, Watch, live

FOLDER = Path(redmine.__file__).parent
SECRET = "set_notes_private"


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


def effects(told: Played) -> list[Effect]:
    return [request.effect for request in told.requests]


def at(talk: Talk, path: str) -> int:
    """Where the talk asks for this path first."""
    return next(number for number, step in enumerate(talk.steps) if step.request.path.startswith(path))


def test_a_private_note_needs_the_permission() -> None:
    talk = recorded("comment_private")
    given = answers(talk)
    roles = at(talk, "roles/")
    role = given[roles].json()
    role["role"]["permissions"].remove(SECRET)
    told = played(talk, [*given[:roles], body(role), *given[roles + 1 :]])
    assert isinstance(told.error, DeskRejected)
    assert "Set notes as private" in str(told.error)
    assert effects(told) == [Effect.READ] * (roles + 1)


def test_a_role_in_another_project_is_no_permission() -> None:
    talk = recorded("comment_private")
    given = answers(talk)
    asked = at(talk, "users/current")
    user = given[asked].json()
    user["user"]["memberships"][0]["project"]["id"] = 77
    told = played(talk, [*given[:asked], body(user)])
    assert isinstance(told.error, DeskRejected)


def test_an_administrator_needs_no_role() -> None:
    talk = recorded("comment_private")
    given = answers(talk)
    asked, roles = at(talk, "users/current"), at(talk, "roles/")
    user = given[asked].json()
    user["user"] |= {"admin": True, "memberships": []}
    told = played(talk, [*given[:asked], body(user), *given[roles + 1 :]])
    assert told.returned


def test_a_note_that_came_out_public_is_told_at_once() -> None:
    talk = recorded("comment_private")
    given = answers(talk)
    shown = given[-1].json()
    shown["issue"]["journals"][-1]["private_notes"] = False
    told = played(talk, [*given[:-1], body(shown)])
    assert isinstance(told.error, DeskRejected)
    assert "another visibility" in str(told.error)


BOB = {"id": 77, "name": "Bob"}
NOTE: dict[str, Any] = {"id": 901, "notes": "between us", "private_notes": True, "details": []}


@pytest.mark.parametrize(
    ("wordless", "note", "came_with"),
    [
        ({}, {}, "901"),
        ({"notes": "see the file"}, {}, "900"),
        ({}, {"id": 899}, None),
        ({}, {"private_notes": False}, None),
        ({}, {"created_on": "2026-11-23T10:00:01Z"}, None),
        ({}, {"user": BOB}, None),
    ],
    ids=[
        "one note, split",
        "words of its own",
        "an earlier note",
        "a public note",
        "a later note",
        "another's note",
    ],
)
def test_a_file_stays_with_the_private_note_that_redmine_split_it_from(
    wordless: dict[str, Any], note: dict[str, Any], came_with: str | None
) -> None:
    talk = recorded("fetch")
    [shown, *more] = answers(talk)
    issue = shown.json()
    common = {"user": {"id": 78, "name": "Alice"}, "created_on": "2026-11-23T10:00:00Z"}
    file = {"property": "attachment", "name": "55", "old_value": None, "new_value": "a.txt"}
    split = {"id": 900, "notes": None, "private_notes": False, "details": [file]}
    issue["issue"]["journals"] = [{**common, **split, **wordless}, {**common, **NOTE, **note}]
    row = {"id": 55, "filename": "a.txt", "filesize": 3, "author": common["user"]}
    issue["issue"]["attachments"] = [{**row, "created_on": "2026-11-23T09:59:00Z"}]
    told = played(talk, [body(issue), *more]).result
    assert isinstance(told, Snapshot)
    assert [one.comment_id for one in told.attachments] == [came_with]


@pytest.mark.parametrize("name", ["update", "comment_public", "attach"])
def test_a_422_without_words_means_that_the_issue_changed_meanwhile(name: str) -> None:
    talk = recorded(name)
    write = next(n for n, step in enumerate(talk.steps) if step.request.effect is Effect.WRITE)
    told = played(talk, [*answers(talk)[:write], body({"errors": []}, 422)])
    assert isinstance(told.error, DeskStale)
    told = played(talk, [*answers(talk)[:write], body({"errors": ["No", "and no"]}, 422)])
    assert isinstance(told.error, DeskRejected)
    assert "No; and no" in str(told.error)
    told = played(talk, [*answers(talk)[:write], Response(status=404, headers={})])
    assert isinstance(told.error, DeskGone)


def test_403_is_believed_only_of_the_issue() -> None:
    talk = recorded("fetch_moved_out_of_sight")
    refused = DeskDenied("the key was withdrawn")
    told = played(talk, [answers(talk)[0], refused])
    assert told.error is refused


def test_the_order_of_journals_is_the_accounts_taste() -> None:
    talk = recorded("fetch_since_names_learned")
    given = answers(talk)
    shown = given[0].json()
    shown["issue"]["journals"].reverse()
    assert played(talk, [body(shown), *given[1:]]).result == played(talk, given).result


def test_an_id_that_nobody_can_name_stays_a_number() -> None:
    talk = recorded("fetch_since_names_learned")
    given = answers(talk)
    statuses = at(talk, "issue_statuses")
    known = given[statuses].json()
    known["issue_statuses"] = [row for row in known["issue_statuses"] if row["name"] != "In Progress"]
    told = played(talk, [*given[:statuses], body(known)])
    changes = [(entry.old, entry.new) for entry in told.result.history if entry.field == "status"]
    assert changes == [("2", "Feedback")]


def test_a_note_without_the_word_private_is_private() -> None:
    talk = recorded("fetch_since_names_learned")
    given = answers(talk)
    shown = given[0].json()
    for journal in shown["issue"]["journals"]:
        del journal["private_notes"]
    told = played(talk, [body(shown), *given[1:]])
    assert {said.visibility for said in told.result.comments} == {Visibility.PRIVATE}


def test_who_works_there_is_not_told_to_the_other_side() -> None:
    told = played(recorded("update_of_nobody_known"), answers(recorded("update_of_nobody_known")))
    assert isinstance(told.error, DeskRejected)
    assert "Alice" not in str(told.error)


def test_which_statuses_there_are_is_told() -> None:
    talk = recorded("update")
    command = replace(talk.args["command"], fields={"status": "Nonsense"})
    statuses = body({"issue_statuses": [{"id": 1, "name": "New"}, {"id": 2, "name": "In Progress"}]})
    told = play(CONNECTOR.push(command, talk.desk), [answers(talk)[0], statuses])
    assert str(told.error) == (
        "Redmine knows no status 'Nonsense' that this account may use · it has: "
        "New, In Progress, Resolved, Feedback, Closed, Rejected, Waiting"
    )


def test_a_list_is_read_to_its_end() -> None:
    """Whatever limit is asked for, Redmine gives a hundred rows at most."""
    talk = recorded("fetch_since_names_learned")
    given = answers(talk)
    projects = at(talk, "projects.json")
    rows = [{"id": number, "identifier": f"p{number}"} for number in range(2, 202)]
    pages = [
        body({"projects": rows[:100], "total_count": 201}),
        body({"projects": rows[100:], "total_count": 201}),
    ]
    last = body({"projects": [{"id": 1, "identifier": "federation"}], "total_count": 201})
    told = played(talk, [*given[:projects], *pages, last, *given[projects + 1 :]])
    assert told.result.fields["queue"] == "federation"


def test_check_tells_where_the_settings_are_wrong() -> None:
    talk = recorded("check")
    settings = {**talk.desk.settings, "status_ids": {"Done": 5, "Odd": 99}}
    told = play(CONNECTOR.check(replace(talk.desk, settings=settings, account="bob")), answers(talk))
    assert told.result.missing == (
        "the desk's account is set to 'bob', but the key belongs to 5 (fedbot)",
        "the setting status_ids says that Done is 5; Redmine calls that Closed",
        "the setting status_ids says that Odd is 99; Redmine calls that nothing",
    )


def test_check_tells_what_the_account_sees_beyond() -> None:
    talk = recorded("check")
    given = answers(talk)
    asked = at(talk, "projects.json")
    shown = given[asked].json()
    shown["projects"].append({"id": 2, "identifier": "other-customers"})
    told = played(talk, [*given[:asked], body(shown), *given[asked + 1 :]])
    assert told.result.sees_beyond == ("project other-customers",)


def test_nothing_comes_from_redmine_by_itself() -> None:
    message = Message(id="msg_1", desk_id="dsk_1", received_at=datetime.now(UTC), body=b"{}")
    with pytest.raises(SignatureInvalid, match="polled"):
        CONNECTOR.verify(message, recorded("check").desk, now=datetime.now(UTC))


def test_a_ticket_needs_a_project_and_a_marker_field(desk: Desk) -> None:
    command = Command(id="dlv_1", kind=CommandKind.CREATE, marker="idk-1", fields={"title": "x"})
    assert "no project" in str(play(CONNECTOR.push(command, desk), ()).error)
    bare = replace(desk, settings={"custom_fields": {}})
    assert "custom_fields.marker" in str(play(CONNECTOR.push(command, bare), ()).error)
    assert "custom_fields.marker" in str(play(CONNECTOR.find(command, bare), ()).error)


NORMALISED = {
    "a title is cut": ("title", "x" * 300, "x" * 254 + "…"),
    "a title that fits is not": ("title", "x" * 255, "x" * 255),
    "spaces stay": ("title", "  a  b ", "  a  b "),
    "line ends": ("description", "a\r\nb\rc", "a\nb\nc"),
    "the word none": ("description", "none", "none "),
    "nothing": ("description", "", None),
    "a day": ("due", "2026-12-01", "2026-12-01"),
    "the day at the desk": ("due", "2026-12-01T23:30:00+00:00", "2026-12-02"),
    "a moment without an offset": ("due", "2026-12-01T23:30:00", "2026-12-01"),
    "no moment at all": ("due", "Tomorrow", "Tomorrow"),
    "a custom field": ("site", " PAR-01 ", " PAR-01 "),
}


@pytest.mark.parametrize(("name", "value", "shown"), NORMALISED.values(), ids=list(NORMALISED))
def test_what_is_written_is_foreseen(desk: Desk, name: str, value: str, shown: str | None) -> None:
    assert CONNECTOR.normalised(name, value, replace(desk, zone="Europe/Rome")) == shown


@pytest.mark.parametrize(
    ("sent", "shown", "same"),
    [
        ("a.txt", "a.txt", True),
        ("c:\\logs\\a.txt", "a.txt", True),
        ("x/y/a?*b.txt", "a_b.txt", True),
        ("a b.txt", "a_b.txt", False),
        ("a.txt", "b.txt", False),
    ],
)
def test_filenames_are_known_again(sent: str, shown: str, same: bool) -> None:
    assert words.same_filename(sent, shown) is same


@pytest.fixture
def desk() -> Desk:
    return recorded("check").desk


def answer(feed: Feed, request: Request) -> Any:
    """The list as Redmine 5.0.4 on SQLite gives it: `>=T` begins a second earlier, the order is finer than the times shown."""
    asked = dict(request.params)
    start = int(datetime.fromisoformat(asked["updated_on"].removeprefix(">=")).timestamp() * 1000) - 999
    found = feed.since(start, newest_first="desc" in asked["sort"])
    page = found[int(asked["offset"]) :][: int(asked["limit"])]
    return {"issues": [_row(ticket, when) for ticket, when in page], "total_count": len(found)}


def _row(ticket: int, when: int) -> dict[str, Any]:
    shown = datetime.fromtimestamp(when // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    thing = {"id": 1, "name": "x"}
    return {
        "id": ticket, "project": thing, "tracker": thing, "status": thing, "priority": thing, "author": thing,
        "subject": "x", "description": "", "due_date": None, "created_on": shown, "updated_on": shown,
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
