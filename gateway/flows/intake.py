"""Messages: stored before they are answered, then read. Each ends processed or quarantined (D2)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway import failpoints
from gateway.domain import judge, opening
from gateway.domain.case import Case
from gateway.domain.directory import Directory
from gateway.domain.model import Desk, Field, Hop, Message, Sighting, Snapshot
from gateway.errors import NotFound, Unreadable
from gateway.flows.context import OPERATOR, Context
from gateway.flows.evidence import Evidence
from gateway.store import cases, inbox, locks, looks
from gateway.store.db import Db
from gateway.store.health import will_pass

log = logging.getLogger(__name__)


def accept(context: Context, messages: Sequence[tuple[Message, str]]) -> None:
    """Store verified messages with their desks' organizations, all in one commit. On disk when this returns (D1)."""
    failpoints.step("message.received")
    with context.database.write() as db:
        inbox.put(db, messages)
    failpoints.step("message.committed")


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """One sighting of one message, with the desk it came from."""

    message_id: str
    desk: Desk
    sighting: Sighting

    @property
    def key(self) -> tuple[str, str]:
        """(desk id, remote id): which ticket at which desk."""
        return self.desk.id, self.sighting.remote_id


def process(context: Context, *, now: datetime, limit: int = 100) -> int:
    """Read up to `limit` waiting messages in one transaction. Returns how many there were.

    If judging them fails, each is read alone: the one that fails then is quarantined and harms no other.
    """
    try:
        return _process(context, now=now, limit=limit)
    except Exception as error:
        if will_pass(error):
            raise  # the database, not a message: everything is tried again
        log.exception("reading messages together failed; each is read alone")
    with (
        context.database.write() as db
    ):  # as the next batch: whoever floods us with what fails delays nobody either
        waiting = [message.id for message in inbox.take(db, OPERATOR, limit=limit)]
    for message_id in waiting:
        _process_alone(context, message_id, now)
    return len(waiting)


def _process_alone(context: Context, message_id: str, now: datetime) -> None:
    try:
        _process(context, now=now, limit=1, only=message_id)
    except Exception as error:
        if will_pass(error):
            raise
        told = {"message_id": message_id, "state": "quarantined"}
        log.exception("message %s cannot be judged", message_id, extra=told)
        with context.database.write() as db:
            inbox.end(db, [(message_id, "quarantined", f"it could not be judged: {error!r}")], now=now)


def _process(context: Context, *, now: datetime, limit: int, only: str | None = None) -> int:
    with context.database.write() as db:
        waiting = inbox.take(db, OPERATOR, limit=limit, only=only)
        if not waiting:
            return 0
        directory = context.directory(db)
        seen, verdicts = _read(context, directory, waiting)
        failpoints.step("process.read")
        _judge(context, db, now, seen)
        inbox.end(db, verdicts, now=now)
        failpoints.step("process.before_commit")
    failpoints.step("process.committed")
    _tell(directory, waiting, verdicts)
    return len(waiting)


def _tell(directory: Directory, read: Sequence[Message], verdicts: Sequence[tuple[str, str, str]]) -> None:
    """One line a message, never why it could not be read: that may quote it. Costs nothing where nobody listens."""
    fine = log.isEnabledFor(logging.INFO)
    for message, (_, state, _why) in zip(read, verdicts, strict=True):
        if fine or state != "processed":
            desk = directory.desks.get(message.desk_id)
            code = desk.code if desk else message.desk_id
            level = logging.INFO if state == "processed" else logging.WARNING
            log.log(
                level, "a message was read", extra={"message_id": message.id, "desk": code, "state": state}
            )


