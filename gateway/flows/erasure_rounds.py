"""Erasures that are to be done or done again: orders that were given elsewhere, what was broken off, what waited for tickets to end, and
everything after a restore, for a backup that is older than an erasure knows the person again."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from gateway.flows import erasing, erasure_orders
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.erasing import Busy, Keep
from gateway.store import erasures
from gateway.store.erasures import DONE, RUNNING, WAITING, Erasure

log = logging.getLogger(__name__)

AGAIN = timedelta(days=1)
REMEMBERED = timedelta(days=400)
"""So long the terms are kept, sealed: no backup that is older should be left by then."""


def replay(context: Context, keep: Keep, order: Order) -> int:
    """After a restore: everybody who was erased is erased again, by the orders in the database and beside it; how many."""
    erasure_orders.take_in(context.database, keep.beside)
    with (
        context.database.write() as db
    ):  # first all are to be done: one that breaks off, or a process, is taken up again
        for one in erasures.listed(db, OPERATOR):
            if one.sealed_terms:
                erasures.put(db, replace(one, state=RUNNING, place=None))
                erasures.free(db, one.id)  # who had it when the backup was made is not there any more
    return _all_of(context, keep, order, lambda _: True)


def go_on(context: Context, keep: Keep, order: Order) -> int:
    """What was broken off, and once a day what waits for tickets to end; terms that are old are forgotten. How many were worked on."""
    erasure_orders.take_in(context.database, keep.beside)
    _forget_terms(context, keep.beside, order.now)
    since = order.now - AGAIN
    return _all_of(
        context, keep, order,
        lambda one: one.state == RUNNING or (one.state == WAITING and (one.done_at or since) <= since),
    )  # fmt: skip


def ordered(context: Context, keep: Keep, order: Order) -> int:
    """What somebody has ordered and nobody has begun; how many were worked on."""
    with context.database.read() as db:
        waiting = erasures.unbegun(db)
    return _all_of(context, keep, order, lambda one: one.id in waiting) if waiting else 0


def _all_of(context: Context, keep: Keep, order: Order, wanted: Callable[[Erasure], bool]) -> int:
    due = [one for one in erasing.listed(context) if one.sealed_terms and wanted(one)]
    done = 0
    for one in due:
        try:
            erasing.work(context, keep, one.id, order)
            done += 1
        except Busy:
            continue  # another worker is at it
        except Exception:
            log.exception("an erasure broke off; it is taken up again", extra={"erasure": one.id})
    return done


def _forget_terms(context: Context, folder: Path, now: datetime) -> None:
    for one in erasing.listed(context):
        if one.sealed_terms and one.state == DONE and one.asked_at < now - REMEMBERED:
            with context.database.write() as db:
                erasures.reseal(db, one, "")
            (folder / f"{one.id}.json").unlink(missing_ok=True)
