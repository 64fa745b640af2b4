"""`GET /v1/audit`: who changed what of the caller's, before and after, each line with its place in the chain."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from gateway.api.deps import AnyHouse, AnyScope, Limit
from gateway.api.door import Door
from gateway.flows import auditing

router = APIRouter(prefix="/v1/audit", route_class=Door)


@router.get("")
def listed(
    here: AnyHouse,
    scope: AnyScope,
    limit: Limit = 50,
    before: Annotated[
        int | None, Query(ge=1, le=2**63 - 1, description="Go on after this line: `next` of the last answer.")
    ] = None,
    subject: Annotated[str | None, Query(max_length=200, description="Lines about this only.")] = None,
) -> dict[str, Any]:
    """The newest first. A line that is not sealed yet has no `number`."""
    found = auditing.listed(here.context, scope, subject=subject, limit=limit, before=before)
    return {
        "entries": [{**one, "at": _told(one["at"])} for one in found],
        "next": found[-1]["seq"] if len(found) == limit else None,
    }


def _told(at: datetime) -> str:
    return at.isoformat()
