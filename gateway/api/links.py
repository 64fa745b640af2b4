"""`/v1/links`: a link between two organizations, from the invitation to its end, each side with its own key; `/v1/brakes`: stopping
deliveries. What is not yours does not exist (404)."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from gateway.api.bodies import Body
from gateway.api.deps import AnyHouse, caller
from gateway.api.described import tells, tells_list
from gateway.api.door import Door
from gateway.api.house import House
from gateway.blobs import BlobStore
from gateway.client.link_shapes import (
    Brake,
    DryRun,
    Exported,
    Invitation,
    Link,
    LinkInShort,
    Protocol,
    Step,
    Totals,
    Vouched,
)
from gateway.domain.brakes import Reach
from gateway.domain.certifying import Side
from gateway.domain.linking import Act, Role
from gateway.domain.model import Blob
from gateway.errors import Refused
from gateway.flows import brakes, dry_run, handshake, links, newcomer, preflight, totals
from gateway.flows.certify.protocol import is_genuine
from gateway.flows.certify.sitting import Room, Wanted, sit
from gateway.flows.link_steps import By
from gateway.flows.principal import Principal

router = APIRouter(prefix="/v1", route_class=Door)
Caller = Annotated[Principal, Depends(caller)]
Document = dict[str, Any]
T = TypeVar("T")


def _by(here: House, key: Principal) -> By:
    return By(party=key.party, actor=key.name, now=here.now())


def _run(asking: Coroutine[Any, Any, T]) -> T:
    """Desks are asked on an event loop of this request's own thread."""
    return asyncio.run(asking)


class NewInvitation(Body):
    """An invitation to be made. `expires` in seconds; `terms` are parts of a link (schemas/link.v1.json)."""

    desk: str = Field(max_length=63)
    role: Role
    to: str | None = Field(default=None, max_length=63)
    contact: str = Field(default="", max_length=200)
    code: str = Field(default="", max_length=63, pattern=r"^([a-z0-9][a-z0-9._-]*)?$")
    agreement: str = Field(default="", max_length=63)
    terms: Document = Field(default_factory=dict)
    expires: float = Field(default=604_800, gt=0, le=31_622_400)
    activate: bool = False


@router.get("/links", **tells_list("Links", links=LinkInShort, invitations=Invitation))
def listed(here: AnyHouse, key: Caller) -> Document:
    """The caller's links and invitations."""
    return links.listed(here.context, _by(here, key))


@router.get("/links/news", **tells_list("News", steps=Step))
def news(here: AnyHouse, key: Caller) -> Document:
    """What happened to them, the newest first."""
    return {"steps": links.news(here.context, _by(here, key))}


@router.post("/links/invitations", status_code=201, **tells(Invitation, 201))
def invite(here: AnyHouse, key: Caller, said: NewInvitation) -> Document:
    """Invite; the code is told this once."""
    by = _by(here, key)
    wanted = handshake.Wanted(**said.model_dump(exclude={"expires"}), lasts=timedelta(seconds=said.expires))
    made, code = handshake.invite(here.context, wanted, by)
    return {**links.of_invitation(here.context, made, by), "code": code}


@router.get("/links/invitations/{invitation_id}", **tells(Invitation))
def invitation(here: AnyHouse, key: Caller, invitation_id: str) -> Document:
    """One of the caller's own."""
    return links.invitation(here.context, invitation_id, _by(here, key))


class Reason(Body):
    """Why."""

    reason: str = Field(default="", max_length=10_000)


@router.post("/links/invitations/{invitation_id}/take-back", **tells(Invitation))
def take_back(here: AnyHouse, key: Caller, invitation_id: str, said: Reason) -> Document:
    """Take an invitation of one's own back."""
    by = _by(here, key)
    gone = handshake.take_back(here.context, invitation_id, said.reason, by)
    return links.of_invitation(here.context, gone, by)


class Code(Body):
    """An invitation's. With `compare`, what is new beside the links you have, at `desk` or as on the link `like`."""

    code: str = Field(max_length=200)
    compare: bool = False
    desk: str = Field(default="", max_length=63)
    like: str = Field(default="", max_length=63)


