"""Importing small histories: what becomes of rows out of order, doubled, in naive time, after the close; going on with what was
stopped; and that nobody is told anything because of imported tickets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.domain.importing.mapping import mapping_from
from gateway.domain.importing.tally import Tally
from gateway.domain.importing.trouble import Trouble
from gateway.domain.model import Event
from gateway.domain.plan import Action, Plan
from gateway.domain.reports.outcome import Coverage
from gateway.domain.reports.query import Query
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import clockwork, commands, importing, outcomes, restored, sla, sweep
from gateway.flows.apply import apply, plan
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.importing import Ears, Imported, Wanted
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.schemas import check
from gateway.store import alarms, audit, cases, clocks, desks, history, imports, rows, views
from gateway.store import outcomes as outcome_store
from gateway.store.db import Database
from gateway.store.desks import PollTerms
from gateway.store.imported_desks import IMPORTED_DESK
from gateway.vault import new_entry, ring
from tests.flows import installation

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ORDER = Order(actor="maria", now=NOW, reason="baseline")
VAULT = ring(new_entry("k1"))
HEADER = "number,seq,at,state,company,team,urgency,product"
MAPPING: dict[str, Any] = {
    "source": "old-desk",
    "columns": {
        "case": "number",
        "order": "seq",
        "time": "at",
        "status": "state",
        "organization": "company",
        "desk": "team",
        "priority": "urgency",
        "service": "product",
    },
    "statuses": {
        "New": "queued",
        "Open": "in_progress",
        "Asked": {"status": "held", "reason": "requester_info"},
        "Vendor": {"status": "held", "reason": "third_party"},
        "Done": "resolved",
        "Closed": "closed",
        "Printed": "unchanged",
    },
    "parties": {"organizations": {"create": True}},
    "customer": "acme",
    "priorities": {"1": "critical", "2": "high"},
}
PLAIN = """
A-1,1,2025-03-03T08:00:00+00:00,New,North,Line 1,2,tills
A-1,2,2025-03-03T08:10:00+00:00,Open,North,Line 1,2,tills
A-1,3,2025-03-03T09:00:00+00:00,New,South,Field,2,tills
A-1,4,2025-03-03T09:30:00+00:00,Open,South,Field,2,tills
A-1,5,2025-03-03T10:00:00+00:00,Asked,South,Field,2,tills
A-1,6,2025-03-03T11:00:00+00:00,Open,South,Field,2,tills
A-1,7,2025-03-03T12:00:00+00:00,Open,North,Line 1,2,tills
A-1,8,2025-03-03T12:30:00+00:00,Done,North,Line 1,2,tills
A-1,9,2025-03-04T12:30:00+00:00,Closed,North,Line 1,2,tills
A-2,1,2025-03-05T08:00:00+00:00,Open,North,Line 1,1,printers
"""
CONTRACTS = """
organizations:
  - {code: acme, name: Acme}
  - {code: north, name: North}
  - {code: south, name: South}
calendars:
  - {code: always, organization: north, always: true}
  - {code: always, organization: south, always: true}
agreements:
  - code: north-sla
    organization: north
    consumer: acme
    kind: sla
    calendar: always
    valid_from: "2025-01-01"
    valid_until: "2025-03-04"
    stops: {requester_info: automatic}
    targets: {response: {high: 30m, critical: 30m}, resolution: {high: 3h, critical: 1h}}
  - code: south-uc
    organization: south
    consumer: north
    kind: uc
    calendar: always
    stops: {requester_info: automatic}
    targets: {acceptance: {high: 15m}, resolution: {high: 4h}}
