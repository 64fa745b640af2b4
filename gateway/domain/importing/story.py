"""The rows of one case as the life of a ticket: whoever has it next gets an assignment, whoever had handed it over and gets it
back has it returned; what begins or ends the work does so for all who stand above, for they share one record."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise, takewhile
from operator import itemgetter
from typing import Any, NamedTuple

from gateway.domain.binding import BOUND
from gateway.domain.imported import HISTORY
from gateway.domain.importing.lines import Line
from gateway.domain.importing.mapping import ImportMapping
from gateway.domain.importing.trouble import Trouble
from gateway.domain.model import Field, HopStatus
from gateway.domain.sla.history import PRIORITY, PRIORITY_AGREED

Party = tuple[str, str]
"""Organization and desk, in the words of the file."""
_ENDED = frozenset({HopStatus.RESOLVED, HopStatus.CLOSED, HopStatus.CANCELLED, HopStatus.REJECTED})
_FINAL = _ENDED - {HopStatus.RESOLVED}
_NOT_BEGUN = frozenset({HopStatus.OFFERED, HopStatus.ACCEPTED, HopStatus.ACKNOWLEDGED})
NOBODY = -1


class Step(NamedTuple):
    """One event: of which kind, at which hop of the story, when (microseconds since 1970 UTC), and which step it follows
    from."""

    type: str
    hop: int
    at: int
    data: Mapping[str, Any]
    cause: int = NOBODY


class Stay:
    """A hop: the ticket's life at one desk."""

    __slots__ = ("accepted", "at", "parent", "party", "reason", "service", "status")

    def __init__(self, party: Party, parent: int, at: int) -> None:
        self.party, self.parent, self.at = party, parent, at
        self.status = HopStatus.ACKNOWLEDGED if parent == NOBODY else HopStatus.OFFERED
        self.reason: tuple[str | None, str] = (None, "")
        self.accepted = parent == NOBODY


class Asked(NamedTuple):
    """For which hop agreements are looked up: whose it is, who stands above (empty: nobody does), and when."""

    organization: str
    above: str
    customer: str
    service: str
    at: int


Recorded = tuple[str, Mapping[str, Any]]
"""Type and data of an event."""
Bound = Callable[[Asked], Sequence[Recorded]]
"""What is recorded of the agreements that hold for a hop, or of their absence."""


