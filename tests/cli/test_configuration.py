"""`plan` and `apply` as a person uses them: what is shown, what is asked, what a mistake looks like."""

from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway
from tests.api import house
from tests.cli.conftest import Run


def test_plan_shows_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    run("migrate")
    file = str(house.configuration(tmp_path))
    for _ in range(2):
        planned = run("plan", file)
        assert planned.exit_code == 0
        assert planned.stdout.splitlines() == [
            *("+ organization north", "+ organization south", "+ desk north", "+ desk south"),
            "+ link north-south",
        ]
        assert "5 to create, 0 to change, 0 to remove, 0 unchanged" in planned.stderr


def test_apply_asks_and_without_a_terminal_refuses(run: Run, tmp_path: Path) -> None:
    run("migrate")
    file = str(house.configuration(tmp_path))
    refused = run("apply", file)
    assert refused.exit_code == 5
    assert refused.stderr.splitlines()[-1] == (
        "IDK-1402: this asks before it changes something · there is no terminal to ask at · add --yes"
    )
    assert run("desks", "list").stdout == ""

    assert run("apply", file, "--yes").exit_code == 0
    assert "north" in run("desks", "list").stdout
    again = run("apply", file)  # nothing to ask about
    assert (again.exit_code, again.stderr.splitlines()[-1]) == (0, "nothing to do")


def test_a_change_names_fields_and_no_secret(
    gateway: Gateway, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "federation.yaml"
    file.write_text(file.read_text().replace("North Stores", "North Shops"), encoding="utf-8")
    monkeypatch.setenv("NORTH_TOKEN", "quite-another-token")
    planned = run("plan", str(file))
    assert "~ organization north\n    name: North Stores → North Shops" in planned.stdout
    assert "~ desk north\n    credentials.secret: sealed → sealed" in planned.stdout
    assert "another" not in planned.output


def test_json_is_one_document(run: Run, tmp_path: Path) -> None:
    run("migrate")
    file = str(house.configuration(tmp_path))
    done = orjson.loads(run("apply", file, "--yes", "--json").stdout)
    assert done["count"]["create"] == 5
    assert {(change["action"], change["kind"]) for change in done["changes"]} >= {("create", "desk")}
    assert house.HOOK_SECRET not in str(done)


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("desks: [", 3, "federation.yaml"),
        ("desks:\n  - {code: x}\n", 3, "desks[0]: 'organization', 'connector' is missing"),
        ("organizations: [{code: A B}]\n", 3, "organizations[0].code"),
    ],
    ids=["no YAML", "a missing field", "a bad code"],
)
def test_a_mistake_in_a_file_is_told_with_its_place(
    run: Run, tmp_path: Path, text: str, code: int, told: str
) -> None:
    run("migrate")
    file = tmp_path / "federation.yaml"
    file.write_text(text, encoding="utf-8")
    result = run("plan", str(file))
    assert result.exit_code == code
    assert result.stderr.startswith("IDK-1403: ")
    assert told in result.stderr
    assert "Traceback" not in result.output


def test_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    run("migrate")
    result = run("plan", str(tmp_path / "nothing.yaml"))
    assert result.exit_code == 3
    assert "nothing.yaml cannot be read" in result.stderr


def test_a_secret_that_is_not_there_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("migrate")
    monkeypatch.delenv("NORTH_TOKEN")
    result = run("plan", str(house.configuration(tmp_path)))
    assert result.exit_code == 3
    assert result.stderr.strip() == (
        "IDK-1001: the environment variable NORTH_TOKEN is not set · export NORTH_TOKEN=…"
    )
