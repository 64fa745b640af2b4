"""Exchanges driven over given answers, and documents broken on purpose."""

from gateway.connector import Effect, Exchange, Request, Response
from gateway.errors import DeskGone
from gateway.testing.playback import MOST_REQUESTS, play
from gateway.testing.spoil import JUNK, spoiled, without_keys

ASK = Request(effect=Effect.READ, method="GET", path="x")
OK = Response(status=200, headers={})


def asks(times: int) -> Exchange[int]:
    for _ in range(times):
        yield ASK
    return times


def test_an_exchange_comes_to_its_end() -> None:
    played = play(asks(2), [OK, OK])
    assert (played.returned, played.result, len(played.requests)) == (True, 2, 2)


def test_an_exchange_that_asks_nothing() -> None:
    assert play(asks(0), []).result == 0


def test_an_exchange_that_asks_for_more() -> None:
    played = play(asks(2), [OK])
    assert (played.returned, played.unanswered) == (False, ASK)


def test_an_error_is_thrown_in() -> None:
    error = DeskGone("no")
    played = play(asks(2), [error, OK])
    assert (played.returned, played.error) == (False, error)


def test_a_loop_without_end_is_ended() -> None:
    played = play(asks(10**9), iter(lambda: OK, None))
    assert isinstance(played.error, RecursionError)
    assert len(played.requests) == MOST_REQUESTS


def test_every_place_is_broken_once() -> None:
    document = {"a": {"b": 1}, "c": [2]}
    variants = dict(spoiled(document))
    assert variants["without a"] == {"c": [2]}
    assert variants["without a.b"] == {"a": {}, "c": [2]}
    assert variants["a.b = None"] == {"a": {"b": None}, "c": [2]}
    assert variants["c.0 = []"] == {"a": {"b": 1}, "c": [[]]}
    assert len(variants) == 4 * len(JUNK) + 3
    assert document == {"a": {"b": 1}, "c": [2]}


def test_only_keys_are_dropped() -> None:
    assert dict(without_keys([{"a": 1}])) == {"without 0.a": [{}]}
