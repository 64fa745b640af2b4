"""What desks call tickets, and tickets that no agreement held for, on both databases."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.domain.reports.period import period_from
from gateway.store import numbers, outcomes, rows, unpromised
from gateway.store.db import Database, Db
from gateway.store.scope import Scope
from tests.domain.reports.month import OCTOBER, at, case
from tests.migrated import bring_up

OPERATOR = Scope.operator()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("migrated_postgres")
    opened = Database(url)
    bring_up(opened)
    yield opened
    opened.close()


def ticket(db: Db, name: str, opened_at: datetime, **hops: str) -> None:
    """A ticket of the mall with a hop at each organization that gave it a number."""
    row = {"id": name, "org_id": "org_mall", "opened_at": opened_at, "version": 0, "facts": {}}
    db.execute(rows.ticket.insert().values(**row, watched=False))
    for place, (org, number) in enumerate(hops.items()):
        db.execute(
            rows.hop.insert().values(
                id=f"hop_{name}_{place}",
                ticket_id=name,
                org_id=f"org_{org.rstrip('2')}",
                desk_id=f"dsk_{org}",
                status="accepted",
                number=number,
                created_at=opened_at + place * timedelta(hours=1),
                facts={},
                route=[],
            )
        )


def test_numbers_by_organization_and_by_anybody(database: Database) -> None:
    with database.write() as db:
        ticket(db, "tkt_1", at(5), mall="M-1", north="N-1", north2="N-9")
        ticket(db, "tkt_2", at(6), mall="M-2")
    with database.read() as db:
        both = ["tkt_1", "tkt_2"]
        assert numbers.at(db, OPERATOR, "org_north", both) == {"tkt_1": "N-9"}
        assert numbers.of(db, OPERATOR, both) == {"tkt_1": {"M-1", "N-1", "N-9"}, "tkt_2": {"M-2"}}
        assert numbers.called(db, OPERATOR, ["N-1", "M-2", "X"]) == {"tkt_1", "tkt_2"}
        assert numbers.of(db, Scope.of("org_mall"), both)["tkt_1"] == {"M-1"}
        assert numbers.called(db, Scope.of("org_mall"), ["N-1"]) == set()


def test_what_no_agreement_held_for(database: Database) -> None:
    with database.write() as db:
        ticket(db, "tkt_1", at(5), mall="M-1")
        ticket(db, "tkt_2", at(6), mall="M-2")
        ticket(db, "tkt_3", at(6, month=9), mall="M-3")
        ticket(db, "tkt_4", at(4))
        outcomes.keep(db, [(case(1, customer="org_mall"), [])])
    with database.read() as db:
        found = unpromised.opened(db, OPERATOR, "org_mall", OCTOBER)
        assert [(one.ticket_id, one.number, one.opened_at) for one in found] == [
            ("tkt_4", "", at(4)),
            ("tkt_2", "M-2", at(6)),
        ]
        assert unpromised.opened(db, OPERATOR, "org_north", OCTOBER) == []
        assert unpromised.opened(db, Scope.of("org_north"), "org_mall", OCTOBER) == []
        assert [
            one.number for one in unpromised.opened(db, OPERATOR, "org_mall", period_from("2026-09"))
        ] == ["M-3"]
