"""A month is closed with the customer: two exports that differ in three of a hundred tickets, every difference named with its
cause; queried, agreed, issued with both names; restated after a late fact, and both versions remain."""

import csv
import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.reports.lists import Cause, Place
from gateway.domain.reports.outcome import Case, Outcome, Verdict
from gateway.domain.reports.publication import Line as Published
from gateway.domain.reports.review import Closing, Standing, State
from gateway.errors import InterdeskError, NotFound, Refused
from gateway.flows import closing
from gateway.flows.apply import apply
from gateway.flows.closing import TheirList
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.proposal import Terms
from gateway.flows.reporting import Wanted
from gateway.installation import ticket_list
from gateway.installation.reading import read
from gateway.store import outcomes as store
from gateway.store import publications
from gateway.store.db import Database
from gateway.vault import new_entry, ring
from tests.domain.reports.month import H, case, outcome
from tests.flows import installation

CONTRACT = """
organizations:
  - {code: mall, name: The Mall}
  - {code: north, name: North Stores}
calendars:
  - {code: days, organization: north, zone: UTC, weekly: {mon: ["08:00-18:00"], tue: ["08:00-18:00"], wed: ["08:00-18:00"],
     thu: ["08:00-18:00"], fri: ["08:00-18:00"]}}
agreements:
  - {code: mall-sla, organization: north, consumer: mall, kind: sla, calendar: days, targets: {resolution: {high: 4h}}}
"""
MAPPING = """
columns: {number: Ticket, former: Was, merged_into: Duplicate of, opened_at: Created, due_at: Due, priority: Prio}
verdicts:
  resolution: {column: SLA, met: ["yes"], breached: ["no"], cancelled: [void]}
priorities: {P2: high, P1: critical}
time: {zone: UTC}
exported_at: "2026-11-02T08:00:00+00:00"
"""
MANY = 400
BEGUN = datetime(2026, 10, 1, 9, tzinfo=UTC)
WHEN = datetime(2026, 11, 2, 9, tzinfo=UTC)
"""A Monday: five working days later the review is over."""
WHICH = ("mall", "2026-10")


def opened(number: int) -> datetime:
    return BEGUN + timedelta(hours=number)


def order(at: datetime = WHEN, *, reason: str = "", actor: str = "anna") -> Order:
    return Order(actor=actor, reason=reason, now=at)


