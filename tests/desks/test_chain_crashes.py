"""kill -9 between intent and settle, over the chain of real desks: each step of a delivery kills a gateway of its own twice,
first while it makes the vendor's ticket, then while words, a file and the next ticket are on their way. Then it lives.

The gateways stand side by side over the same desks, as their waiting for leases takes longer than their work; each knows its
own links only, and looks by itself, as a desk has one address for webhooks.

Every run kills at the two steps after which nobody can know whether the desk has it; the matrix of tests/failpoints kills at all
of them over loopback desks. INTERDESK_TEST_CHAIN_KILLS="1:3 1:4 2:5" kills here at every step too, at these passings, one round
after the other; that is a matter of a quarter of an hour a round.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.desks.crew import DESKS, Crew, Way, word
from tests.desks.house import House, installation
from tests.desks.launch.chain import Chain

pytestmark = [pytest.mark.desks, pytest.mark.slow, pytest.mark.timeout(1500)]

_EVERY_STEP = (
    "claim.committed",
    "send.before",
    "send.after",
    "answer.received",
    "settle.before",
    "settle.before_commit",
    "settle.committed",
)
_ASKED = os.environ.get("INTERDESK_TEST_CHAIN_KILLS", "")
STEPS = _EVERY_STEP if _ASKED else ("send.after", "settle.before_commit")
ROUNDS = (_ASKED or "1:3").split()
"""`first:second`: at which passing of its step a gateway is killed for the first and for the second time."""
FILE = ("обрыв.bin", bytes(range(256)) * 20)
LOOKS_EVERY = "5s"
"""As many gateways as steps ask four desks, and each answer of RT costs a fifth of a second of CPU: more often would be all they
do."""
LEASE = 30.0
"""Seconds; an exchange gets five less. With seven gateways a real desk on a busy machine takes seconds for one answer, and what
runs out of time is tried again later and later."""
LONG = 600.0
"""Seconds; all of them start, look and wait for leases at the same time."""


@dataclass(kw_only=True)
class Patient:
    """One gateway, and the ticket it carries while it is killed."""

    step: str
    house: House
    way: Way
    words: list[str]


def installed(chain: Chain, name: str) -> dict[str, Any]:
    """An installation whose links all wait for that name."""
    ends = (("customer", "vendor"), ("vendor", "partner"), ("partner", "subcontractor"))
    links = [
        {"code": f"{up}-{down}", "upstream": up, "downstream": down, "passes": {"delegate_as": name}}
        for up, down in ends
    ]
    document = installation(chain, links)
    for desk in document["desks"]:
        desk |= {"poll_every": LOOKS_EVERY, "refetch_every": "60s"}
        desk.pop("hook", None)
    return document


@pytest.fixture(scope="module", params=ROUNDS)
def patients(
    request: pytest.FixtureRequest, four_desks: Chain, crew: Crew, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Patient]]:
    """By step: each was killed twice and has come to rest."""
    first, _, second = request.param.partition(":")
    with ExitStack() as stack:
        houses = {step: _house(four_desks, tmp_path_factory.mktemp("house"), step) for step in STEPS}
        for step, house in houses.items():
            stack.callback(house.process.discard)
            house.launch(f"{step}:{first}")
        found = {step: _begun(house, crew, step) for step, house in houses.items()}
        for one in found.values():
            one.house.dies(patience=LONG)
        for one in found.values():
            _goes_on(one, f"{one.step}:{second}")
        for one in found.values():
            one.house.dies(patience=LONG)
        for one in found.values():
            one.house.launch()
        _come_to_rest(found.values())
        yield found


def _house(chain: Chain, directory: Path, step: str) -> House:
    house = House(directory=directory, chain=chain, hurry=True, lease=LEASE, hooks=False)
    house.apply(installed(chain, step.replace(".", "-")))
    return house


def _begun(house: House, crew: Crew, step: str) -> Patient:
    """The gateway runs, and its ticket is opened."""
    house.is_up()
    house.has_looked()
    way = Way.begun(crew, f"Killed at {step}", delegate=step.replace(".", "-"), priority="100")
    return Patient(step=step, house=house, way=way, words=[word(f"no{number}") for number in (1, 2, 3)])


def _goes_on(one: Patient, failpoint: str) -> None:
    """It starts again, to be killed once more; meanwhile its customer goes on talking."""
    one.house.launch(failpoint)
    for said in one.words:
        one.way.say("customer", f"Look: {said}")
    one.way.crew.alice["customer"].attach(one.way.at("customer"), *FILE)


def _come_to_rest(patients: Collection[Patient]) -> None:
    """Each ticket goes down the rest of the chain and an answer comes back; all at the same time."""
    for one in patients:
        one.house.is_up()
    for desk, below in (("vendor", "partner"), ("partner", "subcontractor")):
        for one in patients:
            one.way.arrives(desk)
            one.way.change(desk, delegate=one.step.replace(".", "-"))
        for one in patients:
            one.way.arrives(below)
    for one in patients:
        # Roundup moves an unread issue when our first comment comes, over whatever somebody sets in that very moment.
        one.house.quiet(patience=LONG)
        one.way.change("subcontractor", status="in-progress")
    for one in patients:
        one.way.hears("partner", "Subcontractor accepted the assignment")
        one.house.quiet(patience=LONG)


@pytest.mark.parametrize("step", STEPS)
def test_two_kills_lose_nothing_and_double_nothing(
    patients: Mapping[str, Patient], crew: Crew, step: str
) -> None:
    one = patients[step]
    one.way.is_single()
    for desk in DESKS[1:]:
        one.way.hears_in_order(desk, one.words)
        assert crew.admin[desk].files(one.way.at(desk)) == [FILE]
    assert len({said.text for said in one.way.said("vendor")}) == len(one.way.said("vendor"))
    one.way.shows("priority", vendor="High", partner="100", subcontractor="urgent")
    assert one.way.hop(one.house, "subcontractor")["status"] == "in_progress"
    one.house.end()
