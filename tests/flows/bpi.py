"""A real history, whole: the incident log of the BPI Challenge 2013, read from the file and imported once for all who ask."""

import csv
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.domain.importing.trouble import Trouble
from gateway.flows import importing, outcomes
from gateway.flows.apply import apply
from gateway.flows.commands import Order
from gateway.flows.context import Context
from gateway.flows.importing import Ears, Imported, Wanted
from gateway.flows.proposal import Terms
from gateway.installation import event_log
from gateway.installation.reading import read
from gateway.store.db import Database
from gateway.vault import new_entry, ring
from tests.documents import CHECKOUT
from tests.flows import installation

FOLDER = Path(os.environ.get("INTERDESK_TEST_BPI2013", CHECKOUT.parent / "shared" / "data" / "bpi2013"))
LOG, CHAINS = FOLDER / "bpi2013_incidents_events.csv", FOLDER / "chain_cases.csv"
MAPPING = CHECKOUT / "tests" / "data" / "bpi2013-mapping.yaml"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
ZERO = timedelta()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not LOG.exists(),
        reason="the BPI 2013 incident log is not here: INTERDESK_TEST_BPI2013 names its folder",
    ),
]


# -- the file, by itself ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Log:
    """The rows of each case as they stand in the file, by their `seq`."""

    cases: dict[str, list[dict[str, str]]]

    @cached_property
    def lines(self) -> list[str]:
        return sorted({row["org_line"] for told in self.cases.values() for row in told})

    def cases_where(self, word: str) -> int:
        return sum(any(word in row["sub_status"] for row in told) for told in self.cases.values())

    def steps(self) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
        for case, told in self.cases.items():
            yield from ((case, before, after) for before, after in pairwise(told))

    def passes(self) -> Counter[str]:
        """Hand-overs between organization lines, by case."""
        return Counter(case for case, one, two in self.steps() if one["org_line"] != two["org_line"])

    def path(self, case: str) -> list[str]:
        """The lines that worked on a case: who only closes what is over already did not have it."""
        rows_of_case = self.cases[case]
        worked = [
            row["org_line"]
            for before, row in pairwise([{"status": ""}, *rows_of_case])
            if (before["status"], row["status"]) != ("Completed", "Completed")
        ]
        return [line for before, line in pairwise(["", *worked]) if before != line]

    def reopenings(self) -> Counter[str]:
        return Counter(
            case
            for case, one, two in self.steps()
            if one["status"] == "Completed" and two["status"] != "Completed"
        )


@pytest.fixture(scope="session")
def bpi_log() -> Log:
    found: dict[str, list[dict[str, str]]] = {}
    with LOG.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["case_id"], []).append(row)
    for rows_of_case in found.values():
        rows_of_case.sort(key=lambda row: int(row["seq"]))
    return Log(found)


# -- the same, imported -------------------------------------------------------------------------------------------------------

USERS = "bpi2013-users"
STOPS = "{requester_info: automatic, requester_approval: automatic, third_party: automatic}"
TARGETS = """
      response: {critical: 30m, high: 1h, medium: 4h, low: 8h}
      resolution: {critical: 4h, high: 8h, medium: 30h, low: 50h}"""


def code(line: str) -> str:
    return line.lower().replace(" ", "-")


def contracts(lines: Sequence[str], pairs: Sequence[tuple[str, str]]) -> str:
    """Every line promises the users something in business hours, some promise each other something round the clock."""
    text = ["organizations:", f"  - {{code: {USERS}, name: Users, zone: Europe/Stockholm}}"]
    text += [f"  - {{code: {code(line)}, name: {line}, zone: Europe/Stockholm}}" for line in lines]
    text.append("calendars:")
    for line in lines:
        hours = ", ".join(f'{day}: ["08:00-18:00"]' for day in ("mon", "tue", "wed", "thu", "fri"))
        text.append(
            f"  - {{code: days, organization: {code(line)}, zone: Europe/Stockholm, weekly: {{{hours}}}}}"
        )
        text.append(f"  - {{code: always, organization: {code(line)}, always: true}}")
    text.append("agreements:")
    for line in lines:
        text.append(
            f"  - code: sla-{code(line)}\n    organization: {code(line)}\n    consumer: {USERS}\n    kind: sla"
        )
        text.append(
            f"    calendar: days\n    valid_from: '2010-01-01'\n    stops: {STOPS}\n    targets:{TARGETS}"
        )
    for consumer, provider in pairs:
        text.append(f"  - code: uc-{code(provider)}-{code(consumer)}\n    organization: {code(provider)}")
        text.append(f"    consumer: {code(consumer)}\n    kind: uc\n    calendar: always\n    stops: {STOPS}")
        text.append("    targets: {resolution: {critical: 2h, high: 6h, medium: 24h, low: 48h}}")
    return "\n".join(text)


@dataclass(frozen=True)
class World:
    context: Context
    imported: Imported
    troubles: list[Trouble]


@pytest.fixture(scope="session")
def bpi(bpi_log: Log, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("bpi")
    database = Database(f"sqlite:///{folder / 'interdesk.db'}")
    context = installation.context(database)
    between = Counter((one["org_line"], two["org_line"]) for _, one, two in bpi_log.steps())
    pairs = [pair for pair, _ in between.most_common() if pair[0] != pair[1]][:12]
    file = installation.write(folder, contracts(bpi_log.lines, pairs))
    apply(context, read(file), Terms(vault=ring(new_entry("k1"))), actor="maria", now=NOW)
    told: list[Trouble] = []
    wanted = Wanted(file=LOG, mapping=event_log.mapping_of(MAPPING))
    found = importing.run(context, wanted, Order(actor="maria", now=NOW), Ears(trouble=told.append))
    yield World(context, found, told)
    database.close()


@pytest.fixture(scope="session")
def bpi_counted(bpi: World) -> World:
    """The same, with what every clock and ticket came to."""
    outcomes.rebuild(bpi.context, now=NOW)
    return bpi
