"""Who wants to be told what, and where: webhooks made, looked at, tried out, paused and taken away; their messages sent
again. An organization has its own; the operator has everybody's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway import schemas
from gateway.domain.plan import Item, Kind, Ref
from gateway.domain.problem import suggestion
from gateway.domain.webhooks import sending as rules
from gateway.domain.webhooks.model import Endpoint, Message, Standing, State, Webhook
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows.context import Context
from gateway.flows.link_steps import By
from gateway.flows.webhooks import endpoints
from gateway.flows.webhooks.sending import signs
from gateway.store import audit, configuration, directory, webhook_endpoints, webhooks
from gateway.store.configuration import Names, Write
from gateway.store.db import Db
from gateway.store.webhooks import Fact, Span
from gateway.vault import Vault
from gateway.webhook_signatures import Scheme

View = dict[str, Any]
Counted = Mapping[str, Mapping[str, int]]
MOST = 50
"""Webhooks of one organization."""
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=30)
_RECENT = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A webhook to be made: its organization's code and a document (schemas/webhook.v1.json without `organization`)."""

    organization: str
    document: Mapping[str, Any]
    scheme: Scheme = Scheme.HMAC


@dataclass(frozen=True, kw_only=True)
class _Known:
    """One webhook with its endpoint, as the reader may see it."""

    webhook: Webhook
    endpoint: Endpoint
    owner: str


def add(context: Context, wanted: Wanted, by: By, *, vault: Vault) -> tuple[View, str]:
    """Make one; what its subscriber verifies with is told this once. Raises Invalid, NotFound, Refused."""
    document = {"organization": wanted.organization, **wanted.document}
    schemas.check(Kind.WEBHOOK.value, document)
    _refuse_inside(document, by)
    with context.database.write() as db:
        directory.lock(db)
        org_id = _org_id(context, db, wanted.organization, by)
        code = document["code"]
        mine = context.directory(db).webhooks.get(org_id, ())
        if code in {one.code for one in mine}:
            raise Refused(f"{wanted.organization} has a webhook {code!r} already", cure="choose another code")
        if len(mine) >= MOST:
            raise Refused(f"{wanted.organization} has {MOST} webhooks, and that is all", cure="remove one")
        webhook_id = context.new_id("dir")
        ref = Ref(kind=Kind.WEBHOOK, code=code, organization=wanted.organization)
        owner = Ref(kind=Kind.ORGANIZATION, code=wanted.organization)
        write = Write(item=Item(ref=ref, document=document), id=webhook_id, is_new=True)
        names = Names(ids={owner: org_id, ref: webhook_id}, items={})
        configuration.put(db, [write], names=names, vault=vault, now=by.now)
        secret = endpoints.open_one(db, (org_id, webhook_id), wanted.scheme, vault=vault, now=by.now)
        directory.bump(db)
        _audit(db, (org_id, webhook_id), "webhook added", by, {"code": code, "url": document["url"]})
        return _view(db, _find(context, db, f"{wanted.organization}/{code}", by), by), secret


def _refuse_inside(document: Mapping[str, Any], by: By) -> None:
    if document.get("allow_private_network") and by.party is not None:
        raise Refused(
            "only whoever runs the gateway opens a private network to a webhook",
            why="the addresses there are the operator's own",
            cure="use a public address, or ask the operator",
        )


def _org_id(context: Context, db: Db, code: str, by: By) -> str:
    every = context.directory(db).organizations.values()
    known = {one.code: one.id for one in every if by.party in (None, one.id)}
    if code not in known:
        raise NotFound(f"there is no organization {code!r}", cure=suggestion(code, known))
    return known[code]


def _find(context: Context, db: Db, name: str, by: By, *, lock: bool = False) -> _Known:
    """By its code, or organization/code where several have it, or its id. Raises NotFound, Invalid."""
    known = context.directory(db)
    codes = {one.id: one.code for one in known.organizations.values()}
    every = [one for org_id, group in known.webhooks.items() if by.party in (None, org_id) for one in group]
    found = [one for one in every if name in (one.id, one.code, f"{codes.get(one.org_id)}/{one.code}")]
    if not found:
        raise NotFound(f"there is no webhook {name!r}", cure=suggestion(name, [one.code for one in every]))
    if len(found) > 1:
        several = ", ".join(sorted(f"{codes.get(one.org_id)}/{one.code}" for one in found))
        raise Invalid(f"several organizations have a webhook {name!r}", cure=f"one of: {several}")
    endpoint = webhook_endpoints.get(db, by.scope, found[0].id, lock=lock)
    if endpoint is None:
        raise NotFound(f"the webhook {name!r} has no address yet", cure="remove it and add it again")
    return _Known(webhook=found[0], endpoint=endpoint, owner=codes.get(found[0].org_id, found[0].org_id))


