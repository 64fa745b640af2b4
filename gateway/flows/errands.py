"""Errands: claimed deliveries made ready for the wire, each command assembled from what the store says now."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.connector import Connector
from gateway.domain import egress
from gateway.domain.case import Case
from gateway.domain.erasing import ERASED
from gateway.domain.model import (
    Blob,
    Command,
    CommandKind,
    Content,
    Delivery,
    Desk,
    NativeAttachment,
    Receipt,
)
from gateway.domain.model.change import replace
from gateway.domain.outcome import Ground, OutcomeClass, Verdict
from gateway.domain.sighting import text_hash
from gateway.errors import ConnectorFailed, DeskError, DeskGone, DeskRejected, DeskThrottled, InterdeskError
from gateway.flows.context import OPERATOR, Context
from gateway.store import cases, copies
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
    nobody need do anything about that, `not_yet` that it may leave later; `probe`: ask the desk with `find` instead of
    writing."""

    delivery: Delivery
    desk: Desk
    connector: Connector
    command: Command | None
    hop_version: int
    probe: bool = False
    withheld: str = ""
    moot: bool = False
    not_yet: egress.NotYet | None = None
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


def prepare(context: Context, db: Db, taken: list[Delivery], now: datetime, *, probe: bool) -> list[Errand]:
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
            return self._assembled(base, case)
        except egress.Withheld as reason:
            moot, later = isinstance(reason, egress.NotForThem), isinstance(reason, egress.NotYet)
            return replace(base, withheld=str(reason), moot=moot, not_yet=reason if later else None)
        except (
            Exception
        ) as error:  # this lane waits for a person, and not everybody's: the batch goes on (D3)
            if will_pass(error):
                raise
            log.exception("delivery %s cannot be assembled", delivery.id)
            return replace(base, withheld=f"it could not be assembled: {error!r}")

    def _assembled(self, base: Errand, case: Case) -> Errand:
        """With what is to be sent or fetched first. Raises egress.Withheld for what must not leave."""
        delivery, content = base.delivery, self.contents.get(base.delivery.content_id or "")
        if content is not None and content.text == ERASED and delivery.kind is not CommandKind.REMOVE:
            raise egress.Withheld("what it was to carry has been erased")
        download = self._download(case, delivery)
        if download is not None:
            return replace(base, download=download)
        return replace(base, command=egress.assemble(case, delivery, self.contents, asking=self.probe))

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


def is_that_file(listed: NativeAttachment, blob: Blob) -> bool:
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
    """An errand that must not leave: parked at once with the words, or put off until its desk was looked at again."""
    if errand.not_yet is not None:
        outcome, reason, pause = OutcomeClass.ABANDONED, errand.not_yet.ground, errand.not_yet.pause
    else:
        outcome, reason, pause = OutcomeClass.PERMANENT, Ground.REFUSED, None
    verdict = Verdict(outcome=outcome, reason=reason, message=errand.withheld, retry_after=pause)
    return Outcome(errand=errand, at=at, verdict=verdict)


def broke_off(errand: Errand, error: InterdeskError, at: datetime) -> Outcome:
    """An errand that ended before any write: a file that could not be fetched, a probe that got no answer. A file that
    will not come is tried as long as any refusal is, then parked: it holds the lane of a desk that is well."""
    if errand.probe:
        failure = error if isinstance(error, DeskError) else DeskError(str(error))
        return Outcome(errand=errand, at=at, command=errand.command, error=failure)
    return Outcome(errand=errand, at=at, verdict=_verdict_on_a_file(error))


def _verdict_on_a_file(error: InterdeskError) -> Verdict:
    if isinstance(error, DeskThrottled):
        outcome, reason, pause = OutcomeClass.NOT_APPLIED, Ground.THROTTLED, error.retry_after
    elif isinstance(error, DeskGone | DeskRejected | ConnectorFailed) or not isinstance(error, DeskError):
        outcome, reason, pause = OutcomeClass.PERMANENT, Ground.GONE, None
    else:
        outcome, reason, pause = OutcomeClass.NOT_APPLIED, Ground.NO_ANSWER, None
    return Verdict(outcome=outcome, reason=reason, message=str(error), retry_after=pause)
