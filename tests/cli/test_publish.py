"""Reports frozen by command: versions, their difference after a late fact, links, files in each format, schedules."""

import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from gateway import keys
from gateway.app import Gateway
from gateway.domain.reports.outcome import Verdict
from gateway.store import outcomes as store
from tests.cli import test_report
from tests.cli.conftest import Run
from tests.cli.test_report import OCTOBER, _case, _outcome
from tests.domain.reports.month import CASES, OUTCOMES, at

october = test_report.october
HOUR = timedelta(hours=1)
PUBLISH = ("report", "publish", *OCTOBER[1:], "--actor", "ann")


def published(run: Run, *more: str) -> dict[str, object]:
    done = run(*PUBLISH, *more, "--json")
    assert done.exit_code == 0, done.stderr
    found: dict[str, object] = orjson.loads(done.stdout)
    return found


def later(gateway: Gateway, ids: dict[str, str]) -> None:
    """The desk tells afterwards that the first ticket was not met."""
    changed = [
        replace(one, verdict=Verdict.BREACHED, breached_at=at(9, 13), counted_at=at(9, 13), elapsed=9 * HOUR)
        if one.ticket_id == "tkt_1"
        else one
        for one in OUTCOMES
    ]
    kept = [
        (_case(one, ids), [_outcome(it, ids) for it in changed if it.ticket_id == one.ticket_id])
        for one in CASES
        if one.ticket_id == "tkt_1"
    ]
    with gateway.database.write() as db:
        store.keep(db, kept)


def test_a_late_fact_makes_a_second_version_and_the_difference_names_its_ticket(
    run: Run,
    gateway: Gateway,
    october: dict[str, str],
) -> None:
    first = published(run, "--reason", "October")
    assert (first["version"], first["difference"]) == (1, None)
    later(gateway, october)
    told = run(*PUBLISH)
    assert told.exit_code == 0, told.stderr
    second = told.stdout.splitlines()[0]
    assert "version 2, sealed" in told.stderr
    assert "M-1" in told.stdout
    assert "met, ran" in told.stdout
    rows = [
        orjson.loads(line)
        for line in run("report", "versions", "--customer", "mall", "--json").stdout.splitlines()
    ]
    assert [(row["id"], row["version"], row["state"]) for row in rows] == [
        (second, 2, "as sealed"),
        (first["id"], 1, "as sealed"),
    ]
    assert rows[0]["previous"] == rows[1]["seal"]
    difference = orjson.loads(run("report", "diff", second, "--json").stdout)
    assert difference["kind"] == "difference"
    assert difference == orjson.loads(run("report", "diff", str(first["id"]), second, "--json").stdout) | {
        "made_at": difference["made_at"]
    }
    [turned] = difference["sections"][2]["tables"]
    assert [row[0] for row in turned["rows"]] == ["M-1"]


def test_published_again_without_a_reason_it_stays_one(run: Run, october: dict[str, str]) -> None:
    first = published(run)
    again = published(run)
    assert (again["id"], again["is_new"]) == (first["id"], False)
    assert "says the same" in run(*PUBLISH).stderr


def test_it_is_shown_as_it_was_in_every_format(
    run: Run,
    gateway: Gateway,
    october: dict[str, str],
    tmp_path: Path,
) -> None:
    name = str(published(run)["id"])
    before = run("report", "show", name, "--json").stdout
    later(gateway, october)
    published(run)
    after = run("report", "show", name, "--json")
    assert after.stdout == before
    assert "has replaced this one" in after.stderr
    assert orjson.loads(before)["version"] == 1
    for form, begins in (("html", b"<!doctype html>"), ("xlsx", b"PK"), ("csv", b"PK")):
        file = tmp_path / f"report.{form}"
        assert run("report", "show", name, "--format", form, "--out", str(file)).exit_code == 0
        assert file.read_bytes().startswith(begins)
    assert "for ann." in (tmp_path / "report.html").read_text()
    with zipfile.ZipFile(tmp_path / "report.csv") as archive:
        assert "columns.csv" in archive.namelist()


def test_one_table_for_excel_in_italian(run: Run, october: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "breaches.csv"
    words = ("--format", "csv", "--table", "breaches", "--language", "it", "--excel", "--out", str(file))
    done = run(*OCTOBER, *words)
    assert done.exit_code == 0, done.stderr
    text = file.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    assert text.splitlines()[0].count(b";") > 3
    assert "no table 'breach' · did you mean" in run(*OCTOBER, "--format", "csv", "--table", "breach").stderr
    assert "'fr' is no language here" in run(*OCTOBER, "--format", "html", "--language", "fr").stderr


def test_a_link_is_printed_once_listed_and_taken_back(run: Run, october: dict[str, str]) -> None:
    name = str(published(run, "--view", "customer")["id"])
    made = run("report", "link", name, "--for", "mall", "--expires", "7d")
    address, _, token = made.stdout.strip().rpartition("/")
    assert (address, keys.is_link(token)) == ("http://127.0.0.1:8080/shared", True)
    [row] = [orjson.loads(line) for line in run("report", "links", name, "--json").stdout.splitlines()]
    assert (row["organization"], row["state"]) == ("mall", "works")
    assert "opens nothing any more" in run("report", "unlink", row["id"]).stderr
    assert "taken back" in run("report", "links", name).stdout
    refused = run("report", "link", name, "--for", "south")
    assert (refused.exit_code, "one of: mall" in refused.stderr) == (5, True)


def test_a_schedule_is_added_listed_and_removed(run: Run, october: dict[str, str]) -> None:
    words = ("--customer", "mall", "--to", "boss@mall.example", "--format", "xlsx", "--cut-off", "3")
    made = run("report", "schedule", "add", *words, "--json")
    assert made.exit_code == 0, made.stderr
    row = orjson.loads(made.stdout)
    assert (row["recipients"], row["every"], row["view"]) == (["boss@mall.example"], "month", "customer")
    assert "INTERDESK_SMTP_URL" in made.stderr
    assert row["id"] in run("report", "schedule", "list").stdout
    assert "publishes nothing any more" in run("report", "schedule", "remove", row["id"]).stderr
    assert "nothing is published by itself" in run("report", "schedule", "list").stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("publish", "--month", "2026-10"), 3, "whose report?"),
        (("publish", "--customer", "mal", "--month", "2026-10"), 2, "did you mean 'mall'"),
        (("publish", "--customer", "mall"), 3, "which period?"),
        (("show", "pub_none"), 2, "there is no published report pub_none"),
        (("diff", "pub_none"), 2, "there is no published report pub_none"),
        (("show", "pub_none", "--format", "doc"), 3, "'doc' is no format"),
        (("versions", "--customer", "mal"), 2, "did you mean 'mall'"),
        (("schedule", "add", "--customer", "mall"), 3, "nobody is named to get it"),
        (("schedule", "remove", "rsc_none"), 2, "there is no schedule rsc_none"),
    ],
)
def test_a_mistake_ends_in_one_line(
    run: Run,
    october: dict[str, str],
    words: tuple[str, ...],
    code: int,
    told: str,
) -> None:
    done = run("report", *words)
    assert (done.exit_code, told in done.stderr) == (code, True), done.stderr
