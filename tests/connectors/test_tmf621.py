"""Trouble tickets as partners that are no gateway tell them: the standard asks for little, so little is asked."""

from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

import pytest

from connectors.tmf621 import CONNECTOR, listing, reading
from gateway.connector import Request
from gateway.domain.model import Field
from tests.builders import desk
from tests.connectors.polling import Feed, Watch

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


def shown(at: int, *, digits: int = 3) -> str:
    precise = "seconds" if digits == 0 else "milliseconds"
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec=precise).replace("+00:00", "Z")


def answers(
    feed: Feed, request: Request, *, digits: int = 3, newest_first: bool = False, filters: bool = True
) -> Any:
    """A list as a desk gives it: sorted and filtered as asked or its own way, moments shown with so many digits."""
    asked = dict(request.params)
    wanted = asked.get("lastUpdate.gte") if filters else None
    since = datetime.fromisoformat(wanted or "1970-01-01T00:00:00+00:00").timestamp() * 1000
    rows = feed.since(round(since), newest_first=newest_first)
    skipped, limit = int(asked.get("offset", 0)), int(asked["limit"])
    return [
        {"id": str(ident), "lastUpdate": shown(at, digits=digits)} for ident, at in rows[skipped:][:limit]
    ]


MANNERS: dict[str, dict[str, Any]] = {
    "exact": {},
    "by the second": {"digits": 0},
    "the newest first": {"newest_first": True},
}


@pytest.mark.parametrize("manner", list(MANNERS))
@pytest.mark.parametrize("together", [1, 40, 400])
def test_what_changes_while_pages_are_read_hides_no_other_ticket(manner: str, together: int) -> None:
    random, feed = Random(together), Feed()
    watch = Watch(
        connector=CONNECTOR,
        desk=desk("partner", connector="tmf621", base_url="https://p.example/tmf"),
        feed=feed,
        answer=partial(answers, **MANNERS[manner]),
    )
    watch.ask()
    began, tickets = feed.now, list(range(1, 501))
    for ticket in tickets:
        feed.change(ticket)
        feed.now += 7 if ticket % together == 0 else 0
    feed.now += 200_000

    def happen() -> None:
        told = {ident for ident, _ in feed.reported}
        for ticket in random.sample(sorted(told) or tickets, 3):
            feed.change(ticket)

    for _ in range(6):
        watch.poll(happen if feed.now < began + 400_000 else lambda: None)
        feed.now += 60_000
    assert not feed.lost(began - 1000)


def test_a_desk_that_does_not_filter_is_read_to_the_end() -> None:
    feed = Feed()
    for ticket in range(1, 951):
        feed.change(ticket)
        feed.now += 1000
    at = desk("partner", connector="tmf621", base_url="https://p.example/tmf")
    watch = Watch(connector=CONNECTOR, desk=at, feed=feed, answer=partial(answers, filters=False))
    watch.ask()
    feed.now += 60_000
    feed.change(7)

    assert len(watch.poll()) == 950
    assert watch.cursor == shown(watch.answered_at)


def test_a_cursor_of_a_list_that_an_earlier_release_was_amid_is_read() -> None:
    place = listing.place_of("2026-03-01T10:00:00.000Z|300")

    assert (place.begin, place.offset) == ("2026-03-01T09:58:00.000Z", 0)
