"""Messages to webhooks: queued in the transaction that records what they tell, claimed under a lease, settled under a fence.
Within a lane the first that is not finished alone is ready."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from gateway.domain.case import Case
from gateway.domain.webhooks import eyes
from gateway.domain.webhooks.eyes import Tidings
from gateway.domain.webhooks.model import Answer, Message, State, Webhook
from gateway.store import bulk
from gateway.store.db import Db
from gateway.store.scope import Scope
from gateway.store.webhook_tables import WebhookAttemptRow, WebhookMessageRow

MESSAGE: Table = WebhookMessageRow.__table__  # type: ignore[attr-defined]
ATTEMPT: Table = WebhookAttemptRow.__table__  # type: ignore[attr-defined]
_NAMES = tuple(one.name for one in fields(Message))
_WAITS = (State.PENDING.value, State.SENDING.value)


def tell(db: Db, cases: Sequence[Case]) -> None:
    """Queue what the events of these judgements tell to whom; the caller holds the tickets, so a lane keeps their order."""
    for case in cases:
        found = list(eyes.tidings(case))
        if found:
            _append(db, [_of_event(case, one) for one in _known(db, found)])


def _known(db: Db, found: Iterable[Tidings]) -> list[Tidings]:
    """Without those that are only for who was told of the same content before, and was not."""
    return [one for one in found if not one.if_known or _was_told(db, one)]


def _was_told(db: Db, one: Tidings) -> bool:
    before = and_(
        MESSAGE.c.webhook_id == one.webhook.id,
        MESSAGE.c.lane == one.event.ticket_id,
        MESSAGE.c.subject == one.subject,
    )
    return bool(one.subject) and db.execute(select(MESSAGE.c.seq).where(before).limit(1)).first() is not None


def _of_event(case: Case, one: Tidings) -> Message:
    return Message(
        id=case.new_id("msg"),
        org_id=one.webhook.org_id,
        webhook_id=one.webhook.id,
        lane=one.event.ticket_id,
        kind=one.kind,
        created_at=case.now,
        next_at=case.now,
        event_id=one.event.id,
        ticket_id=one.event.ticket_id,
        subject=one.subject,
    )


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What is told that is no event of a ticket. `subject` names the thing; its messages keep their order."""

    kind: str
    subject: str
    document: Mapping[str, Any]


def tell_fact(
    db: Db, webhooks: Iterable[Webhook], fact: Fact, *, new_id: Callable[[str], str], now: datetime
) -> list[Message]:
    """Queue a fact for those of these webhooks that want it, each as its own event."""
    made = [
        Message(
            id=new_id("msg"),
            org_id=one.org_id,
            webhook_id=one.id,
            lane=fact.subject,
            kind=fact.kind,
            created_at=now,
            next_at=now,
            event_id=new_id("evt"),
            subject=fact.subject,
            document=fact.document,
        )
        for one in webhooks
    ]
    _append(db, made)
    return made


def _append(db: Db, messages: Sequence[Message]) -> None:
    rows = [{name: value for name, value in _row(one).items() if name != "seq"} for one in messages]
    bulk.add(db, MESSAGE, rows)


def _row(message: Message) -> dict[str, Any]:
    return {**vars(message), "state": message.state.value}


def _message(row: RowMapping) -> Message:
    return Message(**{**{name: row[name] for name in _NAMES}, "state": State(row["state"])})


# -- on the way -------------------------------------------------------------------------------------------------------------


def waiting(db: Db, scope: Scope, *, now: datetime) -> list[str]:
    """Ids of webhooks for which something is to leave by now; whoever waits longest first."""
    table = MESSAGE.c
    wanted = select(table.webhook_id).where(_is_due(now), scope.where(MESSAGE))
    return list(db.execute(wanted.group_by(table.webhook_id).order_by(func.min(table.next_at))).scalars())


def _is_due(now: datetime) -> ColumnElement[bool]:
    table = MESSAGE.c
    lost = and_(table.state == State.SENDING.value, table.lease_until < now)
    return and_(
        table.state.in_(_WAITS), or_(and_(table.state == State.PENDING.value, table.next_at <= now), lost)
    )


def claim(
    db: Db, scope: Scope, webhook_id: str, *, until: datetime, at: tuple[datetime, int]
) -> list[Message]:
    """Take the first of each lane of a webhook under a lease and a new fence; those whose sender never came back, too.
    `at`: now, and how many at most."""
    now, limit = at
    earlier = MESSAGE.alias("earlier")
    before = exists(
        select(earlier.c.seq).where(
            earlier.c.webhook_id == webhook_id,
            earlier.c.lane == MESSAGE.c.lane,
            earlier.c.seq < MESSAGE.c.seq,
            earlier.c.state.in_(_WAITS),
        )
    )
    wanted = select(MESSAGE).where(
        MESSAGE.c.webhook_id == webhook_id, _is_due(now), ~before, scope.where(MESSAGE)
    )
    query = wanted.order_by(MESSAGE.c.seq).limit(limit).with_for_update(skip_locked=True)
    found = [_message(row) for row in db.execute(query).mappings()]
    if found:
        taken = {"state": State.SENDING.value, "lease_until": until, "fence": MESSAGE.c.fence + 1}
        db.execute(update(MESSAGE).where(MESSAGE.c.id.in_([one.id for one in found])).values(taken))
    return [
        Message(**{**vars(one), "state": State.SENDING, "lease_until": until, "fence": one.fence + 1})
        for one in found
    ]


