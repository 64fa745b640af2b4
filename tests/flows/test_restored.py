"""A restored backup does no harm (D10): what was sent since is found at its desk, not sent again."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.domain import egress
from gateway.flows import intake
from gateway.flows.commands import Order, retry_parked
from gateway.flows.restored import doubt_everything
from gateway.store import rows
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


ON_TO_NORTH = {
    "upstream": "vendor",
    "downstream": "north",
    "passes": {"when": {"field": "title", "op": "contains", "value": "Printer"}},
}


def _restored(tmp_path: Path, desks: dict[str, Any], links: list[dict[str, Any]]) -> Hub:
    """A ticket is opened and commented after the backup, carried for a minute, and then the backup is put back."""
    live, backup = tmp_path / "live.db", tmp_path / "backup.db"
    hub = Hub(Plan(desks=desks, links=links), database=Database(f"sqlite:///{live}"))
    hub.run(timedelta(minutes=5))
    _copy(live, backup)
    anna = hub.desks["customer"].person("anna")
    ticket = anna.open("Printer is down", "It smokes", queue="IT")
    hub.run(timedelta(seconds=20))
    anna.comment(ticket, "please hurry")
    hub.run(timedelta(seconds=40))
    hub.database.close()
    _copy(backup, live)
    doubt_everything(hub.context, Order(actor="tests", now=hub.now))
    return hub


def _comments(hub: Hub, code: str) -> list[str]:
    [ticket] = hub.desks[code].tickets()
    return [comment["text"].split("\n")[-1] for comment in ticket["comments"]]


def test_a_ticket_opened_after_the_backup_is_not_doubled(tmp_path: Path) -> None:
    hub = _restored(tmp_path, {"customer": "customer", "vendor": "plain"}, [LINK])
    hub.run(timedelta(hours=2), tick=timedelta(seconds=20))

    assert _comments(hub, "vendor") == ["please hurry"]
    hub.desks["vendor"].person("bob").comment(hub.desks["vendor"].tickets()[0]["id"], "on my way")
    hub.run(timedelta(minutes=30))
    assert _comments(hub, "customer")[-1] == "on my way"  # adopted: the chain lives on


def test_a_chain_made_after_the_backup_is_not_doubled_at_its_end(tmp_path: Path) -> None:
    desks = {"customer": "customer", "vendor": "plain", "north": "plain"}
    hub = _restored(tmp_path, desks, [LINK, ON_TO_NORTH])
    hub.run(timedelta(hours=2), tick=timedelta(seconds=20))

    assert _comments(hub, "vendor") == ["please hurry"]
    assert _comments(hub, "north") == ["please hurry"]
    with hub.database.read() as db:
        assert len(db.exec_driver_sql("SELECT id FROM ticket").all()) == 1


def test_a_copy_that_is_polled_before_its_source_waits_for_it(tmp_path: Path) -> None:
    """The vendor's ticket is seen first, and a rule would pass it on: it is no new case."""
    desks = {"customer": "customer", "vendor": "plain", "north": "plain"}
    hub = _restored(tmp_path, desks, [LINK, ON_TO_NORTH])
    vendor = hub.desks["vendor"]
    vendor.person("bob").comment(vendor.tickets()[0]["id"], "on my way")
    for code, hook in hub.hooks():
        if code == "vendor":
            hub.receive(code, hook)
    for act in (hub.worker.read_messages, hub.worker.claim_looks, hub.worker.fetch, hub.worker.judge):
        assert act() == 1
    with hub.database.read() as db:
        assert db.exec_driver_sql("SELECT id FROM ticket").all() == []
    hub.run(timedelta(hours=2), tick=timedelta(seconds=20))

    with hub.database.read() as db:
        assert len(db.exec_driver_sql("SELECT id FROM ticket").all()) == 1
    assert [len(hub.desks[code].tickets()) for code in desks] == [1, 1, 1]
    assert "on my way" in _comments(hub, "customer")


def test_what_is_opened_after_the_restore_is_sent_at_once(tmp_path: Path) -> None:
    hub = _restored(tmp_path, {"customer": "customer", "vendor": "plain"}, [LINK])
    hub.run(timedelta(hours=2), tick=timedelta(seconds=20))
    hub.desks["customer"].person("anna").open("Scanner is down", "It squeaks", queue="IT")
    hub.run(timedelta(minutes=10))

    assert len(hub.desks["vendor"].tickets()) == 2
    with hub.database.read() as db:
        asked = "SELECT a.kind FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.kind = 'create'"
        kinds = [row[0] for row in db.exec_driver_sql(f"{asked} ORDER BY a.at")]
    assert kinds == ["probe", "push"]


def test_what_was_parked_before_the_backup_and_let_go_after_it_is_asked_about_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, backup = tmp_path / "live.db", tmp_path / "backup.db"
    hub = Hub(
        Plan(desks={"customer": "customer", "vendor": "plain"}, links=[LINK]),
        database=Database(f"sqlite:///{live}"),
    )
    hub.run(timedelta(seconds=3))
    anna = hub.desks["customer"].person("anna")
    ticket = anna.open("Printer is down", "It smokes", queue="IT")
    hub.run(timedelta(minutes=1))
    anna.comment(ticket, "please hurry")
    with monkeypatch.context() as kept_back:
        kept_back.setattr(egress, "assemble", _not_now)
        hub.run(timedelta(seconds=20))
    _copy(live, backup)
    _let_go(hub)
    hub.run(timedelta(minutes=1))
    assert _comments(hub, "vendor").count("please hurry") == 1

    hub.database.close()
    _copy(backup, live)
    doubt_everything(hub.context, Order(actor="tests", now=hub.now))
    _let_go(hub)
    hub.run(timedelta(hours=1), tick=timedelta(seconds=20))

    assert _comments(hub, "vendor").count("please hurry") == 1
    assert _parked(hub) == []


def _not_now(*_whatever: object, **_more: object) -> None:
    raise egress.Withheld("not now")


def _let_go(hub: Hub) -> None:
    """All that waits for a person: the words, and our notes of what could not be carried."""
    parked = _parked(hub)
    assert parked
    for delivery in parked:
        retry_parked(hub.context, delivery, Order(actor="tests", now=hub.now))


def _parked(hub: Hub) -> list[str]:
    with hub.database.read() as db:
        return list(db.execute(select(rows.delivery.c.id).where(rows.delivery.c.state == "parked")).scalars())
