"""kill -9 between intent and settle, over the chain of real desks: at each step of a delivery. A gateway is killed twice, first
while it makes the vendor's ticket, then while words, a file and the next ticket are on their way. Then it lives.

The gateways stand side by side over the same desks, as their waiting for leases takes longer than their work; each knows its
own links only, and looks by itself, as a desk has one address for webhooks.

Every run kills three gateways, each at two steps; the matrix of tests/failpoints kills at all of them over loopback desks.
INTERDESK_TEST_CHAIN_KILLS="1:3 1:4 2:5" kills one gateway twice at each step, at these passings, one round after the other; that
is a matter of a quarter of an hour a round.
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
DEATHS = {
    "late": ("claim.committed", "send.after"),
    "lost": ("send.before", "settle.before_commit"),
    "unsaid": ("answer.received", "settle.before"),
}
"""Name of a gateway → where it is killed for the first and for the second time: every step from the intent on disk to its settling
is among them."""
if _ASKED:
    DEATHS = {step.replace(".", "-"): (step, step) for step in _EVERY_STEP}
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

    name: str
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
    """By name: each was killed twice and has come to rest."""
    passings = request.param.split(":")
    with ExitStack() as stack:
        houses = {name: _house(four_desks, tmp_path_factory.mktemp("house"), name) for name in DEATHS}
        dies_at = {
            name: [f"{step}:{passing}" for step, passing in zip(steps, passings, strict=True)]
            for name, steps in DEATHS.items()
        }
        for name, house in houses.items():
            stack.callback(house.process.discard)
            house.launch(dies_at[name][0])
        found = {name: _begun(house, crew, name) for name, house in houses.items()}
        for one in found.values():
            one.house.dies(patience=LONG)
        for one in found.values():
            _goes_on(one, dies_at[one.name][1])
        for one in found.values():
            one.house.dies(patience=LONG)
        for one in found.values():
            one.house.launch()
        _come_to_rest(found.values())
        yield found


def _house(chain: Chain, directory: Path, name: str) -> House:
    house = House(directory=directory, chain=chain, hurry=True, lease=LEASE, hooks=False)
    house.apply(installed(chain, name))
    return house


def _begun(house: House, crew: Crew, name: str) -> Patient:
    """The gateway runs, and its ticket is opened."""
    house.is_up()
    house.has_looked()
    way = Way.begun(crew, f"Killed: {name}", delegate=name, priority="100")
    return Patient(name=name, house=house, way=way, words=[word(f"no{number}") for number in (1, 2, 3)])


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
            one.way.change(desk, delegate=one.name)
        for one in patients:
            one.way.arrives(below)
    for one in patients:
        # Roundup moves an unread issue when our first comment comes, over whatever somebody sets in that very moment.
        one.house.quiet(patience=LONG)
        one.way.change("subcontractor", status="in-progress")
    for one in patients:
        one.way.hears("partner", "Subcontractor accepted the assignment")
        one.house.quiet(patience=LONG)


def test_every_step_from_the_intent_to_its_settling_kills_somewhere() -> None:
    assert {*_EVERY_STEP[:-1]} <= {step for steps in DEATHS.values() for step in steps}


@pytest.mark.parametrize("name", DEATHS)
def test_two_kills_lose_nothing_and_double_nothing(
    patients: Mapping[str, Patient], crew: Crew, name: str
) -> None:
    one = patients[name]
    one.way.is_single()
    for desk in DESKS[1:]:
        one.way.hears_in_order(desk, one.words)
        assert crew.admin[desk].files(one.way.at(desk)) == [FILE]
    assert len({said.text for said in one.way.said("vendor")}) == len(one.way.said("vendor"))
    one.way.shows("priority", vendor="High", partner="100", subcontractor="urgent")
    assert one.way.hop(one.house, "subcontractor")["status"] == "in_progress"
    one.house.end()