class Story:
    """What the rows of a case come to. `same`: rows that said what was known; `late`: words of a resolution after the close,
    which it leaves closed; `passes`: hand-overs between organizations."""

    def __init__(self, mapping: ImportMapping, case: str, bound: Bound) -> None:
        self._mapping, self._bound = mapping, bound
        self.case = case
        self.customer = self.service = ""
        self.hops: list[Stay] = []
        self.steps: list[Step] = []
        self.opened_at = 0
        self.closed_at: int | None = None
        self.opening_priority = self.priority = ""
        self.agreements = self.same = self.late = self.passes = self.waits = self.reopened = (
            self.backwards
        ) = 0
        self.unfinished = False
        self._path: list[int] = []
        self._cause, self._before, self._line = NOBODY, 0, ""

    # -- rows -------------------------------------------------------------------------------------------------------------

    def take(self, line: Line) -> None:
        """The next row, in the order of the case."""
        self._cause, before = NOBODY, len(self.steps) + self.late
        party = (line.organization, line.desk)
        meaning = self._mapping.statuses[line.state]
        if not self.hops:
            self._open(line, party)
        self._reprioritise(line)
        ends = meaning.status in _ENDED
        if self.closed_at is not None and not ends and meaning.status is not None:
            self._reopen(party, line.at)
        if party != self.hops[self._path[-1]].party and not (
            self.closed_at is not None and (ends or meaning.status is None)
        ):
            self._pass(party, line.at)
        if ends and meaning.status is not None:
            self._end(meaning.status, line.at)
        elif meaning.status is not None:
            self._become(meaning.status, (meaning.reason, meaning.code), line.at)
        self.same += len(self.steps) + self.late == before
        self.passes += self._line not in ("", line.organization)
        self._line = line.organization
        self.backwards += line.at < self._before
        self._before = line.at

    def finish(self, at: int) -> None:
        """The file ends: it told nothing later than that."""
        self.unfinished = self.closed_at is None
        if self.unfinished and self._mapping.unfinished_ends:
            self._cause = NOBODY
            self._told("history.ended", 0, at)
            self._end(HopStatus.CANCELLED, at)

    def _told(self, kind: str, hop: int, at: int, data: Mapping[str, Any] | None = None) -> None:
        self.steps.append(Step(kind, hop, at, data or {}, self._cause))
        self._cause = len(self.steps) - 1

    def _open(self, line: Line, party: Party) -> None:
        self.opened_at, self.customer, self.service = line.at, line.customer, line.service
        self.opening_priority = self.priority = line.priority
        self.hops.append(Stay(party, NOBODY, line.at))
        self._path = [0]
        self._told("ticket.opened", 0, line.at, {HISTORY: self._mapping.source})
        self._bind(0, "", line.at)

    def _bind(self, hop: int, above: str, at: int) -> None:
        cause = self._cause
        asked = Asked(self.hops[hop].party[0], above, self.customer, self.service, at)
        for kind, data in self._bound(asked):
            self.agreements += kind == BOUND
            self.steps.append(Step(kind, hop, at, data, cause))

    def _reprioritise(self, line: Line) -> None:
        if not line.priority or line.priority == self.priority:
            return
        known = {"field": Field.PRIORITY.value, "from": self.priority or None, "to": line.priority}
        cause, self._cause = self._cause, NOBODY
        self._told(PRIORITY, 0, line.at, known)
        if self._mapping.lowered_agreed:
            self._told(PRIORITY_AGREED, 0, line.at)  # to what it follows from
        self._cause, self.priority = cause, line.priority

    # -- who has it -------------------------------------------------------------------------------------------------------

    def _pass(self, party: Party, at: int) -> None:
        before = self._path[-1]
        place = self._place_of(party)
        if place is not None and self._mapping.returns:
            self._return(place, at)
        else:
            self._offer(party, before, at)

    def _place_of(self, party: Party) -> int | None:
        """How far up the chain that party stands; the nearest of several."""
        return next(
            (n for n in range(len(self._path) - 1, -1, -1) if self.hops[self._path[n]].party == party), None
        )

    def _return(self, place: int, at: int) -> None:
        while len(self._path) > place + 1:
            gone = self._path.pop()
            self._told("assignment.returned", gone, at)
            self.hops[gone].status = HopStatus.RETURNED

    def _offer(self, party: Party, parent: int, at: int) -> None:
        self._accept(parent, at)  # who hands on has taken it
        self._cause = NOBODY
        self.hops.append(Stay(party, parent, at))
        hop = len(self.hops) - 1
        self._path.append(hop)
        self._told("assignment.offered", hop, at)
        self._bind(hop, self.hops[parent].party[0], at)
        self._told("assignment.received", hop, at)

    def _accept(self, hop: int, at: int) -> None:
        stay = self.hops[hop]
        if not stay.accepted:
            self._told("assignment.accepted", hop, at)
            stay.accepted, stay.status = True, HopStatus.ACCEPTED

    # -- how it stands ----------------------------------------------------------------------------------------------------

    def _become(self, status: HopStatus, reason: tuple[str | None, str], at: int) -> None:
        """The work of whoever has it stands so now."""
        hop = self._path[-1]
        stay = self.hops[hop]
        if status is HopStatus.OFFERED:
            if not stay.accepted:
                return
            status = HopStatus.ACKNOWLEDGED  # in the queue again
        self._accept(hop, at)
        if (stay.status, stay.reason) == (status, reason):
            return
        self.waits += status in (HopStatus.HELD, HopStatus.PENDING)
        self._move(hop, status, reason, at)
        if status is not HopStatus.ACKNOWLEDGED:
            self._begin_above(at)

    def _begin_above(self, at: int) -> None:
        """Work has begun for all who stand above too: they share the record, and it is the answer that each of them owed."""
        for hop in reversed(self._path[:-1]):
            if self.hops[hop].status in _NOT_BEGUN:
                self._move(hop, HopStatus.IN_PROGRESS, (None, ""), at)

    def _move(self, hop: int, status: HopStatus, reason: tuple[str | None, str], at: int) -> None:
        stay = self.hops[hop]
        data: dict[str, Any] = {"from": stay.status.value, "to": status.value, "reason": reason[0]}
        if reason[1]:
            data["code"] = reason[1]
        stay.status, stay.reason = status, reason
        self._told("status.changed", hop, at, data)

    def _end(self, status: HopStatus, at: int) -> None:
        """The work is over, for all who stand above too: they share the record. A close is not taken back by a resolution."""
        standing = self.hops[self._path[0]].status
        if standing in _FINAL or standing is status:
            self.late += standing is not status
            return
        if standing not in _ENDED:
            self._accept(self._path[-1], at)
        for hop in reversed(self._path):
            self._move(hop, status, (None, ""), at)
        if self.closed_at is None:
            self._told("ticket.closed", 0, at)
        self.closed_at = at

    def _reopen(self, party: Party, at: int) -> None:
        """Work goes on: with whoever stands in the chain, else with whoever had it last and hands it on."""
        place = self._place_of(party)
        self._path = self._path[: len(self._path) if place is None else place + 1]
        for hop in self._path:
            stay = self.hops[hop]
            self._told("ticket.reopened", hop, at, {"from": stay.status.value})
            stay.status, stay.reason = HopStatus.IN_PROGRESS, (None, "")
        self.closed_at = None
        self.reopened += 1


def in_order(lines: Iterable[Line]) -> tuple[list[Line], int]:
    """The rows of a case as they followed each other, and how many more said the very same."""
    found: list[Line] = []
    doubled = 0
    for line in sorted(lines, key=_ORDER):
        if found and found[-1][:3] == line[:3] and _is_said(line, found):
            doubled += 1
        else:
            found.append(line)
    return found, doubled


_ORDER = itemgetter(1, 2, 3)


def _is_said(line: Line, found: Sequence[Line]) -> bool:
    """Whether a row of the same place and moment says the same; where it stands in the file says nothing."""
    alike = takewhile(lambda one: one[:3] == line[:3], reversed(found))
    return any(one[4:] == line[4:] for one in alike)


def claimed_twice(lines: Sequence[Line]) -> list[Trouble]:
    """Rows of a case that have one place in its order and say different things."""
    return [
        Trouble(
            line=line.number,
            case=line.case,
            what=f"it has place {line.place}, which line {before.number} has",
            why="nobody may guess which came first",
            cure="correct the order, or leave columns.order out",
        )
        for before, line in pairwise(lines)
        if before.place == line.place
    ]
