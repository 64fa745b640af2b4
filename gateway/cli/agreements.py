"""`interdesk agreements`: what is promised, where each agreement stands and what happened to it, and binding open tickets anew. What
changes agreements is `agreement_changes`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from gateway.app import Gateway, utc_now
from gateway.cli import agreement_changes
from gateway.cli.foresight import DryRun, tell
from gateway.cli.stops import Why, tell_effect
from gateway.cli.terminal import (
    Actor,
    AsJson,
    Code,
    Yes,
    acting,
    agreed,
    opened,
    out,
    print_json,
    say,
    show,
    show_one,
)
from gateway.domain import lifecycle
from gateway.domain.agreement_versions import day_of, on, runs_until, versions
from gateway.domain.binding import level
from gateway.errors import Invalid
from gateway.flows import agreements, contracts, foresight
from gateway.flows.agreements import Known
from gateway.flows.commands import Order

OneAgreement = Annotated[
    str, typer.Argument(metavar="AGREEMENT", help="Its code, or ORGANIZATION/CODE.", show_default=False)
]
_COLUMNS = {
    "agreement": "AGREEMENT",
    "kind": "KIND",
    "state": "STATE",
    "provider": "PROVIDER",
    "consumer": "CONSUMER",
    "level": "LEVEL",
    "valid_from": "FROM",
    "valid_until": "UNTIL",
    "version": "VERSION",
    "terms": "TERMS",
}
_VERSIONS = {"version": "VERSION", "from": "FROM", "until": "UNTIL", "what": "WHAT IT SAYS OTHERWISE"}
_HISTORY = {"at": "AT", "what": "WHAT", "on": "FROM DAY", "state": "STATE", "actor": "BY", "reason": "WHY", "told": "MORE"}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="What is promised to whom.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("show")(shown)
    group.command("history")(history)
    agreement_changes.register(group)
    group.command("rebind")(rebind)
    app.add_typer(group, name="agreements")


def listed(
    state: Annotated[
        str, typer.Option("--state", help="Only those in this state, like in_renewal.", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List agreements, drafts and templates; TERMS names what new tickets are bound to today."""
    now = utc_now()
    with opened() as gateway:
        with gateway.database.read() as db:
            directory = gateway.context.directory(db)
        names = {one.code: one.name or one.code for one in directory.organizations.values()}
        terms = _terms_today(gateway, now)
        rows = [_row(one, names, terms, now) for one in agreements.known(gateway.context)]
    if state and state not in (known := [*lifecycle.State, "template"]):
        raise Invalid(f"there is no state {state!r}", cure=f"one of {', '.join(known)}")
    wanted = [row for row in rows if state in ("", row["state"])]
    show(wanted, _COLUMNS, as_json=as_json, empty="there is no agreement")


def _terms_today(gateway: Gateway, now: datetime) -> Mapping[str, Any]:
    """`PROVIDER/CODE` → (level, terms) of the version whose turn it is today."""
    with gateway.database.read() as db:
        known = gateway.context.directory(db)
    found: dict[str, Any] = {}
    for one in known.agreements:
        name = f"{one.owner}/{one.code}"
        day = lifecycle.today(now, known.zone_of(one.terms.provider))
        if name not in found or one.valid_from is None or one.valid_from <= day:
            found[name] = (level(one), "of each site" if one.template is not None else one.sheet[:12])
    return found


