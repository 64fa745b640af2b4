"""`interdesk brake`: stop deliveries over a link, of a group or all, at once; nothing is lost, all of it goes on in order."""

from typing import Annotated

import typer

from gateway.cli.far import KeyFile, Url, reached
from gateway.cli.terminal import Actor, AsJson, Reason, say, show
from gateway.domain.brakes import Reach
from gateway.errors import Invalid

Over = Annotated[
    str | None, typer.Option("--link", help="Over this link: its code or id.", show_default=False)
]
Group = Annotated[
    str | None,
    typer.Option(
        "--group",
        help="Over every link of this organization, and of those that belong to it.",
        show_default=False,
    ),
]
Everything = Annotated[bool, typer.Option("--everything", help="Over every link; for the operator.")]
_COLUMNS = {
    "kind": "STOPS",
    "target": "WHAT",
    "by": "BY",
    "on_by": "WHO",
    "on_at": "SINCE",
    "reason": "WHY",
    "off_at": "OFF",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Stop deliveries at once, and let them go on.", no_args_is_help=True)
    group.command("on")(on)
    group.command("off")(off)
    group.command("show")(shown)
    app.add_typer(group, name="brake")


def on(
    *,
    link: Over = None,
    group: Group = None,
    everything: Everything = False,
    reason: Reason = "",
    url: Url = None,
    key_file: KeyFile = None,
    actor: Actor = None,
) -> None:
    """Put the brake on. What is on the wire at that moment ends as it does; everything else waits in its lane."""
    kind, target = _meant(link, group, everything=everything)
    with reached(url, key_file, actor) as there:
        there.brake(kind, target, on=True, reason=reason)
    say(f"nothing is delivered over {_told(kind, target)}; interdesk brake off lets it go on, in order")


def off(
    *,
    link: Over = None,
    group: Group = None,
    everything: Everything = False,
    url: Url = None,
    key_file: KeyFile = None,
    actor: Actor = None,
) -> None:
    """Take it off: everything that waited is delivered in its order."""
    kind, target = _meant(link, group, everything=everything)
    with reached(url, key_file, actor) as there:
        there.brake(kind, target, on=False)
    say(f"deliveries over {_told(kind, target)} go on")


def _meant(link: str | None, group: str | None, *, everything: bool) -> tuple[Reach, str]:
    named = [
        (kind, target)
        for kind, target in (
            (Reach.LINK, link),
            (Reach.GROUP, group),
            (Reach.EVERYTHING, "" if everything else None),
        )
        if target is not None
    ]
    if len(named) != 1:
        raise Invalid("a brake stops one thing", cure="--link LINK, --group ORGANIZATION or --everything")
    return named[0]


def _told(kind: Reach, target: str) -> str:
    return {Reach.LINK: f"link {target}", Reach.GROUP: f"the links of {target}"}.get(kind, "any link")


def shown(
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that are off too.")] = False,
    url: Url = None,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the brakes that are on."""
    with reached(url, key_file, "reader") as there:
        found = there.brakes(every=every)
    show(found, _COLUMNS, as_json=as_json, empty="no brake is on")
