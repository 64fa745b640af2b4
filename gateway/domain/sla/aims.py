"""Which target a clock is held to, and from when on: by priority (R17), in business days (R8), by visits (R35)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.domain.sla.course import Cycle
from gateway.domain.sla.life import Life
from gateway.domain.sla.stops import visit_window
from gateway.domain.sla.terms import Record, TargetKind, Terms
from gateway.domain.worktime import Amount, CalendarError, Worktime, in_open_time

Priority = tuple[datetime, str, str]
"""From when on, which, by which event."""
Visit = tuple[datetime, Record]
"""A visit that was asked for or moved, and when."""


class Agreed(NamedTuple):
    """What the agreement gives from `since` on (the priority at the opening, None; a change of it)."""

    since: datetime | None
    amount: Amount
    cause: str | None


class Aim(NamedTuple):
    """A target in force from `since` on (the priority at the opening, None; a change of it; an agreed visit)."""

    since: datetime | None
    target: timedelta
    cause: str | None


class Aims:
    """The targets of one kind under one agreement; `priorities` and `visits` are those known, in order."""

    def __init__(
        self, terms: Terms, target: TargetKind, priorities: Sequence[Priority], visits: Sequence[Visit]
    ) -> None:
        self._amounts = terms.targets[target]
        self._work: Worktime = terms.work_of(target)
        self._priorities = priorities
        attends = target is TargetKind.ATTENDANCE
        self._visits = [(at, one) for at, one in visits if attends and one.hop == terms.hop]

    def agreed(self, cycle: Cycle) -> Iterator[Agreed]:
        """The targets in force over the cycle, by priority."""
        amounts = self._amounts
        started, end = cycle.started_at, cycle.ended_at
        before: Agreed | None = None
        for place, (at, priority, event) in enumerate(self._priorities):
            if priority not in amounts or (before is not None and end is not None and at >= end):
                continue
            if before is not None and started is not None and at > started:
                yield before
            changes = place > 0 and (started is None or at > started)
            before = Agreed(at if changes else None, amounts[priority], event)
        if before is not None:
            yield before

    def aims(self, cycle: Cycle, agreed: Sequence[Agreed], life: Life, now: datetime) -> list[Aim]:
        """What was agreed as open time. Business days are counted from the start of the cycle, of one that waits as if it
        started now (R8)."""
        start = cycle.started_at or now
        found = [
            Aim(since, in_open_time(amount, self._work, start), cause) for since, amount, cause in agreed
        ]
        return self._with_visits(cycle, found, life, now) if self._visits and cycle.windows else found

    def _with_visits(self, cycle: Cycle, aims: list[Aim], life: Life, now: datetime) -> list[Aim]:
        """A visit that the consumer asked for or moved sets the target of attendance from then on (R35): what had passed
        when its window opens, and the open time from there to its end."""
        agreed = []
        for at, record in self._visits:
            window = visit_window(record)
            if window is None or record.data.get("by") != "consumer":
                continue
            if cycle.ended_at is None or at < cycle.ended_at:
                until_then = life.opened(record.id, window[0])
                if life.runs and not life.runs[-1].stopped:  # what runs now is taken to run on until then
                    until_then += self._work.between(now, window[0])
                agreed.append(Aim(at, until_then + self._work.between(*window), record.id))
        first = agreed[0].since if agreed else None
        return [aim for aim in aims if first is None or aim.since is None or aim.since < first] + agreed

    def amounts(self, cycle: Cycle) -> Iterator[timedelta]:
        """Every target that a cycle which has started can get by a change of priority."""
        for amount in set(self._amounts.values()):
            try:
                yield in_open_time(amount, self._work, cycle.started_at) if cycle.started_at else timedelta()
            except CalendarError:  # such a target has no due moment either
                continue

    def openings(self, life: Life) -> dict[str, timedelta]:
        """Visits → what had run when their window opened."""
        windows = {record.id: visit_window(record) for _, record in self._visits}
        return {name: life.opened(name, window[0]) for name, window in windows.items() if window is not None}
