"""A party that speaks to us by API is a full hop, above and below: opened, asked, answered, solved, sent back, closed;
offered, taken, refused; nothing done twice, nothing of others seen."""

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.blobs import BlobStore
from gateway.domain.model import HopStatus
from gateway.domain.tmf621 import patching
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import commands
from gateway.flows.api_desk import pushing
from gateway.flows.api_desk.caller import Caller
from gateway.flows.api_desk.pushing import Place
from gateway.store.db import Database
from gateway.store.scope import Scope
from tests.flows.api_desk import TICKET, ApiStage

S = HopStatus
ASKS = {
    "customer>vendor": {
        "passes": {"when": {"field": "category", "value": "incident"}},
        "parent_means": {"pending": "pending"},
    }
}

ALWAYS = {"code": "always", "always": True}
UC = {
    "code": "vendor-uc",
    "provider": "vendor",
    "consumer": "customer",
    "kind": "uc",
    "calendar": "always",
    "targets": {"resolution": {"high": "4h"}},
}
LOWER = {
    **UC,
    "code": "partner-uc",
    "provider": "partner",
    "consumer": "vendor",
    "targets": {"resolution": {"high": "1h"}},
}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    url = "sqlite://" if request.param == "sqlite" else str(request.getfixturevalue("migrated_postgres"))
    found = Database(url)
    yield found
    found.close()


def words(stage: ApiStage) -> list[str]:
    return [one["status"] for one in stage.shown()["statusChangeHistory"]]


def test_a_pushed_ticket_goes_down_the_chain_and_comes_back(database: Database) -> None:
    stage = ApiStage("customer", links=ASKS, database=database)
    stage.push(note=[{"author": "Ann", "text": "Cash only"}])
    assert stage.field("vendor", "title") == "till is dead"
    assert stage.field("vendor", "priority") == "high"
    assert stage.heard("vendor") == ["Cash only"]
    stage.set("vendor", "status", "open")
    stage.delegate("vendor", "partner")
    stage.set("partner", "status", "open")
    stage.say("vendor", "Which till?")
    stage.set("vendor", "status", "waiting")
    assert stage.shown()["status"] == "pending"

    stage.patch({"note": [{"author": "Ann", "text": "Till 7"}]})
    assert (stage.shown()["status"], stage.is_("vendor")) == ("inProgress", S.IN_PROGRESS)
    stage.set("partner", "status", "solved")
    stage.set("vendor", "status", "solved")
    assert (stage.shown()["status"], stage.is_("customer")) == ("resolved", S.IN_PROGRESS)
    stage.patch({"status": "inProgress", "statusChangeReason": "Still dead"})
    assert stage.is_("vendor") is S.IN_PROGRESS
    assert any("Still dead" in text for text in stage.read("vendor"))
    stage.set("vendor", "status", "solved")
    stage.patch({"status": "closed"})

    ends = [stage.is_(code) for code in ("customer", "vendor", "partner")]
    assert ends == [S.CLOSED] * 3
    back = ["inProgress", "resolved", "inProgress", "resolved", "closed"]
    assert words(stage) == ["acknowledged", "inProgress", "pending", *back]
    assert "Which till?" in " ".join(stage.notes())
    assert (stage.discrepancies(), {one.state for one in stage.deliveries()}) == ([], {"done"})


def test_a_job_is_taken_by_a_status_and_refused_with_its_reason() -> None:
    stage = ApiStage("partner")
    stage.open(priority="urgent")
    stage.delegate("vendor", "partner")
    job = stage.shown()
    assert (job["status"], job["name"], job["priority"]) == ("acknowledged", "till is dead", "critical")
    assert stage.is_("partner") is S.OFFERED

    stage.patch({"status": "acknowledged"})
    assert stage.is_("partner") is S.ACCEPTED
    stage.patch({"status": "held", "statusChangeReason": "Part is ordered"})
    assert stage.is_("partner") is S.HELD
    stage.patch({"note": [{"text": "Replaced it"}], "status": "resolved"})
    assert stage.is_("partner") is S.RESOLVED
    assert any("Replaced it" in text for text in stage.read("vendor"))

    second = ApiStage("partner")
    second.open()
    second.delegate("vendor", "partner")
    with pytest.raises(Invalid, match="needs its reason"):
        second.patch({"status": "rejected"})
    second.patch({"status": "rejected", "statusChangeReason": "No van until Friday"})
    assert second.is_("partner") is S.DECLINED
    assert any("No van until Friday" in text for text in second.read("vendor"))


def test_what_is_withdrawn_is_cancelled_at_the_party() -> None:
    stage = ApiStage("partner")
    stage.open()
    stage.delegate("vendor", "partner")
    stage.order(commands.withdraw, stage.hop("partner").id, reason="solved by phone")
    assert stage.shown()["status"] == "cancelled"
    with pytest.raises(Refused, match="cancelled cannot become inProgress"):
        stage.patch({"status": "inProgress"})


def test_a_cancelled_ticket_takes_its_chain_with_it() -> None:
    stage = ApiStage("customer")
    stage.push()
    stage.patch({"status": "cancelled", "statusChangeReason": "It works again"})
    assert (stage.is_("customer"), stage.is_("vendor")) == (S.CANCELLED, S.WITHDRAWN)


