"""`interdesk agreements activate|terminate|amend|renew|copy`: each shows what it would do before it is done, and is done whole or not at
all."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from gateway.app import Gateway, utc_now
from gateway.cli.foresight import DryRun, tell
from gateway.cli.terminal import Actor, AsJson, Code, Yes, acting, agreed, opened, say, show
from gateway.domain import renewal
from gateway.domain.agreement_versions import on
from gateway.domain.plan import Action
from gateway.domain.renewal import Party, Term
from gateway.errors import Invalid
from gateway.flows import agreements, contracts, foresight, published
from gateway.flows.agreements import Change, Known, Line
from gateway.flows.commands import Order
from gateway.installation import yaml_text

OneAgreement = Annotated[
    str, typer.Argument(metavar="AGREEMENT", help="Its code, or ORGANIZATION/CODE.", show_default=False)
]
Why = Annotated[str, typer.Option("--reason", help="Why; stands in its history and in the audit.")]
From = Annotated[
    str, typer.Option("--from", metavar="DAY", help="The first day, like 2026-07-01.", show_default=False)
]
Until = Annotated[
    str, typer.Option("--until", metavar="DAY", help="The last day, like 2026-12-31.", show_default=False)
]
OptionalAgreement = Annotated[
    str, typer.Argument(metavar="[AGREEMENT]", help="One, by its code.", show_default=False)
]
Template = Annotated[
    str, typer.Option("--template", help="Under the terms of this template.", show_default=False)
]
ForFile = Annotated[
    Path | None,
    typer.Option(
        "--for-file",
        help="CSV with a column customer, and from, until, code, sites where rows differ.",
        show_default=False,
    ),
]
_LINES = {"row": "ROW", "customer": "CUSTOMER", "agreement": "AGREEMENT", "what": "WHAT", "from": "FROM", "until": "UNTIL", "problem": "PROBLEM"}  # fmt: skip


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command("activate")(activate)
    group.command("terminate")(terminate)
    group.command("amend")(amend)
    group.command("renew")(renew)
    group.command("copy")(copy)


def activate(agreement: OneAgreement, reason: Why = "", dry_run: DryRun = False, actor: Actor = None) -> None:
    """A draft was signed: from its first day on tickets are bound to it."""
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    with opened() as gateway:
        one = agreements.find(gateway.context, agreement)
        _do(gateway, [renewal.activated(one.document)], order, dry=dry_run)


def terminate(
    agreement: OneAgreement,
    last: Annotated[str, typer.Option("--on", metavar="DAY", help="Its last day.", show_default=False)],
    *,
    reason: Why = "",
    dry_run: DryRun = False,
    actor: Actor = None,
) -> None:
    """End it early. Tickets that are bound to it keep its terms."""
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    with opened() as gateway:
        one = agreements.find(gateway.context, agreement)
        _do(gateway, [renewal.terminated(one.document, _day(last, "--on"))], order, dry=dry_run)


def copy(
    agreement: OneAgreement,
    code: Annotated[str, typer.Argument(metavar="CODE", help="What the copy is called.", show_default=False)],
    *,
    consumer: Annotated[
        str, typer.Option("--consumer", help="For whom; left out, the same.", show_default=False)
    ] = "",
    begins: From,
    until: Until = "",
    draft: Annotated[bool, typer.Option("--draft", help="Not signed yet.")] = False,
    reason: Why = "",
    dry_run: DryRun = False,
    actor: Actor = None,
) -> None:
    """Make an agreement like this one, or from this template, for other days or somebody else."""
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    with opened() as gateway:
        one = agreements.find(gateway.context, agreement)
        whose = consumer or str(one.document.get("consumer", ""))
        if not whose:
            raise Invalid("for whom?", why=f"{one.code} is a template", cure="add --consumer CODE")
        party = Party(code=code, consumer=whose, draft=draft)
        made = renewal.made_from(one.document, party, _term(begins, until), day=one.today(order.now))
        _do(gateway, [made], order, dry=dry_run)


def amend(
    agreement: OneAgreement,
    *,
    begins: From,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="PATH=VALUE", help="Like targets.resolution.critical=4h.", show_default=False
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="YAML with the parts that change, each whole.", show_default=False),
    ] = None,
    reason: Why = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Change what is promised from a day on, as a version of its own. Open tickets keep their terms until
    `interdesk agreements rebind`."""
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    first = _day(begins, "--from")
    with opened() as gateway:
        one = agreements.find(gateway.context, agreement)
        changed = renewal.amended(one.document, first, _values(one, first, values or [], file))
        _make(gateway, (one, changed, first), order, dry=dry_run, yes=yes, as_json=as_json)


