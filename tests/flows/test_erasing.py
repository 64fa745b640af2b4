"""Somebody is forgotten: nowhere in the database, its files or a new backup; every figure, event and chain as it was."""

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.app import Gateway, utc_now
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import auditing, backup, erasing, holds
from gateway.flows.backup import Place
from gateway.flows.commands import Order
from gateway.flows.erasing import Keep, Wanted
from gateway.sealed_files import SealedReader
from gateway.store import erasures, rows, schema, traces
from gateway.store.account_tables import AccountRow, WebSessionRow
from gateway.store.columns import plain
from gateway.store.in_house_tables import DeskPartRow, DeskTicketRow
from gateway.testing.loopback import PLAIN, LoopbackDesk
from tests.api import house

CANARY = "Ada Quirrenbach"
WANTED = Wanted(organization="north", terms=(CANARY, "ada@quirrenbach.example"))
PORTAL = """
  - {code: counter, organization: south, connector: portal_desk}
"""


def order(**changes: Any) -> Order:
    return replace(Order(actor="maria", now=utc_now(), reason="asked on paper"), **changes)


def keep(gateway: Gateway) -> Keep:
    return Keep(blobs=gateway.blobs, vault=gateway.vault, beside=gateway.settings.erasures)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with house.installed(tmp_path) as gateway:
        yield gateway


def ticket(gateway: Gateway, *, closed: bool = True) -> str:
    """A ticket that she opened at her desk and wrote on, an agent named her, with files of hers, a raw message, an account."""
    desk = LoopbackDesk(PLAIN, clock=utc_now, hook_secret=house.HOOK_SECRET.encode())
    ada, bob = desk.person(CANARY), desk.person("Bob")
    mine = ada.open("My safe at home", "It does not open, the code is 4711", queue="Field", requester=CANARY)
    ada.comment(mine, "please hurry")
    bob.comment(mine, f"called {CANARY.upper()} back")
    bob.comment(mine, "the part is ordered")
    house.hear(gateway, desk, "north")
    with gateway.database.write() as db:
        hop = db.execute(select(rows.hop)).mappings().first()
        text = db.execute(select(rows.content).limit(1)).mappings().first()
        assert hop is not None
        assert text is not None
        files = {"one": b"painted", "two": f"a list with {CANARY} in it".encode(), "three": b"the plan"}
        for name, content in files.items():
            blob = gateway.blobs.put([content], limit=1000)
            named = {"id": f"cnt_{name}", "kind": "attachment", "author": CANARY if name == "one" else "Bob"}
            file = {"filename": f"{name}.txt", "media_type": "text/plain", "blob_key": blob.key}
            db.execute(rows.content.insert().values(**{**text, **named, **file, "text": "", "source": {}}))
        _more(db, hop)
        if closed:
            db.execute(update(rows.ticket).values(closed_at=utc_now()))
    return str(hop["ticket_id"])


def _more(db: Any, hop: Any) -> None:
    now = utc_now()
    account = {
        "id": "acc_1",
        "org_id": hop["org_id"],
        "email": "ada@quirrenbach.example",
        "role": "customer_viewer",
    }
    db.execute(AccountRow.__table__.insert().values(**account, created_at=now, password="x"))  # type: ignore[attr-defined]
    session = {
        "id": "ses_1",
        "org_id": hop["org_id"],
        "account_id": "acc_1",
        "sha256": "s",
        "browser": CANARY,
    }
    times = {"created_at": now, "seen_at": now, "expires_at": now + timedelta(days=1), "address": ""}
    db.execute(WebSessionRow.__table__.insert().values(**session, **times))  # type: ignore[attr-defined]
    job = {"id": "job_1", "org_id": hop["org_id"], "desk_id": hop["desk_id"], "place": 1, "number": "J-1"}
    said = {
        "marker": "m",
        "face": "portal",
        "fields": {"requester": CANARY, "title": "My safe"},
        "created_at": now,
        "changed_at": now,
    }
    db.execute(DeskTicketRow.__table__.insert().values(**job, **said))  # type: ignore[attr-defined]
    part = {
        "id": "prt_1",
        "org_id": hop["org_id"],
        "ticket_id": "job_1",
        "place": 1,
        "kind": "comment",
        "at": now,
    }
    who = {"actor_id": "7", "actor_name": CANARY, "actor_kind": "person", "data": {"text": "from the yard"}}
    db.execute(DeskPartRow.__table__.insert().values(**part, **who))  # type: ignore[attr-defined]


def dumped(gateway: Gateway, *, only: tuple[str, ...] = ()) -> dict[str, str]:
    """Every row of every table as text; what is packed unpacked."""
    with gateway.database.read() as db:
        return {
            str(table.name): "\n".join(
                str([_text(value) for value in row])
                for row in db.execute(select(table).order_by(*table.primary_key))
            )
            for table in schema.every_table()
            if not only or table.name in only
        }


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return (zlib.decompress(value) if value[:1] == b"\x78" else value).decode("utf-8", "replace")
    return plain(value)


def spoken_of(text: str) -> bool:
    return any(
        term.lower() in text.lower()
        for term in (*WANTED.terms, "4711", "My safe", "please hurry", "from the yard")
    )


FIGURES = ("event", "clock", "outcome", "case_outcome", "audit", "publication", "ticket", "attempt")


