"""The doctor: each thing that can be wrong with an installation is seen, and told with what to do."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.store import desks
from gateway.testing.loopback import PLAIN, LoopbackDesk, Temper
from gateway.testing.loopback.server import LoopbackServer
from gateway.vault import new_entry
from tests.api import house
from tests.cli.conftest import Run

Start = Callable[[str, Temper], str]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a loopback desk of an organization over HTTP; its address."""
    servers: list[LoopbackServer] = []

    def one(code: str, temper: Temper) -> str:
        desk = LoopbackDesk(temper, clock=utc_now, token=house.SECRETS[f"{code.upper()}_TOKEN"])
        servers.append(LoopbackServer(desk))
        servers[-1].start()
        return servers[-1].url

    yield one
    for server in servers:
        server.stop()


def findings(run: Run) -> tuple[int, dict[str, list[tuple[str, str, str]]]]:
    """Exit code, and subject → (level, what, fix)."""
    result = run("doctor", "--json")
    told: dict[str, list[tuple[str, str, str]]] = {}
    for line in result.stdout.splitlines():
        found = orjson.loads(line)
        told.setdefault(found["subject"], []).append((found["level"], found["what"], found["fix"]))
    return result.exit_code, told


def test_a_well_installation(run: Run, tmp_path: Path, start: Start) -> None:
    with house.installed(tmp_path, north=start("north", PLAIN), south=start("south", PLAIN)):
        code, told = findings(run)
        assert (code, told["desk north"][0][:1]) == (0, ("good",)), told
        assert told["desk north"][0][1].endswith("answers, as Interdesk")
        assert {level for found in told.values() for level, _, _ in found} == {"good"}
        assert {"settings", "schema", "database", "disk", "key ring", "desk south"} <= told.keys()
        words = run("doctor").stdout
        assert "✔ desk south:" in words


def test_words_the_profile_does_not_know(run: Run, tmp_path: Path, start: Start) -> None:
    odd = replace(
        PLAIN,
        statuses={"new": "offered", "open": "in_progress", "waiting for CAB": "held", "solved": "resolved"},
        priorities={"normal": "medium", "P0": "critical"},
        default_priority="normal",
        closed=frozenset({"solved"}),
        clock_offset=timedelta(minutes=7),
    )
    with house.installed(tmp_path, north=start("north", odd), south=start("south", PLAIN)):
        code, told = findings(run)
    assert code == 2
    north = {what: (level, fix) for level, what, fix in told["desk north"]}
    add = "add them to the desk's profile: interdesk apply"
    assert north["its profile does not map the statuses: waiting for CAB"] == ("warning", add)
    assert north["its profile does not map the priorities: P0"] == ("warning", add)
    absent = next(what for what in north if what.startswith("its profile writes statuses"))
    assert "cancelled" in absent
    assert north[absent] == ("bad", add)
    (clock,) = (what for what in north if what.startswith("its clock is"))
    assert clock in {f"its clock is {seconds} s ahead of ours" for seconds in (419, 420, 421)}


