"""One clock at one moment (R18): what it shows, and in which state it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from gateway.domain.sla.pieces import Piece
from gateway.domain.sla.terms import NONE, TargetKind
from gateway.domain.worktime import Worktime

WAITING, RUNNING, MET, BREACHED, CANCELLED = "waiting", "running", "met", "breached", "cancelled"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One clock at one moment (R18). `remaining` is target − elapsed, negative after a breach; `due` as R18 has it."""

    agreement: str
    hop: str
    target_kind: TargetKind
    cycle: int
    state: str
    target: timedelta | None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    due: datetime | None = None
    breached_at: datetime | None = None
    elapsed: timedelta = NONE
    stopped_time: timedelta = NONE
    net_elapsed: timedelta = NONE
    stopped: bool = False
    open_now: bool = False
    provisional: bool = False
    superseded: int = 0
    """A change of priority ended this cycle, the how manieth of its target, and a new one began at zero (R17)."""
    started_by: str | None = None
    ended_by: str | None = None
    lived: Callable[[], Iterable[Piece]] = field(default=tuple, compare=False, repr=False)
    """What `pieces` are made of, once somebody asks for them."""

    @classmethod
    def made(cls, **facts: Any) -> "Clock":
        """As the constructor, which sets the fields of what is frozen one by one and takes ten times as long."""
        one = cls.__new__(cls)
        vars(one).update(facts)
        return one

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The stretches it has lived, each within one span of the ledger."""
        return tuple(self.lived())

    @property
    def key(self) -> str:
        """`agreement/hop/target`, with `#n` from the second cycle on (for updates always), `~n` if superseded."""
        name = f"{self.agreement}/{self.hop}/{self.target_kind.value}"
        if self.superseded:
            return f"{name}~{self.superseded}"
        numbered = self.cycle > 1 or self.target_kind is TargetKind.UPDATE
        return f"{name}#{self.cycle}" if numbered else name

    @property
    def remaining(self) -> timedelta | None:
        """What is left of the target; None without one."""
        return None if self.target is None else self.target - self.elapsed

    def warn_at(self, work: Worktime, before: timedelta = _HOUR) -> datetime | None:
        """So much business time before the due moment (R9)."""
        return None if self.due is None else work.add(self.due, -before)