def test_nowhere_any_more_and_every_figure_as_it_was(gateway: Gateway, tmp_path: Path) -> None:
    of = ticket(gateway)
    auditing.anchor(gateway.context, gateway.vault, now=utc_now())
    before = dumped(gateway, only=FIGURES)
    assert sum(map(spoken_of, dumped(gateway).values())) >= 6

    counted = erasing.look(gateway.context, keep(gateway), WANTED)
    assert dumped(gateway, only=FIGURES) == before, "a dry run changes nothing"
    done, found = erasing.erase(gateway.context, keep(gateway), WANTED, order())

    assert counted.erased - found.erased == Counter(web_session=1), "it went with the account"
    assert done.state == erasures.DONE
    assert set(done.tickets) == {of}
    assert {name: text for name, text in dumped(gateway).items() if spoken_of(text)} == {}
    contents = [b"".join(path.read_bytes() for path in gateway.blobs._root.rglob("*") if path.is_file())]
    assert contents == [b"the plan"]
    after = dumped(gateway, only=FIGURES)
    assert after.pop("audit").startswith(before.pop("audit"))
    assert after == before
    gone = order().now
    assert auditing.verify(gateway.context, gateway.vault, gateway.settings.anchors).is_sound
    with gateway.database.read() as db:
        account = db.execute(select(AccountRow.__table__)).mappings().one()  # type: ignore[attr-defined]
    assert (account["password"], account["email"]) == (None, "[erased] acc_1")
    assert account["disabled_at"] <= gone
    assert raw_copy(gateway, tmp_path / "a.backup").find(CANARY.encode()) == -1


def raw_copy(gateway: Gateway, file: Path) -> bytes:
    """All bytes of a new backup, opened: freed pages of the database too."""
    place = Place(database=gateway.database, blobs=gateway.blobs, vault=gateway.vault)
    backup.make(place, file, order())
    with file.open("rb") as sealed:
        return SealedReader(sealed, gateway.vault).readall() or b""


def test_an_older_backup_is_erased_again_when_it_is_put_back(gateway: Gateway, tmp_path: Path) -> None:
    ticket(gateway)
    with gateway.database.read() as db:
        older = {
            table: db.execute(select(table)).mappings().all()
            for table in (rows.content, rows.hop, erasures.ERASURE)
        }
    erasing.erase(gateway.context, keep(gateway), WANTED, order())
    with gateway.database.write() as db:  # as the older one was
        for table, was in older.items():
            db.execute(table.delete())
            if was:
                db.execute(table.insert(), [dict(row) for row in was])
    assert spoken_of(dumped(gateway)["content"])
    sealed = [path.read_text() for path in gateway.settings.erasures.iterdir()]
    assert len(sealed) == 1
    assert not spoken_of(sealed[0])

    assert erasing.replay(gateway.context, keep(gateway), order()) == 1
    assert {name for name, text in dumped(gateway).items() if spoken_of(text)} == set()


def test_what_goes_on_or_is_held_waits(gateway: Gateway) -> None:
    of = ticket(gateway, closed=False)
    done, found = erasing.erase(gateway.context, keep(gateway), WANTED, order())
    assert done.state == erasures.WAITING
    assert found.waiting["content"] > 0
    assert spoken_of(dumped(gateway)["content"])

    with gateway.database.write() as db:
        db.execute(update(rows.ticket).values(closed_at=utc_now()))
    with pytest.raises(Refused, match="a hold needs a reason"):
        holds.hold(gateway.context, of, order(reason=""))
    holds.hold(gateway.context, of, order(reason="case 12"))
    assert [one["ticket_id"] for one in holds.listed(gateway.context)] == [of]
    tomorrow = order(now=utc_now() + erasing.AGAIN * 2)
    assert erasing.go_on(gateway.context, keep(gateway), tomorrow) == 1
    assert spoken_of(dumped(gateway)["content"])

    holds.unhold(gateway.context, of, order())
    later = order(now=tomorrow.now + erasing.AGAIN)
    assert erasing.go_on(gateway.context, keep(gateway), later) == 1
    assert not spoken_of(dumped(gateway)["content"])
    assert erasing.go_on(gateway.context, keep(gateway), later) == 0
    old = order(now=later.now + erasing.REMEMBERED + timedelta(days=1))
    assert erasing.go_on(gateway.context, keep(gateway), old) == 0
    assert [one.sealed_terms for one in erasing.listed(gateway.context)] == [""]
    assert list(gateway.settings.erasures.iterdir()) == []
    with pytest.raises(Refused, match="not known any more"):
        erasing.work(gateway.context, keep(gateway), erasing.listed(gateway.context)[0].id, order())


def test_what_was_broken_off_is_taken_up_where_it_was(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket(gateway)
    left = [4]
    change = traces.change

    def breaks(*given: Any) -> None:
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        change(*given)

    monkeypatch.setattr(erasing, "MANY", 2)
    monkeypatch.setattr(traces, "change", breaks)
    with pytest.raises(KeyboardInterrupt):
        erasing.erase(gateway.context, keep(gateway), WANTED, order())
    [asked] = erasing.listed(gateway.context)
    assert asked.place is not None
    assert asked.place["table"] == "content"
    monkeypatch.undo()
    assert erasing.go_on(gateway.context, keep(gateway), order()) == 1
    assert {name for name, text in dumped(gateway).items() if spoken_of(text)} == set()


def test_bad_input_is_told(gateway: Gateway) -> None:
    with pytest.raises(NotFound, match="no organization 'west'"):
        erasing.look(gateway.context, keep(gateway), replace(WANTED, organization="west"))
    with pytest.raises(Invalid, match="nobody can be found by that"):
        erasing.erase(gateway.context, keep(gateway), replace(WANTED, terms=("Al",)), order())
    assert erasing.listed(gateway.context) == []
    with pytest.raises(NotFound, match="no erasure ers_1"):
        erasing.work(gateway.context, keep(gateway), "ers_1", order())
    with pytest.raises(NotFound, match="no ticket tkt_1"):
        holds.hold(gateway.context, "tkt_1", order())
