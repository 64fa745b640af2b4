"""`interdesk report publish`, `versions`, `diff`, `show`, and the links to a published report."""

from dataclasses import replace
from typing import Annotated, Any

import typer

from gateway.app import utc_now
from gateway.cli.report_options import (
    TEXT,
    Customer,
    Excel,
    FormatOf,
    ForWhom,
    Language,
    Month,
    OneTable,
    Out,
    Partner,
    PeriodOf,
    chosen_format,
    manner_of,
    one_period,
    put,
)
from gateway.cli.sla_links import COLUMNS, link_length, link_rows, tell_link, unlink
from gateway.cli.terminal import Actor, AsJson, Code, Reason, acting, opened, print_json, say, show
from gateway.domain.reports.difference import Difference, as_report
from gateway.domain.reports.document import Report
from gateway.domain.reports.views import View
from gateway.errors import Invalid
from gateway.flows import publishing, share
from gateway.flows.commands import Order
from gateway.flows.context import Context
from gateway.flows.reporting import Wanted
from gateway.store.publications import Listed

OneReport = Annotated[
    str, typer.Argument(metavar="REPORT", help="A published report (pub_…).", show_default=False)
]
_VERSIONS = {
    "id": "ID",
    "subject": "ABOUT",
    "period": "PERIOD",
    "view": "VIEW",
    "version": "VERSION",
    "made_at": "PUBLISHED",
    "made_by": "BY",
    "seal": "SEAL",
    "state": "STATE",
}


def register(group: typer.Typer) -> None:
    """Add the commands to `interdesk report`."""
    group.command("publish")(publish)
    group.command("versions")(versions)
    group.command("diff")(diff)
    group.command("show")(shown)
    group.command("link")(link)
    group.command("links")(links)
    group.command("unlink")(unlink)


def publish(
    customer: Customer = "",
    month: Month = "",
    period: PeriodOf = "",
    *,
    partner: Partner = "",
    view: ForWhom = None,
    reason: Reason = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Freeze a report as the next version: its figures stay as they are. Published again after a late fact it becomes a further
    version, and the difference is told figure by figure."""
    if not customer:
        raise Invalid("whose report?", cure="name the customer: --customer CODE")
    order = Order(actor=acting(actor), reason=reason, now=utc_now())
    wanted = Wanted(
        customer=customer,
        period=one_period(month, period),
        partner=partner,
        view=view or (View.PARTNER if partner else View.OPERATOR),
    )
    with opened() as gateway:
        draft = publishing.draft(gateway.context, wanted, now=order.now)
        made = publishing.publish(gateway.context, draft, order)
        before = _before(gateway.context, made)
    if as_json:
        print_json(_told(made))
        return
    if not made.is_new:
        say(f"{made.publication.id} (version {made.publication.version}) says the same: nothing is published")
        return
    typer.echo(made.publication.id)
    say(f"{made.report.title}: version {made.report.version}, sealed {made.publication.seal[:12]}")
    if made.difference is not None and before is not None:
        put(as_report(made.difference, before, made.report, now=order.now), TEXT, None)


def _before(context: Context, made: publishing.Published) -> Report | None:
    if made.difference is None:
        return None
    name = publishing.previous(context, made.publication.id)
    return publishing.read(context, name, None).report


def _told(made: publishing.Published) -> dict[str, Any]:
    one = made.publication
    told = {"id": one.id, **vars(one.line), "version": one.version, "is_new": made.is_new}
    return told | {"sha256": one.sha256, "seal": one.seal, "difference": _counts(made.difference)}


def _counts(found: Difference | None) -> dict[str, Any] | None:
    if found is None:
        return None
    tickets = sorted({turn.number for turn in found.turns})
    return {"figures": len(found.figures), "clocks": len(found.turns), "tickets": tickets}


def versions(
    customer: Customer = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="So many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List published reports, the newest first, and whether each still says what was sealed. Exit code 1 if one does not."""
    with opened() as gateway:
        found = publishing.listed(gateway.context, customer, limit=limit)
        bad = publishing.altered(gateway.context, [one.line for one in found])
    rows = [_row(one, is_altered=(one.line, one.version) in bad) for one in found]
    short = rows if as_json else [{**row, "seal": row["seal"][:12]} for row in rows]
    show(short, _VERSIONS, as_json=as_json, empty="nothing is published yet: interdesk report publish")
    if bad:
        say("a report that was published has been altered since: compare it with a backup")
        raise typer.Exit(Code.FINDINGS)


def _row(one: Listed, *, is_altered: bool) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in ("id", "version", "title", "made_at", "made_by", "reason")}
    seals = {name: getattr(one, name) for name in ("sha256", "previous", "seal")}
    return plain | vars(one.line) | seals | {"state": "altered" if is_altered else "as sealed"}


def diff(
    report: OneReport,
    other: Annotated[
        str,
        typer.Argument(
            metavar="LATER", help="A later version.", show_default="REPORT against the one before"
        ),
    ] = "",
    *,
    form: FormatOf = TEXT,
    as_json: AsJson = False,
    table: OneTable = "",
    language: Language = "en",
    excel: Excel = False,
    out: Out = None,
) -> None:
    """Tell what one version says otherwise than another, figure by figure and by which tickets."""
    chosen = chosen_format(form, as_json=as_json)
    with opened() as gateway:
        old = report if other else publishing.previous(gateway.context, report)
        _, told = publishing.compared(gateway.context, old, other or report, now=utc_now())
    put(told, chosen, out, manner_of(language, table=table, excel=excel))


def shown(
    report: OneReport,
    *,
    form: FormatOf = TEXT,
    as_json: AsJson = False,
    table: OneTable = "",
    language: Language = "en",
    excel: Excel = False,
    out: Out = None,
) -> None:
    """Show a published report as it was, in any format."""
    chosen = chosen_format(form, as_json=as_json)
    with opened() as gateway:
        found = publishing.read(gateway.context, report, None)
    if found.newest.version > found.report.version:
        say(f"version {found.newest.version} ({found.newest.id}) has replaced this one")
    manner = replace(manner_of(language, table=table, excel=excel), made_by=found.publication.made_by)
    put(found.report, chosen, out, manner)


def link(
    report: OneReport,
    organization: Annotated[
        str, typer.Option("--for", help="Whose report it is: the organization's code.", show_default=False)
    ],
    expires: Annotated[
        str, typer.Option("--expires", help="How long it works: 8h, 7d, at most 366d.")
    ] = "30d",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Make a link to a published report for people who have no key. It is printed this once and kept nowhere."""
    wanted = share.Wanted(subject=report, organization=organization, lasts=link_length(expires))
    with opened() as gateway:
        made, token = share.create(gateway.context, wanted, actor=acting(actor), now=utc_now())
        tell_link(gateway.settings, made, token, organization, as_json=as_json)


def links(report: OneReport, as_json: AsJson = False) -> None:
    """List the links to a published report, those that no longer work too."""
    with opened() as gateway:
        rows = link_rows(gateway, report, now=utc_now())
    show(rows, COLUMNS, as_json=as_json, empty="nobody was given a link to this report")