class Month:
    """Four hundred tickets of October, kept; and the list that the customer's desk exports of them."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self.context = _context(database, folder)
        with database.read() as db:
            known = self.context.directory(db).organizations.values()
        self.ids = {one.code: one.id for one in known}
        self.kept = {number: self._kept(number) for number in range(1, MANY + 1)}
        self.rows = {number: self._row(number) for number in self.kept}

    def _kept(self, number: int) -> tuple[Case, Outcome]:
        at, mall, north = opened(number), self.ids["mall"], self.ids["north"]
        mine = case(number, customer=mall, org_id=north, parties=(north,), opened_at=at, closed_at=at + 3 * H)
        clock = outcome(
            number,
            Verdict.MET,
            customer=mall,
            consumer=mall,
            provider=north,
            org_id=north,
            opened_at=at,
            started_at=at,
            due_at=at + 4 * H,
            ended_at=at + 3 * H,
            counted_at=at + 3 * H,
            time={north: 3 * H},
        )
        return mine, clock

    def _row(self, number: int) -> dict[str, str]:
        at = opened(number)
        told = {"Ticket": f"M-{number}", "Was": "", "Duplicate of": "", "Prio": "P2", "SLA": "yes"}
        return told | {"Created": at.isoformat(), "Due": (at + 4 * H).isoformat()}

    def differs(self, number: int, row: dict[str, str] | None = None, **ours: Any) -> None:
        """Their row, and our clock, are others than both would have."""
        self.rows[number] |= row or {}
        mine, clock = self.kept[number]
        self.kept[number] = (mine, replace(clock, **ours))

    def keep(self) -> None:
        """Put ours into the database."""
        with self.context.database.write() as db:
            store.keep(db, [(mine, [clock]) for mine, clock in self.kept.values()])

    def list(self) -> TheirList:
        """Their export, read from a file."""
        file, mapping = self.folder / "october.csv", self.folder / "mapping.yaml"
        mapping.write_text(MAPPING, encoding="utf-8")
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, ["Ticket", "Was", "Duplicate of", "Created", "Due", "Prio", "SLA"])
            writer.writeheader()
            writer.writerows(self.rows.values())
        known = ticket_list.mapping_of(mapping)
        rows, troubles = ticket_list.listed(file, known)
        assert troubles == []
        return TheirList(rows=rows, mapping=known, source=file.name, sha256=ticket_list.digest(file))

    def begin(self, at: datetime = WHEN) -> Closing:
        return closing.begin(self.context, asked(), self.list(), order(at))


def asked(**more: Any) -> Wanted:
    return Wanted(**({"customer": "mall", "period": "2026-10"} | more))


def _context(database: Database, folder: Path) -> Context:
    context = installation.context(database)
    file = folder / "contract.yaml"
    file.write_text(CONTRACT, encoding="utf-8")
    apply(context, read(file), Terms(vault=ring(new_entry("k1"))), actor="test", now=BEGUN)
    return context


BREACH: dict[str, Any] = {"verdict": Verdict.BREACHED, "elapsed": 5 * H, "net_elapsed": 5 * H}


@pytest.fixture
def month(tmp_path: Path) -> Month:
    """Twelve of the four hundred differ, each for another reason."""
    found = Month(Database(f"sqlite:///{tmp_path / 'month.db'}"), tmp_path)
    mall, north = found.ids["mall"], found.ids["north"]
    del found.rows[10]
    found.rows[401] = found._row(401)
    found.differs(20, {"Ticket": "NEW-20", "Was": "M-20"})
    found.rows[402] = found._row(402) | {"Ticket": "M-9999", "Duplicate of": "M-30"}
    found.rows[403] = found._row(40)
    found.differs(
        50,
        counted_at=datetime(2026, 11, 3, 9, tzinfo=UTC),
        counted_on=datetime(2026, 11, 3, tzinfo=UTC).date(),
    )
    found.differs(60, verdict=Verdict.CANCELLED)
    found.differs(70, {"SLA": "no"}, stopped_time=2 * H, stopped={"site_access": 2 * H})
    found.differs(80, None, **BREACH, time={north: 3 * H, "link:hop_80_north": 2 * H})
    found.differs(90, None, **BREACH, time={north: 3 * H, mall: 2 * H})
    found.differs(100, {"SLA": "no", "Prio": "P1"})
    found.differs(110, {"SLA": "no", "Due": (opened(110) + H).isoformat()})
    found.keep()
    return found


CAUSES = {
    "M-10": (Place.ONLY_HERE, Cause.MISSING),
    "M-401": (Place.ONLY_THERE, Cause.NOT_LINKED),
    "NEW-20": (Place.BOTH, Cause.RENAMED),
    "M-9999": (Place.ONLY_THERE, Cause.MERGED),
    "M-40 (row 403)": (Place.ONLY_THERE, Cause.DOUBLED),
    "M-50": (Place.ONLY_THERE, Cause.OUTSIDE),
    "M-60": (Place.ONLY_THERE, Cause.CANCELLED),
    "M-70/resolution": (Place.BOTH, Cause.STOP),
    "M-80/resolution": (Place.BOTH, Cause.TRANSIT),
    "M-90/resolution": (Place.BOTH, Cause.CUSTOMER),
    "M-100/resolution": (Place.BOTH, Cause.PRIORITY),
    "M-110/resolution": (Place.BOTH, Cause.CALENDAR),
}


def test_every_difference_is_named_with_its_cause(month: Month) -> None:
    made = month.begin()
    found = {one.line.key: (one.line.place, one.line.cause) for one in made.entries}
    assert found == CAUSES
    assert len(CAUSES) == MANY * 3 // 100
    counts = made.counts
    assert (counts.theirs, counts.ours, counts.both, counts.agreed) == (402, 398, 397, 392)
    assert counts.both + sum(place is Place.ONLY_HERE for place, _ in found.values()) == counts.ours
    assert all(one.line.words for one in made.entries)


def test_the_month_is_queried_agreed_and_issued_with_both_names(month: Month) -> None:
    made = month.begin()
    assert made.review_until == datetime(2026, 11, 10, tzinfo=UTC)
    assert made.state(WHEN) is State.DRAFT
    asked_at, over = order(WHEN + H, reason="who let nobody in?", actor="mario"), made.review_until + H
    closing.query(month.context, WHICH, "M-70/resolution", asked_at)
    with pytest.raises(Refused, match="lines are not agreed"):
        closing.issue(month.context, WHICH, ("Anna", "Mario"), order(WHEN + 2 * H))
    with pytest.raises(Refused, match="1 lines are not agreed, the first is M-70/resolution"):
        closing.issue(month.context, WHICH, ("Anna", "Mario"), order(over))
    with pytest.raises(Refused, match="the review ended"):
        closing.query(month.context, WHICH, "M-80/resolution", order(over, reason="too late"))
    agreed = closing.agree(
        month.context, WHICH, "M-70/resolution", order(over, reason="photo of the closed gate")
    )
    assert agreed.state(over) is State.RECONCILED
    standings = [agreed.standing(one, over) for one in agreed.entries]
    assert (standings.count(Standing.SETTLED), standings.count(Standing.LAPSED)) == (1, 11)
    with pytest.raises(Refused, match="both names"):
        closing.issue(month.context, WHICH, ("Anna", " "), order(over))
    issued = closing.issue(month.context, WHICH, ("Anna North", "Mario Mall"), order(over))
    assert issued.publication.version == 1
    assert "issued by Anna North and Mario Mall on 2026-11-10" in issued.report.headlines[0]
    with pytest.raises(Refused, match="is issued"):
        month.begin(over)
    with pytest.raises(Refused, match="is issued"):
        closing.agree(month.context, WHICH, "M-10", order(over))


def test_a_late_fact_makes_a_further_version_and_both_remain(month: Month) -> None:
    over = month.begin().review_until + H
    closing.issue(month.context, WHICH, ("Anna", "Mario"), order(over))
    later = over + timedelta(days=3)
    unchanged = closing.restate(month.context, WHICH, order(later, reason="asked again"))
    assert (unchanged.is_new, unchanged.publication.version) == (False, 1)
    month.differs(200, verdict=Verdict.BREACHED, elapsed=6 * H, net_elapsed=6 * H)
    month.keep()
    restated = closing.restate(month.context, WHICH, order(later, reason="the site's door log came late"))
    assert (restated.is_new, restated.publication.version) == (True, 2)
    assert restated.difference is not None
    assert [one.number for one in restated.difference.turns] == ["M-200"]
    line = Published(kind="closing", subject="mall", period="2026-10", view="customer")
    with month.context.database.read() as db:
        kept = [publications.version(db, OPERATOR, line, number) for number in (1, 2)]
    assert [one.reason for one in kept if one is not None] == ["", "the site's door log came late"]
    assert "M-200" not in str(kept[0].document if kept[0] else "")
    assert "M-200" in str(kept[1].document if kept[1] else "")


def test_what_changed_since_the_review_has_to_be_agreed_first(month: Month) -> None:
    over = month.begin().review_until + H
    month.differs(210, verdict=Verdict.BREACHED, elapsed=6 * H, net_elapsed=6 * H)
    month.keep()
    report = closing.draft(month.context, WHICH, now=over)
    [differences] = [table for table in report.sections[0].tables if table.id == "differences"]
    assert len(differences.rows) == len(CAUSES) + 1
    with pytest.raises(Refused, match="1 lines are not agreed, the first is M-210/resolution"):
        closing.issue(month.context, WHICH, ("Anna", "Mario"), order(over))
    closing.agree(month.context, WHICH, "M-210/resolution", order(over, reason="seen"))
    assert closing.issue(month.context, WHICH, ("Anna", "Mario"), order(over)).publication.version == 1


def test_a_list_brought_again_begins_the_review_anew(month: Month) -> None:
    first = month.begin()
    closing.agree(month.context, WHICH, "M-10", order())
    del month.rows[403]
    second = month.begin(WHEN + timedelta(days=1))
    assert second.id != first.id
    assert {one.standing for one in second.entries} == {Standing.OPEN}
    assert len(second.entries) == len(CAUSES) - 1
    assert [one.id for one in closing.every(month.context)] == [second.id]


def test_what_is_kept_is_read_as_it_was(month: Month) -> None:
    made = month.begin()
    assert closing.find(month.context, *WHICH) == made


def test_what_cannot_be_closed(month: Month) -> None:
    early = datetime(2026, 10, 20, tzinfo=UTC)
    questions: list[tuple[Any, type[InterdeskError], str]] = [
        (lambda: month.begin(early), Refused, "is not over"),
        (lambda: closing.find(month.context, "mal", "2026-10"), NotFound, "did you mean 'mall'"),
        (lambda: closing.find(month.context, "mall", "2026-10"), NotFound, "nobody began to close"),
        (lambda: closing.restate(month.context, WHICH, order()), Refused, "needs its reason"),
    ]
    for ask, kind, words in questions:
        with pytest.raises(kind) as raised:
            ask()
        assert words in str(raised.value)
    month.begin()
    with pytest.raises(Refused, match="not issued yet"):
        closing.restate(month.context, WHICH, order(reason="too soon"))
    with pytest.raises(NotFound, match="did you mean 'M-10'"):
        closing.agree(month.context, WHICH, "M-1O", order())
    assert list(itertools.chain(closing.every(month.context)))