def remove(context: Context, name: str, by: By) -> View:
    """Take one away; what waits for it is dropped. Raises NotFound."""
    with context.database.write() as db:
        directory.lock(db)
        found = _find(context, db, name, by)
        webhook = found.webhook
        shown = _view(db, found, by)
        ref = Ref(kind=Kind.WEBHOOK, code=webhook.code, organization=found.owner)
        configuration.remove(db, {ref: webhook.id})
        webhook_endpoints.remove(db, by.scope, [webhook.id])
        webhooks.drop_of(db, by.scope, [webhook.id], now=by.now)
        directory.bump(db)
        _audit(db, (webhook.org_id, webhook.id), "webhook removed", by, {"code": webhook.code})
        return shown


def listed(context: Context, by: By) -> list[View]:
    """Those that the reader may see, by organization and code."""
    with context.database.read() as db:
        every = context.directory(db).webhooks
        mine = [one for org_id, group in every.items() if by.party in (None, org_id) for one in group]
        recent = webhooks.counts(db, by.scope, since=_RECENT, now=by.now)
        shown = [_view(db, _find(context, db, one.id, by), by, recent) for one in mine]
    return sorted(shown, key=lambda one: (one["organization"], one["code"]))


def show(context: Context, name: str, by: By) -> View:
    """One. Raises NotFound."""
    with context.database.read() as db:
        return _view(db, _find(context, db, name, by), by)


def _view(db: Db, found: _Known, by: By, counted: Counted | None = None) -> View:
    """`counted`: messages of the last day by webhook and state, where the caller has counted them."""
    webhook, endpoint, only = found.webhook, found.endpoint, found.webhook.filters
    counted = counted or webhooks.counts(db, by.scope, since=_RECENT, now=by.now)
    recent = counted.get(webhook.id, {})
    waits = recent.get(State.PENDING.value, 0) + recent.get(State.SENDING.value, 0)
    return {
        "id": webhook.id,
        "organization": found.owner,
        "code": webhook.code,
        "url": webhook.url,
        "events": sorted(webhook.events),
        "only": {name: sorted(value) for name, value in vars(only).items() if value},
        "internal_notes": webhook.internal_notes,
        "allow_private_network": webhook.allow_private_network,
        "standing": endpoint.standing.value,
        "why": endpoint.why,
        "changed_at": endpoint.changed_at,
        "health": _health(endpoint, by.now),
        "failing_since": endpoint.failing_since,
        "last_at": endpoint.last_at,
        "last_status": endpoint.last_status,
        "last_error": endpoint.last_error,
        "delivered": endpoint.delivered,
        "today": {"waiting": waits, "parked": recent.get(State.PARKED.value, 0)},
        "secrets": [vars(one) for one in endpoint.secrets if signs(one, by.now)],
    }


def _health(endpoint: Endpoint, now: datetime) -> str:
    if endpoint.standing is not Standing.ACTIVE:
        return endpoint.standing.value
    if endpoint.failing_since is None:
        return "well" if endpoint.last_at is not None else "untried"
    return "failing" if rules.room(endpoint, now=now) else "resting"


def pause(context: Context, name: str, reason: str, by: By) -> View:
    """Nothing is sent there until it is resumed; messages wait. Raises NotFound."""
    return _stand(context, name, Standing.PAUSED, reason, by)


def resume(context: Context, name: str, by: By) -> View:
    """Everything that waits is sent, in its order. Raises NotFound."""
    return _stand(context, name, Standing.ACTIVE, "", by)


def _stand(context: Context, name: str, standing: Standing, why: str, by: By) -> View:
    with context.database.write() as db:
        found = _find(context, db, name, by, lock=True)
        before = found.endpoint
        changed = {"standing": standing, "why": why, "changed_at": by.now}
        if standing is Standing.ACTIVE:
            changed |= {"breaker": None, "failing_since": None}
            webhooks.at_once(db, before.id, now=by.now)
        endpoint = Endpoint(**{**vars(before), **changed})
        webhook_endpoints.change(db, endpoint)
        action = "webhook resumed" if standing is Standing.ACTIVE else "webhook paused"
        _audit(db, (endpoint.org_id, endpoint.id), action, by, {"standing": standing.value, "reason": why})
        return _view(db, _Known(webhook=found.webhook, endpoint=endpoint, owner=found.owner), by)


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """How the new secret signs, and how long older ones sign beside it."""

    scheme: Scheme = Scheme.HMAC
    overlap: timedelta = OVERLAP


