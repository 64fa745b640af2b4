"""The simulated people: what they do next at some desk, at random, and what the book must remember of it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from gateway.testing.loopback.cabinet import Folder
from gateway.testing.loopback.desk import LoopbackDesk
from gateway.testing.loopback.people import Person
from gateway.testing.loopback.temper import Temper
from gateway.testing.simulator.book import Book, Said, Source
from gateway.testing.simulator.world import ROOT, World

TOKEN = 7
"""Letters of a source's token, with which its title begins."""
ENDED = frozenset({"closed", "rejected", "cancelled", "declined"})
REFUSED = ("declined", "rejected", "cancelled")
PRIORITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Somebody in front of one ticket at one desk."""

    code: str
    desk: LoopbackDesk
    folder: Folder
    source: Source
    person: Person

    @property
    def status(self) -> str:
        """The canonical word for the ticket's status."""
        return meaning(self.desk.temper, self.folder.fields["status"] or "")


def meaning(temper: Temper, native: str) -> str:
    """What a native status means."""
    known = temper.statuses[native]
    return str(known if isinstance(known, str) else known["status"])


def native(temper: Temper, *statuses: str) -> list[str]:
    """The native words that mean one of these."""
    return [word for word in temper.statuses if meaning(temper, word) in statuses]


@dataclass(kw_only=True)
class Crowd:
    """All people of an installation. `act` lets one of them do one thing; `acts` counts."""

    world: World
    desks: dict[str, LoopbackDesk]
    book: Book
    random: Random
    most_tickets: int
    now: Callable[[], datetime]
    trace: Callable[[str], None] = field(default=lambda _line: None)
    acts: int = 0

    def act(self) -> None:
        """Somebody does something."""
        self.acts += 1
        few = len(self.book.sources) < self.most_tickets
        if few and (not self.book.sources or self.random.random() < 0.15):
            self.open()
            return
        spot = self._somewhere()
        if spot is not None:
            deeds, weights = zip(*self._deeds(spot), strict=True)
            [deed] = self.random.choices(deeds, weights)
            deed(spot)
            self.trace(f"{spot.person.name} at {spot.code}: {deed.__name__} {spot.source.token}")

    def open(self) -> None:
        """A customer opens a ticket, mostly for somebody else to work on."""
        token = self.book.token("T")
        person = self.desks[ROOT].person(self._name())
        priority = self.random.choice(PRIORITIES)
        title, desk = f"{token} something broke", self.desks[ROOT]
        told: dict[str, Any] = {"priority": _word(desk.temper, priority)}
        below = self.world.below(ROOT)
        source = Source(
            token=token, ticket="", title=title, priority=priority,
            calm=self.world.patient and self.random.random() < 0.75,
        )  # fmt: skip
        if self.random.random() < 0.9:
            chosen = self.random.choice(below)
            told |= {"service": "net"} if chosen in self.world.by_service else {"delegate": chosen}
            for code in self.world.by_service if chosen in self.world.by_service else [chosen]:
                source.offers[code] = 1
        source.ticket = person.open(title, f"description of {token}", **told)
        self.book.sources[token] = source

    def _name(self) -> str:
        return self.random.choice(("anna", "boris", "carla", "dmitri"))

    def _somewhere(self) -> Spot | None:
        code = self.random.choice(list(self.desks))
        folders = list(self.desks[code].cabinet.folders.values())
        spot = self._spot(code, self.random.choice(folders)) if folders else None
        return spot if spot is not None and self._may_touch(spot) else None

    def spots(self, code: str) -> Iterator[Spot]:
        """Every ticket of the simulation at a desk."""
        folders = list(self.desks[code].cabinet.folders.values())
        return (spot for folder in folders if (spot := self._spot(code, folder)) is not None)

    def _spot(self, code: str, folder: Folder) -> Spot | None:
        desk, source = self.desks[code], self.book.sources.get((folder.fields["title"] or "")[:TOKEN])
        if source is None:
            return None
        return Spot(code=code, desk=desk, folder=folder, source=source, person=desk.person(self._name()))

    def _may_touch(self, spot: Spot) -> bool:
        """Of a calm ticket people use only the first copy they see; a second one is a duplicate, whoever made it."""
        if not spot.source.calm:
            return True
        if spot.status in ENDED:
            return False
        twins = [other for other in self.spots(spot.code) if other.source is spot.source]
        return twins[0].folder is spot.folder

    def _deeds(self, spot: Spot) -> Iterator[tuple[Callable[[Spot], None], int]]:
        yield self.comment, 8
        yield self.whisper, 2
        yield self.attach, 2
        yield self.address, 1
        yield self.move, 6
        yield self.assign, 1
        if self.world.below(spot.code):
            yield self.delegate, 9
        if self.world.quarrels:
            yield self.rank, 6
            yield self.close_the_ring, 2
        if spot.code == ROOT:
            yield self.edit, 1
            yield self.rank, 1
        if not spot.source.calm:
            yield self.refuse if spot.code != ROOT else self.finish, 2

    def comment(self, spot: Spot) -> None:
        """Say something that the other side may read."""
        self._say(spot, public=True)

    def whisper(self, spot: Spot) -> None:
        """Say something that nobody else may read."""
        if spot.desk.temper.private_comments:
            self._say(spot, public=False)

    def address(self, spot: Spot) -> None:
        """Say something to one neighbour only."""
        near = [code for code in (*self.world.below(spot.code), self.world.above.get(spot.code)) if code]
        to = self.random.choice(near) if near else None
        if to is None or not any(other.source is spot.source for other in self.spots(to)):
            return
        public = not spot.desk.temper.private_comments or self.random.random() < 0.5
        self._say(spot, public=public, to=to)

    def _say(self, spot: Spot, *, public: bool, to: str = "") -> str:
        token = self.book.token("C" if public else "P")
        text = f"about this: {token} <b>really</b>" if self.random.random() < 0.2 else f"about this: {token}"
        comment = spot.person.comment(spot.folder.id, f"@@{to} {text}" if to else text, public=public)
        self._note(spot, token, public=public, to=to).comment = comment
        return token

    def _note(self, spot: Spot, token: str, *, public: bool, to: str = "", file: str = "") -> Said:
        said = Said(
            token=token, source=spot.source.token, desk=spot.code, ticket=spot.folder.id, public=public,
            at=self.now(), file=file, to=to, settled=spot.source.calm,
        )  # fmt: skip
        self.book.said.append(said)
        return said

    def attach(self, spot: Spot) -> None:
        """Add a file."""
        public = not spot.desk.temper.private_comments or self.random.random() < 0.7
        token = self.book.token("F" if public else "P")
        data = f"{token} bytes ".encode() * self.random.randint(1, 20)
        name = f"photo{self.random.randint(1, 3)}.jpg"
        spot.person.attach(spot.folder.id, name, data, media_type="image/jpeg", public=public)
        self._note(spot, token, public=public, file=hashlib.sha256(data).hexdigest())

    def assign(self, spot: Spot) -> None:
        """Somebody takes the ticket."""
        spot.source.worked.add(spot.code)
        spot.person.set(spot.folder.id, "assignee", spot.person.name)

    def edit(self, spot: Spot) -> None:
        """Write the title anew."""
        spot.source.title = (
            f"{spot.source.token} edited {self.book.token('E')} {'x' * self.random.randint(0, 60)}"
        )
        spot.person.set(spot.folder.id, "title", spot.source.title)

    def rank(self, spot: Spot) -> None:
        """Change the priority."""
        spot.source.priority = self.random.choice(PRIORITIES)
        spot.person.set(spot.folder.id, "priority", _word(spot.desk.temper, spot.source.priority))

    def close_the_ring(self, spot: Spot) -> None:
        """The last desk hands the ticket on to the first, where it came from."""
        if spot.code == "subc":
            spot.person.set(spot.folder.id, "delegate", "ring")

    def delegate(self, spot: Spot) -> None:
        """Hand it on to one or several."""
        if spot.status in ENDED or spot.status == "resolved":
            return
        named = {part for part in (spot.folder.fields["delegate"] or "").split(",") if part}
        below = self.world.below(spot.code)
        fresh = [code for code in below if code not in named]
        if fresh:
            chosen = {self.random.choice(fresh)} if self.random.random() < 0.3 else set(fresh)
            for code in sorted(chosen):
                spot.source.offers[code] = spot.source.offers.get(code, 0) + 1
            spot.person.set(spot.folder.id, "delegate", ",".join(sorted(named | chosen)))
        elif not spot.source.calm and self.random.random() < 0.3:
            for code in below:  # name everybody anew: take the names off, put them back
                spot.source.offers[code] = spot.source.offers.get(code, 0) + 1
            spot.person.set(spot.folder.id, "delegate", None)
            spot.person.set(spot.folder.id, "delegate", ",".join(sorted(below)))

    def move(self, spot: Spot) -> None:
        """Work goes on: the next status, as this desk allows it."""
        leaf = spot.code != ROOT and not any(self._is_below(spot))
        wanted = ("in_progress", "pending", "held", *(("resolved",) if leaf or not spot.source.calm else ()))
        now = spot.folder.fields["status"] or ""
        allowed = (spot.desk.temper.transitions or {}).get(now)
        words = [word for word in native(spot.desk.temper, *wanted) if word != now]
        words = [word for word in words if allowed is None or word in allowed]
        if spot.status == "offered":
            words = [word for word in words if meaning(spot.desk.temper, word) == "in_progress"]
        if words and spot.status not in ENDED:
            spot.source.worked.add(spot.code)
            spot.person.set(spot.folder.id, "status", self.random.choice(words))

    def _is_below(self, spot: Spot) -> Iterator[bool]:
        yield from (code in spot.source.offers for code in self.world.below(spot.code))

    def refuse(self, spot: Spot) -> None:
        """Decline or return it, with the reason."""
        words = native(spot.desk.temper, *REFUSED)
        if not words or spot.status in ENDED or spot.status == "resolved":
            return
        spot.source.reasons.append((spot.code, self._say(spot, public=True)))
        spot.person.set(spot.folder.id, "status", self.random.choice(words))

    def finish(self, spot: Spot) -> None:
        """The customer closes the ticket, or opens it again."""
        words = native(spot.desk.temper, "in_progress" if spot.status in ENDED else "closed")
        spot.source.ended = spot.status not in ENDED
        spot.person.set(spot.folder.id, "status", self.random.choice(words))


def _word(temper: Temper, priority: str) -> str:
    return next(word for word, known in temper.priorities.items() if known == priority)
