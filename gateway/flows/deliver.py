"""Deliveries: claimed with the intent on disk, sent by the worker, settled with all that follows from it. Two
transactions, the network between them and none open during it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway import failpoints
from gateway.connector import Connector
from gateway.domain import delivery as rules
from gateway.domain import egress, settling
from gateway.domain.case import Case
from gateway.domain.model import (
    Blob,
    Command,
    CommandKind,
    Content,
    Delivery,
    DeliveryState,
    Desk,
    NativeAttachment,
    Receipt,
    Snapshot,
)
from gateway.domain.model.change import replace
from gateway.domain.outcome import Ground, OutcomeClass, Verdict
from gateway.domain.sighting import text_hash
from gateway.errors import DeskDenied, DeskError, DeskGone, DeskUnavailable, InterdeskError
from gateway.flows.context import OPERATOR, Context
from gateway.flows.evidence import Evidence
from gateway.store import attempts, cases, copies, desks, outbox
from gateway.store.claiming import Claim
from gateway.store.db import Db
from gateway.store.health import will_pass

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file that must be fetched from its own desk before it can be attached elsewhere."""

    content_id: str
    desk: Desk
    connector: Connector
    attachment: NativeAttachment


@dataclass(frozen=True, kw_only=True)
class Errand:
    """A claimed delivery, ready for the wire. `withheld` says why it must not leave after all, `moot` that
    nobody need do anything about that; `probe`: ask the desk with `find` instead of writing."""

    delivery: Delivery
    desk: Desk
    connector: Connector
    command: Command | None
    hop_version: int
    probe: bool = False
    withheld: str = ""
    moot: bool = False
    download: Download | None = None

    @property
    def claim(self) -> tuple[str, int]:
        """Which delivery, under which fence."""
        return self.delivery.id, self.delivery.fence


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an errand ended: a verdict of a push, or what a probe found (`error` if the desk could not be asked)."""

    errand: Errand
    at: datetime
    command: Command | None = None
    verdict: Verdict | None = None
    found: Sequence[Receipt] | None = None
    error: DeskError | None = None
    blob: Blob | None = None
    took_ms: int = 0


def claim(
    context: Context, *, now: datetime, worker: str, capacity: Mapping[str, int], limit: int = 100
) -> list[Errand]:
    """Take what is ready. The intent to send is committed when this returns: a crash from here on leaves a delivery
    that is asked about, never one that is blindly sent again."""
    terms = Claim(now=now, lease=rules.LEASE, worker=worker, capacity=capacity, limit=limit)
    with context.database.write() as db:
        taken = outbox.claim(db, OPERATOR, terms)
        if not taken:
            return []
        errands = _prepare(context, db, taken, now, probe=False)
        failpoints.step("claim.before_commit")
    failpoints.step("claim.committed")
    return errands


def claim_doubtful(
    context: Context, *, now: datetime, worker: str, capacity: Mapping[str, int], limit: int = 50
) -> list[Errand]:
    """Take what is in doubt and has had time to settle at its desk."""
    terms = Claim(now=now, lease=rules.LEASE, worker=worker, capacity=capacity, limit=limit)
    with context.database.write() as db:
        taken = outbox.claim_doubtful(db, OPERATOR, terms)
        if not taken:
            return []
        errands = _prepare(context, db, taken, now, probe=True)
    failpoints.step("doubt.claimed")
    return errands


def _prepare(context: Context, db: Db, taken: list[Delivery], now: datetime, *, probe: bool) -> list[Errand]:
    """Assemble each command from what the store says now (the egress check)."""
    if not taken:
        return []
    occasion = context.occasion(db, now)
    tickets = {delivery.ticket_id for delivery in taken}
    preparation = _Preparation(
        context=context,
        loaded=cases.load(db, OPERATOR, tickets, occasion, lock=False),
        contents=copies.contents(db, [key for delivery in taken for key in _named(delivery)]),
        probe=probe,
    )
    return _with_occurrences(context, db, [preparation.errand(delivery) for delivery in taken])


def _named(delivery: Delivery) -> list[str]:
    texts = list(delivery.payload.get("texts", {}).values())
    return [*texts, delivery.content_id] if delivery.content_id else texts


@dataclass(frozen=True, kw_only=True)
class _Preparation:
    """What a batch of claimed deliveries is assembled from."""

    context: Context
    loaded: Mapping[str, Case]
    contents: Mapping[str, Content]
    probe: bool

    def errand(self, delivery: Delivery) -> Errand:
        case = self.loaded[delivery.ticket_id]
        desk = case.directory.desks[delivery.desk_id]
        base = Errand(
            delivery=delivery,
            desk=desk,
            connector=self.context.connector(desk),
            command=None,
            hop_version=case.hops[delivery.hop_id].version,
            probe=self.probe,
        )
        try:
            download = self._download(case, delivery)
            if download is not None:
                return replace(base, download=download)
            command = egress.assemble(case, delivery, self.contents, asking=self.probe)
            return replace(base, command=command)
        except egress.Withheld as reason:
            return replace(base, withheld=str(reason), moot=isinstance(reason, egress.NotForThem))

    def _download(self, case: Case, delivery: Delivery) -> Download | None:
        content = self.contents.get(delivery.content_id or "")
        if delivery.kind is not CommandKind.ATTACH or content is None or content.blob_key is not None:
            return None
        desk = case.desk(case.hops[content.origin_hop_id])
        return Download(
            content_id=content.id,
            desk=desk,
            connector=self.context.connector(desk),
            attachment=_as_listed(content),
        )


def _as_listed(content: Content) -> NativeAttachment:
    """The file as its own desk listed it."""
    return NativeAttachment(
        remote_id=content.source["remote_id"],
        filename=content.filename or "file",
        media_type=content.media_type or "application/octet-stream",
        size=content.blob_size,
        url=content.source.get("url"),
        comment_id=content.source.get("comment_id"),
        sha256=content.source.get("sha256"),
        visibility=content.visibility,
    )


def downloaded(context: Context, errand: Errand, blob: Blob, *, now: datetime) -> Errand:
    """The file is here: remember it and assemble the command after all. Raises DeskUnavailable when it is not the file
    that its desk lists (a login page, an error page)."""
    if errand.download is None:
        return errand
    if not _is_that_file(errand.download.attachment, blob):
        raise DeskUnavailable(
            f"its desk handed out something else than {errand.download.attachment.filename!r}"
        )
    with context.database.write() as db:
        content_id = errand.download.content_id
        copies.keep_blob(db, content_id, key=blob.key, size=blob.size, sha256=blob.sha256)
        [ready] = _prepare(context, db, [errand.delivery], now, probe=errand.probe)
    failpoints.step("file.kept")
    return replace(ready, hop_version=errand.hop_version)


def _is_that_file(listed: NativeAttachment, blob: Blob) -> bool:
    """By its hash, else by its size; of a text that its desk may hand out in another encoding the size says nothing."""
    if listed.sha256 is not None:
        return listed.sha256 == blob.sha256
    return listed.size in (None, blob.size) or listed.media_type.startswith("text/")


def _with_occurrences(context: Context, db: Db, errands: list[Errand]) -> list[Errand]:
    """Tell equal texts apart: how many of ours with this very text stand there already (a lane is strictly in order,
    so all earlier ones are settled)."""
    hashes = {errand.delivery.id: _identity(context, errand) for errand in errands}
    counts = copies.counts(
        db, [(errand.delivery.hop_id, known) for errand in errands if (known := hashes[errand.delivery.id])]
    )
    return [
        _nth(errand, counts.get((errand.delivery.hop_id, hashes[errand.delivery.id]), 0) + 1)
        for errand in errands
    ]


def _identity(context: Context, errand: Errand) -> str:
    command = errand.command
    if command is not None and command.comment is not None:
        return text_hash(context.shown(errand.desk, command.comment.text))
    if command is not None and command.attachment is not None:
        return command.attachment.blob.sha256
    return ""


def _nth(errand: Errand, occurrence: int) -> Errand:
    command = errand.command
    if command is None or occurrence == 1:
        return errand
    if command.comment is not None:
        command = replace(command, comment=replace(command.comment, occurrence=occurrence))
    elif command.attachment is not None:
        command = replace(command, attachment=replace(command.attachment, occurrence=occurrence))
    return replace(errand, command=command)


def withheld(errand: Errand, at: datetime) -> Outcome:
    """An errand that must not leave: parked at once, with the words."""
    verdict = Verdict(outcome=OutcomeClass.PERMANENT, reason=Ground.REFUSED, message=errand.withheld)
    return Outcome(errand=errand, at=at, verdict=verdict)


def broke_off(errand: Errand, error: InterdeskError, at: datetime) -> Outcome:
    """An errand that ended before any write: a file that could not be fetched, a probe that got no answer."""
    if errand.probe:
        failure = error if isinstance(error, DeskError) else DeskError(str(error))
        return Outcome(errand=errand, at=at, command=errand.command, error=failure)
    gone = isinstance(error, DeskGone) or not isinstance(error, DeskError)
    verdict = Verdict(
        outcome=OutcomeClass.PERMANENT if gone else OutcomeClass.NOT_APPLIED,
        reason=Ground.GONE if gone else Ground.UNREACHABLE,
        message=str(error),
    )
    return Outcome(errand=errand, at=at, verdict=verdict)


def settle(context: Context, outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Write down how errands ended and all that follows, in one transaction: outcome, shadow, copies, next hops."""
    if not outcomes:
        return
    failpoints.step("settle.before")
    with context.database.write() as db:
        _Settlement(context=context, db=db, now=now).run(outcomes)
        failpoints.step("settle.before_commit")
    failpoints.step("settle.committed")


