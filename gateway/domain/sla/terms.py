"""What the clocks read: the chain as it stands, the agreements bound to its hops, and what happened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from gateway.domain.model import Reason
from gateway.domain.worktime import Amount, Calendar, Worktime, worktime
from gateway.domain.worktime.calendar import utc

NONE = timedelta()
NEVER_STOP = frozenset({Reason.PARTS_OWN.value, Reason.OTHER.value})
"""Codes that stop no clock, whatever an agreement says (R15)."""


class TargetKind(StrEnum):
    """What a clock measures (R13)."""

    RESPONSE = "response"
    ACCEPTANCE = "acceptance"
    ATTENDANCE = "attendance"
    RESTORATION = "restoration"
    RESOLUTION = "resolution"
    UPDATE = "update"


class StartsOn(StrEnum):
    """When a clock starts (R13)."""

    OPENED = "opened"
    OUTAGE_AT = "outage_at"
    HANDED_OVER = "handed_over"
    RECEIVED = "received"
    ACCEPTED = "accepted"


class EndsOn(StrEnum):
    """What stops a clock: the provider's own statement, its arrival at the consumer, or the consumer's confirmation (R13)."""

    STATED = "stated"
    DELIVERED = "delivered"
    CONFIRMED = "confirmed"


class AgreementKind(StrEnum):
    """Customer–provider, provider–supplier, or inside one organization (R28)."""

    SLA = "sla"
    UC = "uc"
    OLA = "ola"


OWN_LINK = frozenset({StartsOn.OPENED, StartsOn.OUTAGE_AT, StartsOn.HANDED_OVER})
"""Starts with which transit on the hop's own link runs against the provider."""


@dataclass(frozen=True, kw_only=True)
class StopRule:
    """Under which terms a reason code stops the clocks of an agreement (R16). `evidence` names what a request must carry;
    `longest` is wall time; with `expected_end` a request runs only until the end it names."""

    automatic: bool = False
    refines: str = ""
    """The code of the closed list that a code of the installation's own refines (R15)."""
    evidence: frozenset[str] = frozenset()
    longest: timedelta | None = None
    expected_end: bool = False


@dataclass(frozen=True, kw_only=True)
class Terms:
    """An agreement as bound to one hop: in the version in force when the ticket was opened or handed over (R17)."""

    id: str
    hop: str
    provider: str
    consumer: str
    calendar: Calendar
    targets: Mapping[TargetKind, Mapping[str, Amount]]
    kind: AgreementKind = AgreementKind.SLA
    starts_on: StartsOn = StartsOn.HANDED_OVER
    ends_on: Mapping[TargetKind, EndsOn] = field(default_factory=dict)
    stops: Mapping[str, StopRule] = field(default_factory=dict)
    calendars: Mapping[TargetKind, Calendar] = field(default_factory=dict)
    """Calendars of single targets, where they differ."""
    review_period: timedelta = timedelta(days=3)
    grace: timedelta = timedelta(hours=2)
    visit_grace: timedelta = timedelta(hours=1)
    stated_tolerance: timedelta = timedelta(minutes=15)
    outage_tolerance: timedelta = timedelta(hours=24)
    parts_supplier: str = ""
    reserve: Mapping[str, timedelta] = field(default_factory=dict)
    reserve_calendar: Calendar | None = None
    from_change: bool = False
    """A new target after a change of priority counts from the change instead of the original start (R17)."""
    continuous: bool = False
    """After a rejection the clock is as if it had never stopped (R13)."""
    reopen_resumes: bool = False
    """A reopening resumes the clock instead of starting a new cycle (R13)."""
    confirmation: timedelta | None = None
    """After so long without a rejection what was met is final, closed or not (R13)."""
    dispute_period: timedelta | None = None
    """A dispute that nobody decides for so long counts against whoever asked for the stop (R16)."""
    updates_wait: bool = False
    """Waiting stops the `update` target too (R13)."""

    def stops_for(self, code: str, own: str = "") -> StopRule | None:
        """The rule of a code that may stop this agreement's clocks; `own` is the installation's own code that refines it
        and goes first where the agreement names it (R15)."""
        if code in NEVER_STOP:
            return None
        refined = self.stops.get(own) if own else None
        return refined if refined is not None and refined.refines == code else self.stops.get(code)

    def work_of(self, target: TargetKind) -> Worktime:
        """The calendar of a target, ready to be counted with."""
        known = self._works.get(target)
        if known is None:
            self._works[target] = known = worktime(self.calendar_of(target))
        return known

    @cached_property
    def _works(self) -> dict[TargetKind, Worktime]:
        return {}

    def calendar_of(self, target: TargetKind) -> Calendar:
        """The calendar a target counts in."""
        return self.calendars.get(target, self.calendar)


