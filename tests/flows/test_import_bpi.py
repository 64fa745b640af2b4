"""A real history, whole: the incident log of the BPI Challenge 2013. What is counted here is counted a second time from the file
itself, by code that knows nothing of ours; and every minute of every ticket is somebody's. Skipped, aloud, without the log."""

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
from sqlalchemy import func, select

from gateway.domain.importing.trouble import Trouble
from gateway.domain.model import Event
from gateway.domain.sla.ledger import held, ledger
from gateway.flows import importing, outcomes, recount, sla
from gateway.flows.apply import apply
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.importing import Ears, Imported, Wanted
from gateway.flows.proposal import Terms
from gateway.installation import event_log
from gateway.installation.reading import read
from gateway.store import history, imports, rows
from gateway.store import outcomes as outcome_store
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


@pytest.fixture(scope="module")
def log() -> Log:
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


@pytest.fixture(scope="module")
def world(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("bpi")
    database = Database(f"sqlite:///{folder / 'interdesk.db'}")
    context = installation.context(database)
    between = Counter((one["org_line"], two["org_line"]) for _, one, two in log.steps())
    pairs = [pair for pair, _ in between.most_common() if pair[0] != pair[1]][:12]
    file = installation.write(folder, contracts(log.lines, pairs))
    apply(context, read(file), Terms(vault=ring(new_entry("k1"))), actor="maria", now=NOW)
    told: list[Trouble] = []
    wanted = Wanted(file=LOG, mapping=event_log.mapping_of(MAPPING))
    found = importing.run(context, wanted, Order(actor="maria", now=NOW), Ears(trouble=told.append))
    yield World(context, found, told)
    database.close()


def test_all_of_it_is_there(world: World, log: Log) -> None:
    tally = world.imported.tally
    assert (tally.rows, tally.cases, tally.taken_rows) == (65_533, 7_554, 65_533)
    assert (tally.rows, tally.cases) == (sum(map(len, log.cases.values())), len(log.cases))
    assert (world.troubles, world.imported.is_whole) == ([], True)
    with world.context.database.read() as db:
        for table, count in (
            (rows.ticket, tally.cases),
            (rows.hop, tally.assignments),
            (rows.event, tally.events),
        ):
            assert db.execute(select(func.count()).select_from(table)).scalar() == count
        assert {desk.native for desk in imports.desks(db, OPERATOR, source="bpi2013")} == {
            row["support_team"] for told in log.cases.values() for row in told
        }


def test_what_is_counted_agrees_with_the_file(world: World, log: Log) -> None:
    tally, passes, reopened = world.imported.tally, log.passes(), log.reopenings()
    assert (tally.hand_overs, tally.crossing_cases) == (passes.total(), len(passes)) == (4_350, 2_034)
    assert tally.waiting_cases == log.cases_where("Wait") == 3_365
    assert (tally.reopenings, tally.reopened_cases) == (reopened.total(), len(reopened)) == (580, 514)


def events(world: World, ids: Sequence[str]) -> Iterator[tuple[str, list[Event]]]:
    for start in range(0, len(ids), 500):
        with world.context.database.read() as db:
            yield from history.events_of(db, OPERATOR, ids[start : start + 500]).items()


def tickets(world: World) -> dict[str, str]:
    """Ticket → its case."""
    with world.context.database.read() as db:
        query = select(imports.CASE.c.ticket_id, imports.CASE.c.case_key)
        return {row[0]: row[1] for row in db.execute(query)}


def test_what_stands_in_the_store_says_the_same(world: World, log: Log) -> None:
    vendor, waits, reopened = set(), set(), Counter[str]()
    for ticket, told in events(world, sorted(tickets(world))):
        vendor |= {ticket for event in told if event.data.get("reason") == "third_party"}
        waits |= {ticket for event in told if event.data.get("to") == "held"}
        tops = {event.hop_id for event in told if event.type == "ticket.opened"}
        reopened[ticket] += sum(event.type == "ticket.reopened" and event.hop_id in tops for event in told)
    assert len(vendor) == log.cases_where("Wait - Vendor") == 249
    assert len(waits) == 3_365
    assert (reopened.total(), sum(map(bool, reopened.values()))) == (580, 514)


# -- whose every minute was ---------------------------------------------------------------------------------------------------


def _elapsed(told: sla.Reading) -> timedelta:
    """From the opening to the last close, less what lay between a close and a reopening, or to now."""
    spans = [span for span in ledger(told.folded.spans) if span.entries]
    return sum((span.end - span.start for span in spans), ZERO)


def _adds_up(told: sla.Reading) -> None:
    spans = ledger(told.folded.spans)
    assert all(one.end == two.start for one, two in pairwise(spans))
    assert sum(held(span for span in spans if span.entries).values(), ZERO) == _elapsed(told)
    for one in told.attributions:
        assert sum(one.time.values(), ZERO) == one.clock.elapsed
        assert sum(one.parts.values(), ZERO) == one.breach
        assert one.breach == max(ZERO, one.clock.elapsed - (one.clock.target or one.clock.elapsed))


def test_every_ticket_folds_and_adds_up(world: World) -> None:
    bound = world.imported.tally.bound_cases
    assert bound == 7_554
    pages = importing.bound_tickets(world.context, world.imported.run_id, 1_000)
    for number, ticket in enumerate(ticket for page in pages for ticket in page):
        told = sla.read(world.context, ticket, now=NOW)
        assert told.folded.told.discrepancies == ()
        _adds_up(told)
        assert number < bound


def _path(told: Sequence[Event], hops: dict[str, tuple[str, str | None]]) -> list[str]:
    """The organizations that had it, one after the other, from assignments, returns and reopenings."""
    path: list[str] = []
    before = 0
    for event in told:
        if event.type in ("ticket.opened", "ticket.reopened", "assignment.offered", "assignment.returned"):
            returned = event.type == "assignment.returned"
            if event.cause_id is not None:
                del path[before:]  # on the way further, within one row
            else:
                before = len(path)
            org = hops[(hops[event.hop_id or ""][1] if returned else event.hop_id) or ""][0]
            if not path or path[-1] != org:
                path.append(org)
    return path


def test_the_chain_cases_went_from_hand_to_hand_as_the_file_says(world: World, log: Log) -> None:
    with CHAINS.open(encoding="utf-8", newline="") as file:
        chains = {row["case_id"]: row["path"].split(" > ") for row in csv.DictReader(file)}
    assert len(chains) == 248
    names = {one.id: one.name for one in world.context.directory_now.organizations.values()}
    by_case = {case: ticket for ticket, case in tickets(world).items()}
    closed_elsewhere = [case for case, path in chains.items() if log.path(case) != path]
    assert all(chains[case][:-1] == log.path(case) for case in closed_elsewhere)
    assert len(closed_elsewhere) <= 3
    for case in chains:
        told = sla.read(world.context, by_case[case], now=NOW)
        _adds_up(told)
        with world.context.database.read() as db:
            every = history.events_of(db, OPERATOR, [by_case[case]])[by_case[case]]
        hops = {hop.id: (names[hop.org_id], hop.parent_id) for hop in told.hops}
        assert _path(every, hops) == log.path(case), case


def test_outcomes_of_all_are_kept_and_it_is_asked_what_another_contract_had_meant(world: World) -> None:
    context = world.context
    for page in importing.bound_tickets(context, world.imported.run_id, 2_000):
        outcomes.rebuild(context, now=NOW, tickets=page)
    with context.database.read() as db:
        assert len(set(outcome_store.tickets(db, OPERATOR))) == 7_554
    first = next(importing.bound_tickets(context, world.imported.run_id, 1))[0]
    with context.database.read() as db:
        [bound] = [
            one for one in history.events_of(db, OPERATOR, [first])[first] if one.type == "agreement.bound"
        ][:1]
    other = recount.other_terms(context, f"{bound.data['agreement']}/always")
    found = recount.under(context, first, other, now=NOW)
    assert found is not None
    assert found.differences
