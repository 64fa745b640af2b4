"""A mapping as its document says it."""

from typing import Any

import pytest

from gateway.domain.importing.mapping import MOST, Meaning, Organizations, code_from, mapping_from
from gateway.domain.model import HopStatus

DOCUMENT: dict[str, Any] = {
    "source": "old-desk",
    "columns": {"case": "n", "time": "at", "status": "state", "organization": "who"},
    "statuses": {
        "New": "queued",
        "Open": "in_progress",
        "CAB": {"status": "held", "reason": "requester_approval", "code": "cab"},
        "Printed": "unchanged",
    },
    "parties": {"organizations": {"create": True}},
}


def test_words_get_their_meaning() -> None:
    found = mapping_from(DOCUMENT)
    assert found.statuses == {
        "New": Meaning(HopStatus.OFFERED),
        "Open": Meaning(HopStatus.IN_PROGRESS),
        "CAB": Meaning(HopStatus.HELD, "requester_approval", "cab"),
        "Printed": Meaning(None),
    }
    assert list(found.columns) == ["n", "at", "state", "who"]
    assert (found.returns, found.lowered_agreed, found.customer, found.customers) == (True, False, "", None)


def test_what_may_be_said_besides() -> None:
    found = mapping_from(
        {
            **DOCUMENT,
            "columns": {**DOCUMENT["columns"], "status": ["state", "why"], "order": "seq"},
            "parties": {"organizations": {"table": {"N": "north"}}, "back": "offer"},
            "customer": {"table": {"A": "acme"}},
            "lowered": "agreed",
        }
    )
    assert found.columns.status == ("state", "why")
    assert (found.returns, found.lowered_agreed) == (False, True)
    assert found.customers == Organizations(table={"A": "acme"})


CODES = {
    "a name": ("Org line A2", "org-line-a2"),
    "signs at the ends": ("(North) Ltd.", "north-ltd"),
    "no letter at all": ("—", ""),
    "too long": ("a" * 80, "a" * MOST),
}


@pytest.mark.parametrize(("value", "code"), CODES.values(), ids=CODES.keys())
def test_a_code_is_made_of_letters_and_digits(value: str, code: str) -> None:
    assert code_from(value) == code
    assert Organizations(create=True).code_of(value) == (code or None)
    assert Organizations(create=False).code_of(value) is None
    assert Organizations(create=False, table={value: "named"}).code_of(value) == "named"
