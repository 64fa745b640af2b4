"""Files of which nothing speaks go after a time of grace; one that is stored again or spoken of stays."""

import asyncio
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.app import Gateway, utc_now
from gateway.blobs import BlobStore
from gateway.flows import orphans
from gateway.flows.retention import Forgetter
from gateway.store import files, rows, schema
from gateway.store.agent_tables import ErrandRow
from gateway.store.audit import AUDIT
from gateway.store.columns import Document
from gateway.store.in_house_tables import DeskPartRow
from gateway.store.ticket_sharing_tables import SharedFileRow
from tests.api import house
from tests.flows.test_erasing import keep, ticket

LATER = utc_now() + orphans.GRACE + timedelta(hours=1)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with house.installed(tmp_path) as gateway:
        yield gateway


def test_what_nobody_speaks_of_goes_after_its_grace(gateway: Gateway) -> None:
    ticket(gateway)
    at_desk = gateway.blobs.put([b"at a desk of ours"], limit=100)
    with gateway.database.write() as db:
        file = {"filename": "slip.txt", "key": at_desk.key, "size": at_desk.size}
        db.execute(DeskPartRow.__table__.update().values(data=file))  # type: ignore[attr-defined]
    known = set(gateway.blobs.keys())
    lost = gateway.blobs.put([b"never spoken of"], limit=100)
    assert orphans.remove(gateway.context, gateway.blobs, now=utc_now()) == 0
    assert set(gateway.blobs.keys()) == {*known, lost.key}
    assert orphans.remove(gateway.context, gateway.blobs, now=LATER) == 1
    assert set(gateway.blobs.keys()) == known
    with gateway.database.read() as db:
        [told] = db.execute(
            select(AUDIT.c.after).where(AUDIT.c.action == "files of nobody removed")
        ).scalars()
    assert told == {"files": 1}


def test_every_holder_has_documents_to_look_into() -> None:
    tables = {table.name: table for table in schema.every_table()}
    assert [
        name for name in files.HOLDERS if not any(isinstance(one.type, Document) for one in tables[name].c)
    ] == []


def test_a_file_that_is_lent_to_an_agent_or_a_partner_is_spoken_of(gateway: Gateway) -> None:
    lent, on_its_way = (gateway.blobs.put([said], limit=10) for said in (b"lent", b"leaving"))
    now = utc_now()
    with gateway.database.write() as db:
        [desk] = db.execute(select(rows.desk).where(rows.desk.c.code == "south")).mappings()
        of = {"org_id": desk["org_id"], "desk_id": desk["id"]}
        shared = {"id": "shf_1", "sha256": "5", "filename": "a", "media_type": "", "expires_at": now}
        db.execute(SharedFileRow.__table__.insert().values(**of, **shared, blob={"key": lent.key}))  # type: ignore[attr-defined]
        errand = {"id": "err_1", "posted_at": now, "begin_by": now, "done_by": now}
        request = {"file": {"blob": {"key": on_its_way.key}}}
        db.execute(ErrandRow.__table__.insert().values(**of, **errand, request=request))  # type: ignore[attr-defined]
    assert orphans.remove(gateway.context, gateway.blobs, now=LATER) == 0
    assert set(gateway.blobs.keys()) == {lent.key, on_its_way.key}


def test_one_that_is_stored_again_meanwhile_stays(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = gateway.blobs.put([b"once more"], limit=100)
    [path] = tmp_path.rglob(lost.key[2:])
    os.utime(path, (0, 0))
    older = BlobStore.older

    def and_stored_again(blobs: BlobStore, before: float) -> set[str]:
        found = older(blobs, before)
        assert found == {lost.key}
        blobs.put([b"once more"], limit=100)
        return found

    monkeypatch.setattr(BlobStore, "older", and_stored_again)
    assert orphans.remove(gateway.context, gateway.blobs, now=utc_now()) == 0
    assert gateway.blobs.has(lost.key)


def test_a_store_that_the_database_knows_nothing_of_is_left(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "STRANGE", 2)
    for said in (b"one", b"two"):
        gateway.blobs.put([said], limit=10)
    assert orphans.remove(gateway.context, gateway.blobs, now=LATER) == 0
    assert len(list(gateway.blobs.keys())) == 2


def test_uploads_and_backups_are_waited_for(gateway: Gateway) -> None:
    lost = gateway.blobs.put([b"nobody's"], limit=100)
    removing = threading.Thread(
        target=orphans.remove, args=(gateway.context, gateway.blobs), kwargs={"now": LATER}
    )
    with gateway.blobs.still(alone=False):
        gateway.blobs.put([b"an upload goes through meanwhile"], limit=100)
        removing.start()
        removing.join(0.2)
        assert gateway.blobs.has(lost.key)
    removing.join(10)
    assert not gateway.blobs.has(lost.key)


def test_a_worker_does_so_once_a_day(gateway: Gateway) -> None:
    now = [LATER]
    forgetter = Forgetter(gateway.context, keep(gateway), lambda: now[0])
    asyncio.run(forgetter.round())
    lost = gateway.blobs.put([b"nobody's"], limit=100)
    asyncio.run(forgetter.round())
    assert gateway.blobs.has(lost.key)
    now[0] += orphans.EVERY
    asyncio.run(forgetter.round())
    assert not gateway.blobs.has(lost.key)
