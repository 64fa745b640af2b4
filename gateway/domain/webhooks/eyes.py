"""What a subscriber may be told of an event: its own hops whole; of the hop right above and those right below only whose they
are and how they stand; words where the links let them reach one of its own hops; clocks of its own agreements. Asked when
an event is recorded and once more when its message leaves: what may not be read any more by then is not told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain import people
from gateway.domain.audience import audience
from gateway.domain.case import Case
from gateway.domain.model import Content, ContentKind, Event, Hop, Visibility
from gateway.domain.retraction import EDITS
from gateway.domain.webhooks.kinds import OF_EVENTS
from gateway.domain.webhooks.model import Filters, Webhook

Told = dict[str, Any]
OWN, ABOVE, BELOW = "own", "above", "below"


@dataclass(frozen=True, kw_only=True)
class Tidings:
    """One event of a case for one webhook. `subject` is the content it is about. `if_known`: only for whom was told of
    that content before."""

    webhook: Webhook
    event: Event
    kind: str
    subject: str = ""
    if_known: bool = False


@dataclass(frozen=True, kw_only=True)
class _Sight:
    """Where an event happened as the subscriber sees it: `here` is the subscriber's own hop next to it."""

    here: Hop
    at: Hop
    side: str


def tidings(case: Case) -> Iterator[Tidings]:
    """What of the events of a judgement goes to whom; nobody's webhook, nothing looked at."""
    hooks = case.directory.webhooks
    if not hooks or not case.events:
        return
    parties = sorted({hop.org_id for hop in case.hops.values()} & hooks.keys())
    for event in case.events:
        kind = OF_EVENTS.get(event.type)
        for webhook in (one for party in parties for one in hooks[party] if kind is not None):
            found = _tidings(case, event, webhook)
            if found is not None and (not webhook.events or found.kind in webhook.events):
                yield found


def _tidings(case: Case, event: Event, webhook: Webhook) -> Tidings | None:
    kind, subject = OF_EVENTS[event.type], str(event.data.get("content", ""))
    here, known = _reached(case, event, webhook), False
    if here is None and kind in ("comment.edited", "comment.removed") and _is_of_its_writer(case, event):
        # Who may read it no more is told that it is gone, if it was told of it at all.
        here, kind, known = _first_own(case, webhook), "comment.removed", True
    if here is None or not _fits(case, here, webhook.filters):
        return None
    return Tidings(webhook=webhook, event=event, kind=kind, subject=subject, if_known=known)


def _reached(case: Case, event: Event, webhook: Webhook) -> Hop | None:
    """The subscriber's own hop that the event is told of at; None: it is none of its business."""
    if event.type.startswith(("comment.", "attachment.")):
        content = _content_now(case, event)
        return _reader(case, content, webhook) if content is not None else None
    seen = _sight(case, event, webhook.org_id)
    return seen.here if seen is not None and _data(case, event, seen, webhook) is not None else None


def told(case: Case, event: Event, kind: str, webhook: Webhook) -> Told | None:
    """The `data` of a message; None where there is nothing (any more) that this subscriber may be told."""
    if kind == "comment.removed":
        here = _first_own(case, webhook)
        return {"ticket": case.ticket.id, "here": _place(case, here), **_which(event)} if here else None
    if event.type.startswith(("comment.", "attachment.")):
        content = _content_now(case, event)
        here = _reader(case, content, webhook) if content is not None else None
        if content is None or here is None:
            return None
        words = _file(case, content, here) if kind == "attachment.added" else {}
        said = _words(case, content, here) | words
        return {"ticket": case.ticket.id, "here": _place(case, here), **_which(event), **said}
    seen = _sight(case, event, webhook.org_id)
    data = _data(case, event, seen, webhook) if seen is not None else None
    if seen is None or data is None:
        return None
    about = {"assignment": seen.at.id, "organization": _code(case, seen.at.org_id), "side": seen.side}
    return {"ticket": case.ticket.id, "here": _place(case, seen.here), "about": about, **data}


# -- where ----------------------------------------------------------------------------------------------------------------


def _own(case: Case, org_id: str) -> list[Hop]:
    mine = [hop for hop in case.hops.values() if hop.org_id == org_id]
    return sorted(mine, key=lambda hop: (len(case.upwards(hop)), hop.id))


def _first_own(case: Case, webhook: Webhook) -> Hop | None:
    return next(iter(_own(case, webhook.org_id)), None)


def _sight(case: Case, event: Event, org_id: str) -> _Sight | None:
    at = case.hops.get(event.hop_id or "")
    if at is None:
        return None
    if at.org_id == org_id:
        return _Sight(here=at, at=at, side=OWN)
    parent = case.parent(at)
    if parent is not None and parent.org_id == org_id:
        return _Sight(here=parent, at=at, side=BELOW)
    below = next((hop for hop in case.children(at) if hop.org_id == org_id), None)
    return _Sight(here=below, at=at, side=ABOVE) if below is not None else None


