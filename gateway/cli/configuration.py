"""`interdesk plan` and `interdesk apply`: the difference between configuration files and what is configured, and making it."""

import getpass
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.app import Gateway, utc_now
from gateway.cli.foresight import tell
from gateway.cli.terminal import (
    Absent,
    Actor,
    AsJson,
    Code,
    Yes,
    acting,
    agreed,
    is_watched,
    opened,
    out,
    print_json,
    say,
    words,
)
from gateway.domain.lifecycle import acts
from gateway.domain.plan import Action, Change, Difference, Kind, Plan
from gateway.flows import agreements, foresight, published
from gateway.flows import apply as flow
from gateway.flows.agreements import Known
from gateway.flows.proposal import Terms
from gateway.installation.reading import Installation, read
from gateway.installation.secret_sources import SecretSource

File = Annotated[Path, typer.Argument(help="A YAML file, or a folder of them.", show_default=False)]
Prune = Annotated[
    bool, typer.Option("--prune", help="Remove what the files do not name, unless something stands on it.")
]

_SIGNS: Mapping[Action, tuple[str, str]] = {
    Action.CREATE: ("+", "green"),
    Action.CHANGE: ("~", "yellow"),
    Action.REMOVE: ("-", "red"),
    Action.IN_USE: ("!", "magenta"),
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("plan")(plan)
    app.command("apply")(apply)


def plan(file: File, prune: Prune = False, as_json: AsJson = False) -> None:
    """Show what applying the files would change. Changes nothing."""
    with opened(absent=Absent.IMAGINE) as gateway:
        wanted = read(file)
        found = flow.plan(gateway.context, wanted, _terms(gateway, prune=prune))
        _show(found, as_json=as_json)
        if not as_json:
            _foretell(gateway, wanted, found)


def apply(
    file: File, actor: Actor = None, prune: Prune = False, yes: Yes = False, as_json: AsJson = False
) -> None:
    """Make the configuration what the files say. Shows the plan and asks first."""
    with opened(absent=Absent.MAKE) as gateway:
        wanted, terms = read(file), _terms(gateway, prune=prune)
        foreseen = flow.plan(gateway.context, wanted, terms)
        if not as_json:
            _show(foreseen, as_json=False)
            _foretell(gateway, wanted, foreseen)
        if foreseen.effective and not agreed("Apply this?", yes=yes):
            say("nothing was changed")
            raise typer.Exit(Code.FINDINGS)
        agreed_on = replace(terms, seen_version=foreseen.version)
        done = flow.apply(gateway.context, wanted, agreed_on, actor=acting(actor), now=utc_now())
        if as_json:
            print_json(_document(done))
        say(f"applied: {_summary(done, done=True)}" if done.effective else "nothing to do")


def _terms(gateway: Gateway, *, prune: bool) -> Terms:
    """Secrets that a file leaves to be asked for are asked for only where somebody can answer."""
    ask = getpass.getpass if is_watched() else None
    return Terms(
        vault=gateway.vault,
        secrets=SecretSource(ask=ask),
        prune=prune,
        year=utc_now().year,
        region=gateway.settings.region,
    )


def terms_of(gateway: Gateway, *, seen: int | None = None) -> Terms:
    """The terms of a plan that somebody has seen, or is to see."""
    return replace(_terms(gateway, prune=False), seen_version=seen)


def _show(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(plan))
    else:
        show_plan(plan)


def show_plan(plan: Plan, *, whole: bool = False) -> None:
    """What would be made, changed, removed, line by line; `whole`: of what would be made every field too."""
    for change in plan.of(*_SIGNS):
        sign, colour = _SIGNS[change.action]
        out().print(
            f"[{colour}]{sign}[/] {words(str(change.ref))}{f'  ({words(change.why)})' if change.why else ''}"
        )
        if change.action is Action.CHANGE or (whole and change.action is Action.CREATE):
            for difference in change.differences:
                out().print(f"    {_told(difference)}")
    for warning in plan.warnings:
        say(f"⚠ {warning}")
    say(_summary(plan))


MOST_FORETOLD = 20
"""Of so many agreements that change a plan says what that would do; the counting takes its time."""


def _foretell(gateway: Gateway, wanted: Installation, plan: Plan) -> None:
    """What changed agreements would do to open clocks and to the last quarter."""
    now = utc_now()
    changed = [one.ref for one in plan.of(Action.CHANGE) if one.ref.kind is Kind.AGREEMENT]
    for ref in changed[:MOST_FORETOLD]:
        one = agreements.find(gateway.context, f"{ref.organization}/{ref.code}")
        document = wanted.items[ref].document
        _reaches_back(gateway, one, document)
        after = agreements.as_it_would_be(gateway.context, one, document, one.today(now))
        if after is not None and not document.get("template"):
            tell(foresight.foresee(gateway.context, after, now=now))


def _reaches_back(gateway: Gateway, one: Known, document: Mapping[str, Any]) -> None:
    """Amendments and renewals, made or taken back, over days that published reports have counted."""
    days = [act.on for act in acts(one.document, document) if act.what in _DATED and act.on is not None]
    told = (
        published.since(gateway.context, one, min(days)) if days and min(days) <= one.today(utc_now()) else []
    )
    if told:
        say(
            f"⚠ {one.name} changes from {min(days)} on, over {len(told)} published reports: {', '.join(told)};"
            " publish them again afterwards, which makes new versions with the difference"
        )


_DATED = ("amended", "renewed", "withdrawn", "terminated")


def _told(difference: Difference) -> str:
    before, after = words(difference.before) or "(none)", words(difference.after) or "(none)"
    return f"{words(difference.path)}: {before} → {after}"


def _summary(plan: Plan, *, done: bool = False) -> str:
    words = ("created", "changed", "removed") if done else ("to create", "to change", "to remove")
    counts = (len(plan.of(action)) for action in (Action.CREATE, Action.CHANGE, Action.REMOVE))
    told = [f"{count} {word}" for count, word in zip(counts, words, strict=True)]
    return f"{', '.join(told)}, {plan.count()['unchanged']} unchanged"


def _document(plan: Plan) -> dict[str, Any]:
    return {
        "version": plan.version,
        "changes": [_change(change) for change in plan.changes if change.action is not Action.UNCHANGED],
        "warnings": list(plan.warnings),
        "count": plan.count(),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "action": change.action.value,
        "kind": change.ref.kind.value,
        "code": change.ref.code,
        "organization": change.ref.organization or None,
        "why": change.why or None,
        "differences": [
            {"path": each.path, "before": each.before, "after": each.after} for each in change.differences
        ],
    }
