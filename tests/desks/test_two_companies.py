"""A customer's Request Tracker and a vendor's Redmine, linked by their own people: each has the gateway's address and its key, no
more, and two commands with nothing but defaults carry the first ticket over."""

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.session import Terminal
from tests.desks.house import House, _redmine, _rt, eventually
from tests.desks.launch import Redmine, RequestTracker
from tests.desks.launch.chain import Chain
from tests.desks.people import agent_of

pytestmark = [pytest.mark.desks, pytest.mark.timeout(600)]
COMPANIES = ("customer", "vendor")


class Pair(House):
    """The gateway over two of the desks; the others need not run."""

    def environment(self) -> dict[str, str]:
        chain = self.chain
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("INTERDESK_")},
            "INTERDESK_DATA_DIR": str(self.directory / "data"),
            "INTERDESK_PORT": str(self.port),
            "INTERDESK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "INTERDESK_ALLOWED_PORTS": f"{chain.customer.port},{chain.vendor.port}",
            "SECRET_CUSTOMER": chain.customer.tokens["fedbot"],
            "SECRET_VENDOR": chain.vendor.keys["fedbot"],
            "SECRET_HOOK": "a-hook-that-nobody-calls-0123456789",
        }

    def configured(self) -> dict[str, Any]:
        """The two desks, each its organization's; no link."""
        return {
            "organizations": [{"code": name, "name": name.title()} for name in COMPANIES],
            "desks": [_rt("customer", self.chain.customer), _redmine("vendor", self.chain.vendor)],
        }

    def terminal(self, code: str) -> Terminal:
        """What somebody of that organization has: the address, and a key."""
        made = json.loads(self.command("keys", "create", code, "--organization", code, "--json"))
        return Terminal(code, {"INTERDESK_URL": self.url, "INTERDESK_KEY": made["key"], "LOGNAME": "ann"})


@pytest.fixture
def pair(
    rt_customer: RequestTracker, redmine_vendor: Redmine, desk_chain: Chain, tmp_path: Path
) -> Iterator[Pair]:
    gateway = Pair(directory=tmp_path, chain=desk_chain, hooks=False)
    gateway.apply(gateway.configured())
    with gateway.at_work():
        yield gateway


def test_two_commands_link_two_companies(pair: Pair) -> None:
    customer, vendor = (pair.terminal(code) for code in COMPANIES)
    invite = ("link", "invite", "--desk", "customer", "--role", "upstream", "--to", "vendor", "--activate")
    code = customer.type(*invite).strip()
    vendor.type("link", "accept", code, "--desk", "vendor", "--activate")
    assert "✖" not in vendor.said[-1]
    assert "it is live: tickets pass" in vendor.said[-1]

    pair.has_looked()
    title = f"The till is dead {secrets.token_hex(4)}"
    alice, theirs = agent_of(pair.chain.customer, "alice"), agent_of(pair.chain.vendor, "alice")
    ticket = alice.open(title, "No light")
    alice.say(ticket, "canary4711", public=False)
    shown = customer.type("link", "dry-run", "customer-vendor", "--ticket", ticket)
    assert title in shown
    assert "canary4711" not in shown
    assert theirs.titled(title) == []
    alice.change(ticket, delegate="Vendor")
    eventually(lambda: theirs.titled(title), "the ticket stands at the vendor's desk")
    pair.quiet()
    assert not theirs.knows("canary4711")
    told = [json.loads(line) for line in vendor.type("link", "news", "--json").splitlines()]
    assert [one["act"] for one in told] == ["validated", "made", "accepted", "invited"]
    for agent in (alice, theirs):
        agent.close()
