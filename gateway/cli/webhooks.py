"""`interdesk webhooks`: telling other systems what happens. Secrets are printed once, when they are made."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any

import typer

from gateway.app import Gateway, utc_now
from gateway.cli.sla_links import link_length
from gateway.cli.terminal import (
    Actor,
    AsJson,
    Code,
    Reason,
    acting,
    moment,
    opened,
    print_json,
    say,
    show,
    show_one,
)
from gateway.domain.webhooks.model import Answer, State
from gateway.flows.link_steps import By
from gateway.flows.webhooks import herald, sending, subscriptions
from gateway.flows.webhooks.subscriptions import Again, Rotation, Wanted
from gateway.store.webhooks import Span
from gateway.webhook_signatures import Scheme

Name = Annotated[
    str,
    typer.Argument(metavar="WEBHOOK", help="Its code, or ORGANIZATION/CODE.", show_default=False),
]
_COLUMNS = {
    "organization": "OWNER",
    "code": "WEBHOOK",
    "url": "URL",
    "health": "HEALTH",
    "delivered": "DELIVERED",
    "last_at": "LAST",
    "last_error": "LAST ERROR",
    "why": "WHY",
}
_MESSAGES = {
    "id": "ID",
    "created_at": "MADE",
    "kind": "EVENT",
    "subject": "SUBJECT",
    "state": "STATE",
    "attempts": "TRIES",
    "error": "ERROR",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Telling other systems what happens.", no_args_is_help=True)
    for name, command in (
        ("add", add),
        ("list", listed),
        ("show", show_a_webhook),
        ("test", try_out),
        ("rotate", rotate),
        ("pause", pause),
        ("resume", resume),
        ("messages", messages),
        ("replay", replay),
        ("remove", remove),
    ):
        group.command(name)(command)
    app.add_typer(group, name="webhooks")


def _by(actor: str | None) -> By:
    return By(party=None, actor=acting(actor), now=utc_now())


def _reading() -> By:
    return By(party=None, actor="", now=utc_now())


Several = list[str] | None


def add(
    code: Annotated[str, typer.Argument(help="What it is called, like `pager`.", show_default=False)],
    url: Annotated[str, typer.Argument(help="An https address that takes POST.", show_default=False)],
    *,
    organization: Annotated[
        str, typer.Option("--for", help="Whose it is: the organization's code.", show_default=False)
    ],
    event: Annotated[
        Several, typer.Option("--event", help="An event to be told of; may be repeated. Without it: all.")
    ] = None,
    customer: Annotated[Several, typer.Option("--customer", help="Only tickets from this party.")] = None,
    link: Annotated[Several, typer.Option("--link", help="Only tickets over this link.")] = None,
    service: Annotated[Several, typer.Option("--service", help="Only tickets of this service.")] = None,
    priority: Annotated[Several, typer.Option("--priority", help="Only tickets of this priority.")] = None,
    internal_notes: Annotated[
        bool, typer.Option("--internal-notes", help="Private notes of its own desks, too.")
    ] = False,
    allow_private_network: Annotated[
        bool, typer.Option("--allow-private-network", help="The address may be in a listed private network.")
    ] = False,
    ed25519: Annotated[
        bool, typer.Option("--ed25519", help="Sign with a key pair; what is printed is the public key.")
    ] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make a webhook. What its messages are verified with is printed this once."""
    only = {"customers": customer, "links": link, "services": service, "priorities": priority}
    said = {"events": event, "internal_notes": internal_notes, "allow_private_network": allow_private_network}
    document = {"code": code, "url": url, **_told({**said, "only": _told(only)})}
    scheme = Scheme.ED25519 if ed25519 else Scheme.HMAC
    with opened() as gateway:
        wanted = Wanted(organization=organization, document=document, scheme=scheme)
        made, secret = subscriptions.add(gateway.context, wanted, _by(actor), vault=gateway.vault)
    if as_json:
        print_json({**made, "secret": secret})
        return
    typer.echo(secret)
    say(f"{organization}/{code}: keep it now, it is shown this once; try it: interdesk webhooks test {code}")


def _told(options: dict[str, Any]) -> dict[str, Any]:
    """Those that were given."""
    return {name: value for name, value in options.items() if value}


def listed(as_json: AsJson = False) -> None:
    """List webhooks, and how their addresses do."""
    with opened() as gateway:
        found = subscriptions.listed(gateway.context, _reading())
    show(found, _COLUMNS, as_json=as_json, empty="nobody is told anything")


def show_a_webhook(name: Name, as_json: AsJson = False) -> None:
    """Show one."""
    with opened() as gateway:
        found = subscriptions.show(gateway.context, name, _reading())
    show_one(found, as_json=as_json)