def renew(
    agreement: OptionalAgreement = "",
    *,
    template: Template = "",
    file: ForFile = None,
    begins: From = "",
    until: Until = "",
    draft: Annotated[bool, typer.Option("--draft", help="New agreements are not signed yet.")] = False,
    reason: Why = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """One more term: of one agreement, or from a template for every customer of a list, all or none."""
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    if bool(agreement) == (file is not None):
        raise Invalid("renew what?", why="AGREEMENT, or --template with --for-file", cure="give one of them")
    with opened() as gateway:
        if file is not None:
            wanted = (template, file, _days(begins, until))
            _many(gateway, wanted, order, draft=draft, dry=dry_run, as_json=as_json)
            return
        one = agreements.find(gateway.context, agreement)
        pattern = agreements.find(gateway.context, template).document if template else None
        term = _term(begins, until)
        changed = renewal.renewed(one.document, term, pattern)
        _make(gateway, (one, changed, term.begins), order, dry=dry_run, yes=yes, as_json=as_json)
        if term.begins <= one.today(order.now):
            _signed_late(gateway, one)


# -- many ---------------------------------------------------------------------------------------------------------------------


def _many(
    gateway: Gateway,
    wanted: tuple[str, Path, tuple[str, str]],
    order: Order,
    *,
    draft: bool,
    dry: bool,
    as_json: bool,
) -> None:
    template, file, days = wanted
    if not template:
        raise Invalid("renew from what?", cure="add --template CODE")
    rows = agreements.rows_from(_bytes(file), source=file.name, days=days)
    lines = agreements.from_template(gateway.context, template, rows, draft=draft)
    show([_line(line) for line in lines], _LINES, as_json=as_json, empty="the list is empty")
    done = agreements.apply_lines(gateway.context, gateway.vault, lines, order, dry=dry)
    counts = {what: sum(line.what == what for line in lines) for what in ("made", "renewed", "unchanged")}
    told = ", ".join(f"{count} {what}" for what, count in counts.items())
    for warning in done.plan.warnings:
        say(f"⚠ {warning}")
    say(f"would be: {told}; nothing was changed" if dry else told)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file.name} cannot be read", why=error.strerror or type(error).__name__) from error


def _line(line: Line) -> dict[str, Any]:
    return {
        "row": line.row.place,
        "customer": line.row.customer,
        "agreement": line.agreement,
        "what": line.what,
        "from": line.row.term.begins if line.row.term is not None else None,
        "until": line.row.term.until if line.row.term is not None else None,
        "problem": line.problem,
    }


# -- one ----------------------------------------------------------------------------------------------------------------------


