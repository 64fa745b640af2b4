"""A small run of what `task fuzz` does at length: our own doors, some hundred cases."""

import logging
import warnings
from collections.abc import Iterator

import pytest

from tests.fuzz import deviations
from tests.fuzz.asking import Kind
from tests.fuzz.deviations import Deviation
from tests.fuzz.rounds import Run, run


@pytest.fixture
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("_quiet")
def test_our_doors_do_what_their_description_says() -> None:
    """One round: every example, and a random case or two for each operation. What fits its schema and is refused all the same is
    looked at in long runs alone: which of it occurs depends on ids that are new each time."""
    found = run(Run(cases=150, each=2, phases=("examples", "fuzzing")))
    wrong = deviations.unlisted("own", found.wrong)
    wrong = [kind for kind in wrong if (kind.check, kind.status) != ("positive_data_acceptance", 422)]
    assert found.cases >= 150
    assert not found.troubles
    assert not wrong, "\n".join(f"{kind}\n{found.wrong[kind]}" for kind in wrong)


def test_a_deviation_is_argued_for_what_it_names_alone() -> None:
    one = Deviation(of="own", check="c", operation="GET /v1/*", statuses=(422,), why="because")
    assert one.covers(Kind("c", "GET /v1/sites", 422))
    for other in (
        Kind("d", "GET /v1/sites", 422),
        Kind("c", "PUT /v1/sites", 422),
        Kind("c", "GET /v1/sites", 500),
    ):
        assert not one.covers(other)


def test_every_deviation_is_argued_and_no_failure_of_ours_is() -> None:
    for of in ("own", "tmf621-v5", "tmf621-v4", "mef124"):
        for one in deviations.listed(of):
            assert len(one.why) > 30, one
            assert one.check != "not_a_server_error", one
            assert one.check != "ignored_auth", one
