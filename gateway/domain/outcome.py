"""What a try at a desk came to: the outcome table of delivery as pure functions. What to do next is not decided here.

A verdict is drawn from facts (was a connection obtained, may a byte of the write have left, which status came), never
from the class of an exception: transports disagree about those.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit

from gateway.domain.model import Receipt

RETRY_AFTER_CAP = timedelta(hours=24)


class OutcomeClass(StrEnum):
    """The classes a delivery acts on. `ABANDONED`: we stopped ourselves before a byte left (the lease was lost, or the
    desk shows another ticket in the place of ours)."""

    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    AMBIGUOUS = "ambiguous"
    STALE = "stale"
    AUTH = "auth"
    PERMANENT = "permanent"
    ABANDONED = "abandoned"


class Ground(StrEnum):
    """Why a verdict is what it is; a stable code for logs, metrics and `explain`."""

    DONE = "done"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    UNREADABLE = "unreadable"
    UNEXPECTED_STATUS = "unexpected_status"
    MOVED = "moved"
    LOGIN = "login"
    DENIED = "denied"
    CONFLICT = "conflict"
    PRECONDITION = "precondition"
    REFUSED = "refused"
    GONE = "gone"
    TOO_LARGE = "too_large"
    OTHER_OBJECT = "other_object"
    OTHER_SHOWN = "other_shown"
    READ_BACK = "read_back"
    CONFIG = "config"
    CONNECTOR = "connector"
    LEASE = "lease"


class Stage(StrEnum):
    """Where an exchange broke off."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    SEND = "send"
    ANSWER = "answer"
    DEADLINE = "deadline"


@dataclass(frozen=True, kw_only=True)
class ClockSample:
    """The desk's clock against ours at `at`: desk = ours + `offset`, true within ± `error`."""

    at: datetime
    offset: timedelta
    error: timedelta


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The result of one push. `receipt` is set exactly when `outcome` is APPLIED."""

    outcome: OutcomeClass
    reason: Ground
    message: str
    retry_after: timedelta | None = None
    http_status: int | None = None
    receipt: Receipt | None = None
    clock: ClockSample | None = None

    @property
    def counts_as_attempt(self) -> bool:
        """Whether this try uses up the retry schedule (delivery D8: throttling, stale tickets and held desks do not)."""
        free = {OutcomeClass.STALE, OutcomeClass.AUTH, OutcomeClass.ABANDONED}
        return self.outcome not in free and self.reason is not Ground.THROTTLED


_REFUSALS: Mapping[int, tuple[OutcomeClass, Ground]] = {
    401: (OutcomeClass.AUTH, Ground.DENIED),
    403: (OutcomeClass.AUTH, Ground.DENIED),
    404: (OutcomeClass.PERMANENT, Ground.GONE),
    407: (OutcomeClass.AUTH, Ground.DENIED),
    410: (OutcomeClass.PERMANENT, Ground.GONE),
    412: (OutcomeClass.STALE, Ground.PRECONDITION),
    413: (OutcomeClass.PERMANENT, Ground.TOO_LARGE),
    425: (OutcomeClass.NOT_APPLIED, Ground.THROTTLED),
    429: (OutcomeClass.NOT_APPLIED, Ground.THROTTLED),
}
_SAYS_REPEAT_ELSEWHERE = frozenset({301, 307, 308})


def of_status(
    status: int, *, wrote: bool, headers: Mapping[str, str], now: datetime, conflict_is_stale: bool
) -> Verdict | None:
    """The verdict on a whole answer with this status; None for 2xx, which the connector reads.

    `wrote` says that this is the answer to the write itself. `headers` have lower-case names; `now` is aware. A
    redirect of a write by 302 or 303 is uncertain, as that is how a form answers a write that it has *done*.
    """
    if 200 <= status < 300:
        return None
    if status in _REFUSALS:
        outcome, reason = _REFUSALS[status]
    elif status == 409:
        outcome = OutcomeClass.STALE if conflict_is_stale else OutcomeClass.PERMANENT
        reason = Ground.CONFLICT
    elif 300 <= status < 400:
        outcome, reason = _of_redirect(status, wrote=wrote, location=headers.get("location", ""))
    elif 400 <= status < 500 and status != 408:
        outcome, reason = OutcomeClass.PERMANENT, Ground.REFUSED
    else:
        outcome = OutcomeClass.AMBIGUOUS if wrote else OutcomeClass.NOT_APPLIED
        reason = _of_failure(status, wrote=wrote, headers=headers)
    return Verdict(
        outcome=outcome,
        reason=reason,
        message=_said(status, reason, headers.get("location", "")),
        retry_after=retry_after(headers.get("retry-after"), now),
        http_status=status,
    )


def _of_failure(status: int, *, wrote: bool, headers: Mapping[str, str]) -> Ground:
    if status == 503 and not wrote and "retry-after" in headers:
        return Ground.THROTTLED
    return Ground.SERVER_ERROR if status >= 500 else Ground.UNEXPECTED_STATUS


def _of_redirect(status: int, *, wrote: bool, location: str) -> tuple[OutcomeClass, Ground]:
    if leads_to_login(location):
        return OutcomeClass.AUTH, Ground.LOGIN
    if location and (status in _SAYS_REPEAT_ELSEWHERE or not wrote):
        return OutcomeClass.PERMANENT, Ground.MOVED
    outcome = OutcomeClass.AMBIGUOUS if wrote else OutcomeClass.NOT_APPLIED
    return outcome, Ground.UNEXPECTED_STATUS


def _said(status: int, reason: Ground, location: str) -> str:
    if reason is Ground.MOVED:
        return f"the desk answered {status} and points to {location[:200]}; correct the desk's base URL"
    if reason is Ground.LOGIN:
        return f"the desk answered {status} and asks for a login"
    return f"the desk answered {status}"


_LOGIN = re.compile(
    r"(?:^|[^a-z])(?:log-?_?[io]n|sign-?_?in|sso|saml2?|adfs|cas|noauth|openid|oauth2?|authorize|authenticate|auth)(?:[^a-z]|$)"
)


def leads_to_login(location: str) -> bool:
    """Whether a redirect's target looks like a login page (RT: `/NoAuth/Login.html`, Redmine: `/login?back_url=…`)."""
    try:
        path = urlsplit(location).path
    except ValueError:
        return False
    return _LOGIN.search(path.lower()) is not None


