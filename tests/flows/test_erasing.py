"""Somebody is forgotten: nowhere in the database, its files or a new backup; every figure, event and chain as it was."""

import asyncio
import threading
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from gateway.app import Gateway, utc_now
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import auditing, backup, erasing, erasure_rounds, holds, retention
from gateway.flows.backup import Place
from gateway.flows.commands import Order
from gateway.flows.erasing import Busy, Keep, Wanted
from gateway.flows.retention import Forgetter
from gateway.sealed_files import SealedReader
from gateway.store import erasures, rows, schema, traces
from gateway.store.account_tables import AccountRow, WebSessionRow
from gateway.store.audit import AUDIT
from gateway.store.clock_tables import WarningRow
from gateway.store.columns import plain
from gateway.store.in_house_tables import DeskPartRow, DeskTicketRow
from gateway.store.tables import ApiKeyRow
from gateway.store.traces import LETTER
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
    return Keep(blobs=gateway.blobs, vault=gateway.vault, beside=gateway.settings.erasures, now=utc_now)


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
        for term in (*WANTED.terms, "the code is 4711", "My safe", "please hurry", "from the yard")
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


@pytest.mark.parametrize("by", ["restore", "itself", "name"])
def test_an_older_backup_is_erased_again_when_it_is_put_back(gateway: Gateway, by: str) -> None:
    ticket(gateway)
    with gateway.database.read() as db:
        older = {
            table: db.execute(select(table)).mappings().all()
            for table in (rows.content, rows.hop, erasures.ERASURE)
        }
    done, _ = erasing.erase(gateway.context, keep(gateway), WANTED, order())
    with gateway.database.write() as db:  # as the older one was
        for table, was in older.items():
            db.execute(table.delete())
            if was:
                db.execute(table.insert(), [dict(row) for row in was])
    assert spoken_of(dumped(gateway)["content"])
    sealed = [path.read_text() for path in gateway.settings.erasures.iterdir()]
    assert len(sealed) == 1
    assert not spoken_of(sealed[0])

    if by == "restore":
        assert erasure_rounds.replay(gateway.context, keep(gateway), order()) == 1
    elif by == "itself":
        assert erasure_rounds.go_on(gateway.context, keep(gateway), order()) == 1
    else:
        erasing.work(gateway.context, keep(gateway), done.id, order())
    assert {name for name, text in dumped(gateway).items() if spoken_of(text)} == set()


def letters(gateway: Gateway) -> dict[str, tuple[str, str]]:
    """About her account, a job of her case, and nothing that has an id; ids of what they are about → what stands in them."""
    with gateway.database.read() as db:
        found = db.execute(select(LETTER.c.ticket_id, LETTER.c.address, LETTER.c.subject)).all()
    return {about: (address, subject) for about, address, subject in found}


def write_letters(gateway: Gateway, *, state: str = "sent") -> None:
    with gateway.database.write() as db:
        db.execute(update(rows.hop).values(remote_id="job_1"))
    for about in ("acc_1", "job_1", ""):
        write_letter(gateway, about, state)


def write_letter(gateway: Gateway, about: str, state: str) -> None:
    """To her, from the organization of her ticket."""
    with gateway.database.write() as db:
        org_id = db.execute(select(rows.hop.c.org_id)).scalars().first()
        told = {"ticket_id": about, "warning_id": "", "message_id": f"<{about}>", "state": state}
        whose = {"org_id": org_id, "address": "ada@quirrenbach.example", "contact": "ada"}
        text = {"subject": f"News for {CANARY}", "body": "", "created_at": utc_now(), "next_at": utc_now()}
        db.execute(LETTER.insert().values(id=f"ltr_{about}", **told, **whose, **text))


def test_letters_about_an_account_a_job_and_nothing_are_forgotten_too(gateway: Gateway) -> None:
    ticket(gateway)
    write_letters(gateway)
    erasing.erase(gateway.context, keep(gateway), WANTED, order())
    told = dict.fromkeys(("acc_1", ""), ("[erased]", "News for [erased]"))
    assert letters(gateway) == told | {"job_1": ("[erased]", "[erased]")}


