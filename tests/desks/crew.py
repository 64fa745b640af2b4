"""The people of the four desks and the way of one ticket through them, as a test follows it."""

import itertools
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.desks.house import House, eventually
from tests.desks.launch import Redmine, RequestTracker, Roundup
from tests.desks.launch.chain import Chain
from tests.desks.people import Agent, Said, agent_of

DESKS = ("customer", "vendor", "partner", "subcontractor")
ADMINISTRATORS = {"customer": "root", "vendor": "admin", "partner": "root", "subcontractor": "admin"}
GATEWAY = "fedbot"

_RUN = secrets.token_hex(3)
_NUMBERS = itertools.count(1)


def word(kind: str) -> str:
    """A word of letters and digits that stands nowhere else."""
    return f"{kind}{_RUN}n{next(_NUMBERS)}"


@dataclass(frozen=True, kw_only=True)
class Crew:
    """alice at every desk, and the administrator who sees everything there."""

    alice: Mapping[str, Agent]
    admin: Mapping[str, Agent]

    def desks_that_know(self, told: str) -> set[str]:
        """At which desks a word stands anywhere, private or not."""
        return {name for name, admin in self.admin.items() if admin.knows(told)}


@contextmanager
def hired(chain: Chain) -> Iterator[Crew]:
    """The crew of running desks."""
    desks: dict[str, RequestTracker | Redmine | Roundup] = {
        "customer": chain.customer, "vendor": chain.vendor, "partner": chain.partner,
        "subcontractor": chain.subcontractor,
    }  # fmt: skip
    alice = {name: agent_of(desk, "alice") for name, desk in desks.items()}
    admin = {name: agent_of(desk, ADMINISTRATORS[name]) for name, desk in desks.items()}
    try:
        yield Crew(alice=alice, admin=admin)
    finally:
        for agent in (*alice.values(), *admin.values()):
            agent.close()