def take(db: Db, message: Message, *, until: datetime) -> Message:
    """A message of this transaction as if it were claimed: whoever made it sends it."""
    taken = Message(**{**vars(message), "state": State.SENDING, "lease_until": until, "fence": 1})
    values = {"state": State.SENDING.value, "lease_until": until, "fence": 1}
    db.execute(update(MESSAGE).where(MESSAGE.c.id == message.id).values(values))
    return taken


def settle(db: Db, message: Message) -> bool:
    """Write down what became of a claimed message; False if somebody else has claimed it since."""
    mine = and_(
        MESSAGE.c.id == message.id,
        MESSAGE.c.fence == message.fence,
        MESSAGE.c.state == State.SENDING.value,
    )
    names = ("state", "next_at", "attempts", "lease_until", "done_at", "error")
    row = _row(message)
    changed = db.execute(update(MESSAGE).where(mine).values({name: row[name] for name in names}))
    return bool(changed.rowcount)


def record(db: Db, message: Message, answer: Answer, *, at: datetime) -> None:
    """Keep one try."""
    tried = {"org_id": message.org_id, "message_id": message.id, "at": at, "took_ms": answer.took_ms}
    db.execute(insert(ATTEMPT).values(**tried, status=answer.status, error=answer.error[:500]))


def drop_of(db: Db, scope: Scope, webhook_ids: Collection[str], *, now: datetime) -> int:
    """What waits for webhooks that are no more leads nowhere."""
    mine = and_(MESSAGE.c.webhook_id.in_(sorted(webhook_ids)), MESSAGE.c.state.in_(_WAITS))
    values = {"state": State.DROPPED.value, "done_at": now, "error": "the webhook was removed"}
    return db.execute(update(MESSAGE).where(mine, scope.where(MESSAGE)).values(values)).rowcount


def prune(db: Db, scope: Scope, *, before: datetime) -> int:
    """Forget messages that were made before then, told or not, with their tries."""
    old = select(MESSAGE.c.id).where(MESSAGE.c.created_at < before, scope.where(MESSAGE))
    db.execute(delete(ATTEMPT).where(ATTEMPT.c.message_id.in_(old)))
    return db.execute(delete(MESSAGE).where(MESSAGE.c.id.in_(old))).rowcount


# -- asked for --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Span:
    """Which messages of a webhook: those made in a stretch of time, in these states (none: all)."""

    since: datetime | None = None
    until: datetime | None = None
    states: frozenset[State] = frozenset()

    def where(self) -> list[ColumnElement[bool]]:
        """As conditions."""
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(MESSAGE.c.created_at >= self.since)
        if self.until is not None:
            found.append(MESSAGE.c.created_at < self.until)
        if self.states:
            found.append(MESSAGE.c.state.in_(sorted(one.value for one in self.states)))
        return found


def listed(db: Db, scope: Scope, webhook_id: str, span: Span, *, limit: int) -> list[Message]:
    """The newest first."""
    wanted = select(MESSAGE).where(MESSAGE.c.webhook_id == webhook_id, *span.where(), scope.where(MESSAGE))
    rows = db.execute(wanted.order_by(MESSAGE.c.seq.desc()).limit(limit))
    return [_message(row) for row in rows.mappings()]


def get(db: Db, scope: Scope, message_id: str) -> Message | None:
    """One by its id."""
    wanted = select(MESSAGE).where(MESSAGE.c.id == message_id, scope.where(MESSAGE))
    row = db.execute(wanted).mappings().first()
    return _message(row) if row else None


def tries(db: Db, scope: Scope, message_id: str) -> list[dict[str, Any]]:
    """The tries of one, the oldest first."""
    names = ("at", "took_ms", "status", "error")
    wanted = select(*(ATTEMPT.c[name] for name in names)).where(
        ATTEMPT.c.message_id == message_id, scope.where(ATTEMPT)
    )
    return [dict(row) for row in db.execute(wanted.order_by(ATTEMPT.c.seq)).mappings()]


def again(db: Db, scope: Scope, conditions: Sequence[ColumnElement[bool]], *, now: datetime) -> int:
    """Put messages that are finished back at their place in their lanes, under their own ids."""
    finished = MESSAGE.c.state.not_in(_WAITS)
    values = {"state": State.PENDING.value, "next_at": now, "attempts": 0, "done_at": None, "error": ""}
    changed = db.execute(update(MESSAGE).where(finished, *conditions, scope.where(MESSAGE)).values(values))
    return changed.rowcount


def of_webhook(webhook_id: str, span: Span) -> list[ColumnElement[bool]]:
    """Conditions for `again`: a stretch of time of a webhook."""
    return [MESSAGE.c.webhook_id == webhook_id, *span.where()]


def of_id(message_id: str) -> list[ColumnElement[bool]]:
    """Conditions for `again`: one message."""
    return [MESSAGE.c.id == message_id]


def at_once(db: Db, webhook_id: str, *, now: datetime) -> None:
    """What waits for its next try is tried now: its endpoint is believed to be well again."""
    waits = and_(MESSAGE.c.webhook_id == webhook_id, MESSAGE.c.state == State.PENDING.value)
    db.execute(update(MESSAGE).where(waits, MESSAGE.c.next_at > now).values(next_at=now))


def counts(db: Db, scope: Scope, *, since: timedelta, now: datetime) -> dict[str, dict[str, int]]:
    """Webhook id → state → how many of the messages made since then are in it."""
    wanted = select(MESSAGE.c.webhook_id, MESSAGE.c.state, func.count()).where(
        MESSAGE.c.created_at >= now - since, scope.where(MESSAGE)
    )
    found: dict[str, dict[str, int]] = {}
    for webhook_id, state, count in db.execute(wanted.group_by(MESSAGE.c.webhook_id, MESSAGE.c.state)):
        found.setdefault(webhook_id, {})[state] = count
    return found
