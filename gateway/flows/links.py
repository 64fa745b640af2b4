"""Links as their two sides see and move them: listed, shown, let go live, paused, ended. What is not yours does not exist; of the
other side everybody sees whose it is, how it stands and what it was told."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain import linking as rules
from gateway.domain.case import OPEN
from gateway.domain.directory import Directory
from gateway.domain.linking import OPERATOR as THE_OPERATOR
from gateway.domain.linking import Act, Invitation, Standing
from gateway.domain.model import Link
from gateway.errors import NotFound
from gateway.flows import preflight
from gateway.flows.context import Context
from gateway.flows.link_steps import By, record
from gateway.flows.webhooks import facts
from gateway.store import directory, views
from gateway.store import linking as store
from gateway.store.db import Db, beyond

View = dict[str, Any]
_OPEN = sorted(status.value for status in OPEN)
MOST = 200


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who reads, and the directory in whose words."""

    known: Directory
    by: By

    def code(self, org_id: str | None) -> str:
        """An organization's code; the operator is called so."""
        if not org_id:
            return ""
        found = self.known.organizations.get(org_id)
        return found.code if found is not None else org_id

    def desk(self, desk_id: str) -> str:
        """A desk's code; nothing for one that was removed since."""
        found = self.known.desks.get(desk_id)
        return found.code if found is not None else ""

    def is_mine(self, org_id: str) -> bool:
        """Whether it is the reader's own business."""
        return self.by.party in (None, org_id)


def find(known: Directory, name: str, by: By) -> Link:
    """A link by its code or id. Raises NotFound for one that is not the reader's too."""
    mine = {link.code: link for link in known.links.values() if _sees(link, by)}
    by_id = {link.id: link for link in mine.values()}
    found = mine.get(name) or by_id.get(name)
    if found is None:
        raise NotFound(f"there is no link {name!r}", cure="interdesk link list shows yours")
    return found


def _sees(link: Link, by: By) -> bool:
    return by.party in (None, link.upstream_org_id, link.downstream_org_id)


def listed(context: Context, by: By) -> View:
    """`links` and `invitations`, as documents."""
    with context.database.read(by.scope) as db:
        reader = Reader(known=context.directory(db), by=by)
        mine = [link for link in reader.known.links.values() if _sees(link, by)]
        return {
            "links": [_brief(reader, link) for link in sorted(mine, key=lambda one: one.code)],
            "invitations": [
                invitation_view(reader, one) for one in store.invitations(db, by.scope, limit=MOST)
            ],
        }


def invitation(context: Context, invitation_id: str, by: By) -> View:
    """One of the invitations that one has made. Raises NotFound."""
    with context.database.read(by.scope) as db:
        found = store.invitation(db, by.scope, invitation_id)
        if found is None:
            raise NotFound(f"there is no invitation {invitation_id}", cure="interdesk link list shows them")
        return invitation_view(Reader(known=context.directory(db), by=by), found)


def _brief(reader: Reader, link: Link) -> View:
    return {
        "id": link.id,
        "code": link.code,
        "state": link.state.value,
        "test": link.test,
        "upstream": reader.code(link.upstream_org_id),
        "downstream": reader.code(link.downstream_org_id),
        "upstream_desk": reader.known.desk(link.upstream_desk_id).code,
        "downstream_desk": reader.known.desk(link.downstream_desk_id).code,
        "valid_until": link.valid_until,
    }


def invitation_view(reader: Reader, one: Invitation) -> View:
    """An invitation as one side reads it; never its code. People of the other side stay theirs."""
    mine = reader.is_mine(one.org_id)
    expired = one.state is rules.Answer.PENDING and reader.by.now >= one.expires_at
    answered_mine = one.answered_org_id is not None and reader.is_mine(one.answered_org_id)
    return {
        "id": one.id,
        "from": reader.code(one.org_id),
        "desk": reader.desk(one.desk_id),
        "role": one.role.value,
        "to": reader.code(one.to_org_id),
        "contact": one.contact,
        "agreement": one.agreement,
        "terms": dict(one.terms),
        "state": "expired" if expired else one.state.value,
        "created_at": one.created_at,
        "created_by": one.created_by if mine else "",
        "expires_at": one.expires_at,
        "answered_at": one.answered_at,
        "answered_by": one.answered_by if answered_mine or (mine and not one.answered_org_id) else "",
        "answered_for": reader.code(one.answered_org_id),
        "reason": one.reason,
        "link": one.link_id,
    }


def of_invitation(context: Context, one: Invitation, by: By) -> View:
    """The same, read alone."""
    with context.database.read() as db:
        return invitation_view(Reader(known=context.directory(db), by=by), one)


def show(context: Context, name: str, by: By) -> View:
    """One link whole: how it stands, what was agreed, its checks, what happened to it. Raises NotFound."""
    with context.database.read(by.scope) as db:
        reader = Reader(known=context.directory(db), by=by)
        link = find(reader.known, name, by)
        life = store.life(db, link.id, link.org_id)
        standing = Standing(link=link, state=link.state, life=life)
        return {
            **_brief(reader, link),
            "passes": _document(link.passage) if reader.is_mine(link.upstream_org_id) else None,
            "crosses": _document(link.crossing),
            "agreement": life.agreement,
            "ready": sorted(map(reader.code, life.ready)),
            "paused_by": sorted(map(reader.code, rules.pausers(standing))),
            "open_tickets": _open_over(db, link.id),
            "warnings": list(_warnings(reader, link)),
            "checked_at": life.checked_at,
            "check_at": life.check_at,
            "checks": preflight.shown(preflight.checks_of(life), by.party),
            "steps": [_step(reader, row) for row in store.steps(db, by.scope, subject=link.id)],
        }


