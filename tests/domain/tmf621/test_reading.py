"""What a document says in canonical words, and what is none."""

from typing import Any

import pytest

from gateway.domain.tmf621 import listing, reading
from gateway.errors import Invalid


def entity(role: str, kind: str, name: str) -> dict[str, Any]:
    return {"role": role, "entity": {"id": name, "@referredType": kind}}


@pytest.mark.parametrize(
    ("document", "field", "value"),
    [
        ({"name": "Dead", "description": "x"}, "title", "Dead"),
        ({"description": "First line\nsecond"}, "title", "First line"),
        ({"priority": "High", "severity": "Minor"}, "priority", "high"),
        ({"severity": "extensive"}, "priority", "critical"),
        ({"severity": "Purple"}, "priority", None),
        ({"priority": "P0"}, "priority", "P0"),
        ({"status": "INPROGRESS"}, "status", "inProgress"),
        ({"requestedResolutionDate": "2026-03-01T10:00:00+01:00"}, "due", "2026-03-01T09:00:00+00:00"),
        ({"relatedEntity": [entity("site", "Thing", "MI-1")]}, "site", "MI-1"),
        ({"relatedEntity": [entity("broken", "PhysicalResource", "T7")]}, "asset", "T7"),
        ({"relatedEntity": [entity("disputedBill", "CustomerBill", "3")]}, "asset", None),
        ({"relatedParty": [{"role": "Reporter", "id": "7"}]}, "requester", "7"),
        ({"troubleTicketCharacteristic": [{"name": "Till Number", "value": 7}]}, "custom.till_number", "7"),
        ({"troubleTicketCharacteristic": [{"name": "queue", "value": "Field"}]}, "queue", "Field"),
    ],
)
def test_what_a_document_says(document: dict[str, Any], field: str, value: str | None) -> None:
    assert reading.fields(document).get(field) == value


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ([], "object"),
        ({"status": "Submitted"}, "status"),
        ({"severity": 1}, "severity"),
        ({"note": {"text": "x"}}, "note"),
        ({"note": [{"author": "x"}]}, "note.0.text"),
        ({"note": [{"text": " "}]}, "note.0.text"),
        ({"attachment": ["x"]}, "attachment"),
        ({"requestedResolutionDate": "tomorrow"}, "requestedResolutionDate"),
        ({"requestedResolutionDate": "2026-03-01T10:00:00"}, "requestedResolutionDate"),
        ({"channel": "web"}, "channel"),
        ({"name": "x" * 2000}, "name"),
        ({"relatedParty": [{}] * 600}, "relatedParty"),
    ],
)
def test_what_is_not_of_its_kind_is_named(document: Any, wrong: str) -> None:
    with pytest.raises(Invalid, match=wrong):
        reading.checked(document)


DOCUMENT = {
    "severity": "Major",
    "note": [{"author": "Ann"}, {"author": "Bob"}],
    "creationDate": "2026-03-01T09:00:00.000Z",
    "flag": True,
}


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("severity", "Major", True),
        ("severity", "Minor,Major", True),
        ("severity.ne", "Major", False),
        ("note.author", "Bob", True),
        ("note.author", "Eve", False),
        ("creationDate.gt", "2026-03-01T08:59:00Z", True),
        ("creationDate.lte", "2026-03-01T10:00:00+01:00", True),
        ("creationDate.lt", "2026-03-01T09:00:00Z", False),
        ("creationDate", "2026-03-01T10:00:00+01:00", True),
        ("priority", "High", False),
    ],
)
def test_a_filter_fits(name: str, value: str, fits: bool) -> None:
    assert listing.fits(DOCUMENT, listing.tests([(name, value)])) is fits


def test_a_filter_by_what_no_ticket_has_is_refused() -> None:
    with pytest.raises(Invalid, match="colour"):
        listing.tests([("colour", "red")])
    with pytest.raises(Invalid, match="compares moments"):
        listing.tests([("resolutionDate.lt", "soon")])


def test_mef_calls_some_attributes_otherwise() -> None:
    document = {"relatedEntity": [{"id": "E1", "@referredType": "Circuit"}]}
    for name, value, fits in (("relatedEntityId", "E1", True), ("relatedEntityType", "Site", False)):
        assert listing.fits(document, listing.tests([(name, value)])) is fits
