"""Who listens to the tickets of an API desk, and what they are told: an event is queued in the transaction of its change."""

from datetime import datetime
from typing import Any

from gateway.domain.model.change import replace
from gateway.domain.tmf621 import notices as rules
from gateway.domain.tmf621 import telling
from gateway.domain.tmf621.dialects import DIALECTS
from gateway.domain.tmf621.notices import Listener, Notice
from gateway.errors import ConfigError, NotFound, Refused
from gateway.flows.api_desk.caller import Caller, desk_of
from gateway.flows.api_desk.promises import promises
from gateway.flows.context import OPERATOR, Context
from gateway.flows.in_house.front import Change
from gateway.store import audit
from gateway.store import in_house as tickets
from gateway.store import tmf_notices as store
from gateway.store.db import Db
from gateway.vault import is_sealed


def registered(context: Context, caller: Caller, wanted: tuple[str, Any, Any], *, now: datetime) -> Listener:
    """Keep a listener: its dialect, callback and query. Raises Invalid, and Refused for one that listens already."""
    dialect, callback, query = wanted
    address, narrowed = rules.checked(callback, query)
    with context.database.write(caller.scope) as db:
        desk = desk_of(context, db, caller)
        known = [_opened(context, one) for one in store.listeners(db, caller.scope, desk.id)]
        if any((one.callback, one.query) == (address, narrowed) for one in known):
            raise Refused("this listener is registered already", cure="remove it first")
        if len(known) >= rules.MOST_LISTENERS:
            raise Refused(f"a desk has at most {rules.MOST_LISTENERS} listeners", cure="remove one first")
        new = Listener(
            id=context.new_id("hub"),
            org_id=desk.org_id,
            desk_id=desk.id,
            dialect=dialect,
            callback=address,
            query=narrowed,
            created_at=now,
        )
        store.put_listener(db, replace(new, callback=_sealed(context, new)))
        _audit(db, new, "listener registered", caller, now)
    return new


def _sealed(context: Context, listener: Listener) -> str:
    """Its callback as it is kept. Raises ConfigError where nothing seals."""
    if context.seal_secret is None:
        raise ConfigError("nothing here seals the address of a listener")
    return context.seal_secret(listener.callback, store.place(listener))


def callback(context: Context, listener: Listener) -> str:
    """Where a listener is told, from what is kept. Raises ConfigError where it does not open."""
    if not is_sealed(listener.callback):  # kept by a release that did not seal it
        return listener.callback
    if context.open_secret is None:
        raise ConfigError("nothing here opens the address of a listener")
    return context.open_secret(listener.callback, store.place(listener))


def _opened(context: Context, listener: Listener) -> Listener:
    return replace(listener, callback=callback(context, listener))


def one(context: Context, caller: Caller, listener_id: str) -> Listener:
    """One listener. Raises NotFound."""
    with context.database.read(caller.scope) as db:
        desk = desk_of(context, db, caller)
        found = store.listener(db, caller.scope, desk.id, listener_id)
    if found is None:
        raise NotFound("there is no such listener")
    return _opened(context, found)


def removed(context: Context, caller: Caller, listener_id: str, *, now: datetime) -> None:
    """Tell it nothing more. Raises NotFound."""
    with context.database.write(caller.scope) as db:
        desk = desk_of(context, db, caller)
        found = store.listener(db, caller.scope, desk.id, listener_id)
        if found is None:
            raise NotFound("there is no such listener")
        store.remove_listener(db, caller.scope, found.id)
        _audit(db, found, "listener removed", caller, now)


def _audit(db: Db, about: Listener, action: str, caller: Caller, now: datetime) -> None:
    told = {"dialect": about.dialect, "query": about.query}
    audit.record(
        db,
        now=now,
        org_id=about.org_id,
        actor=caller.name,
        action=action,
        subject=about.id,
        before=None,
        after=told,
    )


def tell(context: Context, db: Db, change: Change, *, now: datetime) -> None:
    """Queue what a change is to those who listen. Called before its transaction ends."""
    before, after = change.before, change.after.ticket
    listening = store.listeners(db, OPERATOR, after.desk_id)
    if not listening:
        return
    promise = promises(db, context.directory(db), [after])[after.id]
    was = None if before is None else telling.document(before[0], before[1], promise)
    parts = tickets.parts_of(db, OPERATOR, after)
    is_now = telling.document(after, parts, promise)
    queued: list[Notice] = []
    for kind, told in rules.happened(was, is_now, by_party=change.by_party):
        event = rules.event(kind, told, event_id=context.new_id("evn"), now=now)
        queued += [
            Notice(
                id=context.new_id("ntc"),
                org_id=after.org_id,
                listener_id=each.id,
                ticket_id=after.id,
                kind=kind.value,
                document=DIALECTS[each.dialect].event(event),
                created_at=now,
                next_at=now,
            )
            for each in listening
            if rules.wants(each, event)
        ]
    store.put(db, queued)
