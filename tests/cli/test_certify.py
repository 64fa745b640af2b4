"""`interdesk link certify` at a gateway at work: two situations, a stop, the rest of them, and a signature that tells of changes."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house
from tests.api.working import Working
from tests.cli.conftest import Run


@pytest.fixture
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """Two desks, a link between them, a worker, and a file of Anna's own credentials for each desk."""
    with ExitStack() as stack:
        urls = {}
        for code in ("north", "south"):
            desk = LoopbackDesk(PLAIN, clock=utc_now, token=house.SECRETS[f"{code.upper()}_TOKEN"])
            desk.people_by_token["annas-own-token"] = "anna"
            urls[code] = stack.enter_context(LoopbackServer(desk)).url
        said = house.CONFIGURATION.replace("poll_every: 1h", "poll_every: 1s, account: interdesk").replace(
            ", account", "\n    account"
        )
        gateway = stack.enter_context(house.installed(tmp_path, said=said, **urls))
        stack.enter_context(Working(gateway))
        monkeypatch.setenv("ANNA", "annas-own-token")
        (tmp_path / "anna.yaml").write_text("{kind: header, secret: {env: ANNA}}")
        yield gateway


@pytest.fixture
def folder(working: Gateway, tmp_path: Path) -> Path:
    return tmp_path


def test_a_link_is_certified_in_two_sittings(folder: Path, run: Run) -> None:
    file, anna = folder / "protocol.json", folder / "anna.yaml"
    hands = ("--hand", f"upstream={anna}", "--hand", f"downstream={anna}", "--out", str(file), "--yes")
    first = run("link", "certify", "north-south", *hands, "--only", "words down", "--patience", "20s")
    assert "✔ words down" in first.stdout, first.output
    assert first.exit_code == 1, "not all was played"
    again = run("link", "certify", "north-south", *hands, "--only", "refuse", "--patience", "20s")
    assert "✔ refuse" in again.stdout, again.output
    document = orjson.loads(file.read_bytes())
    assert [(one["name"], one["verdict"], one["left"]) for one in document["situations"]] == [
        ("words down", "passed", []),
        ("refuse", "passed", []),
    ]
    assert "annas-own-token" not in file.read_text()

    told = run("link", "certify", "--verify", str(file))
    assert (told.exit_code, "signed by this gateway" in told.output) == (0, True)
    file.write_text(file.read_text().replace('"passed"', '"failed"'))
    assert run("link", "certify", "--verify", str(file)).exit_code == 1
    assert run("link", "certify", "north-south", *hands).exit_code == 3, (
        "goes on with nothing that was changed"
    )


def test_an_organization_certifies_with_its_key_and_no_more(
    working: Gateway, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, anna = tmp_path / "far.json", tmp_path / "anna.yaml"
    key = orjson.loads(run("keys", "create", "ann", "--organization", "south", "--json").stdout)["key"]
    upstream, downstream = ("--hand", f"upstream={anna}"), ("--hand", f"downstream={anna}")
    with house.Doors(working) as doors:
        far = ("--url", f"http://127.0.0.1:{doors.port}", "--out", str(file), "--yes")
        monkeypatch.setenv("INTERDESK_KEY", key)

        alone = run("link", "certify", "north-south", *far, *downstream, "--only", "refuse")
        assert (alone.exit_code, "nobody acts at north" in alone.output) == (5, True), alone.output
        odd = tmp_path / "odd.yaml"
        odd.write_text("{kind: knock, secret: {env: ANNA}}")
        ran = run("link", "certify", "north-south", *far, *upstream, "--hand", f"downstream={odd}")
        assert (ran.exit_code, "fit none of" in ran.output) == (3, True), ran.output
        for name in ("words down", "refuse"):
            ran = run("link", "certify", "north-south", *far, *upstream, *downstream, "--only", name)
            assert (ran.exit_code, f"✔ {name}" in ran.stdout) == (1, True), ran.output
        document = orjson.loads(file.read_bytes())
        assert [(one["name"], one["verdict"], one["left"]) for one in document["situations"]] == [
            ("words down", "passed", []),
            ("refuse", "passed", []),
        ]
        assert document["by"].startswith("ann")
        assert "annas-own-token" not in file.read_text()
        file.write_text(file.read_text().replace('"passed"', '"failed"'))
        again = run("link", "certify", "north-south", *far, *upstream, *downstream, "--again")
        assert (again.exit_code, "no protocol of ours" in again.output) == (3, True), again.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("north-south", "--only", "juggling"), "there is no situation juggling"),
        (("north-south", "--hand", "sideways=x", "--yes"), "--hand 'sideways=x' is none"),
        (("north-south", "--patience", "soon", "--yes"), "--patience 'soon' is no length of time"),
        ((), "which link is to be certified?"),
        (("--verify", "nothing.json"), "cannot be read as a protocol"),
    ],
)
def test_what_is_mistaken_is_said(gateway: object, run: Run, words: tuple[str, ...], told: str) -> None:
    ran = run("link", "certify", *words)
    assert (ran.exit_code, told in ran.output) == (3, True), ran.output
