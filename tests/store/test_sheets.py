"""Sheets of a site's own terms, kept with the case that is bound to them; equal ones once, on both databases."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.domain.agreement_documents import sheet_at, sheet_of
from gateway.domain.model import Site
from gateway.domain.sla.terms import TargetKind
from gateway.store import cases, directory, rows
from gateway.store.db import Database
from tests.builders import tree
from tests.migrated import bring_up

AGREEMENT = {
    "id": "agr_1",
    "org_id": "org_south",
    "code": "south-uc",
    "provider": "org_south",
    "consumer": "org_north",
    "kind": "uc",
    "calendar": "shop",
    "targets": {"resolution": {"critical": "4h", "access_hours": True}},
}
SHOP = {"shop": {"code": "shop", "zone": "site", "weekly": {"mon": ["08:00-18:00"]}}}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("migrated_postgres")
    opened = Database(url)
    bring_up(opened)
    yield opened
    opened.close()


def test_r6_terms_of_a_site_are_kept_once_and_read_again(database: Database) -> None:
    site = Site(id="s", org_id="org_north", code="TYO-1", zone="Asia/Tokyo", hours="Mon 10:00-12:00")
    name, sheet = sheet_at(sheet_of(AGREEMENT, SHOP)[1], site, zone="UTC")
    for _ticket in range(2):
        case = tree("north>south")
        case.sheets[name] = sheet
        with database.write() as db:
            cases.save(db, [case])
    with database.read() as db:
        assert db.execute(select(func.count()).select_from(rows.sheet)).scalar() == 1
        found = directory.agreements_of(db, [name])[name]
    calendar = found.terms.calendar_of(TargetKind.RESOLUTION)
    assert (found.sheet, calendar.zone) == (name, "Asia/Tokyo")
    assert calendar.within is not None
    assert found.terms.targets[TargetKind.RESOLUTION] == {"critical": timedelta(hours=4)}
