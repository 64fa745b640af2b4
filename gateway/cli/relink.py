"""`interdesk tickets relink` and `unlink`: which ticket of its desk an assignment is, where that desk merged, split, moved or
deleted it."""

import asyncio
from typing import Annotated

import typer

from gateway.app import Gateway, utc_now
from gateway.cli.terminal import Actor, AsJson, Code, Reason, Yes, acting, agreed, opened, print_json, say
from gateway.domain.model import Hop, Snapshot
from gateway.errors import DeskGone, NotFound
from gateway.flows import relink as flow
from gateway.flows.commands import Order

OneHop = Annotated[
    str, typer.Argument(metavar="ASSIGNMENT", help="The assignment's id (hop_…).", show_default=False)
]


def relink(
    hop: OneHop,
    number: Annotated[
        str,
        typer.Option("--number", metavar="N", help="The ticket's id at that desk.", show_default=False),
    ],
    *,
    reason: Reason = "",
    actor: Actor = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Say which ticket of its desk an assignment is now. What was said there before stays there; what comes is passed on."""
    with opened() as gateway:
        order = Order(actor=acting(actor), reason=reason, now=utc_now())
        question = flow.ask(gateway.context, hop, number, order)
        snapshot = asyncio.run(_fetched(gateway, question))
        title = snapshot.fields.get("title") or "without a title"
        if not agreed(f"Link {hop} to {question.desk.code} {number} ({title})?", yes=yes):
            raise typer.Exit(Code.FINDINGS)
        after = flow.relink(gateway.context, question, snapshot, order)
    _tell(after, f"{after.id} is {after.number} now", as_json=as_json)


async def _fetched(gateway: Gateway, question: flow.Question) -> Snapshot:
    async with gateway.desk_client() as client:
        try:
            return await client.ask(
                question.connector.fetch(question.remote_id, question.desk, since=None),
                desk=question.desk,
                credentials=gateway.credentials(question.desk),
            )
        except DeskGone as error:
            raise NotFound(
                f"{question.desk.code} has no ticket {question.remote_id}", cure="give its id at that desk"
            ) from error


def unlink(
    hop: OneHop, *, reason: Reason = "", actor: Actor = None, yes: Yes = False, as_json: AsJson = False
) -> None:
    """Say that an assignment has no ticket at its desk any more: it goes back to whoever gave it; a customer's own ticket
    is cancelled. That desk is not written to."""
    with opened() as gateway:
        if not agreed(f"Let go of {hop} for good?", yes=yes):
            raise typer.Exit(Code.FINDINGS)
        order = Order(actor=acting(actor), reason=reason, now=utc_now())
        after = flow.unlink(gateway.context, hop, order)
    _tell(after, f"{after.id} is {after.status.value} and no longer linked", as_json=as_json)


def _tell(after: Hop, words: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": after.id, "status": after.status.value, "number": after.number})
    else:
        say(words)
