"""`interdesk link certify` from a running RT to a running Redmine, by alice's own accounts. The situations played here are those at
which a real desk is most its own; `tests.desks.certified` plays all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desks.certified import Examiner, links, verdicts
from tests.desks.house import House, installation
from tests.desks.launch.chain import Chain

pytestmark = [pytest.mark.desks, pytest.mark.timeout(600)]
PLAYED = ("refuse", "cancel", "private below", "file up", "edited")


@pytest.fixture
def examiner(four_desks: Chain, tmp_path: Path) -> Iterator[Examiner]:
    house = House(directory=tmp_path, chain=four_desks, hooks=False)
    house.apply(installation(four_desks, links()))
    with house.at_work():
        house.has_looked()
        yield Examiner(house=house, folder=tmp_path)


def test_what_real_desks_do_passes_or_is_said_to_be_beyond_them(examiner: Examiner) -> None:
    document = examiner.certify("customer", "vendor", *[word for name in PLAYED for word in ("--only", name)])

    passed = dict.fromkeys(PLAYED[:-1], "passed")
    assert verdicts(document) == {**passed, "edited": "not applicable: customer lets nobody edit a comment"}
    assert [one.get("left", []) for one in document["situations"]] == [[]] * len(PLAYED), "all are closed"
