"""The rules all commands share: exit codes, one-line errors, data apart from talk, settings that are wrong."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway
from gateway.cli import terminal
from gateway.cli.terminal import Code, complain
from gateway.errors import (
    ConfigError,
    DeskDenied,
    DeskUnavailable,
    InterdeskError,
    Invalid,
    NotFound,
    Refused,
    Unsupported,
)
from gateway.store.health import DatabaseFailed
from tests.api import house
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("x"), Code.USAGE),
        (ConfigError("x"), Code.CONFIG),
        (Invalid("x"), Code.CONFIG),
        (DeskUnavailable("x"), Code.UNREACHABLE),
        (DeskDenied("x"), Code.UNREACHABLE),
        (DatabaseFailed("x"), Code.UNREACHABLE),
        (Refused("x"), Code.CONFLICT),
        (Unsupported("x"), Code.CONFLICT),
        (InterdeskError("x"), Code.FINDINGS),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_exit_code(
    error: InterdeskError, code: Code, capsys: pytest.CaptureFixture[str]
) -> None:
    assert complain(error) is code
    assert capsys.readouterr().err.startswith(f"{error.code}: x")


def test_an_error_says_what_why_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    complain(Refused("no", why="it is [bold]so[/bold]", cure="do this"))
    said = capsys.readouterr()
    assert (said.err, said.out) == ("IDK-1402: no · it is [bold]so[/bold] · do this\n", "")


def test_a_fresh_folder_needs_no_ceremony(run: Run, tmp_path: Path) -> None:
    file = str(house.configuration(tmp_path))
    assert "5 to create" in run("plan", file).stderr
    assert run("migrate", "--check").exit_code == 1
    assert not (tmp_path / "data").exists()  # looking makes nothing
    assert run("apply", file, "--yes").exit_code == 0
    assert run("migrate", "--check").exit_code == 0
    assert "north" in run("desks", "list").stdout


@pytest.mark.parametrize(
    "command",
    [
        ["tickets", "list"], ["parked"], ["ambiguous", "list"], ["messages", "list"], ["desks", "list"], ["keys", "list"],
        ["keys", "create", "prometheus"], ["restored", "--yes"], ["replay", "dlv_x", "--yes"], ["explain", "tkt_x"],
        ["chain", "check"], ["worker"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_where_no_installation_is_nothing_is_told_of_it(run: Run, tmp_path: Path, command: list[str]) -> None:
    result = run(*command)
    assert result.exit_code == 3
    told = result.stderr.splitlines()[-1]
    assert told.startswith(f"IDK-1001: there is no database at {tmp_path / 'data' / 'interdesk.db'} · ")
    assert "INTERDESK_DATA_DIR" in told
    assert "interdesk apply" in told
    assert result.stdout == ""
    assert not (tmp_path / "data").exists()


def test_a_database_that_another_setting_names_is_told_by_that_name(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERDESK_DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    result = run("parked")
    assert result.exit_code == 3
    assert f"there is no database at {tmp_path / 'other.db'} · INTERDESK_DATABASE_URL" in result.stderr


def test_an_empty_file_is_no_installation_either(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "interdesk.db").touch()
    result = run("parked")
    assert result.exit_code == 3
    assert "the database has no schema yet · run interdesk migrate" in result.stderr


def test_a_postgresql_is_not_migrated_behind_its_operators_back(
    run: Run, fresh_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERDESK_DATABASE_URL", fresh_postgres)
    for command in (("tickets", "list"), ("serve", "--port", "0"), ("worker",)):
        result = run(*command)
        assert result.exit_code == 3
        assert result.stderr.splitlines()[-1] == (
            "IDK-1001: the database has no schema yet · run interdesk migrate"
        )
    assert run("migrate", "--check").exit_code == 1
    assert run("migrate").exit_code == 0
    assert run("migrate", "--check").exit_code == 0
    assert run("tickets", "list").exit_code == 0


def test_a_database_that_does_not_answer_is_told_in_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERDESK_DATABASE_URL", "postgresql://interdesk:hunter2@127.0.0.1:9/none")
    result = run("tickets", "list")
    assert result.exit_code == 4
    assert result.stderr.startswith("IDK-1601: the database failed · ")
    assert "hunter2" not in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("INTERDESK_PORT", "99999", "INTERDESK_PORT: Input should be less than or equal to 65535"),
        ("INTERDESK_DATABASE_URL", "mysql://x", "INTERDESK_DATABASE_URL: write sqlite:///"),
        ("INTERDESK_KEYS", "k1:short", "the key k1 in INTERDESK_KEYS is not usable"),
        ("INTERDESK_PROT", "1", "did you mean INTERDESK_PORT?"),
    ],
)
def test_a_wrong_setting_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    result = run("migrate")
    assert result.exit_code == 3
    assert told in result.stderr


def test_a_data_folder_that_cannot_be_made(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("INTERDESK_DATA_DIR", str(tmp_path / "file" / "data"))
    result = run("migrate")
    assert result.exit_code == 3
    assert "INTERDESK_DATA_DIR" in result.stderr


@pytest.mark.parametrize("command", [["tickets", "shwo"], ["parked", "--jason"], ["replay"], ["keys"]])
def test_a_misspelt_command_is_a_mistake_in_use(run: Run, command: list[str]) -> None:
    assert run(*command).exit_code == 2


def test_data_and_talk_go_apart(gateway: Gateway, run: Run) -> None:
    empty = run("parked")
    assert (empty.stdout, empty.stderr) == ("", "nothing is parked\n")
    desks = [orjson.loads(line) for line in run("desks", "list", "--json").stdout.splitlines()]
    assert [desk["code"] for desk in desks] == ["north", "south"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        ("[red]x[/]", r"\[red]x\[/]"),
        ("a\x1b[31mb\x07", "a\N{REPLACEMENT CHARACTER}\\[31mb\N{REPLACEMENT CHARACTER}"),
        ({"a": [1, 2]}, "a=1, 2"),
        (["x", None], "x, "),
    ],
)
def test_a_value_from_outside_is_only_text(value: object, shown: str) -> None:
    assert terminal.words(value) == shown


def test_colours_are_for_terminals_and_can_be_refused(tmp_path: Path) -> None:
    with house.installed(tmp_path):
        file = tmp_path / "federation.yaml"
        file.write_text(file.read_text().replace("North Stores", "North Shops"), encoding="utf-8")
    command = [sys.executable, "-c", "from gateway.cli import main; main()", "plan", str(file)]
    environment = {
        **os.environ,
        **house.SECRETS,
        "INTERDESK_DATA_DIR": str(tmp_path / "data"),
        "TERM": "xterm",
    }

    def on_a_terminal(**more: str) -> bytes:
        ours, theirs = pty.openpty()
        subprocess.run(
            command, env={**environment, **more}, stdout=theirs, stderr=subprocess.DEVNULL, check=True
        )
        os.close(theirs)
        try:
            return os.read(ours, 65536)
        finally:
            os.close(ours)

    assert b"\x1b[33m~" in on_a_terminal()
    assert b"\x1b[33m" not in on_a_terminal(NO_COLOR="1")