@router.post("/links/look", **tells(Invitation))
def look(here: AnyHouse, key: Caller, said: Code) -> Document:
    """What an invitation offers; it stays open."""
    by, code = _by(here, key), said.code.strip()
    found = links.of_invitation(here.context, handshake.look(here.context, code, by), by)
    if not said.compare:
        return found
    return {**found, "new": newcomer.view(here.context, code, (said.desk, said.like), by)}


class Acceptance(Body):
    """With which desk an invitation is taken, or like which link."""

    code: str = Field(max_length=200)
    desk: str = Field(default="", max_length=63)
    like: str = Field(default="", max_length=63)
    terms: Document = Field(default_factory=dict)
    activate: bool = False


@router.post("/links/accept", status_code=201, **tells(Link, 201))
def accept(here: AnyHouse, key: Caller, said: Acceptance) -> Document:
    """Make the link, and ask both desks whether they are ready."""
    by = _by(here, key)
    taken = handshake.Taken(**said.model_dump(exclude={"code"}))
    with here.askings.of(key.org_id):  # refused before a link is made
        link_id = handshake.accept(here.context, said.code.strip(), taken, by)
        return _checked(here, link_id, by)


class Refusal(Body):
    """Why an invitation is declined."""

    code: str = Field(max_length=200)
    reason: str = Field(max_length=10_000, pattern=r"\S")


@router.post("/links/decline", **tells(Invitation))
def decline(here: AnyHouse, key: Caller, said: Refusal) -> Document:
    """Decline an invitation; its inviter reads why."""
    by = _by(here, key)
    gone = handshake.decline(here.context, said.code.strip(), said.reason, by)
    return links.of_invitation(here.context, gone, by)


@router.get("/links/{name}", **tells(Link))
def one(here: AnyHouse, key: Caller, name: str) -> Document:
    """One link, by its code or id."""
    return links.show(here.context, name, _by(here, key))


@router.post("/links/{name}/activate", **tells(Link))
def activate(here: AnyHouse, key: Caller, name: str, said: Reason) -> Document:
    """Say that it may go live; it does when both sides have."""
    return links.move(here.context, name, Act.ACTIVATE, said.reason, _by(here, key))


@router.post("/links/{name}/pause", **tells(Link))
def pause(here: AnyHouse, key: Caller, name: str, said: Reason) -> Document:
    """No new ticket passes until whoever paused it resumes."""
    return links.move(here.context, name, Act.PAUSE, said.reason, _by(here, key))


@router.post("/links/{name}/resume", **tells(Link))
def resume(here: AnyHouse, key: Caller, name: str, said: Reason) -> Document:
    """Take one's own pause back."""
    return links.move(here.context, name, Act.RESUME, said.reason, _by(here, key))


@router.post("/links/{name}/end", **tells(Link))
def end(here: AnyHouse, key: Caller, name: str, said: Reason) -> Document:
    """End it for good; tells what stays where."""
    return links.end(here.context, name, said.reason, _by(here, key))


@router.post("/links/{name}/checks", **tells(Link))
def check(here: AnyHouse, key: Caller, name: str) -> Document:
    """Ask both desks now; what they said within the last minute stands."""
    by = _by(here, key)
    link_id = links.link_named(here.context, name, by).id
    if not preflight.is_wanted(here.context, link_id, by):
        return links.show(here.context, link_id, by)
    with here.askings.of(key.org_id):
        return _checked(here, link_id, by)


def _checked(here: House, link_id: str, by: By) -> Document:
    async def ask() -> None:
        async with here.calling() as call:
            await preflight.check(here.context, call, link_id, by)

    _run(ask())
    return links.show(here.context, link_id, by)


class Sitting(Body):
    """A situation to be played. `protocol`: the one so far; `hands`: by side (`upstream`, `downstream`) a person's own account at
    the desk, as `credentials` of a desk with its secret in plain; `patience` in seconds."""

    situation: str = Field(max_length=63)
    protocol: Document | None = None
    hands: dict[Side, dict[str, str]] = Field(default_factory=dict)
    patience: float = Field(default=60, gt=0, le=60)


