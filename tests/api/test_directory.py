"""What is configured, over the API: each party its own, in pages, as many fields as it asks for, 304 for what it has."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from gateway.app import Gateway
from tests.api import house
from tests.api.directory import FURNISHED
from tests.api.house import SECRETS, Answer, Doors

Keys = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with house.installed(tmp_path_factory.mktemp("directory"), said=FURNISHED) as opened:
        yield opened


@pytest.fixture(scope="module")
def doors(gateway: Gateway) -> Iterator[Doors]:
    with Doors(gateway) as opened:
        yield opened


@pytest.fixture(scope="module")
def keys(gateway: Gateway) -> Keys:
    return {"operator": house.key(gateway)} | {
        name: house.key(gateway, name) for name in ("north", "south", "far")
    }


def listed(doors: Doors, key: dict[str, str], path: str) -> list[Any]:
    """Every page of a list, by its Link headers."""
    name, found = path.partition("?")[0].rpartition("/")[2], []
    while path:
        answer = doors.send("GET", path, headers=key)
        assert answer.status == 200, answer.body
        found += answer.document[name]
        link = answer.headers.get("link", "")
        assert bool(link) is (answer.document["next"] is not None)
        path = link.partition("<")[2].partition(">")[0]
    return found


@pytest.mark.parametrize(
    ("who", "path", "seen"),
    [
        ("operator", "/v1/organizations", ["far", "north", "south"]),
        ("north", "/v1/organizations", ["north", "south"]),
        ("far", "/v1/organizations", ["far"]),
        ("operator", "/v1/sites", ["LU-001", "MI-001", "MI-001", "MI-002"]),
        ("north", "/v1/sites?limit=1", ["LU-001", "MI-001", "MI-002"]),
        ("north", "/v1/sites?group=lombardy&limit=1", ["MI-001", "MI-002"]),
        ("north", "/v1/sites?country=CH", ["LU-001"]),
        ("operator", "/v1/sites?organization=far", ["MI-001"]),
        ("south", "/v1/sites", []),
        ("north", "/v1/assets?site=MI-002", ["TILL-8"]),
        ("north", "/v1/assets?serial=R300-7&limit=1", ["TILL-7"]),
        ("far", "/v1/assets", []),
        ("north", "/v1/contacts", ["night"]),
        ("south", "/v1/contacts", []),
        ("operator", "/v1/desks?limit=1", ["north", "south"]),
        ("south", "/v1/desks", ["south"]),
        ("operator", "/v1/desks?connector=redmine", []),
    ],
)
def test_each_sees_its_own_page_by_page(
    doors: Doors, keys: Keys, who: str, path: str, seen: list[str]
) -> None:
    assert [one["code"] for one in listed(doors, keys[who], path)] == seen


def test_of_the_other_side_of_a_link_code_and_name_are_told(doors: Doors, keys: Keys) -> None:
    told = {one["code"]: one for one in listed(doors, keys["north"], "/v1/organizations")}
    assert told["north"]["is_own"]
    assert set(told["south"]) == {"id", "code", "name", "is_own"}
    assert doors.send("GET", "/v1/organizations/south", headers=keys["north"]).status == 200


@pytest.mark.parametrize("kind", ["organizations", "sites", "assets", "contacts", "desks"])
def test_what_is_not_ones_own_is_not_there(doors: Doors, keys: Keys, kind: str) -> None:
    theirs = [
        one for one in listed(doors, keys["operator"], f"/v1/{kind}") if one.get("organization") != "far"
    ]
    foreign = doors.send("GET", f"/v1/{kind}/{theirs[-1]['id']}", headers=keys["far"])
    missing = doors.send("GET", f"/v1/{kind}/dir_00000000000000000000000000", headers=keys["far"])
    assert (foreign.status, foreign.body) == (404, missing.body)
    assert (
        doors.send("GET", f"/v1/{kind}/{theirs[-1]['id']}", headers=keys["operator"]).document == theirs[-1]
    )


def test_a_desk_never_tells_a_secret(doors: Doors, keys: Keys) -> None:
    told = doors.send("GET", "/v1/desks/north", headers=keys["north"])
    assert told.document["base_url"] == house.NOWHERE
    for word in (*SECRETS.values(), "credentials", "hook", "settings", "cursor"):
        assert word not in told.body.decode()


def test_only_the_fields_that_were_asked_for(doors: Doors, keys: Keys) -> None:
    [one] = listed(doors, keys["north"], "/v1/sites?country=CH&fields=name,%20zone")
    assert set(one) == {"id", "name", "zone"}
    assert set(doors.send("GET", f"/v1/sites/{one['id']}?fields=code", headers=keys["north"]).document) == {
        "id",
        "code",
    }
    for path in (
        "/v1/sites?fields=secret",
        "/v1/sites?country=XX&fields=secret",
        f"/v1/sites/{one['id']}?fields=secret",
    ):
        answer = doors.send("GET", path, headers=keys["north"])
        assert (answer.status, answer.code) == (422, "IDK-1403")
        assert "there is no 'secret'; known are id, organization" in answer.document["detail"]


@pytest.mark.parametrize(
    "cursor",
    ["x", "!!", "e30", "WyJhc3NldHMiLCJhIiwiYiJd", "WyJzaXRlcyIsMSwyXQ", "WyJzaXRlcyIsIlx1MDAwMCIsIngiXQ"],
)
def test_a_cursor_of_another_list_is_none(doors: Doors, keys: Keys, cursor: str) -> None:
    answer = doors.send("GET", f"/v1/sites?cursor={quote(cursor)}", headers=keys["north"])
    assert (answer.status, answer.code) == (422, "IDK-1403")


def test_who_has_a_version_gets_it_no_second_time(doors: Doors, keys: Keys) -> None:
    first = doors.send("GET", "/v1/sites?limit=1", headers=keys["north"])
    version = first.headers["etag"]

    def again(given: str) -> Answer:
        return doors.send("GET", "/v1/sites?limit=1", headers={**keys["north"], "if-none-match": given})

    for given in (version, f'"x", W/{version}', "*"):
        told = again(given)
        assert (told.status, told.body, told.headers["etag"]) == (304, b"", version)
        assert told.headers["link"] == first.headers["link"]
    assert again('"x"').body == first.body
