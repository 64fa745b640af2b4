"""What a recorded answer is to the connector: itself, or the error that the wire makes of its status."""

from gateway.connector import Effect
from gateway.domain.model import Manifest
from gateway.domain.outcome import Ground, OutcomeClass, Verdict, of_status
from gateway.errors import (
    DeskDenied,
    DeskError,
    DeskGone,
    DeskRejected,
    DeskStale,
    DeskThrottled,
    DeskUnavailable,
    DeskUncertain,
)
from gateway.testing.fixtures import NOW, Step, error_named
from gateway.testing.playback import Answer

_ERRORS: dict[OutcomeClass, type[DeskError]] = {
    OutcomeClass.NOT_APPLIED: DeskUnavailable,
    OutcomeClass.AMBIGUOUS: DeskUncertain,
    OutcomeClass.STALE: DeskStale,
    OutcomeClass.AUTH: DeskDenied,
    OutcomeClass.PERMANENT: DeskRejected,
}


def answer_of(step: Step, manifest: Manifest) -> Answer:
    """The response of this step, or the error thrown in its place."""
    if step.response is None:
        return error_named(step.fails or "DeskUnavailable")
    if step.response.status in step.request.accept:
        return step.response
    verdict = of_status(
        step.response.status,
        wrote=step.request.effect is Effect.WRITE,
        headers=step.response.headers,
        now=NOW,
        conflict_is_stale=manifest.conflict_is_stale,
    )
    return step.response if verdict is None else error_of(verdict)


def error_of(verdict: Verdict) -> DeskError:
    """The error a connector sees for a verdict that is not `applied`."""
    if verdict.reason is Ground.GONE:
        return DeskGone(verdict.message)
    if verdict.reason is Ground.THROTTLED:
        return DeskThrottled(verdict.message, retry_after=verdict.retry_after)
    return _ERRORS[verdict.outcome](verdict.message)
