"""Rows of invitations, of the lives of links, of what happened to them, and of guesses. Codes are kept as hashes."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, RowMapping, Table, delete, insert, or_, select, true, update

from gateway.domain.linking import Answer, Invitation, Life, Role
from gateway.domain.model import LinkState
from gateway.store import rows
from gateway.store.db import Db
from gateway.store.directory import LINK
from gateway.store.linking_tables import GuessRow, InvitationRow, LinkLifeRow, LinkStepRow
from gateway.store.scope import Scope
from gateway.store.share import SHARE_LINK

INVITATION: Table = InvitationRow.__table__  # type: ignore[attr-defined]
LIFE: Table = LinkLifeRow.__table__  # type: ignore[attr-defined]
STEP: Table = LinkStepRow.__table__  # type: ignore[attr-defined]
GUESS: Table = GuessRow.__table__  # type: ignore[attr-defined]

_INVITATION = tuple(one.name for one in fields(Invitation))
_LIFE = tuple(one.name for one in fields(Life))
Row = Mapping[str, Any]


def _either(scope: Scope, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether one of these organizations is within the scope."""
    if scope.org_ids is None:
        return true()
    return or_(*(column.in_(sorted(scope.org_ids)) for column in columns))


# -- invitations --------------------------------------------------------------------------------------------------------------


def put_invitation(db: Db, invitation: Invitation, *, sha256: str) -> None:
    """Keep a new one by its code's digest."""
    plain = {"role": invitation.role.value, "state": invitation.state.value, "terms": dict(invitation.terms)}
    db.execute(insert(INVITATION).values({**asdict(invitation), **plain, "sha256": sha256}))


def invitations(db: Db, scope: Scope, *, limit: int) -> list[Invitation]:
    """Those that the scope made, is meant by or answered; the newest first."""
    table = INVITATION.c
    mine = _either(scope, table.org_id, table.to_org_id, table.answered_org_id)
    query = select(INVITATION).where(mine).order_by(table.id.desc()).limit(limit)
    return [_invitation(row) for row in db.execute(query).mappings()]


def invitation(db: Db, scope: Scope, invitation_id: str) -> Invitation | None:
    """One that the scope made, by its id."""
    query = select(INVITATION).where(INVITATION.c.id == invitation_id, scope.where(INVITATION))
    row = db.execute(query).mappings().first()
    return _invitation(row) if row else None


def by_digest(db: Db, sha256: str) -> Invitation | None:
    """The one with this code. Has no scope: the code is what lets its bearer in. Found by digest, so that how long it takes
    says nothing of any other code."""
    row = db.execute(select(INVITATION).where(INVITATION.c.sha256 == sha256)).mappings().first()
    return _invitation(row) if row else None


_ANSWER = ("answered_at", "answered_by", "answered_org_id", "reason", "link_id")


def answer(db: Db, answered: Invitation) -> bool:
    """Answer one that is still open; False where somebody was faster."""
    still = (INVITATION.c.id == answered.id) & (INVITATION.c.state == Answer.PENDING.value)
    values = {name: getattr(answered, name) for name in _ANSWER} | {"state": answered.state.value}
    return bool(db.execute(update(INVITATION).where(still).values(values)).rowcount)


def _invitation(row: RowMapping) -> Invitation:
    values = {name: row[name] for name in _INVITATION}
    return Invitation(
        **values | {"role": Role(row["role"]), "state": Answer(row["state"]), "terms": row["terms"] or {}}
    )


# -- links --------------------------------------------------------------------------------------------------------------------


def make(db: Db, values: Mapping[str, Any]) -> None:
    """A new link, as its row has it."""
    db.execute(insert(LINK).values(**values, version=1))


def set_state(db: Db, link_id: str, state: LinkState) -> None:
    """A link's state; its document stays."""
    db.execute(update(LINK).where(LINK.c.id == link_id).values(state=state.value, version=LINK.c.version + 1))


def state_of(db: Db, link_id: str) -> LinkState:
    """As it is now, locked until the transaction ends."""
    query = select(LINK.c.state).where(LINK.c.id == link_id).with_for_update()
    return LinkState(db.execute(query).scalar_one())


def codes(db: Db) -> set[str]:
    """The codes of all links there are: a new one needs another."""
    return set(db.execute(select(LINK.c.code)).scalars())


def life(db: Db, link_id: str, org_id: str) -> Life:
    """What is known of a link; of one that only a configuration file speaks of, nothing yet."""
    row = db.execute(select(LIFE).where(LIFE.c.link_id == link_id)).mappings().first()
    return _life(row) if row else Life(link_id=link_id, org_id=org_id)


