"""`interdesk mapping`: a side's rules from a file to effect and back, and what they would do to a sample."""

import json
from pathlib import Path

import pytest

from gateway.app import Gateway
from tests.cli.conftest import Run

RULES = """
incoming:
  - {field: service, values: {tills: T, network: N}}
  - {field: title, template: "[{service}] {title}"}
"""
SIDE = ("--side", "downstream")


@pytest.fixture
def link(gateway: Gateway) -> str:
    with gateway.database.read() as db:
        return next(iter(gateway.context.directory(db).links.values())).code


def test_from_a_draft_to_effect_and_back(run: Run, link: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)

    assert "version 1" in run("mapping", "draft", link, str(file), *SIDE, "--reason", "first").stderr
    assert "no rules" in run("mapping", "show", link, *SIDE).stderr
    assert run("mapping", "diff", link, *SIDE).exit_code == 1
    assert "in effect" in run("mapping", "publish", link, *SIDE).stderr
    assert "values:" in run("mapping", "show", link, *SIDE).stdout

    file.write_text(RULES.replace("T,", "TT,"))
    run("mapping", "draft", link, str(file), *SIDE)
    rows = run("mapping", "diff", link, *SIDE, "--json").stdout.splitlines()
    assert json.loads(rows[0]) == {"path": "incoming[0].values.tills", "before": "T", "after": "TT"}
    run("mapping", "publish", link, *SIDE)
    assert run("mapping", "publish", link, *SIDE).exit_code == 5
    run("mapping", "rollback", link, *SIDE, "--reason", "wrong word")

    lines = [
        json.loads(line) for line in run("mapping", "history", link, *SIDE, "--json").stdout.splitlines()
    ]
    assert [line["state"] for line in lines[:2]] == ["published", "rolled back"]
    assert [(line["version"], line["what"]) for line in lines[2:]] == [
        (1, "published"),
        (2, "published"),
        (1, "rolled_back"),
    ]
    assert lines[0]["author"] == "maria"
    assert lines[4]["note"] == "wrong word"


def test_a_sample_shows_each_step_and_exits_1_where_a_value_is_held(
    run: Run, link: str, tmp_path: Path
) -> None:
    file, sample = tmp_path / "rules.yaml", tmp_path / "sample.json"
    file.write_text(RULES)
    run("mapping", "draft", link, str(file), *SIDE)
    sample.write_text(json.dumps({"title": "dead", "service": "tills"}))

    shown = run("mapping", "test", link, "--sample", str(sample), "--draft", "downstream", "--json")
    rows = {row["field"]: row for row in map(json.loads, shown.stdout.splitlines())}
    assert (rows["service"]["incoming"], rows["service"]["rule"]) == ("T", "downstream incoming[0]")
    assert rows["title"]["target"] == "[tills] dead"

    sample.write_text(json.dumps({"service": "lifts"}))
    held = run("mapping", "test", link, "--sample", str(sample), "--draft", "downstream")
    assert held.exit_code == 1
    assert "'lifts' is not in the table" in held.stdout


def test_mistakes_are_told_with_their_place(run: Run, link: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("incoming: [{field: servise, set: x}, {field: service, set: x, expression: y}]")
    assert (
        "incoming[1]: 'expression' is not known here"
        in run("mapping", "draft", link, str(file), *SIDE).stderr
    )
    file.write_text("incoming: [{field: servise, set: x}]")
    refused = run("mapping", "draft", link, str(file), *SIDE)
    assert refused.exit_code == 3
    assert (
        "incoming[0].field: there is no field 'servise' to use here; did you mean 'service'?"
        in refused.stderr
    )
    assert run("mapping", "draft", "nowhere", str(file), *SIDE).exit_code == 2
    assert run("mapping", "draft", link, str(tmp_path / "none.yaml"), *SIDE).exit_code == 3
    assert run("mapping", "test", link).exit_code == 3
    assert run("mapping", "coverage", link).exit_code == 0
