"""Closings come back as they were kept, one for each customer and period, on both databases; and what desks call tickets."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.reports import review
from gateway.domain.reports.lists import Frame, ListedBy, Theirs
from gateway.domain.reports.outcome import Verdict
from gateway.domain.reports.review import Closing
from gateway.domain.sla.terms import TargetKind
from gateway.store import closings
from gateway.store.db import Database
from gateway.store.scope import Scope
from tests.domain.reports.month import OCTOBER
from tests.domain.reports.test_review import NOW, closing, line
from tests.migrated import bring_up

OPERATOR = Scope.operator()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("migrated_postgres")
    opened = Database(url)
    bring_up(opened)
    yield opened
    opened.close()


def rich() -> Closing:
    """Everything that a closing can hold."""
    row = Theirs(
        row=2,
        number="M-1",
        former=("X-1",),
        merged_into="M-2",
        opened_at=NOW,
        due_at=NOW,
        priority="high",
        verdicts={TargetKind.RESOLUTION: Verdict.BREACHED},
    )
    one = closing(line("M-1", target=TargetKind.RESOLUTION), line("M-2"))
    asked = review.query(one, "M-2", by="mario", words="why?", now=NOW)
    frame = Frame(period=OCTOBER, listed_by=ListedBy.CLOSED, exported_at=NOW)
    return replace(asked, rows=(row,), frame=frame, names=("Anna", "Mario"))


def test_what_is_kept_comes_back(database: Database) -> None:
    with database.write() as db:
        closings.put(db, rich())
    with database.write() as db:
        found = closings.get(db, OPERATOR, "org_mall", "2026-10", lock=True)
        assert found == rich()
        closings.save(db, replace(rich(), issued_at=datetime(2026, 11, 9, tzinfo=UTC)))
    with database.read() as db:
        [listed] = closings.listed(db, OPERATOR)
        assert listed.issued_at == datetime(2026, 11, 9, tzinfo=UTC)
        assert closings.get(db, OPERATOR, "org_mall", "2026-11") is None


def test_a_new_one_takes_the_place_of_the_one_before(database: Database) -> None:
    with database.write() as db:
        closings.put(db, rich())
        closings.put(db, replace(rich(), id="cls_2"))
        closings.put(db, replace(rich(), id="cls_3", org_id="org_other", customer="other"))
    with database.read() as db:
        assert [one.id for one in closings.listed(db, OPERATOR)] == ["cls_2", "cls_3"]


def test_another_organization_does_not_find_it(database: Database) -> None:
    with database.write() as db:
        closings.put(db, rich())
    with database.read() as db:
        assert closings.get(db, Scope.of("org_other"), "org_mall", "2026-10") is None
        assert closings.listed(db, Scope.of("org_other")) == []
        assert closings.get(db, Scope.of("org_mall"), "org_mall", "2026-10") is not None
