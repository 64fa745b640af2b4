"""Every route × every actor (T4), on both databases: nobody without a valid key, nobody without the permission, and of what is another's
not even that it is there. A route without a row fails here. `python -m tests.api.test_matrix 50000` has every route meet everybody,
and swaps ids at random."""

import itertools
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from gateway.domain.permissions import Permission
from gateway.flows.permissions import NEEDS, Open, Route
from tests.api import actors, matrix
from tests.api.actors import Actor
from tests.api.matrix import ALIKE, OBJECTS, UNNAMED, Town
from tests.postgres import PostgresServer

ASKED = {route: need for route, need in NEEDS.items() if isinstance(need, Permission)}
ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """On SQLite, where the first lock stands alone."""
    with matrix.town(tmp_path_factory.mktemp("matrix"), None) as found:
        yield found


@pytest.fixture(scope="module")
def locked(
    postgres_server: PostgresServer, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """On PostgreSQL, where the second lock must keep nobody from what is its own."""
    folder = tmp_path_factory.mktemp("matrix")
    with (
        postgres_server.database("matrix", template=postgres_template) as url,
        matrix.town(folder, url) as found,
    ):
        yield found


def like(thing: str) -> str:
    """An id of the same form that nobody has."""
    head, _, rest = thing.partition("_")
    return f"{head}_{'0' * len(rest)}" if rest else "0" * len(thing)


def own(town: Town, route: Route) -> tuple[str, str]:
    """The thing a route is asked for, and whose it is."""
    row = OBJECTS.get(route)
    if row is None:
        return "unanswered-offers", "pusher" if _pushed(route) else "north"
    return town.things[row.thing]


def stranger(route: Route) -> str:
    """An organization that could have such a thing and has not this one."""
    return "other" if _pushed(route) else "far"


def _pushed(route: Route) -> bool:
    return route[1].startswith(("/tmf-api", "/mefApi"))


def test_every_route_has_a_row() -> None:
    rows = [*OBJECTS, *UNNAMED]
    assert sorted(rows) == sorted(set(rows))
    assert {*rows} == {route for route, need in NEEDS.items() if isinstance(need, Permission)}
    assert {need for route, need in NEEDS.items() if route not in rows} == set(Open)


@pytest.fixture(scope="module")
def everybody(town: Town) -> dict[str, Actor]:
    """Of north, in every way there is."""
    return actors.everybody(town.gateway, "north")


def test_t4_every_door_lets_in_whom_it_should_and_nobody_else(
    town: Town, everybody: dict[str, Actor]
) -> None:
    """Every route meets nobody at all, two who are nobody any more, two who lack its permission, and one who has it: each time others. The
    long run has it meet everybody."""
    turns = {wanted: itertools.count() for wanted in TURNS}
    met = Counter[str]()

    def some(route: Route, need: Permission) -> Iterator[str]:
        yield "nothing"
        for wanted, many in TURNS.items():
            fit = [name for name, one in everybody.items() if answered(route, need, name, one) == wanted]
            yield from (fit[next(turns[wanted]) % len(fit)] for _ in range(many if fit else 0))

    chosen = {route: [*some(route, need)] for route, need in ASKED.items()}
    for names in chosen.values():
        met.update(names)
    assert met.keys() == everybody.keys()
    assert strangers(town, everybody, chosen) == {}


TURNS = {401: 2, 403: 2, 0: 1}


def strangers(
    town: Town, everybody: Mapping[str, Actor], chosen: Mapping[Route, Sequence[str]]
) -> dict[tuple[Route, str], tuple[int, int]]:
    """Who was answered otherwise than it should be, and how. What is named is nobody's, so that nothing is done."""
    told = {}
    for route, names in chosen.items():
        thing = like(own(town, route)[0])
        for name in names:
            actor = everybody[name]
            status, wanted = (
                town.knock(route, thing, actor.headers),
                answered(route, ASKED[route], name, actor),
            )
            if (status if status in (401, 403) else 0) != wanted or status >= 500:
                told[route, name] = status, wanted
    return told


def answered(route: Route, need: Permission, name: str, actor: Actor) -> int:
    """401 or 403; 0 for whoever is let in."""
    if actor.may is None:
        return 401
    may = need in actor.may and (route not in NOT_FOR_OWNERS or name.startswith("operator"))
    page = not route[1].startswith(("/v1", "/tmf-api", "/mefApi", "/metrics"))
    return 0 if may else 401 if page else 403


def test_nobody_comes_in_without_the_permission(town: Town) -> None:
    """With every other one, and to what is its own."""
    told = {}
    for route, need in ASKED.items():
        thing, owner = own(town, route)
        wanted = 403 if route[1].startswith(("/v1", "/tmf-api", "/mefApi", "/metrics")) else 401
        status = town.knock(route, thing, town.lacking(owner, need))
        if status != wanted:
            told[route] = status
    assert told == {}


def test_what_is_anothers_is_not_there(town: Town) -> None:
    told = {}
    for route in OBJECTS:
        thing, _ = own(town, route)
        key = town.key(stranger(route))
        foreign, missing = town.ask(route, thing, key), town.ask(route, like(thing), key)
        same = foreign[1].replace(thing.encode(), b"ID") == missing[1].replace(like(thing).encode(), b"ID")
        known = ALIKE if foreign[0] == 200 else ()
        if (foreign[0], same) != (missing[0], True) or (foreign[0] != 404 and route not in known):
            told[route] = foreign, missing
    assert told == {}


def test_lists_tell_nothing_of_others(town: Town) -> None:
    told = {}
    for route in UNNAMED:
        if route[0] == "GET" and route[1] != "/metrics":
            status, body = town.ask(route, "unanswered-offers", town.key(stranger(route)))
            leaked = [name for name in town.said if name.encode() in body]
            if status != 200 or leaked:
                told[route] = status, leaked
    assert told == {}


def test_the_owner_and_the_operator_come_in(locked: Town) -> None:
    """Last: their writes change what the others asked for."""
    told = []
    routes = sorted(ASKED, key=lambda route: (ORDER.index(route[0]), route[1].endswith("/end")))
    for route in routes:
        thing, owner = own(locked, route)
        status, body = locked.ask(route, thing, locked.key(owner))
        if (status in (401, 403, 404) or status >= 500) and route not in NOT_FOR_OWNERS:
            told.append(f"{route} by {owner}: {status} {body!r}")
    for route in routes:
        status, body = locked.ask(route, own(locked, route)[0], locked.key("operator"))
        if status in (401, 403) or status >= 500:
            told.append(f"{route} by the operator: {status} {body!r}")
    assert not told, "\n".join(told)


NOT_FOR_OWNERS = {
    ("GET", "/metrics"): "the operator's alone",
    ("POST", "/v1/erasures"): "it reaches what others hold",
}


def swap(town: Town, count: int, seed: int) -> list[str]:
    """So many requests with ids of others put at random where a route takes one; what was told that should not have been."""
    dice, leaks = random.Random(seed), []
    routes, names = list(OBJECTS), sorted(town.things)
    owners = sorted({owner for _, owner in town.things.values()} | {"far", "other"})
    for _ in range(count):
        route, name, asker = dice.choice(routes), dice.choice(names), dice.choice(("far", "other", *owners))
        thing, owner = town.things[name]
        if asker == owner or {asker, owner} == {"north", "south"}:
            continue
        status, body = town.ask(route, thing, town.key(asker))
        told = [other for other in town.said if other != thing and other.encode() in body]
        mine = [one for one, whose in town.things.values() if whose == asker]
        if (status < 400 and route not in ALIKE) or status >= 500 or set(told) - set(mine):
            leaks.append(f"{route} {name} by {asker}: {status} {told}")
    return leaks


def test_t4_ids_swapped_at_random_leak_nothing(town: Town) -> None:
    assert swap(town, 250, seed=7) == []


def main(count: int) -> None:
    """The long run, on SQLite."""
    with tempfile.TemporaryDirectory() as folder, matrix.town(Path(folder), None) as found:
        whole = actors.everybody(found.gateway, "north")
        wrong = strangers(found, whole, {route: [*whole] for route in ASKED})
        leaks = swap(found, count, seed=1)
    said = [
        f"{len(ASKED)} routes × {len(whole)} actors, {len(wrong)} answered wrongly",
        *map(str, wrong.items()),
    ]
    sys.stdout.write("\n".join([*said[:20], f"{count} swaps, {len(leaks)} leaks", *leaks[:20], ""]))
    sys.exit(bool(leaks or wrong))


if __name__ == "__main__":
    main(int(sys.argv[1]))
