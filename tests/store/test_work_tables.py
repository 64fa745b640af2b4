"""The indexes of work under way: on SQLite no question about what is open reads everything there ever was."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from gateway.store import gauges, outbox, prepared
from gateway.store.claiming import Claim
from gateway.store.db import Database, Db
from gateway.store.scope import Scope
from tests.migrated import bring_up

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVERYBODY = Scope.operator()
TERMS = Claim(now=NOW, lease=timedelta(seconds=90), capacity={"dsk_1": 4}, limit=10, worker="w")

QUESTIONS: dict[str, Callable[[Db], object]] = {
    "who has something ready": lambda db: outbox.claim(db, EVERYBODY, TERMS),
    "what one organization has ready": lambda db: outbox._ready_of(db, "org_1", TERMS, ["dsk_1"], 5),
    "what is in doubt": lambda db: outbox.claim_doubtful(db, EVERYBODY, TERMS),
    "whose lease has run out": lambda db: outbox.lapsed(db, EVERYBODY, now=NOW, limit=10),
    "what is unresolved at a hop": lambda db: outbox.unresolved(db, ["hop_1"]),
    "who is the head of a lane": lambda db: outbox.promote(db, ["hop_1"]),
    "where a ticket is being made": lambda db: outbox.creating_at(db, ["dsk_1"]),
    "how much is unfinished": lambda db: gauges.unfinished_deliveries(db, EVERYBODY),
    "how many messages wait": lambda db: gauges.waiting_messages(db, EVERYBODY),
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'x.db'}")
    bring_up(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_what_is_done_is_not_read_again(
    database: Database, question: Callable[[Db], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Any]] = []
    run = prepared.execute

    def run_prepared(db: Db, sql: str, bound: Any) -> Any:
        asked.append((sql, bound))
        return run(db, sql, bound)

    monkeypatch.setattr(prepared, "execute", run_prepared)

    def note(*arguments: Any) -> None:
        asked.append((arguments[2], arguments[3]))

    with database.write() as db:
        event.listen(database.engine, "before_cursor_execute", note)
        question(db)
        event.remove(database.engine, "before_cursor_execute", note)
        plans = [
            row[3]
            for statement, values in asked
            if statement.startswith(("SELECT", "UPDATE"))
            for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    assert plans
    assert [step for step in plans if step in {"SCAN delivery", "SCAN message", "SCAN earlier"}] == []
