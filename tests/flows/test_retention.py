"""What has reached the age that its organization set goes, nothing else does; what is kept elsewhere is refused."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from gateway.app import Gateway, utc_now
from gateway.errors import Invalid
from gateway.flows import doctor, holds, retention
from gateway.flows.apply import plan
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store import rows, schema
from tests.api import house
from tests.flows.test_erasing import CANARY, FIGURES, dumped, keep, letters, order, ticket, write_letter

AGES = "retention: {content: 60d, attachments: 40d, raw: 31d}"
SAID = house.CONFIGURATION.replace("name: North Stores", f"name: North Stores, {AGES}")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with house.installed(tmp_path_factory.mktemp("kept"), said=SAID) as gateway:
        yield gateway


def test_each_kind_goes_at_its_age_and_figures_stay(gateway: Gateway) -> None:
    of = ticket(gateway)
    [policy] = retention.policies(gateway.context)
    now = utc_now()
    assert policy.code == "north"
    assert set(retention.due(gateway.context, policy, now=now).values()) == {0}
    figures = dumped(gateway, only=FIGURES)

    done = retention.run(gateway.context, keep(gateway), order(now=now + timedelta(days=35)))
    assert done["north"]["raw"] > 0
    assert done["north"]["content"] == done["north"]["attachments"] == 0
    with gateway.database.read() as db:
        assert db.execute(select(func.count()).select_from(rows.message)).scalar() == 0

    done = retention.run(gateway.context, keep(gateway), order(now=now + timedelta(days=45)))
    assert done["north"]["attachments"] == 3
    assert list(gateway.blobs.keys()) == []
    assert CANARY in dumped(gateway)["content"]

    old = order(now=now + timedelta(days=61))
    holds.hold(gateway.context, of, order(reason="case 12"))
    assert retention.run(gateway.context, keep(gateway), old)["north"]["content"] == 0
    holds.unhold(gateway.context, of, order())
    assert retention.due(gateway.context, policy, now=old.now)["content"] > 0
    assert retention.run(gateway.context, keep(gateway), old)["north"]["content"] > 0
    after = dumped(gateway)
    assert CANARY not in after["content"] + after["hop"]
    assert after.pop("audit").startswith(figures.pop("audit"))
    assert {name: after[name] for name in figures} == figures
    assert not any(retention.run(gateway.context, keep(gateway), old)["north"].values())


def test_letters_that_left_name_nobody_at_their_age(gateway: Gateway) -> None:
    [policy] = retention.policies(gateway.context)
    with gateway.database.write() as db:
        hop = db.execute(select(rows.hop).where(rows.hop.c.org_id == policy.org_id)).mappings().first()
        assert hop is not None
        db.execute(update(rows.hop).where(rows.hop.c.id == hop["id"]).values(remote_id="job_1"))
    for state, about in (("sent", ""), ("pending", "acc_1"), ("sent", "job_1")):
        write_letter(gateway, about, state)
    old = order(now=utc_now() + timedelta(days=32))
    holds.hold(gateway.context, hop["ticket_id"], order(reason="case 12"))
    retention.run(gateway.context, keep(gateway), old)
    assert {about for about, told in letters(gateway).items() if CANARY in told[1]} == {"acc_1", "job_1"}
    holds.unhold(gateway.context, hop["ticket_id"], order())
    assert retention.due(gateway.context, policy, now=old.now)["raw"] == 1
    assert retention.run(gateway.context, keep(gateway), old)["north"]["raw"] == 1
    assert letters(gateway)["job_1"] == letters(gateway)[""] == ("[erased]", "[erased]")
    assert retention.run(gateway.context, keep(gateway), old)["north"]["raw"] == 0


def test_words_at_a_desk_of_ours_go_with_the_case_they_stand_for(tmp_path: Path) -> None:
    at_a_desk_of_ours(tmp_path)


@pytest.mark.pg
def test_on_postgresql_they_go_too(tmp_path: Path, fresh_postgres: str) -> None:
    at_a_desk_of_ours(tmp_path, fresh_postgres)


def at_a_desk_of_ours(tmp_path: Path, url: str | None = None) -> None:
    tables = {table.name: table for table in schema.every_table()}
    part, whole, link = tables["desk_part"], tables["desk_ticket"], tables["portal_link"]
    now = utc_now()
    with house.installed(tmp_path, said=SAID, url=url) as gateway:
        ticket(gateway)
        blob = gateway.blobs.put([b"a photo of the counter"], limit=100)
        with gateway.database.write() as db:
            hop = dict(db.execute(select(rows.hop)).mappings().first() or {})
            db.execute(update(rows.hop).where(rows.hop.c.id == hop["id"]).values(remote_id="job_1"))
            first = dict(db.execute(select(part)).mappings().one())
            file = {
                "filename": "till.png",
                "key": blob.key,
                "size": 9,
                "sha256": blob.sha256,
                "raw": {"key": ""},
            }
            entry = {"field": "title", "old": "My safe", "new": "Ada's safe", "reason": "as she said"}
            for place, data in ((2, file), (3, entry)):
                db.execute(
                    part.insert().values(**{**first, "id": f"prt_{place}", "place": place, "data": data})
                )
            sent = {
                "id": "plk_1",
                "org_id": first["org_id"],
                "job_id": "job_1",
                "doing": "accept",
                "sha256": "s",
            }
            db.execute(link.insert().values(**sent, person=CANARY, created_at=now, expires_at=now))
            db.execute(update(whole).values(document={"status": "closed", "name": "My safe"}))
        [policy] = retention.policies(gateway.context)
        with gateway.database.write() as db:
            db.execute(update(rows.ticket).values(closed_at=None))
        old = order(now=now + timedelta(days=61))
        assert retention.due(gateway.context, policy, now=old.now) | {"raw": 0} == dict.fromkeys(
            policy.ages, 0
        )
        with gateway.database.write() as db:
            db.execute(update(rows.ticket).values(closed_at=now))
        holds.hold(gateway.context, hop["ticket_id"], order(reason="case 12"))
        retention.run(gateway.context, keep(gateway), old)
        assert gateway.blobs.has(blob.key)
        holds.unhold(gateway.context, hop["ticket_id"], order())
        retention.run(gateway.context, keep(gateway), order(now=now + timedelta(days=45)))
        assert not gateway.blobs.has(blob.key)
        assert CANARY in dumped(gateway)["desk_part"]
        retention.run(gateway.context, keep(gateway), old)
        left = dumped(gateway, only=("desk_part", "desk_ticket", "portal_link"))
        words = (
            CANARY,
            CANARY.casefold(),
            "from the yard",
            "My safe",
            "Ada's",
            "as she said",
            "till.png",
            blob.key,
        )
        assert [one for one in words if one in "".join(left.values())] == []
        assert retention.due(gateway.context, policy, now=old.now)["content"] == 0
        assert '"status":"closed"' in left["desk_ticket"]


def test_what_goes_on_has_no_age(gateway: Gateway) -> None:
    with gateway.database.write() as db:
        db.execute(update(rows.ticket).values(closed_at=None))
        db.execute(update(rows.content).values(text="said"))
    [policy] = retention.policies(gateway.context)
    assert retention.due(gateway.context, policy, now=utc_now() + timedelta(days=999))["content"] == 0


@pytest.mark.parametrize(
    ("wish", "region", "told"),
    [
        ("retention: {raw: 30d}", "", "retention.raw is less than 31d"),
        ("region: eu", "ru", "must lie in eu, and this installation keeps its data in ru"),
        ("region: eu", "", "says of no region"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    gateway: Gateway, tmp_path: Path, wish: str, region: str, told: str
) -> None:
    said = house.CONFIGURATION.replace("name: North Stores", f"name: North Stores, {wish}")
    wanted = read(house.configuration(tmp_path, said=said))
    terms = Terms(vault=gateway.vault, region=region)
    with pytest.raises(Invalid, match=told):
        plan(gateway.context, wanted, terms)
    if wish == "region: eu":
        plan(gateway.context, wanted, replace(terms, region="eu"))


def test_doctor_tells_of_data_in_the_wrong_place(tmp_path: Path) -> None:
    said = house.UNLINKED.replace("name: North Stores", "name: North Stores, region: eu")
    with house.installed(tmp_path, said=said, region="eu") as gateway:
        assert list(doctor.regions(gateway.context, "eu")) == []
        [found] = doctor.regions(gateway.context, "ru")
    assert "north: its data must lie in eu" in found.what
