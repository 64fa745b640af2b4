"""A party's own descriptions of kinds of tickets: kept, changed and told as documents; the gateway reads nothing in them."""

from collections.abc import Mapping
from typing import Any

from gateway.domain.api_desk import LONGEST_WORD
from gateway.domain.model.change import replace
from gateway.domain.tmf621 import patching, writing
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows.api_desk.caller import Caller, desk_of
from gateway.flows.api_desk.pushing import Errand, Patch
from gateway.flows.context import Context
from gateway.store import tmf_specifications as store
from gateway.store.db import Db
from gateway.store.tmf_specifications import Specification

PATH = "/tmf-api/troubleTicket/v5/troubleTicketSpecification"
MOST = 500
_SERVERS = ("id", "href", "lastUpdate")


def created(errand: Errand, document: Any) -> Mapping[str, Any]:
    """Keep one. Raises Invalid, and Refused where a desk has as many as it may."""
    said, now = _checked(document), errand.now
    with errand.context.database.write(errand.caller.scope) as db:
        desk = desk_of(errand.context, db, errand.caller)
        if store.count(db, errand.caller.scope, desk.id) >= MOST:
            raise Refused(f"a desk has at most {MOST} specifications", cure="delete one first")
        new = Specification(
            id=errand.context.new_id("tts"),
            org_id=desk.org_id,
            desk_id=desk.id,
            document=said,
            created_at=now,
            changed_at=now,
        )
        store.put(db, new)
    return _told(new)


def _checked(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise Invalid("a specification is a JSON object")
    name = document.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_WORD:
        raise Invalid("the specification is not valid", problems=("name: a text is needed",))
    return {key: value for key, value in document.items() if key not in _SERVERS}


def _told(one: Specification) -> dict[str, Any]:
    own = {"id": one.id, "href": f"{PATH}/{one.id}", "lastUpdate": writing.stamp(one.changed_at)}
    return {"@type": "TroubleTicketSpecification", **one.document, **own}


def listed(context: Context, caller: Caller) -> list[dict[str, Any]]:
    """All of the caller's desk, the newest first."""
    with context.database.read(caller.scope) as db:
        desk = desk_of(context, db, caller)
        return [_told(one) for one in store.listed(db, caller.scope, desk.id)]


def one(context: Context, caller: Caller, specification_id: str) -> dict[str, Any]:
    """One of them. Raises NotFound."""
    with context.database.read(caller.scope) as db:
        return _told(_found(context, db, caller, specification_id))


def _found(
    context: Context, db: Db, caller: Caller, specification_id: str, *, lock: bool = False
) -> Specification:
    desk = desk_of(context, db, caller)
    found = store.get(db, caller.scope, desk.id, specification_id, lock=lock)
    if found is None:
        raise NotFound("there is no such specification")
    return found


def patched(errand: Errand, specification_id: str, patch: Patch) -> dict[str, Any]:
    """Change one. Raises NotFound, Invalid."""
    with errand.context.database.write(errand.caller.scope) as db:
        found = _found(errand.context, db, errand.caller, specification_id, lock=True)
        before = _told(found)
        if patch.media_type in patching.OPERATIONS:
            after = patching.operated(before, patch.body)
        else:
            after = patching.merged(before, _object(patch.body))
        changed = replace(found, document=_checked(after), changed_at=errand.now)
        store.write(db, errand.caller.scope, changed)
    return _told(changed)


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Invalid("a merge patch is a JSON object")
    return body


def removed(context: Context, caller: Caller, specification_id: str) -> None:
    """It is gone. Raises NotFound."""
    with context.database.write(caller.scope) as db:
        found = _found(context, db, caller, specification_id, lock=True)
        store.remove(db, caller.scope, found.id)
