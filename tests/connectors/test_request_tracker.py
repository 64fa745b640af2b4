"""The RT connector: values, history and writes where the recorded conversations show only the common case."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.request_tracker import CONNECTOR, history, words, writing
from gateway.connector import Effect, Response
from gateway.domain.model import ActorKind, AttachmentDraft, Blob, Command, CommandKind, Desk, Visibility
from gateway.errors import AnswerUnreadable, DeskGone, DeskRejected, DeskStale, Unsupported
from gateway.testing.playback import Played, play
from tests.connectors.request_tracker_answers import DESK, answer


@pytest.mark.parametrize(
    ("field", "written", "shown"),
    [
        ("title", "  VPN\n down\t now ", "VPN down now"),
        ("title", "ä" * 150, "ä" * 100),
        ("title", " \n ", None),
        ("description", "one\r\ntwo\x00 \n\n", "one\ntwo"),
        ("status", "Open", "open"),
        ("status", "Waiting CAB", "Waiting CAB"),
        ("priority", "70", "50"),
        ("priority", "1000", "150"),
        ("priority", "-3", "0"),
        ("priority", "high", "high"),
        ("due", "2026-12-01T12:00:00+02:00", "2026-12-01T10:00:00Z"),
        ("due", "2026-12-01", "2026-11-30T23:00:00Z"),
        ("due", "1970-01-01T00:00:00Z", None),
        ("due", "soon", "soon"),
        ("assignee", "nobody", None),
        ("assignee", " alice ", "alice"),
        ("site", "", None),
        ("site", None, None),
    ],
)
def test_what_rt_will_show_of_a_value(field: str, written: str | None, shown: str | None) -> None:
    assert CONNECTOR.normalised(field, written, DESK) == shown


def test_a_priority_stays_itself_where_the_profile_has_no_numbers() -> None:
    desk = Desk(id="d", code="d", org_id="o", connector="request_tracker")
    assert words.priority_step("37", desk) == "37"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("2026-12-01 10:00:00", "2026-12-01T10:00:00Z"),
        ("2026-12-01T10:00:00Z", "2026-12-01T10:00:00Z"),
        ("1970-01-01 00:00:00", None),
        ("2026-12-01", None),
        ("2026-13-41 10:00:00", None),
        ("next week", None),
    ],
)
def test_a_due_date_that_rt_could_not_read_was_never_set(told: str, shown: str | None) -> None:
    assert words.due_shown(told) == shown


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Отчёт 100%.pdf", "Отчёт 100%.pdf"),
        ('a "b"/c\\d\n.txt', "a _b__c_d_.txt"),
        ("=?UTF-8?Q?x?=.txt", "=_UTF-8?Q?x?=.txt"),
        ("x" * 300 + ".docx", "x" * 195 + ".docx"),
        ("ж" * 300, "ж" * 100),
        ("", "file"),
    ],
)
def test_a_file_name_survives_the_way_through_rt(sent: str, kept: str) -> None:
    assert writing.kept_name(sent) == kept


def row(number: int, kind: str, field: str, old: str, new: str, *, who: str = "alice") -> dict[str, Any]:
    return {
        "id": str(number),
        "Type": kind,
        "Field": field,
        "OldValue": old,
        "NewValue": new,
        "Creator": {"id": who, "RealName": who.title()},
        "Created": "2026-11-22T10:00:00Z",
    }


NAMES = history.Names(
    users={"6": "Nobody", "33": "alice", "35": "cust1", "36": "cust2"},
    queues={"3": "Federation", "1": "General"},
    fields={"5": "site", "7": "tags"},
)


def entries(
    *rows: Mapping[str, Any], now: Mapping[str, Sequence[str]] | None = None
) -> list[tuple[str, str | None, str | None]]:
    found = history.entries(rows, NAMES, now=now or {}, desk=DESK)
    return [(entry.field, entry.old, entry.new) for entry in found]


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (row(1, "Status", "Status", "new", "open"), [("status", "new", "open")]),
        (row(1, "Set", "Subject", "old", "n" * 250), [("title", "old", "n" * 200)]),
        (row(1, "Set", "Priority", "0", "70"), [("priority", "0", "50")]),
        (row(1, "Set", "Priority", "50", "70"), []),
        (row(1, "Set", "Due", "2026-12-01 10:00:00", "rubbish"), [("due", "2026-12-01T10:00:00Z", None)]),
        (row(1, "Set", "Queue", "3", "1"), [("queue", "Federation", "General")]),
        (row(1, "Set", "Owner", "6", "33"), [("assignee", None, "alice")]),
        (row(1, "Steal", "Owner", "33", "99"), [("assignee", "alice", "99")]),
        (row(1, "SetWatcher", "Owner", "6", "33"), []),
        (row(1, "Set", "TimeWorked", "0", "5"), []),
        (row(1, "AddLink", "MergedInto", "", "fsck.com-rt://rt/ticket/2"), []),
        (row(1, "CustomField", "99", "", "x"), []),
        (row(1, "", "", "", ""), []),
    ],
    ids=lambda value: (
        f"{value['Type']} {value['Field']} {value['NewValue'][:9]}" if isinstance(value, dict) else None
    ),
)
def test_a_transaction_as_an_entry(
    told: Mapping[str, Any], meant: list[tuple[str, str | None, str | None]]
) -> None:
    assert entries(told) == meant


def test_lists_are_followed_back_from_what_they_hold_now() -> None:
    found = entries(
        row(1, "CustomField", "7", "", "b"),
        row(2, "CustomField", "7", "a", ""),
        row(3, "CustomField", "5", "S-1", "S-2"),
        row(4, "AddWatcher", "Requestor", "", "36"),
        row(5, "DelWatcher", "Requestor", "35", ""),
        now={"tags": ["b", "c"], "site": ["S-2"], "requester": ["cust2"]},
    )
    assert found == [
        ("tags", "a, c", "a, b, c"),
        ("tags", "a, b, c", "b, c"),
        ("site", "S-1", "S-2"),
        ("requester", "cust1", "cust1, cust2"),
        ("requester", "cust1, cust2", "cust2"),
    ]


def test_rules_people_and_ourselves_are_told_apart() -> None:
    rows = [
        row(n, "Status", "Status", "new", "open", who=who)
        for n, who in enumerate(("RT_System", "FedBot", "alice"), 1)
    ]
    found = history.entries(rows, NAMES, now={}, desk=DESK)
    assert [entry.actor.kind for entry in found] == [
        ActorKind.AUTOMATION,
        ActorKind.GATEWAY,
        ActorKind.PERSON,
    ]
    assert {entry.at for entry in found} == {datetime(2026, 11, 22, 10, tzinfo=UTC)}


def test_what_happened_to_a_ticket_merged_into_this_one_is_not_its_own() -> None:
    rows: list[dict[str, Any]] = [{"id": "1", "ObjectId": "7"}, {"id": "2", "ObjectId": 8}]
    assert history.of_ticket(rows, "8") == rows[1:]


def test_people_that_rt_does_not_tell_stay_numbers() -> None:
    names = history.Names()
    hidden = answer({"message": "Not Found"}, status=404)
    asked = play(
        history.learn(names, [row(1, "Set", "Owner", "6", "33"), row(2, "Set", "Queue", "3", "1")]),
        [answer({"Name": "Nobody"}), hidden, answer({"Name": "Q"}), hidden],
    )
    assert asked.returned
    assert [request.path for request in asked.requests] == [
        "REST/2.0/user/6", "REST/2.0/user/33", "REST/2.0/queue/1", "REST/2.0/queue/3",
    ]  # fmt: skip
    assert (names.users, names.queues) == ({"6": "Nobody", "33": "33"}, {"1": "Q", "3": "3"})


def pushed(kind: CommandKind, **more: Any) -> Any:
    command = Command(id="dlv_1", kind=kind, marker="idk-1", remote_id="7", **more)
    return play(CONNECTOR.push(command, DESK), ())


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"priority": "high"}, DeskRejected),
        ({"due": "soon"}, DeskRejected),
        ({"status": None}, DeskRejected),
        ({"description": "new"}, Unsupported),
        ({"marker": "other"}, Unsupported),
        ({"asset": "A-1"}, Unsupported),
        ({}, Unsupported),
    ],
)
def test_what_rt_would_spoil_never_leaves(fields: Mapping[str, str | None], kind: type[Exception]) -> None:
    played = pushed(CommandKind.UPDATE, fields=fields)
    assert isinstance(played.error, kind)
    assert played.requests == []


def test_emptied_fields_are_written_as_rt_empties_them() -> None:
    played = pushed(CommandKind.UPDATE, fields={"title": None, "due": None, "assignee": None, "site": None})
    assert played.requests[0].json == {
        "Subject": "",
        "Due": "",
        "Owner": "Nobody",
        "CustomFields": {"Site": None},
    }


def test_a_new_ticket_leaves_out_codes_rt_has_no_field_for() -> None:
    command = Command(
        id="dlv_1", kind=CommandKind.CREATE, marker="idk-1", fields={"title": "x", "site": "S", "asset": "A"}
    )
    played = play(CONNECTOR.push(command, DESK), ())
    assert played.requests[0].json == {
        "Queue": "Federation", "Subject": "x", "CustomFields": {"Site": "S", "ExternalRef": "idk-1"},
    }  # fmt: skip


@pytest.mark.parametrize("remote_id", ["", "7/../8", "x", "٧"])
def test_a_ticket_number_is_digits(remote_id: str) -> None:
    played = play(CONNECTOR.fetch(remote_id, DESK, since=None), ())
    assert isinstance(played.error, DeskGone)
    assert played.requests == []


@pytest.mark.parametrize("status", [403, 404])
def test_a_404_that_is_not_from_rt_says_nothing_about_the_ticket(status: int) -> None:
    page = Response(status=status, headers={"content-type": "text/html"}, body=b"<h1>nginx</h1>")
    played = play(CONNECTOR.fetch("7", DESK, since=None), [page])
    assert isinstance(played.error, AnswerUnreadable)


def test_a_file_that_rt_cut_is_refused_in_words() -> None:
    blob = Blob(key="k", size=9, sha256="0" * 64)
    draft = AttachmentDraft(filename="a.bin", media_type="image/png", blob=blob, visibility=Visibility.PUBLIC)
    kept = {
        "id": "5",
        "TransactionId": "44",
        "ContentType": "image/png",
        "Filename": "a.bin",
        "ContentLength": "4",
    }
    command = Command(id="dlv_1", kind=CommandKind.ATTACH, marker="idk-1", remote_id="7", attachment=draft)
    played = play(
        CONNECTOR.push(command, DESK),
        [answer(["Correspondence added"], location="/REST/2.0/transaction/44"), answer({"items": [kept]})],
    )
    assert isinstance(played.error, DeskRejected)
    assert "kept 4 of 9 bytes" in str(played.error)


def shown(status: str, tag: str) -> Response:
    """Ticket 7 as RT shows it."""
    row = {
        "id": 7,
        "Requestor": [],
        "CustomFields": [],
        "Owner": {"id": "Nobody"},
        "Queue": {"id": "3", "Name": "Federation"},
        "Subject": "x",
        "Status": status,
        "Priority": "0",
        "Due": "1970-01-01T00:00:00Z",
    }
    return answer(row, etag=f'"{tag}"')


def opened(*answers: Response) -> Played:
    command = Command(
        id="dlv_1",
        kind=CommandKind.UPDATE,
        marker="idk-1",
        remote_id="7",
        fields={"status": "open"},
        was={"status": "new"},
    )
    return play(CONNECTOR.push(command, DESK), answers)


def test_a_change_names_the_state_that_was_read() -> None:
    played = opened(
        shown("new", "41"),
        shown("new", "41"),
        answer(["Ticket 7: Status changed from 'new' to 'open'"]),
        shown("open", "42"),
    )

    assert played.error is None
    assert [request.headers for request in played.requests if request.effect is Effect.WRITE] == [
        {"if-match": '"41"'}
    ]


def test_an_old_status_under_a_new_tag_is_not_believed() -> None:
    played = opened(shown("new", "41"), shown("new", "42"), shown("stalled", "42"))

    assert isinstance(played.error, DeskStale)
    assert "somebody changed status" in str(played.error)
    assert [request.effect for request in played.requests] == [Effect.READ] * 3


def test_a_ticket_that_never_stands_still_is_looked_at_first() -> None:
    played = opened(shown("new", "41"), shown("new", "42"), shown("new", "43"))

    assert isinstance(played.error, DeskStale)
    assert [request.effect for request in played.requests] == [Effect.READ] * 3


def test_what_already_holds_the_wanted_value_is_not_stale() -> None:
    played = opened(shown("open", "41"), shown("open", "41"), answer([]), shown("open", "41"))

    assert played.error is None
