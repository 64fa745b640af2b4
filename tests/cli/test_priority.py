"""`interdesk priority agree`: only a change of priority can be agreed to."""

from gateway.app import Gateway
from tests.api import house
from tests.cli.conftest import Run


def test_what_is_no_change_of_priority_is_refused_with_what_to_do(gateway: Gateway, run: Run) -> None:
    house.open_chain(gateway)
    told = run("priority", "agree", "evt_nothing", "--reason", "it can wait")
    assert told.exit_code
    assert "evt_nothing is no change of priority" in told.stderr
    assert "interdesk tickets show" in told.stderr
