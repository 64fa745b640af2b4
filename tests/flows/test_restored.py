"""A restored backup does no harm (D10): what was sent since is found at its desk, not sent again."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from gateway.flows import intake
from gateway.flows.commands import Order
from gateway.flows.restored import doubt_everything
from gateway.store.db import Database
from gateway.testing.hub import Hub, Plan

LINK = {
    "upstream": "customer",
    "downstream": "vendor",
    "passes": {"when": {"field": "queue", "op": "eq", "value": "IT"}},
}


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def test_what_was_delivered_after_the_backup_is_adopted_and_not_doubled(tmp_path: Path) -> None:
    live, backup = tmp_path / "live.db", tmp_path / "backup.db"
    desks = {"customer": "customer", "vendor": "plain"}
    hub = Hub(Plan(desks=desks, links=[LINK]), database=Database(f"sqlite:///{live}"))
    hub.run(timedelta(seconds=3))
    anna = hub.desks["customer"].person("anna")
    ticket = anna.open("Printer is down", "It smokes", queue="IT")
    anna.comment(ticket, "please hurry")
    for code, hook in hub.hooks():
        hub.receive(code, hook)
    intake.process(hub.context, now=hub.now)
    _copy(live, backup)
    hub.run(timedelta(seconds=10))
    assert len(hub.desks["vendor"].tickets()) == 1

    hub.database.close()
    _copy(backup, live)
    found = doubt_everything(hub.context, Order(actor="tests", now=hub.now))
    assert found.deliveries == 2
    hub.run(timedelta(minutes=5))

    [copy] = hub.desks["vendor"].tickets()
    assert [comment["text"].split("\n")[-1] for comment in copy["comments"]] == ["please hurry"]
