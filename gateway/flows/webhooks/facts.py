"""Telling webhooks what is no event of a ticket: what happened to a link, that a report was published. Called within the
transaction that makes it so."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gateway.domain.model import Link
from gateway.flows.context import Context
from gateway.store import webhooks
from gateway.store.db import Db
from gateway.store.webhooks import Fact


def tell(
    context: Context,
    db: Db,
    org_ids: Iterable[str],
    fact: tuple[str, str, Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    """Queue it for each of these organizations that wants to hear of it. `fact`: kind, what it is about, `data`."""
    hooks = context.directory(db).webhooks
    if not hooks:
        return
    kind, subject, data = fact
    found = [hook for org_id in sorted(set(org_ids)) for hook in hooks.get(org_id, ())]
    wanted = [hook for hook in found if not hook.events or kind in hook.events]
    told = Fact(kind=kind, subject=subject, document=data)
    webhooks.tell_fact(db, wanted, told, new_id=context.new_id, now=now)


def tell_of_link(context: Context, db: Db, link: Link, moved: tuple[str, str, str], *, now: datetime) -> None:
    """What happened to a link, for both of its sides; who did it and why is between them. `moved`: what was done, state before and
    after."""
    act, before, after = map(str, moved)
    data = {"link": link.code, "act": act, "from": before or None, "to": after}
    sides = (link.upstream_org_id, link.downstream_org_id)
    tell(context, db, sides, ("link.changed", link.id, data), now=now)