def _open_over(db: Db, link_id: str) -> int:
    """A number that both ends read; the assignments are the downstream's."""
    with beyond(db):
        return store.open_over(db, link_id, _OPEN)


def _document(noun: Any) -> View:
    """A frozen noun as a document, for reading."""
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in dataclasses.asdict(noun).items()
    }


def _warnings(reader: Reader, link: Link) -> Iterator[str]:
    for other in reader.known.links.values():
        back = (other.upstream_desk_id, other.downstream_desk_id) == (
            link.downstream_desk_id,
            link.upstream_desk_id,
        )
        if back and other.state not in rules.OVER:
            yield (
                f"{other.code} leads back between the same desks: each carries its own tickets, and none returns to a desk "
                "it came through"
            )
    if link.passage.when is None and not link.passage.delegate_as:
        yield "no ticket passes by itself: it has neither passes.when nor passes.delegate_as; interdesk offer hands one over"


def _step(reader: Reader, row: store.Row) -> View:
    mine = row["org_id"] == THE_OPERATOR or reader.is_mine(row["org_id"])
    return {
        "at": row["at"],
        "by": "operator" if row["org_id"] == THE_OPERATOR else reader.code(row["org_id"]),
        "actor": row["actor"] if mine else "",
        "act": row["act"],
        "before": row["before"],
        "after": row["after"],
        "reason": row["reason"],
    }


def news(context: Context, by: By) -> list[View]:
    """What happened to the reader's links and invitations, the newest first."""
    with context.database.read(by.scope) as db:
        reader = Reader(known=context.directory(db), by=by)
        return [
            {"subject": row["subject"], **_step(reader, row)} for row in store.steps(db, by.scope, limit=MOST)
        ]


# -- moves --------------------------------------------------------------------------------------------------------------------


def move(context: Context, name: str, act: Act, reason: str, by: By) -> View:
    """Activate, pause or resume. Raises NotFound or Refused."""
    with context.database.write() as db:
        directory.lock(db)
        link = find(context.directory(db), name, by)
        _moved(context, db, link, (act, reason), by)
    return show(context, link.id, by)


def _moved(context: Context, db: Db, link: Link, move: tuple[Act, str], by: By) -> Standing:
    """The same link afterwards; told to both sides if anything is different. `move`: what is done, and why."""
    act, reason = move
    known = store.life(db, link.id, link.org_id)
    before = Standing(link=link, state=store.state_of(db, link.id), life=known)
    after = rules.after(before, act, by.org_id)
    if after == before:
        return after
    store.keep_life(db, after.life)
    if after.state is not before.state:
        store.set_state(db, link.id, after.state)
        directory.bump(db)
    sides = (link.id, link.upstream_org_id, link.downstream_org_id)
    record(db, sides, act, by, (before.state, after.state, reason))
    facts.tell_of_link(context, db, link, (act, before.state, after.state), now=by.now)
    return after


def end(context: Context, name: str, reason: str, by: By) -> View:
    """No new ticket passes from now on, those that are under way finish; what was given to the other side is taken back. Tells
    what stays where. Raises NotFound or Refused."""
    with context.database.write() as db:
        directory.lock(db)
        known = context.directory(db)
        link = find(known, name, by)
        after = _moved(context, db, link, (Act.END, reason), by)
        store.keep_life(db, replace(after.life, ended_at=by.now))
        tickets = store.tickets_over(db, link.id)
        pages = store.revoke_pages(db, tickets, now=by.now)
        under_way = store.open_over(db, link.id, _OPEN)
    told = list(_what_stays(known, link, (len(tickets), under_way, pages)))
    return {**show(context, link.id, by), "stays": told}


def _what_stays(known: Directory, link: Link, counts: tuple[int, int, int]) -> Iterator[str]:
    tickets, under_way, pages = counts
    yield f"no new ticket passes; {under_way} under way go on until they are over, and then nothing crosses any more"
    yield f"{tickets} tickets passed over it: both desks keep theirs as they are, with all that was written there"
    yield f"{pages} links to pages of these tickets were taken back"
    yield "the gateway keeps the history, for clocks, reports and the audit; interdesk link export writes it to a file"
    for desk_id in (link.upstream_desk_id, link.downstream_desk_id):
        desk = known.desk(desk_id)
        others = [
            other.code
            for other in known.links.values()
            if other.id != link.id
            and desk_id in (other.upstream_desk_id, other.downstream_desk_id)
            and other.state not in rules.OVER
        ]
        if others:
            yield f"desk {desk.code} still needs our account there, for {len(others)} other links"
        else:
            yield f"desk {desk.code} is on no other link: take our account's rights there back when the last ticket is over"


def export(context: Context, name: str, by: By) -> list[View]:
    """Everything one side may read of a link: the link, then each of its tickets with assignments and events, a document
    each. Raises NotFound."""
    whole = show(context, name, by)
    with context.database.read(by.scope) as db:
        with beyond(db):  # by the hops at the other end; what is seen of each is asked next
            ids = store.tickets_over(db, whole["id"])
        seen = [views.ticket(db, by.scope, ticket_id) for ticket_id in ids]
    return [{"link": whole}, *({"ticket": one} for one in seen if one is not None)]


def link_named(context: Context, name: str, by: By) -> Link:
    """A link of the reader's, by its code or id. Raises NotFound."""
    with context.database.read() as db:
        return find(context.directory(db), name, by)