def _fits(case: Case, here: Hop, wanted: Filters) -> bool:
    parent, link = case.parent(here), case.link(here)
    links = [link, *map(case.link, case.children(here))]
    shown: Sequence[tuple[frozenset[str], set[str]]] = (
        (wanted.customers, {_code(case, (parent or here).org_id)}),
        (wanted.links, {one.code for one in links if one is not None}),
        (wanted.services, {here.facts.get("service", "")}),
        (wanted.priorities, {here.facts.get("priority", "")}),
    )
    return all(not asked or asked & there for asked, there in shown)


# -- what -----------------------------------------------------------------------------------------------------------------


def _data(case: Case, event: Event, seen: _Sight, webhook: Webhook) -> Told | None:
    """What is told of an event at a hop, beside whose it is."""
    kind, own = OF_EVENTS[event.type], seen.side == OWN
    if kind == "ticket.status":
        names = ("from", "to", "reason") if own else ("to",)
        return {name: event.data.get(name) for name in names}
    if kind == "assignment.changed":
        link = (
            case.link(seen.at) if seen.side != ABOVE else None
        )  # by its code one would know who is further up
        return {"act": event.type.partition(".")[2], "link": link.code if link is not None else None}
    if kind in ("clock.warned", "clock.breached"):
        return _clock(case, event, webhook.org_id)
    if not own:
        return None
    return _own_data(event, kind)


def _own_data(event: Event, kind: str) -> Told:
    if kind == "ticket.priority":
        return {"from": event.data.get("from"), "to": event.data.get("to")}
    if kind == "delivery.parked":
        return {"delivery": event.data["delivery"], "command": event.data["kind"]}
    return {}


def _clock(case: Case, event: Event, org_id: str) -> Told | None:
    """A clock's mark, for the parties of its agreement (R32); to a consumer belong those that belong to it (R27)."""
    agreement, _, rest = str(event.data["clock"]).partition("/")
    terms = [one.terms for one in case.directory.agreements if one.terms.id == agreement]
    line = case.directory.line_of(org_id)
    if not any(one.provider == org_id or one.consumer in line for one in terms):
        return None
    target = rest.partition("/")[2].partition("#")[0].partition("~")[0]
    names = ("mark", "due", "elapsed", "breached_at", "target")
    told = {name: event.data[name] for name in names if name in event.data}
    if "target" in told:
        told["target_seconds"] = told.pop("target")
    if "elapsed" in told:
        told["elapsed_seconds"] = told.pop("elapsed")
    return {"agreement": agreement, "clock": target, **told}


def _place(case: Case, hop: Hop) -> Told:
    return {"assignment": hop.id, "desk": case.desk(hop).code, "number": hop.number, "url": hop.url}


def _code(case: Case, org_id: str) -> str:
    known = case.directory.organizations.get(org_id)
    return known.code if known is not None else org_id


# -- words ----------------------------------------------------------------------------------------------------------------


def _which(event: Event) -> Told:
    return {"content": str(event.data.get("content", ""))}


def _content_now(case: Case, event: Event) -> Content | None:
    """The content that an event speaks of; of an edited comment its last words, where its own writer's desk edited it."""
    every = {one.id: case.changed_contents.get(one.id, one) for one in case.all_contents()}
    found = every.get(str(event.data.get("content", "")))
    if found is None or event.type != "comment.edited":
        return found
    if found.origin_hop_id != event.hop_id:
        return None
    for one in every.values():  # in the order in which we learned of them
        if one.source.get(EDITS) == found.id:
            found = one
    return found


def _is_of_its_writer(case: Case, event: Event) -> bool:
    """Whether the comment was changed where it was written; what happens to a copy happens to that copy."""
    content = str(event.data.get("content", ""))
    return any(one.id == content and one.origin_hop_id == event.hop_id for one in case.all_contents())


def _reader(case: Case, content: Content, webhook: Webhook) -> Hop | None:
    """The subscriber's own hop at which the content stands or may be read today."""
    own = {hop.id: hop for hop in _own(case, webhook.org_id)}
    origin = own.get(content.origin_hop_id)
    if origin is not None:
        return origin if content.visibility is Visibility.PUBLIC or webhook.internal_notes else None
    reached = audience(case, content)
    landed = [hop for hop in own.values() if hop.id in reached]
    return next(
        (hop for hop in landed if reached[hop.id] is Visibility.PUBLIC or webhook.internal_notes), None
    )


def _words(case: Case, content: Content, here: Hop) -> Told:
    """As the links on the way let people be named, with the organization that the reader deals with."""
    origin = case.hops[content.origin_hop_id]
    mine = origin.id == here.id
    visibility = content.visibility if mine else audience(case, content)[here.id]
    org_id = origin.org_id if mine else case.towards(here, origin).org_id
    said: Mapping[str, Any] = {
        "visibility": visibility.value,
        "organization": _code(case, org_id),
        "author": people.shown(case, here, people.author(case, content)) or None,
        "at": content.at.isoformat(),
    }
    if content.kind is ContentKind.ATTACHMENT:
        return dict(said)
    return {**said, "text": people.without_names(case, here, origin, content.text)}


def _file(case: Case, content: Content, here: Hop) -> Told:
    name = people.without_names(case, here, case.hops[content.origin_hop_id], content.filename or "")
    return {"filename": name, "media_type": content.media_type, "size": content.blob_size}
