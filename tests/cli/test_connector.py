"""The kit for authors of connectors: what it begins passes, what is broken or claims too much is told, and what a live desk
says is captured without secrets and people."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.cli import connector as commands
from gateway.testing.fault_desk import FaultDesk
from gateway.testing.kit.judge import judge, loaded
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house
from tests.cli.conftest import Run

TOKEN = house.SECRETS["NORTH_TOKEN"]


@pytest.fixture
def begun(run: Run, tmp_path: Path) -> Path:
    said = run("connector", "new", "borealis_desk", "--in", str(tmp_path))
    assert said.exit_code == 0, said.stderr
    return tmp_path / "borealis_desk"


def test_what_is_begun_passes_and_is_told_what_the_next_level_lacks(run: Run, begun: Path) -> None:
    said = run("connector", "check", str(begun))
    assert said.exit_code == 0
    assert "borealis_desk reaches level draft; its manifest claims draft" in said.stderr
    assert "13 more come from a desk that does not exist" in said.stdout
    told = "".join(path.read_text() for path in begun.rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert "Acme" not in told
    assert "acme" not in told
    assert loaded(begun).manifest.quality == "draft"


@pytest.mark.parametrize("name", ["Bad-Name", "json", "class", "x", "../up", "a" * 50])
def test_a_name_that_is_none_is_refused(run: Run, tmp_path: Path, name: str) -> None:
    said = run("connector", "new", name, "--in", str(tmp_path))
    assert (said.exit_code, "is no name for a connector" in said.stderr) == (3, True)
    assert list(tmp_path.glob("*")) == []


def test_what_is_there_is_not_overwritten(run: Run, begun: Path) -> None:
    said = run("connector", "new", "borealis_desk", "--in", str(begun.parent))
    assert (said.exit_code, "is there already" in said.stderr) == (5, True)


def test_what_breaks_the_contract_is_told_with_its_place(run: Run, begun: Path) -> None:
    code = begun / "__init__.py"
    code.write_text(code.read_text().replace("import hmac\n", "import hmac\nimport httpx\n"))
    fixture = begun / "fixtures/out/create.json"
    document = json.loads(fixture.read_text())
    document["exchange"][0]["request"]["path"] = "somewhere/else"
    fixture.write_text(json.dumps(document))

    said = run("connector", "check", str(begun))
    assert said.exit_code == 1
    assert "httpx is not for connectors" in said.stdout
    assert "says_what_is_recorded-create" in said.stdout
    assert "breaks the contract" in said.stderr


def test_a_level_that_is_not_earned_is_a_finding(run: Run, begun: Path) -> None:
    manifest = begun / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"quality": "draft"', '"quality": "proven"'))
    said = run("connector", "check", str(begun), "--json")
    found = orjson.loads(said.stdout)
    assert (said.exit_code, found["claimed"], found["reached"]) == (1, "proven", "draft")
    assert found["problems"] == []


def test_fixtures_of_a_real_desk_make_it_supported(run: Run, begun: Path) -> None:
    for path in begun.rglob("fixtures/*/*.json"):
        path.write_text(
            path.read_text().replace(
                '"source": "https://borealis-desk.example', '"source": "https://borealis.test'
            )
        )
    said = run("connector", "check", str(begun))
    assert "borealis_desk reaches level supported; its manifest claims draft" in said.stderr
    assert "proven: level proven needs `proof`" in said.stdout


def test_a_draft_lacks_what_supported_asks_for(begun: Path) -> None:
    for path in (begun / "fixtures/out").glob("find_create*"):
        path.unlink()
    found = judge(begun)
    assert found.reached == "draft"
    assert "supported: no fixtures/out with a find that finds nothing" in found.lacks


def test_a_folder_that_is_none_is_told(run: Run, tmp_path: Path) -> None:
    said = run("connector", "check", str(tmp_path))
    assert (said.exit_code, "is no folder of a connector" in said.stderr) == (3, True)


# -- capture ------------------------------------------------------------------------------------------------------------------

LETTER = "Please call Anna Petrova at +39 02 1234 5678 or anna.petrova@stores.test about the safe"


@pytest.fixture
def desk() -> LoopbackDesk:
    return LoopbackDesk(PLAIN, clock=utc_now, token=TOKEN, hook_secret=house.HOOK_SECRET.encode())


@pytest.fixture
def live(desk: LoopbackDesk) -> Iterator[LoopbackServer]:
    with LoopbackServer(desk) as server:
        yield server


@pytest.fixture
def gateway(tmp_path: Path, live: LoopbackServer) -> Iterator[Gateway]:
    with house.installed(tmp_path, north=live.url) as opened:
        yield opened


def test_a_live_desk_is_captured_without_secrets_and_people(
    run: Run, gateway: Gateway, live: LoopbackServer, desk: LoopbackDesk, tmp_path: Path
) -> None:
    anna = desk.person("anna.petrova")
    number = anna.open("The till is dead again today", LETTER, queue="Field")
    anna.comment(number, LETTER)
    folder = tmp_path / "out"

    for words, name in ((("fetch", number), "fetch"), (("check",), "check"), (("changed",), "changed")):
        said = run("connector", "capture", *words, "--desk", "north", "--out", str(folder / f"{name}.json"))
        assert said.exit_code == 0, said.stderr

    written = "".join(path.read_text() for path in folder.glob("*.json"))
    for secret in ("Petrova", "anna", "1234 5678", "the safe", TOKEN, "127.0.0.1", str(live.port)):
        assert secret not in written, secret
    fetched = json.loads((folder / "fetch.json").read_text())
    assert fetched["expect"]["fields"]["status"] == "new"
    assert fetched["source"].startswith("captured from Loopback desk")


def test_a_capture_of_what_is_not_there_is_told(
    run: Run, gateway: Gateway, live: LoopbackServer, tmp_path: Path
) -> None:
    out = ("--out", str(tmp_path / "x.json"))
    assert run("connector", "capture", "push", "1", "--desk", "north", *out).exit_code == 5
    assert run("connector", "capture", "fetch", "--desk", "north", *out).exit_code == 3
    assert run("connector", "capture", "check", "--desk", "nort", *out).exit_code == 2
    assert not (tmp_path / "x.json").exists()


# -- the fault desk -----------------------------------------------------------------------------------------------------------


def test_a_fault_desk_fails_as_it_is_told_and_says_what_it_was_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scene() -> bytes:
        ended = asyncio.Event()
        async with FaultDesk() as desk:
            serving = asyncio.create_task(commands.serve_badly(desk, ["status_429"], ended))
            await asyncio.sleep(0)  # it plans its faults
            reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
            writer.write(b"POST /tickets HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
            answer = await reader.readuntil(b"\r\n\r\n")
            writer.close()
            ended.set()
            await serving
        return answer

    answer = asyncio.run(scene())
    assert answer.startswith(b"HTTP/1.1 429")
    assert b"retry-after: 30" in answer
    lines = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1] == {"requests": 1, "applied": 0}


def test_a_fault_nobody_knows_is_told(run: Run) -> None:
    said = run("connector", "fault-desk", "--fault", "melts")
    assert (said.exit_code, "there is no fault 'melts'" in said.stderr) == (3, True)


def test_every_fault_can_be_made() -> None:
    assert {make().name for make in commands.FAULTS.values()}
