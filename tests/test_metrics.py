"""What Prometheus is told of desks: also of those that never answered."""

import re
from datetime import timedelta

from gateway.metrics import Metrics
from gateway.store import rows
from gateway.testing.hub import Hub
from gateway.testing.plan import Plan

AGE = re.compile(r'^interdesk_desk_poll_age_seconds\{desk="(\w+)"\} (\S+)$', re.MULTILINE)


def ages(metrics: Metrics) -> dict[str, float]:
    return {code: float(age) for code, age in AGE.findall(metrics.text().decode())}


def test_a_desk_that_was_never_polled_ages_from_when_we_learned_of_it() -> None:
    hub = Hub(Plan(desks={"north": "plain", "south": "plain"}))
    metrics = Metrics()
    metrics.watch(hub.database, hub.own_clock)
    assert ages(metrics) == {"north": 0, "south": 0}

    hub.clock.advance(timedelta(hours=1))
    with hub.database.write() as db:
        table = rows.desk
        db.execute(table.update().where(table.c.code == "north").values(polled_at=hub.now))
    hub.clock.advance(timedelta(minutes=1))

    assert ages(metrics) == {"north": 60, "south": 3660}
