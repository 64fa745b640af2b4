"""`interdesk mapping`: the rules that each side of a link owns, their versions, and what they would do to real tickets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from gateway.app import utc_now
from gateway.cli.terminal import Actor, AsJson, Code, Reason, acting, opened, print_json, say, show
from gateway.domain.model import Side
from gateway.domain.rules.differences import differences
from gateway.errors import Invalid
from gateway.flows import mapping_trial, mappings
from gateway.flows.commands import Order
from gateway.flows.mapping_trial import Trial
from gateway.flows.mappings import Which
from gateway.installation import yaml_text
from gateway.store.mappings import Version

OneLink = Annotated[str, typer.Argument(metavar="LINK", help="The link's code.", show_default=False)]
OneSide = Annotated[Side, typer.Option("--side", help="Whose rules.", show_default=False)]
Number = Annotated[int | None, typer.Option("--version", min=0, help="Which version.", show_default=False)]
_HISTORY = {"version": "VERSION", "state": "STATE", "made_at": "MADE", "author": "BY", "note": "NOTE"}
_MOVES = {"at": "AT", "version": "VERSION", "what": "WHAT", "actor": "BY", "note": "NOTE"}
_DIFFERENCES = {"path": "RULE", "before": "BEFORE", "after": "AFTER"}
_TRIAL = {"field": "FIELD", "source": "THERE", "canonical": "CANONICAL", "outgoing": "LEAVES AS", "incoming": "ARRIVES AS", "target": "WRITTEN", "rule": "BY", "note": ""}  # fmt: skip
_COVERAGE = {
    "field": "FIELD",
    "value": "VALUE",
    "tickets": "TICKETS",
    "where": "NOT KNOWN TO",
    "direction": "WAY",
}
_NAMES = {"shown": "show", "tried": "test"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The rules that each side of a link owns.", no_args_is_help=True)
    for command in (shown, draft, publish, rollback, history, diff, tried, coverage):
        group.command(_NAMES.get(command.__name__, command.__name__))(command)
    app.add_typer(group, name="mapping")


def shown(link: OneLink, side: OneSide, number: Number = None, as_json: AsJson = False) -> None:
    """Print a side's rules, those in effect or of a version, as a file that `draft` takes."""
    with opened() as gateway:
        version, document = mappings.document_of(gateway.context, Which(link=link, side=side), number=number)
    if as_json:
        print_json({"link": link, "side": side.value, "version": version, "rules": document})
        return
    say(f"version {version}" if version else "no rules: what crosses is as the desks' profiles say")
    typer.echo(yaml.safe_dump(dict(document), allow_unicode=True, sort_keys=False).rstrip())


def draft(link: OneLink, file: Path, side: OneSide, reason: Reason = "", actor: Actor = None) -> None:
    """Keep the rules of a YAML file as a new version; nothing takes effect until it is published."""
    document = read(file)
    with opened() as gateway:
        made = mappings.draft(gateway.context, Which(link=link, side=side), document, _order(actor, reason))
    say(
        f"version {made.number} of {link} {side} is kept; interdesk mapping publish {link} --side {side} uses it"
    )


def read(file: Path) -> Mapping[str, Any]:
    """The one document of a YAML or JSON file. Raises Invalid."""
    try:
        with file.open("rb") as opened_file:
            text = opened_file.read(yaml_text.MAX_BYTES + 1)
    except OSError as error:
        raise Invalid(f"{file.name} cannot be read", why=error.strerror or type(error).__name__) from error
    found = yaml_text.documents(text, source=file.name)
    if len(found) != 1 or not isinstance(found[0], Mapping):
        raise Invalid(f"{file.name} is not one document", cure="write names and values, like incoming: [...]")
    return found[0]


def _order(actor: str | None, reason: str) -> Order:
    return Order(actor=acting(actor), reason=reason, now=utc_now())


def publish(
    link: OneLink, side: OneSide, number: Number = None, reason: Reason = "", actor: Actor = None
) -> None:
    """Let a version, the newest if none is named, take effect for what happens from now on."""
    with opened() as gateway:
        moved = mappings.publish(
            gateway.context, Which(link=link, side=side), _order(actor, reason), number=number
        )
    say(f"version {moved.number} of {link} {side} is in effect; what is under way keeps the rules it had")


