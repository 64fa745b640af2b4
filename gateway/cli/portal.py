"""`interdesk portal`: jobs of parties that have no desk of their own, and acting on one for somebody who called."""

from typing import Annotated

import typer

from gateway.app import new_id, utc_now
from gateway.cli.terminal import Actor, AsJson, opened, say, show
from gateway.cli.terminal import acting as acting_as
from gateway.cli.tickets import Limit
from gateway.domain import portal
from gateway.domain.portal import Act, Doing
from gateway.errors import Unsupported
from gateway.flows.context import OPERATOR
from gateway.flows.portal import acting, browsers

_BROWSERS = {"id": "ID", "desk": "DESK", "contact": "READER", "agent": "BROWSER", "created_at": "SINCE", "seen_at": "LAST USED"}  # fmt: skip
_COLUMNS = {"number": "NUMBER", "party": "PARTY", "state": "STATE", "changed_at": "SINCE", "possible": "CAN", "title": "TITLE", "id": "ID"}  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Jobs at portal desks.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("act")(act)
    group.command("browsers")(listed_browsers)
    group.command("forget")(forget)
    app.add_typer(group, name="portal")


def listed_browsers(as_json: AsJson = False) -> None:
    """List the browsers that act by links from mails, the last used first."""
    with opened() as gateway:
        found = browsers.listed(gateway.context)
        with gateway.database.read() as db:
            known = {
                one.id: code
                for code, one in ((d.code, d) for d in gateway.context.directory(db).desks.values())
            }
    rows = [{**vars(one), "desk": known.get(one.desk_id, one.desk_id)} for one in found]
    show(
        [{name: row[name] for name in _BROWSERS} for row in rows],
        _BROWSERS,
        as_json=as_json,
        empty="nobody has acted by a link yet",
    )


def forget(
    browser: Annotated[str, typer.Argument(help="Its id (pbr_…).", show_default=False)], actor: Actor = None
) -> None:
    """A browser acts no more until it is told new digits."""
    with opened() as gateway:
        ended = browsers.end(gateway.context, browser, actor=acting_as(actor), now=utc_now())
    say(f"{ended.contact} is asked for digits there again")


def listed(limit: Limit = 50, as_json: AsJson = False) -> None:
    """List jobs, the newest first, with what can be done with each."""
    with opened() as gateway:
        found = acting.listed(gateway.context, OPERATOR, limit=limit)
        with gateway.database.read() as db:
            directory = gateway.context.directory(db)
    rows = [
        {
            "id": job.id,
            "number": job.number,
            "party": directory.organizations[job.org_id].code,
            "state": portal.state_of(job),
            "changed_at": job.changed_at,
            "possible": [one.value for one in portal.possible(job)],
            "title": job.title,
        }
        for job in found
    ]
    show(rows, _COLUMNS, as_json=as_json, empty="there are no jobs at portal desks")


def act(
    job: Annotated[
        str, typer.Argument(metavar="JOB", help="The job's id (job_…), or its number.", show_default=False)
    ],
    doing: Annotated[Doing, typer.Argument(metavar="ACT", help="What is done.", show_default=False)],
    *,
    by: Annotated[
        str, typer.Option("--by", help="Who does it; the other side reads the name.", show_default=False)
    ],
    text: Annotated[
        str, typer.Option("--text", help="A reason, a completion report, a question or a comment.")
    ] = "",
    key: Annotated[str, typer.Option("--key", help="The same for the same act: it is done once.")] = "",
) -> None:
    """Do for a party what it said on the phone: accept, decline, travelling, on_site, done, question or comment."""
    if doing is Doing.FILE:
        raise Unsupported(
            "a file is not sent by a command",
            cure="the links in the mails and POST /v1/portal/jobs/{id}/files take files",
        )
    request = f"cli:{key or new_id('act')}"
    order = Act(doing=doing, by=by, text=text, request=request)
    with opened() as gateway:
        done = acting.act(gateway.context, OPERATOR, job, order, now=utc_now())
    said = "nothing is new" if done.repeated else "done"
    say(f"{said}: {done.job.number} is {portal.state_of(done.job)}")