def _make(
    gateway: Gateway,
    wanted: tuple[Known, Mapping[str, Any], date],
    order: Order,
    *,
    dry: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """A new version from a day on: judged, foretold, asked about where it reaches back, made."""
    one, changed, first = wanted
    agreements.carry_out(gateway.context, gateway.vault, [changed], order, dry=True)
    _foretold(gateway, one, changed, first, as_json=as_json)
    _may_reach_back(gateway, [one], first, order, yes=yes or dry)
    _do(gateway, [changed], order, dry=dry)


def _signed_late(gateway: Gateway, one: Known) -> None:
    """Tickets of the days before the signature are bound to the term before, and marked where that had ended."""
    waiting = contracts.bound_to(gateway.context, one.code)
    if waiting:
        say(
            f"{len(waiting)} open tickets stand under the term before; to count them under this one:"
            f" interdesk agreements rebind --open --agreement {one.code} --reason …"
        )


def _do(gateway: Gateway, documents: Sequence[Mapping[str, Any]], order: Order, *, dry: bool) -> Change:
    """Make the change and say what it was; what it leaves to be done as well."""
    done = agreements.carry_out(gateway.context, gateway.vault, documents, order, dry=dry)
    for change in done.plan.of(Action.CREATE, Action.CHANGE):
        say(
            f"{change.ref}: {'would be ' if dry else ''}{'made' if change.action is Action.CREATE else 'changed'}"
        )
        for difference in change.differences if change.action is Action.CHANGE else ():
            say(f"    {difference.path}: {_shown(difference.before)} → {_shown(difference.after)}")
    if not done.plan.effective:
        say("nothing to do: it says so already")
    for warning in done.plan.warnings:
        say(f"⚠ {warning}")
    return done


def _shown(value: Any) -> str:
    return (
        "(none)"
        if value is None
        else yaml.safe_dump(value, default_flow_style=True, width=10_000).strip().removesuffix("\n...")
    )


def _foretold(gateway: Gateway, one: Known, changed: Mapping[str, Any], day: date, *, as_json: bool) -> None:
    """What its new version would do to open clocks and to the last quarter."""
    wanted = agreements.as_it_would_be(gateway.context, one, changed, day)
    if wanted is not None:
        tell(foresight.foresee(gateway.context, wanted, now=utc_now()), as_json=as_json)


def _may_reach_back(
    gateway: Gateway, changed: Sequence[Known], first: date, order: Order, *, yes: bool
) -> None:
    """Say which published periods a change from a day in the past would touch, and ask."""
    told = [one for each in changed for one in published.since(gateway.context, each, first)]
    if not told or first > changed[0].today(order.now):
        return
    say(f"it reaches back over {len(told)} published reports: " + ", ".join(told))
    say(
        "their figures stay as they are; publish them again afterwards, which makes new versions with the difference"
    )
    if not agreed("Reach back over what was published?", yes=yes):
        say("nothing was changed")
        raise typer.Exit(Code.FINDINGS)


def as_yaml(told: Mapping[str, Any]) -> str:
    """As a configuration file has it."""
    return str(yaml.safe_dump(dict(told), sort_keys=False, allow_unicode=True, width=120))


def _values(one: Known, day: date, given: Sequence[str], file: Path | None) -> dict[str, Any]:
    """The parts that change, each whole."""
    parts: dict[str, Any] = {}
    if file is not None:
        for told in yaml_text.documents(_bytes(file), source=file.name):
            parts |= dict(told or {})
    stands = {**on(one.document, day).terms, **parts}
    for text in given:
        path, found, value = text.partition("=")
        if not found:
            raise Invalid(f"{text!r} sets nothing", cure="write targets.resolution.critical=4h")
        names = path.split(".")
        parts[names[0]] = stands[names[0]] = _set(
            stands.get(names[0]), names[1:], yaml.safe_load(value), path
        )
    if not parts:
        raise Invalid("amend what?", cure="add --set PATH=VALUE or --file FILE")
    return parts


def _set(part: Any, names: Sequence[str], value: Any, path: str) -> Any:
    if not names:
        return value
    if part is not None and not isinstance(part, Mapping):
        raise Invalid(f"{path} leads into what has no parts", cure="give the part whole")
    made = deepcopy(dict(part or {}))
    made[names[0]] = _set(made.get(names[0]), names[1:], value, path)
    return made


def _term(begins: str, until: str) -> Term:
    return Term(begins=_day(begins, "--from"), until=_day(until, "--until") if until else None)


def _days(begins: str, until: str) -> tuple[str, str]:
    """The days of rows that name none. Raises Invalid for what is no day."""
    first = _day(begins, "--from").isoformat() if begins else ""
    return first, _day(until, "--until").isoformat() if until else ""


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(
            f"{option} {text!r} is no day" if text else f"{option} is missing", cure="write 2026-07-01"
        ) from error
