"""An export holds all of one organization and nothing that a link did not show it; it proves itself."""

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from gateway import schemas
from gateway.app import Gateway
from gateway.errors import ConfigError, NotFound
from gateway.flows import data_export, erasing
from gateway.store import erasures, export_parts, rows, schema
from gateway.store.in_house_tables import DeskPartRow
from gateway.store.linking import INVITATION, STEP
from gateway.store.outcomes import CASE
from gateway.store.tables import LinkRow
from tests.api import house
from tests.flows.test_erasing import WANTED, dumped, keep, order, spoken_of, ticket


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with house.installed(tmp_path_factory.mktemp("taken")) as gateway:
        known_to_both(gateway)
        yield gateway


def known_to_both(gateway: Gateway) -> None:
    """A ticket that a second desk knows too, and was shown one comment of."""
    ticket(gateway)
    with gateway.database.write() as db:
        hop = dict(db.execute(select(rows.hop)).mappings().first() or {})
        south = db.execute(select(rows.desk).where(rows.desk.c.code == "south")).mappings().one()
        there = {
            "id": "hop_south",
            "org_id": south["org_id"],
            "desk_id": south["id"],
            "parent_id": hop["id"],
            "link_id": db.execute(select(LinkRow.__table__.c.id)).scalar_one(),  # type: ignore[attr-defined]
        }
        db.execute(rows.hop.insert().values(**{**hop, **there, "remote_id": "77", "number": "S-77"}))
        wanted = rows.content.c.text == "the part is ordered"
        said = db.execute(select(rows.content).where(wanted)).mappings().one()
        copy = {
            "id": "cpy_1",
            "org_id": south["org_id"],
            "ticket_id": hop["ticket_id"],
            "hop_id": "hop_south",
        }
        more = {
            "content_id": said["id"],
            "kind": "comment",
            "remote_id": "1",
            "native_hash": "h",
            "ours": True,
        }
        db.execute(rows.copy.insert().values(**copy, **more, visibility="public"))
        withdrawn = rows.content.c.text.contains("called")
        [gone] = db.execute(select(rows.content.c.id).where(withdrawn)).scalars()
        again = {"id": "cpy_2", "content_id": gone, "remote_id": "2", "removed": True}
        db.execute(rows.copy.insert().values(**{**copy, **more, **again}, visibility="public"))


def taken(gateway: Gateway, file: Path, code: str) -> dict[str, bytes]:
    data_export.write(gateway.context, gateway.blobs, code, file, order())
    with zipfile.ZipFile(file) as found:
        return {name: found.read(name) for name in found.namelist()}


def lines(raw: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in raw.splitlines()]


def test_all_of_ones_own_and_its_hashes(gateway: Gateway, tmp_path: Path) -> None:
    found = taken(gateway, tmp_path / "north.zip", "north")
    assert (tmp_path / "north.zip").stat().st_mode & 0o777 == 0o600
    manifest = json.loads(found.pop("manifest.json"))
    schemas.check("export", manifest)
    told = {one["name"]: (one["bytes"], one["sha256"]) for one in manifest["files"]}
    assert told == {name: (len(raw), hashlib.sha256(raw).hexdigest()) for name, raw in found.items()}
    assert {one["rows"] for one in manifest["files"] if one["name"] == "hops.jsonl"} == {1}
    texts = [one["text"] for one in lines(found["words.jsonl"])]
    assert {"please hurry", "the part is ordered"} <= set(texts)
    assert sum(name.startswith("files/") for name in found) == 3
    assert lines(found["audit.jsonl"]) == []  # nothing is sealed yet
    assert not any(secret.encode() in raw for secret in house.SECRETS.values() for raw in found.values())


def test_of_others_only_what_was_shown_and_not_by_whom(gateway: Gateway, tmp_path: Path) -> None:
    found = taken(gateway, tmp_path / "south.zip", "south")
    [word] = lines(found["words.jsonl"])
    assert (word["text"], word["author"], word["own"]) == ("the part is ordered", "", False)
    hops = {one["id"]: one["number"] for one in lines(found["hops.jsonl"])}
    assert "S-77" in hops.values()
    assert {one["hop_id"] for one in lines(found["events.jsonl"])} <= {*hops, None}
    assert [name for name in found if name.startswith("files/")] == []
    everything = b"".join(raw for name, raw in found.items() if name != "hops.jsonl")
    assert b"please hurry" not in everything


