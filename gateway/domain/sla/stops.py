"""Stop-clock requests (R15, R16): who asked for a stop, from when to when, and whether it counts for an agreement."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.model import Reason
from gateway.domain.sla.reconcile import GOES, Reconciled
from gateway.domain.sla.terms import Chain, Record, StopRule, Terms, moment

VISIT = Reason.SCHEDULED_VISIT.value


class Standing(StrEnum):
    """How a request stands under one agreement."""

    COUNTS = "counts"
    OPEN = "open"
    """Undecided or disputed: left out of the headline, shown in the second view."""
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class View:
    """How a ticket is looked at: as of `now`, in the headline or, `undecided`, as if open requests counted (R16)."""

    now: datetime
    undecided: bool = False

    @property
    def counting(self) -> frozenset[Standing]:
        """The standings of requests that stop a clock in this view."""
        return frozenset({Standing.COUNTS, Standing.OPEN}) if self.undecided else frozenset({Standing.COUNTS})


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to stop the clock. `end` is set for a span asked for afterwards and for a visit whose window opens then;
    `delivered_at` starts the review period; `chosen_by`: who fixed the visit that it waits for (R35)."""

    id: str
    hop: str
    code: str
    start: datetime
    asked_at: datetime
    end: datetime | None = None
    afterwards: bool = False
    expected_end: datetime | None = None
    delivered_at: datetime | None = None
    evidence: frozenset[str] = frozenset()
    chosen_by: str = ""
    own_code: str = ""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the consumer of an agreement said of a request; "" means the agreements of the request's own hop."""

    kind: str
    at: datetime
    agreement: str = ""


@dataclass(frozen=True, kw_only=True)
class Stops:
    """All requests of a ticket and what was decided about them."""

    requests: Mapping[str, Request]
    decisions: Mapping[str, tuple[Decision, ...]]
    missed: frozenset[str] = frozenset()
    """Requests for a visit to which nobody came (R35)."""

    def voided(self, request_id: str) -> bool:
        """Whether a void, at any level, books the request's time to the hop that made it."""
        decided = self.decisions.get(request_id, ())
        return request_id in self.missed or any(decision.kind == "voided" for decision in decided)


