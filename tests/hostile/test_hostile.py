"""A few of what `python -m tests.hostile` asks: always a refusal, never a failure of ours; and the judgement itself can fail."""

import logging
from collections.abc import Iterator

import pytest

from tests.api.furnished import Furnished, furnished
from tests.hostile.attack import Answer, Request, fault, run


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    with furnished(tmp_path_factory.mktemp("hostile")) as found:
        logging.disable(logging.CRITICAL)
        yield found
        logging.disable(logging.NOTSET)


def test_t8_whatever_is_sent_is_refused_and_breaks_nothing(here: Furnished) -> None:
    found = run(here, seed=7, count=300)
    assert found.asked == 300
    assert [(*key, request.target, request.body[:200]) for key, request in found.faults.items()] == []
    assert len(found.statuses) > 5


BLANK = Request(
    kind="body", method="POST", target="/v1/work", headers=(), body=b"{", route="POST /v1/work", refused=True
)
JUDGED = {
    "a problem": (Answer(422, "application/problem+json", b'{"status": 422, "code": "IDK-1403"}'), True),
    "taken although it cannot be read": (Answer(200, "application/json", b"{}"), False),
    "a failure of ours": (
        Answer(500, "application/problem+json", b'{"status": 500, "code": "IDK-1000"}'),
        False,
    ),
    "the framework's own words": (Answer(422, "application/json", b'{"detail": []}'), False),
    "a page to a program": (Answer(404, "text/html", b"<h1>"), False),
    "nothing": (Answer(failure="no answer"), False),
}


@pytest.mark.parametrize(("answer", "right"), JUDGED.values(), ids=JUDGED.keys())
def test_what_is_a_fault(answer: Answer, right: bool) -> None:
    assert (fault(BLANK, answer) == "") is right