def _read(
    context: Context, directory: Directory, waiting: Sequence[Message]
) -> tuple[list[_Seen], list[tuple[str, str, str]]]:
    """What the messages say; a message that cannot be read is quarantined and harms no other."""
    seen: list[_Seen] = []
    verdicts: list[tuple[str, str, str]] = []
    for message in waiting:
        try:
            desk = directory.desk(message.desk_id)
            found = context.connector(desk).parse(message, desk)
        except (Unreadable, NotFound) as error:
            verdicts.append((message.id, "quarantined", str(error)))
        except Exception as error:  # a connector's own fault must not stop the messages of others
            log.exception("connector failed on message %s", message.id)
            verdicts.append((message.id, "quarantined", f"the connector failed: {error!r}"))
        else:
            seen += [_Seen(message_id=message.id, desk=desk, sighting=sighting) for sighting in found]
            verdicts.append((message.id, "processed", ""))
    return seen, verdicts


def _judge(context: Context, db: Db, now: datetime, seen: list[_Seen]) -> None:
    """Snapshots that prove what they say are judged at once; everything else becomes a wish to look."""
    occasion = context.occasion(db, now)
    places = locks.find_or_lock(db, {one.key for one in seen})
    loaded = cases.load(db, OPERATOR, [place[0] for place in places.values()], occasion)
    evidence = Evidence(context, db, _shown(seen, places, loaded))
    opened: dict[tuple[str, str], Case] = {}
    wishes: list[looks.Wish] = []
    for one in seen:
        case = opened.get(one.key) or (loaded[places[one.key][0]] if one.key in places else None)
        hop, snapshot = _hop_at(case, one.key), one.sighting.snapshot
        if snapshot is not None and hop is None and _may_open(occasion.directory, one.desk, snapshot):
            opened[one.key] = opening.open_case(occasion, one.desk, snapshot)
        elif snapshot is not None and case and hop and _proves(one.desk, hop, snapshot):
            known = evidence.known(case, hop.id)
            judge.observe(case, hop.id, judge.Sight(snapshot=snapshot, known=known, looked_at=occasion.now))
        elif not _is_old(hop, snapshot):
            wishes.append(_wish(one, occasion.now))
    cases.save(db, [*loaded.values(), *opened.values()])
    looks.want(db, wishes)


def _shown(
    seen: list[_Seen], places: dict[tuple[str, str], tuple[str, str]], loaded: dict[str, Case]
) -> list[tuple[Hop, Snapshot]]:
    shown = []
    for one in seen:
        place = places.get(one.key)
        if place is not None and one.sighting.snapshot is not None:
            shown.append((loaded[place[0]].hops[place[1]], one.sighting.snapshot))
    return shown


def _hop_at(case: Case | None, key: tuple[str, str]) -> Hop | None:
    if case is None:
        return None
    return next((hop for hop in case.hops.values() if (hop.desk_id, hop.remote_id) == key), None)


def _may_open(directory: Directory, desk: Desk, snapshot: Snapshot) -> bool:
    """A signed, whole snapshot of a ticket nobody of ours made; anything less is looked at first."""
    if not desk.capabilities.signed_webhooks or not snapshot.complete or snapshot.revision is None:
        return False
    if snapshot.fields.get(Field.MARKER) or Field.MARKER not in snapshot.fields:
        return False
    return opening.is_ours(directory, desk, snapshot)


def _proves(desk: Desk, hop: Hop, snapshot: Snapshot) -> bool:
    """Rule 8: a payload serves as a snapshot only if it is signed, whole and newer than the shadow."""
    if not desk.capabilities.signed_webhooks or not snapshot.complete:
        return False
    return _is_newer(hop.revision, snapshot.revision)


def _is_newer(known: str | None, shown: str | None) -> bool:
    if shown is None or not shown.isdecimal():
        return False
    return known is None or (known.isdecimal() and int(shown) > int(known))


def _is_old(hop: Hop | None, snapshot: Snapshot | None) -> bool:
    """A payload that says no more than we know already."""
    if hop is None or snapshot is None or snapshot.revision is None or hop.revision is None:
        return False
    return snapshot.revision == hop.revision or _is_newer(snapshot.revision, hop.revision)


def _wish(one: _Seen, now: datetime) -> looks.Wish:
    return looks.Wish(
        org_id=one.desk.org_id,
        desk_id=one.desk.id,
        remote_id=one.sighting.remote_id,
        due_at=now,
        why="webhook",
    )
