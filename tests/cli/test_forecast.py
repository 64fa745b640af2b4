"""When clocks may be met, of a ticket that really is in the chain."""

from datetime import timedelta
from typing import Any

import orjson

from gateway.app import Gateway, utc_now
from gateway.domain.keeping import KeptClock
from gateway.store import clocks
from tests.api.house import Chain
from tests.cli.conftest import Run
from tests.cli.test_sla import chain

__all__ = ["chain"]
H = timedelta(hours=1)


def remember(gateway: Gateway, lengths: list[timedelta], *, target: timedelta = 4 * H) -> None:
    """So many clocks of the partner's agreement were met before."""
    now = utc_now()
    done = [
        KeptClock(
            id=f"clk_{place}_{target}", org_id="org", ticket_id=f"tkt_{place}_{target}", hop_id=f"hop_{place}", place=1,
            agreement="south-uc", target_kind="resolution", key="k", state="met", target=target,
            elapsed=length, stopped_time=timedelta(), folded_at=now, ended_at=now,
        )
        for place, length in enumerate(lengths)
    ]  # fmt: skip
    with gateway.database.write() as db:
        clocks.keep(db, new=done, changed=[])


def foretold(run: Run, chain: Chain) -> Any:
    [found] = orjson.loads(run("sla", "forecast", chain.ticket, "--json").stdout)["forecasts"]
    return found


def test_without_a_past_only_the_earliest_is_told(run: Run, chain: Chain) -> None:
    found = foretold(run, chain)
    assert (found["chance_of_breach"], found["likely"]) == ("not known", None)
    assert found["still_to_act"] == ["South Services, of whom 0 finished tickets are known and 5 are needed"]
    assert "not known" in run("sla", "forecast", chain.ticket).stdout


def test_the_past_of_the_same_target_tells_the_chance(gateway: Gateway, run: Run, chain: Chain) -> None:
    remember(gateway, [1 * H, 2 * H, 3 * H, 5 * H, 6 * H, 7 * H])
    remember(gateway, 6 * [9 * H], target=8 * H)  # another priority's
    found = foretold(run, chain)
    assert found["chance_of_breach"] == "50 %"
    assert found["earliest"] < found["due"] < found["late"]


def test_what_nobody_was_ever_quick_enough_for_is_said_aloud(
    gateway: Gateway, run: Run, chain: Chain
) -> None:
    remember(gateway, 5 * [9 * H])
    told = run("sla", "forecast", chain.ticket)
    assert "100 %" in told.stdout
    assert "a promise is lost unless somebody is quicker than ever before" in told.stderr


def test_an_unknown_ticket_is_not_found(run: Run, chain: Chain) -> None:
    assert "there is no ticket tkt_none" in run("sla", "forecast", "tkt_none").stderr