DECISIONS = {
    "stop.accepted": "accepted",
    "stop.disputed": "disputed",
    "stop.upheld": "accepted",
    "stop.voided": "voided",
}
_VISITS = frozenset({"visit.proposed", "visit.moved"})
_OVER = frozenset({"resolved", "closed", "cancelled", "rejected"})


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What later records may still refer to: requests behind a state that lasts, decisions that pass on, all visits."""

    requests: Mapping[str, Request] = field(default_factory=dict)
    decisions: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    missed: frozenset[str] = frozenset()
    visits: tuple[tuple[datetime, Record], ...] = ()


_NOTHING_KEPT = Kept()


def stops_of(chain: Chain, told: Reconciled, *, now: datetime, kept: Kept | None = None) -> Stops:
    """Collect the requests and decisions known at `now`; `kept` are those from before the records."""
    partly, kept = kept is not None, kept or _NOTHING_KEPT
    asked, decided, visits, delivered = [], [], [], {}
    for record in told.records:
        kind = record.type
        if kind == "news.delivered" and record.cause:
            delivered[record.cause] = told.effective[record.id]
        elif kind in DECISIONS:
            decided.append(record)
        elif record.hop not in chain.places:
            continue
        elif kind in _VISITS:
            visits.append(record)
        elif kind == "stop.requested" or (
            kind == "status.changed" and record.data.get("status") in ("pending", "held")
        ):
            asked.append(record)
    if not asked and not visits and not decided:
        return Stops(requests=kept.requests, decisions=kept.decisions, missed=kept.missed)
    found = [_request(chain, record, told, delivered) for record in asked]
    found += [_of_visit(record, told.effective[record.id]) for record in visits]
    requests = {one.id: one for one in found if one is not None}
    if visits or kept.visits:
        fixed = [*kept.visits, *((told.effective[one.id], one) for one in visits)]
        requests = {one.id: _chosen(one, fixed) for one in requests.values()}
    missed = frozenset(_missed(chain, told, visits, requests, now)) if visits else frozenset()
    return Stops(
        requests={**kept.requests, **requests},
        decisions=_decisions(
            # What was said of an older request is in what was kept.
            [one for one in decided if not partly or one.data.get("request") in told.effective],
            asked,
            told,
            kept,
        ),
        missed=kept.missed | missed,
    )


def _decisions(
    decided: Iterable[Record], asked: Iterable[Record], told: Reconciled, kept: Kept
) -> dict[str, tuple[Decision, ...]]:
    """What was decided on each request. A void takes the questions above with it that it caused."""
    found = dict(kept.decisions)
    for record in asked if found else ():
        if record.cause in found and record.data.get("status") == "pending":
            voids = [one for one in found[record.cause] if one.kind == "voided"]
            if voids:
                found[record.id] = tuple(replace(one, agreement="") for one in voids)
    for record in decided:
        decision = Decision(
            kind=DECISIONS[record.type],
            at=told.effective[record.id],
            agreement=str(record.data.get("agreement") or ""),
        )
        names = [str(record.data.get("request", ""))]
        if decision.kind == "voided":
            names += _passed_on(names[0], asked)
        for name in names:
            found[name] = (
                *found.get(name, ()),
                decision if name == names[0] else replace(decision, agreement=""),
            )
    return found


def _passed_on(request: str, asked: Iterable[Record]) -> list[str]:
    """The questions that pass one on, in effective order."""
    names = [request]
    for record in asked:
        if record.cause in names and record.data.get("status") == "pending":
            names.append(record.id)
    return names[1:]


def _request(
    chain: Chain, record: Record, told: Reconciled, delivered: Mapping[str, datetime]
) -> Request | None:
    data, at, hop = record.data, told.effective[record.id], record.hop or ""
    afterwards = record.type == "stop.requested"
    start, end = (moment(data.get("start")), moment(data.get("stop"))) if afterwards else (at, None)
    if start is None or (afterwards and (end is None or end <= start)):
        return None
    instant = data.get("status") != "pending" or not chain.places[hop].tracked
    return Request(
        id=record.id,
        hop=hop,
        code=str(data.get("reason") or Reason.OTHER.value),
        start=start,
        end=end,
        asked_at=at,
        afterwards=afterwards,
        expected_end=moment(data.get("expected_end")),
        delivered_at=delivered.get(record.id, at if instant else None),
        evidence=frozenset(data.get("evidence") or ()),
        own_code=str(data.get("code") or ""),
    )


def _of_visit(record: Record, at: datetime) -> Request | None:
    """A visit that the consumer asked for or moved is a request to stop until its window opens (R35)."""
    window = visit_window(record)
    if record.hop is None or window is None or record.data.get("by") != "consumer" or window[0] <= at:
        return None
    return Request(
        id=record.id, hop=record.hop, code=VISIT, start=at, asked_at=at, end=window[0], delivered_at=at
    )


def _chosen(request: Request, visits: Iterable[tuple[datetime, Record]]) -> Request:
    """The request, with who fixed the visit it waits for."""
    if request.code != VISIT or request.afterwards:
        return request
    before = [one for at, one in visits if one.hop == request.hop and at <= request.start]
    return replace(request, chosen_by=str(before[-1].data.get("by") or "")) if before else request


def visits_of(told: Reconciled) -> Iterator[tuple[datetime, Record]]:
    """Every visit that was asked for or moved, and when."""
    for record in told.records:
        if record.type in _VISITS:
            yield told.effective[record.id], record


def visit_window(record: Record) -> tuple[datetime, datetime] | None:
    """When a visit is to begin, at the earliest and at the latest."""
    if record.type not in _VISITS:
        return None
    opens, ends = (*map(moment, record.data.get("window") or ()), None, None)[:2]
    return (opens, ends) if opens is not None and ends is not None and opens <= ends else None


def latest_arrival(chain: Chain, record: Record) -> datetime | None:
    """Until when somebody may come to a visit that the consumer asked for or moved."""
    window = visit_window(record)
    if window is None or record.hop is None or record.data.get("by") != "consumer":
        return None
    grace = min((terms.visit_grace for terms in chain.at(record.hop)), default=timedelta(hours=1))
    return window[1] + grace


def _missed(
    chain: Chain,
    told: Reconciled,
    visits: Iterable[Record],
    requests: Mapping[str, Request],
    now: datetime,
) -> Iterator[str]:
    """The requests behind a visit to which nobody came within its window and the grace: void from their start."""
    for record in visits:
        window, latest = visit_window(record), latest_arrival(chain, record)
        if window is None or latest is None:
            continue
        at = told.effective[record.id]
        if now > latest and not any(_spares(told, one, record, latest) for one in told.records):
            for request in requests.values():
                if request.hop == record.hop and request.code == VISIT and at <= request.start <= window[0]:
                    yield request.id


def _spares(told: Reconciled, one: Record, visit: Record, latest: datetime) -> bool:
    """Somebody came, the visit was moved, or there was nothing left to come for."""
    at = told.effective[one.id]
    if one.hop != visit.hop or not told.effective[visit.id] <= at <= latest:
        return False
    over = one.type in GOES or (one.type == "status.changed" and one.data.get("status") in _OVER)
    return one.type == "visit.arrived" or (one.type == "visit.moved" and one.id != visit.id) or over


def standing(chain: Chain, stops: Stops, request: Request, terms: Terms, *, now: datetime) -> Standing:
    """Whether a request counts for an agreement, by its rules and the decisions taken for it (R16)."""
    rule = terms.stops_for(request.code, request.own_code)
    if rule is None or not rule.evidence <= request.evidence or request.id in stops.missed:
        return Standing.REFUSED
    decided = _decided(chain, stops, request, terms)
    if any(one.kind == "voided" for one in decided):
        return Standing.REFUSED
    if decided:
        return _after(decided[-1], terms, now)
    if request.chosen_by == "provider":
        return Standing.REFUSED  # a visit that the provider fixed stops nothing (R35)
    if request.chosen_by == "consumer" and request.hop == terms.hop:
        return Standing.COUNTS
    agreed = rule.automatic or _lapsed(request, terms, now)
    return Standing.COUNTS if agreed and not _too_late(request, terms) else Standing.OPEN


def _after(decision: Decision, terms: Terms, now: datetime) -> Standing:
    """An undecided dispute counts, at its cut-off, against whoever asked for the stop."""
    if decision.kind == "accepted":
        return Standing.COUNTS
    over = terms.dispute_period is not None and now >= decision.at + terms.dispute_period
    return Standing.REFUSED if over else Standing.OPEN


def ever_counted(chain: Chain, stops: Stops, request: Request, terms: Terms, *, now: datetime) -> bool:
    """Whether a request has counted at some time, whatever was said against it later."""
    rule = terms.stops_for(request.code, request.own_code)
    if rule is None or not rule.evidence <= request.evidence:
        return False
    decided = _decided(chain, stops, request, terms)
    since = [one.at for one in decided if one.kind == "accepted"]
    if not _too_late(request, terms):
        since += [request.asked_at] if rule.automatic else []
        since += (
            [request.delivered_at + terms.review_period]
            if _lapsed(request, terms, now) and request.delivered_at
            else []
        )
    against = min((one.at for one in decided if one.kind != "accepted"), default=now)
    return any(at <= against for at in since)


def _decided(chain: Chain, stops: Stops, request: Request, terms: Terms) -> list[Decision]:
    """The decisions that bind this agreement, in order: its own, and voids of the levels below."""
    every = stops.decisions.get(request.id)
    if not every:
        return []
    levels = {one.id: one.hop for one in chain.agreements}
    found = []
    for decision in every:
        at = decision.agreement
        mine = at == terms.id or (not at and terms.hop == request.hop)
        below = decision.kind == "voided" and terms.hop in chain.above(levels.get(at, request.hop))
        if (mine or below) and not (decision.kind == "disputed" and _lapsed(request, terms, decision.at)):
            found.append(decision)
    return found


def _too_late(request: Request, terms: Terms) -> bool:
    return request.end is not None and request.asked_at > request.end + terms.grace


def _lapsed(request: Request, terms: Terms, now: datetime) -> bool:
    return request.delivered_at is not None and now >= request.delivered_at + terms.review_period


def stops_until(request: Request, rule: StopRule) -> datetime | None:
    """The moment at which a request no longer stops the clock though its status goes on; None: as long as it lasts."""
    ends: list[datetime] = []
    if rule.longest is not None:
        ends.append(request.start + rule.longest)
    if rule.expected_end:
        ends.append(request.expected_end or request.start)
    return min(ends, default=None)
