"""Whose minutes they were (R23): the running time of a clock by party, and the shares of its breach."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.domain.sla.clocks import MET, Clock, Folded
from gateway.domain.sla.ledger import shown
from gateway.domain.sla.pieces import Piece, cut
from gateway.domain.sla.terms import NONE, AgreementKind, TargetKind, Terms
from gateway.domain.sla.tree import REQUESTER, Entry
from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar, DayTarget, Worktime, worktime

GAP = "contract_gap"
"""What the targets leave over, because they do not fit together."""
_MICRO = timedelta(microseconds=1)
_WALL = Calendar(code="always", weekly=ROUND_THE_CLOCK)


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """The clock's running time by party; of a breach, each party's overrun and its part of the breach. Parties are
    organizations, `link:<hop>` and `outside:<code>`; each mapping sums up: time to the elapsed time, parts to the breach."""

    clock: Clock
    time: Mapping[str, timedelta]
    breach: timedelta = NONE
    overrun: Mapping[str, timedelta] = field(default_factory=dict)
    parts: Mapping[str, timedelta] = field(default_factory=dict)


class _Slice(NamedTuple):
    """Running time of the clock within one row of the ledger."""

    start: datetime
    end: datetime
    booked_to: tuple[str, ...]
    open_time: timedelta


def attribute(folded: Folded, every: Sequence[Clock], clock: Clock) -> Attribution:
    """Split a clock's running time, and its breach if there is one."""
    slices = list(_slices(clock))
    time = by_party(folded, ((one.open_time, one.booked_to) for one in slices))
    if clock.breached_at is None or clock.target is None or clock.elapsed <= clock.target:
        return Attribution(clock=clock, time=time)
    terms = terms_of(folded, clock)
    if terms is None:
        breach = clock.elapsed - clock.target
        return Attribution(clock=clock, time=time, breach=breach, parts={GAP: breach})
    work = worktime(terms.calendar_of(clock.target_kind))
    shares = _Shares(folded, every, terms, clock)
    over: list[tuple[str, timedelta]] = []
    for holder in dict.fromkeys(name for one in slices for name in one.booked_to):
        since = shares.overruns_from(holder)
        if since is not None:
            late = [_since(one, since, work) for one in slices if one.end > since]
            over += [(name, amount) for name, amount in _shared(late) if name == holder]
    overrun = {party: amount for party, amount in _summed(folded, over).items() if amount}
    breach = clock.elapsed - clock.target
    return Attribution(
        clock=clock, time=time, breach=breach, overrun=overrun, parts=_divided(breach, overrun)
    )


def terms_of(folded: Folded, clock: Clock) -> Terms | None:
    """The terms that a clock counts under. One that had ended when its hop was bound to another agreement has them no
    more: those that hold there now stand in."""
    agreed = folded.chain.at(clock.hop)
    return next((one for one in agreed if one.id == clock.agreement), agreed[0] if agreed else None)


def _slices(clock: Clock) -> Iterator[_Slice]:
    """The clock's running pieces; where several hold, joined where the ledger shows one row, for that is what is divided."""
    last: Piece | None = None
    for piece in clock.pieces:
        if piece.stopped:
            continue
        if last is not None and _is_one_row(last, piece):
            last = last._replace(end=piece.end, open_time=last.open_time + piece.open_time)
            continue
        if last is not None:
            yield _slice(clock, last)
        last = piece
    if last is not None:
        yield _slice(clock, last)


def _is_one_row(last: Piece, piece: Piece) -> bool:
    several = len(piece.span.entries) > 1 and last.end == piece.start
    return several and shown(last.span) == shown(piece.span)


def _slice(clock: Clock, piece: Piece) -> _Slice:
    return _Slice(piece.start, piece.end, tuple(piece.span.booked_to) or (clock.hop,), piece.open_time)


def _since(one: _Slice, since: datetime, work: Worktime) -> _Slice:
    """What of it comes after a moment."""
    if one.start >= since:
        return one
    return one._replace(start=since, open_time=work.between(since, one.end))


def _shared(slices: Iterable[_Slice]) -> Iterator[tuple[str, timedelta]]:
    for one in slices:
        yield from _each(one.open_time, one.booked_to)