def test_what_is_not_resolved_is_not_closed() -> None:
    stage = ApiStage("customer")
    stage.push()
    with pytest.raises(Refused, match="only what is resolved is closed"):
        stage.patch({"status": "closed"})


def test_the_same_name_opens_one_ticket() -> None:
    stage = ApiStage("customer")
    named = [{"owner": "Acme", "id": "INC-1", "@type": "ExternalIdentifier"}]
    first, again = stage.push(externalIdentifier=named), stage.push(externalIdentifier=named)
    assert first["id"] == again["id"]
    assert len(stage.docs("vendor")) == 1
    with pytest.raises(Refused, match="another document"):
        stage.push(externalIdentifier=named, description="something else")


def test_a_file_goes_down_and_one_comes_up(tmp_path: Any) -> None:
    stage = ApiStage("customer")
    data = b"%PDF-1.7 plan"
    file = {"name": "plan.pdf", "mimeType": "application/pdf", "content": base64.b64encode(data).decode()}
    blobs = BlobStore(tmp_path)
    place = Place(blobs=blobs, largest=1000)
    told = pushing.opened(stage.errand(place), {**TICKET, "attachment": [file]})
    stage.ticket = told.ticket.id
    [shown] = told.document["attachment"]
    _, blob = pushing.file(stage.hub.context, stage.caller, told.ticket.id, shown["url"].rpartition("/")[2])
    stage.hub.blobs[blob.sha256] = b"".join(blobs.chunks(blob))
    stage.wait()
    [below] = stage.doc("vendor")["attachments"]
    assert (below["filename"], below["sha256"]) == ("plan.pdf", blob.sha256)

    stage.person("vendor").attach(stage.id("vendor"), "photo.jpg", b"\xff\xd8\xff")
    stage.wait()
    assert [one["name"] for one in stage.shown()["attachment"]] == ["plan.pdf", "photo.jpg"]
    with pytest.raises(Invalid, match="not base64"):
        pushing.opened(stage.errand(place), {**TICKET, "attachment": [{**file, "content": "HBWEM"}]})
    with pytest.raises(Invalid, match="too large"):
        pushing.opened(stage.errand(Place(blobs=blobs, largest=3)), {**TICKET, "attachment": [file]})


def test_a_note_is_mended_by_its_own_side_only_and_none_is_taken_away() -> None:
    stage = ApiStage("customer")
    [mine] = stage.push(note=[{"id": "n1", "text": "Til 7", "author": "Ann"}])["note"]
    stage.say("vendor", "Coming")
    query = [{"op": "replace", "path": "/note?id=n1", "value": {"text": "Till 7"}}]
    told = stage.patch(query, kind=patching.OPERATIONS[1])
    assert told["note"][0]["text"] == "Till 7"
    assert any("Till 7" in text for text in stage.read("vendor"))
    theirs = next(note for note in told["note"] if note["author"] == "Interdesk")
    for wrong in ([{**theirs, "text": "Not coming"}], [], None):
        with pytest.raises(Invalid):
            stage.patch({"note": wrong})
    stage.patch({"note": [mine]})  # its words from before: mended again, nothing is lost
    assert len(stage.notes()) == len(told["note"])


def test_what_is_private_or_anothers_is_not_read() -> None:
    stage = ApiStage("customer")
    told = stage.push()
    stage.say("vendor", "CANARY: the safe code is 4711", public=False)
    assert "CANARY" not in repr(stage.shown())
    stranger = Caller(scope=Scope.of("org_vendor"), name="Eve")
    with pytest.raises(NotFound):
        pushing.one(stage.hub.context, stranger, told["id"])


def test_the_chain_writes_what_its_link_lets_up() -> None:
    stage = ApiStage("customer", links={"customer>vendor": {
        "passes": {"when": {"field": "category", "value": "incident"}},
        "crosses": {"fields_up": ["assignee", "priority"]},
        "ownership": {"priority": {"owner": "downstream"}},
    }})  # fmt: skip
    stage.push(relatedParty=[{"role": "member", "partyOrPartyRole": {"id": "1"}}], priority="High")
    stage.set("vendor", "status", "open")
    stage.set("vendor", "priority", "urgent")
    told = stage.shown()
    assert told["priority"] == "critical"
    assert told["relatedParty"][0]["role"] == "member"


def test_by_when_it_is_resolved_is_what_its_own_agreement_promises() -> None:
    stage = ApiStage("customer", agreements=(UC, LOWER), calendars=(ALWAYS,))
    stage.push()
    stage.set("vendor", "status", "open")
    stage.delegate("vendor", "partner")
    told = stage.shown()
    made = datetime.fromisoformat(told["creationDate"])
    assert datetime.fromisoformat(told["expectedResolutionDate"]) - made == timedelta(hours=4)
    below = ApiStage("partner", agreements=(UC, LOWER), calendars=(ALWAYS,))
    below.open(priority="high")
    below.delegate("vendor", "partner")
    job = below.shown()
    made = datetime.fromisoformat(job["creationDate"])
    assert datetime.fromisoformat(job["expectedResolutionDate"]) - made == timedelta(hours=1)
