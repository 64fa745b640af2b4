"""From the story of a case to plain columns, as the database keeps them: moments as microseconds, documents as JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from gateway.domain.binding import BOUND, MISSING
from gateway.domain.imported import CUSTOMER, SOURCE
from gateway.domain.importing.story import NOBODY, Party, Story
from gateway.domain.model import Field, HopStatus
from gateway.domain.sla.history import PRIORITY_AGREED

TICKET = ("id", "org_id", "opened_at", "closed_at", "facts", "version", "watched")
HOP = (
    *("id", "org_id", "ticket_id", "desk_id", "parent_id", "number", "status", "reason", "facts", "asked"),
    *(
        "offered_at",
        "created_at",
        "next_seq",
        "budget_used",
        "version",
        "shadow",
        "unmapped",
        "route",
        "ranks",
    ),
)
EVENT = (
    *("id", "org_id", "ticket_id", "hop_id", "type", "data", "observed_at", "reported_at"),
    *("observed_only", "source", "actor_kind", "actor", "cause_id"),
)
IMPORTED = ("ticket_id", "org_id", "run_id", "source", "case_key", "customer")
_CONCLUDED = frozenset({BOUND, MISSING})
_NOTHING = ("{}", "[]", "[]", "[]")


@dataclass(kw_only=True)
class Chunk:
    """Rows as tuples in the order of the names above; sheets as `bulk` takes them."""

    tickets: list[tuple[Any, ...]] = field(default_factory=list)
    hops: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    cases: list[tuple[Any, ...]] = field(default_factory=list)
    sheets: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Whose:
    """What a story does not know: ids. `parties`: (organization id, desk id) by the words of the file; `observed_at` in
    microseconds since 1970 UTC: when we learned of all this."""

    run_id: str
    source: str
    parties: Mapping[Party, tuple[str, str]]
    customers: Mapping[str, str]
    observed_at: int
    new_id: Callable[[str], str]


def add(chunk: Chunk, story: Story, whose: Whose) -> str:
    """Put a story into a chunk; the id of its ticket."""
    ticket_id = whose.new_id("tkt")
    hops = [whose.new_id("hop") for _ in story.hops]
    customer = whose.customers.get(story.customer, "")
    owner = whose.parties[story.hops[0].party][0]
    facts = _facts(story)
    known = {**facts, SOURCE: whose.source, **({CUSTOMER: customer} if customer else {})}
    chunk.tickets.append((ticket_id, owner, story.opened_at, story.closed_at, _json(known), 0, False))
    chunk.cases.append((ticket_id, owner, whose.run_id, whose.source, story.case, customer))
    _add_hops(chunk, story, whose, (ticket_id, hops, _json(facts)))
    _add_events(chunk, story, whose, (ticket_id, hops))
    return ticket_id


def _facts(story: Story) -> dict[str, str]:
    known = {Field.PRIORITY.value: story.priority, Field.SERVICE.value: story.service}
    return {name: value for name, value in known.items() if value}


def _json(document: Any) -> str:
    return orjson.dumps(document).decode()


def _add_hops(chunk: Chunk, story: Story, whose: Whose, names: tuple[str, list[str], str]) -> None:
    ticket_id, hops, facts = names
    for name, stay in zip(hops, story.hops, strict=True):
        org_id, desk_id = whose.parties[stay.party]
        above = hops[stay.parent] if stay.parent != NOBODY else None
        chunk.hops.append(
            (
                *(
                    name,
                    org_id,
                    ticket_id,
                    desk_id,
                    above,
                    story.case,
                    stay.status.value,
                    stay.reason[0],
                    facts,
                ),
                stay.status is HopStatus.PENDING,
                *(stay.at if above else None, stay.at, 1, 0, 0),
                *_NOTHING,
            )
        )


def _add_events(chunk: Chunk, story: Story, whose: Whose, names: tuple[str, list[str]]) -> None:
    ticket_id, hops = names
    orgs = [whose.parties[stay.party][0] for stay in story.hops]
    seen, put = whose.observed_at, chunk.events.append
    first = whose.new_id("evt")
    ids = [f"{first}{place:04x}" for place in range(len(story.steps))]  # in their order, and found at once
    for name, (kind, hop, at, data, cause) in zip(ids, story.steps, strict=True):
        follows = ids[cause] if cause != NOBODY else None
        how: tuple[Any, ...]
        told = _json({"event": follows} if kind == PRIORITY_AGREED else data)
        if kind in _CONCLUDED:
            how = (None, False, "gateway", "gateway", "", follows)
        else:
            how = (at, False, "history", "unknown", "", follows)
        put((name, orgs[hop], ticket_id, hops[hop], kind, told, seen, *how))


def sheets(made: Mapping[str, Mapping[str, Any]], *, now: datetime) -> list[dict[str, Any]]:
    """The rows of terms that were made for a site; what is kept already stays."""
    return [
        {
            "id": name,
            "org_id": sheet["agreement"]["org_id"],
            "code": sheet["agreement"]["code"],
            "created_at": now,
            "document": sheet,
        }
        for name, sheet in sorted(made.items())
    ]
