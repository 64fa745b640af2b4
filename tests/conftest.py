"""Fixtures and rules that every test shares: PostgreSQL on request, loopback only, a clean environment, no hidden skips."""

import gc
import importlib
import ipaddress
import itertools
import os
import socket
import sys
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests import witness
from tests.postgres import PostgresServer, running_server

TEST_SETTINGS = "INTERDESK_TEST_"
KEPT_SETTINGS = (TEST_SETTINGS, "INTERDESK_DESK_CACHE")
REQUIRE_DESKS = TEST_SETTINGS + "REQUIRE_DESKS"
_NUMBERS = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--canaries`: see tests/canaries.py."""
    parser.addoption(
        "--canaries", action="store_true", help="look for every secret in logs and databases; one process"
    )


def pytest_configure(config: pytest.Config) -> None:
    """A developer's own settings change no result; nothing here speaks to the outside."""
    if config.getoption("--canaries"):  # loaded only then, for it takes the product with it
        config.pluginmanager.register(importlib.import_module("tests.canaries").Canaries())
    for name in [name for name in os.environ if name.startswith("INTERDESK_")]:
        if not name.startswith(KEPT_SETTINGS):
            del os.environ[name]
    sys.addaudithook(refuse_the_outside)


def refuse_the_outside(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: a connection beyond loopback raises, and every name but localhost does not exist."""
    if event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        raise socket.gaierror(socket.EAI_NONAME, f"tests resolve no names: {arguments[0]!r}")
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not _is_here(address[0]):
            raise RuntimeError(f"tests connect to loopback only, not to {address!r}")


def _is_here(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else host
    if text is None or text in {"", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


TOGETHER = {
    "tests/cluster/test_cluster.py": "cluster",
    "tests/desks/test_chain_week.py": "week",
    "tests/desks/test_reconcile.py": "week",
    "tests/desks/test_chain": "chain",
    "tests/desks/": "desks",
    "tests/flows/test_import_bpi.py": "history",
    "tests/flows/test_report_bpi.py": "history",
    "tests/test_architecture.py": "architecture",
}
"""Tests that share something dear stay on one worker, and begin first: beginning of the path → group, the first that fits.
Of the others each file is a group of its own: what it sets up once is set up on one worker."""
APART = ("tests/failpoints/test_kill.py", "tests/sim/test_slice.py")
"""Files whose tests take long and share nothing: each test goes where there is room."""
FIRST = (
    *("desks", "chain", "week", "history", "tests/failpoints/", "cluster", "architecture"),
    *("tests/cli/test_sixth_vendor.py", "tests/sim/test_slice.py", "tests/federation/test_kill.py"),
    *("tests/deploy/test_processes.py", "tests/cli/test_demo.py", "tests/test_app.py"),
    *("tests/web/test_browser.py", "tests/web/test_report_browser.py", "tests/store/test_migrations.py"),
    *("tests/flows/test_outcomes.py", "tests/connectors/test_contract.py"),
)
"""Beginnings of groups: what takes long begins first, so that no worker is left with it at the end. The first three wait for
real desks, each on a worker and with desks of its own; meanwhile the other two compute."""


def group_of(nodeid: str) -> str:
    """The group of a test: by path, else its file, else the test alone."""
    named = next((group for path, group in TOGETHER.items() if nodeid.startswith(path)), None)
    return named or (nodeid if nodeid.startswith(APART) else nodeid.partition("::")[0])


def place_of(nodeid: str) -> int:
    """When a test has its turn: the lower, the earlier."""
    group = group_of(nodeid)
    return next((place for place, name in enumerate(FIRST) if group.startswith(name)), len(FIRST))


class Together(LoadScopeScheduling):  # type: ignore[misc] # xdist tells no types
    """Groups by path. The mark `xdist_group` does nothing here: xdist 3.8 writes it where pytest 9.2 no longer looks."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = (
            False  # by number of tests, which says nothing about how long they take
        )

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together | None:
    """Under `--dist loadgroup`."""
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first; what needs PostgreSQL is marked so."""
    items.sort(key=lambda item: place_of(item.nodeid))
    for item in items:
        if {"postgres_server", "postgres_url", "fresh_postgres", "migrated_postgres"} & set(
            getattr(item, "fixturenames", ())
        ):
            item.add_marker(pytest.mark.pg)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """The modules and ten thousand tests stay until the end: looking through them again and again for what could go took a
    twentieth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What fails over real processes tells what its gateways know. Where the desks were installed on purpose, a desk test
    that skips has failed."""
    report = yield
    if report.failed:
        report.sections += [
            (f"a gateway's own words ({report.when})", words) for words in [witness.told()] if words
        ]
    if report.skipped and item.get_closest_marker("desks") and os.environ.get(REQUIRE_DESKS):
        report.outcome = "failed"
        report.longrepr = f"skipped although {REQUIRE_DESKS} is set: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server per test process, started by the first test that asks; about half a second."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """The address of the server's maintenance database. A test that writes takes `fresh_postgres`."""
    return postgres_server.url()


@pytest.fixture
def fresh_postgres(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database of the test's own."""
    with postgres_server.database(f"test_{next(_NUMBERS)}") as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """A migrated database to copy."""
    # Loaded only here, for small test runs obey these rules too, and what migrates takes a second to load.
    migrated = importlib.import_module("tests.migrated")
    with postgres_server.database("migrated") as url:
        migrated.make_template_at(url)
        yield "migrated"


@pytest.fixture
def migrated_postgres(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """The URL of a database of the test's own, with the schema of this version: for `migrated.bring_up`."""
    with postgres_server.database(f"test_{next(_NUMBERS)}", template=postgres_template) as url:
        yield url