def _each(amount: timedelta, booked_to: Sequence[str]) -> Iterator[tuple[str, timedelta]]:
    """(booked to, time): equally per holder, whole microseconds, the remainder to the first (R12)."""
    if len(booked_to) == 1:
        yield booked_to[0], amount
        return
    each, rest = divmod(amount // _MICRO, len(booked_to))
    for place, name in enumerate(booked_to):
        yield name, (each + (rest if place == 0 else 0)) * _MICRO


def by_party(folded: Folded, rows: Iterable[tuple[timedelta, Sequence[str]]]) -> dict[str, timedelta]:
    """Lengths that are booked to these holders, by party: organizations, `link:<hop>`, `outside:<code>`."""
    return _summed(folded, (share for amount, booked_to in rows for share in _each(amount, booked_to)))


def _summed(folded: Folded, amounts: Iterable[tuple[str, timedelta]]) -> dict[str, timedelta]:
    """Summed by party, parties in the order of R12."""
    by_name: dict[str, timedelta] = {}
    for name, amount in amounts:
        by_name[name] = by_name.get(name, NONE) + amount
    summed: dict[str, timedelta] = {}
    for name in sorted(by_name, key=lambda one: _rank(folded, one)) if len(by_name) > 1 else by_name:
        if by_name[name]:
            party = _party(folded, name)
            summed[party] = summed.get(party, NONE) + by_name[name]
    return summed


def _party(folded: Folded, name: str) -> str:
    place = folded.chain.places.get(name)
    if place is not None:
        return place.org
    return folded.chain.customer if name == REQUESTER else name.removeprefix("supplier:")


def _rank(folded: Folded, name: str) -> tuple[int, int]:
    """Requester, tree in pre-order, a link before its hop, outsiders last."""
    if name == REQUESTER:
        return (-1, 0)
    hop = name.removeprefix("link:")
    order = folded.order
    return (order.index(hop), int(hop == name)) if hop in folded.chain.places else (len(order), 0)


def _divided(breach: timedelta, overrun: Mapping[str, timedelta]) -> dict[str, timedelta]:
    """Overruns that reach the breach share it in proportion; else each bears its own, and the rest is a contract gap."""
    total = sum(overrun.values(), NONE)
    if total < breach:
        return {**overrun, GAP: breach - total}
    parts = {
        party: (breach // _MICRO) * (amount // _MICRO) // (total // _MICRO) * _MICRO
        for party, amount in overrun.items()
    }
    left = breach - sum(parts.values(), NONE)
    for party, amount in overrun.items():
        more = min(left, amount - parts[party])
        parts[party], left = parts[party] + more, left - more
    return parts


class _Shares:
    """How much time each holder may take of the customer's, and when it had taken more."""

    def __init__(self, folded: Folded, every: Sequence[Clock], terms: Terms, clock: Clock) -> None:
        self._folded, self._every, self._terms, self._kind = folded, every, terms, clock.target_kind
        self._inside = folded.chain.subtree(terms.hop)
        until = clock.ended_at or folded.now
        in_force = [priority for at, priority, _ in folded.priorities if at <= until]
        self._priority = in_force[-1] if in_force else ""

    def overruns_from(self, holder: str) -> datetime | None:
        """From when on the time booked to the holder, in full, exceeds its share; None if it never does or has none."""
        hop = holder.removeprefix("link:")
        if holder == REQUESTER or (hop in self._folded.chain.places and hop not in self._inside):
            return self._folded.spans[0].start  # the customer's side has no share at all
        if hop != holder:
            return self._crosses(holder, self._folded.chain.places[hop].allowance, None)
        if hop not in self._inside or self._met_its_own(hop):
            return None
        found = self._share(hop)
        return self._crosses(holder, *found) if found else None

    def _met_its_own(self, hop: str) -> bool:
        own = [
            clock
            for clock in self._every
            if clock.hop == hop
            and clock.target_kind is self._kind
            and clock.agreement != self._terms.id
            and not clock.superseded
        ]
        return bool(own) and all(clock.state == MET for clock in own)

    def _share(self, hop: str) -> tuple[timedelta, Terms] | None:
        """The share of a hop and the agreement it comes from: its OLA, its own target if it handed on to nobody, its
        reserve, its own target less the longest among its children."""
        agreed = self._folded.chain.at(hop)
        for terms in agreed:
            if terms.kind is AgreementKind.OLA and self._target(terms) is not None:
                return self._target(terms) or NONE, terms
        own = next((one for one in agreed if one.kind is not AgreementKind.OLA and self._target(one)), None)
        if own is None:
            return None
        target = self._target(own) or NONE
        handed = [child for child in self._folded.chain.children[hop] if child in self._folded.offered]
        if not handed:
            return target, own
        if self._priority in own.reserve:
            return own.reserve[self._priority], own
        below = [
            self._target(one) or NONE
            for child in handed
            for one in self._folded.chain.at(child)
            if one.kind is not AgreementKind.OLA
        ]
        left = target - max(below, default=NONE)
        # Targets that leave the hop less than nothing do not fit together: a contract gap, not its overrun.
        return (left, own) if left >= NONE else None

    def _target(self, terms: Terms) -> timedelta | None:
        amount = terms.targets.get(self._kind, {}).get(self._priority)
        if not isinstance(amount, DayTarget):
            return amount
        own = (one for one in self._every if one.agreement == terms.id and one.target_kind is self._kind)
        return next((one.target for one in own if not one.superseded), None)

    def _crosses(self, holder: str, share: timedelta, terms: Terms | None) -> datetime | None:
        work = worktime(terms.calendar_of(self._kind) if terms else _WALL)
        taken = NONE
        for start, end in self._charged(holder, terms, work):
            amount = work.between(start, end)
            if taken + amount > share:
                left = share - taken
                return work.add(start, left) if left else start
            taken += amount
        return None

    def _charged(
        self, holder: str, terms: Terms | None, work: Worktime
    ) -> Iterator[tuple[datetime, datetime]]:
        """The time booked to the holder, less its own stops: those of the agreement its share comes from."""
        stretches = self._folded.stretches(terms) if terms is not None else ()
        for place, span in enumerate(self._folded.spans):
            mine = [entry for entry in span.entries if entry.booked_to == holder]
            waits = terms is not None and (terms.kind is not AgreementKind.OLA or _all_held(mine))
            if mine and terms is not None and waits:
                for piece in cut(stretches[place], span.start, span.end, work):
                    if not piece.stopped:
                        yield piece.start, piece.end
            elif mine:
                yield span.start, span.end


def _all_held(entries: Sequence[Entry]) -> bool:
    return all(entry.state == "held" for entry in entries)


def headline(every: Sequence[Clock], agreement: str) -> Clock | None:
    """The clock whose time is attributed: the first resolution cycle that a change of priority did not replace."""
    found = [
        clock
        for clock in every
        if clock.agreement == agreement
        and clock.target_kind is TargetKind.RESOLUTION
        and not clock.superseded
        and clock.pieces
    ]
    return found[0] if found else None