def keep_life(db: Db, known: Life) -> None:
    """Write it down."""
    plain = {
        "ready": sorted(known.ready),
        "paused_by": sorted(known.paused_by),
        "checks": [dict(one) for one in known.checks],
    }
    values = {**{name: getattr(known, name) for name in _LIFE}, **plain}
    if not db.execute(update(LIFE).where(LIFE.c.link_id == known.link_id).values(values)).rowcount:
        db.execute(insert(LIFE).values(values))


def forget(db: Db, link_id: str) -> None:
    """The link is not there any more."""
    db.execute(delete(LIFE).where(LIFE.c.link_id == link_id))


def due(db: Db, *, now: datetime, until: datetime, limit: int) -> list[str]:
    """Ids of links whose checks are due, taken until a moment: no other worker makes them meanwhile."""
    query = (
        select(LIFE.c.link_id)
        .where(LIFE.c.check_at.is_not(None), LIFE.c.check_at <= now)
        .order_by(LIFE.c.check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(db.execute(query).scalars())
    if found:
        db.execute(update(LIFE).where(LIFE.c.link_id.in_(found)).values(check_at=until))
    return found


def is_any_due(db: Db, *, now: datetime) -> bool:
    """Whether the checks of any link are due; cheap."""
    query = select(LIFE.c.link_id).where(LIFE.c.check_at.is_not(None), LIFE.c.check_at <= now).limit(1)
    return db.execute(query).first() is not None


def _life(row: RowMapping) -> Life:
    values = {name: row[name] for name in _LIFE}
    lists = {"ready": frozenset(row["ready"] or ()), "paused_by": frozenset(row["paused_by"] or ())}
    return Life(**values | lists | {"checks": tuple(row["checks"] or ())})


# -- what happened ------------------------------------------------------------------------------------------------------------


class Step(TypedDict):
    """One thing that happened to a link or an invitation (`subject`), and who may read of it."""

    org_id: str
    subject: str
    side_one: str
    side_two: str
    at: datetime
    actor: str
    act: str
    before: str
    after: str
    reason: str


def record(db: Db, step: Step) -> None:
    """Add one."""
    db.execute(insert(STEP).values(**step))


def steps(db: Db, scope: Scope, *, subject: str | None = None, limit: int = 200) -> list[Row]:
    """The newest first; of one link or invitation, or of all that the scope may read of."""
    query = select(STEP).where(_either(scope, STEP.c.side_one, STEP.c.side_two))
    if subject is not None:
        query = query.where(STEP.c.subject == subject)
    return [dict(row) for row in db.execute(query.order_by(STEP.c.seq.desc()).limit(limit)).mappings()]


# -- tickets over a link ------------------------------------------------------------------------------------------------------


def tickets_over(db: Db, link_id: str) -> list[str]:
    """Ids of the tickets that passed over it, the oldest first."""
    query = select(rows.hop.c.ticket_id).where(rows.hop.c.link_id == link_id).distinct()
    return sorted(db.execute(query).scalars())


def open_over(db: Db, link_id: str, states: list[str]) -> int:
    """How many assignments over it are in one of these states."""
    mine = (rows.hop.c.link_id == link_id) & rows.hop.c.status.in_(states)
    return len(db.execute(select(rows.hop.c.id).where(mine)).scalars().all())


def revoke_pages(db: Db, ticket_ids: list[str], *, now: datetime) -> int:
    """Take back what shows these tickets' pages; how many that were."""
    table = SHARE_LINK.c
    standing = table.subject.in_(ticket_ids) & table.revoked_at.is_(None) & (table.expires_at > now)
    return int(db.execute(update(SHARE_LINK).where(standing).values(revoked_at=now)).rowcount)


# -- guesses ------------------------------------------------------------------------------------------------------------------


def guesses(db: Db, org_id: str, *, since: datetime) -> tuple[int, datetime] | None:
    """How many an organization has made in the window that is open, and when that began."""
    row = db.execute(select(GUESS.c.count, GUESS.c.since).where(GUESS.c.org_id == org_id)).first()
    return (row[0], row[1]) if row is not None and row[1] > since else None


def guessed(db: Db, org_id: str, *, now: datetime, within: timedelta) -> None:
    """Count one more."""
    known = guesses(db, org_id, since=now - within)
    count, since = (known[0] + 1, known[1]) if known else (1, now)
    mine = GUESS.c.org_id == org_id
    if not db.execute(update(GUESS).where(mine).values(count=count, since=since)).rowcount:
        db.execute(insert(GUESS).values(org_id=org_id, count=count, since=since))