def settle_alone(context: Context, outcome: Outcome, *, now: datetime) -> None:
    """One errand of a batch that failed. If it fails again its delivery is parked as it is: only its lane waits."""
    try:
        settle(context, [outcome], now=now)
    except Exception as error:
        if will_pass(error):
            raise
        log.exception("delivery %s cannot be settled", outcome.errand.delivery.id)
        with context.database.write() as db:
            if outcome.errand.claim in outbox.still_mine(db, [outcome.errand.delivery]):
                parked = rules.poisoned(outcome.errand.delivery, f"it could not be settled: {error!r}")
                outbox.change(db, [parked], now=now)


@dataclass(kw_only=True)
class _Settlement:
    """One transaction that settles a batch."""

    context: Context
    db: Db
    now: datetime
    changed: list[Delivery] = field(default_factory=list)

    def run(self, outcomes: Sequence[Outcome]) -> None:
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
        attempts.record(
            self.db,
            [_attempt(outcome, late=outcome.errand.claim not in mine) for outcome in outcomes],
        )
        outbox.change(self.db, self.changed, now=self.now)
        cases.save(self.db, loaded.values())

    def _one(self, outcome: Outcome, case: Case, evidence: Evidence) -> None:
        errand = outcome.errand
        if errand.moot:
            self.changed.append(rules.let_go(errand.delivery, errand.withheld))
            settling.let_go(case, errand.delivery)
        elif outcome.found is not None:
            self._probed(outcome, outcome.found, case, evidence)
        elif outcome.error is not None:
            self.changed.append(self._not_asked(outcome, outcome.error))
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
        elif verdict.outcome is OutcomeClass.STALE:
            case.want_look(hop, "changed under our write")

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
        )
        settling.applied(case, errand.delivery, done)

    def _probed(self, outcome: Outcome, found: Sequence[Receipt], case: Case, evidence: Evidence) -> None:
        errand = outcome.errand
        after, receipt, others = rules.probed(errand.delivery, found, errand.desk, now=self.now)
        self.changed.append(after)
        if receipt is not None:
            self._applied(outcome, receipt, case, evidence)
            settling.duplicates(case, errand.delivery, others)
        elif after.state is DeliveryState.ASKING:
            settling.parked(case, after)

    def _not_asked(self, outcome: Outcome, error: DeskError) -> Delivery:
        if isinstance(error, DeskDenied):
            desks.hold(self.db, outcome.errand.desk.id, f"credentials: {error}", now=self.now)
        return rules.probe_failed(
            outcome.errand.delivery, str(error), now=self.now, jitter=self.context.jitter()
        )


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
