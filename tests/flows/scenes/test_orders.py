"""What people may order at the gateway, and what follows from it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.domain.model import HopStatus
from gateway.errors import Refused
from gateway.flows import commands
from gateway.testing.loopback.temper import PLAIN
from tests.flows.scenes.stage import Cast, Stage

S = HopStatus
ORDERS = (commands.give_back, commands.confirm, commands.reject, commands.withdraw)


@pytest.mark.parametrize("command", ORDERS, ids=lambda command: command.__name__)
def test_nobody_assigned_the_customers_own_ticket(command: Callable[..., object]) -> None:
    stage = Stage("customer>vendor")
    stage.open()
    if command in (commands.confirm, commands.reject):
        stage.set("customer", "status", "solved")

    with pytest.raises(Refused, match="the customer's own ticket cannot be"):
        stage.order(command, stage.hop("customer").id, reason="no")

    assert stage.is_("customer") in (S.ACKNOWLEDGED, S.IN_PROGRESS, S.RESOLVED)


def test_a_withdrawn_branch_lets_what_is_left_decide() -> None:
    """South is done, north is taken back: the vendor is to verify, as if north had declined."""
    words = dict(PLAIN.statuses) | {"to verify": "in_progress"}
    cast = Cast(
        tempers={"vendor": replace(PLAIN, statuses=words)},
        desks={"vendor": {"profile": PLAIN.profile() | {"to_verify": "to verify", "statuses": words}}},
    )
    stage = Stage("customer>vendor", "vendor>north", "vendor>south", cast=cast)
    stage.open()
    stage.delegate("vendor", "north, south")
    stage.set("north", "status", "open")
    stage.set("south", "status", "solved")

    stage.order(commands.withdraw, stage.hop("north").id, reason="not needed")

    assert stage.status("vendor") == "to verify"
