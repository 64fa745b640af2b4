"""Forgetting somebody over the API: counted first, then ordered; a worker does it, and whose it is reads how far it came."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from gateway import app as wiring
from gateway.app import Gateway, utc_now
from gateway.flows import erasure_rounds, keys
from tests.api import house
from tests.api.in_process import InProcess
from tests.flows.test_erasing import WANTED, dumped, keep, order, spoken_of, ticket

PATH = "/v1/erasures"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with house.installed(tmp_path) as gateway:
        ticket(gateway)
        yield gateway


@pytest.fixture
def doors(gateway: Gateway) -> Iterator[InProcess]:
    found = InProcess(wiring.web_app(gateway, with_worker=False))
    try:
        yield found
    finally:
        found.close()


def key(gateway: Gateway, organization: str | None = None) -> dict[str, str]:
    wanted = keys.Wanted(label="ops", organization=organization, permissions=())
    _, text = keys.create(gateway.context, wanted, actor="test", now=utc_now())
    return {"authorization": f"Bearer {text}", "content-type": "application/json"}


def wish(**changes: object) -> bytes:
    return orjson.dumps({"organization": WANTED.organization, "terms": list(WANTED.terms), **changes})


def test_counted_then_ordered_then_done(gateway: Gateway, doors: InProcess) -> None:
    operator, north, south = (key(gateway, one) for one in (None, "north", "south"))
    before = dumped(gateway, only=("content", "erasure"))
    status, body = doors.ask("POST", PATH, wish(), operator)
    counted = orjson.loads(body)
    assert (status, counted["files"]) == (200, 2)
    assert counted["to_erase"]["content"] > 0
    assert dumped(gateway, only=("content", "erasure")) == before
    status, body = doors.ask("POST", PATH, wish(dry_run=False, reason="by letter"), operator)
    asked = orjson.loads(body)
    assert (status, asked["state"], asked["asked_by"], asked["reason"]) == (
        200,
        "running",
        "ops",
        "by letter",
    )
    assert not spoken_of(body.decode())
    assert erasure_rounds.ordered(gateway.context, keep(gateway), order()) == 1
    status, body = doors.ask("GET", f"{PATH}/{asked['id']}", b"", north)
    assert (status, orjson.loads(body)["state"]) == (200, "done")
    named = {name for name, text in dumped(gateway).items() if any(term in text for term in WANTED.terms)}
    assert named == set()
    assert doors.ask("GET", f"{PATH}/{asked['id']}", b"", south)[0] == 404


def test_only_the_operator_orders_one(gateway: Gateway, doors: InProcess) -> None:
    assert doors.ask("POST", PATH, wish(), key(gateway, "north"))[0] == 403


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({"terms": ["Al"]}, 422, b"fewer than 4 letters"),
        ({"terms": []}, 422, b"terms"),
        ({"organization": "west"}, 404, b"no organization"),
        ({"dry_run": "perhaps"}, 422, b"dry_run"),
    ],
)
def test_bad_wishes_are_told(
    gateway: Gateway, doors: InProcess, changes: dict[str, object], status: int, told: bytes
) -> None:
    got, body = doors.ask("POST", PATH, wish(**changes), key(gateway))
    assert (got, told in body) == (status, True), body
