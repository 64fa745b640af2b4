"""`interdesk backup make`, `backup verify`, `interdesk restore`: from one folder into another."""

import shutil
from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway
from tests.api import house
from tests.cli.conftest import Run


def test_an_installation_moves_from_one_folder_to_another(
    gateway: Gateway, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = house.open_chain(gateway)
    file, data, new = tmp_path / "monday.backup", tmp_path / "data", tmp_path / "new"
    made = run("backup", "make", str(file), "--json")
    assert made.exit_code == 0, made.output
    assert orjson.loads(run("backup", "verify", str(file), "--json").stdout) == orjson.loads(made.stdout)
    assert "is there already" in run("backup", "make", str(file)).stderr
    assert "there is an installation" in run("restore", str(file), "--yes").stderr

    monkeypatch.setenv("INTERDESK_DATA_DIR", str(new))
    other = run("restore", str(file), "--yes")
    assert (other.exit_code, "put the key ring in place" in other.stderr) == (3, True)
    assert not (new / "interdesk.db").exists()
    shutil.copy(data / "keys", new / "keys")
    done = run("restore", str(file), "--yes", "--json")

    assert done.exit_code == 0, done.output
    assert orjson.loads(done.stdout)["looked at again"] > 0
    assert chain.ticket in run("tickets", "list").stdout
    assert run("backup", "verify", str(tmp_path / "nothing")).exit_code == 3
