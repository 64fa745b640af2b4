"""T27: organizations flood the gateway and the others wait no longer than before. Rounds of work are counted, not seconds, so that
it is the same on every machine. `python -m tests.flows.test_flood 100000` is the whole flood."""

import sys
from dataclasses import replace

from gateway.domain.model import Message
from gateway.flows import intake
from gateway.testing.hub import Hub, Plan

TICKETS = 10
PASSES = {"when": {"field": "queue", "value": "IT"}}


def opened() -> Hub:
    """Three customers and the vendor of all."""
    customers = ("loud", "shrill", "quiet")
    links = [{"upstream": one, "downstream": "vendor", "passes": PASSES} for one in customers]
    return Hub(Plan(desks=dict.fromkeys((*customers, "vendor"), "plain"), links=links))


def flood(hub: Hub, code: str, count: int) -> None:
    """So many messages of one customer, all at once."""
    hub.desks[code].person("lou").open("again and again", "", queue="IT")
    ((_, hook),) = hub.hooks()
    desk = hub.context.directory_now.desks[f"dsk_{code}"]
    message = Message(id="", desk_id=desk.id, received_at=hub.now, body=hook.body, headers=hook.headers)
    for first in range(0, count, 1_000):
        many = [replace(message, id=hub.context.new_id("msg")) for _ in range(min(1_000, count - first))]
        intake.accept(hub.context, [(one, desk.org_id) for one in many])


def delays(count: int) -> list[int]:
    """Rounds of work from each ticket of the quiet customer to its arrival at the vendor, beside such a flood of two others."""
    hub, found = opened(), []
    for code in ("loud", "shrill"):
        if count:
            flood(hub, code, count)
    for number in range(TICKETS):
        hub.desks["quiet"].person("ann").open(f"till {number}", "", queue="IT")
        for code, hook in hub.hooks():
            hub.receive(code, hook)
        rounds = 0
        while not any(f"till {number}" in str(ticket) for ticket in hub.desks["vendor"].tickets()):
            hub.step()
            rounds += 1
            assert rounds < 10_000
        found.append(rounds)
    hub.database.close()
    return sorted(found)


def late(found: list[int]) -> int:
    """The 95th of a hundred."""
    return found[-1 - len(found) // 20]


def test_t27_floods_delay_nobody_else() -> None:
    assert late(delays(3_000)) <= 2 * late(delays(0))


if __name__ == "__main__":
    alone, flooded = delays(0), delays(int(sys.argv[1]))
    sys.stdout.write(f"rounds alone {alone}, beside {sys.argv[1]} messages of each of two others {flooded}\n")
    sys.exit(late(flooded) > 2 * late(alone))