def try_out(name: Name, actor: Actor = None, as_json: AsJson = False) -> None:
    """Send a test message now, and say what came of it."""
    with opened() as gateway:
        message = subscriptions.trial(gateway.context, name, _by(actor), claimed=True)
        parcel = sending.claim_one(gateway.context, message, source=gateway.settings.address, now=utc_now())
        answer = asyncio.run(_sent(gateway, parcel))
    told = {"message": message.id, "status": answer.status, "error": answer.error, "took_ms": answer.took_ms}
    if as_json:
        print_json(told)
    elif answer.error:
        say(f"{message.id}: {answer.error}; it is tried again like any other")
    else:
        say(f"{message.id}: taken with {answer.status} after {answer.took_ms} ms")
    if answer.error:
        raise typer.Exit(Code.FINDINGS)


async def _sent(gateway: Gateway, parcel: sending.Parcel) -> Answer:
    poster = gateway.poster()
    try:
        return await herald.carry(gateway.context, poster, parcel, utc_now)
    finally:
        await poster.close()


def rotate(
    name: Name,
    ed25519: Annotated[
        bool, typer.Option("--ed25519", help="The new secret is a key pair; its public key is printed.")
    ] = False,
    overlap: Annotated[str, typer.Option("--overlap", help="How long older secrets sign beside it.")] = "24h",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make a new secret. It is printed this once; messages carry both signatures until the overlap is over."""
    scheme = Scheme.ED25519 if ed25519 else Scheme.HMAC
    wanted = Rotation(scheme=scheme, overlap=_overlap(overlap))
    with opened() as gateway:
        secret = subscriptions.rotate(gateway.context, name, wanted, _by(actor), vault=gateway.vault)
    if as_json:
        print_json({"webhook": name, "secret": secret})
        return
    typer.echo(secret)
    say(f"{name}: older secrets sign beside it for {overlap}")


def _overlap(text: str) -> timedelta:
    return timedelta() if text in ("0", "none") else link_length(text)


def pause(name: Name, reason: Reason = "", actor: Actor = None) -> None:
    """Send nothing there until it is resumed; what happens meanwhile waits, for 30 days."""
    with opened() as gateway:
        subscriptions.pause(gateway.context, name, reason, _by(actor))
    say(f"{name} is paused; messages wait")


def resume(name: Name, actor: Actor = None) -> None:
    """Send again, what waits first."""
    with opened() as gateway:
        found = subscriptions.resume(gateway.context, name, _by(actor))
    say(f"{name} is {found['standing']}; {found['today']['waiting']} of the last day wait")


Since = Annotated[str | None, typer.Option("--since", help="Made then or later: 2026-03-01T09:00:00+01:00.")]
Until = Annotated[str | None, typer.Option("--until", help="Made before then.")]


def _span(since: str | None, until: str | None, states: list[State] | None) -> Span:
    return Span(
        since=moment(since) if since else None,
        until=moment(until) if until else None,
        states=frozenset(states or ()),
    )


def messages(
    name: Name,
    *,
    since: Since = None,
    until: Until = None,
    state: Annotated[list[State] | None, typer.Option("--state", help="Any of these.")] = None,
    one: Annotated[str | None, typer.Option("--message", help="One, with its tries.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was, is or should be sent, the newest first."""
    with opened() as gateway:
        if one is not None:
            print_json(subscriptions.message(gateway.context, one, _reading()))
            return
        span = _span(since, until, state)
        found = subscriptions.messages(gateway.context, name, _reading(), span, limit=limit)
    show(found, _MESSAGES, as_json=as_json, empty="nothing was told")


def replay(
    name: Name,
    *,
    message: Annotated[str, typer.Option("--message", help="One message, by its id.")] = "",
    since: Since = None,
    until: Until = None,
    state: Annotated[
        list[State] | None, typer.Option("--state", help="Only those that ended so: done, parked, dropped.")
    ] = None,
    actor: Actor = None,
) -> None:
    """Send messages again, under their own ids: one, or all of a stretch of time."""
    wanted = Again(message=message, span=_span(since, until, state))
    with opened() as gateway:
        count = subscriptions.replay(gateway.context, name, wanted, _by(actor))
    say(f"{count} messages are sent again")


def remove(name: Name, actor: Actor = None) -> None:
    """Take a webhook away; what waits for it is dropped."""
    with opened() as gateway:
        gone = subscriptions.remove(gateway.context, name, _by(actor))
    say(f"{gone['organization']}/{gone['code']} is gone")
