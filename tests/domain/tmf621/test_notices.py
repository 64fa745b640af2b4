"""What listeners are told and when it is tried again; which addresses can listen at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.tmf621 import notices
from gateway.domain.tmf621.notices import Heard, Kind, Listener, Notice, Stage
from gateway.domain.tmf621.versions import V4
from gateway.errors import Invalid

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
NOTICE = Notice(
    id="ntc_1", org_id="org", listener_id="hub_1", ticket_id="apt_1", kind="x", document={}, created_at=NOW, next_at=NOW
)  # fmt: skip
TICKET = {"id": "apt_1", "href": "/x/apt_1", "@type": "TroubleTicket", "status": "inProgress", "name": "Till"}


@pytest.mark.parametrize(
    ("heard", "later", "stage", "pause"),
    [
        (Heard(status=204), timedelta(), Stage.TOLD, timedelta()),
        (Heard(status=201), timedelta(), Stage.TOLD, timedelta()),
        (Heard(status=410), timedelta(), Stage.DROPPED, timedelta()),
        (Heard(status=503), timedelta(), Stage.WAITING, timedelta(seconds=5)),
        (Heard(status=0, words="no connection"), timedelta(), Stage.WAITING, timedelta(seconds=5)),
        (Heard(status=302), timedelta(), Stage.WAITING, timedelta(seconds=5)),
        (Heard(status=429, retry_after=timedelta(hours=2)), timedelta(), Stage.WAITING, timedelta(hours=2)),
        (Heard(status=500), timedelta(hours=72), Stage.GIVEN_UP, timedelta()),
    ],
)
def test_an_event_is_told_tried_again_or_given_up(
    heard: Heard, later: timedelta, stage: Stage, pause: timedelta
) -> None:
    now = NOW + later
    after = notices.after(NOTICE, heard, now=now, jitter=0.0)
    assert (after.state, after.attempts) == (stage, 1)
    if stage is Stage.WAITING:
        assert after.next_at == now + pause


@pytest.mark.parametrize(
    ("changes", "by_party", "kinds"),
    [
        ({"status": "resolved"}, False, [Kind.MOVED, Kind.RESOLVED]),
        ({"status": "pending", "note": [1]}, False, [Kind.MOVED, Kind.ASKED, Kind.CHANGED]),
        ({"status": "closed", "note": [1]}, True, [Kind.MOVED]),
        ({"note": [1]}, False, [Kind.CHANGED]),
        ({"note": [1]}, True, []),
        ({"lastUpdate": "later"}, False, []),
    ],
)
def test_what_a_change_is_to_listeners(changes: dict[str, Any], by_party: bool, kinds: list[Kind]) -> None:
    found = dict(notices.happened(TICKET, {**TICKET, **changes}, by_party=by_party))
    assert list(found) == kinds
    for told in found.values():
        assert told["id"] == "apt_1"
    if Kind.CHANGED in found:
        assert found[Kind.CHANGED].keys() == {"id", "href", "@type", "note"}


@pytest.mark.parametrize(
    "callback",
    [
        *(
            None,
            "",
            7,
            "host/path",
            "ftp://host/x",
            "https://",
            "https://user:word@host/",
            "https://host/#part",
        ),
        *(
            "javascript:alert(1)",
            "https://ho st/",
            "https://[::1/",
            "https://host:99999/",
            "x" * 3000,
            "http://é/",
        ),
    ],
)
def test_what_is_no_address_cannot_listen(callback: Any) -> None:
    with pytest.raises(Invalid):
        notices.checked(callback, None)


def test_a_query_narrows_what_is_told() -> None:
    callback, query = notices.checked(
        "https://host/x?y=1",
        "eventType=TroubleTicketResolvedEvent,TroubleTicketCreateEvent&event.troubleTicket.name=Till",
    )
    listener = Listener(
        id="hub", org_id="org", desk_id="dsk", dialect="v5", callback=callback, query=query, created_at=NOW
    )
    told = {kind: notices.event(kind, TICKET, event_id="e", now=NOW) for kind in Kind}
    assert [kind for kind in Kind if notices.wants(listener, told[kind])] == [Kind.CREATED, Kind.RESOLVED]
    other = notices.event(Kind.CREATED, {**TICKET, "name": "Printer"}, event_id="e", now=NOW)
    assert not notices.wants(listener, other)
    assert notices.checked("https://host/", "data") == ("https://host/", "data")  # TM Forum's own example
    with pytest.raises(Invalid, match="colour"):
        notices.checked("https://host/", "colour=red")


def test_the_fourth_version_keeps_its_slip() -> None:
    told = V4.event(notices.event(Kind.ASKED, TICKET, event_id="e", now=NOW))
    assert (told["timeOcurred"], told["fieldPath"]) == ("2026-03-02T08:00:00.000Z", "/note")
    assert "timeOccurred" not in told
