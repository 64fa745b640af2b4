"""The delivery state machine: what a verdict or a probe makes of a delivery, when it is tried again, when it is parked.

    pending → inflight (intent on disk before the first byte) → done
       ↑          ↓ ambiguous → probe → done | pending (a change of fields: once the ticket was read) | asking
       └── not applied · stale · auth · abandoned          permanent → parked (a status not before it was looked
                                                               whether somebody moved the ticket in the same moment)

A lane is held by everything that is not finished; a parked comment or file lets it go on (D3).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.domain.model import (
    CommandKind,
    Delivery,
    DeliveryState,
    Desk,
    Field,
    IdempotencyTier,
    Receipt,
)
from gateway.domain.model.change import replace
from gateway.domain.outcome import Ground, OutcomeClass, Verdict

LEASE = timedelta(seconds=90)
SPARE_LEASE = timedelta(seconds=20)
"""How much of its lease a worker must still have before each write."""
SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in (0, 5, 30, 120, 300, 900, 1800))
HOURLY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=72)
MOST_ATTEMPTS = len(SCHEDULE) + GIVE_UP_AFTER // HOURLY
JITTER = 0.2
STALE_PAUSE = timedelta(seconds=1)
_SAYS_NO = frozenset({Ground.REFUSED, Ground.READ_BACK})
"""Grounds on which a desk refuses a change for what its ticket is by now."""
CROSSED_PAUSE = timedelta(seconds=5)
"""How long a status that was refused waits for the look that says whether somebody moved the ticket meanwhile."""
STALE_AT = "stale_at"
"""In a delivery's payload: from when on its ticket must have been read before it is sent (ISO 8601 with offset). That is when
its desk last said that the ticket had changed, or that it has nothing of a change that was in doubt."""
STALE_SHARE = 10
"""A command that was refused as stale waits, beyond a second, for this part of the time it has been tried."""

FINAL = frozenset({DeliveryState.DONE, DeliveryState.SUPERSEDED, DeliveryState.CANCELLED})
_LETS_GO = frozenset({CommandKind.COMMENT, CommandKind.ATTACH, CommandKind.EDIT, CommandKind.REMOVE})


def blocks(delivery: Delivery) -> bool:
    """Whether the delivery holds back what comes after it in its lane."""
    if delivery.state is DeliveryState.PARKED:
        return delivery.kind not in _LETS_GO
    return delivery.state not in FINAL


def retry_in(attempts: int, *, jitter: float) -> timedelta:
    """The pause after the `attempts`-th try: 0 s, 5 s, 30 s, 2 m, 5 m, 15 m, 30 m, then hourly; `jitter` −1…1 is ±20 %."""
    pause = SCHEDULE[attempts] if attempts < len(SCHEDULE) else HOURLY
    return pause * (1 + JITTER * jitter)


def settled(delivery: Delivery, verdict: Verdict, desk: Desk, *, now: datetime, jitter: float) -> Delivery:
    """The delivery after one push came to `verdict`."""
    tried = replace(
        delivery,
        attempts=delivery.attempts + _uses_up(verdict),
        outcome=verdict.outcome.value,
        error="" if verdict.outcome is OutcomeClass.APPLIED else verdict.message,
        lease_until=None,
    )
    match verdict.outcome:
        case OutcomeClass.APPLIED:
            return replace(tried, state=DeliveryState.DONE)
        case OutcomeClass.AMBIGUOUS:
            return _doubt(tried, desk, now)
        case OutcomeClass.PERMANENT:
            return _refused(tried, now, crossed=verdict.reason in _SAYS_NO and _may_have_crossed(delivery))
        case OutcomeClass.STALE:
            return _stale(tried, desk, now)
        case OutcomeClass.AUTH | OutcomeClass.ABANDONED:
            return _held_back(tried, verdict, desk, now)
        case OutcomeClass.NOT_APPLIED:
            return _not_applied(tried, verdict, desk, now=now, jitter=jitter)


def _refused(delivery: Delivery, now: datetime, *, crossed: bool) -> Delivery:
    if crossed:
        return replace(delivery, state=DeliveryState.PENDING, next_at=now + CROSSED_PAUSE)
    return replace(delivery, state=DeliveryState.PARKED)


def _may_have_crossed(delivery: Delivery) -> bool:
    """Whether it is a status that its desk refused for the first time: somebody may have moved the ticket there in the same
    moment. Then a look says so, and what is overtaken is not written again; else the second refusal counts."""
    alone = list(delivery.payload.get("fields", ())) == [Field.STATUS] and not delivery.payload.get("texts")
    return delivery.kind is CommandKind.UPDATE and alone and not delivery.probes and not refused(delivery)


def refused(delivery: Delivery) -> bool:
    """Whether its desk said no the last time."""
    return delivery.outcome == OutcomeClass.PERMANENT.value


def stale_since(delivery: Delivery) -> datetime | None:
    """From when on its ticket must have been read, as what we believe of it was not true; None if nothing says so."""
    told = delivery.payload.get(STALE_AT)
    return None if told is None else datetime.fromisoformat(told)


def _uses_up(verdict: Verdict) -> bool:
    """An outage eats no attempts (D8): what never got a connection says nothing about this delivery."""
    return verdict.counts_as_attempt and verdict.reason is not Ground.UNREACHABLE


def _stale(delivery: Delivery, desk: Desk, now: datetime) -> Delivery:
    """Again after a look, less and less eagerly. What was ever in doubt is asked about: what changed the ticket may have
    been an older attempt of ours."""
    delivery = replace(delivery, payload={**delivery.payload, STALE_AT: now.isoformat()})
    if delivery.probes:
        return _doubt(delivery, desk, now)
    tried_for = now - (delivery.first_sent_at or now)
    pause = STALE_PAUSE + max(tried_for, timedelta()) / STALE_SHARE
    return replace(delivery, state=DeliveryState.PENDING, next_at=now + pause)


def _doubt(delivery: Delivery, desk: Desk, now: datetime) -> Delivery:
    """Ask the desk, but not before the last attempt must have settled there."""
    return replace(
        delivery,
        state=DeliveryState.AMBIGUOUS,
        probes=max(delivery.probes, 1),
        next_at=now + desk.settle_window,
    )


def _again(delivery: Delivery, desk: Desk, now: datetime, pause: timedelta) -> Delivery:
    """Back to the queue; what was ever in doubt is asked about first, for an older attempt may still arrive."""
    if delivery.probes:
        return _doubt(delivery, desk, now)
    return replace(delivery, state=DeliveryState.PENDING, next_at=now + pause)


def _held_back(delivery: Delivery, verdict: Verdict, desk: Desk, now: datetime) -> Delivery:
    """A desk that lets us in again, after however long, is asked about older tries first. Where we stopped ourselves no byte
    left and what it said of them still holds; what waits for a look does so less and less eagerly."""
    since, pause = stale_since(delivery), verdict.retry_after or timedelta()
    if verdict.outcome is OutcomeClass.AUTH:
        return _again(delivery, desk, now, pause)
    if since is not None and verdict.reason is Ground.PRECONDITION:
        pause = max(pause, (now - since) / STALE_SHARE)
    return replace(delivery, state=DeliveryState.PENDING, next_at=now + pause)


def _not_applied(
    delivery: Delivery, verdict: Verdict, desk: Desk, *, now: datetime, jitter: float
) -> Delivery:
    throttled = verdict.reason is Ground.THROTTLED
    if not throttled and _outlived(delivery):
        return replace(delivery, state=DeliveryState.PARKED)
    pause = verdict.retry_after or retry_in(max(delivery.attempts, 1), jitter=jitter)
    if delivery.probes:
        return replace(_doubt(delivery, desk, now), next_at=now + max(pause, desk.settle_window))
    return replace(delivery, state=DeliveryState.PENDING, next_at=now + pause)


def _outlived(delivery: Delivery) -> bool:
    """More tries than the schedule has in 72 hours: outages and throttling do not count, so tries are counted."""
    return delivery.attempts >= MOST_ATTEMPTS


def let_go(delivery: Delivery, why: str) -> Delivery:
    """It is not for that desk any more: nothing was carried, nothing is left to do."""
    return replace(delivery, state=DeliveryState.CANCELLED, outcome="withheld", error=why, lease_until=None)


def lease_ran_out(delivery: Delivery, desk: Desk, now: datetime) -> Delivery:
    """The worker died or hangs with the write perhaps under way: in doubt, from the last moment it may have sent."""
    sent_until = delivery.lease_until or now
    return replace(
        _doubt(delivery, desk, max(now, sent_until)),
        outcome=OutcomeClass.AMBIGUOUS.value,
        error="the worker that sent this did not come back",
        lease_until=None,
        attempts=delivery.attempts + 1,
    )


def poisoned(delivery: Delivery, error: str, desk: Desk, now: datetime) -> Delivery:
    """What cannot be settled for a fault of ours: a person looks, and a replay asks the desk first."""
    return replace(
        _doubt(delivery, desk, now),
        state=DeliveryState.PARKED,
        outcome="poisoned",
        error=error,
        lease_until=None,
    )


def once_more(delivery: Delivery, *, now: datetime) -> Delivery:
    """The delivery as a person sends it again, at their word also to a ticket that nobody could read. What was ever in doubt
    is asked about; one that was parked for a fault of ours not before its last try must have settled."""
    payload = {name: value for name, value in delivery.payload.items() if name != STALE_AT}
    again = replace(delivery, attempts=0, payload=payload, state=DeliveryState.PENDING, next_at=now)
    if not delivery.probes:
        return again
    parked = delivery.state is DeliveryState.PARKED
    due = max(now, delivery.next_at) if parked else now
    return replace(again, state=DeliveryState.AMBIGUOUS, next_at=due)


def probed(
    delivery: Delivery, found: Sequence[Receipt], desk: Desk, *, now: datetime, jitter: float
) -> tuple[Delivery, Receipt | None, Sequence[Receipt]]:
    """The delivery after `find` answered: (delivery, receipt adopted or None, further copies: late duplicates). `found`
    carries this very command: equal texts are told apart by the connector (CommentDraft.occurrence, or its marker)."""
    if found:
        first, others = found[0], found[1:]
        done = replace(delivery, state=DeliveryState.DONE, outcome="adopted", error="", lease_until=None)
        return done, first, others
    if desk.tiers.get(delivery.kind) is IdempotencyTier.NOTHING:
        asking = replace(delivery, state=DeliveryState.ASKING, lease_until=None)
        return replace(asking, error="the desk cannot say whether it has this; a person must"), None, ()
    if _outlived(delivery):
        error = f"sent {delivery.attempts} times, and the desk never had it"
        return replace(delivery, state=DeliveryState.PARKED, lease_until=None, error=error), None, ()
    pause = retry_in(max(delivery.attempts - 1, 0), jitter=jitter)
    again = replace(delivery, state=DeliveryState.PENDING, outcome="not_found", lease_until=None)
    if delivery.kind is CommandKind.UPDATE:  # while it was in doubt no look could tell what its fields hold
        again = replace(again, payload={**delivery.payload, STALE_AT: now.isoformat()})
        pause = max(pause, STALE_PAUSE)
    return replace(again, next_at=now + pause), None, ()


def probe_failed(
    delivery: Delivery, message: str, *, lasting: bool, now: datetime, jitter: float
) -> Delivery:
    """The desk could not be asked: again on the schedule, for as long as it takes. Where asking again will not help
    (`lasting`: it refuses, the ticket is gone, the connector fails) a person must say, once the schedule is through."""
    told = replace(
        delivery,
        probes=delivery.probes + 1,
        error=f"could not ask the desk: {message}",
        lease_until=None,
    )
    if lasting and delivery.probes >= len(SCHEDULE):
        return replace(told, state=DeliveryState.ASKING)
    return replace(told, next_at=now + retry_in(min(delivery.probes, len(SCHEDULE)), jitter=jitter))
