"""Second thoughts: people correct what they said, hide it or take it away, and tickets are deleted or merged into others.
What must come of it: the newest words at every reader, nothing of what was taken back where the desk lets us remove it, no
word of one ticket in another, and rest."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from gateway.domain.relinking import is_doubted
from gateway.flows.context import OPERATOR
from gateway.store import cases, outbox
from gateway.testing.hub import Hub
from gateway.testing.simulator.book import Said
from gateway.testing.simulator.people import Crowd, Spot
from gateway.testing.simulator.world import ROOT, World

LOST = "there is no ticket"
"""What a desk says of a ticket that people deleted: whether a write reached it before matters to nobody any more."""


def is_lost(hub: Hub, delivery_id: str) -> bool:
    """Whether the gateway knows that the ticket for which a delivery is was deleted or merged away: it waits for a person."""
    with hub.database.read() as db:
        delivery = outbox.get(db, OPERATOR, delivery_id)
        if delivery is None:
            return False
        occasion = hub.context.occasion(db, hub.now)
        case = cases.load(db, OPERATOR, [delivery.ticket_id], occasion, lock=False)[delivery.ticket_id]
    return is_doubted(case.hops[delivery.hop_id])


def revisable(world: World, random: Random) -> World:
    """The same world, some of whose desks let an account change what it wrote, and some not."""
    plan = world.plan
    desks = {code: replace(plan.temper(code), edits_comments=random.random() < 0.7) for code in plan.desks}
    return replace(world, plan=replace(plan, desks=desks))


@dataclass(kw_only=True)
class SecondThoughts(Crowd):
    """People who also revise: their words, and which tickets there are."""

    def spots(self, code: str) -> Iterator[Spot]:
        """A ticket that was merged into another one is nobody's any more."""
        merged = self.desks[code].cabinet.merged
        return (spot for spot in super().spots(code) if spot.folder.id not in merged)

    def _may_touch(self, spot: Spot) -> bool:
        return spot.folder.id not in spot.desk.cabinet.merged and super()._may_touch(spot)

    def _deeds(self, spot: Spot) -> Iterator[tuple[Callable[[Spot], None], int]]:
        yield from super()._deeds(spot)
        yield self.correct, 5
        yield self.hide, 1
        yield self.take_away, 1
        if not spot.source.calm:
            yield self.delete, 1
            yield self.merge, 1

    def _own(self, spot: Spot) -> Said | None:
        """Some words of people at this ticket that can still be revised."""
        reasons = {token for _, token in spot.source.reasons}
        here = [
            said
            for said in self.book.said
            if (said.desk, said.ticket) == (spot.code, spot.folder.id)
            and said.comment
            and not said.taken_back
            and said.token not in reasons
        ]
        return self.random.choice(here) if here else None

    def correct(self, spot: Spot) -> None:
        """Write a comment anew."""
        said = self._own(spot)
        if said is not None:
            said.versions.append(self.book.token("V"))
            said.settled = said.settled and spot.source.calm
            words = f"about this: {said.token}, or rather {said.versions[-1]}"
            spot.person.edit(spot.folder.id, said.comment, f"@@{said.to} {words}" if said.to else words)

    def hide(self, spot: Spot) -> None:
        """Make a public comment an internal note."""
        said = self._own(spot)
        if said is not None and said.public and spot.desk.temper.private_comments:
            said.hidden, said.public, said.settled = True, False, False
            said.taken_back = not said.to
            spot.person.show(spot.folder.id, said.comment, public=False)

    def take_away(self, spot: Spot) -> None:
        """Remove a comment."""
        said = self._own(spot)
        if said is not None:
            said.hidden, said.taken_back = said.public, True
            said.public = said.settled = False
            spot.person.remove(spot.folder.id, said.comment)

    def delete(self, spot: Spot) -> None:
        """Delete the ticket for good."""
        if self._is_worth_it(spot):
            self._lost(spot)
            spot.person.delete(spot.folder.id)

    def merge(self, spot: Spot) -> None:
        """Merge the ticket into another one of this desk."""
        others = [other for other in self.spots(spot.code) if other.source is not spot.source]
        if others and self._is_worth_it(spot):
            self._lost(spot)
            spot.source.merged[spot.code] += 1
            spot.person.merge(spot.folder.id, self.random.choice(others).folder.id)

    def _is_worth_it(self, spot: Spot) -> bool:
        """A ticket in so many is lost."""
        return spot.code != ROOT and self.random.random() < 0.5

    def _lost(self, spot: Spot) -> None:
        """What was said about a ticket that is lost may go nowhere; what was just hidden there may never have been seen so."""
        for said in self.book.said:
            if said.source == spot.source.token:
                said.settled = False
            if (said.desk, said.ticket) == (spot.code, spot.folder.id) and said.hidden:
                said.public, said.hidden, said.taken_back = True, False, False
