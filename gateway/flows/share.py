"""Links that open the page of one ticket or of one published report, as one organization sees it, for whoever holds them:
made, listed, taken back, and looked up when somebody comes with one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway import keys
from gateway.domain.problem import suggestion
from gateway.domain.timeline import sight
from gateway.errors import NotFound, Refused
from gateway.flows import sla
from gateway.flows.context import OPERATOR, Context
from gateway.store import audit, publications
from gateway.store import share as store
from gateway.store.db import Db
from gateway.store.share import ShareLink

LONGEST = timedelta(days=366)
REPORT = "pub_"
"""Begins the ids of published reports."""
_REMEMBER = timedelta(minutes=1)
"""How exact the time of last use is: a page that is loaded again and again writes no more often."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A link to be made: to that ticket or published report (by its id), for the organization of that code, valid for so
    long."""

    subject: str
    organization: str
    lasts: timedelta


def create(context: Context, wanted: Wanted, *, actor: str, now: datetime) -> tuple[ShareLink, str]:
    """A new link and its token, which is kept nowhere and shown this once. Raises NotFound for an unknown ticket or
    organization; Refused for one that has nothing to do with the ticket, and for a time that is none."""
    if not timedelta() < wanted.lasts <= LONGEST:
        why = "a link that never ends is forgotten and stays open"
        raise Refused("a link lasts up to 366 days", why=why, cure="--expires 7d")
    org_id = _party(context, wanted, now=now)
    token = keys.new_link()
    link = ShareLink(
        id=context.new_id("shr"),
        org_id=org_id,
        subject=wanted.subject,
        created_at=now,
        created_by=actor,
        expires_at=now + wanted.lasts,
    )
    with context.database.write() as db:
        store.put(db, link, sha256=keys.digest(token))
        _audit(db, link, "share link created", actor=actor, now=now)
    return link, token


def _party(context: Context, wanted: Wanted, *, now: datetime) -> str:
    """The organization's id, if the subject is its business."""
    is_report = wanted.subject.startswith(REPORT)
    may_see = _of_report(context, wanted) if is_report else _of_ticket(context, wanted, now=now)
    known = {one.code: one.id for one in context.directory_now.organizations.values()}
    if wanted.organization not in known:
        raise NotFound(
            f"there is no organization {wanted.organization!r}", cure=suggestion(wanted.organization, known)
        )
    if not may_see(known[wanted.organization]):
        parties = sorted(code for code, org_id in known.items() if may_see(org_id))
        what = "report" if is_report else "ticket"
        raise Refused(
            f"{wanted.organization} has nothing to do with this {what}",
            why="its page would show it what it may not see",
            cure=f"one of: {', '.join(parties)}" if parties else "publish it in that party's view",
        )
    return known[wanted.organization]


def _of_ticket(context: Context, wanted: Wanted, *, now: datetime) -> Callable[[str], bool]:
    found = sla.read(context, wanted.subject, now=now)
    chain, order = found.folded.chain, tuple(found.folded.order)
    return lambda org_id: sight(chain, org_id, order) is not None


def _of_report(context: Context, wanted: Wanted) -> Callable[[str], bool]:
    with context.database.read() as db:
        context.directory(db)
        found = publications.get(db, OPERATOR, wanted.subject)
    if found is None:
        raise NotFound(
            f"there is no published report {wanted.subject}", cure="interdesk report versions lists them"
        )
    return lambda org_id: org_id == found.org_id


def listed(context: Context, subject: str) -> list[ShareLink]:
    """The links to a ticket or report, those that no longer work too, the newest first."""
    with context.database.read() as db:
        return store.listed(db, OPERATOR, subject)


def revoke(context: Context, link_id: str, *, actor: str, now: datetime) -> ShareLink:
    """Take a link back, at once. Raises NotFound; a second time nothing happens."""
    with context.database.write() as db:
        link = store.get(db, OPERATOR, link_id)
        if link is None:
            raise NotFound(
                f"there is no link {link_id}",
                cure="interdesk sla links TICKET and interdesk report links REPORT show them",
            )
        if link.revoked_at is None:
            store.revoke(db, OPERATOR, link_id, now=now)
            _audit(db, link, "share link revoked", actor=actor, now=now)
        return store.get(db, OPERATOR, link_id) or link


def verify(context: Context, token: str, *, now: datetime) -> ShareLink | None:
    """Which link it is; None if it is none, expired or taken back. Found by its digest: how long that takes says nothing
    about any other link."""
    if not keys.is_link(token):
        return None
    with context.database.read() as db:
        link = store.by_digest(db, keys.digest(token))
    if link is None or not link.is_valid(now):
        return None
    if link.used_at is None or link.used_at < now - _REMEMBER:
        with context.database.write() as db:
            store.used(db, link.id, now=now, since=now - _REMEMBER)
    return link


def _audit(db: Db, link: ShareLink, action: str, *, actor: str, now: datetime) -> None:
    audit.record(
        db,
        now=now,
        org_id=link.org_id,
        actor=actor,
        action=action,
        subject=link.id,
        before=None,
        after={
            "report" if link.subject.startswith(REPORT) else "ticket": link.subject,
            "expires_at": link.expires_at.isoformat(),
        },
    )
