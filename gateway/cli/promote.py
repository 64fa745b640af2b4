"""`interdesk link promote`: a test link becomes a live one, by a plan that is shown first."""

from typing import Annotated

import typer

from gateway.app import utc_now
from gateway.cli.configuration import show_plan, terms_of
from gateway.cli.terminal import Actor, Code, Reason, Yes, acting, agreed, opened, out, say, words
from gateway.domain.plan import Action, Change
from gateway.flows import promotion
from gateway.flows.commands import Order
from gateway.flows.promotion import Promotion, Wanted


def promote(
    test: Annotated[str, typer.Argument(metavar="TEST", help="The test link's code.", show_default=False)],
    *,
    live: Annotated[
        str, typer.Option("--as", metavar="LIVE", help="The live link's code.", show_default=False)
    ],
    upstream: Annotated[
        str, typer.Option("--upstream", metavar="DESK", help="Where it begins, if it is new.")
    ] = "",
    downstream: Annotated[str, typer.Option("--downstream", metavar="DESK", help="Where it ends.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    reason: Reason = "",
    actor: Actor = None,
    yes: Yes = False,
) -> None:
    """Make a live link as the test link is, with its rules. Shows the plan and asks first; the test link stays as it is."""
    wanted = Wanted(test=test, live=live, upstream=upstream, downstream=downstream)
    with opened() as gateway:
        terms = terms_of(gateway)
        found = promotion.foreseen(gateway.context, wanted, terms)
        _tell(found)
        if dry_run or not found.effective:
            return
        if not agreed("Promote it?", yes=yes):
            say("nothing was changed")
            raise typer.Exit(Code.FINDINGS)
        order = Order(actor=acting(actor), reason=reason, now=utc_now())
        promotion.promote(gateway.context, wanted, terms_of(gateway, seen=found.plan.version), order)
    say(f"{live} is as {test} is; what passed over {test} stays there")


def _tell(found: Promotion) -> None:
    for change in found.plan.of(Action.CREATE):
        _tell_new(change)
    show_plan(found.plan)
    for one in found.rules:
        out().print(f"[yellow]~[/] rules of its {one.side.value}: version {one.number} of the test link's")
    for doubt in found.doubts:
        say(f"⚠ {doubt}")


def _tell_new(change: Change) -> None:
    for one in change.differences:
        out().print(f"    {words(one.path)}: {words(one.after)}")