def test_words_of_who_asked_go_from_letters_about_a_job_and_from_the_job(gateway: Gateway) -> None:
    """Where the link hides who asked, neither names her."""
    ticket(gateway)
    write_letters(gateway)
    whole: Any = DeskTicketRow.__table__  # type: ignore[attr-defined]
    with gateway.database.write() as db:
        db.execute(update(LETTER).values(address="mauro@quick.example", subject="News on job J-1: My safe"))
        document = {"name": "My safe", "description": "the code is 4711"}
        db.execute(update(whole).values(fields={"title": "My safe"}, document=document))
    erasing.erase(gateway.context, keep(gateway), WANTED, order())
    assert letters(gateway)["job_1"] == ("mauro@quick.example", "[erased]")
    assert (
        letters(gateway)[""][1] == "News on job J-1: My safe"
    )  # of no job: nothing says whose words these are
    with gateway.database.read() as db:
        [job] = db.execute(select(whole.c.fields, whole.c.document)).all()
    assert job.fields == {"title": "[erased]"}
    assert job.document == {"name": "[erased]", "description": "[erased]"}


def test_a_letter_waits_for_its_job_and_until_it_has_left(gateway: Gateway) -> None:
    ticket(gateway, closed=False)
    write_letters(gateway)
    _, found = erasing.erase(gateway.context, keep(gateway), WANTED, order())
    assert found.waiting["letter"] == 1
    assert [about for about, told in letters(gateway).items() if CANARY in told[1]] == ["job_1"]
    with gateway.database.write() as db:
        db.execute(delete(LETTER))
        db.execute(update(rows.ticket).values(closed_at=utc_now()))
    write_letters(gateway, state="pending")
    _, found = erasing.erase(gateway.context, keep(gateway), WANTED, order())
    assert found.waiting["letter"] == 3


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
    tomorrow = order(now=utc_now() + erasure_rounds.AGAIN * 2)
    assert erasure_rounds.go_on(gateway.context, keep(gateway), tomorrow) == 1
    assert spoken_of(dumped(gateway)["content"])
    assert dumped(gateway, only=("audit",))["audit"].count("person erased") == 1, (
        "a day on which nothing came of it is not told"
    )

    holds.unhold(gateway.context, of, order())
    later = order(now=tomorrow.now + erasure_rounds.AGAIN)
    assert erasure_rounds.go_on(gateway.context, keep(gateway), later) == 1
    assert not spoken_of(dumped(gateway)["content"])
    assert erasure_rounds.go_on(gateway.context, keep(gateway), later) == 0
    old = order(now=later.now + erasure_rounds.REMEMBERED + timedelta(days=1))
    assert erasure_rounds.go_on(gateway.context, keep(gateway), old) == 0
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
    assert erasure_rounds.go_on(gateway.context, keep(gateway), order()) == 1
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


def test_another_customers_tickets_are_left_while_they_go_on_or_are_held(gateway: Gateway) -> None:
    ticket(gateway, closed=False)
    with (
        gateway.database.write() as db
    ):  # the job is south's own customer's, and north's ticket went to south once
        hop = dict(db.execute(select(rows.hop)).mappings().first() or {})
        south = db.execute(select(rows.desk).where(rows.desk.c.code == "south")).mappings().one()
        there = {"org_id": south["org_id"], "desk_id": south["id"]}
        case = dict(db.execute(select(rows.ticket)).mappings().one())
        db.execute(rows.ticket.insert().values(**{**case, "id": "tkt_other", "org_id": south["org_id"]}))
        placed = {"ticket_id": "tkt_other", "remote_id": "job_1", "id": "hop_other"}
        db.execute(rows.hop.insert().values(**{**hop, **there, **placed}))
        db.execute(update(rows.ticket).where(rows.ticket.c.id != "tkt_other").values(closed_at=utc_now()))
        db.execute(update(DeskTicketRow.__table__).values(**there))  # type: ignore[attr-defined]
    jobs = ("desk_ticket", "desk_part")
    done, found = erasing.erase(gateway.context, keep(gateway), WANTED, order())
    assert all(spoken_of(text) for text in dumped(gateway, only=jobs).values())
    assert done.state == erasures.WAITING
    assert found.waiting["desk_ticket"] == 1

    with gateway.database.write() as db:
        db.execute(update(rows.ticket).values(closed_at=utc_now()))
    tomorrow = order(now=utc_now() + erasure_rounds.AGAIN * 2)
    assert erasure_rounds.go_on(gateway.context, keep(gateway), tomorrow) == 1
    assert not any(spoken_of(text) for text in dumped(gateway, only=jobs).values())
    assert erasing.listed(gateway.context)[0].state == erasures.DONE


