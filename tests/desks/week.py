"""A chain of real desks whose clocks are wrong, each in its own way, and a gateway whose time is told by a file: all of them
stand still, and jump together from one moment of a script to the next."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from gateway.cli.terminal import opened
from gateway.flows import sla
from gateway.store.columns import micros
from tests.desks import dated
from tests.desks.chain_links import IN_QUEUE
from tests.desks.house import House, desk_in, installation
from tests.desks.launch.chain import Chain

T = TypeVar("T")
AHEAD = {
    "customer": timedelta(minutes=-7),
    "vendor": timedelta(hours=3),
    "partner": timedelta(seconds=90),
    "subcontractor": timedelta(minutes=-45, seconds=-30),
}
"""How wrong each desk's clock is."""
TICK = timedelta(minutes=1)
"""So long after an act the gateway sees it: it polls every minute and is told nothing in between."""
HALF = timedelta(milliseconds=500)
"""The gateway's clock stands between two seconds of the desks': what they cut off is then as likely more as less."""


def _hours(days: str, hours: str) -> dict[str, list[str]]:
    return {day: [hours] for day in days.split()}


CALENDARS = [
    {
        "code": "rome",
        "organization": "vendor",
        "zone": "Europe/Rome",
        "weekly": _hours("mon tue wed thu fri", "08:00-18:00"),
        "holidays": {"days": ["2027-03-29"]},
    },
    {
        "code": "moscow",
        "organization": "partner",
        "zone": "Europe/Moscow",
        "weekly": _hours("mon tue wed thu fri sat", "09:00-21:00"),
    },
    {"code": "always", "organization": "subcontractor", "zone": "UTC", "always": True},
]

AGREEMENTS = [
    {
        "code": "sla",
        "organization": "vendor",
        "consumer": "customer",
        "kind": "sla",
        "link": "c-v",
        "calendar": "rome",
        "starts_on": "handed_over",
        "targets": {"response": {"high": "2h"}, "resolution": {"high": "25h 30m"}},
        "stops": {"requester_info": "by_consumer"},
    },
    {
        "code": "uc",
        "organization": "partner",
        "consumer": "vendor",
        "kind": "uc",
        "link": "v-p",
        "calendar": "moscow",
        "starts_on": "received",
        "targets": {"acceptance": {"high": "1h"}, "resolution": {"high": "16h"}},
        "stops": {"requester_info": "by_consumer"},
    },
    {
        "code": "sub",
        "organization": "subcontractor",
        "consumer": "partner",
        "kind": "uc",
        "link": "p-s",
        "calendar": "always",
        "starts_on": "accepted",
        "targets": {"resolution": {"high": "6h"}},
        "stops": {"requester_info": "automatic"},
    },
]


def contracts(chain: Chain) -> dict[str, Any]:
    """The installation document: three links, an agreement at each, three calendars."""
    found = installation(
        chain,
        [
            {"code": "c-v", "upstream": "customer", "downstream": "vendor", "passes": {"when": IN_QUEUE}},
            {
                "code": "v-p",
                "upstream": "vendor",
                "downstream": "partner",
                "passes": {"delegate_as": "partner"},
            },
            {
                "code": "p-s",
                "upstream": "partner",
                "downstream": "subcontractor",
                "passes": {"delegate_as": "sub"},
            },
        ],
    )
    for link in found["links"]:
        link["confirm_within"] = "30d"
    for name in AHEAD:
        desk_in(found, name).update({"poll_every": "1m", "refetch_every": "60d"})
    return {**found, "calendars": CALENDARS, "agreements": AGREEMENTS}


@dataclass(kw_only=True)
class World:
    """Desks and gateway under one time."""

    chain: Chain
    house: House
    clock: Path

    def set(self, moment: datetime) -> None:
        """It is that time everywhere, and the gateway does what there is to do."""
        self.chain.set(moment)
        dated.tell(self.clock, moment + HALF)
        self._settle(moment + HALF)

    def act(self, moment: datetime, deed: Callable[[], T]) -> T:
        """Somebody does something at a desk at that moment; the gateway, which stood still, sees it a minute later."""
        self.chain.set(moment)
        done = deed()
        self.set(moment + TICK)
        return done

    def command(self, moment: datetime, *words: str) -> str:
        """An `interdesk` command at that moment."""
        self.set(moment)
        told = self.house.command(*words)
        self._settle(moment + HALF)
        return told

    def reading(self, ticket_id: str, now: datetime) -> sla.Reading:
        """The ticket's clocks and ledger as the product folds them."""
        with patch.dict("os.environ", self.house.environment()), opened() as gateway:
            return sla.read(gateway.context, ticket_id, now=now)

    def codes(self) -> dict[str, str]:
        """Desk id → its code."""
        return {row[0]: row[1] for row in self._asked("SELECT id, code FROM desk")}

    def ahead(self, desk: str) -> timedelta:
        """How wrong a desk's clock is."""
        return AHEAD[desk]

    def due(self, desk: str, ticket: str) -> str:
        """What the desk's own due field shows: a day at the vendor's Redmine, a moment at an RT."""
        if desk == "vendor":
            with self.chain.vendor.client("alice") as client:
                return str(client.get(f"/issues/{ticket}.json").json()["issue"]["due_date"])
        with self.chain.partner.client("alice") as client:
            return str(client.get(f"/ticket/{ticket}").json()["Due"])

    def _settle(self, now: datetime, *, patience: float = 120) -> None:
        """Waits until nothing is left to do at this moment: seen three times."""
        deadline, quiet = time.monotonic() + patience, 0
        while quiet < 3:
            busy = self._busy(now)
            quiet = 0 if busy else quiet + 1
            assert time.monotonic() < deadline, f"at {now} there is always something to do: {busy}"
            time.sleep(0.1)

    def _busy(self, now: datetime) -> dict[str, int]:
        counts = {what: self._asked(query, now=micros(now))[0][0] for what, query in _WORK.items()}
        return {what: count for what, count in counts.items() if count}

    def _asked(self, query: str, **values: int) -> list[Any]:
        """What the gateway's database answers."""
        path = self.house.directory / "data/interdesk.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(query, values).fetchall()


_WORK: Mapping[str, str] = {
    "polls": "SELECT count(*) FROM desk WHERE poll_at IS NULL OR poll_at <= :now",
    "messages": "SELECT count(*) FROM message WHERE state = 'received'",
    "looks": "SELECT count(*) FROM look WHERE due_at <= :now",
    "deliveries": "SELECT count(*) FROM delivery WHERE state IN ('inflight', 'ambiguous')"
    " OR (state = 'pending' AND next_at <= :now)",
    "folds": "SELECT count(*) FROM ticket WHERE fold_at <= :now",
}


@contextmanager
def world(directory: Path, begins: datetime) -> Iterator[World]:
    """A chain and a gateway of their own, at work since an hour before; nothing of them is left."""
    clock = directory / "now"
    dated.tell(clock, begins - timedelta(hours=1) + HALF)
    with Chain(ahead=AHEAD) as chain:
        chain.set(begins - timedelta(hours=1))
        house = House(directory=directory, chain=chain, hooks=False, clock=clock)
        house.apply(contracts(chain))
        with house.at_work():
            found = World(chain=chain, house=house, clock=clock)
            found.set(begins - timedelta(minutes=30))
            yield found


def utc(text: str) -> datetime:
    """`25 09:00` is that day and time of the week in UTC."""
    day, hour = text.split()
    return datetime.fromisoformat(f"2027-03-{day}T{hour}").replace(tzinfo=UTC)
