"""Nouns and whole cases for tests of the domain and the store, each with what a test does not care about filled in.

A tree of hops is written as edges: `tree("customer>vendor", "vendor>north")` is a case whose desks, organizations, links
and hops are named by those words (`dsk_vendor`, `org_vendor`, `lnk_vendor_north`, `hop_north`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import settings

from gateway.domain.case import Because, Case
from gateway.domain.directory import Directory
from gateway.domain.model import (
    Actor,
    ActorKind,
    Capabilities,
    CommandKind,
    Content,
    ContentKind,
    Copy,
    Delivery,
    Desk,
    Hop,
    HopStatus,
    IdempotencyTier,
    Link,
    NativeComment,
    Organization,
    Priority,
    Profile,
    Reason,
    Snapshot,
    Source,
    StatusRow,
    Ticket,
    Visibility,
)
from gateway.domain.model.change import replace
from gateway.domain.sighting import text_hash

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SALT = "a salt for tests"

PROPERTY = settings(max_examples=100, derandomize=True, deadline=None)
"""For properties: the same examples in every run, however slow the machine."""

WRITABLE = frozenset({"title", "description", "status", "priority", "due", "site", "asset", "service"})
CAPABLE = Capabilities(
    webhooks=True,
    signed_webhooks=True,
    history=True,
    private_comments=True,
    attachments=True,
    due="datetime",
    find_by_marker=True,
    writable=WRITABLE,
)
STATUSES = (
    StatusRow(native="new", status=HopStatus.OFFERED),
    StatusRow(native="queued", status=HopStatus.ACKNOWLEDGED),
    StatusRow(native="open", status=HopStatus.IN_PROGRESS),
    StatusRow(native="waiting", status=HopStatus.PENDING, reason=Reason.REQUESTER_INFO),
    StatusRow(native="parts", status=HopStatus.HELD, reason=Reason.PARTS_OWN),
    StatusRow(native="solved", status=HopStatus.RESOLVED),
    StatusRow(native="closed", status=HopStatus.CLOSED),
    StatusRow(native="refused", status=HopStatus.REJECTED),
    StatusRow(native="cancelled", status=HopStatus.CANCELLED),
)
WORDS = Profile(
    statuses=STATUSES,
    write_statuses={row.status: row.native for row in STATUSES},
    priorities={"P1": Priority.CRITICAL, "P2": Priority.HIGH, "P3": Priority.MEDIUM, "P4": Priority.LOW},
    write_priorities={
        Priority.CRITICAL: "P1",
        Priority.HIGH: "P2",
        Priority.MEDIUM: "P3",
        Priority.LOW: "P4",
    },
)
PERSON = Because(source=Source.HISTORY, actor_kind=ActorKind.PERSON, actor="per_x", reported_at=NOW)
ROBOT = Because(source=Source.HISTORY, actor_kind=ActorKind.AUTOMATION)
AGENT = Actor(id="agent", name="Anna Agent", kind=ActorKind.PERSON)
RULE = Actor(id="robot", name="Desk automation", kind=ActorKind.AUTOMATION)
US = Actor(id="interdesk", name="Interdesk", kind=ActorKind.GATEWAY)


def ids() -> Callable[[str], str]:
    """Ids that count up: `evt_1`, `dlv_2` …"""
    numbers = count(1)
    return lambda prefix: f"{prefix}_{next(numbers)}"


def desk(code: str = "north", **more: Any) -> Desk:
    """A desk that can do everything, with the words above."""
    plain: dict[str, Any] = {
        "id": f"dsk_{code}",
        "code": code,
        "org_id": f"org_{code}",
        "connector": "loopback",
        "profile": WORDS,
        "account": "interdesk",
        "capabilities": CAPABLE,
        "tiers": dict.fromkeys(CommandKind, IdempotencyTier.MARKER_FIELD),
    }
    return Desk(**(plain | more))


def link(up: str, down: str, **more: Any) -> Link:
    """An active link between two desks of that name."""
    plain: dict[str, Any] = {
        "id": f"lnk_{up}_{down}",
        "code": f"{up}-{down}",
        "org_id": f"org_{up}",
        "upstream_desk_id": f"dsk_{up}",
        "downstream_desk_id": f"dsk_{down}",
        "upstream_org_id": f"org_{up}",
        "downstream_org_id": f"org_{down}",
    }
    return Link(**(plain | more))


def directory(desks: Sequence[Desk], links: Sequence[Link] = (), **more: Any) -> Directory:
    """Those desks and links; every desk's organization is called by its code with a capital."""
    return Directory(
        salt=SALT,
        organizations={
            one.org_id: Organization(id=one.org_id, code=one.code, name=one.code.title()) for one in desks
        },
        desks={one.id: one for one in desks},
        links={one.id: one for one in links},
        **more,
    )


def hop(code: str = "north", **more: Any) -> Hop:
    """A hop at work, known to its desk as ticket 1."""
    plain: dict[str, Any] = {
        "id": f"hop_{code}",
        "org_id": f"org_{code}",
        "ticket_id": "tkt_1",
        "desk_id": f"dsk_{code}",
        "status": HopStatus.IN_PROGRESS,
        "remote_id": "1",
        "number": "1",
        "offered_at": NOW,
        "created_at": NOW,
        "looked_at": NOW,
    }
    return Hop(**(plain | more))


