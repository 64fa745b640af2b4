"""What we know of the comments and files a batch of snapshots shows: read from the store in a few statements."""

from collections.abc import Iterable, Sequence

from gateway.domain.case import Case
from gateway.domain.egress import words
from gateway.domain.model import CommandKind, Content, ContentKind, Copy, Delivery, Hop, Snapshot
from gateway.domain.retraction import COPY_OF
from gateway.domain.sighting import Known, text_hash
from gateway.flows.context import Context
from gateway.store import copies, outbox
from gateway.store.db import Db

Shown = Sequence[tuple[Hop, Snapshot]]


class Evidence:
    """Copies and unresolved deliveries for the hops of one batch; what the batch itself adds is looked up live."""

    def __init__(self, context: Context, db: Db, shown: Shown) -> None:
        self._context = context
        complete = {hop.id for hop, snapshot in shown if snapshot.complete}
        found = copies.of_hops(db, complete) if complete else []
        found += copies.by_remote(db, _remote_keys(shown, complete))
        found += copies.ours_by_hash(db, _hash_keys(shown, complete))
        self._copies: dict[str, list[Copy]] = {}
        for copy in found:
            self._copies.setdefault(copy.hop_id, []).append(copy)
        self._unresolved = outbox.unresolved(db, [hop.id for hop, _ in shown])
        self._contents = copies.contents(db, _content_ids(self._unresolved.values()))

    def known(self, case: Case, hop_id: str, *, settling: str | None = None) -> Known:
        """What is known of one hop; `settling` is the delivery whose verdict is here, no longer in doubt."""
        here = [*self._copies.get(hop_id, ()), *(copy for copy in case.copies if copy.hop_id == hop_id)]
        here = [case.changed_copies.get(copy.id, copy) for copy in here]
        doubtful = [
            delivery
            for delivery in self._unresolved.get(hop_id, ())
            if delivery.id != settling and delivery.id not in case.changed_deliveries
        ]
        return Known(
            copies={(copy.kind, copy.remote_id): copy for copy in here},
            ours_by_hash={
                copy.native_hash: copy for copy in here if copy.ours and copy.kind is ContentKind.COMMENT
            },
            masked_fields=frozenset(name for delivery in doubtful for name in _fields(delivery)),
            masked_hashes=frozenset(self._hashes(case, doubtful)),
            masked_files=frozenset(self._files(doubtful)),
            masked_contents=frozenset(
                one.payload[COPY_OF] for one in doubtful if one.kind is CommandKind.REMOVE
            ),
        )

    def _hashes(self, case: Case, deliveries: Iterable[Delivery]) -> Iterable[str]:
        for delivery in deliveries:
            content = self._contents.get(delivery.content_id or "")
            if delivery.kind in (CommandKind.COMMENT, CommandKind.EDIT) and content is not None:
                desk = case.directory.desks[delivery.desk_id]
                yield text_hash(self._context.shown(desk, words(case, delivery, content)))

    def _files(self, deliveries: Iterable[Delivery]) -> Iterable[str]:
        for delivery in deliveries:
            content: Content | None = self._contents.get(delivery.content_id or "")
            if delivery.kind is CommandKind.ATTACH and content is not None and content.filename:
                yield content.filename


def _fields(delivery: Delivery) -> Iterable[str]:
    return (*delivery.payload.get("fields", {}), *delivery.payload.get("texts", {}))


def _content_ids(groups: Iterable[list[Delivery]]) -> list[str]:
    return [delivery.content_id for group in groups for delivery in group if delivery.content_id]


def _remote_keys(shown: Shown, complete: set[str]) -> list[tuple[str, ContentKind, str]]:
    keys: list[tuple[str, ContentKind, str]] = []
    for hop, snapshot in shown:
        keys += [(hop.id, ContentKind.ATTACHMENT, file.remote_id) for file in snapshot.attachments]
        keys += [(hop.id, ContentKind.WORK, work.remote_id) for work in snapshot.work]
        if hop.id not in complete:
            keys += [(hop.id, ContentKind.COMMENT, comment.remote_id) for comment in snapshot.comments]
    return keys


def _hash_keys(shown: Shown, complete: set[str]) -> list[tuple[str, str]]:
    return [
        (hop.id, text_hash(comment.text))
        for hop, snapshot in shown
        if hop.id not in complete
        for comment in snapshot.comments
    ]
