"""A real history, whole: the incident log of the BPI Challenge 2013. What is counted here is counted a second time from the file
itself, by code that knows nothing of ours; and every minute of every ticket is somebody's. Skipped, aloud, without the log."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

from sqlalchemy import func, select

from gateway.domain.model import Event
from gateway.domain.sla.ledger import held, ledger
from gateway.flows import importing, recount, sla
from gateway.flows.context import OPERATOR
from gateway.store import history, imports, rows
from gateway.store import outcomes as outcome_store
from tests.flows.bpi import CHAINS, NOW, Log, World, pytestmark

__all__ = ["pytestmark"]

ZERO = timedelta()


def test_all_of_it_is_there(bpi: World, bpi_log: Log) -> None:
    tally = bpi.imported.tally
    assert (tally.rows, tally.cases, tally.taken_rows) == (65_533, 7_554, 65_533)
    assert (tally.rows, tally.cases) == (sum(map(len, bpi_log.cases.values())), len(bpi_log.cases))
    assert (bpi.troubles, bpi.imported.is_whole) == ([], True)
    with bpi.context.database.read() as db:
        for table, count in (
            (rows.ticket, tally.cases),
            (rows.hop, tally.assignments),
            (rows.event, tally.events),
        ):
            assert db.execute(select(func.count()).select_from(table)).scalar() == count
        assert {desk.native for desk in imports.desks(db, OPERATOR, source="bpi2013")} == {
            row["support_team"] for told in bpi_log.cases.values() for row in told
        }


def test_what_is_counted_agrees_with_the_file(bpi: World, bpi_log: Log) -> None:
    tally, passes, reopened = bpi.imported.tally, bpi_log.passes(), bpi_log.reopenings()
    assert (tally.hand_overs, tally.crossing_cases) == (passes.total(), len(passes)) == (4_350, 2_034)
    assert tally.waiting_cases == bpi_log.cases_where("Wait") == 3_365
    assert (tally.reopenings, tally.reopened_cases) == (reopened.total(), len(reopened)) == (580, 514)


def events(bpi: World, ids: Sequence[str]) -> Iterator[tuple[str, list[Event]]]:
    for start in range(0, len(ids), 500):
        with bpi.context.database.read() as db:
            yield from history.events_of(db, OPERATOR, ids[start : start + 500]).items()


def tickets(bpi: World) -> dict[str, str]:
    """Ticket → its case."""
    with bpi.context.database.read() as db:
        query = select(imports.CASE.c.ticket_id, imports.CASE.c.case_key)
        return {row[0]: row[1] for row in db.execute(query)}


def test_what_stands_in_the_store_says_the_same(bpi: World, bpi_log: Log) -> None:
    vendor, waits, reopened = set(), set(), Counter[str]()
    for ticket, told in events(bpi, sorted(tickets(bpi))):
        vendor |= {ticket for event in told if event.data.get("reason") == "third_party"}
        waits |= {ticket for event in told if event.data.get("to") == "held"}
        tops = {event.hop_id for event in told if event.type == "ticket.opened"}
        reopened[ticket] += sum(event.type == "ticket.reopened" and event.hop_id in tops for event in told)
    assert len(vendor) == bpi_log.cases_where("Wait - Vendor") == 249
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


def test_every_ticket_folds_and_adds_up(bpi: World) -> None:
    bound = bpi.imported.tally.bound_cases
    assert bound == 7_554
    pages = importing.bound_tickets(bpi.context, bpi.imported.run_id, 1_000)
    for number, ticket in enumerate(ticket for page in pages for ticket in page):
        told = sla.read(bpi.context, ticket, now=NOW)
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


def test_the_chain_cases_went_from_hand_to_hand_as_the_file_says(bpi: World, bpi_log: Log) -> None:
    with CHAINS.open(encoding="utf-8", newline="") as file:
        chains = {row["case_id"]: row["path"].split(" > ") for row in csv.DictReader(file)}
    assert len(chains) == 248
    names = {one.id: one.name for one in bpi.context.directory_now.organizations.values()}
    by_case = {case: ticket for ticket, case in tickets(bpi).items()}
    closed_elsewhere = [case for case, path in chains.items() if bpi_log.path(case) != path]
    assert all(chains[case][:-1] == bpi_log.path(case) for case in closed_elsewhere)
    assert len(closed_elsewhere) <= 3
    for case in chains:
        told = sla.read(bpi.context, by_case[case], now=NOW)
        _adds_up(told)
        with bpi.context.database.read() as db:
            every = history.events_of(db, OPERATOR, [by_case[case]])[by_case[case]]
        hops = {hop.id: (names[hop.org_id], hop.parent_id) for hop in told.hops}
        assert _path(every, hops) == bpi_log.path(case), case


def test_outcomes_of_all_are_kept_and_it_is_asked_what_another_contract_had_meant(bpi_counted: World) -> None:
    context = bpi_counted.context
    with context.database.read() as db:
        assert len(set(outcome_store.tickets(db, OPERATOR))) == 7_554
    first = next(importing.bound_tickets(context, bpi_counted.imported.run_id, 1))[0]
    with context.database.read() as db:
        [bound] = [
            one for one in history.events_of(db, OPERATOR, [first])[first] if one.type == "agreement.bound"
        ][:1]
    other = recount.other_terms(context, f"{bound.data['agreement']}/always")
    found = recount.under(context, first, other, now=NOW)
    assert found is not None
    assert found.differences