def test_a_desk_that_cannot_be_reached_and_one_that_refuses(
    run: Run, tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = start("south", PLAIN)
    monkeypatch.setitem(house.SECRETS, "SOUTH_TOKEN", "a-wrong-token")
    with house.installed(tmp_path, south=url):
        code, told = findings(run)
    assert code == 2
    (north,), (south,) = told["desk north"], told["desk south"]
    assert north[0] == south[0] == "bad"
    assert north[1].startswith("IDK-1201: no connection to the desk")
    assert south[1].startswith("IDK-1205: ")
    assert south[2] == "give it credentials that are valid: interdesk apply"
    assert "a-wrong-token" not in str(told)


def test_an_address_that_the_operator_does_not_allow(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house.installed(tmp_path):
        monkeypatch.setenv("INTERDESK_ALLOWED_NETWORKS", "")
        code, told = findings(run)
    assert code == 2
    assert told["desk north"][0][1].startswith("IDK-1001: the desk's address 127.0.0.1 is refused")


def test_what_waits_for_a_person(run: Run, tmp_path: Path, start: Start) -> None:
    urls = {"north": start("north", PLAIN), "south": start("south", PLAIN)}
    with house.installed(tmp_path, **urls) as gateway:
        house.open_chain(gateway)
        _break(gateway)
        code, told = findings(run)
    assert code == 2
    assert told["deliveries"] == [("warning", "1 parked", "interdesk parked")]
    assert told["desk south"][-1] == (
        "bad", "nothing is sent to it: credentials: refused", "mend it, then: interdesk desks release south"
    )  # fmt: skip
    assert ("warning", "1 in quarantine", "interdesk messages list --state quarantined") in told["messages"]


def _break(gateway: Gateway) -> None:
    with sqlite3.connect(gateway.settings.data_dir / "interdesk.db") as db:
        db.execute("UPDATE delivery SET state = 'parked'")
        db.execute("UPDATE message SET state = 'quarantined' WHERE id = (SELECT min(id) FROM message)")
    with gateway.database.write() as connection:
        known = gateway.context.directory(connection).desk_by_code("south")
        assert known is not None
        desks.hold(connection, known.id, "credentials: refused", now=utc_now())


def test_keys_that_are_lost_and_keys_that_are_old(
    run: Run, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = (gateway.settings.data_dir / "keys").read_text().strip()
    monkeypatch.setenv("INTERDESK_KEYS", new_entry("k2"))
    code, told = findings(run)
    assert code == 2
    assert told["key ring"][0][0] == "bad"
    assert "k1" in told["key ring"][0][1]
    assert "desk north" not in told

    both = f"{new_entry('k2')},{old}"
    monkeypatch.setenv("INTERDESK_KEYS", both)
    assert (
        "warning",
        "the secrets of 2 desks are sealed under older keys",
        "interdesk keys rotate",
    ) in findings(run)[1]["key ring"]
    assert run("keys", "rotate").stderr == "sealed the secrets of 2 desks and webhooks again, under 'k2'\n"
    assert [level for level, _, _ in findings(run)[1]["key ring"]] == ["good"]


def test_another_schema_ends_the_visit(run: Run, gateway: Gateway) -> None:
    with sqlite3.connect(gateway.settings.data_dir / "interdesk.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    code, told = findings(run)
    assert code == 2
    assert told.keys() == {"settings", "schema"}
    assert told["schema"][0][2].startswith("install that version")


def test_a_damaged_file(run: Run, gateway: Gateway) -> None:
    file = gateway.settings.data_dir / "interdesk.db"
    gateway.close()
    with sqlite3.connect(file) as db:
        root, size = db.execute(
            "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = 'attempt'"
        ).fetchone()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with file.open("r+b") as raw:
        raw.seek((root - 1) * size)
        raw.write(b"\xff" * 64)
    code, told = findings(run)
    assert code == 2
    assert told["database file"][0][0] == "bad", told


def test_a_database_that_does_not_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERDESK_DATABASE_URL", "postgresql://interdesk:hunter2@127.0.0.1:9/none")
    code, told = findings(run)
    assert code == 2
    assert told["database"][0][0] == "bad"
    assert "hunter2" not in str(told)


def test_postgresql(
    run: Run, migrated_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house.installed(tmp_path, url=migrated_postgres):
        monkeypatch.setenv("INTERDESK_DATABASE_URL", migrated_postgres)
        _, told = findings(run)
    assert told["database"][0][0] == "good"
    assert told["database"][0][1].startswith("postgresql ")
    assert "disk" not in told


def test_where_nothing_is_installed_it_says_so_and_makes_nothing(run: Run, tmp_path: Path) -> None:
    code, told = findings(run)
    assert code == 2
    [(level, what, fix)] = told["database"]
    assert (level, what) == ("bad", f"there is no database at {tmp_path / 'data' / 'interdesk.db'}")
    assert "interdesk apply" in fix
    assert not (tmp_path / "data").exists()


def test_r6_a_calendar_whose_holidays_run_out(run: Run, tmp_path: Path) -> None:
    year = utc_now().year
    text = """
calendars:
  - {code: short, organization: south, weekly: {mon: ["08:00-18:00"]}, holidays: {country: IT, years: Y-Y}}
  - {code: long, organization: south, weekly: {mon: ["08:00-18:00"]}, holidays: {country: IT}}
"""
    file = tmp_path / "calendars.yaml"
    file.write_text(text.replace("Y", str(year)), encoding="utf-8")
    with house.installed(tmp_path):
        planned = run("plan", str(file)).stderr
        assert (
            f"calendar south/short knows public holidays only until {year}; later days count as open"
            in planned
        )
        run("apply", str(file), "--yes")
        _, told = findings(run)
    fix = "apply its file again, with later years: interdesk apply"
    assert told["calendar short"] == [("warning", f"it knows public holidays only until {year}", fix)]
    assert "calendar long" not in told


RENEWALS = """
calendars:
  - {code: always, organization: south, always: true}
agreements:
  - {code: late, organization: south, consumer: north, kind: uc, calendar: always, services: [a], valid_until: 2026-01-31,
     after_end: in_renewal, targets: {resolution: {low: 4h}}}
  - {code: over, organization: south, consumer: north, kind: uc, calendar: always, services: [b], valid_until: 2026-01-31,
     targets: {resolution: {low: 4h}}}
"""


def test_r25_an_agreement_that_nobody_has_signed_yet(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "renewals.yaml"
    file.write_text(RENEWALS, encoding="utf-8")
    with house.installed(tmp_path):
        assert run("apply", str(file), "--yes").exit_code == 0
        _, told = findings(run)
    [(level, what, fix)] = told["agreements"]
    assert (level, what) == ("warning", "ended, and work goes on under their last terms: late")
    assert fix == "sign them: interdesk agreements renew, or interdesk agreements terminate"


CONTACTS = """
contacts:
  - {organization: south, code: duty, level: 1, channel: email, address: duty@south.example}
"""


def test_contacts_that_no_letter_can_reach(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "contacts.yaml"
    file.write_text(CONTACTS, encoding="utf-8")
    with house.installed(tmp_path):
        assert "letters" not in findings(run)[1]
        run("apply", str(file), "--yes")
        _, told = findings(run)
        monkeypatch.setenv("INTERDESK_SMTP_URL", "smtp://localhost")
        _, mailed = findings(run)

    assert told["letters"] == [
        ("warning", "contacts to be warned by mail: 1, and no letter leaves", "set INTERDESK_SMTP_URL")
    ]
    assert "letters" not in mailed
