"""A customer's Request Tracker and a vendor's Redmine, each at a gateway of its own, federated over TMF621 with OAuth."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desks.house import _redmine, _rt, eventually
from tests.desks.launch import Redmine, RequestTracker
from tests.desks.people import agent_of
from tests.desks.people.agent import Agent
from tests.federation.town import Pair, free_ports, joined

pytestmark = [pytest.mark.desks, pytest.mark.timeout(600)]
DELEGATED = {"delegate_as": "Vendor"}


@pytest.fixture
def pair(
    rt_customer: RequestTracker,
    redmine_vendor: Redmine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Pair]:
    monkeypatch.setenv("SECRET_CUSTOMER", rt_customer.tokens["fedbot"])
    monkeypatch.setenv("SECRET_VENDOR", redmine_vendor.keys["fedbot"])
    monkeypatch.setenv("SECRET_HOOK", "a-hook-that-nobody-calls-0123456789")
    ours, theirs = _rt("customer", rt_customer), _redmine("vendor", redmine_vendor)
    with joined(tmp_path, free_ports(2), ours, theirs, DELEGATED) as found:
        found.start()
        yield found


def _texts(agent: Agent, ticket: str) -> list[str]:
    """What was said there, the last line of each: above it stands who said it."""
    return [one.text.strip().rpartition("\n")[2] for one in agent.said(ticket)]


def test_a_ticket_goes_from_request_tracker_to_redmine_and_back(
    pair: Pair, rt_customer: RequestTracker, redmine_vendor: Redmine
) -> None:
    title = f"The till is dead {secrets.token_hex(4)}"
    alice, theirs = agent_of(rt_customer, "alice"), agent_of(redmine_vendor, "alice")
    ticket = alice.open(title, "No light")
    alice.change(ticket, delegate="Vendor")
    eventually(lambda: theirs.titled(title), "the ticket stands at the vendor's desk")
    [below] = theirs.titled(title)
    theirs.change(below, status="In Progress")
    eventually(lambda: alice.field(ticket, "status") == "open", "the customer sees it accepted")
    theirs.say(below, "Which till?")
    eventually(lambda: any("Which till?" in one for one in _texts(alice, ticket)), "the question is up")
    alice.say(ticket, "The seventh.")
    eventually(lambda: any("The seventh." in one for one in _texts(theirs, below)), "the answer is down")
    pair.b.stop()
    alice.say(ticket, "Are you there?")
    pair.b.start()
    eventually(lambda: any("Are you there?" in one for one in _texts(theirs, below)), "said while B was away")
    pair.a.stop()
    theirs.change(below, status="Resolved")
    pair.a.start()
    words = "reports the work as resolved"
    eventually(lambda: any(words in one for one in _texts(alice, ticket)), "the resolution is up")
    alice.change(ticket, status="resolved")
    eventually(lambda: theirs.field(below, "status") == "Closed", "the vendor's ticket is closed")
    pair.quiet()
    assert len(theirs.titled(title)) == len(alice.titled(title)) == 1
    for words in ("Which till?", "The seventh.", "Are you there?"):
        assert _texts(alice, ticket).count(words) == 1
        assert _texts(theirs, below).count(words) == 1
    for agent in (alice, theirs):
        agent.close()
