"""Stop-clock requests (R15, R16): who asked for a stop, from when to when, and whether it counts for an agreement."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.model import Reason
from gateway.domain.sla.reconcile import Reconciled
from gateway.domain.sla.terms import Chain, Record, StopRule, Terms

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
    """A request to stop the clock. `end` is set for a span asked for afterwards and where the request names its expected
    end; `late_from` is what R16's grace is measured from. `delivered_at` starts the review period."""

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


def stops_of(chain: Chain, told: Reconciled, *, now: datetime) -> Stops:
    """Collect the requests and decisions known at `now`."""
    requests = {}
    decisions: dict[str, tuple[Decision, ...]] = {}
    delivered = {
        one.cause: told.effective[one.id]
        for one in told.records
        if one.type == "news.delivered" and one.cause
    }
    for record in told.records:
        request = _request(chain, record, told, delivered)
        if request is not None:
            requests[request.id] = request
        if record.type in _DECISIONS:
            name = str(record.data.get("request", ""))
            decision = Decision(
                kind=_DECISIONS[record.type],
                at=told.effective[record.id],
                agreement=str(record.data.get("agreement", "")),
            )
            decisions[name] = (*decisions.get(name, ()), decision)
    return Stops(
        requests=requests, decisions=decisions, missed=frozenset(_missed(chain, told, requests, now))
    )


_DECISIONS = {
    "stop.accepted": "accepted",
    "stop.disputed": "disputed",
    "stop.upheld": "accepted",
    "stop.voided": "voided",
}


def _request(
    chain: Chain, record: Record, told: Reconciled, delivered: Mapping[str, datetime]
) -> Request | None:
    data, at = record.data, told.effective[record.id]
    if record.hop is None:
        return None
    if record.type == "status.changed" and data.get("status") in ("pending", "held"):
        instant = not chain.places[record.hop].tracked or data["status"] == "held"
        return Request(
            id=record.id,
            hop=record.hop,
            code=str(data.get("reason") or Reason.OTHER.value),
            start=at,
            asked_at=at,
            expected_end=_moment(data.get("expected_end")),
            delivered_at=delivered.get(record.id, at if instant else None),
            evidence=frozenset(data.get("evidence", ())),
        )
    if record.type == "stop.requested":
        start, end = _moment(data.get("start")), _moment(data.get("stop"))
        if start is None or end is None or end <= start:
            return None
        return Request(
            id=record.id,
            hop=record.hop,
            code=str(data.get("reason") or Reason.OTHER.value),
            start=start,
            end=end,
            asked_at=at,
            afterwards=True,
            delivered_at=delivered.get(record.id, at),
            evidence=frozenset(data.get("evidence", ())),
        )
    return _of_visit(record, at)


def _of_visit(record: Record, at: datetime) -> Request | None:
    """A visit that the consumer asked for or moved is a request to stop until its window opens (R35)."""
    window = visit_window(record)
    if record.hop is None or window is None or record.data.get("by") != "consumer" or window[0] <= at:
        return None
    return Request(
        id=record.id, hop=record.hop, code=VISIT, start=at, asked_at=at, end=window[0], delivered_at=at
    )


def visit_window(record: Record) -> tuple[datetime, datetime] | None:
    """When a visit is to begin, at the earliest and at the latest."""
    if record.type not in ("visit.proposed", "visit.moved", "visit.confirmed"):
        return None
    opens, ends = (_moment(one) for one in record.data.get("window") or (None, None))
    return (opens, ends) if opens is not None and ends is not None else None


def _missed(chain: Chain, told: Reconciled, requests: Mapping[str, Request], now: datetime) -> Iterator[str]:
    """The requests behind a visit to which nobody came within its window and the grace: void from their start."""
    for record in told.records:
        window = visit_window(record)
        if window is None or record.hop is None or record.data.get("by") != "consumer":
            continue
        at = told.effective[record.id]
        grace = min((terms.visit_grace for terms in chain.at(record.hop)), default=timedelta(hours=1))
        latest = window[1] + grace
        if now > latest and not _came_or_moved(told, record, at, latest):
            for request in requests.values():
                if request.hop == record.hop and request.code == VISIT and at <= request.start <= window[0]:
                    yield request.id


def _came_or_moved(told: Reconciled, visit: Record, at: datetime, latest: datetime) -> bool:
    return any(
        one.hop == visit.hop
        and at <= told.effective[one.id] <= latest
        and (one.type == "visit.arrived" or (one.type == "visit.moved" and one.id != visit.id))
        for one in told.records
    )


def _moment(told: object) -> datetime | None:
    if isinstance(told, str):
        return datetime.fromisoformat(told)
    return told if isinstance(told, datetime) else None


def standing(chain: Chain, stops: Stops, request: Request, terms: Terms, *, now: datetime) -> Standing:
    """Whether a request counts for an agreement, by its rules and the decisions taken for it (R16)."""
    rule = terms.stops_for(request.code)
    if rule is None or not rule.evidence <= request.evidence:
        return Standing.REFUSED
    if request.id in stops.missed:
        return Standing.REFUSED
    kinds = _decided(chain, stops, request, terms)
    if "voided" in kinds:
        return Standing.REFUSED
    last = next((kind for kind in reversed(kinds) if kind in ("accepted", "disputed")), "")
    if last:
        return Standing.COUNTS if last == "accepted" else Standing.OPEN
    if _too_late(request, terms):
        return Standing.OPEN
    return Standing.COUNTS if rule.automatic or _lapsed(request, terms, now) else Standing.OPEN


def _decided(chain: Chain, stops: Stops, request: Request, terms: Terms) -> list[str]:
    """The decisions that bind this agreement: its own, and voids of the levels below."""
    own = {one.id for one in chain.at(request.hop)}
    levels = {one.id: one.hop for one in chain.agreements}
    found = []
    for decision in stops.decisions.get(request.id, ()):
        at = decision.agreement
        mine = at == terms.id or (not at and terms.id in own)
        below = decision.kind == "voided" and terms.hop in chain.above(levels.get(at, request.hop))
        if (mine or below) and not (decision.kind == "disputed" and _lapsed(request, terms, decision.at)):
            found.append(decision.kind)
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


def next_lapse(stops: Stops, terms: Iterable[Terms], *, now: datetime) -> datetime | None:
    """When, if nobody says anything, the standing of some request changes next."""
    moments = [
        request.delivered_at + one.review_period
        for request in stops.requests.values()
        if request.delivered_at is not None
        for one in terms
        if one.stops_for(request.code) is not None
    ]
    return min((moment for moment in moments if moment > now), default=None)
