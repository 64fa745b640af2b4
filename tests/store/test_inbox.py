"""The inbox on both databases: the oldest first, and where there are more, a share for each organization (T27)."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway import app as wiring
from gateway.domain.model import Desk, Message
from gateway.flows.context import OPERATOR
from gateway.store import inbox
from gateway.store.db import Database
from tests.api import house


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_full_batch_has_room_for_everybody(
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
            inbox.put(db, [message(10 + number, north) for number in range(30)])
        assert ids(database) == [f"msg_{10 + number}" for number in range(10)], "nobody else waits"

        with database.write() as db:
            inbox.put(db, [message(100 + number, south) for number in range(30)])
            inbox.put(db, [(message(999, south)[0], "org_third")])
        with database.write() as db:
            taken = inbox.take(db, OPERATOR, limit=10)
        ours, theirs = (
            [f"msg_{first + number}" for number in range(count)] for first, count in ((10, 6), (100, 3))
        )
        assert [one.id for one in taken] == [*ours, *theirs, "msg_999"], (
            "two floods, and a third waits for neither"
        )
        assert (taken[-1].headers, taken[-1].received_at) == (taken[0].headers, now + timedelta(seconds=999))
        assert ids(database, limit=2) == ["msg_10", "msg_100"], (
            "more organizations than room: the oldest of them"
        )

        if store == "postgresql":  # on SQLite there is one writer at a time
            with database.write() as db, database.write() as another:
                first, second = (inbox.take(worker, OPERATOR, limit=10) for worker in (db, another))
            assert len({one.id for one in (*first, *second)}) == 20, (
                "what another worker holds is passed over"
            )


def ids(database: Database, *, limit: int = 10) -> list[str]:
    with database.write() as db:
        return [one.id for one in inbox.take(db, OPERATOR, limit=limit)]
