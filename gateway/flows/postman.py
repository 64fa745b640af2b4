"""Letters on their way: claimed under a lease, handed to the mailer, and what became of them written down. A letter whose
sender never came back leaves once more, under the same Message-ID."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from gateway.domain import letters
from gateway.domain.letters import Enclosure, Letter, Post, Posted
from gateway.errors import InterdeskError, NotFound
from gateway.flows import publishing
from gateway.flows.context import OPERATOR, Context
from gateway.flows.new_password import LETTER as RESET
from gateway.flows.portal.browsers import LETTER as CODE
from gateway.flows.portal.mailing import JOB
from gateway.store import alarms

log = logging.getLogger(__name__)

LIMIT = 20
EVERY = 1.0
"""Seconds between rounds."""
LEASE = timedelta(minutes=5)


def claim(context: Context, *, now: datetime) -> list[Letter]:
    """Letters that are to leave now; those that nobody would read any more are dropped."""
    with context.database.write() as db:
        claimed = alarms.claim(db, OPERATOR, now=now, until=now + LEASE, limit=LIMIT)
        for letter in claimed:
            if letters.is_stale(letter, now):
                alarms.settle(db, letters.dropped(letter))
    return [letter for letter in claimed if not letters.is_stale(letter, now)]


def settle(context: Context, letter: Letter, posted: Posted, *, now: datetime) -> bool:
    """What became of a letter; False if somebody else has it by now."""
    after = letters.after(letter, posted, now)
    with context.database.write() as db:
        kept = alarms.settle(db, after)
    if posted.post is not Post.SENT:
        told = {"letter": letter.id, "ticket": letter.ticket_id, "state": after.state, "error": posted.words}
        log.warning("a letter did not leave", extra=told)
    return kept


class Postman:
    """Carries letters while a worker runs. `send` hands one to a mail server; `now` is the wall clock; `filled`
    writes mails that bring links."""

    def __init__(
        self,
        context: Context,
        send: Callable[[Letter, Enclosure | None], Awaitable[Posted]],
        now: Callable[[], datetime],
        *,
        filled: Callable[[Letter, datetime], Letter] | None = None,
    ) -> None:
        self._context, self._send, self._now, self._filled = context, send, now, filled

    async def round(self) -> bool:
        """One round; True if there may be more."""
        claimed = await asyncio.to_thread(claim, self._context, now=self._now())
        await asyncio.gather(*map(self._carry, claimed))
        return len(claimed) == LIMIT

    async def _carry(self, letter: Letter) -> None:
        posted = await self._posted(letter)
        await asyncio.to_thread(settle, self._context, letter, posted, now=self._now())

    async def _posted(self, letter: Letter) -> Posted:
        if not letter.enclosure:
            return await self._send(letter, None)
        if letter.enclosure.startswith((JOB, RESET, CODE)):
            return await self._with_links(letter)
        try:
            enclosed = await asyncio.to_thread(publishing.enclosed, self._context, letter.enclosure)
        except InterdeskError as error:  # nothing can print it here; another worker or a later day may
            return Posted(Post.LATER, str(error))
        return await self._send(letter, enclosed)

    async def _with_links(self, letter: Letter) -> Posted:
        """Such a mail gets its text and its links as it leaves."""
        if self._filled is None:
            return Posted(Post.LATER, "nothing here writes links")
        try:
            whole = await asyncio.to_thread(self._filled, letter, self._now())
        except NotFound as error:
            return Posted(Post.REFUSED, str(error))
        return await self._send(whole, None)
