"""The inbox on both databases: the oldest first, and where there are more, those of others among them (T27)."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway import app as wiring
from gateway.domain.model import Desk, Message
from gateway.flows.context import OPERATOR
from gateway.store import inbox
from tests.api import house


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_full_batch_leaves_room_for_others(
    request: pytest.FixtureRequest, tmp_path: Path, store: str
) -> None:
    url = None if store == "sqlite" else request.getfixturevalue("migrated_postgres")
    with house.installed(tmp_path, url=url) as gateway:
        database, now = gateway.database, wiring.utc_now()
        with database.read() as db:
            desks = gateway.context.directory(db).desks.values()
            north, south = sorted(desks, key=lambda desk: desk.code)

        def message(seconds: int, desk: Desk) -> tuple[Message, str]:
            at = now + timedelta(seconds=seconds)
            return Message(
                id=f"msg_{seconds}", desk_id=desk.id, received_at=at, body=b"{}", headers={"a": "b"}
            ), desk.org_id

        with database.write() as db:
            inbox.put(db, [message(10 + number, north) for number in range(30)] + [message(99, south)])
        with database.write() as db:
            taken = inbox.take(db, OPERATOR, limit=10)
        assert [one.id for one in taken] == [*(f"msg_{10 + number}" for number in range(9)), "msg_99"]
        assert (taken[-1].headers, taken[-1].received_at) == (taken[0].headers, now + timedelta(seconds=99))
