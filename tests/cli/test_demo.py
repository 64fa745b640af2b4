"""The demo tells true stories: it ends, every ticket is at its end, and nothing private stands where it does not belong."""

import http.client
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.cli.demo import contracts, scenes
from gateway.cli.terminal import Code
from gateway.schemas import check

COMMAND = [sys.executable, "-c", "from gateway.cli import main; main()", "demo"]


@pytest.mark.timeout(240)
def test_a_day_ends_with_the_story_of_each_ticket_and_the_table() -> None:
    done = subprocess.run(
        [*COMMAND, "--tickets", "6"], capture_output=True, text=True, timeout=220, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 of 6 tickets came to their end" in done.stderr
    assert done.stdout.count("opened by the customer") == 6
    assert "Who held it how long" in done.stdout
    assert "What was promised, and kept" in done.stdout
    assert done.stdout.count("aurora-tills") >= 6
    assert "unfinished" not in done.stdout
    assert "Service level report: Aurora Stores" in done.stdout
    assert "6 tickets opened in the period, 6 ended, 6 counted" in " ".join(
        done.stdout.replace("│", " ").split()
    )


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path)])
    assert done.exit_code == Code.CONFIG
    assert "is there already" in done.stderr
    assert "does not exist yet" in done.stderr


def test_the_contracts_of_the_demo_can_be_applied() -> None:
    for kind, documents in (("calendar", contracts.calendars()), ("agreement", contracts.agreements())):
        for document in documents:
            check(f"{kind}.v1", document)


@pytest.mark.timeout(240)
def test_kept_running_it_shows_the_main_ticket_as_each_firm_sees_it() -> None:
    command = [*COMMAND, "--tickets", "1", "--keep"]
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert started.stderr is not None
    try:
        said = list(iter(started.stderr.readline, "all of it keeps running until you press Ctrl-C\n"))
        pages = {line[:14].strip(): line.split()[-1] for line in said if "/shared/fgw_link_" in line}
        assert {"Aurora Stores", "Till Systems"} <= pages.keys()
        shown = {name: page(address) for name, address in pages.items()}
        assert all("aurora-tills" in shown[name] for name in ("Aurora Stores", "Till Systems"))
        assert "Nord Service" not in shown["Aurora Stores"]
        [month] = [
            page(line.strip()) for line in said if line.startswith("http") and "/shared/fgw_link_" in line
        ]
        assert "Service level report: Aurora Stores" in month
        assert "Nord Service" not in month
    finally:
        started.send_signal(signal.SIGINT)
        assert started.wait(60) == 0
        started.stderr.close()


def page(address: str) -> str:
    """What stands at an address of this machine."""
    host, _, path = address.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=20)
    connection.request("GET", f"/{path}")
    answer = connection.getresponse()
    assert answer.status == 200
    told = answer.read().decode()
    connection.close()
    return told


def test_another_seed_tells_another_story_and_the_same_seed_the_same() -> None:
    first, again, other = (scenes.cast(seed, 6) for seed in (1, 1, 2))
    assert [(act.title, act.about) for act in first] == [(act.title, act.about) for act in again]
    assert [(act.title, act.about) for act in first] != [(act.title, act.about) for act in other]


def test_a_long_day_has_every_kind_of_scene() -> None:
    assert {act.about for act in scenes.cast(7, 12)} == {about for about, _ in scenes.SCENES}
    assert len({act.title for act in scenes.cast(7, 20)}) == 20
