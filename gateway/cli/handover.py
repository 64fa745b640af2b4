"""A person decides about an assignment: offer, accept, decline, return, withdraw, reassign, confirm, reject, release."""

from collections.abc import Callable
from typing import Annotated, TypeVarTuple

import typer

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, Reason, acting, opened, print_json, say
from gateway.domain.model import Hop
from gateway.flows import commands
from gateway.flows.commands import Order
from gateway.flows.context import Context

OneHop = Annotated[
    str, typer.Argument(metavar="ASSIGNMENT", help="The assignment's id (hop_…).", show_default=False)
]
OneLink = Annotated[str, typer.Argument(metavar="LINK", help="The link's code.", show_default=False)]
Why = Annotated[str, typer.Option("--reason", help="Told to the other side.", show_default=False)]
About = TypeVarTuple("About")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (
        ("offer", offer),
        ("accept", accept),
        ("decline", decline),
        ("return", give_back),
        ("withdraw", withdraw),
        ("reassign", reassign),
        ("confirm", confirm),
        ("reject", reject),
        ("release", release),
        ("acknowledge", acknowledge),
    ):
        app.command(name)(command)


def _done(
    act: Callable[[Context, *About, Order], Hop],
    *about: *About,
    actor: str | None,
    reason: str,
    as_json: bool,
) -> None:
    with opened() as gateway:
        after = act(gateway.context, *about, Order(actor=acting(actor), reason=reason, now=utc_now()))
    if as_json:
        print_json({"id": after.id, "ticket_id": after.ticket_id, "status": after.status.value})
    else:
        say(f"{after.id} is {after.status.value}")


def offer(
    hop: OneHop, link: OneLink, reason: Reason = "", actor: Actor = None, as_json: AsJson = False
) -> None:
    """Offer the ticket of an assignment over a link, whatever the rules say."""
    _done(commands.offer, hop, link, actor=actor, reason=reason, as_json=as_json)


def accept(hop: OneHop, reason: Reason = "", actor: Actor = None, as_json: AsJson = False) -> None:
    """Take an offer, where the partner's desk cannot say so."""
    _done(commands.accept, hop, actor=actor, reason=reason, as_json=as_json)


def decline(hop: OneHop, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Do not take an offer."""
    _done(commands.decline, hop, actor=actor, reason=reason, as_json=as_json)


def give_back(hop: OneHop, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Return an assignment that was accepted."""
    _done(commands.give_back, hop, actor=actor, reason=reason, as_json=as_json)


def withdraw(hop: OneHop, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Take an assignment back from the partner; possible until it is resolved."""
    _done(commands.withdraw, hop, actor=actor, reason=reason, as_json=as_json)


def reassign(hop: OneHop, link: OneLink, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """From one partner to another, over another link of the same desk; the first one's words stay with it."""
    _done(commands.reassign, hop, link, actor=actor, reason=reason, as_json=as_json)


def confirm(hop: OneHop, reason: Reason = "", actor: Actor = None, as_json: AsJson = False) -> None:
    """Confirm a resolution: the assignment is closed."""
    _done(commands.confirm, hop, actor=actor, reason=reason, as_json=as_json)


def reject(hop: OneHop, reason: Why, actor: Actor = None, as_json: AsJson = False) -> None:
    """Do not accept a resolution: it is worked on again."""
    _done(commands.reject, hop, actor=actor, reason=reason, as_json=as_json)


def release(
    hop: OneHop,
    content: Annotated[
        str, typer.Argument(metavar="CONTENT", help="The comment's or file's id (cnt_…).", show_default=False)
    ],
    reason: Reason = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Let an assignment read a comment or file of a sibling, which its rules would keep from it."""
    _done(commands.release, hop, content, actor=actor, reason=reason, as_json=as_json)


def acknowledge(hop: OneHop, reason: Reason = "", actor: Actor = None, as_json: AsJson = False) -> None:
    """Say for the partner that it knows of a withdrawal."""
    _done(commands.acknowledge_withdrawal, hop, actor=actor, reason=reason, as_json=as_json)
