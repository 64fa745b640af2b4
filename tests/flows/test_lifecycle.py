"""Agreements as days pass: each change is told once, both sides are reminded once, whatever crashes; on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.flows import lifecycle, sweep
from gateway.flows.apply import apply
from gateway.flows.context import OPERATOR, Context
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store import agreement_life, alarms, audit, directory
from gateway.store.db import Database
from gateway.vault import new_entry, ring
from tests.flows import installation
from tests.flows.installation import write

DAY = timedelta(days=1)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
VAULT = ring(new_entry("k1"))
CONTRACT = """
organizations:
  - {code: acme, name: Acme Stores, zone: Europe/Rome, language: it}
  - {code: north, name: North Services, zone: Europe/Moscow}
contacts:
  - {organization: acme, code: anna, level: 1, channel: email, address: anna@acme.example, hours: "Mon-Fri 08:00-18:00"}
  - {organization: acme, code: boss, level: 2, channel: email, address: boss@acme.example}
  - {organization: north, code: igor, level: 1, channel: email, address: igor@north.example}
calendars:
  - {code: always, organization: north, always: true}
agreements:
  - code: acme-uc
    organization: north
    consumer: acme
    kind: sla
    calendar: always
    targets: {resolution: {critical: 4h}}
    valid_from: 2026-04-01
    valid_until: 2026-06-30
    remind_before: [30, 7]
