"""From cells to a line: every word looked up, every problem told with its column and what to do."""

from typing import Any

import pytest

from gateway.domain.importing.lines import LONGEST, Line, Lines
from gateway.domain.importing.mapping import mapping_from
from gateway.domain.importing.trouble import Trouble
from gateway.errors import Invalid
from tests.domain.importing.test_mapping import DOCUMENT

HEADER = ("n", "at", "state", "why", "who", "desk", "urgency", "product", "client", "seq")
FULL: dict[str, Any] = {
    **DOCUMENT,
    "columns": {
        "case": "n",
        "time": "at",
        "status": ["state", "why"],
        "organization": "who",
        "desk": "desk",
        "priority": "urgency",
        "service": "product",
        "customer": "client",
        "order": "seq",
    },
    "statuses": {"Open/": "in_progress", "Wait/CAB": {"status": "held", "reason": "requester_approval"}},
    "parties": {"organizations": {"table": {"North": "north"}}},
    "customer": {"table": {"Acme": "acme"}},
    "priorities": {"1": "critical"},
    "services": {"Tills": "pos"},
}
ROW = {
    "n": " C-1 ",
    "at": "1970-01-01T00:00:01Z",
    "state": "Wait",
    "why": "CAB",
    "who": "North",
    "desk": "Line 1",
    "urgency": "1",
    "product": "Tills",
    "client": "Acme",
    "seq": "7",
}
SECOND = 1_000_000


def read(**cells: str) -> Line | Trouble:
    lines = Lines(mapping_from(FULL), HEADER, now=3_600 * SECOND)
    return lines.read(5, list({**ROW, **cells}.values()))


def test_a_row_is_read() -> None:
    said = ("Wait/CAB", "North", "Line 1", "critical", "pos", "Acme")
    assert read() == Line("C-1", 7, SECOND, 5, *said)


def test_priority_and_service_may_be_empty() -> None:
    found = read(urgency="", product=" ")
    assert isinstance(found, Line)
    assert (found.priority, found.service) == ("", "")


BAD = {
    "an empty case": ({"n": " "}, "column 'n' is empty"),
    "a case without end": ({"n": "x" * (LONGEST + 1)}, "has 201 signs"),
    "an unknown status": ({"why": "?"}, "'Wait/?' is no status"),
    "an unknown party": ({"who": "South"}, "'South' in 'who' is no organization"),
    "no desk": ({"desk": ""}, "column 'desk' is empty"),
    "an unknown priority": ({"urgency": "7"}, "'7' is no priority"),
    "an unknown service": ({"product": "Doors"}, "'Doors' is no service"),
    "an unknown customer": ({"client": "Other"}, "'Other' in 'client' is no organization"),
    "no place": ({"seq": "1st"}, "'1st' is no whole number"),
    "a place too far": ({"seq": "9" * 30}, "too large a number"),
    "a time to come": ({"at": "1970-01-02T00:00:00Z"}, "has not come yet"),
}


@pytest.mark.parametrize(("cells", "what"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_with_a_row(cells: dict[str, str], what: str) -> None:
    found = read(**cells)
    assert isinstance(found, Trouble)
    assert what in found.what
    assert found.case == ("" if "n" in cells else "C-1")
    assert found.cure
    assert str(found).startswith("line 5")


def test_missing_and_doubled_columns_are_named_together() -> None:
    with pytest.raises(Invalid) as raised:
        Lines(mapping_from(FULL), ("n", "n", "whom"), now=0)
    told = "\n".join(raised.value.problems)
    assert "column 'who' is not in the file; did you mean 'whom'?" in told
    assert "column 'n' stands there twice" in told
