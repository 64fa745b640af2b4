"""`interdesk link totals`: what passed over a link on a day, as each of its ends counts it."""

from typing import Annotated

import typer

from gateway.cli.far import KeyFile, Url, reached
from gateway.cli.terminal import AsJson, Code, out, print_json, say, show, words
from gateway.domain.totals import FIGURES

_COLUMNS = {"figure": "FIGURE", "upstream": "UPSTREAM", "downstream": "DOWNSTREAM"}


def totals(
    link: Annotated[str, typer.Argument(metavar="LINK", help="Its code or id.", show_default=False)],
    day: Annotated[str, typer.Option("--day", help="Of UTC, like 2026-03-01; without it today so far.")] = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Count what was sent, taken, refused, is unanswered and open; exit 1 where the two ends differ."""
    with reached(url, key_file, "reader") as there:
        found = there.totals(link, day)
    if as_json:
        print_json(found)
    else:
        restated = f", restated {found['restated']} times" if found["restated"] else ""
        say(f"{found['link']}{' (test)' if found['test'] else ''}, {found['day']}{restated}")
        ends = ("upstream", "downstream")
        show(
            [{"figure": name, **{end: found[end][name] for end in ends}} for name in FIGURES],
            _COLUMNS,
            as_json=False,
        )
        for one in found["differences"]:
            numbers = ", ".join(one["tickets"]) or "a ticket that has no number at your desk"
            out().print(
                f"[yellow]only the {words(one['counted_by'])} counts[/] as {one['figure']}: {words(numbers)}"
            )
    if found["differences"]:
        raise typer.Exit(Code.FINDINGS)
