"""`interdesk find`: from whichever number somebody has in hand to the chain, and how it stands."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from gateway.app import Gateway, utc_now
from gateway.cli.terminal import AsJson, opened, out, print_json, say, show, words
from gateway.domain.problem import suggestion
from gateway.errors import NotFound
from gateway.flows import find as finding
from gateway.flows.explain import distance
from gateway.flows.find import Found

_HOPS = {"organization": "ORGANIZATION", "desk": "DESK", "number": "NUMBER", "status": "STATUS", "reason": "REASON", "since": "SINCE"}  # fmt: skip


def find(
    number: Annotated[
        list[str],
        typer.Argument(
            metavar="NUMBER", help="As it stands in a mail: 4711, #4711, INC-4711 …", show_default=False
        ),
    ],
    org: Annotated[
        str, typer.Option("--org", help="As this organization may know it (its code).", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Find a ticket by any party's number, and tell who has it, since when, what is due and what is stuck."""
    with opened() as gateway:
        org_id = _organization(gateway, org) if org else None
        answer = finding.find(gateway.context, org_id, " ".join(number), now=utc_now())
    if as_json:
        print_json(asdict(answer))
        return
    for one in answer.found:
        out().print(f"[bold]{words(one.ticket_id)}[/]  {words(one.called)}")
        for line in _lines(one):
            out().print(f"  {words(line)}")
        show(one.hops, _HOPS, as_json=False)
        out().print()
    if answer.more:
        say(f"{answer.more} more tickets are called so; write the number with its prefix")


def _lines(one: Found) -> Iterator[str]:
    now = utc_now()
    if one.over:
        yield "over: nothing more is to be done"
    if one.holders and one.since is not None:
        yield f"with {', '.join(one.holders)} since {words(one.since)} ({distance(one.since, now)})"
    if one.next_due is not None:
        yield f"next due {words(one.next_due)} ({distance(one.next_due, now)}): {one.due_of}"
    yield from (f"stuck: {reason}" for reason in one.stuck)


def _organization(gateway: Gateway, code: str) -> str:
    with gateway.database.read() as db:
        known = {one.code: one.id for one in gateway.context.directory(db).organizations.values()}
    if code not in known:
        raise NotFound(f"there is no organization {code!r}", cure=suggestion(code, known))
    return known[code]
