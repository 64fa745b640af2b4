"""Deliveries: claimed with the intent on disk, sent by the worker, settled with all that follows from it. Two
transactions, the network between them and none open during it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway import failpoints
from gateway.domain import delivery as rules
from gateway.domain import filetypes, settling
from gateway.domain.case import Case
from gateway.domain.model import (
    Blob,
    Delivery,
    DeliveryState,
    Receipt,
    Snapshot,
)
from gateway.domain.model.change import replace
from gateway.domain.outcome import Ground, OutcomeClass, Verdict
from gateway.errors import (
    AnswerUnreadable,
    DeskDenied,
    DeskError,
    DeskThrottled,
    DeskUnavailable,
    DeskUncertain,
)
from gateway.flows import brakes, errands
from gateway.flows.context import OPERATOR, Context
from gateway.flows.errands import Download, Errand, Outcome, broke_off, withheld
from gateway.flows.evidence import Evidence
from gateway.store import attempts, cases, copies, desks, looks, outbox
from gateway.store.claiming import Claim
from gateway.store.db import Db
from gateway.store.health import will_pass

__all__ = [
    "Download",
    "Errand",
    "Outcome",
    "broke_off",
    "claim",
    "claim_doubtful",
    "downloaded",
    "settle",
    "settle_alone",
    "withheld",
]

log = logging.getLogger(__name__)

_PASSES = DeskUnavailable | DeskThrottled | DeskUncertain | DeskDenied | AnswerUnreadable
"""Why a desk cannot be asked today, and can on another day."""


def claim(
    context: Context, *, now: datetime, worker: str, capacity: Mapping[str, int], limit: int = 100
) -> list[Errand]:
    """Take what is ready. The intent to send is committed when this returns: a crash from here on leaves a delivery
    that is asked about, never one that is blindly sent again."""
    terms = Claim(now=now, lease=rules.LEASE, worker=worker, capacity=capacity, limit=limit)
    with context.database.write() as db:
        stopped = brakes.stopped(context, db)
        taken = outbox.claim(db, OPERATOR, replace(terms, stopped=stopped)) if stopped is not None else []
        if not taken:
            return []
        prepared = errands.prepare(context, db, taken, now, probe=False)
        failpoints.step("claim.before_commit")
    failpoints.step("claim.committed")
    return prepared


def claim_doubtful(
    context: Context, *, now: datetime, worker: str, capacity: Mapping[str, int], limit: int = 50
) -> list[Errand]:
    """Take what is in doubt and has had time to settle at its desk."""
    terms = Claim(now=now, lease=rules.LEASE, worker=worker, capacity=capacity, limit=limit)
    with context.database.write() as db:
        taken = outbox.claim_doubtful(db, OPERATOR, terms)
        if not taken:
            return []
        prepared = errands.prepare(context, db, taken, now, probe=True)
    failpoints.step("doubt.claimed")
    return prepared


def downloaded(context: Context, errand: Errand, blob: Blob, *, now: datetime) -> Errand:
    """The file is here: remember it and assemble the command after all. Raises DeskUnavailable when it is not the file
    that its desk lists (a login page, an error page)."""
    if errand.download is None:
        return errand
    if not errands.is_that_file(errand.download.attachment, blob):
        raise DeskUnavailable(
            f"its desk handed out something else than {errand.download.attachment.filename!r}"
        )
    with context.database.write() as db:
        content_id = errand.download.content_id
        seen = filetypes.believed(errand.download.attachment.media_type, blob.media_type)
        copies.keep_blob(db, content_id, blob, media_type=seen)
        [ready] = errands.prepare(context, db, [errand.delivery], now, probe=errand.probe)
    failpoints.step("file.kept")
    return replace(ready, hop_version=errand.hop_version)


def settle(context: Context, outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Write down how errands ended and all that follows, in one transaction: outcome, shadow, copies, next hops."""
    if not outcomes:
        return
    failpoints.step("settle.before")
    with context.database.write() as db:
        tries = _Settlement(context=context, db=db, now=now).run(outcomes)
        failpoints.step("settle.before_commit")
    failpoints.step("settle.committed")
    _tell(outcomes, tries)


