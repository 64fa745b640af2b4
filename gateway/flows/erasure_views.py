"""What is told of an erasure: what was found, how far it came, who else knows the tickets; never whom it is about."""

from collections.abc import Sequence
from typing import Any

from gateway.errors import NotFound
from gateway.flows.context import Context
from gateway.flows.erasing import Found
from gateway.store import erasures, traces
from gateway.store.scope import Scope
from gateway.store.traces import KEPT


def who_else(context: Context, ticket_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Where these tickets are known, by desk and number: what others hold, they erase. The organization's own desks too."""
    with context.database.read() as db:
        codes = {one.id: one.code for one in context.directory(db).organizations.values()}
        found = traces.who_else(db, ticket_ids)
    return [
        {
            "organization": codes.get(row["org_id"], row["org_id"]),
            "desk": row["desk"],
            "number": row["number"] or row["remote_id"],
            "ticket": row["ticket_id"],
        }
        for row in found
    ]


def counted(context: Context, found: Found) -> dict[str, Any]:
    """What a search found: tables with so many rows, and where the tickets are known besides."""
    return {
        "to_erase": dict(found.erased),
        "files": len(found.files),
        "files_no_search_reads": found.unread,
        "waiting": dict(found.waiting),
        "kept": {name: {"rows": number, "why": KEPT[name]} for name, number in found.kept.items()},
        "elsewhere": who_else(context, sorted(found.tickets)),
    }


def one(context: Context, scope: Scope, name: str) -> dict[str, Any]:
    """An erasure and how far it came. Raises NotFound."""
    with context.database.read(scope) as db:
        asked = erasures.get(db, scope, name)
        if asked is None:
            raise NotFound(f"there is no erasure {name}")
        codes = {org.id: org.code for org in context.directory(db).organizations.values()}
    return {
        "id": asked.id,
        "organization": codes.get(asked.org_id, asked.org_id),
        "state": asked.state,
        "asked_at": asked.asked_at,
        "asked_by": asked.asked_by,
        "reason": asked.reason,
        "done_at": asked.done_at,
        "erased": dict(asked.counts),
        "tickets": len(asked.tickets),
    }
