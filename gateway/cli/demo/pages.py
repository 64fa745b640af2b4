"""Links to the page of the day's main ticket, one for each party that has to do with it: what each may see of the others."""

from collections.abc import Iterator
from datetime import timedelta

from gateway.app import utc_now
from gateway.cli.demo.play import Act
from gateway.cli.demo.stage import NAMES, Stage
from gateway.errors import Refused
from gateway.flows import share
from gateway.flows.context import OPERATOR
from gateway.store import history

LASTS = timedelta(days=1)
"""So long a link of the demo opens its page."""


def main_act(acts: list[Act]) -> Act | None:
    """The one that went through most desks."""
    opened = [act for act in acts if "customer" in act.numbers]
    return max(opened, key=lambda act: len(act.numbers), default=None)


def links(stage: Stage, act: Act) -> Iterator[tuple[str, str]]:
    """(organization's name, address) of each party's view of the act's ticket."""
    context = stage.gateway.context
    with stage.gateway.database.read() as db:
        desk = context.directory(db).desk_by_code("customer")
        hops, _ = history.by_remote(db, OPERATOR, desk.id if desk else "", act.numbers["customer"])
    for code, name in NAMES.items():
        wanted = share.Wanted(subject=hops[0].ticket_id, organization=code, lasts=LASTS)
        try:
            _, token = share.create(context, wanted, actor="demo", now=utc_now())
        except Refused:
            continue  # not every firm has to do with every ticket
        yield name, f"{stage.gateway_url}/shared/{token}"
