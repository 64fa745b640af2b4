"""Who may be seen by whom (R32). A party sees its own hops, the one right above and those right below by name. What works
below those is masked: it stands in the lane of the party it works for, without a name and without times of its own. What
lies above or beside is one lane. The operator sees everything."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.sla.terms import Chain, Terms
from gateway.domain.sla.tree import REQUESTER

ABOVE = "above"
_LINK = "link:"


class LaneKind(StrEnum):
    """What a lane stands for: the customer's people, a desk, the way to it, or all that lies above one's own hops."""

    REQUESTER = "requester"
    ABOVE = "above"
    LINK = "link"
    HOP = "hop"


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One lane. `org` is the id of the organization it is named after. `tiers`: the masked parties whose work stands in it,
    by how many hand-overs they are from the viewer. `own`: the hop is the viewer's own."""

    id: str
    kind: LaneKind
    org: str
    hop: str = ""
    tiers: tuple[int, ...] = ()
    own: bool = False


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What one organization sees of a chain; `org` None is the operator. `lane_of`: holder → lane, for every holder that
    has a lane of its own or is shown in another's; `own`: the hops whose events are the viewer's own."""

    org: str | None
    lanes: tuple[Lane, ...]
    lane_of: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    below: frozenset[str] = frozenset()
    """Hops right below: named, with what a hand-over tells of them."""
    from_the_beginning: bool = True
    """Whether the case began with this party; for others it begins with their own first hop."""

    @property
    def everything(self) -> bool:
        """Whether nothing is hidden."""
        return self.org is None

    def is_masked(self, hop: str) -> bool:
        """Whether a hop is told of under another's name."""
        return self.lane_of.get(hop) != hop

    def is_party(self, terms: Terms) -> bool:
        """Whether the clocks of an agreement are the viewer's business: those between others are not."""
        return self.org is None or self.org in (terms.provider, terms.consumer)


def sight(chain: Chain, org: str | None, order: tuple[str, ...]) -> Sight | None:
    """What an organization sees; None where the ticket is none of its business. `order`: all hops as R12 orders them."""
    if org is None:
        return _everything(chain, order)
    own = frozenset(name for name in order if chain.places[name].org == org)
    is_customer = org == chain.customer
    if not own and not is_customer:
        return None
    top = chain.top.id
    below = {name for name in order if chain.places[name].parent in own and name not in own}
    if is_customer and top not in own:
        below.add(top)
    lane_of = {name: _lane_of(chain, name, own | below) for name in order}
    lane_of |= {f"{_LINK}{name}": _lane_of_link(lane_of, name) for name in order if name != top}
    lane_of[f"{_LINK}{top}"] = lane_of[top]
    lane_of[REQUESTER] = REQUESTER if is_customer or top in own else ABOVE
    lanes = tuple(_lanes(chain, order, lane_of, own))
    return Sight(
        org=org,
        lanes=lanes,
        lane_of=lane_of,
        own=own,
        below=frozenset(below),
        from_the_beginning=is_customer or top in own,
    )


def _everything(chain: Chain, order: tuple[str, ...]) -> Sight:
    top = chain.top.id
    lane_of = {name: name for name in order} | {
        f"{_LINK}{name}": f"{_LINK}{name}" for name in order if name != top
    }
    lane_of[f"{_LINK}{top}"] = top
    lane_of[REQUESTER] = REQUESTER
    own = frozenset(order)
    return Sight(org=None, lanes=tuple(_lanes(chain, order, lane_of, own)), lane_of=lane_of, own=own)


def _lane_of(chain: Chain, hop: str, seen: frozenset[str] | set[str]) -> str:
    """The hop itself, else the nearest hop above it that may be seen, else what lies above."""
    return next((name for name in (hop, *chain.above(hop)) if name in seen), ABOVE)


def _lane_of_link(lane_of: Mapping[str, str], hop: str) -> str:
    """The way to a hop that is seen is seen; any other way belongs to where its hop is told."""
    return f"{_LINK}{hop}" if lane_of[hop] == hop else lane_of[hop]


def _lanes(
    chain: Chain, order: tuple[str, ...], lane_of: Mapping[str, str], own: frozenset[str]
) -> Iterator[Lane]:
    shown = set(lane_of.values())
    if REQUESTER in shown:
        yield Lane(id=REQUESTER, kind=LaneKind.REQUESTER, org=chain.customer)
    if ABOVE in shown:
        yield Lane(id=ABOVE, kind=LaneKind.ABOVE, org=_right_above(chain, order, own))
    for name in order:
        if f"{_LINK}{name}" in shown:
            yield Lane(id=f"{_LINK}{name}", kind=LaneKind.LINK, org=chain.places[name].org, hop=name)
        if name in shown:
            yield Lane(
                id=name,
                kind=LaneKind.HOP,
                org=chain.places[name].org,
                hop=name,
                tiers=_tiers(chain, order, lane_of, name),
                own=name in own,
            )


def _right_above(chain: Chain, order: tuple[str, ...], own: frozenset[str]) -> str:
    """The organization right above the first of one's own hops."""
    for name in order:
        parent = chain.places[name].parent
        if name in own and parent is not None and parent not in own:
            return chain.places[parent].org
    return ""


def _tiers(chain: Chain, order: tuple[str, ...], lane_of: Mapping[str, str], lane: str) -> tuple[int, ...]:
    """How far from the viewer those are who work behind this lane: the party right below is the first tier."""
    hidden = [name for name in order if lane_of[name] == lane != name]
    return tuple(sorted({chain.above(name).index(lane) + 2 for name in hidden}))
