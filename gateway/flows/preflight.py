"""Asking the two desks of a link whether they are ready: before it goes live, when somebody wants to know, and every day after.
What their answers mean is `gateway.domain.preflight`. No transaction is open while a desk is asked."""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.desk_auth import Credentials
from gateway.desk_client import DeskClient
from gateway.domain import holding, letters, linking, preflight
from gateway.domain.escalation import MAIL, reached_at
from gateway.domain.letters import Letter
from gateway.domain.linking import Act, Life, Standing
from gateway.domain.model import Contact, Desk, DeskFacts, Link
from gateway.domain.preflight import Asked, Check
from gateway.errors import DeskDenied, DeskError, InterdeskError, NotFound, Refused
from gateway.flows.context import OPERATOR, Context
from gateway.flows.link_steps import By, record
from gateway.flows.webhooks import facts
from gateway.store import alarms, directory, inbox, views
from gateway.store import linking as store
from gateway.store.db import Db

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=20)
LEASE = timedelta(minutes=5)
"""For so long another worker leaves a link's checks alone."""
EASE = timedelta(minutes=1)
"""At somebody's word desks are asked at most so often; until then what they said last stands."""
AT_ONCE = 2
LIMIT = 10
ROUND_SECONDS = 60.0
GATEWAY = "gateway"


@dataclass(frozen=True, kw_only=True)
class Call:
    """How to ask a desk: the wire, what opens its door, and our own clock."""

    client: DeskClient
    credentials: Callable[[Desk], Credentials]
    now: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class _Hooks:
    """What is known of the hooks of the desks: who has a secret or token, when each was last heard."""

    tokens: frozenset[str]
    heard: dict[str, datetime | None]


def is_wanted(context: Context, link_id: str, by: By) -> bool:
    """Whether the desks of a link are to be asked at somebody's word: not when they were within EASE. Raises Refused for a link
    that is over: nothing is carried between its desks any more."""
    with context.database.read() as db:
        link = _link(context, db, link_id)
        known = store.life(db, link.id, link.org_id)
    if link.state in linking.OVER:
        raise Refused(
            f"{link.code} is {link.state.value}: its desks are not asked",
            cure="interdesk link list shows yours",
        )
    return known.checked_at is None or by.now - known.checked_at >= EASE


class Askings:
    """Questions to desks that are under way at the word of organizations, AT_ONCE of each. One per process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def of(self, org_id: str) -> Iterator[None]:
        """For as long as one is under way. Raises Refused for one too many."""
        with self._lock:
            if self._under_way[org_id] >= AT_ONCE:
                raise Refused(
                    f"{AT_ONCE} questions of yours to desks are under way",
                    cure="ask again when they are answered",
                )
            self._under_way[org_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= Counter([org_id])  # drops what is back at nothing


async def check(context: Context, call: Call, link_id: str, by: By) -> list[Check]:
    """Ask both desks of a link, write down what they said, and validate it if that is enough. Raises NotFound."""
    link, hooks = await asyncio.to_thread(_about, context, link_id)
    known = context.directory_now
    desks = [known.desk(link.upstream_desk_id), known.desk(link.downstream_desk_id)]
    asked = await asyncio.gather(*(_ask(context, call, desk, hooks) for desk in desks))
    found = [one for each in asked for one in preflight.checks(each, now=call.now())]
    found += holding.checks(link, *desks)
    await asyncio.to_thread(keep, context, link, found, replace(by, now=call.now()))
    return found


def _about(context: Context, link_id: str) -> tuple[Link, _Hooks]:
    with context.database.read() as db:
        link = _link(context, db, link_id)
        ends = (link.upstream_desk_id, link.downstream_desk_id)
        heard = {desk_id: inbox.last_heard(db, OPERATOR, desk_id) for desk_id in ends}
        return link, _Hooks(tokens=frozenset(views.hook_tokens(db, OPERATOR)), heard=heard)


def _link(context: Context, db: Db, link_id: str) -> Link:
    link = context.directory(db).links.get(link_id)
    if link is None:
        raise NotFound(f"there is no link {link_id}", cure="interdesk link list shows yours")
    return link


async def _ask(context: Context, call: Call, desk: Desk, hooks: _Hooks) -> Asked:
    connector = context.connector(desk)
    asked = Asked(
        desk=desk,
        manifest=connector.manifest,
        facts=None,
        has_secret=bool(desk.hook_secrets) or desk.id in hooks.tokens,
        heard_at=hooks.heard[desk.id],
    )
    try:
        facts = await call.client.ask(
            connector.check(desk), desk=desk, credentials=call.credentials(desk), deadline=PATIENCE
        )
    except InterdeskError as error:
        return replace(asked, refusal=_refusal(error))
    return replace(asked, facts=facts, ahead=_ahead(call, desk, facts))


def _ahead(call: Call, desk: Desk, facts: DeskFacts) -> timedelta | None:
    """By what the desk says itself, else by its answer's date."""
    if facts.clock is not None:
        return facts.clock - call.now()
    sample = call.client.clock_of(desk.id)
    return sample.offset if sample is not None else None