def rotate(context: Context, name: str, wanted: Rotation, by: By, *, vault: Vault) -> str:
    """A new secret, told this once. Raises NotFound, Invalid."""
    scheme, overlap = wanted.scheme, wanted.overlap
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Invalid("an older secret goes on for at most 30 days", cure="--overlap 24h")
    with context.database.write() as db:
        found = _find(context, db, name, by, lock=True)
        until = by.now + overlap
        endpoint, secret = endpoints.rotated(found.endpoint, scheme, vault=vault, now=by.now, until=until)
        webhook_endpoints.keep_secrets(db, endpoint)
        told = {"scheme": scheme.value, "older_until": until.isoformat()}
        _audit(db, (endpoint.org_id, endpoint.id), "webhook secret rotated", by, told)
    return secret


def trial(context: Context, name: str, by: By, *, claimed: bool = False) -> Message:
    """Queue a message that says only that somebody tries the webhook out. `claimed`: the caller sends it at once itself.
    Raises NotFound."""
    with context.database.write() as db:
        found = _find(context, db, name, by)
        fact = Fact(kind="webhook.test", subject=found.webhook.id, document={"webhook": found.webhook.code})
        [message] = webhooks.tell_fact(db, [found.webhook], fact, new_id=context.new_id, now=by.now)
        if claimed:
            message = webhooks.take(db, message, until=by.now + rules.LEASE)
        return message


# -- messages -----------------------------------------------------------------------------------------------------------------


def messages(context: Context, name: str, by: By, span: Span, *, limit: int = 50) -> list[View]:
    """A webhook's messages, the newest first. Raises NotFound."""
    with context.database.read(by.scope) as db:
        found = _find(context, db, name, by)
        return [_message(one) for one in webhooks.listed(db, by.scope, found.webhook.id, span, limit=limit)]


def message(context: Context, message_id: str, by: By) -> View:
    """One message with its tries. Raises NotFound."""
    with context.database.read(by.scope) as db:
        found = webhooks.get(db, by.scope, message_id)
        if found is None:
            raise NotFound(f"there is no message {message_id}", cure="interdesk webhooks messages lists them")
        return {**_message(found), "attempts": webhooks.tries(db, by.scope, message_id)}


def _message(one: Message) -> View:
    names = ("id", "kind", "subject", "created_at", "next_at", "done_at", "attempts", "error")
    shown = {name: getattr(one, name) for name in names}
    return {**shown, "webhook": one.webhook_id, "ticket": one.ticket_id or None, "state": one.state.value}


@dataclass(frozen=True, kw_only=True)
class Again:
    """What is to be sent once more: one message, or (without it) all that were made in a stretch of time."""

    message: str = ""
    span: Span = field(default_factory=Span)


def replay(context: Context, name: str, wanted: Again, by: By) -> int:
    """Put finished messages back at their place, under their own ids: whoever has them already knows them by these. How many.
    Raises NotFound, Invalid without a message or the beginning of a stretch."""
    if not wanted.message and wanted.span.since is None:
        raise Invalid("what is to be sent again is not said", cure="--message ID, or --since MOMENT")
    with context.database.write() as db:
        found = _find(context, db, name, by)
        if wanted.message:
            one = webhooks.get(db, by.scope, wanted.message)
            if one is None or one.webhook_id != found.webhook.id:
                raise NotFound(f"there is no message {wanted.message} of this webhook")
        which = (
            webhooks.of_id(wanted.message)
            if wanted.message
            else webhooks.of_webhook(found.webhook.id, wanted.span)
        )
        count = webhooks.again(db, by.scope, which, now=by.now)
        told = {"message": wanted.message, "count": count}
        _audit(db, (found.webhook.org_id, found.webhook.id), "webhook replayed", by, told)
    return count


def _audit(db: Db, whose: tuple[str, str], action: str, by: By, after: Mapping[str, Any]) -> None:
    org_id, webhook_id = whose
    audit.record(
        db,
        now=by.now,
        org_id=org_id,
        actor=by.actor,
        action=action,
        subject=webhook_id,
        before=None,
        after=dict(after),
    )
