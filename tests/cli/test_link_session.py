"""Two organizations, each with only its key, at one running gateway: what README.md shows, and what else a link's life brings."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.api.house import exchange
from tests.cli import session
from tests.cli.session import Stage
from tests.documents import CHECKOUT


@pytest.fixture(scope="module")
def played_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, str]]:
    with session.staged(tmp_path_factory.mktemp("session")) as opened:
        yield opened, session.play(opened)


@pytest.fixture
def stage(played_stage: tuple[Stage, str]) -> Stage:
    """After the session of the README."""
    return played_stage[0]


def test_the_session_is_the_one_in_the_readme(played_stage: tuple[Stage, str]) -> None:
    stage, played = played_stage
    readme = (CHECKOUT / "README.md").read_text()
    shown = readme.partition(session.BEGIN)[2].partition(session.END)[0].strip()
    assert shown == f"```\n{played.strip()}\n```"
    assert stage.desks["south"].cabinet.folders == {}  # a dry run writes nothing
    assert "4711" not in played  # nor does it show the other side, or anybody, a private text
    assert {one.method for one in stage.desks["south"].seen} <= {"GET"}


def test_what_is_under_way_at_the_other_side_is_listed(stage: Stage) -> None:
    told = [orjson.loads(line) for line in stage.south.type("link", "news", "--json").splitlines()]
    assert [(one["act"], one["by"], one["after"]) for one in told][-2:] == [
        ("accepted", "south", "accepted"),
        ("invited", "north", "pending"),
    ]
    assert {one["actor"] for one in told if one["by"] == "north"} == {""}
    listed = orjson.loads(stage.south.type("link", "list", "--json"))
    assert [one["state"] for one in listed["links"]] == ["active"]
    assert orjson.loads(stage.south.type("link", "show", "north-south", "--json"))["passes"] is None


def test_desks_that_were_just_asked_are_not_asked_again(stage: Stage) -> None:
    stage.south.type("link", "check", "north-south")
    before = [len(stage.desks[code].seen) for code in ("north", "south")]
    stage.south.type("link", "check", "north-south")
    assert [len(stage.desks[code].seen) for code in ("north", "south")] == before


def test_a_pause_is_taken_back_by_who_made_it(stage: Stage) -> None:
    stage.south.type("link", "pause", "north-south", "--reason", "stocktaking")
    stage.north.type("link", "resume", "north-south", code=5)
    assert "was not paused by you" in stage.north.said[-1]
    stage.north.type("link", "activate", "north-south", code=5)
    stage.south.type("link", "resume", "north-south")
    assert "north-south is active" in stage.north.said[-1]


def test_a_brake_is_for_ones_own_links(stage: Stage) -> None:
    stage.south.type("brake", "on", "--everything", "--reason", "x", code=5)
    stage.south.type("brake", "on", "--link", "north-south", "--reason", "wrong queue")
    [seen] = [orjson.loads(line) for line in stage.north.type("brake", "show", "--json").splitlines()]
    assert (seen["kind"], seen["target"], seen["by"], seen["on_by"]) == ("link", "north-south", "south", "")
    stage.north.type("brake", "off", "--link", "north-south", code=5)
    stage.south.type("brake", "off", "--link", "north-south")
    stage.south.type("brake", "off", "--link", "north-south", code=2)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("link", "show", "south-north"), 2, "there is no link 'south-north'"),
        (
            ("link", "invite", "--desk", "south", "--role", "upstream", "--to", "south"),
            2,
            "you have no desk 'south'",
        ),
        (("link", "invite", "--desk", "north", "--role", "upstream"), 3, "nobody is invited"),
        (("link", "accept", "fgw_join_x", "--desk", "north"), 2, "there is no such invitation"),
        (("link", "dry-run", "north-south", "--ticket", "999"), 0, "there is no ticket 999"),
        (("link", "export", "north-south", "--out", "README.md"), 3, "cannot be written"),
    ],
    ids=["another's", "another's desk", "nobody", "no code", "no ticket", "a file that is there"],
)
def test_a_mistake_is_told_with_its_code(stage: Stage, words: tuple[str, ...], code: int, told: str) -> None:
    stage.north.type(*words, code=code)
    assert told in stage.north.said[-1]


def test_the_key_comes_from_its_place_and_goes_nowhere_else(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(stage.north.environment["INTERDESK_KEY"])
    file.chmod(0o644)
    bare = session.Terminal("bare", {"INTERDESK_URL": stage.north.environment["INTERDESK_URL"]})
    bare.type("link", "list", code=3)
    assert "no key is given" in bare.said[-1]
    bare.type("link", "list", "--key-file", str(file), code=3)
    assert f"chmod 600 {file}" in bare.said[-1]
    file.chmod(0o600)
    assert "north-south" in bare.type("link", "list", "--key-file", str(file))
    bare.type("link", "list", "--key-file", str(file), "--url", "http://gateway.example", code=3)
    assert "can be read on its way" in bare.said[-1]
    file.write_text("fgw_live_wrong")
    bare.type("link", "list", "--key-file", str(file), code=3)
    assert "does not know this key" in bare.said[-1]
    bare.type("link", "list", "--key-file", str(file), "--url", "http://127.0.0.1:9", code=4)


@pytest.mark.parametrize(
    "body",
    [
        b'{"code": "x", "desk": "north", "terms": {"crosses": "\\u0000"}}',
        b'{"code": 1}',
        b"[]",
        b"{",
        b'{"x": 1}',
    ],
    ids=["a NUL sign", "no text", "a list", "half", "what nobody reads"],
)
def test_bad_bodies_are_problems_never_failures(stage: Stage, body: bytes) -> None:
    head = (
        b"POST /v1/links/accept HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer "
        + stage.north.environment["INTERDESK_KEY"].encode()
        + b"\r\ncontent-length: %d\r\n\r\n" % len(body)
    )
    answer = exchange(stage.port, head + body)
    assert answer.startswith(b"HTTP/1.1 422")
    assert b"IDK-1403" in answer


def test_an_end_says_what_stays_and_leaves_a_file(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "north-south.jsonl"
    told = stage.north.type("link", "end", "north-south", "--yes", "--reason", "sold", "--export", str(file))
    assert "take our account's rights there back" in told
    assert orjson.loads(file.read_bytes().splitlines()[0])["link"]["code"] == "north-south"
    stage.south.type("link", "activate", "north-south", code=5)
    assert "this link is ended" in stage.south.said[-1]
