"""Whether a desk was asked before a ticket was sent to it again: once a try was lost on the way, every further one is preceded
by a search for its marker, however surely the tries in between failed (design of delivery: an older try may still arrive)."""

from collections.abc import Iterable, Iterator

import orjson

from gateway.testing.loopback.desk import Seen
from gateway.testing.loopback.faults import FaultKind

LOST = frozenset(
    {
        FaultKind.DROP,
        FaultKind.TIMEOUT_BEFORE,
        FaultKind.TIMEOUT_AFTER,
        FaultKind.APPLY_LATE,
        FaultKind.HALF_BODY,
        FaultKind.ERROR_BEFORE,
        FaultKind.ERROR_AFTER,
        FaultKind.LOGIN_PAGE,
        FaultKind.WRONG_ID,
    }
)
"""After these nobody but the desk knows what came of a write."""

_ANSWERED = frozenset({None, FaultKind.SLOW, FaultKind.WRONG_ID})
"""With these a search is answered in full (a list speaks of no other ticket)."""


def unasked(calls: Iterable[Seen]) -> Iterator[str]:
    """What is wrong with one desk's calls, in their order."""
    lost: set[str] = set()
    asked: set[str] = set()
    for call in calls:
        if call.path.strip("/") != "tickets":
            continue
        if call.method == "GET" and call.fault in _ANSWERED:
            asked.add(call.query.get("marker", ""))
        elif call.method == "POST" and (marker := _marker(call.body)):
            if marker in lost and marker not in asked:
                yield f"{marker} was sent again (call {call.number}) and the desk was not asked before"
            asked.discard(marker)
            if call.fault in LOST:
                lost.add(marker)


def _marker(body: bytes) -> str:
    document = orjson.loads(body)
    return str(document.get("fields", document).get("marker") or "")
