"""Sites and assets written over the API: what a file would make, each its own, nothing over what another has changed meanwhile."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from gateway.app import Gateway
from gateway.store import audit
from gateway.store.scope import Scope
from tests.api import house
from tests.api.directory import FURNISHED
from tests.api.house import Answer, Doors

COVERED = "coverage:\n  - {site: LU-001, link: north-south}\n"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with house.installed(tmp_path_factory.mktemp("places"), said=FURNISHED + COVERED) as opened:
        yield opened


@pytest.fixture(scope="module")
def doors(gateway: Gateway) -> Iterator[Doors]:
    with Doors(gateway) as opened:
        yield opened


class Asking:
    """One caller at the doors."""

    def __init__(self, doors: Doors, key: dict[str, str]) -> None:
        self.doors, self.key = doors, key

    def __call__(self, method: str, path: str, document: object = None, **headers: str) -> Answer:
        told = {**self.key, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if document is None:
            return self.doors.send(method, path, headers=told)
        told["content-type"] = "application/json"
        return self.doors.send(method, path, body=orjson.dumps(document), headers=told)


@pytest.fixture(scope="module")
def north(gateway: Gateway, doors: Doors) -> Asking:
    return Asking(doors, house.key(gateway, "north"))


def entries(gateway: Gateway, subject: str) -> list[dict[str, Any]]:
    with gateway.database.read() as db:
        found = audit.entries(db, Scope.operator(), subject=subject)
    return [{name: one[name] for name in ("action", "actor", "before", "after")} for one in reversed(found)]


def test_a_site_is_made_changed_and_taken_away_as_a_file_would(either: Gateway) -> None:
    with Doors(either) as opened:
        _live_through(either, Asking(opened, house.key(either, "north")))


def _live_through(gateway: Gateway, north: Asking) -> None:
    document = {"name": "Bergamo", "country": "IT", "zone": "Europe/Rome"}
    made = north("PUT", "/v1/sites/BG-001", document)
    again = north("PUT", "/v1/sites/BG-001", {**document, "code": "BG-001", "organization": "north"})
    assert (made.status, again.status, again.document) == (201, 200, made.document)
    assert made.document == {**document, "id": made.document["id"], "code": "BG-001", "organization": "north"}
    read = north("GET", "/v1/sites/BG-001")
    assert (read.document, read.headers["etag"]) == (made.document, made.headers["etag"])

    changed = north("PATCH", f"/v1/sites/{made.document['id']}", {"zone": None, "hours": "always"})
    assert changed.document == {**{n: v for n, v in made.document.items() if n != "zone"}, "hours": "always"}
    placed = north("PUT", "/v1/assets/TILL-9", {"site": "BG-001", "serial": "R9"})
    kept = north("DELETE", "/v1/sites/BG-001")
    assert (placed.status, kept.status, kept.code) == (201, 409, "IDK-1402")
    assert "asset north/TILL-9 names it" in kept.document["detail"]
    assert north("DELETE", "/v1/assets/TILL-9").document["serial"] == "R9"
    assert north("DELETE", "/v1/sites/BG-001").status == 200
    assert [north(way, "/v1/sites/BG-001").status for way in ("GET", "DELETE")] == [404, 404]

    told = entries(gateway, "site north/BG-001")
    assert [one["action"].split()[1] for one in told] == ["create", "change", "remove"]
    assert told[1] == {
        "action": "configuration change",
        "actor": "test",
        "before": {"zone": "Europe/Rome"},
        "after": {"hours": "always"},
    }
    assert told[2]["before"]["hours"] == "always"


REFUSED: tuple[tuple[str, str, object, int, str], ...] = (
    ("PUT", "/v1/sites/X", {"zone": "Rome"}, 422, "zone"),
    ("PUT", "/v1/sites/X", {"colour": "red"}, 422, "colour"),
    ("PUT", "/v1/sites/X", {"contacts": ["nobody"]}, 422, "nobody"),
    ("PUT", "/v1/sites/X", {"code": "Y"}, 422, "the address"),
    ("PUT", "/v1/sites/%20X", {}, 422, "code"),
    ("PUT", "/v1/sites/X", [1], 422, "dictionary"),
    ("PUT", "/v1/sites/dir_0", {}, 404, "no such site"),
    ("PUT", "/v1/sites/X?organization=far", {}, 404, "no organization 'far'"),
    ("PUT", "/v1/sites/X", {"organization": "far"}, 404, "no organization 'far'"),
    ("PATCH", "/v1/sites/NEVER", {}, 404, "no such site"),
    ("PATCH", "/v1/sites/MI-001", {"code": None}, 422, "the address"),
    ("PUT", "/v1/assets/X", {"site": "NEVER"}, 422, "NEVER"),
    ("PUT", "/v1/assets/X", {"warranty_until": "soon"}, 422, "warranty_until"),
    ("DELETE", "/v1/sites/LU-001", None, 409, "names it"),
)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]} {case[1]} {case[4]}")
def test_what_a_file_may_not_say_is_refused(north: Asking, case: tuple[str, str, object, int, str]) -> None:
    way, path, document, status, said = case
    answer = north(way, path, document)
    assert (answer.status, said in answer.document["detail"]) == (status, True), answer.body


def test_the_operator_says_whose_it_is(gateway: Gateway, doors: Doors) -> None:
    operator = Asking(doors, house.key(gateway))
    assert "whose site" in operator("PUT", "/v1/sites/NEW", {}).document["detail"]
    assert operator("PUT", "/v1/sites/NEW?organization=south", {}).document["organization"] == "south"
    several = operator("GET", "/v1/sites/MI-001")
    assert (several.status, "far and north" in several.document["detail"]) == (422, True)
    assert operator("DELETE", "/v1/sites/MI-001?organization=far").document["name"] == "Elsewhere"
    assert operator("GET", "/v1/sites/MI-001").document["organization"] == "north"


def test_nothing_is_written_over_what_another_has_changed(north: Asking) -> None:
    path = "/v1/sites/MI-002"
    first = north("GET", path).headers["etag"]
    second = north("PATCH", path, {"name": "Centrale"}, if_match=first).headers["etag"]
    for way, document in (("PATCH", {"name": "x"}), ("PUT", {}), ("DELETE", None)):
        for tag in (first, f"W/{second}", '"x"'):
            late = north(way, path, document, if_match=tag)
            assert (late.status, late.code) == (412, "IDK-1412"), (way, tag)
    assert north("GET", path).document["name"] == "Centrale"
    assert north("PUT", path, {"name": "New"}, if_none_match="*").status == 412
    assert north("PUT", path, {"name": "New"}, if_match=f'"x", {second}').status == 200
    assert north("PUT", "/v1/sites/NEW", {}, if_match="*").status == 412
    assert north("PUT", "/v1/sites/NEW", {}, if_none_match="*").status == 201


def test_an_act_is_refused_over_another_version_of_its_thing(
    gateway: Gateway, doors: Doors, north: Asking
) -> None:
    south = Asking(doors, house.key(gateway, "south"))
    link, pause = "/v1/links/north-south", "/v1/links/north-south/pause"
    tag = north("GET", link).headers["etag"]
    assert (
        south("POST", pause, {"reason": "stocktaking"}, if_match=south("GET", link).headers["etag"]).status
        == 200
    )
    late = north("POST", pause, {"reason": "mine"}, if_match=tag, idempotency_key="one")
    assert (late.status, late.code) == (412, "IDK-1412")
    again = north("POST", pause, {"reason": "mine"}, if_match=tag, idempotency_key="one")
    assert (again.status, "idempotency-replayed" in again.headers) == (
        412,
        False,
    )  # nothing was done that could be told again
    assert north("POST", pause, {"reason": "mine"}, if_match=north("GET", link).headers["etag"]).status == 200
    assert north("POST", "/v1/links/look", {"code": "x"}, if_match='"x"').status == 412
    far = Asking(doors, house.key(gateway, "far"))
    assert far("POST", pause, {"reason": "x"}, if_match=tag).status in (404, 412)
    assert doors.send("POST", pause, headers={"if-match": tag}).status == 401


def test_a_condition_is_compared_with_the_thing_of_that_very_name(north: Asking) -> None:
    """A code may hold what has a meaning in an address."""
    for code in ("A%3F1", "B%231", "C%251"):
        made = north("PUT", f"/v1/sites/{code}", {"name": "Bergamo"})
        changed = north("PATCH", f"/v1/sites/{code}", {"name": "Como"}, if_match=made.headers["etag"])
        assert (made.status, changed.status, changed.document["name"]) == (201, 200, "Como")
        again = north("DELETE", f"/v1/sites/{code}", if_match=made.headers["etag"])
        assert again.status == 412


def test_an_act_that_came_too_late_may_be_done_anew_under_its_key(north: Asking) -> None:
    made = north("PUT", "/v1/sites/late", {"name": "Bergamo"})
    told = {"idempotency_key": "f47ac10b-58cc-4372-a567-0e02b2c3d479"}
    late = north("PATCH", "/v1/sites/late", {"name": "Como"}, if_match='"older"', **told)
    again = north("PATCH", "/v1/sites/late", {"name": "Como"}, if_match=made.headers["etag"], **told)
    assert (late.status, again.status, again.headers.get("idempotency-replayed")) == (412, 200, None)