_FINE = frozenset({"applied", "asked", "stale", "abandoned"})
"""Outcomes that are no failure: done, answered, or to be decided anew without harm."""


def _tell(outcomes: Sequence[Outcome], tries: Sequence[attempts.Attempt]) -> None:
    """One line a try, never what was sent or answered. Costs nothing where nobody listens."""
    listened = log.isEnabledFor(logging.INFO)
    for outcome, one in zip(outcomes, tries, strict=True):
        if listened or one.outcome not in _FINE:
            level = logging.INFO if one.outcome in _FINE else logging.WARNING
            log.log(level, "a delivery was tried", extra=_line(outcome.errand, one))


def _line(errand: Errand, one: attempts.Attempt) -> dict[str, object]:
    delivery = errand.delivery
    return {
        "delivery": delivery.id,
        "kind": one.kind,
        "act": delivery.kind.value,
        "desk": errand.desk.code,
        "ticket": delivery.ticket_id,
        "assignment": delivery.hop_id,
        "outcome": one.outcome,
        "http_status": one.http_status,
        "took_ms": one.took_ms,
    }


def settle_alone(context: Context, outcome: Outcome, *, now: datetime) -> None:
    """One errand of a batch that failed. If it fails again its delivery is parked as it is: only its lane waits."""
    try:
        settle(context, [outcome], now=now)
    except Exception as error:
        if will_pass(error):
            raise
        log.exception("delivery %s cannot be settled", outcome.errand.delivery.id)
        with context.database.write() as db:
            cases.lock(db, OPERATOR, [outcome.errand.delivery.ticket_id])  # a lane grows under this lock only
            if outcome.errand.claim not in outbox.still_mine(db, [outcome.errand.delivery]):
                return
            errand, why = outcome.errand, f"it could not be settled: {error!r}"
            parked = rules.poisoned(errand.delivery, why, errand.desk, now)
            outbox.change(db, [parked], now=now)
        _tell_of(context, parked, now)


def _tell_of(context: Context, parked: Delivery, now: datetime) -> None:
    """Tell both sides, as of all that is parked. It stays parked where this fails by the same fault."""
    try:
        with context.database.write() as db:
            case = cases.load(db, OPERATOR, {parked.ticket_id}, context.occasion(db, now))[parked.ticket_id]
            settling.parked(case, parked)
            cases.save(db, [case])
    except Exception as error:
        if will_pass(error):
            raise
        log.exception("nobody could be told that delivery %s is parked", parked.id)


