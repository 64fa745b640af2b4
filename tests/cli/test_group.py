"""The group of all commands: complete, and loading no more than what is asked for."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from gateway import __version__, cli
from gateway.cli.group import MODULES, commands_of
from tests.cli.conftest import Run


@pytest.mark.parametrize("module", MODULES)
def test_a_module_brings_what_the_table_says(module: str) -> None:
    assert sorted(commands_of(module)) == sorted(MODULES[module])


def test_no_module_is_forgotten() -> None:
    folder = Path(cli.__file__).parent
    there = {
        path.name.removesuffix(".py") for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()
    }
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    parts = {
        name
        for name in there - set(MODULES)
        if any(
            re.search(rf"^from gateway\.cli(\.{name} import| import .*\b{name}\b)", text, re.MULTILINE)
            for text in texts
        )
    }
    assert there - parts - {"__init__", "__pycache__", "terminal", "group"} == set(MODULES)


def test_help_names_every_command(run: Run) -> None:
    said = run("--help").stdout
    for names in MODULES.values():
        for name in names:
            assert name in said
            assert run(name, "--help").exit_code == 0


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").stdout == f"{__version__}\n"


def test_a_misspelt_command_is_corrected(run: Run) -> None:
    result = run("parkd")
    assert result.exit_code == 2
    assert "parked" in result.stderr


def test_the_app_is_what_the_entry_point_runs() -> None:
    assert isinstance(importlib.import_module("gateway.cli").app, typer.Typer)


def test_a_command_that_opens_no_door_loads_no_web_framework() -> None:
    script = (
        "import sys\nfrom gateway.cli.group import commands_of\ncommands_of('work')\n"
        "print([name for name in ('fastapi', 'uvicorn', 'gateway.testing') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
