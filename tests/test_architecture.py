"""Executes who may import whom and the house rules, and proves on small sources that each rule can fail."""

import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from tests import architecture
from tests.architecture import Rule, Source

CHECKOUT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def connector_names() -> list[str]:
    """Every connector that is declared, and every folder that looks like one."""
    declared = PROJECT["project"]["entry-points"]["interdesk.connectors"]
    folders = (path.parent.name for path in (CHECKOUT / "connectors").glob("*/__init__.py"))
    return sorted({*declared, *folders})


RULES: dict[str, Rule] = {
    "docstring": architecture.docstring,
    "length": architecture.length,
    "class names": architecture.class_names,
    "swallowed exceptions": architecture.swallowed_exceptions,
    "time and chance": architecture.time_and_chance,
    "domain imports": architecture.domain_imports,
    "connector imports": architecture.connector_imports,
    "naming connectors": architecture.naming_connectors(connector_names()),
}


@cache
def product_sources() -> tuple[Source, ...]:
    """Every file of the product; each is parsed once, whatever number of rules reads it."""
    paths = [
        path
        for package in PROJECT["tool"]["importlinter"]["root_packages"]
        for path in sorted((CHECKOUT / package).rglob("*.py"))
    ]
    return tuple(
        Source(path=PurePosixPath(path.relative_to(CHECKOUT).as_posix()), text=path.read_text())
        for path in paths
    )


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    broken = [violation for source in product_sources() for violation in rule(source)]
    assert not broken, "\n" + "\n".join(broken)


def violations(rule: str, path: str, text: str) -> list[str]:
    return list(RULES[rule](Source(path=PurePosixPath(path), text=text)))


FLOW = "gateway/flows/intake.py"
DOMAIN = "gateway/domain/status.py"
LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 40
LONG_METHOD = "class A:\n    async def f(self):\n" + "        x = 1\n" * 40

BROKEN = {
    "an empty module": ("docstring", FLOW, ""),
    "a module with code only": ("docstring", FLOW, "x = 1\n"),
    "a function of 41 lines": ("length", FLOW, LONG_FUNCTION),
    "a method of 41 lines": ("length", FLOW, LONG_METHOD),
    "a file of 401 lines": ("length", FLOW, "x = 1\n" * 401),
    "a manager": ("class names", FLOW, "class TicketManager: ..."),
    "a base class": ("class names", FLOW, "class BaseDesk: ..."),
    "info between other words": ("class names", FLOW, "class DeskInfoRow: ..."),
    "data behind an abbreviation": ("class names", FLOW, "class HTTPData: ..."),
    "except with pass": ("swallowed exceptions", FLOW, "try:\n    f()\nexcept ValueError:\n    pass\n"),
    "except with an ellipsis": ("swallowed exceptions", FLOW, "try:\n    f()\nexcept* OSError:\n    ...\n"),
    "now of the class": ("time and chance", FLOW, "from datetime import datetime\ndatetime.now()"),
    "now of the module": ("time and chance", FLOW, "import datetime as dt\ndt.datetime.now(dt.UTC)"),
    "now as a default": (
        "time and chance",
        FLOW,
        "from datetime import datetime as d\nfield(default_factory=d.now)",
    ),
    "today": ("time and chance", DOMAIN, "from datetime import date\ndate.today()"),
    "seconds since the epoch": ("time and chance", "connectors/x/__init__.py", "import time\ntime.time()"),
    "the same under another name": ("time and chance", FLOW, "from time import time as clock\nclock()"),
    "a pause": ("time and chance", FLOW, "import asyncio\nasync def f():\n    await asyncio.sleep(1)"),
    "a die": ("time and chance", FLOW, "import random\nrandom.random()"),
    "a die by name": ("time and chance", FLOW, "from random import choice\nchoice([1])"),
    "an id": ("time and chance", FLOW, "from uuid import uuid4\nuuid4()"),
    "an id with a clock in it": ("time and chance", FLOW, "import uuid_utils\nuuid_utils.uuid7()"),
    "a framework in the domain": ("domain imports", DOMAIN, "import pydantic"),
    "the store in the domain": ("domain imports", DOMAIN, "from gateway.store import tickets"),
    "a folder above in the domain": ("domain imports", DOMAIN, "from gateway import store"),
    "a disk in the domain": ("domain imports", DOMAIN, "from pathlib import Path"),
    "a network in the domain": ("domain imports", "gateway/domain/model/wire.py", "import urllib.request"),
    "a relative import in the domain": ("domain imports", DOMAIN, "from ..store import tickets"),
    "a flow in a connector": (
        "connector imports",
        "connectors/x/__init__.py",
        "from gateway.flows import deliver",
    ),
    "a rule in a connector": ("connector imports", "connectors/x/tables.py", "import gateway.domain.status"),
    "the whole gateway in a connector": ("connector imports", "connectors/x/__init__.py", "import gateway"),
    "a case for one connector": ("naming connectors", FLOW, "if desk.connector == 'redmine': ..."),
    "a loader by path": ("naming connectors", "gateway/registry.py", "load('connectors.roundup')"),
    "a function for one connector": ("naming connectors", FLOW, "def fix_redmine_notes(): ..."),
    "a class for one connector": ("naming connectors", FLOW, "class RequestTrackerQuirk: ..."),
}