def rollback(
    link: OneLink,
    side: OneSide,
    number: Annotated[
        int | None,
        typer.Option("--to", min=0, help="Which version; 0 is no rules.", show_default="the one before"),
    ] = None,
    reason: Reason = "",
    actor: Actor = None,
) -> None:
    """Let an earlier version take effect again."""
    with opened() as gateway:
        moved = mappings.rollback(
            gateway.context, Which(link=link, side=side), _order(actor, reason), number=number
        )
    say(
        f"version {moved.number} of {link} {side} is in effect again" if moved.number else "no rules any more"
    )


def history(link: OneLink, side: OneSide, as_json: AsJson = False) -> None:
    """List every version, and when each took effect, by whom and why."""
    with opened() as gateway:
        known, done = mappings.history(gateway.context, Which(link=link, side=side))
    rows = [_version_row(one, mappings.state_of(one, done)) for one in known]
    show(rows, _HISTORY, as_json=as_json, empty="no version yet")
    moved = [
        {"at": one.at, "version": one.number, "what": one.kind, "actor": one.actor, "note": one.note}
        for one in done
    ]
    show(moved, _MOVES, as_json=as_json, empty="nothing was published")


def _version_row(one: Version, state: str) -> dict[str, Any]:
    return {
        "version": one.number,
        "state": state,
        "made_at": one.made_at,
        "author": one.author,
        "note": one.note,
    }


def diff(
    link: OneLink,
    side: OneSide,
    older: Annotated[int | None, typer.Option("--from", min=0, show_default="in effect")] = None,
    newer: Annotated[int | None, typer.Option("--to", min=0, show_default="newest")] = None,
    as_json: AsJson = False,
) -> None:
    """Show in which rules two versions differ; exit 1 if they do."""
    which = Which(link=link, side=side)
    with opened() as gateway:
        known, _ = mappings.history(gateway.context, which)
        newest = known[-1].number if known and newer is None else newer
        _, before = mappings.document_of(gateway.context, which, number=older)
        _, after = mappings.document_of(gateway.context, which, number=newest)
    found = [{"path": path, "before": old, "after": new} for path, old, new in differences(before, after)]
    show(found, _DIFFERENCES, as_json=as_json, empty="they say the same")
    if found:
        raise typer.Exit(Code.FINDINGS)


def tried(
    link: OneLink,
    *,
    ticket: Annotated[
        str | None, typer.Option("--ticket", help="A ticket's id (tkt_…).", show_default=False)
    ] = None,
    sample: Annotated[
        Path | None, typer.Option("--sample", help="YAML or JSON: field → value.", show_default=False)
    ] = None,
    up: Annotated[bool, typer.Option("--up", help="From below upwards.")] = False,
    draft_of: Annotated[
        Side | None, typer.Option("--draft", help="With this side's newest version.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what becomes of a real ticket's fields, or a sample's, and by which rule. Writes nothing. Exit 1 if a value
    would be held."""
    if (ticket is None) == (sample is None):
        raise Invalid("a ticket or a sample is needed", cure="add --ticket tkt_… or --sample FILE")
    wanted = Trial(link=link, down=not up, draft_of=draft_of)
    with opened() as gateway:
        if ticket is not None:
            rows = mapping_trial.of_ticket(gateway.context, wanted, ticket, now=utc_now())
        else:
            rows = mapping_trial.of_sample(gateway.context, wanted, _texts(read(sample or Path())))
    show(rows, _TRIAL, as_json=as_json, empty="nothing crosses")
    if any(row["note"] for row in rows):
        raise typer.Exit(Code.FINDINGS)


def _texts(document: Mapping[str, Any]) -> dict[str, str | None]:
    return {str(name): None if value is None else str(value) for name, value in document.items()}


def coverage(
    link: OneLink,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How far back.")] = 30,
    as_json: AsJson = False,
) -> None:
    """List the values that tickets of the last days show and that would not map. Writes nothing. Exit 1 if there is one."""
    with opened() as gateway:
        rows = mapping_trial.coverage(gateway.context, link, days=days, now=utc_now())
    show(rows, _COVERAGE, as_json=as_json, empty="every value that was seen maps")
    if rows:
        raise typer.Exit(Code.FINDINGS)
