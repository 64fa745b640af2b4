"""Our half of the handshake with a partner that shares tickets: inviting it, answering its invitation, ending what is. The
partner hears of each step at the desk's own address and nowhere else; what it does not take did not happen."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway import keys
from gateway.connector import Effect, Exchange, Request
from gateway.desk_auth import origin_of
from gateway.desk_client import Credentials, DeskClient, OutcomeClass
from gateway.domain.model import Desk, Receipt
from gateway.domain.model.change import replace
from gateway.domain.ticket_sharing import Agreement, End, Standing
from gateway.errors import ConfigError, DeskRejected, NotFound, Refused
from gateway.flows.context import OPERATOR, Context
from gateway.flows.ticket_sharing import TOKEN_HEADER, VERSION_HEADER, address_of, desk_named
from gateway.flows.ticket_sharing.receiving import sealed
from gateway.store import audit, directory
from gateway.store import ticket_sharing as store
from gateway.store.db import Db
from gateway.store.ticket_sharing import Keyed


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the handshake: with which desk (its code), by whom, when. `uuid`: which agreement, where there are several."""

    desk: str
    actor: str
    now: datetime
    uuid: str = ""


@dataclass(frozen=True, kw_only=True)
class Call:
    """The way to partners; `address` is that of our doors."""

    client: DeskClient
    address: str


async def invite(context: Context, call: Call, step: Step, *, name: str) -> Agreement:
    """Propose an agreement; the partner's people answer it when they like. Raises NotFound, Refused, DeskRejected."""
    desk, keyed, token = await asyncio.to_thread(_proposed, context, call.address, step, name)
    try:
        await _tell(call, desk, _Told(agreement=keyed.agreement, token=token, method="POST"))
    except DeskRejected:
        await asyncio.to_thread(_forget, context, keyed)
        raise
    return keyed.agreement


def _proposed(context: Context, address: str, step: Step, name: str) -> tuple[Desk, Keyed, str]:
    uuid, key = keys.random_digits(), keys.random_digits()
    with context.database.write() as db:
        desk = desk_named(context.directory(db), step.desk)
        _refuse_second(store.agreements(db, OPERATOR, desk.id), step.desk)
        proposed = Agreement(
            id=context.new_id("sha"),
            org_id=desk.org_id,
            desk_id=desk.id,
            uuid=uuid,
            ours=End.SENDER,
            name=name,
            sender_url=address_of(address, desk),
            receiver_url=desk.base_url,
            standing=Standing.PENDING,
            created_at=step.now,
            changed_at=step.now,
        )
        keyed = sealed(context, proposed, f"{uuid}:{key}")
        store.add_agreement(db, keyed)
        _audit(db, proposed, "sharing proposed", step)
    return desk, keyed, f"{uuid}:{key}"


def _refuse_second(known: list[Keyed], code: str) -> None:
    """One at a time is in force or on its way."""
    for one in (keyed.agreement for keyed in known):
        if one.standing is Standing.ACCEPTED:
            raise Refused("an agreement with this desk is in force", cure=f"interdesk sharing end {code}")
        if one.standing is Standing.PENDING and one.ours is End.SENDER:
            raise Refused("an invitation of ours is open", cure=f"interdesk sharing end {code}")


def _forget(context: Context, keyed: Keyed) -> None:
    with context.database.write() as db:
        store.forget_agreement(db, OPERATOR, keyed.agreement.id)


async def answer(context: Context, call: Call, step: Step, standing: Standing) -> Agreement:
    """Say yes or no to an invitation, or end what is in force: the partner is told first. Raises NotFound, Refused,
    DeskRejected for what it does not take."""
    desk, keyed = await asyncio.to_thread(_meant, context, step, standing)
    after = replace(
        keyed.agreement,
        standing=standing,
        agreed=keyed.agreement.agreed or standing is Standing.ACCEPTED,
        deactivated_by=keyed.agreement.ours.value if standing is Standing.INACTIVE else "",
        changed_at=step.now,
        **({"receiver_url": address_of(call.address, desk)} if keyed.agreement.ours is End.RECEIVER else {}),
    )
    token = await asyncio.to_thread(_opened, context, keyed)
    try:
        await _tell(call, desk, _Told(agreement=after, token=token, method="PUT"))
    except DeskRejected:
        if standing is Standing.ACCEPTED:  # our no, and our end, hold whatever the partner says
            raise
    await asyncio.to_thread(_keep, context, keyed, after, step)
    return after


_ANSWERS = {
    Standing.ACCEPTED: (Standing.PENDING, Standing.INACTIVE),
    Standing.DECLINED: (Standing.PENDING,),
    Standing.INACTIVE: (Standing.ACCEPTED, Standing.PENDING),
}


