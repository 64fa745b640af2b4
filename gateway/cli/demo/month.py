"""The customer's report over the day that was played: its summary at the end of the story, and the page of the published one."""

import time
from datetime import datetime

from rich.console import Console
from rich.panel import Panel

from gateway.app import utc_now
from gateway.cli.demo import pages
from gateway.cli.demo.stage import Stage
from gateway.domain.reports.document import Report
from gateway.domain.reports.views import View
from gateway.flows import publishing, reporting, share
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.flows.reporting import Wanted
from gateway.store import clocks, views

_CUSTOMER = "customer"
_LONGEST = 20.0
"""Seconds for which the end of the day is waited for; a ticket that stays open is in the report as such."""


def report(stage: Stage) -> Report:
    """As the account manager reads it, once the gateway has seen and counted all that happened: everybody is named."""
    deadline = time.monotonic() + _LONGEST
    while _is_behind(stage) and time.monotonic() < deadline:
        time.sleep(0.2)
    return reporting.compose(stage.gateway.context, _wanted(utc_now()), now=utc_now())


def _is_behind(stage: Stage) -> bool:
    """Whether a ticket is not closed yet, or its clocks are to be folded again."""
    with stage.gateway.database.read() as db:
        still_open = views.tickets(db, OPERATOR, limit=1, narrow=views.Narrow(is_open=True))
        return bool(still_open or clocks.due(db, OPERATOR, now=utc_now(), limit=1))


def print_summary(console: Console, told: Report) -> None:
    """The page in front of it."""
    lines = [f"· {line}" for line in (*told.headlines, *told.warnings)]
    console.print(Panel("\n".join(lines), title=told.title, title_align="left"))


def page(stage: Stage) -> str:
    """Where the customer reads its own report: published in its view, opened by a link."""
    context, order = stage.gateway.context, Order(actor="demo", reason="the day is over", now=utc_now())
    made = publishing.publish(
        context, publishing.draft(context, _wanted(order.now, View.CUSTOMER), now=order.now), order
    )
    wanted = share.Wanted(subject=made.publication.id, organization=_CUSTOMER, lasts=pages.LASTS)
    _, token = share.create(context, wanted, actor=order.actor, now=order.now)
    return f"{stage.gateway_url}/shared/{token}"


def _wanted(now: datetime, view: View = View.OPERATOR) -> Wanted:
    return Wanted(customer=_CUSTOMER, period=f"{now:%Y-%m}", view=view)
