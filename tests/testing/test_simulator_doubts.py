"""Whether the simulator notices that a ticket was sent again and nobody asked the desk before."""

from datetime import UTC, datetime

import orjson
import pytest

from gateway.testing.loopback.desk import Seen
from gateway.testing.loopback.faults import FaultKind
from gateway.testing.simulator.doubts import unasked

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LOST, FAILED = FaultKind.TIMEOUT_BEFORE, FaultKind.REFUSE


def send(fault: FaultKind | None = None, marker: str = "idk-1") -> Seen:
    return _call("POST", {}, orjson.dumps({"fields": {"marker": marker}}), fault)


def ask(fault: FaultKind | None = None, marker: str = "idk-1") -> Seen:
    return _call("GET", {"marker": marker}, b"", fault)


def _call(method: str, query: dict[str, str], body: bytes, fault: FaultKind | None) -> Seen:
    return Seen(number=1, at=AT, method=method, path="tickets", query=query, body=body, fault=fault)


@pytest.mark.parametrize(
    ("calls", "wrong"),
    [
        ([send()], 0),
        ([send(FAILED), send()], 0),
        ([send(LOST), send()], 1),
        ([send(LOST), ask(), send()], 0),
        ([send(LOST), ask(LOST), send()], 1),
        ([send(LOST), ask(marker="idk-2"), send()], 1),
        ([send(LOST), send(marker="idk-2")], 0),
        ([send(LOST), ask(), send(FAILED), send()], 1),
        ([send(LOST), ask(), send(FAILED), ask(), send()], 0),
    ],
    ids=[
        "once",
        "a proven failure is tried again at once",
        "lost and sent again",
        "lost, asked, sent again",
        "the question was lost too",
        "asked for another",
        "another is sent",
        "a newer try failed beside the older doubt",
        "and was asked about",
    ],
)
def test_who_is_in_doubt_asks_first(calls: list[Seen], wrong: int) -> None:
    assert len(list(unasked(calls))) == wrong