def _meant(context: Context, step: Step, standing: Standing) -> tuple[Desk, Keyed]:
    with context.database.read() as db:
        desk = desk_named(context.directory(db), step.desk)
        known = store.agreements(db, OPERATOR, desk.id)
    held = [one for one in known if one.agreement.uuid.startswith(step.uuid)]
    possible = [one for one in held if _can(one.agreement, standing)]
    if not held:
        raise NotFound(f"there is no such agreement with desk {step.desk}", cure="interdesk sharing list")
    if not possible:
        now = ", ".join(sorted({one.agreement.standing.value for one in held}))
        raise Refused(f"none of them can become {standing.value}", why=f"they are {now}")
    if len(possible) > 1:
        raise Refused("there are several", cure="name one by its uuid: interdesk sharing list")
    if standing is Standing.ACCEPTED and any(_in_force(one) for one in known):
        raise Refused("an agreement with this desk is in force", cure=f"interdesk sharing end {step.desk}")
    return desk, possible[0]


def _in_force(keyed: Keyed) -> bool:
    return keyed.agreement.standing is Standing.ACCEPTED


def _can(agreement: Agreement, standing: Standing) -> bool:
    """Whether it is for us to make it so."""
    if agreement.standing not in _ANSWERS[standing]:
        return False
    if standing is Standing.INACTIVE:
        return agreement.standing is Standing.ACCEPTED or agreement.ours is End.SENDER
    if agreement.standing is Standing.INACTIVE:
        return agreement.agreed and agreement.deactivated_by == agreement.ours
    return agreement.ours is End.RECEIVER


def _opened(context: Context, keyed: Keyed) -> str:
    if context.open_secret is None:
        raise ConfigError("nothing here opens the access key of an agreement")
    return context.open_secret(keyed.sealed_token, store.token_place(keyed.agreement))


def _keep(context: Context, keyed: Keyed, after: Agreement, step: Step) -> None:
    with context.database.write() as db:
        store.change_agreement(db, replace(keyed, agreement=after))
        directory.bump(db)
        _audit(db, after, f"sharing {after.standing}", step)


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What a partner is told of an agreement."""

    agreement: Agreement
    token: str = field(repr=False)
    method: str


async def _tell(call: Call, desk: Desk, told: _Told) -> None:
    """Raises DeskRejected with the partner's words unless it takes it."""
    credentials = Credentials(
        origin=origin_of(desk.base_url), headers={TOKEN_HEADER: told.token, VERSION_HEADER: "1"}
    )
    verdict = await call.client.push(_exchange(desk, told), desk=desk, credentials=credentials)
    if verdict.outcome is not OutcomeClass.APPLIED:
        raise DeskRejected(
            f"desk {desk.code} did not take it", why=verdict.message, cure="try again, or ask its people"
        )


def _exchange(desk: Desk, told: _Told) -> Exchange[Receipt]:
    kind = 'text/x-json; charset="UTF-8"' if desk.settings.get("dialect") == "rt" else "application/json"
    yield Request(
        effect=Effect.WRITE,
        method=told.method,
        path=f"agreements/{told.agreement.uuid}",
        headers={"content-type": kind},
        json=_document(told),
    )
    return Receipt(remote_id=told.agreement.uuid)


def _document(told: _Told) -> dict[str, Any]:
    """As much as is for us to say: the whole when we invite, else our address and our answer."""
    agreement = told.agreement
    answer: dict[str, Any] = {"uuid": agreement.uuid, "status": agreement.standing.value}
    if agreement.deactivated_by:
        answer["deactivated_by"] = agreement.deactivated_by
    if told.method == "PUT":
        return answer | {f"{agreement.ours}_url": agreement.our_url}
    return answer | {
        "name": agreement.name,
        "sender_url": agreement.sender_url,
        "receiver_url": agreement.receiver_url,
        "access_key": told.token.partition(":")[2],
        "sync_tags": agreement.sync_tags,
        "sync_custom_fields": agreement.sync_custom_fields,
        "allows_public_comments": agreement.public_comments,
    }


def listed(context: Context, desk: str | None = None) -> list[tuple[Agreement, str]]:
    """Agreements (with a desk), the newest first, each with its desk's code. Raises NotFound."""
    with context.database.read() as db:
        known = context.directory(db)
        desk_id = desk_named(known, desk).id if desk else None
        found = store.agreements(db, OPERATOR, desk_id)
    codes = {one.id: one.code for one in known.desks.values()}
    return [(one.agreement, codes.get(one.agreement.desk_id, "")) for one in found]


def _audit(db: Db, agreement: Agreement, action: str, step: Step) -> None:
    audit.record(
        db,
        now=step.now,
        org_id=agreement.org_id,
        actor=step.actor,
        action=action,
        subject=agreement.id,
        before=None,
        after={"uuid": agreement.uuid, "status": agreement.standing.value, "name": agreement.name},
    )
