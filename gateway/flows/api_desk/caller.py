"""Who speaks to an API desk, and to which of them."""

from dataclasses import dataclass

from gateway.domain.model import Desk
from gateway.errors import Invalid, NotFound
from gateway.flows.context import Context
from gateway.store.db import Db
from gateway.store.scope import Scope

SCHEME = "apidesk"
"""Begins the address of every API desk: it is reached within this process."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks, under which name, and of which of its desks (a code; "" where it has one)."""

    scope: Scope
    name: str
    desk: str = ""


def desk_of(context: Context, db: Db, caller: Caller) -> Desk:
    """The API desk that a caller means. Raises NotFound where it has none, Invalid where it must say which."""
    directory = context.directory(db)
    mine = [
        desk
        for desk in directory.desks.values()
        if desk.base_url.startswith(f"{SCHEME}:")
        and (caller.scope.org_ids is None or desk.org_id in caller.scope.org_ids)
        and caller.desk in ("", desk.code)
    ]
    if not mine:
        raise NotFound("there is no API desk for this key", cure="add a desk with connector api_desk")
    if len(mine) > 1:
        raise Invalid("there are several API desks for this key", cure="say which: ?desk=CODE")
    return mine[0]
