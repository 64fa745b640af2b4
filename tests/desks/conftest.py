"""The real desks as session fixtures: started side by side when the first test needs one, stopped after the last."""

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest

from tests.desks.chain_links import coverage, links
from tests.desks.crew import Crew, hired
from tests.desks.house import House, installation
from tests.desks.launch import Redmine, RequestTracker, Roundup
from tests.desks.launch.chain import Chain

Kind = type[RequestTracker] | type[Redmine] | type[Roundup]

FIXTURES: dict[str, tuple[str, Kind]] = {
    "rt_customer": ("customer", RequestTracker),
    "redmine_vendor": ("vendor", Redmine),
    "rt_partner": ("partner", RequestTracker),
    "roundup_subcontractor": ("subcontractor", Roundup),
}


@pytest.fixture(scope="session")
def desk_chain(request: pytest.FixtureRequest) -> Iterator[Chain]:
    """Begins to start those desks that some selected test asks for by name."""
    asked = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    names = [desk for fixture, (desk, kind) in FIXTURES.items() if fixture in asked and not kind.missing()]
    with Chain(names) as chain:
        yield chain


@pytest.fixture(scope="session")
def rt_customer(desk_chain: Chain) -> RequestTracker:
    _need(RequestTracker)
    return desk_chain.customer


@pytest.fixture(scope="session")
def redmine_vendor(desk_chain: Chain) -> Redmine:
    _need(Redmine)
    return desk_chain.vendor


@pytest.fixture(scope="session")
def rt_partner(desk_chain: Chain) -> RequestTracker:
    _need(RequestTracker)
    return desk_chain.partner


@pytest.fixture(scope="session")
def roundup_subcontractor(desk_chain: Chain) -> Roundup:
    _need(Roundup)
    return desk_chain.subcontractor


@pytest.fixture(scope="session")
def four_desks(
    rt_customer: RequestTracker,
    redmine_vendor: Redmine,
    rt_partner: RequestTracker,
    roundup_subcontractor: Roundup,
    desk_chain: Chain,
) -> Chain:
    """All four: customer(RT) → vendor(Redmine) → partner(RT) → subcontractor(Roundup)."""
    return desk_chain


@pytest.fixture(scope="module")
def house(four_desks: Chain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The gateway's process over the four desks, with the links of chain_links."""
    gateway = House(directory=tmp_path_factory.mktemp("house"), chain=four_desks)
    gateway.apply(installation(four_desks, links(), coverage()))
    with gateway.at_work():
        yield gateway


@pytest.fixture(scope="session")
def crew(four_desks: Chain) -> Iterator[Crew]:
    """The people of the four desks."""
    with hired(four_desks) as people:
        yield people


@pytest.fixture(autouse=True)
def _whole_again(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that fails while it holds a desk down must not take the next test with it."""
    yield
    if "desk_chain" in request.fixturenames:
        request.getfixturevalue("desk_chain").mend()


def _need(kind: Kind) -> None:
    """Skips, saying why, where the desk is not installed; under CI that is a failure."""
    reason = kind.missing()
    if reason:
        give_up(f"{reason}; deploy/install-desks, run as root, installs the desks")


def give_up(reason: str) -> NoReturn:
    """Skip, saying why; under CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