"""


class Scene:
    """Imports texts into one installation and looks at what came of it."""

    def __init__(self, context: Context, folder: Path) -> None:
        self.context, self.folder = context, folder
        self.told: list[Trouble] = []

    def file(self, text: str, name: str = "log.csv", header: str = HEADER) -> Path:
        return installation.write(self.folder, f"{header}\n{text.strip()}\n", name)

    def run(self, text: str = PLAIN, *, progress: Any = importing.silent, **more: Any) -> Imported:
        self.told.clear()
        mapping = more.pop("mapping", MAPPING)
        header = more.pop("header", HEADER)
        check("import_mapping", mapping)
        wanted = Wanted(file=self.file(text, header=header), mapping=mapping_from(mapping), **more)
        return importing.run(self.context, wanted, ORDER, Ears(trouble=self.told.append, progress=progress))

    def tally(self, text: str = PLAIN, **more: Any) -> Tally:
        return self.run(text, **more).tally

    def contracts(self, text: str = CONTRACTS) -> None:
        file = installation.write(self.folder, text)
        apply(self.context, read(file), Terms(vault=VAULT), actor="maria", now=NOW)

    def ticket(self, case: str) -> str:
        with self.context.database.read() as db:
            return str(views.find_by_number(db, OPERATOR, case)[0]["ticket_id"])

    def events(self, case: str) -> list[Event]:
        ticket = self.ticket(case)
        with self.context.database.read() as db:
            return history.events_of(db, OPERATOR, [ticket])[ticket]

    def story(self, case: str) -> list[str]:
        """Each event: kind, to what, and whose desk it befell."""
        with self.context.database.read() as db:
            hops = {
                hop["id"]: hop for hop in views.hops_of(db, OPERATOR, [self.ticket(case)])[self.ticket(case)]
            }
        return [
            " ".join(
                filter(
                    None, (one.type, str(one.data.get("to") or ""), hops[one.hop_id or ""]["organization"])
                )
            )
            for one in self.events(case)
        ]

    def count(self, table: Any) -> int:
        with self.context.database.read() as db:
            return int(db.execute(select(func.count()).select_from(table)).scalar() or 0)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    yield Scene(installation.context(database), tmp_path)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    url = (
        f"sqlite:///{tmp_path / 'y.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("migrated_postgres")
    )
    database = Database(url)
    yield Scene(installation.context(database), tmp_path)
    database.close()


def test_a_case_is_a_ticket_that_went_from_hand_to_hand(either: Scene) -> None:
    tally = either.tally()

    assert either.story("A-1") == [
        "ticket.opened north",
        "status.changed in_progress north",
        "assignment.offered south",
        "assignment.received south",
        "assignment.accepted south",
        "status.changed in_progress south",
        "status.changed held south",
        "status.changed in_progress south",
        "assignment.returned south",
        "status.changed resolved north",
        "ticket.closed north",
        "status.changed closed north",
    ]
    assert (tally.rows, tally.cases, tally.hand_overs, tally.waits, tally.open_cases) == (10, 2, 2, 1, 1)
    assert {event.source.value for event in either.events("A-1")} == {"history"}
    with either.context.database.read() as db:
        view = views.ticket(db, OPERATOR, either.ticket("A-1"))
        assert {desk.connector for desk in either.context.directory(db).desks.values()} == {"imported"}
    assert view is not None
    assert [hop["desk"] for hop in view["hops"]] == ["old-desk:north/line-1", "old-desk:south/field"]
    assert view["facts"]["service"] == "tills"


def test_agreements_hold_that_were_in_force_on_that_day(either: Scene) -> None:
    either.contracts()
    assert either.tally().bound == 2

    told = sla.read(either.context, either.ticket("A-1"), now=NOW)
    found = {(clock.agreement, clock.target_kind.value): clock for clock in told.clocks}
    resolution = found["north-sla", "resolution"]
    assert (resolution.elapsed, resolution.stopped_time) == (timedelta(hours=3.5), timedelta(hours=1))
    assert resolution.state == "breached"
    assert found["south-uc", "acceptance"].elapsed == timedelta(minutes=30)
    assert told.folded.told.discrepancies == ()
    assert not sla.read(
        either.context, either.ticket("A-2"), now=NOW
    ).clocks  # a day after the contract ended
    [one] = told.attributions[:1]
    names = {org.id: org.code for org in either.context.directory_now.organizations.values()}
    assert {names[party]: time for party, time in one.time.items()} == {
        "north": timedelta(hours=1.5),
        "south": timedelta(hours=2),
    }


def test_rows_may_stand_anywhere_and_twice(scene: Scene) -> None:
    there = Scene(scene.context, scene.folder)
    lines = PLAIN.strip().splitlines()
    tally = scene.tally("\n".join([*reversed(lines), lines[3], lines[3]]))
    assert (tally.doubled_rows, tally.taken_rows, tally.cases) == (2, 12, 2)
    assert len(there.story("A-1")) == 12


def test_without_an_order_rows_follow_their_times_and_then_the_file(scene: Scene) -> None:
    columns = {name: word for name, word in MAPPING["columns"].items() if name != "order"}
    scene.run(
        """
