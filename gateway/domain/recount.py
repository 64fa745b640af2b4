"""A second count of a ticket's clocks beside what was told before: which figures differ, from what to what, and what made the
difference. Figures that only went on with time are none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain import keeping
from gateway.domain.keeping import KeptClock
from gateway.domain.sla.clocks import Clock

RECOUNT, TIME, UNDER = "recount", "time", "under"
"""What made a difference beside an event: the same events come to something else; time passed; other terms were asked for."""
FIGURES = (
    *("state", "target", "started_at", "due_at", "breached_at", "ended_at"),
    *("elapsed", "stopped_time", "provisional"),
)
_GO_ON = frozenset({"elapsed", "stopped_time"})

Figures = Mapping[str, Any]
Count = Mapping[str, Figures]
"""Clock → its figures."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One figure of one clock. A clock that is not there any more, or was not, has None. `causes`: ids of events in the order
    in which they were seen, or one of the words above."""

    clock: str
    figure: str
    told: Any
    now: Any
    causes: tuple[str, ...]


def counted(every: Sequence[Clock]) -> Count:
    """The figures of clocks."""
    return {clock.key: keeping.figures(clock) for clock in every}


def kept(every: Sequence[KeptClock]) -> Count:
    """The figures that were told."""
    return {clock.key: vars(clock) for clock in every}


def differences(told: Count, stages: Sequence[tuple[str, Count]]) -> list[Difference]:
    """What the last stage says beside what was told. `stages`: one after the other, each with what was added to come to it."""
    names = dict.fromkeys([*told, *(name for _, count in stages for name in count)])
    return [found for name in names for found in _of_clock(name, told, stages)]


def _of_clock(name: str, told: Count, stages: Sequence[tuple[str, Count]]) -> Iterator[Difference]:
    for figure in FIGURES:
        values = [_figure(count, name, figure) for count in (told, *(count for _, count in stages))]
        causes = tuple(
            cause
            for (cause, _), before, after in zip(stages, values, values[1:], strict=False)
            if before != after
        )
        if values[0] != values[-1] and not _only_went_on(figure, causes, told.get(name)):
            yield Difference(clock=name, figure=figure, told=values[0], now=values[-1], causes=causes)


def _figure(count: Count, name: str, figure: str) -> Any:
    return count[name][figure] if name in count else None


def _only_went_on(figure: str, causes: tuple[str, ...], told: Figures | None) -> bool:
    """Time passed, and the figure is one that passes with it; the due moment of a clock that stands still is, too."""
    still = told is not None and figure == "due_at" and told["stopped"]
    waits = told is not None and figure in ("due_at", "target") and told["started_at"] is None
    return causes == (TIME,) and told is not None and (figure in _GO_ON or still or waits)
