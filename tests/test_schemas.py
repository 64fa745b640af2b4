"""Every schema is valid, every good example passes, every bad one fails with the words that stand beside it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway import schemas
from gateway.errors import ConfigError, Invalid

EXAMPLES = schemas.folder() / "examples"


def examples(kind: str) -> list[Path]:
    return sorted((EXAMPLES / kind).glob("*/*.json"))


def words_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("name", schemas.names())
def test_schema_is_valid_and_knows_its_own_address(name: str) -> None:
    document = schemas.schema(name)
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"https://interdesk.example/schemas/{name}.json"
    assert document["title"]
    assert document["description"]


@pytest.mark.parametrize("name", schemas.names())
def test_every_schema_has_good_and_bad_examples(name: str) -> None:
    stem = name.rpartition(".v")[0]
    assert list((EXAMPLES / "good" / stem).glob("*.json"))
    assert list((EXAMPLES / "bad" / stem).glob("*.json"))


@pytest.mark.parametrize("path", examples("good"), ids=words_of)
def test_good_example_passes(path: Path) -> None:
    schemas.check(path.parent.name, json.loads(path.read_text()))


@pytest.mark.parametrize("path", examples("bad"), ids=words_of)
def test_bad_example_fails_with_the_expected_words(path: Path) -> None:
    expected = path.with_suffix(".txt").read_text().splitlines()
    assert expected
    with pytest.raises(Invalid) as raised:
        schemas.check(path.parent.name, json.loads(path.read_text()))
    told = "\n".join(raised.value.problems)
    assert [words for words in expected if words not in told] == [], told


def test_the_newest_version_is_meant_when_none_is_named() -> None:
    assert schemas.schema("manifest") == schemas.schema("manifest.v1")


def test_an_unknown_schema_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"no schema 'nonsense'.*manifest\.v1"):
        schemas.schema("nonsense")


def test_long_lists_of_problems_are_counted() -> None:
    document = {f"strange_{number}": 1 for number in range(3)}
    rows = {f"status {number}": "no such word" for number in range(schemas.MOST_PROBLEMS + 5)}
    with pytest.raises(Invalid) as raised:
        schemas.check("manifest", {**document, "profile": {"statuses": rows}})
    assert len(raised.value.problems) == schemas.MOST_PROBLEMS + 1
    assert raised.value.problems[-1].startswith("… and ")


FORMATS = {
    "a moment with offset": ("date-time", "2026-03-01T09:00:00+01:00", True),
    "a moment without offset": ("date-time", "2026-03-01T09:00:00", False),
    "a day": ("date", "2026-03-01", True),
    "no day": ("date", "2026-02-30", False),
    "an address": ("uri", "https://desk.example/x", True),
    "no address": ("uri", "desk.example", False),
    "a length": ("length", "1h 30m", True),
    "no length": ("length", "an hour", False),
    "a zone": ("time-zone", "Europe/Rome", True),
    "no zone": ("time-zone", "Europe/Atlantis", False),
    "a path as a zone": ("time-zone", "../../etc/passwd", False),
    "a pattern": ("regex", "^a+$", True),
    "no pattern": ("regex", "[", False),
}


@pytest.mark.parametrize(("wanted", "text", "right"), FORMATS.values(), ids=FORMATS.keys())
def test_formats_are_checked(wanted: str, text: str, right: bool) -> None:
    validator = Draft202012Validator({"format": wanted}, format_checker=schemas._FORMATS)
    assert validator.is_valid(text) is right


SETTINGS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"queue": {"type": "string", "pattern": "^(a+)+$"}},
}


def test_foreign_settings_are_checked() -> None:
    schemas.check_foreign(SETTINGS, {"queue": "aaa"})
    with pytest.raises(Invalid) as raised:
        schemas.check_foreign(SETTINGS, {"queue": 7, "colour": "red"}, what="settings of desk vendor")
    assert "settings of desk vendor" in str(raised.value)
    assert [problem.partition(":")[0] for problem in raised.value.problems] == ["queue", "(top)"]


def test_a_foreign_pattern_cannot_stall_us() -> None:
    with pytest.raises(Invalid, match="does not match"):
        schemas.check_foreign(SETTINGS, {"queue": "a" * 50_000 + "b"})


FOREIGN_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "no kind of that name": {"type": "nonsense"},
    "a pattern that looks ahead": {"type": "string", "pattern": "(?=a)b"},
    "a schema elsewhere": {"$ref": "https://elsewhere.example/schema.json"},
}


@pytest.mark.parametrize("foreign", FOREIGN_SCHEMAS.values(), ids=FOREIGN_SCHEMAS.keys())
def test_an_unusable_foreign_schema_is_refused(foreign: Mapping[str, Any]) -> None:
    with pytest.raises(Invalid, match="is not usable"):
        schemas.check_foreign(foreign, {})


def test_a_wheel_finds_its_schemas_beside_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_schemas").mkdir()
    monkeypatch.setattr(schemas, "_FOLDERS", (tmp_path / "_schemas", tmp_path / "elsewhere"))
    assert schemas.folder() == tmp_path / "_schemas"
    (tmp_path / "_schemas").rmdir()
    with pytest.raises(ConfigError, match="Schemas are missing"):
        schemas.folder()