A-1,9,2025-03-03T08:00:00Z,Done,North,Line 1,2,tills
A-1,8,2025-03-03T08:00:00Z,Closed,North,Line 1,2,tills
A-1,7,2025-03-03T07:00:00Z,Open,North,Line 1,2,tills""",
        mapping={**MAPPING, "columns": columns},
    )
    assert scene.story("A-1")[1:] == [
        "status.changed in_progress north",
        "status.changed resolved north",
        "ticket.closed north",
        "status.changed closed north",
    ]


def test_two_statuses_in_one_second_keep_the_order_of_the_desk(scene: Scene) -> None:
    scene.contracts()
    scene.run(
        """
A-1,1,2025-03-03T08:00:00Z,Open,North,Line 1,2,tills
A-1,3,2025-03-03T09:00:00Z,Done,North,Line 1,2,tills
A-1,2,2025-03-03T09:00:00Z,Asked,North,Line 1,2,tills"""
    )
    told = sla.read(scene.context, scene.ticket("A-1"), now=NOW)
    assert [
        record.data.get("status") for record in told.folded.told.records if record.type == "status.changed"
    ] == [
        "in_progress",
        "held",
        "resolved",
    ]


def test_a_time_that_goes_back_is_counted_and_the_order_stands(scene: Scene) -> None:
    scene.contracts()
    tally = scene.tally(
        """
A-1,1,2025-03-03T08:00:00Z,Open,North,Line 1,2,tills
A-1,2,2025-03-03T09:00:00Z,Asked,North,Line 1,2,tills
A-1,3,2025-03-03T08:30:00Z,Done,North,Line 1,2,tills"""
    )
    assert tally.backward_rows == 1
    told = sla.read(scene.context, scene.ticket("A-1"), now=NOW)
    assert {one.kind for one in told.folded.told.discrepancies} == {"before_cause"}
    assert told.clocks[-1].state == "met"


def test_what_is_not_over_ends_with_the_file_where_the_mapping_says_so(scene: Scene) -> None:
    scene.contracts()
    text = "A-1,1,2025-03-03T08:00:00Z,Open,North,Line 1,2,tills\nA-2,1,2025-03-03T08:30:00Z,Closed,North,Line 1,2,tills"
    assert scene.tally(text, mapping={**MAPPING, "unfinished": "end"}).open_cases == 1
    assert scene.story("A-1")[-3:] == [
        "history.ended north",
        "status.changed cancelled north",
        "ticket.closed north",
    ]
    told = sla.read(scene.context, scene.ticket("A-1"), now=NOW)
    assert {(clock.target_kind.value, clock.state, clock.elapsed) for clock in told.clocks} == {
        ("response", "met", timedelta()),
        ("resolution", "cancelled", timedelta(minutes=30)),
    }


def test_a_case_may_begin_closed(scene: Scene) -> None:
    scene.contracts()
    tally = scene.tally("A-1,1,2025-03-03T08:00:00Z,Closed,North,Line 1,2,tills")
    assert (tally.cases, tally.open_cases) == (1, 0)
    assert scene.story("A-1") == [
        "ticket.opened north",
        "agreement.bound north",
        "status.changed closed north",
        "ticket.closed north",
    ]
    told = sla.read(scene.context, scene.ticket("A-1"), now=NOW)
    assert {clock.elapsed for clock in told.clocks} == {timedelta()}


AFTER_THE_CLOSE = {
    "work is a reopening": ("Open", ["ticket.reopened north"], 1, 0),
    "a queue is a reopening": ("New", ["ticket.reopened north", "status.changed acknowledged north"], 1, 0),
    "a resolution is left aside": ("Done", [], 0, 1),
    "another close says nothing new": ("Closed", [], 0, 0),
    "what says nothing says nothing": ("Printed", [], 0, 0),
}


@pytest.mark.parametrize(
    ("word", "more", "reopened", "late"), AFTER_THE_CLOSE.values(), ids=AFTER_THE_CLOSE.keys()
)
def test_a_status_after_the_close(scene: Scene, word: str, more: list[str], reopened: int, late: int) -> None:
    tally = scene.tally(
        f"""
