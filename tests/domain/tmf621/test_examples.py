"""Documents of others come in and go out again without loss: TM Forum's own examples where they are given to us, and some
of our own making."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.api_desk import done
from gateway.domain.in_house import DeskTicket, Face, Stamp, Written, person
from gateway.domain.model.change import replace
from gateway.domain.tmf621 import patching, reading, telling, wishes
from gateway.domain.tmf621.versions import V4
from tests.domain.tmf621.official import official

OWN = Path(__file__).parent / "examples"
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SERVERS = reading.SERVERS | {"statusChangeDate", "statusChangeReason", "resolutionDate"}
"""What the server writes, or derives of the moves of a status."""


EXAMPLES = official()
MADE = {path.stem: json.loads(path.read_text()) for path in sorted(OWN.glob("*.json"))}


def tickets(examples: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every whole trouble ticket in the examples: requests, answers, lists and events."""
    for name, value in examples.items():
        for place, one in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(one, dict):
                found = (one.get("event") or {}).get("troubleTicket", one)
                if isinstance(found, dict) and not reading.lacking(found):
                    yield f"{name}.{place}", found


WHOLE = [(name, ticket) for name, ticket in tickets({**EXAMPLES, **MADE}) if "POST_204" not in name]
"""Without the generated example, whose status is no status and whose file is no base64."""


def taken(document: Mapping[str, Any]) -> tuple[Written, Stamp]:
    """A ticket made of a document, as the desk makes it."""
    stamp = Stamp(who=person("Their System"), now=NOW, ids=map(str, count()))
    ticket = DeskTicket(
        id="apt_1", org_id="org", desk_id="dsk", face=Face.API, number="TT-1", marker="pushed:apt_1",
        fields={}, created_at=NOW, changed_at=NOW,
    )  # fmt: skip
    wanted = wishes.opening(document)
    made = done(ticket, wanted, stamp)
    parts = tuple(part for part in made.parts if part.kind != "entry")
    return Written(ticket=replace(made.ticket, fields=dict(wanted.fields)), parts=parts), stamp


def lost(sent: Any, told: Any, path: str = "") -> Iterator[str]:
    """What was sent and is not told."""
    if isinstance(sent, dict) and isinstance(told, dict):
        for name, value in sent.items():
            yield from lost(value, told.get(name), f"{path}.{name}")
    elif isinstance(sent, list) and isinstance(told, list) and len(sent) <= len(told):
        for place, value in enumerate(sent):
            yield from lost(value, told[place], f"{path}.{place}")
    elif sent != told and path.split(".")[1] not in SERVERS:
        yield f"{path}: {sent!r} became {told!r}"


def test_what_a_client_calls_by_the_other_versions_name_stays_apart() -> None:
    document = {
        "description": "x",
        "severity": "Minor",
        "ticketType": "t",
        "externalId": True,
        "statusChange": 7,
    }
    told = telling.document(taken(document)[0].ticket, ())
    assert (told["externalId"], V4.to(told)["statusChange"][0]["status"]) == (True, "acknowledged")
    named = V4.to({**told, "externalIdentifier": [{"id": "INC-1"}]})
    assert named["externalId"] == "INC-1"


def test_there_are_examples() -> None:
    assert len(WHOLE) >= (10 if EXAMPLES else 2)


@pytest.mark.parametrize(("name", "document"), WHOLE, ids=[name for name, _ in WHOLE])
def test_an_example_comes_back_without_loss(name: str, document: Mapping[str, Any]) -> None:
    written, _ = taken(document)
    told = telling.document(written.ticket, written.parts)
    assert list(lost(document, told)) == []
    assert told["status"] == document.get("status", "acknowledged")
    fourth = V4.to(told)
    again, _ = taken(V4.of({name: value for name, value in fourth.items() if name not in SERVERS}))
    assert again.ticket.fields == written.ticket.fields


@pytest.mark.parametrize("way", ["json", "merge_json", "json_patch", "json_patch_query"])
@pytest.mark.skipif(
    not EXAMPLES, reason="TM Forum's file is not here: INTERDESK_TEST_TMF621 names its folder"
)
def test_an_official_change_is_done(way: str) -> None:
    written, stamp = taken(EXAMPLES["TroubleTicket_create_example_request"])
    patch = EXAMPLES[f"TroubleTicket_partialupdate_example_application_{way}_request"]
    before = telling.document(written.ticket, written.parts)
    after = patching.merged(before, patch) if isinstance(patch, dict) else patching.operated(before, patch)
    wanted = wishes.changing(written.ticket, written.parts, before, after, patching.touched(patch))
    later = replace(stamp, now=NOW + timedelta(minutes=5))
    changed = done(written.ticket, wanted, later, written.parts)
    known = {part.place: part for part in (*written.parts, *changed.parts)}
    told = telling.document(changed.ticket, sorted(known.values(), key=lambda part: part.place))
    expected = {
        "json": ("Major", "resolved", 1),
        "merge_json": ("Major", "resolved", 1),
        "json_patch": ("Minor", "inProgress", 1),  # its note is the one that is there, in other words
        "json_patch_query": ("Major", "inProgress", 1),  # `sererity`: its own slip, kept as it is
    }[way]
    assert (told["severity"], told["status"], len(told["note"])) == expected
    if way == "json_patch_query":
        assert told["note"][0]["text"].endswith("Thanks in advance")
        assert told["sererity"] == "Minor"
    if "status" in patch:
        assert told["statusChangeReason"] == "Give credit and resent bill to customer"
