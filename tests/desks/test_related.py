"""Related tickets at the real desks: what people relate is told with its time and actor, what we relate is added and comes back
as ours, and what people relate or take away is never touched."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import httpx
import pytest

from connectors.redmine import CONNECTOR as REDMINE
from connectors.request_tracker import CONNECTOR as RT
from gateway.domain.model import ActorKind, Command, Desk, HistoryEntry, Receipt, Snapshot
from gateway.errors import DeskGone, DeskRejected
from tests.connectors.drive import Drive
from tests.desks import redmine_commands
from tests.desks import request_tracker_commands as rt_commands
from tests.desks.launch import Redmine, RequestTracker

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


class AtRedmine:
    """Four new issues at Redmine, alice who relates them, and the gateway's account."""

    def __init__(self, redmine: Redmine, alice: httpx.Client) -> None:
        self.desk: Desk = redmine_commands.desk_of(redmine)
        self.drive: Drive = redmine_commands.drive_of(redmine)
        self.alice = alice
        made = [redmine_commands.made(self.drive, self.desk).remote_id for _ in range(4)]
        self.issue, self.first, self.second, self.third = made

    def relates(self, issue: str, other: str, kind: str = "relates") -> str:
        relation = {"issue_to_id": other, "relation_type": kind}
        answer = self.alice.post(f"/issues/{issue}/relations.json", json={"relation": relation})
        return str(answer.raise_for_status().json()["relation"]["id"])

    def command(self, *numbers: str, was: str | None = None, **fields: str) -> Command:
        wanted = redmine_commands.update(self.issue, related=", ".join(numbers), **fields)
        return replace(wanted, was={"related": was})

    def write(self, *numbers: str, was: str | None = None, **fields: str) -> Receipt:
        return self.drive.run(REDMINE.push(self.command(*numbers, was=was, **fields), self.desk))

    def finds(self, *numbers: str, was: str | None = None) -> bool:
        return bool(self.drive.run(REDMINE.find(self.command(*numbers, was=was), self.desk)))

    def look(self, issue: str = "", since: str | None = None) -> Snapshot:
        return self.drive.run(REDMINE.fetch(issue or self.issue, self.desk, since=since))

    def told(self, issue: str = "") -> list[HistoryEntry]:
        return [entry for entry in self.look(issue).history if entry.field == "related"]

    def related(self, issue: str = "") -> str | None:
        return self.look(issue).fields["related"]


@pytest.fixture
def redmine(redmine_vendor: Redmine) -> Iterator[AtRedmine]:
    with redmine_vendor.client("alice") as alice:
        yield AtRedmine(redmine_vendor, alice)


def test_redmine_tells_what_people_relate_on_both_issues(redmine: AtRedmine) -> None:
    assert redmine.related() is None
    tie = redmine.relates(redmine.issue, redmine.first)
    before = redmine.look().position
    redmine.relates(redmine.second, redmine.issue)
    both = _among(redmine.first, redmine.second)
    assert redmine.related() == both
    assert [(one.old, one.new, one.actor.kind) for one in redmine.told()] == [
        (None, redmine.first, ActorKind.PERSON),
        (redmine.first, both, ActorKind.PERSON),
    ]
    assert [(one.old, one.new) for one in redmine.look(since=before).history] == [(redmine.first, both)]
    assert redmine.related(redmine.first) == redmine.issue == redmine.related(redmine.second)
    redmine.alice.delete(f"/relations/{tie}.json").raise_for_status()
    assert (redmine.told()[-1].old, redmine.told()[-1].new) == (both, redmine.second)
    assert redmine.related(redmine.first) is None


def test_redmine_keeps_plans_out_of_it(redmine: AtRedmine) -> None:
    redmine.relates(redmine.issue, redmine.first, "blocks")
    redmine.relates(redmine.second, redmine.issue, "precedes")
    assert (redmine.related(), redmine.told()) == (None, [])
    redmine.write(redmine.first)
    assert (redmine.related(), redmine.told()) == (None, []), "tied in another way, which says more"


def test_redmine_a_relation_of_ours_is_ours_at_both_ends(redmine: AtRedmine) -> None:
    assert not redmine.finds(redmine.first)
    receipt = redmine.write(redmine.first)
    assert redmine.finds(redmine.first)
    assert (redmine.related(), redmine.related(redmine.first)) == (redmine.first, redmine.issue)
    told = [*redmine.told(), *redmine.told(redmine.first)]
    assert [one.actor.kind for one in told] == [ActorKind.GATEWAY, ActorKind.GATEWAY]
    assert list(receipt.entries) == [told[0].id]
    redmine.write(redmine.first)
    assert (redmine.related(), len(redmine.told())) == (redmine.first, 1)


def test_redmine_takes_several_with_other_fields(redmine: AtRedmine) -> None:
    receipt = redmine.write(redmine.first, redmine.second, title="VPN down again")
    assert redmine.related() == _among(redmine.first, redmine.second)
    assert redmine.look().fields["title"] == "VPN down again"
    assert len(receipt.entries) == 3


def test_redmine_leaves_alone_what_people_relate_or_take_away_meanwhile(redmine: AtRedmine) -> None:
    tie = redmine.relates(redmine.issue, redmine.first)
    redmine.relates(redmine.issue, redmine.second)
    redmine.alice.delete(f"/relations/{tie}.json").raise_for_status()
    redmine.write(redmine.first, redmine.third, was=redmine.first)
    assert redmine.related() == _among(redmine.second, redmine.third)
    assert redmine.finds(redmine.first, redmine.third, was=redmine.first)
    redmine.write(redmine.first, was=redmine.first)
    assert redmine.related() == _among(redmine.second, redmine.third)


def test_redmine_says_in_its_words_what_it_does_not_relate(
    redmine: AtRedmine, redmine_vendor: Redmine
) -> None:
    for number, why in ((redmine.issue, "invalid"), ("99999999", "blank")):
        with pytest.raises(DeskRejected) as refused:
            redmine.write(number)
        assert f"does not relate it to {number}" in str(refused.value)
        assert why in str(refused.value.why)
    with pytest.raises(DeskRejected, match="is no issue of Redmine"):
        redmine.write("PO-17")
    with pytest.raises(DeskRejected, match="99999999"):
        redmine.write(redmine.first, "99999999")
    assert redmine.related() == redmine.first
    with redmine_vendor.client("admin") as admin:
        admin.delete(f"/issues/{redmine.issue}.json").raise_for_status()
    with pytest.raises(DeskGone):
        redmine.write(redmine.second)
