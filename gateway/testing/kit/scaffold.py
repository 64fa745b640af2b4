"""A new connector to start from: the example of connectors/README.md under another name. It passes at level draft as it is,
speaks of a desk that does not exist, and is changed piece by piece."""

import json
import keyword
import re
import sys
from pathlib import Path

from gateway.errors import ConfigError, Invalid, Refused

_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
_HERE = Path(__file__).resolve().parents[2]
_FOLDERS = (_HERE / "_example_connector", _HERE.parent / "tests" / "connectors" / "acme")
"""In a wheel the example lies in the package, in a checkout among the tests."""
_TEXTS = (".py", ".json", ".md")


def begin(name: str, parent: Path) -> list[Path]:
    """Write the folder `name` under `parent`; the files. Raises Invalid for a name that is none, Refused where something is
    already there."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in sys.stdlib_module_names:
        raise Invalid(
            f"{name!r} is no name for a connector",
            why="it names the folder, the Python package and what desks say",
            cure="lower case, digits and _, like acme_desk; not a name of Python's own",
        )
    folder = parent / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} is there already", cure="choose another name, or --in another folder")
    example, made = _example(), []
    for source in sorted(example.rglob("*")):
        if source.suffix in _TEXTS and "__pycache__" not in source.parts:
            target = folder / source.relative_to(example)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_renamed(source, name), encoding="utf-8")
            made.append(target)
    return made


def _example() -> Path:
    found = next((folder for folder in _FOLDERS if (folder / "manifest.json").is_file()), None)
    if found is None:
        raise ConfigError(
            "the example connector is missing from this installation", cure="install interdesk again"
        )
    return found


def _renamed(source: Path, name: str) -> str:
    """The text with the example's name replaced; bodies that are signed hold it in capitals only."""
    words = name.split("_")
    camel, dashed = "".join(word.capitalize() for word in words), "-".join(words)
    text = source.read_text(encoding="utf-8")
    for old, new in (
        ("acme.example", f"{dashed}.example"),
        ("x-acme-", f"x-{dashed}-"),
        ("X-Acme-", f"X-{'-'.join(word.capitalize() for word in words)}-"),
        ("Acme", camel),
        ("acme", name),
    ):
        text = text.replace(old, new)
    if source.name == "manifest.json":
        text = json.dumps({**json.loads(text), "quality": "draft"}, indent=2, ensure_ascii=False) + "\n"
    if source.name == "README.md":
        text = text.replace(
            "Not a real product: the example of connectors/README.md.", "Say here what must be set up."
        )
    return text
