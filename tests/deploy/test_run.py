"""deploy/run.py: which environment it takes, when it installs, what it refuses and in which words."""

import ast
import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "run.py"


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, over a small checkout of its own, outside any virtual environment."""
    spec = importlib.util.spec_from_file_location("deploy_run", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in (module.RUN_LOCK, module.DEV_LOCK, "pyproject.toml"):
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.delenv("CI", raising=False)
    return module


def python_that_notes(tmp_path: Path, *, installs: bool = True) -> Path:
    """An environment whose Python writes down what it is asked, and installs nothing."""
    refusal = "" if installs else 'case "$*" in *--requirement*) exit 1;; esac'
    return program(tmp_path / ".venv" / "bin" / "python", f'echo "$*" >> "{tmp_path}/asked"\n{refusal}')


def installs(tmp_path: Path) -> list[str]:
    """What pip was asked to install since the last call: "lock" or "checkout"."""
    asked = (tmp_path / "asked").read_text().splitlines() if (tmp_path / "asked").exists() else []
    (tmp_path / "asked").unlink(missing_ok=True)
    return [line.rpartition(" ")[2] for line in asked if " install " in line]


def test_it_installs_once_and_again_when_a_lock_changes(run: ModuleType, tmp_path: Path) -> None:
    python = python_that_notes(tmp_path)
    assert run.environment(run.RUN_LOCK) == python
    assert installs(tmp_path) == [run.RUN_LOCK, "."]
    assert run.environment(run.RUN_LOCK) == python
    assert installs(tmp_path) == []
    (tmp_path / run.RUN_LOCK).write_text("moved on")
    assert run.environment(run.RUN_LOCK) == python
    assert installs(tmp_path) == [run.RUN_LOCK, "."]


def test_what_tests_also_runs_but_not_the_other_way(run: ModuleType, tmp_path: Path) -> None:
    python_that_notes(tmp_path)
    run.environment(run.DEV_LOCK)
    installs(tmp_path)
    run.environment(run.RUN_LOCK)
    assert installs(tmp_path) == []
    (tmp_path / "pyproject.toml").write_text("a new entry point")
    run.environment(run.RUN_LOCK)
    assert installs(tmp_path) == [run.RUN_LOCK, "."]
    run.environment(run.DEV_LOCK)
    assert installs(tmp_path) == [run.DEV_LOCK, "."]


@pytest.mark.parametrize(
    "stamp", ["", "{", "[]", '{"requirements.lock": 1}'], ids=["empty", "cut", "list", "number"]
)
def test_a_damaged_stamp_means_install_again(run: ModuleType, tmp_path: Path, stamp: str) -> None:
    python_that_notes(tmp_path)
    (tmp_path / ".venv" / run.STAMP).write_text(stamp)
    assert run.environment(run.RUN_LOCK)
    assert installs(tmp_path) == [run.RUN_LOCK, "."]
    assert set(json.loads((tmp_path / ".venv" / run.STAMP).read_text())) == {run.RUN_LOCK}


def test_a_failed_installation_leaves_no_stamp(
    run: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python_that_notes(tmp_path, installs=False)
    assert run.environment(run.RUN_LOCK) is None
    assert not (tmp_path / ".venv" / run.STAMP).exists()
    assert "run the command again" in capsys.readouterr().err


def test_an_active_environment_is_used(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = python_that_notes(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setattr(run, "CHECKOUT", tmp_path / "elsewhere")
    monkeypatch.setattr(run, "_fingerprints", lambda: {run.RUN_LOCK: "same"})
    assert run.environment(run.RUN_LOCK) == python


def test_without_the_venv_module_it_says_what_to_install(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "python3", "exit 1")))
    assert run.main(["demo"]) == 1
    assert "apt-get install python3-venv" in capsys.readouterr().err


def test_a_half_made_environment_is_made_anew(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / ".venv" / "bin" / "python", "exit 1")
    whole = program(tmp_path / "whole", "exit 0")
    maker = program(
        tmp_path / "python3", f'[ "$1 $2 $3" = "-m venv --clear" ] && cp "{whole}" "$4/bin/python"'
    )
    monkeypatch.setattr(sys, "executable", str(maker))
    assert run.environment(run.RUN_LOCK) == tmp_path / ".venv" / "bin" / "python"


def test_an_old_python_is_told_so(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert run.main(["demo"]) == 1
    assert "needs Python 3.11 or newer" in capsys.readouterr().err
    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["deploy"], 2), (["--help"], 0)])
def test_anything_else_shows_how_to_use_it(
    run: ModuleType, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(arguments) == code
    assert "usage: python3 deploy/run.py COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("installer", "ci", "required"),
    [
        ("exit 0", False, True),
        ("exit 2", False, False),
        ("exit 7", False, False),
        ("exit 2", True, True),
        (None, False, False),
        (None, True, True),
    ],
)
def test_desk_tests_may_skip_only_where_desks_cannot_be_had(
    run: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    installer: str | None,
    ci: bool,
    required: bool,
) -> None:
    monkeypatch.setenv("PATH", str(program(tmp_path / "bin" / "apt-get", "exit 0").parent), prepend=":")
    if installer:
        program(tmp_path / "deploy" / "install-desks", installer)
    if ci:
        monkeypatch.setenv("CI", "true")
    assert run.provide_desks() == ({run.REQUIRE_DESKS: "1"} if required else {})
    assert ("WILL BE SKIPPED" in capsys.readouterr().out) is not required


def test_the_checks_run_side_by_side_and_what_each_says_stays_together(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The first ends only when the second has begun; `beside` runs with them and has no say."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    python = program(
        tmp_path / "python",
        f'case "$1" in one) read word < "{gate}"; echo "one $word"; exit 1;;\n'
        f' two) echo two; echo through > "{gate}";;\n *) echo "$1" >&2; touch "{tmp_path}/ready"; exit 1;;\nesac',
    )
    monkeypatch.setattr(run, "STATIC_CHECKS", (("the first", ("one",)), ("the second", ("two",))))
    assert run.check(python, dict(os.environ), beside=[("warm",)]) == ["the first"]
    told = capfd.readouterr().out.splitlines()
    assert told[1:] == ["==> the first", "one through", "==> the second", "two"]
    assert (tmp_path / "ready").exists()
