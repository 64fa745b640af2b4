"""Who may read what, said once more from the links' terms alone: the checker must not ask the product."""

from itertools import pairwise

from gateway.domain.model import Carry
from gateway.testing.simulator.book import Said
from gateway.testing.simulator.world import Terms, World

PUBLIC, PRIVATE = "public", "private"


def reach(world: World, said: Said, target: str) -> str | None:
    """How a comment or file lands at a desk whose ticket it belongs to: public, private, or not at all (None)."""
    if said.to:
        return _addressed(world, said, target)
    if not said.public:
        return None
    path, shown = world.path(said.desk, target), PUBLIC
    from_below = False
    for here, there in pairwise(path):
        down = world.above.get(there) == here
        terms = world.terms[there if down else here]
        if shown is PRIVATE or (down and from_below and not terms.siblings):
            return None
        carry = _carry(terms, said, down=down)
        if carry is Carry.STOP:
            return None
        shown = PUBLIC if carry is Carry.PUBLISH else PRIVATE
        from_below = not down
    return _as_the_desk_can(world, target, shown)


def _carry(terms: Terms, said: Said, *, down: bool) -> Carry:
    if said.file and not (terms.files_down if down else terms.files_up):
        return Carry.STOP
    return terms.down if down else terms.up


def _addressed(world: World, said: Said, target: str) -> str | None:
    if target != said.to:
        return None
    down = world.above.get(target) == said.desk
    terms = world.terms[target if down else said.desk]
    if not said.public:
        return _as_the_desk_can(world, target, PRIVATE) if terms.notes else None
    carry = _carry(terms, said, down=down)
    if carry is Carry.STOP:
        return None
    return _as_the_desk_can(world, target, PUBLIC if carry is Carry.PUBLISH else PRIVATE)


def _as_the_desk_can(world: World, target: str, shown: str) -> str | None:
    """An internal note where the desk has no internal notes is not written at all."""
    can = shown is PUBLIC or world.plan.temper(target).private_comments
    return shown if can else None
