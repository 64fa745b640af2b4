"""`/v1/conflicts`: each end reads what it may, and decides what is its own."""

from typing import Any

import orjson
import pytest

from gateway.app import Gateway
from tests.api import house
from tests.api.house import Answer, Doors
from tests.contested import contested


@pytest.fixture
def gateway(either: Gateway) -> Gateway:
    return either


def post(doors: Doors, conflict: str, headers: dict[str, str], **document: Any) -> Answer:
    told = {**headers, "content-type": "application/json"}
    return doors.send("POST", f"/v1/conflicts/{conflict}", body=orjson.dumps(document), headers=told)


def test_each_end_reads_what_may_cross_and_decides_what_is_its_own(gateway: Gateway) -> None:
    conflict = contested(gateway, house.open_chain(gateway))
    keys = {code: house.key(gateway, code) for code in ("north", "south")}
    with Doors(gateway) as doors:
        seen = {
            code: doors.send("GET", "/v1/conflicts?all=true", headers=key).document["conflicts"][0]
            for code, key in keys.items()
        }
        assert {
            code: (one["upstream"]["value"], one["downstream"]["value"]) for code, one in seen.items()
        } == {
            "north": ("critical", None),
            "south": ("critical", "low"),
        }
        assert doors.send("GET", "/v1/conflicts", headers=keys["north"]).document == {
            "conflicts": [],
            "next": None,
        }
        assert doors.send("GET", "/v1/conflicts").status == 401

        refused = post(doors, conflict, keys["south"], keep="mine")
        assert (refused.status, "the upstream's to set" in refused.document["detail"]) == (409, True)
        assert post(doors, conflict, keys["north"], keep="value", value="soon").status in (400, 422)
        assert post(doors, f"{conflict}x", keys["north"], keep="mine").status == 404
        kept = post(doors, conflict, keys["north"], keep="theirs", reason="they are right")
        assert (kept.status, kept.document["standing"]) == (200, "decided")