def of_break(*, writing: bool, connected: bool, write_started: bool | None, stage: Stage) -> Verdict:
    """The verdict on an exchange that ended without a whole answer.

    `write_started` None means that the transport cannot tell whether a byte left; then an obtained connection counts
    as sent. Nothing that is not a write can leave a doubt.
    """
    may_have_left = writing and (connected if write_started is None else write_started)
    outcome = OutcomeClass.AMBIGUOUS if may_have_left else OutcomeClass.NOT_APPLIED
    reason = Ground.NO_ANSWER if connected else Ground.UNREACHABLE
    return Verdict(outcome=outcome, reason=reason, message=_BROKE[stage])


_BROKE: Mapping[Stage, str] = {
    Stage.RESOLVE: "the desk's name could not be resolved",
    Stage.CONNECT: "no connection to the desk",
    Stage.TLS: "no secure connection to the desk",
    Stage.SEND: "the connection broke while the request was being sent",
    Stage.ANSWER: "no whole answer from the desk",
    Stage.DEADLINE: "the exchange ran out of time",
}


_SECONDS = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """The desk's wish from `Retry-After`: seconds or an HTTP date; None for junk. From zero up to 24 h (delivery D8)."""
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=min(float(text), RETRY_AFTER_CAP.total_seconds()))
    moment = _http_date(text)
    return None if moment is None else min(max(moment - now, timedelta()), RETRY_AFTER_CAP)


@lru_cache(maxsize=256)  # every answer of a second carries the same one
def _http_date(text: str) -> datetime | None:
    if text.count(":") != 2:  # two headers, which the client has joined: nobody knows which is the desk's
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def clock_sample(header: str | None, *, sent_at: datetime, received_at: datetime) -> ClockSample | None:
    """What one answer's `Date` tells of the desk's clock; None without a readable one, and of two that contradict each other."""
    stamped = _http_date((header or "").strip())
    return None if stamped is None else stamp_sample(stamped, sent_at=sent_at, received_at=received_at)


def stamp_sample(
    stamped: datetime,
    *,
    sent_at: datetime,
    received_at: datetime,
    resolution: timedelta = timedelta(seconds=1),
) -> ClockSample:
    """What a time that the desk wrote between our two readings tells of its clock.

    It wrote D cut to its resolution R, so its offset lies between D - received_at and D + R - sent_at.
    """
    lowest, highest = stamped - received_at, stamped + resolution - sent_at
    return ClockSample(at=received_at, offset=(lowest + highest) / 2, error=(highest - lowest) / 2)