A-1,1,2025-03-03T08:00:00Z,Open,North,Line 1,2,tills
A-1,2,2025-03-03T09:00:00Z,Closed,North,Line 1,2,tills
A-1,3,2025-03-03T10:00:00Z,{word},North,Line 1,2,tills"""
    )
    assert scene.story("A-1")[4:] == more
    assert (tally.reopened_cases, tally.late_rows) == (reopened, late)


def test_a_resolution_ends_it_for_all_and_work_goes_on_where_it_is_taken_up(scene: Scene) -> None:
    scene.run(
        """
A-1,1,2025-03-03T08:00:00Z,Open,North,Line 1,2,tills
A-1,2,2025-03-03T09:00:00Z,Open,South,Field,2,tills
A-1,3,2025-03-03T10:00:00Z,Done,South,Field,2,tills
A-1,4,2025-03-04T10:00:00Z,Open,North,Line 1,2,tills"""
    )
    assert scene.story("A-1")[6:] == [
        "status.changed resolved south",
        "status.changed resolved north",
        "ticket.closed north",
        "ticket.reopened north",
    ]


def test_a_lower_priority_is_a_wish_unless_the_mapping_knows_better(scene: Scene) -> None:
    text = """
A-1,1,2025-03-03T08:00:00Z,Open,North,Line 1,1,tills
A-1,2,2025-03-03T08:30:00Z,Open,North,Line 1,2,tills"""
    scene.contracts()
    scene.run(text)
    scene.run(text.replace("A-1", "A-2"), mapping={**MAPPING, "lowered": "agreed"})
    targets = [
        sla.read(scene.context, scene.ticket(case), now=NOW).clocks[-1].target for case in ("A-1", "A-2")
    ]
    assert targets == [timedelta(hours=1), timedelta(hours=3)]


# -- what cannot be taken -----------------------------------------------------------------------------------------------------

GOOD = "B-1,1,2025-03-03T08:00:00Z,Open,North,Line 1,2,tills\n"
BAD = {
    "a status nobody mapped": (
        "A,1,2025-03-03T08:00:00Z,Lost,North,L,2,x",
        "'Lost' is no status",
        "add it to statuses",
    ),
    "a priority nobody mapped": (
        "A,1,2025-03-03T08:00:00Z,Open,North,L,9,x",
        "'9' is no priority",
        "add it to priorities",
    ),
    "no party": ("A,1,2025-03-03T08:00:00Z,Open,,L,2,x", "'company' is empty", "correct"),
    "no case": (",1,2025-03-03T08:00:00Z,Open,North,L,2,x", "'number' is empty", "correct"),
    "no moment": ("A,1,yesterday,Open,North,L,2,x", "'yesterday' is no moment", "time.format"),
    "no zone": ("A,1,2025-03-03T08:00:00,Open,North,L,2,x", "has no offset", "time.zone"),
    "a time to come": ("A,1,2027-03-03T08:00:00Z,Open,North,L,2,x", "has not come yet", "time.zone"),
    "no place": ("A,first,2025-03-03T08:00:00Z,Open,North,L,2,x", "'first' is no whole number", "correct it"),
    "a cell too many": ("A,1,2025-03-03T08:00:00Z,Open,North,L,2,x,y", "9 cells for 8 columns", "quotes"),
    "one place for two": (
        "A,1,2025-03-03T08:00:00Z,Open,North,L,2,x\nA,1,2025-03-03T08:00:00Z,Done,North,L,2,x",
        "it has place 1, which line 3 has",
        "columns.order",
    ),
}


@pytest.mark.parametrize(("text", "what", "cure"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_told_and_its_case_left_out_whole(scene: Scene, text: str, what: str, cure: str) -> None:
    first = "A,0,2025-03-03T07:00:00Z,Open,North,L,2,x\n"
    found = scene.run(GOOD + ("" if "one place" in what or "place 1" in what else first) + text)
    assert not found.is_whole
    [told] = scene.told
    assert what in told.what
    assert cure in told.cure
    assert (found.tally.bad_rows, found.tally.cases) == (
        1,
        2 if not told.case and first in GOOD + first + text else 1,
    )
    with scene.context.database.read() as db:
        assert bool(views.find_by_number(db, OPERATOR, "A")) is (told.case == "")
        run = imports.runs(db, OPERATOR)[0]
    assert (run.state, run.counts["bad_rows"]) == ("partial", 1)


def naive(zone: str = "Europe/Rome", **more: str) -> dict[str, Any]:
    return {**MAPPING, "time": {"format": "%d.%m.%Y %H:%M", "zone": zone, **more}}


def test_naive_times_are_those_of_the_zone(scene: Scene) -> None:
    scene.run("A-1,1,03.07.2025 10:00,Open,North,Line 1,2,tills", mapping=naive())
    assert scene.events("A-1")[0].reported_at == datetime(2025, 7, 3, 8, tzinfo=UTC)


def test_hours_that_the_clocks_skip_or_double_are_told(scene: Scene) -> None:
    text = "A-1,1,30.03.2025 02:30,Open,North,L,2,x\nA-2,1,26.10.2025 02:30,Open,North,L,2,x"
    assert scene.tally(text, mapping=naive(), dry=True).cases == 0
    assert [(one.case, one.what.partition("' ")[2]) for one in scene.told] == [
        ("A-1", "was never shown"),
        ("A-2", "was shown twice"),
    ]
    assert scene.tally(text, mapping=naive(doubled="second")).cases == 1
    assert scene.events("A-2")[0].reported_at == datetime(2025, 10, 26, 1, 30, tzinfo=UTC)


def test_a_file_that_does_not_fit_is_refused_before_anything_is_written(scene: Scene) -> None:
    with pytest.raises(Invalid, match="column 'company' is not in the file; did you mean 'compny'"):
        scene.run(header=HEADER.replace("company", "compny"))
    with pytest.raises(Invalid, match="cannot be told") as raised:
        scene.run(
            mapping={**MAPPING, "parties": {"organizations": {"table": {"North": "nort", "South": "south"}}}}
        )
    assert "there is no organization 'nort'" in str(raised.value)
    with pytest.raises(Invalid, match="'North' and 'north' both come to 'north'"):
        scene.run(PLAIN + "A-9,1,2025-03-03T08:00:00Z,Open,north,L,2,x")
    with pytest.raises(NotFound, match="no organization 'acmee'"):
        scene.run(customer="acmee")
    assert scene.count(rows.ticket) == scene.count(imports.RUN) == 0


# -- again, and going on ------------------------------------------------------------------------------------------------------


def test_a_dry_run_tells_all_and_writes_nothing(scene: Scene) -> None:
    foreseen = scene.run(dry=True)
    assert (foreseen.run_id, list(foreseen.made)) == ("", ["acme", "north", "south"])
    assert scene.count(rows.ticket) == scene.count(imports.RUN) == scene.count(IMPORTED_DESK) == 0
    assert scene.tally().counts() == foreseen.tally.counts()


def test_a_file_that_was_taken_is_refused_and_a_known_case_is_told(scene: Scene) -> None:
    run_id = scene.run().run_id
    with pytest.raises(Refused, match="was imported on 2026-03-02"):
        scene.run(resume=True)
    again = scene.run(PLAIN + GOOD)
    assert (again.tally.elsewhere_cases, again.tally.cases) == (2, 1)
    assert {(one.case, one.why) for one in scene.told} == {
        (case, f"it came with {run_id}") for case in ("A-1", "A-2")
    }
    assert scene.count(rows.ticket) == 3


class Stopped(Exception):
    """Somebody pulls the plug."""


@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_stopped_half_way_it_goes_on_and_nothing_is_doubled(
    either: Scene, chunks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 3)
    text = "".join(GOOD.replace("B-1", f"B-{n}") + GOOD.replace("B-1,1", f"B-{n},2") for n in range(9))
    put, done = imports.put, list[int]()

    def stops(db: Any, chunk: Any) -> None:
        put(db, chunk)
        if len(done) == chunks:
            raise Stopped  # in the middle of a transaction
        done.append(1)

    monkeypatch.setattr(imports, "put", stops)
    with pytest.raises(Stopped):
        either.run(text)
    monkeypatch.setattr(imports, "put", put)
    assert either.count(rows.ticket) == either.count(imports.CASE) == 2 * chunks

    with pytest.raises(Refused, match="stopped half-way"):
        either.run(text)
    tally = either.tally(text, resume=True)
    assert (tally.cases, tally.already_cases, tally.taken_rows) == (9, 2 * chunks, 18)
    assert either.count(rows.ticket) == either.count(rows.hop) == either.count(imports.CASE) == 9
    assert either.count(rows.event) == tally.events


def test_what_was_left_out_is_taken_once_the_mapping_knows_it(scene: Scene) -> None:
    text = GOOD + "A-1,1,2025-03-03T08:00:00Z,Parked,North,L,2,x"
    assert scene.tally(text).cases == 1
    statuses = {**MAPPING["statuses"], "Parked": {"status": "held", "reason": "other"}}
    found = scene.run(text, mapping={**MAPPING, "statuses": statuses}, resume=True)
    assert (found.is_whole, found.tally.cases, found.tally.already_cases) == (True, 2, 1)


# -- nobody hears of it -------------------------------------------------------------------------------------------------------


def test_nobody_is_told_anything_because_of_imported_tickets(scene: Scene) -> None:
    scene.contracts()
    scene.run()
    context, ticket = scene.context, scene.ticket("A-1")
    with context.database.read() as db:
        hop = views.hops_of(db, OPERATOR, [ticket])[ticket][0]["id"]
    with pytest.raises(Refused, match="imported history"):
        commands.offer(context, hop, "any", ORDER)
    sla.exclude(context, hop, NOW - timedelta(days=363), NOW - timedelta(days=362), ORDER)
    assert clockwork.run(context, now=NOW + timedelta(days=1)) == 0
    sweep.run(context, now=NOW + timedelta(days=1))
    assert restored.doubt_everything(context, ORDER).looks == 0
    with context.database.write() as db:
        terms = PollTerms(now=NOW + timedelta(days=1), lease=timedelta(minutes=1), limit=9)
        assert desks.claim_poll(db, OPERATOR, terms) == []
        assert clocks.due(db, OPERATOR, now=NOW + timedelta(days=999), limit=9) == []
        assert alarms.standing(db, OPERATOR, [ticket]) == {}
        for column in ("answer_by", "confirm_by", "refetch_at"):
            assert cases.due(db, OPERATOR, column, now=NOW + timedelta(days=999), limit=9) == []
    assert scene.count(rows.delivery) == scene.count(rows.look) == 0


def test_configuration_leaves_imported_parties_where_they_are(scene: Scene) -> None:
    scene.run()
    file = installation.write(scene.folder, "organizations:\n  - {code: other}\n")
    found: Plan = plan(scene.context, read(file), Terms(vault=VAULT, prune=True))
    assert {(one.ref.code, one.action) for one in found.changes} == {
        ("other", Action.CREATE),
        *((code, Action.IN_USE) for code in ("acme", "north", "south")),
    }


def test_outcomes_are_counted_and_the_audit_tells_who_did_it(scene: Scene) -> None:
    scene.contracts()
    found = scene.run()
    pages = list(importing.bound_tickets(scene.context, found.run_id, 10))
    assert outcomes.rebuild(scene.context, now=NOW, tickets=pages[0]) == 1
    with scene.context.database.read() as db:
        assert list(outcome_store.tickets(db, OPERATOR)) == [scene.ticket("A-1")]
        [entry] = audit.entries(db, OPERATOR, subject=found.run_id)
    assert (entry["actor"], entry["after"]["cases"], entry["after"]["file"]) == ("maria", 2, "log.csv")


def test_reports_count_a_history_or_leave_it_out(scene: Scene) -> None:
    scene.contracts()
    found, context = scene.run(counted=False), scene.context

    def counted() -> list[str]:
        with context.database.read() as db:
            return list(outcome_store.tickets(db, OPERATOR))

    assert (found.counted, outcomes.rebuild(context, now=NOW), counted()) == (False, 0, [])
    assert importing.count(context, found.run_id, ORDER, counted=True) == 1
    assert counted() == [scene.ticket("A-1")]
    assert outcomes.rebuild(context, now=NOW) == 1
    assert importing.count(context, found.run_id, ORDER, counted=False) == 1
    assert counted() == []
    assert [run.counted for run in importing.listed(context)] == [False]
    with pytest.raises(NotFound, match="interdesk imports list"):
        importing.count(context, "imp_none", ORDER, counted=True)


def test_the_measure_of_a_history_is_history(scene: Scene) -> None:
    scene.contracts()
    found = scene.run()
    importing.count(scene.context, found.run_id, ORDER, counted=True)
    with scene.context.database.read() as db:
        [case] = outcome_store.cases(db, OPERATOR, Query())
    assert (case.coverage, case.returned, case.reopened, case.hops) == (Coverage.HISTORY, 1, 0, 2)
    names = {one.id: one.code for one in scene.context.directory_now.organizations.values()}
    assert (names[case.customer], case.number, [names[org] for org in case.parties]) == (
        "acme",
        "A-1",
        ["north", "south"],
    )


def test_a_mapping_of_several_customers(scene: Scene) -> None:
    mapping = {
        **MAPPING,
        "columns": {**MAPPING["columns"], "customer": "product"},
        "customer": {"table": {"tills": "acme", "printers": "umbrella"}, "create": True},
    }
    scene.run(mapping=mapping)
    codes = {one.id: one.code for one in scene.context.directory_now.organizations.values()}
    with scene.context.database.read() as db:
        found = db.execute(select(imports.CASE.c.case_key, imports.CASE.c.customer))
        assert {row[0]: codes[row[1]] for row in found} == {"A-1": "acme", "A-2": "umbrella"}


def test_the_rows_of_a_long_file_wait_on_disk(scene: Scene) -> None:
    seen = list[tuple[str, int, int]]()
    scene.run(progress=lambda what, done, total: seen.append((what, done, total)))
    assert [one[0] for one in seen] == ["reading", "writing"]
    assert seen[-1][1:] == (10, 10)
    assert [path.name for path in scene.folder.iterdir() if path.name.startswith("import-")] == []
