"""What an attempt makes of a message and of its endpoint: the schedule and the breaker of deliveries (D8), the answers of
Standard Webhooks. Anything but 2xx is tried again; 410 ends the endpoint; 72 hours in which nothing answered well end it
too. Messages of an endpoint that is not active wait, for 30 days."""

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.domain import breaker
from gateway.domain.delivery import MOST_ATTEMPTS, retry_in
from gateway.domain.webhooks.model import Answer, Endpoint, Message, Standing, State

LEASE = timedelta(seconds=90)
KEPT = timedelta(days=30)
"""How long a message is kept, told or not; it can be sent again for so long."""
DEAD_AFTER = timedelta(hours=72)
CONCURRENCY = 4
"""Messages under way to one endpoint from one process."""
LONGEST_PAUSE = timedelta(hours=24)
_BUSY = frozenset({429, 502, 503, 504})
_WORDS = 300


def is_taken(answer: Answer) -> bool:
    """Whether the subscriber has it."""
    return answer.status is not None and 200 <= answer.status < 300


def after(message: Message, answer: Answer, *, now: datetime, jitter: float) -> Message:
    """The message after one attempt."""
    counts = answer.status is not None or answer.reached or answer.refused
    tried = replace(
        message, attempts=message.attempts + counts, lease_until=None, error=answer.error[:_WORDS]
    )
    if is_taken(answer):
        return replace(tried, state=State.DONE, done_at=now, error="")
    if answer.refused or tried.attempts >= MOST_ATTEMPTS:
        return replace(tried, state=State.PARKED)
    pause = retry_in(max(tried.attempts, 1), jitter=jitter)
    asked = _asked_for(answer)
    return replace(tried, state=State.PENDING, next_at=now + max(pause, asked or timedelta()))


def _asked_for(answer: Answer) -> timedelta | None:
    """A pause that the subscriber wants, at most a day."""
    if answer.status not in _BUSY or answer.retry_after is None:
        return None
    return min(answer.retry_after, LONGEST_PAUSE)


def health(endpoint: Endpoint, answer: Answer, *, now: datetime) -> Endpoint:
    """The endpoint after one attempt."""
    seen = replace(endpoint, last_at=now, last_status=answer.status, last_error=answer.error[:_WORDS])
    state = breaker.from_document(endpoint.breaker)
    if is_taken(answer):
        well = breaker.to_document(breaker.succeeded(state))
        return replace(seen, breaker=well, failing_since=None, delivered=endpoint.delivered + 1)
    since = endpoint.failing_since or now
    if answer.status == 410:
        return _ended(replace(seen, failing_since=since), "it answered 410: it is gone for good", now)
    if now - since >= DEAD_AFTER:
        return _ended(replace(seen, failing_since=since), "for 72 hours nothing was taken there", now)
    return replace(seen, breaker=breaker.to_document(_worse(state, answer, now)), failing_since=since)


def _worse(state: breaker.Breaker, answer: Answer, now: datetime) -> breaker.Breaker:
    """A subscriber that says no to a message answers all the same; one that is down or busy is left alone for a while."""
    pause = _asked_for(answer)
    if pause is not None:
        return breaker.throttled(state, now=now, pause=pause)
    down = answer.status is None or answer.status >= 500 or answer.status == 429
    return breaker.failed(state, now=now) if down and not answer.refused else breaker.succeeded(state)


def _ended(endpoint: Endpoint, why: str, now: datetime) -> Endpoint:
    if endpoint.standing is not Standing.ACTIVE:
        return endpoint
    return replace(endpoint, standing=Standing.DISABLED, why=why, changed_at=now)


def room(endpoint: Endpoint, *, now: datetime) -> int:
    """How many messages may be under way to it."""
    if endpoint.standing is not Standing.ACTIVE:
        return 0
    return breaker.room(breaker.from_document(endpoint.breaker), now=now, concurrency=CONCURRENCY)
