"""Trouble tickets as partners that are no gateway tell them: the standard asks for little, so little is asked."""

from typing import Any

import pytest

from connectors.tmf621 import reading
from gateway.domain.model import Field
from tests.builders import desk

TICKET = {
    "id": "TT-1",
    "status": "rejected",
    "name": "Till is dead",
    "creationDate": "2026-03-01T10:00:00Z",
    "lastUpdate": "2026-03-01T11:00:00Z",
}


def seen(**more: Any) -> Any:
    return reading.snapshot(
        {**TICKET, **more}, desk("partner", connector="tmf621", base_url="https://p.example/tmf")
    )


def test_a_note_needs_words_and_nothing_else() -> None:
    notes = [{"text": "hello"}, {"text": ""}, {"id": "2"}, {"id": 3, "text": "hello"}]

    found, again = seen(note=notes).comments, seen(note=notes[:1]).comments

    assert [one.text for one in found] == ["hello", "hello"]
    assert (found[0].remote_id, found[1].remote_id) == (again[0].remote_id, "3")


def test_a_file_is_told_apart_by_what_it_is_where_it_has_no_id() -> None:
    one, two = seen(
        attachment=[{"name": "a.jpg", "url": "/files/a"}, {"name": "b.jpg", "url": "/files/b"}]
    ).attachments

    assert one.remote_id != two.remote_id
    assert (one.filename, two.filename) == ("a.jpg", "b.jpg")


@pytest.mark.parametrize(
    "more",
    [
        {
            "statusChangeHistory": [
                {"status": "acknowledged", "statusChangeDate": "2026-03-01T10:00:00Z"},
                {
                    "status": "rejected",
                    "statusChangeDate": "2026-03-01T11:00:00Z",
                    "statusChangeReason": "We do not serve that shop.",
                },
            ]
        },
        {"statusChangeDate": "2026-03-01T11:00:00Z", "statusChangeReason": "We do not serve that shop."},
    ],
    ids=["in the history", "of the ticket"],
)
def test_the_reason_of_a_status_is_heard_once(more: dict[str, Any]) -> None:
    found = seen(**{**more, "statusChangeReason": "We do not serve that shop."})

    assert [one.text for one in found.comments] == ["We do not serve that shop."]
    assert found.fields[Field.STATUS] == "rejected"
