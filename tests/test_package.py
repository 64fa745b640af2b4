"""The wheel holds everything that the product reads at run time, and finds it there."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.documents import CHECKOUT, tracked

NOT_PYTHON = (".json", ".html", ".sql", ".md", ".mako", ".css", ".js", ".svg", ".yaml", ".csv")
SHOW_SCHEMAS = (
    "import json, gateway, gateway.schemas as s; print(json.dumps([gateway.__file__, sorted(s.names())]))"
)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the checkout by the locked backend, unpacked; about a second."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def place(path: Path) -> str:
    """Where a file of the checkout stands in the wheel."""
    name = path.relative_to(CHECKOUT).as_posix()
    return name.replace("schemas/", "gateway/_schemas/", 1) if name.startswith("schemas/") else name


def test_everything_beside_the_code_is_in_the_wheel(unpacked: Path) -> None:
    beside = [
        path
        for path in tracked(*NOT_PYTHON)
        if path.relative_to(CHECKOUT).parts[0] in {"gateway", "connectors", "schemas"}
    ]
    assert any(path.suffix == ".json" for path in beside)
    assert [place(path) for path in beside if not (unpacked / place(path)).exists()] == []


def test_an_installed_wheel_finds_the_schemas_of_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    script = f"import sys; sys.path.insert(0, {str(unpacked)!r}); {SHOW_SCHEMAS}"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    origin, names = json.loads(done.stdout)
    assert origin == str(unpacked / "gateway" / "__init__.py")
    files = (unpacked / "gateway" / "_schemas").glob("*.json")
    shipped = [file.name for file in files if not file.name.startswith("openapi.")]
    assert len(names) == len(shipped) > 0
