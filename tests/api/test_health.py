"""Alive, ready, measured: what each says while all is well and when the database is gone."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import event, text

from gateway.app import Gateway, utc_now
from gateway.store import desks
from tests.api import house
from tests.api.house import Doors, message


def test_alive_and_ready(either: Gateway) -> None:
    with Doors(either) as doors:
        assert doors.send("GET", "/healthz").document == {"status": "alive"}
        assert doors.send("GET", "/readyz").document == {"status": "ready"}


def test_not_ready_while_the_database_cannot_be_written(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    def freeze(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    gateway.database.close()
    event.listen(gateway.database.engine, "connect", freeze)
    with Doors(gateway) as doors:
        answer = doors.send("GET", "/readyz")
        assert (answer.status, answer.code) == (503, "IDK-1602")
        assert answer.document["detail"] == "the database does not answer or cannot be written"
        assert doors.send("GET", "/healthz").status == 200
    assert "the database is not ready" in caplog.text


def test_not_ready_with_another_schema(gateway: Gateway) -> None:
    with gateway.database.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with Doors(gateway) as doors:
        answer = doors.send("GET", "/readyz")
    assert answer.status == 503
    assert "9999" in answer.document["detail"]


def test_a_newer_version_that_migrates_meanwhile_puts_nobody_out_of_work(gateway: Gateway) -> None:
    with Doors(gateway) as doors:
        assert doors.send("GET", "/readyz").status == 200
        with gateway.database.write() as db:
            db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        doors.app.state.house.readiness._asked_at = float("-inf")
        assert doors.send("GET", "/readyz").status == 200


def test_not_ready_while_stopping(doors: Doors) -> None:
    doors.life.stop.set()
    answer = doors.send("GET", "/readyz")
    assert (answer.status, answer.document["detail"]) == (503, "the process is stopping")


def samples(doors: Doors, headers: Mapping[str, str]) -> dict[str, float]:
    answer = doors.send("GET", "/metrics", headers=headers)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line.rpartition(" ") for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_metrics_are_for_the_operator(doors: Doors, gateway: Gateway) -> None:
    assert doors.send("GET", "/metrics").status == 401
    answer = doors.send("GET", "/metrics", headers=house.key(gateway, "south"))
    assert (answer.status, answer.code) == (403, "IDK-1405")


def test_metrics_tell_what_waits_and_how_the_desks_are(either: Gateway) -> None:
    house.open_chain(either)
    with either.database.write() as db:
        known = either.context.directory(db).desk_by_code("south")
        assert known is not None
        desks.hold(db, known.id, "credentials: refused", now=utc_now())
    operator = house.key(either)
    with Doors(either) as doors:
        assert doors.post("/hooks/north", message()).status == 202
        assert doors.post("/hooks/north", (b"{}", {})).status == 401
        told = samples(doors, operator)

    assert told['interdesk_messages{state="received"}'] == 1
    assert told['interdesk_deliveries{state="pending"}'] == 1
    assert told['interdesk_deliveries_oldest_seconds{state="pending"}'] >= 0
    assert told['interdesk_looks{state="wanted"}'] == 0
    assert told['interdesk_desk_held{desk="south"}'] == 1
    assert told['interdesk_desk_held{desk="north"}'] == 0
    assert told['interdesk_desk_breaker_open{desk="north"}'] == 0
    assert told['interdesk_hooks_total{status="202"}'] == 1
    assert told['interdesk_hooks_total{status="401"}'] == 1
    assert told['interdesk_hooks_forged_total{desk="north"}'] == 1
    assert told["interdesk_hook_seconds_count"] == 1
    assert told["interdesk_group_commit_messages_sum"] == 1


def test_tries_are_counted_once_each(doors: Doors, gateway: Gateway) -> None:
    operator = house.key(gateway)
    samples(doors, operator)
    insert = text(
        "INSERT INTO attempt (org_id, delivery_id, at, took_ms, kind, outcome, error)"
        " VALUES ('o', 'd', 1, 5, 'push', 'applied', '')"
    )
    for expected in (1, 2):
        with gateway.database.write() as db:
            db.execute(insert)
        told = samples(doors, operator)
        assert told['interdesk_attempts_total{kind="push",outcome="applied"}'] == expected


def test_the_queries_for_metrics_do_not_grow_with_history(gateway: Gateway) -> None:
    seen: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        seen.append((arguments[2], arguments[3]))

    event.listen(gateway.database.engine, "before_cursor_execute", note)
    with Doors(gateway) as doors:
        seen.clear()
        doors.app.state.house.metrics.text()
        asked = list(seen)
    event.remove(gateway.database.engine, "before_cursor_execute", note)
    with gateway.database.read() as db:
        for statement, values in asked:
            if re.search(r"FROM (delivery|message|attempt|event)\b", statement):
                plan = [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
                whole = [
                    step for step in plan if re.fullmatch(r"SCAN (delivery|message|attempt|event)", step)
                ]
                assert whole == [], statement
    assert len(asked) >= 6
