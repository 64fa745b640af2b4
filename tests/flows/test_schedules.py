"""Reports by themselves: on the morning after the cut-off, once for each period, with their file; what fails harms no other."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.app import Gateway
from gateway.domain.letters import Enclosure, Letter, Post, Posted
from gateway.domain.reports.publication import Line
from gateway.domain.reports.schedule import Every, Schedule
from gateway.domain.reports.views import View
from gateway.errors import Invalid, NotFound
from gateway.export import Format
from gateway.flows import publishing, reporting, schedules, sweep
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.flows.postman import Postman
from gateway.flows.schedules import Wanted
from gateway.store import alarms, audit
from tests.api import house
from tests.domain.reports import sample

EITHER = pytest.mark.parametrize("gateway", ["sqlite", "postgresql"], indirect=True)
ASKED = datetime(2026, 10, 14, 9, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
"""The third day after October."""


@pytest.fixture
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    wanted = getattr(request, "param", "sqlite")
    url = None if wanted == "sqlite" else request.getfixturevalue("migrated_postgres")
    with house.installed(tmp_path, url=url) as opened:
        yield opened


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[reporting.Wanted]:
    """The figures are the sample's; what was asked for, in order."""
    asked: list[reporting.Wanted] = []

    def draft(context: Any, wanted: reporting.Wanted, *, now: datetime) -> publishing.Draft:
        asked.append(wanted)
        org = next(one.id for one in context.directory_now.organizations.values() if one.code == "north")
        line = Line(kind="compliance", subject=wanted.customer, period=wanted.period, view=wanted.view)
        return publishing.Draft(line=line, org_id=org, report=replace(sample.report(), made_at=now))

    monkeypatch.setattr(publishing, "draft", draft)
    return asked


def add(gateway: Gateway, **more: Any) -> Schedule:
    given: dict[str, Any] = {
        "customer": "north",
        "recipients": ("boss@north.example",),
        "format": Format.XLSX,
    }
    return schedules.add(gateway.context, Wanted(**(given | more)), Order(actor="maria", now=ASKED))


def letters(gateway: Gateway) -> list[Letter]:
    with gateway.database.read() as db:
        return alarms.letters_of(db, OPERATOR, [""])


def run(gateway: Gateway, at: datetime) -> int:
    return schedules.run(gateway.context, now=at)


@EITHER
def test_once_for_each_period_on_the_morning_after_its_cut_off(
    gateway: Gateway, counted: list[reporting.Wanted]
) -> None:
    made = add(gateway, recipients=("boss@north.example", "books@north.example"))
    assert (made.next_period, made.due_at) == ("2026-10", MORNING)
    assert run(gateway, MORNING - timedelta(seconds=1)) == 0
    assert run(gateway, MORNING) == 1
    assert run(gateway, MORNING) == 0
    assert [one.period for one in counted] == ["2026-10"]
    assert counted[0].view is View.CUSTOMER
    (version,) = publishing.listed(gateway.context)
    sent = letters(gateway)
    assert [one.address for one in sent] == ["boss@north.example", "books@north.example"]
    assert {one.enclosure for one in sent} == {f"{version.id}:xlsx:en"}
    assert "1,999 of 2,000 resolutions" in sent[0].body
    (after,) = schedules.listed(gateway.context)
    assert after.next_period == "2026-11"


def test_a_worker_does_it_on_its_rounds(gateway: Gateway, counted: list[reporting.Wanted]) -> None:
    add(gateway)
    assert sweep.run(gateway.context, now=MORNING) >= 1
    assert sweep.run(gateway.context, now=MORNING) == 0
    assert (len(counted), len(letters(gateway))) == (1, 1)


def test_two_processes_at_once_publish_once(gateway: Gateway, counted: list[reporting.Wanted]) -> None:
    made = add(gateway)
    schedules._publish(gateway.context, made, now=MORNING)
    schedules._publish(gateway.context, made, now=MORNING)
    assert len(counted) == 2, "both had counted"
    assert len(publishing.listed(gateway.context)) == len(letters(gateway)) == 1