def test_a_hold_that_comes_in_the_midst_holds_and_keeps_what_came_and_who_it_was(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = ticket(gateway)
    before = dumped(gateway, only=("content", "hop", "message", "person"))
    search = erasing._files_that_speak

    def held_meanwhile(*given: Any) -> set[str]:
        holds.hold(gateway.context, of, order(reason="case 12"))
        return search(*given)

    monkeypatch.setattr(erasing, "_files_that_speak", held_meanwhile)
    done, found = erasing.erase(gateway.context, keep(gateway), WANTED, order())
    assert dumped(gateway, only=tuple(before)) == before
    assert done.state == erasures.WAITING
    assert {"content", "hop", "message", "person"} <= set(found.waiting)


def test_files_are_read_while_no_transaction_is_open(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket(gateway)
    search, read = erasing._file_speaks, []

    def outside(*given: Any) -> bool:
        kept = gateway.database._kept
        assert not any(one.in_transaction() for one in kept)
        read.append(given)
        return search(*given)

    monkeypatch.setattr(erasing, "_file_speaks", outside)
    erasing.erase(gateway.context, keep(gateway), WANTED, order())
    assert read


def test_one_that_breaks_off_stops_neither_the_next_nor_what_has_an_age(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket(gateway, closed=False)
    for who in (WANTED, replace(WANTED, terms=("Bob Nobody",))):
        erasing.erase(gateway.context, keep(gateway), who, order())
    first, second = erasing.listed(gateway.context)
    with gateway.database.write() as db:
        assert erasures.reseal(db, first, "no seal")
        erasures.put(db, replace(second, state=erasures.RUNNING))
    ran: list[str] = []
    monkeypatch.setattr(retention, "run", lambda *_: ran.append("run"))
    forgetter = Forgetter(gateway.context, keep(gateway), lambda: utc_now() + erasure_rounds.AGAIN * 2)
    asyncio.run(forgetter.round())
    assert ran == ["run"]
    assert [one.state for one in erasing.listed(gateway.context)] == [erasures.WAITING, erasures.DONE]


def test_at_a_desk_of_ours_the_originals_and_the_file_an_agent_added_go_too(gateway: Gateway) -> None:
    ticket(gateway)
    part, whole = DeskPartRow.__table__, DeskTicketRow.__table__  # type: ignore[attr-defined]
    with gateway.database.write() as db:
        at = rows.content.c.id == "cnt_two"
        key = db.execute(select(rows.content.c.blob_key).where(at)).scalar_one()
        hop: Any = db.execute(select(rows.hop)).mappings().first()
        mine = rows.hop.c.id == hop["id"]
        db.execute(update(rows.hop).where(mine).values(remote_id="job_1"))
        said = {"text": "from the yard", "raw": {"text": "from the yard", "author": {"name": CANARY}}}
        db.execute(update(part).values(data=said))
        first = db.execute(select(part)).mappings().one()
        file = {"key": key, "filename": "my list.txt", "raw": {"url": "x"}}
        more = {"id": "prt_2", "place": 2, "kind": "file", "actor_name": "Bob", "data": file}
        db.execute(part.insert().values(**{**first, **more}))
        wish = {"status": "closed", "name": "My safe", "description": "the code is 4711", "note": [CANARY]}
        db.execute(update(whole).values(document=wish))
    done, _ = erasing.erase(gateway.context, keep(gateway), WANTED, order())
    with gateway.database.read() as db:
        left = db.execute(select(part.c.data).order_by(part.c.place)).scalars().all()
        assert left == [
            {"text": "[erased]"},
            {"filename": "[erased]", "key": ""},
        ]
        document = db.execute(select(whole.c.document)).scalar_one()
        told = db.execute(select(AUDIT.c.after).where(AUDIT.c.action == "person erased")).scalar_one()
    assert document == {"status": "closed", "name": "[erased]", "description": "[erased]"}
    assert not gateway.blobs.has(key)
    assert told["files"] == len(done.files) + 2 == 2


def test_files_are_taken_away_when_no_backup_is_being_made(gateway: Gateway) -> None:
    blob = gateway.blobs.put([b"nobody speaks of it"], limit=1000)
    with gateway.blobs.still(alone=False), gateway.blobs.still(alone=False):
        removing = threading.Thread(
            target=erasing.remove_files, args=(gateway.context, gateway.blobs, [blob.key])
        )
        removing.start()
        removing.join(0.2)
        assert gateway.blobs.has(blob.key)
    removing.join(10)
    assert not gateway.blobs.has(blob.key)


def test_who_knew_of_a_warning_and_whose_key_it_is_are_forgotten_and_the_audit_is_counted(
    gateway: Gateway,
) -> None:
    of = ticket(gateway)
    with gateway.database.write() as db:
        hop = dict(db.execute(select(rows.hop).where(rows.hop.c.ticket_id == of)).mappings().first() or {})
        ids = {
            "id": "wrn_1",
            "org_id": hop["org_id"],
            "ticket_id": of,
            "hop_id": hop["id"],
            "event_id": "evt_1",
        }
        known = {"kind": "due", "raised_at": utc_now(), "acknowledged_by": CANARY}
        db.execute(WarningRow.__table__.insert().values(**ids, **known))  # type: ignore[attr-defined]
        key = {"id": "key_1", "org_id": hop["org_id"], "label": f"{CANARY}'s laptop", "sha256": "s"}
        db.execute(ApiKeyRow.__table__.insert().values(**key, created_at=utc_now()))  # type: ignore[attr-defined]
    _, found = erasing.erase(gateway.context, keep(gateway), WANTED, order(actor=CANARY))
    assert found.erased["warning"] == found.erased["api_key"] == 1
    assert found.kept["audit"] == 1
    after = dumped(gateway, only=("warning", "api_key", "audit"))
    assert CANARY not in after["warning"] + after["api_key"]
    assert CANARY in after["audit"]


def test_two_workers_do_not_erase_at_once_and_a_killed_one_is_followed(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket(gateway)
    told: list[int] = []
    speak = erasing._files_that_speak

    def meanwhile(*given: Any) -> set[str]:
        if not told:
            told.append(erasure_rounds.go_on(gateway.context, keep(gateway), order()))
            with pytest.raises(Busy, match="another process works on"):
                erasing.work(gateway.context, keep(gateway), asked.id, order())
        return speak(*given)

    asked = erasing.ask(gateway.context, keep(gateway), WANTED, order())
    monkeypatch.setattr(erasing, "_files_that_speak", meanwhile)
    assert erasure_rounds.ordered(gateway.context, keep(gateway), order()) == 1
    monkeypatch.undo()
    assert told == [0]
    assert erasure_rounds.ordered(gateway.context, keep(gateway), order()) == 0
    with gateway.database.write() as db:  # killed in the midst: its claim stands
        erasures.put(db, replace(asked, state=erasures.RUNNING))
        assert erasures.claim(db, asked.id, now=utc_now(), until=utc_now() + erasing.LEASE) is not None
    assert erasure_rounds.go_on(gateway.context, keep(gateway), order()) == 0
    after = replace(keep(gateway), now=lambda: utc_now() + erasing.LEASE * 2)
    assert erasure_rounds.go_on(gateway.context, after, order()) == 1


def test_whoever_lost_its_claim_stops(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket(gateway)
    asked = erasing.ask(gateway.context, keep(gateway), WANTED, order())
    speak = erasing._files_that_speak

    def overtaken(*given: Any) -> set[str]:
        with gateway.database.write() as db:
            later = utc_now() + erasing.LEASE * 2
            assert erasures.claim(db, asked.id, now=later, until=later + erasing.LEASE) is not None
        return speak(*given)

    monkeypatch.setattr(erasing, "_files_that_speak", overtaken)
    before = dumped(gateway)["content"]
    with pytest.raises(Busy, match="taken up by another"):
        erasing.work(gateway.context, keep(gateway), asked.id, order())
    assert dumped(gateway)["content"] == before
