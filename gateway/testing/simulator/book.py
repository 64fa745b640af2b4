"""What the simulated people did: the oracle the checker holds against the desks. Written down where people act; nothing of
the gateway is known here."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(kw_only=True)
class Said:
    """A comment or file that somebody put at a desk. `token` is in its text (or its bytes) and nowhere else."""

    token: str
    source: str
    desk: str
    ticket: str
    public: bool
    at: datetime
    file: str = ""
    """The SHA-256 of a file; "" for words."""
    to: str = ""
    """The desk it was addressed to; "" for everybody it may reach."""
    settled: bool = True
    """Whether its path was certain when it was said; if not it may arrive or not, but never twice."""
    comment: str = ""
    """The desk's id of the comment."""
    versions: list[str] = field(default_factory=list)
    """Tokens of what it was corrected to, in their order; the first words have none."""
    hidden: bool = False
    """Once public, now an internal note or removed: a desk that lets nobody remove a comment still shows it."""
    taken_back: bool = False
    """Hidden, and for nobody else at all."""


@dataclass(kw_only=True)
class Source:
    """A ticket that a customer opened. `token` begins its title at every desk."""

    token: str
    ticket: str
    title: str
    priority: str
    calm: bool
    """Nobody refuses, takes back or closes it while the storm lasts: every word must arrive."""
    offers: dict[str, int] = field(default_factory=dict)
    """Desk → how often somebody asked for it to be offered there."""
    ended: bool = False
    merged: Counter[str] = field(default_factory=Counter)
    """Desk → how many tickets of it people there merged into another one."""
    worked: set[str] = field(default_factory=set)
    """The desks where somebody took it up, by a status or a name."""
    reasons: list[tuple[str, str]] = field(default_factory=list)
    """(desk of a refusal, token of its reason): must be readable one hop up."""


@dataclass(kw_only=True)
class Book:
    """Everything people did, in order."""

    sources: dict[str, Source] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    numbers: int = 0

    def token(self, letter: str) -> str:
        """A text that occurs nowhere else."""
        self.numbers += 1
        return f"{letter}{self.numbers:05d}{letter}"