"""


@pytest.fixture
def context() -> Iterator[Context]:
    database = Database("sqlite://")
    yield installation.context(database)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Context]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'x.db'}" if is_sqlite else request.getfixturevalue("migrated_postgres")
    database = Database(url)
    yield installation.context(database)
    database.close()


def applied(context: Context, folder: Path, text: str, *, now: datetime = START, **terms: Any) -> None:
    wanted = read(write(folder, text))
    apply(context, wanted, Terms(vault=VAULT, **terms), actor="maria", now=now)


def history(context: Context, code: str = "acme-uc") -> list[tuple[str, str, str]]:
    """(what, day, state after) of what happened, in order."""
    with context.database.read() as db:
        [org_id] = {one.org_id for one in agreement_life.states(db, OPERATOR).values()} or {"org_3"}
        found = agreement_life.history(db, OPERATOR, [org_id], code)
    return [(one.what, one.on_day, one.after) for one in found]


def letters(context: Context, now: datetime) -> list[tuple[str, str]]:
    """(to whom, subject) of the letters that may leave by now."""
    with context.database.write() as db:
        claimed = alarms.claim(db, OPERATOR, now=now, until=now + DAY, limit=100)
        for letter in claimed:
            alarms.settle(db, replace(letter, state="sent"))
    return sorted((letter.contact, letter.subject) for letter in claimed)


def test_r25_states_follow_the_days_each_told_once(either: Context, tmp_path: Path) -> None:
    context = either
    applied(context, tmp_path, CONTRACT)
    for count in range(130):
        for _worker in range(2):
            sweep.run(context, now=START + count * DAY)
    assert history(context) == [
        ("made", "2026-04-01", ""),
        ("state", "2026-03-02", "planned"),
        ("state", "2026-04-01", "active"),
        ("reminded", "2026-05-31", ""),
        ("reminded", "2026-06-23", ""),
        ("state", "2026-07-01", "expired"),
    ]
    with context.database.read() as db:
        entries = audit.entries(db, OPERATOR, subject="acme-uc")
    assert [one["action"] for one in entries] == ["agreement expired", "agreement active"]


def test_workers_that_look_at_the_same_moment_tell_each_thing_once(either: Context, tmp_path: Path) -> None:
    applied(either, tmp_path, CONTRACT)
    with ThreadPoolExecutor(4) as pool:
        for count in (0, 40, 95, 114, 125):
            now = START + count * DAY
            list(pool.map(lambda _, now=now: lifecycle.run(either, now=now), range(4)))
    assert [what for what, _, _ in history(either)] == [
        "made",
        "state",
        "state",
        "reminded",
        "reminded",
        "state",
    ]


def test_a_day_begins_where_the_provider_is(context: Context, tmp_path: Path) -> None:
    """April begins in Moscow at 21:00 of the last of March in London."""
    applied(context, tmp_path, CONTRACT)
    lifecycle.run(context, now=START)
    midnight = datetime(2026, 3, 31, 21, tzinfo=UTC)
    assert lifecycle.run(context, now=midnight - timedelta(seconds=1)) == 0
    assert lifecycle.run(context, now=midnight) == 1
    assert history(context)[-1] == ("state", "2026-04-01", "active")


def test_days_that_nobody_worked_are_made_up_for_in_one_step(context: Context, tmp_path: Path) -> None:
    """A gateway that was off all summer tells the state of today, and reminds nobody of what is over."""
    applied(context, tmp_path, CONTRACT)
    lifecycle.run(context, now=START)
    lifecycle.run(context, now=START + 200 * DAY)
    assert history(context)[-1] == ("state", "2026-09-18", "expired")
    assert [what for what, _, _ in history(context)] == ["made", "state", "state"]


def test_r25_both_sides_are_reminded_in_their_own_words_and_hours(context: Context, tmp_path: Path) -> None:
    applied(context, tmp_path, CONTRACT)
    sunday = datetime(2026, 5, 31, 3, 0, tzinfo=UTC)
    lifecycle.run(context, now=sunday)
    assert letters(context, sunday) == [], "nobody is written to at six in the morning"
    moscow = [("igor", "Agreement acme-uc ends in 30 days, on 2026-06-30")]
    assert letters(context, sunday.replace(hour=6)) == moscow
    assert letters(context, sunday.replace(hour=20)) == [], "Anna does not work on Sundays"
    monday = datetime(2026, 6, 1, 7, 0, tzinfo=UTC)
    assert letters(context, monday) == [("anna", "L'accordo acme-uc scade fra 30 giorni, il 2026-06-30")]


def test_only_the_nearest_mark_is_told_where_several_have_passed(context: Context, tmp_path: Path) -> None:
    applied(context, tmp_path, CONTRACT)
    late = datetime(2026, 6, 25, 8, 0, tzinfo=UTC)
    lifecycle.run(context, now=late)
    assert letters(context, late + DAY) == [
        ("anna", "L'accordo acme-uc scade fra 5 giorni, il 2026-06-30"),
        ("igor", "Agreement acme-uc ends in 5 days, on 2026-06-30"),
    ]
    lifecycle.run(context, now=late + DAY)
    assert letters(context, late + 2 * DAY) == []


def test_a_side_without_contacts_is_told_to_whoever_runs_the_installation(
    context: Context, tmp_path: Path
) -> None:
    nobody = CONTRACT.replace(
        "{organization: north, code: igor, level: 1", "{organization: north, code: igor, level: 3"
    )
    applied(context, tmp_path, nobody)
    lifecycle.run(context, now=datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    told = letters(context, datetime(2026, 6, 1, 8, 0, tzinfo=UTC))
    assert told == [
        ("admin", "Agreement acme-uc ends in 29 days, on 2026-06-30"),
        ("anna", "L'accordo acme-uc scade fra 29 giorni, il 2026-06-30"),
    ]


def test_what_is_renewed_in_time_reminds_nobody_and_stays_active(context: Context, tmp_path: Path) -> None:
    applied(context, tmp_path, CONTRACT)
    lifecycle.run(context, now=START + 40 * DAY)
    renewal = "    amendments: [{from: 2026-07-01, change: {valid_until: 2026-12-31}}]\n"
    applied(context, tmp_path, CONTRACT + renewal, now=START + 41 * DAY, reason="signed")
    for count in range(41, 200):
        lifecycle.run(context, now=START + count * DAY)
    assert history(context)[-2:] == [("state", "2026-04-11", "active"), ("renewed", "2026-07-01", "")]


def test_in_renewal_after_its_end_and_active_again_after_a_late_signature(
    context: Context, tmp_path: Path
) -> None:
    goes_on = CONTRACT + "    after_end: in_renewal\n"
    applied(context, tmp_path, goes_on)
    lifecycle.run(context, now=START + 150 * DAY)
    assert history(context)[-1] == ("state", "2026-07-30", "in_renewal")
    signed = goes_on + "    amendments: [{from: 2026-07-01, change: {valid_until: 2026-12-31}}]\n"
    applied(context, tmp_path, signed, now=START + 151 * DAY, reason="signed in July")
    lifecycle.run(context, now=START + 151 * DAY)
    assert history(context)[-2:] == [("renewed", "2026-07-01", ""), ("state", "2026-07-31", "active")]


def test_an_agreement_that_is_taken_away_leaves_its_history(context: Context, tmp_path: Path) -> None:
    applied(context, tmp_path, CONTRACT)
    lifecycle.run(context, now=START)
    without = CONTRACT[: CONTRACT.index("agreements:")]
    applied(context, tmp_path, without, prune=True)
    assert lifecycle.run(context, now=START + 100 * DAY) == 0
    with context.database.read() as db:
        assert agreement_life.states(db, OPERATOR) == {}
        assert agreement_life.next_look(db) is None


def test_one_that_cannot_be_read_holds_up_no_other(
    context: Context, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = CONTRACT.split("agreements:\n")[1].replace("acme-uc", "other").replace("2026-04-01", "2026-07-01")
    applied(context, tmp_path, CONTRACT + other.replace("2026-06-30", "2026-12-31"))
    with context.database.write() as db:
        table = directory.DIRECTORY
        row = db.execute(table.select().where(table.c.code == "acme-uc")).mappings().one()
        broken = {**row["document"], "remind_before": ["soon"]}
        db.execute(table.update().where(table.c.id == row["id"]).values(document=broken))
    assert lifecycle.run(context, now=START) == 1
    assert [what for what, _, _ in history(context, "other")] == ["made", "state"]
    assert "an agreement could not be read" in caplog.text
    assert lifecycle.run(context, now=START + timedelta(minutes=59)) == 0
    with context.database.read() as db:
        assert agreement_life.next_look(db) == START + timedelta(hours=1)


def test_templates_have_no_life(context: Context, tmp_path: Path) -> None:
    pattern = CONTRACT.replace("    consumer: acme\n", "    template: true\n").replace(
        "    valid_from: 2026-04-01\n    valid_until: 2026-06-30\n", ""
    )
    applied(context, tmp_path, pattern)
    assert lifecycle.run(context, now=START) == 0
    assert history(context) == [("made", "", "")]


def test_history_keeps_actor_and_reason(context: Context, tmp_path: Path) -> None:
    applied(context, tmp_path, CONTRACT)
    applied(context, tmp_path, CONTRACT + "    terminated_on: 2026-05-31\n", reason="they leave")
    with context.database.read() as db:
        [org_id] = {one.org_id for one in agreement_life.states(db, OPERATOR).values()}
        last = agreement_life.history(db, OPERATOR, [org_id], "acme-uc")[-1]
    assert (last.what, last.on_day, last.actor, last.reason) == (
        "terminated",
        "2026-05-31",
        "maria",
        "they leave",
    )
