"""Daily control totals of links: counted for both ends from the same events, kept per day, counted again for a week so that what is
heard late restates them; each end reads the same figures."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gateway.domain import totals as rules
from gateway.domain.case import OPEN
from gateway.domain.model import Link
from gateway.domain.totals import Told
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import links
from gateway.flows.context import OPERATOR, Context
from gateway.flows.link_steps import By
from gateway.store import history
from gateway.store import totals as store
from gateway.store.db import Db, beyond

DAYS = 7
"""So many days back a total is counted again: what a desk says late restates it."""
ROUND_SECONDS = 3 * 3600.0
_OPEN = sorted(status.value for status in OPEN)
_TOGETHER = 500
View = dict[str, Any]
log = logging.getLogger(__name__)


def keep(context: Context, *, now: datetime) -> int:
    """Count the days before today, and keep what is new or different; how many that were."""
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    with context.database.read() as db:
        known = list(context.directory(db).links.values())
        every = _happened(db, known, since=rules.bounds(days[0])[0])
    counted = [_row(link, day, every[link.id], now) for link in known if link.id in every for day in days]
    kept = 0
    for start in range(0, len(counted), _TOGETHER):
        with context.database.write() as db:
            kept += store.keep(db, counted[start : start + _TOGETHER])
    return kept


Happened = dict[str, list[Told]]


def _happened(db: Db, known: Sequence[Link], *, since: datetime) -> dict[str, Happened]:
    """Link id → hop id → what happened to it."""
    hops = store.hops(db, OPERATOR, [link.id for link in known], since=since, states=_OPEN)
    found: dict[str, Happened] = {}
    for start in range(0, len(hops), _TOGETHER):
        some = hops[start : start + _TOGETHER]
        tickets = {hop.ticket_id for hop in some}
        events, waiting = history.events_of(db, OPERATOR, tickets), store.waiting(db, tickets)
        for hop in some:
            told = rules.told(hop, events.get(hop.ticket_id, []), waiting)
            found.setdefault(hop.link_id or "", {})[hop.id] = told
    return found


def _row(link: Link, day: date, happened: Happened, now: datetime) -> View:
    counted = rules.count(happened, day)
    document = {
        "upstream": dict(counted.upstream),
        "downstream": dict(counted.downstream),
        "differences": [asdict(one) for one in counted.differences],
    }
    return {
        "id": f"{link.id} {day}",
        "org_id": link.org_id,
        "link_id": link.id,
        "day": str(day),
        "document": document,
        "differs": bool(counted.differences),
        "counted_at": now,
    }


def read(context: Context, name: str, day: str, by: By) -> View:
    """A day of a link, as both its ends read it; without a day today as far as it has come. Each end reads the numbers of its
    own tickets. Raises NotFound for a link or day that there is not, Invalid for no day, Refused for one to come."""
    today = by.now.astimezone(UTC).date()
    wanted = _day(day) if day else today
    if wanted > today:
        raise Refused(f"{wanted} has not come yet", cure="name an earlier day, or none for today")
    with context.database.read(by.scope) as db:
        link = links.find(context.directory(db), name, by)
        with beyond(db):  # the ends of a link count each other's hops; what is shown of them follows
            row = (
                store.of_day(db, OPERATOR, link.id, str(wanted)) if wanted < today else _now(db, link, by.now)
            )
            if row is None:
                cure = "a worker counts the seven days before today; days without a ticket are not kept"
                raise NotFound(f"no totals of {link.code} are kept for {wanted}", cure=cure)
            return _view(db, link, row, by)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text!r} is no day", cure="write 2026-03-01") from None


def _now(db: Db, link: Link, now: datetime) -> View:
    today = now.astimezone(UTC).date()
    happened = _happened(db, [link], since=rules.bounds(today)[0]).get(link.id, {})
    return {**_row(link, today, happened, now), "restated": 0}


def _view(db: Db, link: Link, row: Any, by: By) -> View:
    document = row["document"]
    numbers = store.numbers(db, [one["hop"] for one in document["differences"]])
    return {
        "link": link.code,
        "test": link.test,
        "day": row["day"],
        "counted_at": row["counted_at"],
        "restated": row["restated"],
        "upstream": document["upstream"],
        "downstream": document["downstream"],
        "differences": [
            {
                "figure": one["figure"],
                "counted_by": one["counted_by"],
                "tickets": _own(numbers.get(one["hop"], []), by),
            }
            for one in document["differences"]
        ],
    }


def _own(numbers: Iterable[tuple[str, str]], by: By) -> list[str]:
    """The numbers at the reader's own desks; the operator reads both."""
    return [number for org_id, number in numbers if by.party in (None, org_id)]


class Counter:
    """Counts the days that are over, every three hours in each process; twice comes to the same."""

    def __init__(self, context: Context, now: Callable[[], datetime]) -> None:
        self._context = context
        self._now = now

    async def round(self) -> bool:
        """Keep the totals of the last days."""
        kept = await asyncio.to_thread(keep, self._context, now=self._now())
        if kept:
            log.info("daily totals were counted", extra={"kept": kept})
        return False