@dataclass(frozen=True, kw_only=True)
class OffsetSample:
    """Desk minus gateway at one moment, true within ± `error` (R3)."""

    measured_at: datetime
    offset: timedelta
    error: timedelta


@dataclass(frozen=True, kw_only=True)
class Place:
    """A hop as the clocks see it. `tracked`: its link reports when a pass has reached the other desk; without it a pass
    upward or an answer arrives at once."""

    id: str
    org: str
    parent: str | None = None
    tracked: bool = False
    allowance: timedelta = NONE
    samples: tuple[OffsetSample, ...] = ()
    observed_from: datetime | None = None
    """From this moment on the desk's own times are not trusted (`time_basis: observed`)."""
    granularity: timedelta = NONE


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The hops of a ticket, their agreements, and the organization whose people are the holder `requester`."""

    customer: str
    places: Mapping[str, Place]
    agreements: tuple[Terms, ...] = ()

    @cached_property
    def top(self) -> Place:
        """The hop where the ticket began."""
        return next(place for place in self.places.values() if place.parent is None)

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """The hops right below each hop."""
        found: dict[str, tuple[str, ...]] = dict.fromkeys(self.places, ())
        for place in self.places.values():
            if place.parent in found:
                found[place.parent] += (place.id,)
        return found

    @cached_property
    def _above(self) -> Mapping[str, tuple[str, ...]]:
        found = {}
        for name, place in self.places.items():
            way: list[str] = []
            parent = place.parent
            while parent is not None and parent in self.places and parent not in way:
                way.append(parent)
                parent = self.places[parent].parent
            found[name] = tuple(way)
        return found

    @cached_property
    def _subtrees(self) -> Mapping[str, frozenset[str]]:
        below = {name: {name} for name in self.places}
        for name, way in self._above.items():
            for one in way:
                below[one].add(name)
        return {name: frozenset(hops) for name, hops in below.items()}

    @cached_property
    def _at(self) -> Mapping[str, tuple[Terms, ...]]:
        found: dict[str, tuple[Terms, ...]] = {}
        for terms in self.agreements:
            found[terms.hop] = (*found.get(terms.hop, ()), terms)
        return found

    def above(self, hop: str) -> tuple[str, ...]:
        """The hops above this one, the nearest first."""
        return self._above[hop]

    def subtree(self, hop: str) -> frozenset[str]:
        """The hop and all below it."""
        return self._subtrees[hop]

    @cached_property
    def branches(self) -> bool:
        """Whether some hop has more than one below it."""
        return any(len(children) > 1 for children in self.children.values())

    def provider_side(self, terms: Terms) -> frozenset[str]:
        """The holders on the provider's side of an agreement (R14): its hop with what hangs below it and the links there,
        and its own link where the clock starts before the ticket has crossed it; of an agreement inside an organization,
        that organization's hops."""
        side = (terms.hop, terms.kind, terms.starts_on, terms.provider)
        known = self._provider_sides.get(side)
        if known is None:
            self._provider_sides[side] = known = frozenset(self._holders(terms))
        return known

    @cached_property
    def _provider_sides(self) -> dict[tuple[str, ...], frozenset[str]]:
        return {}

    def _holders(self, terms: Terms) -> Iterator[str]:
        if terms.kind is AgreementKind.OLA:
            yield from (place.id for place in self.places.values() if place.org == terms.provider)
            return
        for hop in self.subtree(terms.hop):
            yield hop
            if hop != terms.hop or terms.starts_on in OWN_LINK:
                yield f"link:{hop}"

    def at(self, hop: str) -> tuple[Terms, ...]:
        """The agreements whose provider works at this hop."""
        return self._at.get(hop, ())


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One event as the clocks read it. `desk` is the hop whose desk told us: its offset, granularity and time basis apply.
    `contrary_seen_at`: our last authoritative look that still showed the old state (R2)."""

    id: str
    type: str
    hop: str | None
    observed_at: datetime
    desk: str | None = None
    reported_at: datetime | None = None
    stated_at: datetime | None = None
    cause: str | None = None
    seq: int | None = None
    contrary_seen_at: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


Records = Sequence[Record]


def moment(told: object) -> datetime | None:
    """A moment that the data of an event names, in UTC; None for what is none (nobody may guess a missing zone, R5)."""
    try:
        at = datetime.fromisoformat(told) if isinstance(told, str) else told
        return utc(at) if isinstance(at, datetime) else None
    except ValueError:
        return None