def _refusal(error: InterdeskError) -> tuple[str, str]:
    cure = error.cure or "correct the desk's settings and apply them"
    if isinstance(error, DeskDenied):
        cure = "give it credentials that are valid"
    elif isinstance(error, DeskError):
        cure = "is the address right, is the desk up, does the network let us through?"
    return f"{error.code}: {error.what}{': ' + error.why if error.why else ''}", cure


def keep(context: Context, link: Link, found: Sequence[Check], by: By) -> None:
    """Write down what was found; a link whose checks pass is validated, and what got worse is told to whose desk it is."""
    with context.database.write() as db:
        directory.lock(db)
        known = store.life(db, link.id, link.org_id)
        before = Standing(link=link, state=store.state_of(db, link.id), life=known)
        over = before.state in linking.OVER
        life = replace(
            known,
            checks=tuple(asdict(check) for check in found),
            checked_at=by.now,
            check_at=None if over else by.now + linking.CHECK_EVERY,
        )
        after = replace(before, life=life)
        if not over and preflight.passes(found):
            after = linking.after(after, Act.VALIDATE, by.org_id)
        if after.state is not before.state:
            store.set_state(db, link.id, after.state)
            _told(db, after, "validated", by, (before.state, after.state, ""))
            moved = ("validated", before.state, after.state)
            facts.tell_of_link(context, db, link, moved, now=by.now)
            directory.bump(db)
        store.keep_life(db, life)
        worse = preflight.worse(checks_of(known), found) if known.checked_at and not over else []
        _warn(context, db, after, worse, by)


def checks_of(life: Life) -> list[Check]:
    """The checks of a life, as they were found."""
    return [Check(**one) for one in life.checks]


def _told(db: Db, standing: Standing, act: str, by: By, moved: tuple[str, str, str]) -> None:
    link = standing.link
    record(db, (link.id, link.upstream_org_id, link.downstream_org_id), act, by, moved)


def _warn(context: Context, db: Db, standing: Standing, worse: Sequence[Check], by: By) -> None:
    """A letter to the first contacts of each side whose desk got worse. Tickets go on: nothing is stopped by itself."""
    for org_id in sorted({check.org_id for check in worse}):
        mine = [check for check in worse if check.org_id == org_id]
        reason = "; ".join(f"{check.desk}: {check.name}" for check in mine)
        record(
            db,
            (standing.link.id, org_id, org_id),
            "checks failed",
            by,
            (standing.state, standing.state, reason),
        )
        alarms.keep(db, new=[], changed=[], letters=_letters(context, standing.link, mine, by))


def _letters(context: Context, link: Link, failed: Sequence[Check], by: By) -> list[Letter]:
    org_id = failed[0].org_id
    people: Sequence[Contact | None] = [
        one
        for one in context.directory_now.contacts.get(org_id, ())
        if one.level == 1 and one.channel == MAIL
    ]
    about = context.new_id("chk")
    lines = "\n".join(f"{check.desk}: {check.name}: {check.what}\n  {check.cure}" for check in failed)
    return [_letter(context, contact, (link.code, lines, about, org_id), by) for contact in people or [None]]


def _letter(context: Context, contact: Contact | None, about: tuple[str, str, str, str], by: By) -> Letter:
    code, lines, warning_id, org_id = about
    language = contact.language if contact is not None else "en"
    return Letter(
        id=context.new_id("ltr"),
        org_id=org_id,
        ticket_id="",
        warning_id=warning_id,
        message_id=letters.message_id(warning_id, contact),
        contact=contact.code if contact is not None else letters.ADMIN,
        address=contact.address if contact is not None else letters.ADMIN,
        subject=letters.subject("link_checks", language, link=code),
        body=letters.body("link_checks", language, link=code, lines=lines),
        created_at=by.now,
        next_at=reached_at(contact, by.now, any_hour=False) if contact is not None else by.now,
    )


# -- every day ----------------------------------------------------------------------------------------------------------------


def claim(context: Context, *, now: datetime) -> list[str]:
    """Links whose checks are due today, for this worker to make."""
    with context.database.read() as db:
        if not store.is_any_due(db, now=now):
            return []
    with context.database.write() as db:
        return store.due(db, now=now, until=now + LEASE, limit=LIMIT)


class Daily:
    """Makes the checks that are due, round by round."""

    def __init__(self, context: Context, call: Call) -> None:
        self._context = context
        self._call = call

    async def round(self) -> bool:
        """Check the links whose day it is; whether there may be more. One that cannot be checked holds up no other."""
        due = await asyncio.to_thread(claim, self._context, now=self._call.now())
        for link_id in due:
            by = By(party=None, actor=GATEWAY, now=self._call.now())
            try:
                await check(self._context, self._call, link_id, by)
            except NotFound:
                await asyncio.to_thread(_forget, self._context, link_id)
            except (LookupError, TypeError, ValueError):
                log.exception("a link could not be checked; it is tried again", extra={"link": link_id})
        return len(due) == LIMIT


def _forget(context: Context, link_id: str) -> None:
    """A link that a configuration file took away has no checks any more."""
    with context.database.write() as db:
        store.forget(db, link_id)


def shown(found: Sequence[Check], party: str | None) -> list[dict[str, Any]]:
    """Checks as one side reads them: of the other side's desk only which ones pass."""
    return [
        asdict(check)
        if party in (None, check.org_id)
        else {"desk": check.desk, "name": check.name, "fine": check.fine, "must": check.must}
        for check in found
    ]
