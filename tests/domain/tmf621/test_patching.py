"""The standard's ways of writing a change, and what cannot be one."""

from typing import Any

import pytest

from gateway.domain.tmf621 import patching
from gateway.errors import Invalid

TARGET: dict[str, Any] = {
    "severity": "Major",
    "channel": {"id": "1", "name": "web"},
    "note": [{"id": "a", "text": "one", "author": "Ann"}, {"id": "b", "text": "two"}],
}


@pytest.mark.parametrize(
    ("patch", "changed"),
    [
        ({"severity": "Minor"}, {**TARGET, "severity": "Minor"}),
        ({"channel": {"name": None}}, {**TARGET, "channel": {"id": "1"}}),
        ({"channel": None}, {name: value for name, value in TARGET.items() if name != "channel"}),
        ({"note": [{"text": "new"}]}, {**TARGET, "note": [{"text": "new"}]}),
        ({}, TARGET),
    ],
    ids=["replaced", "a member removed", "removed", "lists are replaced", "nothing"],
)
def test_a_merge_patch_is_merged(patch: Any, changed: Any) -> None:
    assert patching.merged(TARGET, patch) == changed


@pytest.mark.parametrize(
    ("operation", "place", "value"),
    [
        ({"op": "replace", "path": "/severity", "value": "Low"}, "severity", "Low"),
        ({"op": "add", "path": "/note/-", "value": {"text": "x"}}, "note", [*TARGET["note"], {"text": "x"}]),
        ({"op": "add", "path": "/note", "value": {"text": "x"}}, "note", [*TARGET["note"], {"text": "x"}]),
        ({"op": "remove", "path": "/channel/name"}, "channel", {"id": "1"}),
        ({"op": "copy", "from": "/severity", "path": "/priority"}, "priority", "Major"),
        ({"op": "move", "from": "/channel/name", "path": "/name"}, "name", "web"),
        ({"op": "test", "path": "/severity", "value": "Major"}, "severity", "Major"),
        (
            {"op": "replace", "path": "/note?id=a", "value": {"text": "ONE"}},
            "note",
            [{"id": "a", "text": "ONE", "author": "Ann"}, TARGET["note"][1]],
        ),
        ({"op": "replace", "path": "/note?note.id=b", "value": {"text": "B"}}, "note", [TARGET["note"][0], {"id": "b", "text": "B"}]),
        ({"op": "add", "path": "/a~1b", "value": 1}, "a/b", 1),
    ],
)  # fmt: skip
def test_an_operation_is_done(operation: Any, place: str, value: Any) -> None:
    assert patching.operated(TARGET, [operation])[place] == value
    assert TARGET["severity"] == "Major"
    assert len(TARGET["note"]) == 2


@pytest.mark.parametrize(
    "operations",
    [
        "text",
        [1],
        [{"op": "fly", "path": "/severity", "value": 1}],
        [{"op": "replace", "value": 1}],
        [{"op": "remove", "path": "/nothing"}],
        [{"op": "remove", "path": ""}],
        [{"op": "remove", "path": "/note/7"}],
        [{"op": "add", "path": "/note/-1", "value": {}}],
        [{"op": "add", "path": "severity", "value": 1}],
        [{"op": "add", "path": "/severity/deeper", "value": 1}],
        [{"op": "test", "path": "/severity", "value": "Low"}],
        [{"op": "replace", "path": "/note?text=nobody", "value": {}}],
        [{"op": "replace", "path": "/severity?id=1", "value": {}}],
        [{"op": "replace", "path": "", "value": []}],
        [{"op": "test", "path": "/severity", "value": "Major"}] * 201,
        [{"op": "add", "path": "/note/" + "9" * 5000, "value": {}}],
    ],
)
def test_what_is_no_patch_is_told_and_changes_nothing(operations: Any) -> None:
    with pytest.raises(Invalid):
        patching.operated(TARGET, operations)
    assert TARGET["severity"] == "Major"


def test_what_a_patch_speaks_of() -> None:
    assert patching.touched({"note": [], "x": 1}) == {"note", "x"}
    assert patching.touched([{"path": "/note?id=1"}, {"path": "/a/b"}, {"path": 7}, 1]) == {"note", "a"}
