"""(c) The share of the physical limit reached: durable commits of the same rows without anything around them, and requests
of the bare wire, in the same run as what Interdesk makes of them."""

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from gateway.app import new_id
from gateway.domain.model import Message
from gateway.flows import intake
from tests.bench import accept, path, wire
from tests.bench.desks import TEXT
from tests.bench.figures import Bench, Row
from tests.bench.house import STORES, Plan, Store, installed, store_of
from tests.bench.length import Length
from tests.bench.traffic import NEW

BATCH = 50
NOTE = (
    "Baselines are the limits: synced 4 KB writes; our own inbox statement in transactions of 50 rows, nothing around it; the "
    "wire alone, in a process of its own. The share is the figure over the limit above it."
)


def run(length: Length) -> Bench:
    """All rows."""
    bench = Bench(name="share", title="The share of the physical limit", note=NOTE)
    rows = bench.rows
    rows.append(
        Row(what="4 KB written and synced, one by one", figures={"a second": synced(length)}, baseline=True)
    )
    calls = uvloop.run(wire.alone(length))["calls/s"]
    rows.append(Row(what="calls by the wire alone", figures={"a second": calls}, baseline=True))
    for name in STORES:
        with store_of(name) as store:
            limit = committed(store, length)
        rows.append(
            Row(what="rows committed, 50 at a time", store=name, figures={"a second": limit}, baseline=True)
        )
        accepted = accept.interdesk_on(name, length)["accepted/s"]
        share = {"a second": accepted, "share %": accepted / limit * 100}
        rows.append(Row(what="webhooks accepted", store=name, figures=share))
        events = path.interdesk_on(name, NEW, length)["events/s"]
        share = {"a second": events, "share %": events / calls * 100}
        rows.append(Row(what="the whole path, beside the wire alone", store=name, figures=share))
    return bench


def synced(length: Length) -> float:
    """How often a second 4 KB reach the disk."""
    with tempfile.TemporaryDirectory(prefix="interdesk-bench-") as made:
        file = os.open(Path(made) / "file", os.O_CREAT | os.O_WRONLY)
        done, end = 0, time.perf_counter() + length.closed / 3
        while time.perf_counter() < end:
            os.pwrite(file, bytes(4096), done * 4096)
            os.fdatasync(file)
            done += 1
        os.close(file)
    return done / (length.closed / 3)


def committed(store: Store, length: Length) -> float:
    """How many messages a second our own statement commits, 50 at a time, on one connection."""
    with installed(store, Plan(url="http://127.0.0.1:9")) as house:
        done, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < length.closed / 2:
            intake.accept(house.context, [(_message(), "org") for _ in range(BATCH)])
            done += BATCH
    return done / (time.perf_counter() - begun)


def _message() -> Message:
    return Message(
        id=new_id("msg"),
        desk_id="dsk",
        received_at=datetime.now(UTC),
        body=(TEXT * 2)[:1750].encode(),
        headers={
            "webhook-id": "msg_1_1",
            "webhook-timestamp": "1790000000",
            "webhook-signature": "v1," + "x" * 44,
        },
        query={},
    )