@dataclass(kw_only=True)
class Way:
    """One ticket's way. `ids` holds its id at each desk it was seen at; titles are told apart by a number."""

    crew: Crew
    title: str
    ids: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begun(cls, crew: Crew, title: str, *, text: str = "since nine", **fields: str) -> "Way":
        """alice opens a ticket at the customer's desk."""
        way = cls(crew=crew, title=f"{title} {word('t')}")
        way.ids["customer"] = crew.alice["customer"].open(way.title, text, **fields)
        return way

    def at(self, desk: str) -> str:
        """The ticket's id at a desk."""
        return self.ids[desk]

    def arrives(self, desk: str) -> str:
        """Waits until the desk has the ticket; its id."""
        [self.ids[desk]] = eventually(
            lambda: self.copies(desk), f"{self.title!r} arrives at the {desk}'s desk"
        )
        return self.ids[desk]

    def delegated(self, desk: str, name: str, to: str) -> str:
        """The desk's agent names somebody; waits until the ticket arrives there."""
        self.crew.alice[desk].change(self.at(desk), delegate=name)
        return self.arrives(to)

    def copies(self, desk: str) -> list[str]:
        """The ids of every ticket of that title there, as the administrator sees them."""
        return self.crew.admin[desk].titled(self.title)

    def change(self, desk: str, **fields: str) -> None:
        """alice changes fields there."""
        self.crew.alice[desk].change(self.at(desk), **fields)

    def say(self, desk: str, text: str, *, public: bool = True) -> None:
        """alice says something there."""
        self.crew.alice[desk].say(self.at(desk), text, public=public)

    def field(self, desk: str, name: str) -> str | None:
        """What the desk shows."""
        return self.crew.alice[desk].field(self.at(desk), name)

    def said(self, desk: str) -> list[Said]:
        """What was said there, private notes too."""
        return self.crew.admin[desk].said(self.at(desk))

    def shows(self, name: str = "status", /, **wanted: str) -> None:
        """Waits until each desk shows its value of the field."""

        def mistaken() -> dict[str, str | None]:
            shown = {desk: self.field(desk, name) for desk in wanted}
            return {desk: value for desk, value in shown.items() if value != wanted[desk]}

        eventually(lambda: not mistaken(), f"{name} of {self.title!r} is {wanted}", show=mistaken)

    def hears(self, desk: str, words: str, *, times: int = 1) -> Said:
        """Waits until comments with these words stand at the desk, and gives the last; AssertionError if there are more."""

        def found() -> list[Said]:
            return [one for one in self.said(desk) if words in one.text]

        def enough() -> list[Said]:
            heard = found()
            return heard if len(heard) >= times else []

        heard = eventually(enough, f"the {desk}'s desk hears {words!r}", show=lambda: self.said(desk))
        assert len(heard) == times, f"said {len(heard)} times: {heard}"
        return heard[-1]

    def hears_in_order(self, desk: str, words: Sequence[str]) -> None:
        """Waits until all the words stand at the desk; AssertionError unless each does once, in that order."""

        def found() -> list[str]:
            texts = [said.text for said in self.said(desk)]
            return [one for text in texts for one in words if one in text]

        told = f"the {desk}'s desk hears {words}"
        eventually(lambda: set(found()) == set(words), told, show=lambda: self.said(desk))
        assert found() == list(words)

    def gets_file(self, desk: str, *, number: int = 1) -> tuple[str, bytes]:
        """Waits until the desk has so many files; the last of them."""

        def files() -> list[tuple[str, bytes]]:
            found = self.crew.admin[desk].files(self.at(desk))
            return found if len(found) >= number else []

        return eventually(files, f"the {desk}'s desk has {number} files")[-1]

    def is_single(self) -> None:
        """Each desk it was seen at holds exactly one ticket of this title, and one of its marker."""
        assert {desk: self.copies(desk) for desk in self.ids} == {desk: [self.at(desk)] for desk in self.ids}
        for desk in self.ids:
            mark = self.field(desk, "marker")
            assert (mark is None) == (desk == "customer")
            assert mark is None or self.crew.admin[desk].marked(mark) == [self.at(desk)]

    def hop(self, house: House, desk: str) -> dict[str, Any]:
        """The ticket's assignment at a desk, as the gateway sees it."""
        [found] = [hop for hop in house.story("customer", self.at("customer"))["hops"] if hop["desk"] == desk]
        hop: dict[str, Any] = found
        return hop

    def events(self, house: House, kind: str, desk: str) -> list[dict[str, Any]]:
        """The ticket's events of a kind at one desk, oldest first."""
        story = house.story("customer", self.at("customer"))
        there = {hop["id"] for hop in story["hops"] if hop["desk"] == desk}
        return [event for event in story["events"] if event["type"] == kind and event["hop_id"] in there]

    def moves(self, house: House, desk: str, statuses: Sequence[str]) -> list[dict[str, Any]]:
        """Waits until the last moves of people at the desk were these; their events."""

        def last() -> list[dict[str, Any]]:
            moved = self.events(house, "status.changed", desk)
            by_people = [event for event in moved if event["actor_kind"] == "person"]
            return by_people[-len(statuses) :]

        wanted = list(statuses)
        told = f"the {desk}'s people moved it to {wanted}"
        eventually(lambda: [event["data"]["to"] for event in last()] == wanted, told, show=last)
        return last()

    def is_noticed(self, house: House, desks: Collection[str]) -> None:
        """Waits until the gateway has seen a comment by a person at each of the desks, and delivered what follows."""

        def unseen() -> list[str]:
            return [desk for desk in desks if not self._heard_people(house, desk)]

        eventually(lambda: not unseen(), f"the gateway sees what was said at {list(desks)}", show=unseen)
        house.quiet()

    def _heard_people(self, house: House, desk: str) -> bool:
        return any(not event["data"]["automatic"] for event in self.events(house, "comment.added", desk))