def _row(one: Known, names: Mapping[str, str], terms: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    document, day = one.document, one.today(now)
    current = on(document, day)
    stands, sheet = terms.get(one.name, ("", ""))
    begins = day_of(document.get("valid_from"))
    return {
        "agreement": one.code,
        "kind": document["kind"],
        "state": _state(one, now),
        "provider": names.get(document["organization"], document["organization"]),
        "consumer": names.get(document.get("consumer", ""), document.get("consumer", "")),
        "level": stands,
        "valid_from": begins,
        "valid_until": day_of(document.get("terminated_on")) or runs_until(document, day),
        "version": current.number,
        "terms": sheet,
    }


def _state(one: Known, now: datetime) -> str:
    if one.document.get("template"):
        return "template"
    return lifecycle.state_on(one.document, one.today(now)).value


def shown(
    agreement: OneAgreement,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="As it stands in a configuration file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one: where it stands, its versions with their days, what supports it, when somebody is reminded."""
    now = utc_now()
    with opened() as gateway:
        one = agreements.find(gateway.context, agreement)
        with gateway.database.read() as db:
            known = gateway.context.directory(db)
        names = {each.code: each.name or each.code for each in known.organizations.values()}
        row = _row(one, names, _terms_today(gateway, now), now)
    if as_yaml:
        typer.echo(agreement_changes.as_yaml({"agreements": [dict(one.document)]}), nl=False)
        return
    found = list(_versions(one))
    if as_json:
        print_json({**row, "document": one.document, "versions": found})
        return
    show_one({**row, **_more(one, now)}, as_json=False)
    out().print()
    show(found, _VERSIONS, as_json=False)


def _more(one: Known, now: datetime) -> dict[str, Any]:
    document = one.document
    scope = {name: document[name] for name in ("link", "services", "sites", "groups") if name in document}
    reminder = lifecycle.next_day(document, one.today(now))
    return {
        "for": scope or "everything between the two",
        "based_on": document.get("based_on", ""),
        "after_end": document.get("after_end", lifecycle.EXPIRE),
        "supports": document.get("supports", []),
        "supported_by": document.get("supported_by", []),
        "reminders": f"{', '.join(map(str, lifecycle.marks(document))) or 'no'} days before the end",
        "looked_at_again": reminder,
    }


def _versions(one: Known) -> Iterator[dict[str, Any]]:
    before: Mapping[str, Any] = {}
    for version in versions(one.document):
        differs = [name for name, value in version.terms.items() if before.get(name) != value]
        yield {
            "version": version.number,
            "from": version.begins,
            "until": version.ends,
            "what": differs if version.number > 1 else [],
        }
        before = version.terms


def history(agreement: OneAgreement, as_json: AsJson = False) -> None:
    """Tell what happened to an agreement: by its dates, and by whose hand and why."""
    with opened() as gateway:
        found = agreements.history(gateway.context, agreement)
    rows = [
        {
            "at": one.at,
            "what": one.what,
            "on": one.on_day,
            "state": one.after,
            "actor": one.actor,
            "reason": one.reason,
            "told": one.told,
        }
        for one in found
    ]
    show(rows, _HISTORY, as_json=as_json, empty="nothing is known of it yet: a worker looks at it")


def rebind(
    ticket: Annotated[
        str, typer.Argument(metavar="TICKET", help="One ticket's id.", show_default=False)
    ] = "",
    *,
    agreement: Annotated[
        str, typer.Option("--agreement", help="The agreement's code, as it stands now.", show_default=False)
    ],
    reason: Why,
    open_ones: Annotated[
        bool,
        typer.Option("--open", help="All open tickets that are bound to some version of it; asks first."),
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    actor: Actor = None,
) -> None:
    """Count open clocks under an agreement as it stands now; closed ones keep the terms they ended under. `--dry-run` shows
    what that would change."""
    if bool(ticket) == open_ones:
        raise Invalid("which tickets?", why="TICKET or --open", cure="give one of them")
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    with opened() as gateway:
        if dry_run:
            _foretell(gateway, ticket, agreement, order.now)
            return
        tickets = contracts.open_under(gateway.context, agreement) if open_ones else [ticket]
        if open_ones and tickets and not agreed(f"Bind {len(tickets)} open tickets anew?", yes=yes):
            say("nothing was changed")
            raise typer.Exit(Code.FINDINGS)
        done = sum(_rebound(gateway, one, agreement, order) for one in tickets)
    if done:
        say(f"{done} of {len(tickets)} tickets bound anew")
    else:
        say(
            "nothing to do: they stand under these terms"
            if tickets
            else f"no open ticket stands under {agreement}"
        )


def _foretell(gateway: Gateway, ticket: str, agreement: str, now: datetime) -> None:
    for wanted in contracts.standing(gateway.context, agreement, now=now):
        tell(foresight.foresee(gateway.context, wanted, now=now, only=[ticket] if ticket else None))


def _rebound(gateway: Gateway, ticket: str, agreement: str, order: Order) -> bool:
    effect = contracts.rebind(gateway.context, ticket, agreement, order)
    if effect is None:
        return False
    say(ticket)
    tell_effect(effect)
    return True
