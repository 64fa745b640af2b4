"""A certification played one situation at a time, for an organization that has its key and no more: it sends the protocol so far
and the credentials of a person at each desk, and is given the protocol back, signed. Nothing of a run is kept here in between."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from gateway.desk_auth import credentials_for
from gateway.domain.certifying import SITUATIONS, Side
from gateway.domain.model import Blob, Desk
from gateway.errors import ConfigError, Invalid, Refused
from gateway.flows.certify import protocol
from gateway.flows.certify.hands import Driven, Hand
from gateway.flows.certify.playing import Bench, Document
from gateway.flows.context import Context
from gateway.flows.link_steps import By
from gateway.flows.preflight import Call
from gateway.vault import Vault

LONGEST = timedelta(minutes=1)
"""One thing may take no longer to be seen: a request waits for it."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """Where it is played: `keep` puts a file away, `pause` lets a moment pass."""

    context: Context
    call: Call
    vault: Vault
    keep: Callable[[bytes], Blob]
    pause: Callable[[], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """`kept`: the protocol so far, None for a new one; played again, a situation takes the place of its former entry. `hands`:
    by side what opens a person's own account there (`kind`, `user`, `secret`)."""

    link: str
    situation: str
    kept: Document | None
    hands: Mapping[Side, Mapping[str, str]]
    patience: timedelta = LONGEST


async def sit(room: Room, wanted: Wanted, by: By) -> Document:
    """Play it; the protocol with it, signed, and ended when nothing is left. Raises NotFound, Invalid, Refused."""
    names = [one.name for one in SITUATIONS]
    if wanted.situation not in names:
        raise Invalid(f"there is no situation {wanted.situation}", cure=f"one of {', '.join(names)}")
    known = _kept(room, wanted) or protocol.begun(room.context, wanted.link, by)
    others = [one for one in known["situations"] if one["name"] != wanted.situation]
    document = {**known, "situations": others, "ended_at": None}
    run = protocol.run_of(_bench(room, wanted, {}), document, by)
    run.bench = _bench(room, wanted, {side: _hand(room, run.desks[side], wanted, side) for side in run.desks})
    number = names.index(wanted.situation)
    document["situations"].append(await run.play(SITUATIONS[number], number + 1))
    if not list(protocol.left(document)):
        document = protocol.ended(room.context, document, replace(by, now=room.call.now()))
    return protocol.signed(document, room.vault)


def _kept(room: Room, wanted: Wanted) -> Document | None:
    if wanted.kept is None:
        return None
    if not protocol.is_genuine(wanted.kept, room.vault) or wanted.kept.get("link") != wanted.link:
        raise Invalid(f"that is no protocol of ours for {wanted.link}", cure="begin a new one")
    return wanted.kept


def _bench(room: Room, wanted: Wanted, hands: Mapping[Side, Hand]) -> Bench:
    return Bench(
        context=room.context,
        call=room.call,
        hands=hands,
        pause=room.pause,
        keep=room.keep,
        say=lambda _: None,
        patience=min(wanted.patience, LONGEST),
    )


def _hand(room: Room, desk: Desk, wanted: Wanted, side: Side) -> Hand:
    if side not in wanted.hands:
        raise Refused(
            f"nobody acts at {desk.code}",
            why="whom a request could ask for it is not at its other end",
            cure=f"--hand {side}=FILE: a person's own account there; or let the operator certify the link",
        )
    return driven(room, desk, wanted.hands[side])


def driven(room: Room, desk: Desk, secrets: Mapping[str, str]) -> Driven:
    """Somebody's own account at a desk. Raises Invalid for what opens nothing there, Refused where only its agent may."""
    if desk.agent:
        raise Refused(
            f"{desk.code} is reached through its agent, which signs in as the gateway",
            cure="leave its hand out: its people are told what to do",
        )
    manifest = room.context.connector(desk).manifest
    try:
        credentials = credentials_for(desk, manifest, secrets)
    except ConfigError as error:  # whoever asks said it, not the operator
        raise Invalid(error.what, why=error.why, cure=error.cure) from error
    return Driven(
        context=room.context,
        call=room.call,
        credentials=credentials,
        keep=room.keep,
        account=secrets.get("user", ""),
    )