KEPT = {
    "a module that says what it is": ("docstring", FLOW, '"""Intake."""\n'),
    "a function of 40 lines": ("length", FLOW, LONG_FUNCTION.removesuffix("    x = 1\n")),
    "a file of 400 lines": ("length", FLOW, "x = 1\n" * 400),
    "words that only contain such a word": (
        "class names",
        FLOW,
        "class Database: ...\nclass Metadata: ...\nclass Informer: ...",
    ),
    "an exception that is answered": (
        "swallowed exceptions",
        FLOW,
        "try:\n    f()\nexcept ValueError:\n    x = None\n",
    ),
    "a parameter called now": ("time and chance", FLOW, "def f(now, clock):\n    return clock.now() - now"),
    "a clock where things are wired": (
        "time and chance",
        "gateway/cli/demo.py",
        "import time\ntime.sleep(1)",
    ),
    "the worker's clock": (
        "time and chance",
        "gateway/flows/worker.py",
        "from datetime import datetime\ndatetime.now()",
    ),
    "an id that is read": ("time and chance", FLOW, "from uuid import UUID\nUUID(text)"),
    "the domain's own parts": (
        "domain imports",
        DOMAIN,
        "from gateway.domain.model import Hop\nimport re, zoneinfo",
    ),
    "an address taken apart": ("domain imports", DOMAIN, "from urllib.parse import urlsplit"),
    "a store that imports SQL": ("domain imports", "gateway/store/db.py", "import sqlmodel"),
    "the port in a connector": (
        "connector imports",
        "connectors/x/__init__.py",
        "from gateway.connector import Request\nfrom gateway.domain.model import Desk\nimport json",
    ),
    "a loopback address": ("naming connectors", FLOW, "refuse(address.is_loopback, 'a loopback address')"),
    "what ships for tests": ("naming connectors", "gateway/testing/desk.py", "NAME = 'loopback'"),
}


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN.values(), ids=BROKEN.keys())
def test_a_rule_sees_what_breaks_it(rule: str, path: str, text: str) -> None:
    assert violations(rule, path, text)


@pytest.mark.parametrize(("rule", "path", "text"), KEPT.values(), ids=KEPT.keys())
def test_a_rule_lets_pass_what_keeps_it(rule: str, path: str, text: str) -> None:
    assert not violations(rule, path, text)


def test_import_contracts_hold() -> None:
    checked = subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_part_of_the_gateway_has_its_layer() -> None:
    layers = next(
        contract for contract in PROJECT["tool"]["importlinter"]["contracts"] if contract["id"] == "layers"
    )
    placed = {name for layer in layers["layers"] for name in re.findall(r"gateway\.(\w+)", layer)}
    parts = {
        path.stem
        for path in (CHECKOUT / "gateway").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert sorted(parts - placed - {"__init__"}) == []


# One violation per contract, each the one line of a module in a tree that is otherwise empty.
CONTRACT_BREAKERS = {
    "gateway/domain/status.py": "import gateway.flows",
    "gateway/store/tickets.py": "import gateway.desk_client",
    "gateway/desk_client/trip.py": "",
    "gateway/registry.py": "import connectors.redmine",
    "gateway/flows/intake.py": "import sqlmodel",
    "gateway/flows/deliver.py": "import httpx",
    "gateway/flows/poll.py": "import fastapi",
    "gateway/flows/linking.py": "import authlib.oauth2",
    "gateway/flows/postman.py": "import aiosmtplib",
    "gateway/flows/reporting.py": "import xlsxwriter",
    "gateway/flows/sweep.py": "import jsonschema",
    "gateway/flows/mappings.py": "import re2",
    "gateway/errors.py": "",
    "connectors/redmine/__init__.py": "import connectors.roundup",
    "connectors/roundup/__init__.py": "",
}


def test_each_import_contract_can_break(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    for name, line in CONTRACT_BREAKERS.items():
        module = tmp_path / name
        module.parent.mkdir(parents=True, exist_ok=True)
        for package in module.relative_to(tmp_path).parents[:-1]:
            (tmp_path / package / "__init__.py").touch()
        module.write_text(line + "\n")
    checked = subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    assert f"Contracts: 0 kept, {len(contracts)} broken" in checked.stdout, checked.stdout + checked.stderr