def test_a_process_that_dies_before_the_end_has_published_nothing(
    gateway: Gateway, counted: list[reporting.Wanted], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(gateway)
    with monkeypatch.context() as broken:
        broken.setattr(alarms, "keep", lambda *_, **__: 1 / 0)
        assert run(gateway, MORNING) == 1
    assert (publishing.listed(gateway.context), letters(gateway)) == ([], [])
    assert run(gateway, MORNING + timedelta(minutes=59)) == 0, "it waits its hour"
    assert run(gateway, MORNING + schedules.AGAIN) == 1
    assert len(publishing.listed(gateway.context)) == len(letters(gateway)) == 1
    assert counted[-1].period == "2026-10"


def test_months_that_nobody_worked_through_are_made_up_for(
    gateway: Gateway, counted: list[reporting.Wanted]
) -> None:
    add(gateway)
    later = MORNING + timedelta(days=70)
    while run(gateway, later):
        assert len(counted) < 9
    assert [one.period for one in counted] == ["2026-10", "2026-11", "2026-12"]


def test_where_there_is_nothing_to_tell_that_is_told(gateway: Gateway) -> None:
    add(gateway, customer="north")
    assert run(gateway, MORNING) == 1
    (letter,) = letters(gateway)
    assert letter.enclosure == ""
    assert "There is no report for 2026-10: no ticket of north is known" in letter.body
    assert schedules.listed(gateway.context)[0].next_period == "2026-11"


def test_removed_it_sends_nothing_more(gateway: Gateway, counted: list[reporting.Wanted]) -> None:
    made = add(gateway)
    order = Order(actor="karl", now=ASKED)
    assert schedules.remove(gateway.context, made.id, order) == schedules.remove(
        gateway.context, made.id, order
    )
    assert (run(gateway, MORNING), schedules.listed(gateway.context), counted) == (0, [], [])
    with gateway.database.read() as db:
        found = audit.entries(db, OPERATOR, subject=made.id)
    assert [(one["actor"], one["action"]) for one in found] == [
        ("karl", "report schedule removed"),
        ("maria", "report schedule added"),
    ]
    with pytest.raises(NotFound):
        schedules.remove(gateway.context, "rsc_none", order)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"recipients": ()}, "nobody is named to get it"),
        ({"recipients": ("boss",)}, "'boss' is no address"),
        ({"recipients": ("a@b.example\nBcc: c@d.example",)}, "is no address"),
        ({"after_days": 29}, "is none"),
        ({"view": View.PARTNER}, "read by that partner"),
    ],
    ids=["nobody", "no address", "a header", "never", "which partner"],
)
def test_what_makes_no_sense_is_refused(gateway: Gateway, more: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        add(gateway, **more)
    with pytest.raises(NotFound, match="did you mean 'north'"):
        add(gateway, customer="nort")


@pytest.mark.parametrize(
    ("every", "period", "due"),
    [
        (Every.QUARTER, "2026-Q4", datetime(2027, 1, 3, 6, tzinfo=UTC)),
        (Every.YEAR, "2026", datetime(2027, 1, 3, 6, tzinfo=UTC)),
    ],
)
def test_quarters_and_years_too(gateway: Gateway, every: Every, period: str, due: datetime) -> None:
    made = add(gateway, every=every)
    assert (made.next_period, made.due_at) == (period, due)


def test_the_letter_leaves_with_its_file(gateway: Gateway, counted: list[reporting.Wanted]) -> None:
    add(gateway)
    run(gateway, MORNING)
    sent: list[tuple[Letter, Enclosure | None]] = []

    async def send(letter: Letter, enclosed: Enclosure | None = None) -> Posted:
        sent.append((letter, enclosed))
        return Posted(Post.SENT)

    asyncio.run(Postman(gateway.context, send, lambda: MORNING).round())
    ((letter, enclosed),) = sent
    assert enclosed is not None
    assert (enclosed.name, enclosed.content[:2]) == ("compliance-north-2026-10-v1.xlsx", b"PK")
    assert letter.subject == "Report: Compliance of North Stores, October 2026"
    assert letters(gateway)[0].state == "sent"


def test_a_file_that_cannot_be_written_here_waits(gateway: Gateway, counted: list[reporting.Wanted]) -> None:
    add(gateway)
    run(gateway, MORNING)
    with gateway.database.write() as db:
        db.execute(alarms.LETTER.update().values(enclosure="pub_gone:xlsx:en"))

    async def send(letter: Letter, enclosed: Enclosure | None = None) -> Posted:
        raise AssertionError("nothing is sent without its file")

    asyncio.run(Postman(gateway.context, send, lambda: MORNING).round())
    (letter,) = letters(gateway)
    assert (letter.state, "there is no published report pub_gone" in letter.error) == ("pending", True)