@router.post("/links/{name}/certification", **tells(Protocol))
def certify(here: AnyHouse, key: Caller, name: str, said: Sitting) -> Document:
    """Play one situation of a certification; the protocol with it, signed. Real tickets are made and closed."""
    by, vault, blobs, pause = _by(here, key), here.vault, here.blobs, here.pause
    if vault is None or blobs is None or pause is None:
        raise Refused("this gateway signs nothing")
    wanted = Wanted(
        link=links.link_named(here.context, name, by).code,
        situation=said.situation,
        kept=said.protocol,
        hands=said.hands,
        patience=timedelta(seconds=said.patience),
    )

    async def play() -> Document:
        async with here.calling() as call:
            keep = partial(_kept, blobs)
            room = Room(context=here.context, call=call, vault=vault, keep=keep, pause=pause)
            return await sit(room, wanted, by)

    with here.askings.of(key.org_id):
        return _run(play())


class Shown(Body):
    """A protocol of a certification, as somebody was given it."""

    protocol: Document


@router.post("/links/{name}/certification/verify", **tells(Vouched))
def verify(here: AnyHouse, key: Caller, name: str, said: Shown) -> Document:
    """Whether the gateway signed this protocol of the link, and nothing in it was changed since."""
    link = links.link_named(here.context, name, _by(here, key))
    if here.vault is None:
        raise Refused("this gateway signs nothing")
    return {"genuine": said.protocol.get("link") == link.code and is_genuine(said.protocol, here.vault)}


def _kept(blobs: BlobStore, data: bytes) -> Blob:
    return blobs.put([data], limit=len(data))


class Tickets(Body):
    """Tickets by their ids at the upstream's desk."""

    tickets: list[str] = Field(max_length=dry_run.MOST)


@router.post("/links/{name}/dry-run", **tells_list("DryRuns", tickets=DryRun))
def try_out(here: AnyHouse, key: Caller, name: str, said: Tickets) -> Document:
    """What the link would make of them; nothing is written."""

    async def ask(tickets: Sequence[str]) -> list[Document]:
        async with here.calling() as call:
            return await dry_run.run(here.context, call, name, tickets, _by(here, key))

    with here.askings.of(key.org_id):
        return {"tickets": _run(ask(said.tickets))}


@router.get("/links/{name}/export", **tells_list("Export", documents=Exported))
def export(here: AnyHouse, key: Caller, name: str) -> Document:
    """Everything the caller may read of the link and its tickets."""
    return {"documents": links.export(here.context, name, _by(here, key))}


class Stop(Reason):
    """What a brake stops."""

    kind: Reach
    target: str = Field(default="", max_length=64)


@router.get("/links/{name}/totals", **tells(Totals))
def day_totals(
    here: AnyHouse,
    key: Caller,
    name: str,
    day: Annotated[
        str, Query(max_length=10, description="Of UTC, like 2026-03-01; left out: today so far.")
    ] = "",
) -> Document:
    """What passed over the link on a day, as each end counts it, and the tickets where they differ."""
    return totals.read(here.context, name, day, _by(here, key))


class Brakes(Stop):
    """The same, and why."""

    reason: str = Field(max_length=10_000, pattern=r"\S")


@router.get("/brakes", **tells_list("Brakes", brakes=Brake))
def brakes_shown(
    here: AnyHouse, key: Caller, every: Annotated[bool, Query(description="Those that are off too.")] = False
) -> Document:
    """Brakes that concern the caller."""
    return {"brakes": brakes.shown(here.context, _by(here, key), every=every)}


@router.post("/brakes", status_code=201, **tells(Brake, 201))
def brake_on(here: AnyHouse, key: Caller, said: Brakes) -> Document:
    """Put one on."""
    wanted = brakes.Wanted(kind=said.kind, target=said.target)
    return brakes.on(here.context, wanted, said.reason, _by(here, key))


@router.post("/brakes/off", **tells(Brake))
def brake_off(here: AnyHouse, key: Caller, said: Stop) -> Document:
    """Take one off."""
    return brakes.off(here.context, brakes.Wanted(kind=said.kind, target=said.target), _by(here, key))
