"""Related tickets at the real desks: what people relate is told with its time and actor, what we relate is added and comes back
as ours, and what people relate or take away is never touched."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import httpx
import pytest

from connectors.request_tracker import CONNECTOR as RT
from gateway.domain.model import ActorKind, Command, Desk, HistoryEntry, Snapshot
from gateway.errors import DeskRejected
from tests.connectors.drive import Drive
from tests.desks import request_tracker_commands as rt_commands
from tests.desks.launch import RequestTracker

pytestmark = pytest.mark.desks


class AtRequestTracker:
    """Four new tickets at RT, alice who relates them, and the gateway's account."""

    def __init__(self, rt: RequestTracker, alice: httpx.Client) -> None:
        self.desk: Desk = rt_commands.desk_of(rt)
        self.drive: Drive = rt_commands.drive_of(rt)
        self.alice = alice
        made = [rt_commands.made(self.drive, self.desk).remote_id for _ in range(4)]
        self.ticket, self.first, self.second, self.third = made

    def relates(self, **links: str) -> None:
        answer = self.alice.put(f"/ticket/{self.ticket}", json=links).raise_for_status()
        assert "refers to" in answer.text or "depends on" in answer.text, answer.text

    def command(self, *numbers: str, was: str | None = None) -> Command:
        wanted = rt_commands.update(self.ticket, related=", ".join(numbers))
        return replace(wanted, was={"related": was})

    def write(self, *numbers: str, was: str | None = None) -> None:
        self.drive.run(RT.push(self.command(*numbers, was=was), self.desk))

    def finds(self, *numbers: str, was: str | None = None) -> bool:
        return bool(self.drive.run(RT.find(self.command(*numbers, was=was), self.desk)))

    def look(self, ticket: str = "") -> Snapshot:
        return rt_commands.look(self.drive, self.desk, ticket or self.ticket)

    def told(self, ticket: str = "") -> list[HistoryEntry]:
        return [entry for entry in self.look(ticket).history if entry.field == "related"]

    def related(self, ticket: str = "") -> str | None:
        return self.look(ticket).fields["related"]


@pytest.fixture
def rt(rt_partner: RequestTracker) -> Iterator[AtRequestTracker]:
    with rt_partner.client("alice") as alice:
        yield AtRequestTracker(rt_partner, alice)


def _among(*numbers: str) -> str:
    return ", ".join(sorted(numbers))


def test_rt_tells_what_people_relate_on_both_tickets(rt: AtRequestTracker) -> None:
    assert rt.related() is None
    rt.relates(AddRefersTo=rt.first)
    rt.relates(AddReferredToBy=rt.second)
    assert rt.related() == _among(rt.first, rt.second)
    assert [(one.old, one.new, one.actor.kind) for one in rt.told()] == [
        (None, rt.first, ActorKind.PERSON),
        (rt.first, _among(rt.first, rt.second), ActorKind.PERSON),
    ]
    assert all(one.at for one in rt.told())
    assert rt.related(rt.first) == rt.ticket == rt.related(rt.second)
    rt.alice.put(f"/ticket/{rt.ticket}", json={"DeleteRefersTo": rt.first}).raise_for_status()
    assert (rt.told()[-1].old, rt.told()[-1].new) == (_among(rt.first, rt.second), rt.second)
    assert rt.related(rt.first) is None


def test_rt_keeps_plans_and_web_pages_out_of_it(rt: AtRequestTracker) -> None:
    rt.relates(AddDependsOn=rt.first)
    rt.relates(AddRefersTo="https://wiki.example/tills")
    assert (rt.related(), rt.told()) == (None, [])


def test_rt_a_relation_of_ours_is_ours_at_both_ends(rt: AtRequestTracker) -> None:
    assert not rt.finds(rt.first)
    rt.write(rt.first)
    assert rt.finds(rt.first)
    assert (rt.related(), rt.related(rt.first)) == (rt.first, rt.ticket)
    kinds = [one.actor.kind for one in (*rt.told(), *rt.told(rt.first))]
    assert kinds == [ActorKind.GATEWAY, ActorKind.GATEWAY]
    rt.write(rt.first)
    assert (rt.related(), len(rt.told())) == (rt.first, 1)


def test_rt_leaves_alone_what_people_relate_or_take_away_meanwhile(rt: AtRequestTracker) -> None:
    rt.relates(AddRefersTo=rt.first)
    rt.relates(AddRefersTo=rt.second)
    rt.alice.put(f"/ticket/{rt.ticket}", json={"DeleteRefersTo": rt.first}).raise_for_status()
    rt.write(rt.first, rt.third, was=rt.first)
    assert rt.related() == _among(rt.second, rt.third)
    assert rt.finds(rt.first, rt.third, was=rt.first)
    rt.write(rt.first, was=rt.first)
    assert rt.related() == _among(rt.second, rt.third)


def test_rt_says_in_its_words_what_it_does_not_relate(
    rt: AtRequestTracker, rt_partner: RequestTracker
) -> None:
    with rt_partner.client("root") as root:
        root.post("/queue", json={"Name": "Closed shop"})
        hidden = root.post("/ticket", json={"Queue": "Closed shop", "Subject": "x"}).json()["id"]
        root.put(f"/ticket/{rt.second}", json={"Status": "deleted"}).raise_for_status()
    refuses = partial(pytest.raises, DeskRejected)
    for number, why in (
        (rt.ticket, "itself"),
        ("99999999", "resolve"),
        (hidden, "Permission denied"),
        (rt.second, "deleted ticket"),
    ):
        with refuses() as refused:
            rt.write(number)
        assert f"does not relate it to {number}" in str(refused.value)
        assert why in str(refused.value.why)
    with refuses(match="is no ticket of RT"):
        rt.write("PO-17")
    with refuses(match="99999999"):
        rt.write(rt.first, "99999999")
    assert rt.related() == rt.first
