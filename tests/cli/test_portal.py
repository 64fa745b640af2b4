"""`interdesk portal`: what a party said on the phone is done for it, once, under its name."""

from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.store import portal_browsers
from gateway.store.portal_browsers import Browser
from tests.api import portal
from tests.cli.conftest import Run


@pytest.fixture
def job(gateway: Gateway, tmp_path: Path) -> str:
    portal.furnish(gateway, tmp_path)
    return portal.job(gateway)


def test_a_job_is_listed_and_done(run: Run, job: str) -> None:
    listed = orjson.loads(run("portal", "list", "--json").stdout)
    assert (listed["id"], listed["number"], listed["party"], listed["state"]) == (
        job,
        "P-1",
        "quick",
        "offered",
    )
    assert "accept" in listed["possible"]

    said = run("portal", "act", "P-1", "accept", "--by", "Mauro Rossi", "--key", "call-7")
    assert (said.exit_code, "done: P-1 is accepted" in said.stderr) == (0, True)
    again = run("portal", "act", "P-1", "accept", "--by", "Mauro Rossi", "--key", "call-7")
    assert (again.exit_code, "nothing is new: P-1 is accepted" in again.stderr) == (0, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("P-1", "decline"), 3, "IDK-1403"),
        (("P-9", "accept"), 2, "there is no job P-9"),
        (("P-1", "file"), 5, "IDK-1301"),
    ],
)
def test_a_mistake_is_told(run: Run, job: str, words: tuple[str, ...], code: int, said: str) -> None:
    answer = run("portal", "act", *words, "--by", "Mauro")
    assert (answer.exit_code, said in answer.stderr) == (code, True)


def test_a_state_that_does_not_allow_it_is_told(run: Run, job: str) -> None:
    run("portal", "act", job, "decline", "--by", "Mauro", "--text", "no van")
    answer = run("portal", "act", job, "accept", "--by", "Mauro")
    assert (answer.exit_code, "it is declined" in answer.stderr) == (5, True)


def test_browsers_that_act_are_listed_and_forgotten(gateway: Gateway, run: Run) -> None:
    assert "nobody has acted by a link yet" in run("portal", "browsers").stderr
    with gateway.database.read() as db:
        desk = next(iter(gateway.context.directory(db).desks.values()))
    now = utc_now()
    made = Browser(
        id="pbr_1", org_id=desk.org_id, desk_id=desk.id, contact="mauro", sha256="x", agent="Firefox",
        created_at=now, seen_at=now,
    )  # fmt: skip
    with gateway.database.write() as db:
        portal_browsers.put(db, made)
    listed = run("portal", "browsers").stdout
    assert desk.code in listed
    assert "mauro" in listed
    assert run("portal", "forget", "pbr_1").stderr == "mauro is asked for digits there again\n"
    assert "IDK-1401" in run("portal", "forget", "pbr_1").stderr
