"""A moment behind which nothing open refers: what came before it is kept as figures, and folding goes on from there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.sla.aims import Priority
from gateway.domain.sla.course import Progress
from gateway.domain.sla.ledger import Holding, Span
from gateway.domain.sla.life import Past
from gateway.domain.sla.stops import Kept
from gateway.domain.sla.terms import Record, TargetKind

Key = tuple[int, datetime | None]
"""A clock of a target: the number of its cycle, since when its target has been in force (None: from the start)."""


@dataclass(frozen=True, kw_only=True)
class Lived:
    """The clocks of one target of one agreement up to the footing."""

    progress: Progress
    pasts: Mapping[Key, Past]


@dataclass(frozen=True, kw_only=True)
class Footing:
    """`at`: every later record has effect after it; `seen`: and was observed after this. Kept whole are only hand-overs
    (`passes`), priorities, visits, windows of clocks: there are few. `awaited`: causes that were named and not seen;
    `row`: the last row of the ledger, which may go on; `lived`: by place of the agreement and target."""

    at: datetime
    seen: datetime
    kept: Kept
    holding: Holding
    lived: Mapping[tuple[int, TargetKind], Lived]
    priorities: tuple[Priority, ...] = ()
    passes: tuple[Record, ...] = ()
    awaited: frozenset[str] = frozenset()
    row: Span | None = None
