"""`interdesk audit`: list, verify, export, anchor; and what an organization's key reads of it."""

from pathlib import Path

import orjson

from gateway.app import Gateway
from tests.api import house
from tests.api.house import Doors
from tests.cli.conftest import Run


def test_what_was_changed_is_listed_sealed_verified_and_exported(
    gateway: Gateway, run: Run, tmp_path: Path
) -> None:
    run("keys", "create", "laptop", "--organization", "north")
    [newest] = [
        orjson.loads(one) for one in run("audit", "list", "--limit", "1", "--json").stdout.splitlines()
    ]
    assert (newest["action"], newest["actor"], newest["owner"]) == ("key created", "maria", "north")
    assert newest["number"] is None
    assert "lines have no place yet" in run("audit", "verify").stderr

    made = run("audit", "anchor", "--json")
    heads = orjson.loads(orjson.loads(made.stdout)["document"])["heads"]
    assert newest["org_id"] in heads
    again = run("audit", "anchor")
    assert (again.exit_code, "were signed before" in again.stderr) == (0, True)
    told = orjson.loads(run("audit", "verify", "--json").stdout)
    assert (told["sound"], told["unsealed"], len(told["anchors"])) == (True, 0, 1)

    file = tmp_path / "audit.jsonl"
    assert run("audit", "export", "--organization", "north", "--out", str(file)).exit_code == 0
    lines = [orjson.loads(line) for line in file.read_text().splitlines()]
    assert {line["org_id"] for line in lines} == {newest["org_id"]}
    assert run("audit", "export", "--out", str(file)).exit_code == 3  # nothing is written over
    assert run("audit", "list", "--organization", "nort").exit_code == 2


def test_a_line_that_is_not_as_it_was_written_ends_with_its_place(gateway: Gateway, run: Run) -> None:
    run("audit", "anchor")
    with gateway.database.write() as db:
        db.exec_driver_sql("DROP TRIGGER audit_kept")
        db.exec_driver_sql("UPDATE audit SET actor = 'eve' WHERE seq = 1")
    found = run("audit", "verify")
    assert found.exit_code == 1
    assert "the line is not what was sealed" in found.stdout


def test_an_organization_reads_its_own_lines_only(gateway: Gateway) -> None:
    north, operator = house.key(gateway, "north"), house.key(gateway)
    house.key(gateway, "south")
    with Doors(gateway) as doors:
        own = doors.send("GET", "/v1/audit", headers=north).document
        every = doors.send("GET", "/v1/audit?limit=2", headers=operator).document
        older = doors.send("GET", f"/v1/audit?before={every['next']}", headers=operator).document
    assert {one["org_id"] for one in own["entries"]} == {own["entries"][0]["org_id"]}
    assert own["entries"][0]["action"] == "key created"
    assert len({one["org_id"] for one in every["entries"] + older["entries"]}) > 1
    assert older["entries"][0]["seq"] < every["entries"][-1]["seq"]
