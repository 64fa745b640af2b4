"""Published reports stay as they are: versions with their differences and tickets, a chain of seals, an audit; who may read
them; the file a letter encloses."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from gateway.app import Gateway
from gateway.domain.reports.document import Report
from gateway.domain.reports.publication import Line
from gateway.errors import Invalid, NotFound, Refused
from gateway.export import paper
from gateway.flows import publishing, reporting
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.flows.publishing import Draft, Published
from gateway.store import audit
from gateway.store.publications import PUBLICATION
from tests.api import house
from tests.domain.reports import sample

LINE = Line(kind="compliance", subject="north", period="2026-10", view="customer")
EITHER = pytest.mark.parametrize("gateway", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    wanted = getattr(request, "param", "sqlite")
    url = None if wanted == "sqlite" else request.getfixturevalue("migrated_postgres")
    with house.installed(tmp_path, url=url) as opened:
        yield opened


def org(gateway: Gateway, code: str = "north") -> str:
    with gateway.database.read() as db:
        known = gateway.context.directory(db).organizations
    return next(one.id for one in known.values() if one.code == code)


def outcome(verdict: str, hours: int = 4) -> dict[str, Any]:
    told = {"number": "T-9001", "agreement": "till-sla", "target_kind": "resolution", "priority": "high"}
    return told | {"verdict": verdict, "elapsed": hours * 3_600_000_000}


def draft(
    gateway: Gateway, report: Report | None = None, evidence: Mapping[str, Mapping[str, Any]] | None = None
) -> Draft:
    found = {"tkt_1/hop_1/till-sla/resolution/1": outcome("met")} if evidence is None else evidence
    return Draft(line=LINE, org_id=org(gateway), report=report or sample.report(), evidence=found)


def publish(gateway: Gateway, made: Draft, *, days: int = 0) -> Published:
    order = Order(actor="maria", now=sample.AT + timedelta(days=days), reason="monthly review")
    return publishing.publish(gateway.context, made, order)


def late(gateway: Gateway) -> Draft:
    return draft(gateway, sample.later(), {"tkt_1/hop_1/till-sla/resolution/1": outcome("breached", 9)})


@EITHER
def test_a_late_fact_makes_a_version_and_both_stay_as_they_were(gateway: Gateway) -> None:
    first = publish(gateway, draft(gateway))
    second = publish(gateway, late(gateway), days=3)
    assert (first.report.version, second.report.version) == (1, 2)
    assert first.is_new
    assert second.is_new
    assert publishing.read(gateway.context, first.publication.id, None).report == first.report
    assert publishing.read(gateway.context, second.publication.id, None).report == second.report
    assert [one.version for one in publishing.listed(gateway.context, "north")] == [2, 1]
    newest = publishing.read(gateway.context, first.publication.id, None).newest
    assert newest.id == second.publication.id


def test_the_difference_names_each_figure_and_the_tickets_behind_it(gateway: Gateway) -> None:
    first = publish(gateway, draft(gateway)).publication.id
    second = publish(gateway, late(gateway)).publication.id
    found, told = publishing.compared(gateway.context, first, second, now=sample.AT)
    met = next(one for one in found.figures if one.column.key == "met")
    assert (met.row, met.old, met.new, met.tickets) == ("resolution, all", 1999, 1998, ("T-9001",))
    (turn,) = found.turns
    assert (turn.number, turn.old and turn.old["verdict"], turn.new and turn.new["verdict"]) == (
        "T-9001",
        "met",
        "breached",
    )
    rows = {row[:3]: row[3:] for table in told.sections[1].tables for row in table.rows}
    assert rows["Targets against their objectives", "resolution, all", "Gross share"] == (
        "99.95 % (1999/2000)",
        "99.90 % (999/1000)",
        "T-9001",
    )
    assert told.sections[2].tables[0].rows == (
        ("T-9001", "till-sla", "resolution", "met, ran 4:00:00", "breached, ran 9:00:00"),
    )
    assert publishing.previous(gateway.context, second) == first


def test_what_says_the_same_is_no_new_version(gateway: Gateway) -> None:
    first = publish(gateway, draft(gateway))
    moved = replace(
        sample.report(),
        made_at=sample.AT + timedelta(days=1),
        parameters={**sample.report().parameters, "data as of": "later"},
    )
    again = publish(gateway, draft(gateway, moved), days=1)
    assert not again.is_new
    assert again.publication.id == first.publication.id
    assert len(publishing.listed(gateway.context)) == 1


def test_who_published_what_and_why_stands_in_the_audit(gateway: Gateway) -> None:
    publish(gateway, draft(gateway))
    second = publish(gateway, late(gateway)).publication
    with gateway.database.read() as db:
        (entry,) = audit.entries(db, OPERATOR, subject=second.id)
    assert (entry["actor"], entry["action"], entry["before"]["version"]) == ("maria", "report published", 1)
    assert entry["after"]["seal"] == second.seal
    assert entry["after"]["reason"] == "monthly review"


@EITHER
@pytest.mark.parametrize("what", ["title", "figures", "seal", "gone"])
def test_an_altered_version_is_noticed(gateway: Gateway, what: str) -> None:
    first = publish(gateway, draft(gateway)).publication
    second = publish(gateway, late(gateway)).publication
    assert publishing.altered(gateway.context, [LINE]) == set()
    row = PUBLICATION.c.id == first.id
    with gateway.database.write() as db:
        other = PUBLICATION.select().where(PUBLICATION.c.id == second.id)
        swapped = db.execute(other).mappings().one()["document"]
        change: dict[str, Any] = {
            "title": {"sha256": "0" * 64},
            "figures": {"document": swapped},
            "seal": {"seal": "0" * 64},
        }.get(what, {})
        db.execute(
            update(PUBLICATION).where(row).values(**change) if change else PUBLICATION.delete().where(row)
        )
    bad = publishing.altered(gateway.context, [LINE])
    assert (LINE, 2 if what == "gone" else 1) in bad


def test_each_reads_its_own_and_nobody_anothers(gateway: Gateway) -> None:
    name = publish(gateway, draft(gateway)).publication.id
    assert publishing.read(gateway.context, name, org(gateway)).publication.id == name
    for other in (org(gateway, "south"), "org_nobody"):
        with pytest.raises(NotFound):
            publishing.read(gateway.context, name, other)
    with pytest.raises(NotFound, match="interdesk report versions"):
        publishing.read(gateway.context, "pub_none", None)


def test_versions_of_different_reports_have_no_difference(gateway: Gateway) -> None:
    first = publish(gateway, draft(gateway)).publication.id
    other = publish(gateway, replace(draft(gateway), line=replace(LINE, period="2026-09"))).publication.id
    with pytest.raises(Invalid, match="versions of different reports"):
        publishing.compared(gateway.context, first, other, now=sample.AT)
    with pytest.raises(Refused, match="the first of its report"):
        publishing.previous(gateway.context, first)


@pytest.mark.parametrize(
    ("form", "name", "begins"),
    [
        ("xlsx", "compliance-north-2026-10-v1.xlsx", b"PK"),
        ("csv", "compliance-north-2026-10-v1.zip", b"PK"),
        ("html:it", "compliance-north-2026-10-v1.html", b"<!doctype html>"),
    ],
)
def test_a_letter_encloses_a_file_of_it(gateway: Gateway, form: str, name: str, begins: bytes) -> None:
    kept = publish(gateway, draft(gateway)).publication
    found = publishing.enclosed(gateway.context, f"{kept.id}:{form}")
    assert (found.name, found.content[: len(begins)]) == (name, begins)
    if form == "html:it":
        assert b'<html lang="it">' in found.content


def test_one_that_is_too_long_for_paper_is_enclosed_as_sheets(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "MOST_ROWS", 3)
    kept = publish(gateway, draft(gateway)).publication
    assert publishing.enclosed(gateway.context, f"{kept.id}:pdf:en").name.endswith("-v1.xlsx")


def test_what_would_have_been_is_not_published(gateway: Gateway) -> None:
    for more in ({"under": "other"}, {"as_of": sample.AT}):
        wanted = replace(reporting.Wanted(customer="north", period="2026-10"), **more)
        with pytest.raises(Refused, match="is not published"):
            publishing.draft(gateway.context, wanted, now=sample.AT)


def test_a_customer_that_nobody_knows_is_suggested(gateway: Gateway) -> None:
    with pytest.raises(NotFound, match="did you mean 'north'"):
        publishing.listed(gateway.context, "nort")
