"""The rules of conftest.py hold: loopback only, no names, no settings from outside, no hidden skips."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import APART, FIRST, TOGETHER, group_of, place_of

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "169.254.169.254"])
def test_no_connection_leaves_this_machine(host: str) -> None:
    with socket.socket() as there, pytest.raises(RuntimeError, match="loopback only"):
        there.connect((host, 80))


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as there:
        there.connect(server.getsockname())


def test_no_name_resolves_but_localhost() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("desk.example", 443)
    assert socket.getaddrinfo("localhost", 80)
    assert socket.getaddrinfo("127.0.0.1", 80)


def test_settings_from_outside_do_not_reach_the_tests() -> None:
    assert [name for name in os.environ if name.startswith("INTERDESK_") and "TEST" not in name] in (
        [],
        ["INTERDESK_DESK_CACHE"],
    )


SKIPPING = """
import pytest


@pytest.mark.desks
def test_a_desk():
    pytest.skip("no desk here")

def test_something_else():
    pytest.skip("another reason")
"""


@pytest.mark.parametrize(
    ("required", "outcome"), [("", "2 skipped"), ("1", "1 failed, 1 skipped")], ids=["optional", "required"]
)
def test_a_desk_test_may_not_skip_where_desks_are_required(
    tmp_path: Path, required: str, outcome: str
) -> None:
    (tmp_path / "test_desk.py").write_text(SKIPPING)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.conftest",
        "-c",
        str(CHECKOUT / "pyproject.toml"),
    ]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path / "test_desk.py")],
        env={**os.environ, "INTERDESK_TEST_REQUIRE_DESKS": required},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1].startswith(outcome), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/desks/test_chain_week.py::test_a", "week"),
        ("tests/desks/test_chain_faults.py::test_a", "chain"),
        ("tests/desks/test_roundup.py::test_a", "desks"),
        ("tests/domain/test_acts.py::test_a[x::y]", "tests/domain/test_acts.py"),
        ("tests/sim/test_slice.py::test_a[1]", "tests/sim/test_slice.py::test_a[1]"),
    ],
)
def test_what_shares_something_dear_stays_together(nodeid: str, group: str) -> None:
    assert group_of(nodeid) == group


def test_every_group_names_tests_that_are_there() -> None:
    files = [path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "tests").rglob("test_*.py")]
    named = (*TOGETHER, *APART, *(place for place in FIRST if "/" in place))
    assert [path for path in named if not any(file.startswith(path) for file in files)] == []
    assert {place for place in FIRST if "/" not in place} == set(TOGETHER.values())


def test_what_takes_long_begins_first() -> None:
    nodes = [
        "tests/api/test_work.py::test_a",
        "tests/failpoints/test_kill.py::test_a[x]",
        "tests/desks/test_chain.py::test_a",
        "tests/desks/test_roundup.py::test_a",
    ]
    assert sorted(nodes, key=place_of) == nodes[::-1]


SHARED = """
import pytest


@pytest.fixture(scope="module")
def dear(tmp_path_factory, worker_id):
    print("made once")

@pytest.mark.parametrize("number", range(8))
def test_shares(dear, number):
    assert number >= 0
"""


def test_a_group_runs_on_one_worker(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "desks"
    folder.mkdir(parents=True)
    (folder / "test_chain_week.py").write_text(SHARED, encoding="utf-8")
    (tmp_path / "conftest.py").write_text(
        "from tests.conftest import pytest_xdist_make_scheduler\n", encoding="utf-8"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-n",
            "2",
            "--dist",
            "loadgroup",
            "-rP",
            "-v",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "8 passed" in done.stdout, done.stdout + done.stderr
    assert done.stdout.count("made once") == 1