def test_nothing_is_written_over_and_nobody_unknown_is_exported(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_bytes(b"x")
    with pytest.raises(ConfigError, match="is there already"):
        taken(gateway, tmp_path / "there.zip", "north")
    with pytest.raises(NotFound, match="no organization 'west'"):
        taken(gateway, tmp_path / "west.zip", "west")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.zip"]


def test_what_a_link_hides_is_hidden_in_an_export(tmp_path: Path) -> None:
    said = house.CONFIGURATION + "    crosses: {people: nobody}\n"
    with house.installed(tmp_path, said=said) as gateway:
        known_to_both(gateway)
        with gateway.database.write() as db:
            word = rows.content.c.text == "the part is ordered"
            db.execute(update(rows.content).where(word).values(text="it is ordered. Regards, Bob"))
            south = db.execute(select(rows.hop).where(rows.hop.c.id == "hop_south")).mappings().one()
            far = {"number": "N-1", "customer": "org_far", "time": {"org_far": 7}, "parties": ["org_far"]}
            case = {"org_id": south["org_id"], "opened_at": order().now, "silence": timedelta(), **far}
            db.execute(CASE.insert().values(ticket_id=south["ticket_id"], coverage="covered", **case))
        below, above = (taken(gateway, tmp_path / f"{one}.zip", one) for one in ("south", "north"))
    [text] = [one["text"] for one in lines(below["words.jsonl"])]
    assert text == "it is ordered. Regards, North Stores"
    assert b"org_far" not in below["case_outcomes.jsonl"]
    assert b"N-1" not in below["case_outcomes.jsonl"]
    [link] = lines(below["links.jsonl"])
    assert b"Field" not in below["links.jsonl"], "which tickets pass is the upstream's"
    assert link["code"] == "north-south"
    assert b"Field" in above["links.jsonl"]


@pytest.mark.pg
def test_on_postgresql_taken_along_and_forgotten_alike(tmp_path: Path, fresh_postgres: str) -> None:
    with house.installed(tmp_path, url=fresh_postgres) as gateway:
        known_to_both(gateway)
        north, south = (taken(gateway, tmp_path / f"{one}.zip", one) for one in ("north", "south"))
        assert {"please hurry"} <= {one["text"] for one in lines(north["words.jsonl"])}
        assert [one["text"] for one in lines(south["words.jsonl"])] == ["the part is ordered"]
        counted = erasing.look(gateway.context, keep(gateway), WANTED)
        done, found = erasing.erase(gateway.context, keep(gateway), WANTED, order())
        assert counted.erased - found.erased == Counter(web_session=1)
        assert done.state == erasures.DONE
        assert {name for name, text in dumped(gateway).items() if spoken_of(text)} == set()


def test_every_table_is_in_a_part_or_it_is_said_why_not(gateway: Gateway, tmp_path: Path) -> None:
    parts = {**{part: table for part, (table, _) in export_parts.OWN.items()}, **export_parts.JUDGED}
    exported, left = set(parts.values()), set(export_parts.NOBODYS)
    assert exported.isdisjoint(left)
    assert exported | left == {table.name for table in schema.every_table()}
    found = taken(gateway, tmp_path / "parts.zip", "north")
    assert {name.removesuffix(".jsonl") for name in found if name.endswith(".jsonl")} == set(parts)


def test_no_part_has_a_secret_or_its_hash() -> None:
    tables = {table.name: table for table in schema.every_table()}
    secret = re.compile(
        r"sealed|sha256|hash|password|secret|token|^salt$|^code$|^callback$|^query$|^headers$"
    )
    harmless = {
        *(
            ("closing", "sha256"),
            ("work_statement", "sha256"),
            ("import_run", "sha256"),
            ("copy", "native_hash"),
        ),
        *((table, "code") for table in ("organization", "directory", "desk", "sheet", "stop_to_decide")),
        *(("agreement_state", "code"), ("agreement_event", "code"), ("imported_desk", "code")),
    }
    chosen = {
        (table, name)
        for table, names in export_parts.OWN.values()
        for name in names or [column.key for column in tables[table].c]
    }
    assert {one for one in chosen if secret.search(one[1])} <= harmless


def test_what_a_desk_of_ours_holds_is_taken_along_with_its_files(tmp_path: Path) -> None:
    with house.installed(tmp_path) as gateway:
        ticket(gateway)
        blob = gateway.blobs.put([b"as it was handed in"], limit=100)
        file = {"filename": "slip.txt", "key": blob.key, "size": blob.size, "sha256": blob.sha256}
        with gateway.database.write() as db:
            db.execute(update(DeskPartRow.__table__).values(data=file))  # type: ignore[attr-defined]
        found = taken(gateway, tmp_path / "north.zip", "north")
        heard = [one["body"] for one in lines(found["messages.jsonl"])]
        [session] = lines(found["sessions.jsonl"])
        [held] = lines(found["tickets.jsonl"])
    assert found[f"files/{blob.key}"] == b"as it was handed in"
    assert heard
    assert all(isinstance(one, str) for one in heard)
    assert session["account_id"] == "acc_1"
    assert held["closed_at"]


def test_people_of_the_other_end_stay_theirs(tmp_path: Path) -> None:
    with house.installed(tmp_path) as gateway:
        with gateway.database.write() as db:
            [link] = db.execute(select(LinkRow.__table__)).mappings()  # type: ignore[attr-defined]
            ends = {"side_one": link["upstream_org_id"], "side_two": link["downstream_org_id"]}
            step = {"subject": link["id"], "at": order().now, "act": "paused", "actor": "Nora of the North"}
            db.execute(STEP.insert().values(org_id=link["upstream_org_id"], **ends, **step))
            invited = {
                "id": "inv_1",
                "org_id": link["upstream_org_id"],
                "to_org_id": link["downstream_org_id"],
            }
            more = {
                "desk_id": link["upstream_desk_id"],
                "role": "upstream",
                "activate": False,
                "sha256": "5ec",
            }
            times = {"created_at": order().now, "expires_at": order().now, "state": "pending"}
            db.execute(INVITATION.insert().values(**invited, **more, **times, created_by="Nora of the North"))
        north, south = (taken(gateway, tmp_path / f"{one}.zip", one) for one in ("north", "south"))
    for part, name in (("link_steps", "actor"), ("invitations", "created_by")):
        [above], [below] = (
            [
                one
                for one in lines(file[f"{part}.jsonl"])
                if one[name] or one["org_id"] == link["upstream_org_id"]
            ]
            for file in (north, south)
        )
        assert (above[name], below[name]) == ("Nora of the North", "")
    assert b"5ec" not in north["invitations.jsonl"]
