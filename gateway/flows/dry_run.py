"""What a link would make of real tickets: each is read at its desk, offered in memory, and shown as it would be created. Nothing
is written, neither here nor at any desk."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.domain import dispatching, egress, handover
from gateway.domain.case import Because, Case, Occasion
from gateway.domain.directory import Directory
from gateway.domain.model import (
    CommandKind,
    Content,
    ContentKind,
    Delivery,
    Field,
    Hop,
    Link,
    LinkState,
    Passage,
    Snapshot,
)
from gateway.domain.opening import open_case
from gateway.errors import DeskError, Invalid, Refused
from gateway.flows.context import Context
from gateway.flows.link_steps import By
from gateway.flows.links import link_named
from gateway.flows.preflight import PATIENCE, Call

MOST = 20
View = dict[str, Any]


async def run(context: Context, call: Call, name: str, tickets: Sequence[str], by: By) -> list[View]:
    """One document a ticket, named by its id at the upstream's desk. Raises NotFound, Refused, Invalid, or what the desk does."""
    link = link_named(context, name, by)
    if by.party not in (None, link.upstream_org_id):
        raise Refused(
            "a dry run reads tickets of the side that hands them over",
            cure="ask that side; your own desk's part is in interdesk link check",
        )
    if not 0 < len(tickets) <= MOST:
        raise Invalid(f"a dry run takes one to {MOST} tickets", cure="--ticket ID, more than once")
    known = context.directory_now
    desk = known.desk(link.upstream_desk_id)
    shown = []
    for remote_id in tickets:
        asking = context.connector(desk).fetch(remote_id, desk, since=None)
        try:
            snapshot = await call.client.ask(
                asking, desk=desk, credentials=call.credentials(desk), deadline=PATIENCE
            )
        except DeskError as error:
            shown.append({"ticket": remote_id, "error": str(error)})
        else:
            shown.append(imagined(known, link, snapshot, now=call.now()))
    return shown


def imagined(known: Directory, link: Link, snapshot: Snapshot, *, now: datetime) -> View:
    """What would stand at the other desk, what stays here, and why. Pure: the case is thrown away."""
    live = replace(link, state=LinkState.ACTIVE, passage=Passage(), valid_from=None)
    numbers = itertools.count(1)
    occasion = Occasion(
        directory=replace(known, links={link.id: live}),
        now=now,
        new_id=lambda prefix: f"{prefix}_{next(numbers)}",
    )
    desk = known.desk(link.upstream_desk_id)
    case = open_case(occasion, desk, snapshot)
    root = next(iter(case.hops.values()))
    child = handover.offer(case, root, live, Because())
    view = {
        "ticket": snapshot.number or snapshot.remote_id,
        "desk": desk.code,
        "at": known.desk(link.downstream_desk_id).code,
        "passes": dispatching.passes(link, snapshot.fields),
    }
    if child is None:
        return {**view, "refused": _why_not(case)}
    return {**view, **_crossing(case, child, live, snapshot)}


def _why_not(case: Case) -> str:
    refused = [event.data.get("why", "") for event in case.events if event.type == "assignment.refused"]
    return str(refused[0]) if refused else "it is offered already"


def _crossing(case: Case, child: Hop, link: Link, snapshot: Snapshot) -> View:
    """`fields`, `comments` and `files` as they would be written, `withheld` as (what, why)."""
    contents = {content.id: _as_if_fetched(content) for content in case.contents}
    found: View = {"fields": {}, "comments": [], "files": [], "withheld": []}
    mine = [delivery for delivery in case.deliveries if delivery.hop_id == child.id]
    for delivery in sorted(mine, key=lambda one: one.seq):
        _put(case, delivery, contents, found)
        if delivery.kind is CommandKind.CREATE:
            case.put(case.hops[child.id], remote_id="new")
    found["withheld"] += _stays(case, link, mine, snapshot)
    return found


def _as_if_fetched(content: Content) -> Content:
    """A file whose bytes are there: a dry run fetches none."""
    if content.kind is not ContentKind.ATTACHMENT:
        return content
    return replace(content, blob_key="-", blob_size=content.blob_size or 0, blob_sha256="-")


def _put(case: Case, delivery: Delivery, contents: Mapping[str, Content], found: View) -> None:
    try:
        command = egress.assemble(case, delivery, contents)
    except egress.Withheld as reason:
        found["withheld"].append({"what": delivery.kind.value, "why": str(reason)})
        return
    if command.comment is not None:
        found["comments"].append({"text": command.comment.text, "visibility": command.comment.visibility})
    elif command.attachment is not None:
        file = command.attachment
        found["files"].append(
            {"filename": file.filename, "media_type": file.media_type, "visibility": file.visibility}
        )
    else:
        found["fields"] |= {str(name): value for name, value in command.fields.items()}


def _stays(case: Case, link: Link, sent: Sequence[Delivery], snapshot: Snapshot) -> Iterator[View]:
    """What of the ticket does not cross: fields that the link does not name, texts that are not for the other side."""
    for name, value in snapshot.fields.items():
        if value and name not in link.crossing.fields_down and name != Field.STATUS:
            yield {"what": str(name), "why": "the link does not let this field cross"}
    crossed = {delivery.content_id for delivery in sent} | {
        content_id for delivery in sent for content_id in delivery.payload.get("texts", {}).values()
    }
    for content in case.contents:
        if content.id not in crossed and content.kind in (ContentKind.COMMENT, ContentKind.ATTACHMENT):
            what = content.filename or f"{content.visibility} comment of {content.at:%Y-%m-%d %H:%M}"
            yield {"what": what, "why": f"it is {content.visibility} at its desk, or the link stops it"}