@dataclass(kw_only=True)
class _Settlement:
    """One transaction that settles a batch."""

    context: Context
    db: Db
    now: datetime
    changed: list[Delivery] = field(default_factory=list)

    def run(self, outcomes: Sequence[Outcome]) -> list[attempts.Attempt]:
        """Settle them; the tries as they were recorded, one for each."""
        tickets = {outcome.errand.delivery.ticket_id for outcome in outcomes}
        loaded = cases.load(self.db, OPERATOR, tickets, self.context.occasion(self.db, self.now))
        mine = outbox.still_mine(self.db, [outcome.errand.delivery for outcome in outcomes])
        good = [outcome for outcome in outcomes if outcome.errand.claim in mine]
        evidence = Evidence(self.context, self.db, [
            (loaded[outcome.errand.delivery.ticket_id].hops[outcome.errand.delivery.hop_id], snapshot)
            for outcome in good
            if (snapshot := _snapshot(outcome)) is not None
        ])  # fmt: skip
        for outcome in good:
            self._one(outcome, loaded[outcome.errand.delivery.ticket_id], evidence)
        tries = [_attempt(outcome, late=outcome.errand.claim not in mine) for outcome in outcomes]
        attempts.record(self.db, tries)
        outbox.change(self.db, self.changed, now=self.now)
        looks.hurry(self.db, outbox.made_at(self.changed), now=self.now)
        cases.save(self.db, loaded.values())
        return tries

    def _one(self, outcome: Outcome, case: Case, evidence: Evidence) -> None:
        errand = outcome.errand
        if errand.moot:
            self.changed.append(rules.let_go(errand.delivery, errand.withheld))
            settling.let_go(case, errand.delivery)
        elif outcome.found is not None:
            self._probed(outcome, outcome.found, case, evidence)
        elif outcome.error is not None:
            self._not_asked(outcome, outcome.error, case)
        elif outcome.verdict is not None:
            after = rules.settled(
                errand.delivery, outcome.verdict, errand.desk, now=self.now, jitter=self.context.jitter()
            )
            self.changed.append(after)
            self._follow(outcome, outcome.verdict, after, case, evidence)

    def _follow(
        self, outcome: Outcome, verdict: Verdict, after: Delivery, case: Case, evidence: Evidence
    ) -> None:
        hop = case.hops[after.hop_id]
        if verdict.receipt is not None and after.state is DeliveryState.DONE:
            self._applied(outcome, verdict.receipt, case, evidence)
        elif after.state is DeliveryState.PARKED:
            settling.parked(case, after)
        elif verdict.outcome is OutcomeClass.AUTH:
            desks.hold(self.db, after.desk_id, f"credentials: {verdict.message}", now=self.now)
        elif verdict.outcome in (OutcomeClass.STALE, OutcomeClass.PERMANENT):
            case.want_look(hop, "changed under our write")
        elif verdict.outcome is OutcomeClass.ABANDONED and verdict.reason is Ground.PRECONDITION:
            case.want_look(hop, "our write waits for it")  # the one before failed, or was older

    def _applied(self, outcome: Outcome, receipt: Receipt, case: Case, evidence: Evidence) -> None:
        errand, command = outcome.errand, outcome.command or outcome.errand.command
        if command is None:
            raise ValueError(f"delivery {errand.delivery.id} was applied without a command")
        hop = case.hops[errand.delivery.hop_id]
        written = {
            name: errand.connector.normalised(name, value, errand.desk)
            for name, value in command.fields.items()
        }
        done = settling.Done(
            command=command,
            receipt=receipt,
            known=evidence.known(case, hop.id, settling=errand.delivery.id),
            written=written,
            text=self.context.shown(errand.desk, command.comment.text) if command.comment else "",
            fresh=hop.version == errand.hop_version,
            begun_at=outcome.at,
        )
        settling.applied(case, errand.delivery, done)

    def _probed(self, outcome: Outcome, found: Sequence[Receipt], case: Case, evidence: Evidence) -> None:
        errand = outcome.errand
        after, receipt, others = rules.probed(
            errand.delivery, found, errand.desk, now=self.now, jitter=self.context.jitter()
        )
        self.changed.append(after)
        if receipt is not None:
            self._applied(outcome, receipt, case, evidence)
            settling.duplicates(case, errand.delivery, others)
        elif after.state in (DeliveryState.ASKING, DeliveryState.PARKED):
            settling.parked(case, after)
        elif rules.stale_since(after):
            case.want_look(case.hops[after.hop_id], "changed while our write was in doubt")

    def _not_asked(self, outcome: Outcome, error: DeskError, case: Case) -> None:
        if isinstance(error, DeskDenied):
            desks.hold(self.db, outcome.errand.desk.id, f"credentials: {error}", now=self.now)
        after = rules.probe_failed(
            outcome.errand.delivery,
            str(error),
            lasting=not isinstance(error, _PASSES),
            now=self.now,
            jitter=self.context.jitter(),
        )
        self.changed.append(after)
        if after.state is DeliveryState.ASKING:
            settling.parked(case, after)


def _snapshot(outcome: Outcome) -> Snapshot | None:
    if outcome.verdict is not None and outcome.verdict.receipt is not None:
        return outcome.verdict.receipt.snapshot
    if outcome.found:
        return outcome.found[0].snapshot
    return None


def _attempt(outcome: Outcome, *, late: bool) -> attempts.Attempt:
    verdict, delivery = outcome.verdict, outcome.errand.delivery
    if verdict is not None:
        word, error, status = verdict.outcome.value, verdict.message, verdict.http_status
    else:
        word = "asked" if outcome.found is not None else "not_asked"
        error, status = str(outcome.error or ""), None
    return attempts.Attempt(
        org_id=delivery.org_id,
        delivery_id=delivery.id,
        at=outcome.at,
        took_ms=outcome.took_ms,
        kind="probe" if outcome.errand.probe else "push",
        outcome=f"late: {word}" if late else word,
        http_status=status,
        error=error,
    )