def edges(*written: str) -> list[tuple[str, str]]:
    """`a>b` as (a, b)."""
    return [(up, down) for up, _, down in (edge.partition(">") for edge in written)]


def tree(
    *written: str,
    desks: Mapping[str, Mapping[str, Any]] | None = None,
    links: Mapping[str, Mapping[str, Any]] | None = None,
    hops: Mapping[str, Mapping[str, Any]] | None = None,
    **more: Any,
) -> Case:
    """A case of hops at work along these edges; `desks`, `links` (by edge) and `hops` say what differs."""
    pairs = edges(*written)
    codes = list(dict.fromkeys(code for pair in pairs for code in pair))
    known = directory(
        [desk(code, **(desks or {}).get(code, {})) for code in codes],
        [link(up, down, **(links or {}).get(f"{up}>{down}", {})) for up, down in pairs],
        **more,
    )
    parents = {down: up for up, down in pairs}
    nouns = [_placed(code, parents, (hops or {}).get(code, {})) for code in codes]
    ticket = Ticket(id="tkt_1", org_id=f"org_{codes[0]}", opened_at=NOW, facts=nouns[0].facts)
    return Case(directory=known, ticket=ticket, hops={one.id: one for one in nouns}, now=NOW, new_id=ids())


def _placed(code: str, parents: Mapping[str, str], more: Mapping[str, Any]) -> Hop:
    if code not in parents:
        return hop(code, **more)
    place = {"parent_id": f"hop_{parents[code]}", "link_id": f"lnk_{parents[code]}_{code}"}
    return hop(code, **(place | dict(more)))


def content(origin: str = "customer", text: str = "hello", **more: Any) -> Content:
    """A public comment written at the hop of that name."""
    plain: dict[str, Any] = {
        "id": "cnt_x",
        "org_id": f"org_{origin}",
        "ticket_id": "tkt_1",
        "kind": ContentKind.COMMENT,
        "origin_hop_id": f"hop_{origin}",
        "visibility": Visibility.PUBLIC,
        "at": NOW,
        "text": text,
        "author": "Anna Agent",
    }
    return Content(**(plain | more))


def copy(code: str = "north", remote_id: str = "7", text: str = "hello", **more: Any) -> Copy:
    """A comment that stands at a hop's desk under that number."""
    plain: dict[str, Any] = {
        "id": f"cpy_{remote_id}",
        "org_id": f"org_{code}",
        "ticket_id": "tkt_1",
        "hop_id": f"hop_{code}",
        "content_id": "cnt_x",
        "kind": ContentKind.COMMENT,
        "remote_id": remote_id,
        "native_hash": text_hash(text),
        "visibility": Visibility.PUBLIC,
        "ours": False,
    }
    return Copy(**(plain | more))


def delivery(code: str = "north", **more: Any) -> Delivery:
    """An update on its way to a hop."""
    plain: dict[str, Any] = {
        "id": "dlv_x",
        "org_id": "org_customer",
        "ticket_id": "tkt_1",
        "hop_id": f"hop_{code}",
        "desk_id": f"dsk_{code}",
        "seq": 1,
        "kind": CommandKind.UPDATE,
        "marker": "idk-x",
        "created_at": NOW,
        "next_at": NOW,
    }
    return Delivery(**(plain | more))


def snapshot(**more: Any) -> Snapshot:
    """Ticket 1 in `open`, with no more known of it than that."""
    return Snapshot(**({"remote_id": "1", "fields": {"status": "open"}} | more))


def comment(remote_id: str, text: str = "hello", **more: Any) -> NativeComment:
    """A public comment of an agent, as a desk shows it."""
    plain: dict[str, Any] = {"visibility": Visibility.PUBLIC, "author": AGENT, "at": NOW}
    return NativeComment(remote_id=remote_id, text=text, **(plain | more))


def later(minutes: float) -> datetime:
    """So many minutes after NOW."""
    return NOW + timedelta(minutes=minutes)


# -- reading a case after a judgement --------------------------------------------------------------------------------


def queued(case: Case, code: str) -> list[Delivery]:
    """What the judgement queued for the hop of that name."""
    return [one for one in case.deliveries if one.hop_id == f"hop_{code}"]


def said(case: Case, code: str) -> list[str]:
    """The texts that will be written at the hop: people's words and the gateway's notes."""
    texts = {one.id: one.text for one in case.all_contents()}
    comments = (one for one in queued(case, code) if one.kind is CommandKind.COMMENT)
    return [texts[one.content_id or ""] for one in comments]


def written(case: Case, code: str) -> list[dict[str, Any]]:
    """The field values that will be written at the hop."""
    return [dict(one.payload["fields"]) for one in queued(case, code) if one.kind is CommandKind.UPDATE]


def happened(case: Case, code: str | None = None) -> list[str]:
    """The types of the events recorded, in order; of one hop if a code is given."""
    return [event.type for event in case.events if code is None or event.hop_id == f"hop_{code}"]


def status(case: Case, code: str) -> HopStatus:
    """The status of the hop of that name."""
    return case.hops[f"hop_{code}"].status


def put(case: Case, code: str, **changes: Any) -> Hop:
    """Change a hop before the judgement, as if it had been loaded so."""
    key = f"hop_{code}"
    case.hops[key] = replace(case.hops[key], **changes)
    return case.hops[key]
