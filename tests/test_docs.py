"""Keeps the documents true: what they name exists, and what exists is named."""

import importlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import typer

from tests import documents
from tests.documents import CHECKOUT, tracked

DOCUMENTS = tracked(".md")
README = CHECKOUT / "README.md"
CONNECTORS = sorted(path.parent for path in (CHECKOUT / "connectors").glob("*/__init__.py"))
TOP_LEVEL = frozenset({".ci", "connectors", "deploy", "gateway", "schemas", "tests"}) | {
    path.name for path in CHECKOUT.iterdir() if path.is_file()
}


def name_of(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def missing_paths(document: Path, text: str) -> list[str]:
    """Paths and link targets of a document that exist neither from the top nor from its own folder."""
    named = [*documents.paths(text, TOP_LEVEL), *documents.links(text)]
    return [
        path for path in named if not (CHECKOUT / path).exists() and not (document.parent / path).exists()
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_path_a_document_names_exists(document: Path) -> None:
    assert missing_paths(document, document.read_text()) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("see `gateway/nowhere.py`", ["gateway/nowhere.py"]),
        ("see `gateway/errors.py:12` and `gateway/domain/`", []),
        ("see `deploy/nothing`, `tests/none.py::test_x`", ["deploy/nothing", "tests/none.py"]),
        ("a pattern: `connectors/<name>/manifest.json`, `tests/*/x.py`", []),
        ("other code: `status/changed`, `a.b`, `gateway`", []),
        ("a [link](gateway/lost.md) and an [outside one](https://example.test/x)", ["gateway/lost.md"]),
        ("```\ncat gateway/made-up.py `gateway/made-up.py`\n```\n", []),
    ],
)
def test_a_document_that_names_what_is_not_there_is_seen(text: str, missing: list[str]) -> None:
    assert missing_paths(README, text) == missing


@dataclass(frozen=True)
class Command:
    """A word of the command line and the words that may follow it; none follow where arguments begin."""

    following: Mapping[str, "Command"] = field(default_factory=dict)

    @classmethod
    def read(cls, command: object) -> "Command":
        return cls({name: cls.read(child) for name, child in getattr(command, "commands", {}).items()})

    def unknown(self, words: Sequence[str]) -> list[str]:
        """The first word that is no command where a command has to stand."""
        if not words or not self.following:
            return []
        word, *rest = words
        return self.following[word].unknown(rest) if word in self.following else [word]


def command_line() -> Command:
    apps = [
        value
        for value in vars(importlib.import_module("gateway.cli")).values()
        if isinstance(value, typer.Typer)
    ]
    assert len(apps) == 1, "gateway.cli holds the one typer app that its main() runs"
    return Command.read(typer.main.get_command(apps[0]))


def test_every_command_a_document_names_exists() -> None:
    interdesk = command_line()
    unknown = [
        f"{name_of(document)}: interdesk {' '.join(words)}"
        for document in DOCUMENTS
        for words in documents.commands(document.read_text())
        if interdesk.unknown(words)
    ]
    assert unknown == []


def test_every_command_is_documented() -> None:
    named = {words[0] for document in DOCUMENTS for words in documents.commands(document.read_text())}
    assert sorted(command_line().following.keys() - named) == []


def test_a_command_that_is_not_there_is_seen() -> None:
    app, group = typer.Typer(), typer.Typer()
    app.add_typer(group, name="ambiguous")
    app.command("demo")(lambda: None)
    group.command("resolve")(lambda: None)
    group.command("list")(lambda: None)
    interdesk = Command.read(typer.main.get_command(app))
    named = list(
        documents.commands("run `interdesk demo --seed 7`\n```\ninterdesk ambiguous forget X\n```\n")
    )
    assert named == [("demo",), ("ambiguous", "forget")]
    assert [interdesk.unknown(words) for words in named] == [[], ["forget"]]
    assert interdesk.unknown(("demo", "quickly")) == []


def test_every_setting_is_documented() -> None:
    settings = importlib.import_module("gateway.config").Settings
    prefix = settings.model_config.get("env_prefix", "")
    places = (CHECKOUT / "deploy" / "env.example", README)
    text = "\n".join(place.read_text() for place in places if place.exists())
    names = [f"{prefix}{field}".upper() for field in settings.model_fields]
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("folder", CONNECTORS, ids=lambda folder: folder.name)
def test_a_connector_is_complete_and_declared(folder: Path) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert (folder / "README.md").read_text().startswith("# ")
    assert json.loads((folder / "manifest.json").read_text())["name"] == folder.name
    assert (
        project["entry-points"]["interdesk.connectors"][folder.name] == f"connectors.{folder.name}:CONNECTOR"
    )


def test_the_readme_has_one_place_for_figures() -> None:
    text = README.read_text()
    assert re.findall(r"<!-- bench:\w+ -->", text) == ["<!-- bench:begin -->", "<!-- bench:end -->"]


# Built from pieces, so that this file does not contain what it looks for.
FOLDERS_OF_ONE_MACHINE = "|".join(f"(?<![\\w.~$}}])/{folder}/" for folder in ("work", "farm", "root", "tmp"))
REGISTRY_HOSTS = "|".join(
    host.replace("_", re.escape("."))
    for host in (
        "pypi_" + "org",
        "pythonhosted_" + "org",
        "npmjs_" + "org",
        "deb_debian_" + "org",
        "proxy_golang_" + "org",
    )
)
LOCAL_ADDRESSES = re.compile(f"{FOLDERS_OF_ONE_MACHINE}|{REGISTRY_HOSTS}|index" + "-url|find" + "-links")


def local_addresses(text: str) -> list[str]:
    return [
        f"{number}: {line.strip()[:100]}"
        for number, line in enumerate(text.splitlines(), 1)
        if LOCAL_ADDRESSES.search(line)
    ]


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            found += [f"{name_of(path)}:{hit}" for hit in local_addresses(content.decode(errors="replace"))]
    assert found == []


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("open('/" + "tmp/x')", True),
        ("cd /" + "work/main", True),
        ("--index" + "-url x", True),
        ("https://files.pythonhosted" + ".org/x", True),
        ("~/work/main and $HOME/tmp/x and /var/cache/x", False),
        ("the tests' work/ folder", False),
    ],
)
def test_a_local_address_is_seen(text: str, seen: bool) -> None:
    assert bool(local_addresses(text)) is seen
