"""From the way an exchange ended to a verdict (pushes) or an error (reads). Pure; the table itself is in the domain."""

from dataclasses import replace
from datetime import datetime

from gateway.connector import Effect, Request, Response
from gateway.desk_client.journey import Journey
from gateway.desk_client.words import desk_words, is_login_page
from gateway.domain.model import Command, Receipt
from gateway.domain.outcome import Ground, OutcomeClass, Verdict, of_status
from gateway.errors import (
    AnswerUnreadable,
    ConfigError,
    ConnectorFailed,
    DeskDenied,
    DeskError,
    DeskGone,
    DeskRejected,
    DeskStale,
    DeskThrottled,
    DeskUnavailable,
    DeskUncertain,
    InterdeskError,
    LeaseLost,
    Unsupported,
)


class Judged(Exception):  # no error: a verdict on its way to the end of the exchange
    """The wire has read the outcome from an answer's status or from a break."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict


def check_status(request: Request, response: Response, *, now: datetime, conflict_is_stale: bool) -> None:
    """Raise Judged for a status that the connector does not read itself, with the desk's words in the message."""
    if response.status in request.accept:
        return
    verdict = of_status(
        response.status,
        wrote=request.effect is Effect.WRITE,
        headers=response.headers,
        now=now,
        conflict_is_stale=conflict_is_stale,
    )
    if verdict is not None:
        words = desk_words(response) if verdict.reason not in {Ground.MOVED, Ground.LOGIN} else ""
        raise Judged(replace(verdict, message=f"{verdict.message}: {words}" if words else verdict.message))


def of_receipt(receipt: Receipt, command: Command | None, journey: Journey[Receipt]) -> Verdict:
    """APPLIED if the receipt is about our command; else what the desk showed was somebody else's, and the doubt stays."""
    why = _not_ours(receipt, command)
    if not why:
        return Verdict(
            outcome=OutcomeClass.APPLIED,
            reason=Ground.DONE,
            message="done",
            receipt=receipt,
            http_status=_status(journey),
        )
    outcome = OutcomeClass.AMBIGUOUS if journey.write_left else OutcomeClass.PERMANENT
    return Verdict(outcome=outcome, reason=Ground.OTHER_OBJECT, message=why, http_status=_status(journey))


def _not_ours(receipt: object, command: Command | None) -> str:
    if not isinstance(receipt, Receipt) or not receipt.remote_id:
        return "the connector brought no receipt"
    if command is None:
        return ""
    if command.remote_id is not None and receipt.remote_id != command.remote_id:
        return f"the desk answered about ticket {receipt.remote_id}, not {command.remote_id}"
    if receipt.marker is not None and receipt.marker != command.marker:
        return f"the desk answered about {receipt.remote_id}, which carries another mark than ours"
    return ""


_OF_ERROR: tuple[tuple[type[InterdeskError], OutcomeClass, Ground], ...] = (
    (DeskRejected, OutcomeClass.PERMANENT, Ground.REFUSED),
    (DeskGone, OutcomeClass.PERMANENT, Ground.GONE),
    (DeskStale, OutcomeClass.STALE, Ground.PRECONDITION),
    (DeskDenied, OutcomeClass.AUTH, Ground.DENIED),
    (DeskThrottled, OutcomeClass.NOT_APPLIED, Ground.THROTTLED),
    (DeskUnavailable, OutcomeClass.NOT_APPLIED, Ground.SERVER_ERROR),
    (DeskUncertain, OutcomeClass.AMBIGUOUS, Ground.NO_ANSWER),
    (AnswerUnreadable, OutcomeClass.NOT_APPLIED, Ground.UNREADABLE),
    (ConnectorFailed, OutcomeClass.PERMANENT, Ground.CONNECTOR),
    (LeaseLost, OutcomeClass.ABANDONED, Ground.LEASE),
    (ConfigError, OutcomeClass.PERMANENT, Ground.CONFIG),
    (Unsupported, OutcomeClass.PERMANENT, Ground.CONFIG),
    (InterdeskError, OutcomeClass.PERMANENT, Ground.CONNECTOR),
)


def of_error(error: InterdeskError, journey: Journey[Receipt]) -> Verdict:
    """The verdict on a push that one of our errors ended: raised by the connector, by the guard or by `before_write`.

    Once the write has left, only the connector's reading of a whole answer counts: a DeskRejected at any time (the
    read-back shows the refusal), its other judgements of the WRITE's own answer. All else leaves a doubt.
    """
    outcome, reason = next(
        (outcome, reason) for kind, outcome, reason in _OF_ERROR if isinstance(error, kind)
    )
    if isinstance(error, AnswerUnreadable) and journey.response and is_login_page(journey.response):
        outcome, reason = OutcomeClass.AUTH, Ground.LOGIN
    verdict = Verdict(
        outcome=outcome,
        reason=reason,
        message=str(error),
        http_status=_status(journey),
        retry_after=error.retry_after if isinstance(error, DeskThrottled) else None,
    )
    if not journey.write_left or isinstance(error, DeskRejected):
        return verdict
    read_by_connector = isinstance(error, DeskGone | DeskStale | DeskDenied | DeskThrottled)
    return verdict if read_by_connector and journey.last_answer_is_the_writes else in_doubt(verdict)


def in_doubt(verdict: Verdict) -> Verdict:
    """The same finding, made after the write had left and not on its own answer."""
    reason = Ground.READ_BACK if verdict.reason in _SAYS_NOTHING_OF_THE_WRITE else verdict.reason
    return replace(verdict, outcome=OutcomeClass.AMBIGUOUS, reason=reason)


_SAYS_NOTHING_OF_THE_WRITE = frozenset(Ground) - {
    Ground.NO_ANSWER,
    Ground.UNREADABLE,
    Ground.CONNECTOR,
    Ground.LOGIN,
}


def error_of(verdict: Verdict) -> DeskError | ConfigError:
    """The error a read raises for a verdict."""
    if verdict.reason is Ground.CONFIG:
        return ConfigError(verdict.message)
    if verdict.reason is Ground.THROTTLED:
        return DeskThrottled(verdict.message, retry_after=verdict.retry_after)
    if verdict.reason is Ground.GONE:
        return DeskGone(verdict.message)
    return _ERROR[verdict.outcome](verdict.message)


_ERROR: dict[OutcomeClass, type[DeskError]] = {
    OutcomeClass.NOT_APPLIED: DeskUnavailable,
    OutcomeClass.AMBIGUOUS: DeskUnavailable,
    OutcomeClass.STALE: DeskStale,
    OutcomeClass.AUTH: DeskDenied,
    OutcomeClass.PERMANENT: DeskRejected,
}


def of_unreadable(error: AnswerUnreadable, response: Response | None) -> DeskError:
    """What a read raises when the connector cannot read the answer: a login page means denied, all else try again."""
    if response is not None and is_login_page(response):
        return DeskDenied("the desk shows a login page instead of its API", why=error.what)
    return DeskUnavailable(error.what, why=error.why)


def _status(journey: Journey[Receipt]) -> int | None:
    return journey.response.status if journey.response else None
