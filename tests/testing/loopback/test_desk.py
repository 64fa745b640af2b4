"""The loopback desk's habits: each one shown, on a clock that moves only when told to."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from gateway.testing.loopback import PLAIN, TEMPERS, Answer, Hooks, LoopbackDesk, Temper
from gateway.testing.loopback.cabinet import without_tags
from gateway.testing.loopback.desk import http_date
from tests.testing.loopback.around import START, Around, create


def told(answer: Answer) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(answer.body)
    return document


def post(around: Around, **fields: str | None) -> dict[str, Any]:
    ticket: dict[str, Any] = told(around.call("POST", "/tickets", {"fields": {"title": "one", **fields}}))[
        "ticket"
    ]
    return ticket


KEPT: Mapping[str, tuple[Mapping[str, Any], Mapping[str, str], Mapping[str, str | None]]] = {
    "titles are put on one line": ({}, {"title": " a\n  b "}, {"title": "a b"}),
    "titles are cut": ({"title_limit": 5}, {"title": "abcdefgh"}, {"title": "abcde"}),
    "a cut leaves no blank": ({"title_limit": 3}, {"title": "ab cd"}, {"title": "ab"}),
    "markup stays": ({}, {"description": "<b>x</b>"}, {"description": "<b>x</b>"}),
    "markup goes": ({"strips_html": True}, {"description": "<p>a</p> < b"}, {"description": "a < b"}),
    "lines end with LF": ({}, {"description": "a\r\nb"}, {"description": "a\nb"}),
    "blank is empty": ({}, {"group": "  "}, {"group": None}),
    "priorities are remapped": (
        {"priority_remap": {"urgent": "high"}},
        {"priority": "urgent"},
        {"priority": "high"},
    ),
    "defaults": ({}, {}, {"status": "new", "priority": "normal", "requester": "Interdesk", "queue": None}),
    "custom fields": ({}, {"custom.floor": "3"}, {"custom.floor": "3"}),
}


@pytest.mark.parametrize(("habits", "sent", "shown"), KEPT.values(), ids=KEPT.keys())
def test_what_becomes_of_a_field(
    habits: Mapping[str, Any], sent: Mapping[str, str], shown: Mapping[str, str | None]
) -> None:
    fields = post(Around(temper=replace(PLAIN, **habits)), **sent)["fields"]
    assert {name: fields[name] for name in shown} == shown


def test_tags_within_tags_go_too() -> None:
    assert without_tags("<<b>>x</<i>b>") == "x"


def test_a_person_may_set_what_the_api_may_not() -> None:
    around = Around(temper=replace(PLAIN, priority_remap={"urgent": "high"}))
    ticket = around.loopback.person("alice").open("one", priority="urgent")
    assert around.loopback.ticket(ticket)["fields"]["priority"] == "urgent"


REFUSED: Mapping[str, tuple[str, str, object, int, str]] = {
    "no such place": ("GET", "/nonsense", None, 404, "nothing at"),
    "no such ticket": ("GET", "/tickets/99", None, 404, "no ticket 99"),
    "no such file": ("GET", "/tickets/1/attachments/9", None, 404, "no file 9"),
    "no title": ("POST", "/tickets", {"fields": {}}, 422, "needs a title"),
    "no fields": ("POST", "/tickets", {}, 400, "fields is missing"),
    "a list": ("POST", "/tickets", [], 400, "not a mapping"),
    "an unknown field": ("PATCH", "/tickets/1", {"fields": {"colour": "red"}}, 422, "no field colour"),
    "an unknown status": ("PATCH", "/tickets/1", {"fields": {"status": "dancing"}}, 422, "no status"),
    "an unknown priority": ("PATCH", "/tickets/1", {"fields": {"priority": None}}, 422, "no priority"),
    "a number as a field": ("PATCH", "/tickets/1", {"fields": {"group": 7}}, 422, "must be a text"),
    "an empty comment": ("POST", "/tickets/1/comments", {"text": " ", "public": True}, 422, "needs a text"),
    "nobody says for whom": ("POST", "/tickets/1/comments", {"text": "x"}, 422, "public"),
    "a file without a name": ("POST", "/tickets/1/attachments", {}, 422, "needs a name"),
    "a search for nothing": ("GET", "/tickets", None, 400, "which marker"),
}


@pytest.mark.parametrize(("method", "path", "body", "status", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_desk_refuses(method: str, path: str, body: object, status: int, words: str) -> None:
    around = Around()
    around.loopback.person("alice").open("one")
    answer = around.call(method, path, body)
    assert (answer.status, words in told(answer)["error"]["message"]) == (status, True), answer.body


def test_a_body_that_is_no_json() -> None:
    around = Around()
    outcome = around.loopback.handle(
        "POST", "/tickets", headers={"authorization": "Bearer desk-token"}, body=b"{"
    )
    assert isinstance(outcome, Answer)
    assert outcome.status == 400


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "bearer desk-token"])
def test_strangers_are_turned_away(header: str) -> None:
    outcome = Around().loopback.handle("GET", "/desk", headers={"authorization": header})
    assert isinstance(outcome, Answer)
    assert outcome.status == 401


def test_moves_of_a_status() -> None:
    around = Around(temper=replace(PLAIN, transitions={"new": ("open",)}))
    post(around)
    refused = around.call("PATCH", "/tickets/1", {"fields": {"status": "solved", "group": "field"}})
    assert (refused.status, around.loopback.ticket("1")["fields"]["group"]) == (422, None)
    assert around.call("PATCH", "/tickets/1", {"fields": {"status": "new"}}).status == 200
    assert around.call("PATCH", "/tickets/1", {"fields": {"status": "open"}}).status == 200


def test_a_desk_that_says_200_and_does_nothing() -> None:
    around = Around(temper=replace(PLAIN, transitions={}, refuses_quietly=True))
    before = post(around)
    answer = around.call("PATCH", "/tickets/1", {"fields": {"status": "solved"}})
    assert answer.status == 200
    assert told(answer)["messages"] == ["a ticket cannot go from new to solved"]
    assert told(answer)["ticket"]["fields"] == before["fields"]


def test_if_match() -> None:
    around = Around()
    etag = around.call("POST", "/tickets", {"fields": {"title": "one"}}).headers["etag"]
    headers = {"authorization": "Bearer desk-token", "if-match": etag}
    body = orjson.dumps({"fields": {"group": "field"}})
    answers = [around.loopback.handle("PATCH", "/tickets/1", headers=headers, body=body) for _ in range(2)]
    assert [answer.status for answer in answers if isinstance(answer, Answer)] == [200, 412]


def test_a_change_to_the_same_is_no_change() -> None:
    around = Around()
    revision = post(around, group="field")["revision"]
    answer = told(around.call("PATCH", "/tickets/1", {"fields": {"group": "field"}}))
    assert (answer["entries"], answer["ticket"]["revision"]) == ([], revision)


def test_a_comment_opens_a_new_ticket_by_itself() -> None:
    around = Around(temper=replace(PLAIN, opens_on_comment=("new", "open")))
    post(around)
    answer = told(around.call("POST", "/tickets/1/comments", {"text": "hi", "public": False}))
    assert answer["ticket"]["fields"]["status"] == "open"
    (entry,) = answer["ticket"]["history"]
    assert (entry["actor"]["kind"], entry["id"]) == ("automation", answer["entries"][0])
    around.loopback.person("alice").set("1", "status", "new")
    around.loopback.person("alice").comment("1", "a person's comment moves nothing")
    assert around.loopback.ticket("1")["fields"]["status"] == "new"


def test_a_desk_without_history_does_it_unnamed() -> None:
    around = Around(temper=replace(PLAIN, opens_on_comment=("new", "open"), history=False))
    post(around)
    answer = told(around.call("POST", "/tickets/1/comments", {"text": "hi", "public": True}))
    assert (answer["ticket"]["fields"]["status"], answer["entries"], answer["ticket"]["history"]) == (
        "open",
        [],
        [],
    )


def test_an_automatic_reply() -> None:
    around = Around(temper=replace(PLAIN, auto_reply="We got it."))
    post(around)
    around.call("POST", "/tickets/1/comments", {"text": "hi", "public": True})
    around.call("POST", "/tickets/1/comments", {"text": "inside", "public": False})
    around.loopback.person("alice").comment("1", "by hand")
    said = [(part["text"], part["author"]["id"]) for part in around.loopback.ticket("1")["comments"]]
    robot = ("We got it.", "robot")
    assert said == [robot, ("hi", "interdesk"), robot, ("inside", "interdesk"), ("by hand", "alice")]


def test_private_comments_where_there_are_none() -> None:
    around = Around(temper=replace(PLAIN, private_comments=False))
    post(around)
    assert around.call("POST", "/tickets/1/comments", {"text": "hi", "public": False}).status == 422
    with pytest.raises(ValueError, match="no private comments"):
        around.loopback.person("alice").comment("1", "hi", public=False)


@pytest.mark.parametrize(("keeps", "marker"), [(True, "m"), (False, None)])
def test_markers_beside_comments_and_files(keeps: bool, marker: str | None) -> None:
    around = Around(temper=replace(PLAIN, comment_markers=keeps))
    post(around)
    around.call("POST", "/tickets/1/comments", {"text": "hi", "public": True, "marker": "m"})
    around.call("POST", "/tickets/1/attachments", {}, filename="a.txt", marker="m")
    ticket = around.loopback.ticket("1")
    assert [part["marker"] for part in (*ticket["comments"], *ticket["attachments"])] == [marker, marker]


def test_the_search_lags() -> None:
    around = Around(temper=replace(PLAIN, search_lag=timedelta(seconds=15)))
    post(around, marker="m")
    found = [len(told(around.call("GET", "/tickets", marker="m"))["tickets"])]
    around.clock.pass_by(seconds=15)
    found.append(len(told(around.call("GET", "/tickets", marker="m"))["tickets"]))
    assert found == [0, 1]


def test_one_marker_on_two_tickets_shows_both() -> None:
    around = Around()
    post(around, marker="m")
    post(around, marker="m")
    found = told(around.call("GET", "/tickets", marker="m"))["tickets"]
    assert [ticket["id"] for ticket in found] == ["1", "2"]


def test_closed_tickets_leave_the_lists() -> None:
    around = Around(temper=replace(PLAIN, hides_closed=True))
    post(around, marker="m")
    around.loopback.person("alice").set("1", "status", "closed")
    assert told(around.call("GET", "/tickets", marker="m"))["tickets"] == []
    assert told(around.call("GET", "/changes"))["changes"] == []
    assert around.call("GET", "/tickets/1").status == 200


def test_later_ids_can_show_first() -> None:
    """Ids are taken in order, but each change is listed up to 20 s later."""
    around = Around(temper=replace(PLAIN, commit_lag=timedelta(seconds=20)), seed=3)
    for number in range(8):
        around.loopback.person("alice").open(f"ticket {number}")
    first: list[int] = []
    for _ in range(21):
        rows = told(around.call("GET", "/changes", limit="500"))["changes"]
        first += [row["id"] for row in rows if row["id"] not in first]
        around.clock.pass_by(seconds=1)
    assert sorted(first) == list(range(1, 9))
    assert first != sorted(first)


CLOCKS: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "true": ({}, "2026-03-01T12:00:42.500000+00:00"),
    "in its zone": ({"zone": "Asia/Yekaterinburg"}, "2026-03-01T17:00:42.500000+05:00"),
    "to the second": ({"granularity": timedelta(seconds=1)}, "2026-03-01T12:00:42+00:00"),
    "to the minute": ({"granularity": timedelta(minutes=1)}, "2026-03-01T12:00:00+00:00"),
    "wrong": ({"clock_offset": timedelta(minutes=-10)}, "2026-03-01T11:50:42.500000+00:00"),
}


@pytest.mark.parametrize(("habits", "shown"), CLOCKS.values(), ids=CLOCKS.keys())
def test_the_desks_clock(habits: Mapping[str, Any], shown: str) -> None:
    around = Around(temper=replace(PLAIN, **habits))
    around.clock.pass_by(seconds=42.5)
    assert told(around.call("GET", "/desk"))["clock"] == shown
    assert post(around)["created_at"] == shown


def test_summer_time_begins_in_the_desks_zone() -> None:
    around = Around(temper=replace(PLAIN, zone="Europe/Rome"))
    around.clock.at = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)
    before = post(around)["created_at"]
    around.clock.pass_by(seconds=1)
    assert (before, post(around)["created_at"]) == ("2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00")


def test_the_hour_that_comes_twice_keeps_its_offsets() -> None:
    around = Around(temper=replace(PLAIN, zone="Europe/Rome", granularity=timedelta(minutes=1)))
    around.clock.at = datetime(2026, 10, 25, 0, 30, 30, tzinfo=UTC)
    first = post(around)["created_at"]
    around.clock.pass_by(hours=1)
    second = post(around)["created_at"]
    assert (first, second) == ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")


def test_ids_can_be_used_again() -> None:
    around = Around(temper=replace(PLAIN, reuses_ids=True))
    alice = around.loopback.person("alice")
    first = alice.open("one")
    alice.delete(first)
    assert alice.open("two") == first
    assert Around().loopback.person("alice").open("one") == first


def test_people_edit_hide_and_remove() -> None:
    around = Around()
    alice = around.loopback.person("alice.rossi")
    ticket = alice.open("one")
    one, two = alice.comment(ticket, "first"), alice.comment(ticket, "second")
    alice.edit(ticket, one, "first, better")
    alice.show(ticket, one, public=False)
    alice.remove(ticket, two)
    (comment,) = around.loopback.ticket(ticket)["comments"]
    assert (comment["text"], comment["public"]) == ("first, better", False)
    assert comment["edited_at"]
    assert comment["author"] == {"id": "alice.rossi", "name": "Alice Rossi", "kind": "person"}


@pytest.mark.parametrize(("field", "value"), [("status", "dancing"), ("priority", "none"), ("colour", "red")])
def test_people_know_the_desks_words(field: str, value: str) -> None:
    around = Around()
    ticket = around.loopback.person("alice").open("one")
    with pytest.raises(ValueError, match=field):
        around.loopback.person("alice").set(ticket, field, value)


def test_webhooks_by_temper() -> None:
    bodies = {}
    for kind in Hooks:
        around = Around(temper=replace(PLAIN, hooks=kind))
        around.loopback.person("alice").open("one")
        bodies[kind] = [orjson.loads(hook.body).keys() for hook in around.loopback.drain_hooks()]
        assert around.loopback.drain_hooks() == []
    thin = {"type", "ticket_id", "revision"}
    assert bodies == {Hooks.NONE: [], Hooks.THIN: [thin], Hooks.FULL: [thin | {"ticket"}]}


def test_a_long_ticket_is_only_named() -> None:
    around = Around()
    alice = around.loopback.person("alice")
    ticket = alice.open("one")
    for number in range(51):
        alice.comment(ticket, f"comment {number}")
    whole = ["ticket" in orjson.loads(hook.body) for hook in around.loopback.drain_hooks()]
    assert whole == [True] * 51 + [False]


def test_a_webhook_shows_the_moment_it_was_made() -> None:
    around = Around()
    alice = around.loopback.person("alice")
    ticket = alice.open("one")
    alice.set(ticket, "status", "open")
    shown = [orjson.loads(hook.body)["ticket"]["fields"]["status"] for hook in around.loopback.drain_hooks()]
    assert shown == ["new", "open"]


def history_of(temper: Temper, seed: int) -> bytes:
    around = Around(temper=temper, seed=seed)
    for number in range(20):
        around.clock.pass_by(seconds=3)
        around.push(create(f"m{number}"))
        around.call("GET", "/changes")
    rows = [(change.id, change.visible_at.isoformat()) for change in around.loopback.cabinet.changes]
    return orjson.dumps(
        [around.loopback.tickets(), rows, [hook.body.decode() for hook in around.loopback.drain_hooks()]]
    )


@pytest.mark.parametrize("temper", TEMPERS.values(), ids=TEMPERS.keys())
def test_one_seed_is_one_history(temper: Temper) -> None:
    lagging = replace(temper, commit_lag=timedelta(seconds=20))
    assert history_of(lagging, 7) == history_of(lagging, 7)
    assert history_of(lagging, 7) != history_of(lagging, 8)


@pytest.mark.parametrize("temper", TEMPERS.values(), ids=TEMPERS.keys())
def test_tempers_make_sense(temper: Temper) -> None:
    words = set(temper.statuses)
    moves = temper.transitions or {}
    assert temper.closed <= words
    assert set(temper.write_statuses.values()) <= words
    assert set(moves) | {new for news in moves.values() for new in news} <= words
    assert {temper.default_priority, *temper.priority_remap, *temper.priority_remap.values()} <= set(
        temper.priorities
    )
    assert set(temper.opens_on_comment or ()) <= words


def test_a_date_header() -> None:
    assert http_date(START) == "Sun, 01 Mar 2026 12:00:00 GMT"


def test_a_desk_without_a_token_is_open() -> None:
    outcome = LoopbackDesk(PLAIN, clock=lambda: START).handle("GET", "/desk")
    assert isinstance(outcome, Answer)
    assert outcome.status == 200
