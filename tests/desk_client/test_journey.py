"""A connector's exchange step by step, without a wire: what it may ask for and how it ends."""

from collections.abc import Generator

import pytest

from gateway.connector import Effect, Exchange, Request, Response
from gateway.desk_client.journey import Journey, Returned
from gateway.errors import ConnectorFailed, DeskRejected

ANSWER = Response(status=200, headers={}, body=b"{}")


def asked(effect: Effect) -> Request:
    return Request(effect=effect, method="POST", path="/x")


def walk(*effects: Effect) -> Exchange[int]:
    for effect in effects:
        yield asked(effect)
    return len(effects)


def run(exchange: Exchange[int], *, may_write: bool = True, limit: int = 10) -> int:
    journey = Journey(exchange, may_write=may_write, limit=limit)
    turn = journey.advance(None)
    while not isinstance(turn, Returned):
        turn = journey.advance(ANSWER)
    return turn.value


READ, PREPARE, WRITE = Effect.READ, Effect.PREPARE, Effect.WRITE
ALLOWED = {
    "a write": (WRITE,),
    "preparing, then writing": (READ, PREPARE, PREPARE, WRITE),
    "a read-back": (WRITE, READ, READ),
    "nothing": (),
    "reading alone": (READ,),
}
REFUSED = {
    "two writes": (WRITE, WRITE),
    "preparing after the write": (WRITE, READ, PREPARE),
}


@pytest.mark.parametrize("effects", ALLOWED.values(), ids=ALLOWED.keys())
def test_a_push_may(effects: tuple[Effect, ...]) -> None:
    assert run(walk(*effects)) == len(effects)


@pytest.mark.parametrize("effects", REFUSED.values(), ids=REFUSED.keys())
def test_a_push_may_not(effects: tuple[Effect, ...]) -> None:
    with pytest.raises(ConnectorFailed):
        run(walk(*effects))


@pytest.mark.parametrize("effect", [PREPARE, WRITE])
def test_a_read_may_only_read(effect: Effect) -> None:
    with pytest.raises(ConnectorFailed, match=f"wants to {effect}"):
        run(walk(READ, effect), may_write=False)
    assert run(walk(READ, READ), may_write=False) == 2


def test_the_number_of_requests_is_bounded() -> None:
    assert run(walk(*[READ] * 10)) == 10
    with pytest.raises(ConnectorFailed, match="more than 10"):
        run(walk(*[READ] * 11))


def test_what_is_no_request_is_a_bug() -> None:
    def confused() -> Exchange[int]:
        yield "GET /x"  # type: ignore[misc]
        return 1

    with pytest.raises(ConnectorFailed, match="no Request"):
        run(confused())


def failing(error: BaseException) -> Exchange[int]:
    yield asked(READ)
    raise error


def test_our_errors_pass_and_bugs_are_named() -> None:
    refusal = DeskRejected("no")
    with pytest.raises(DeskRejected) as raised:
        run(failing(refusal))
    assert raised.value is refusal
    with pytest.raises(ConnectorFailed, match="ZeroDivisionError: by zero") as bug:
        run(failing(ZeroDivisionError("by zero")))
    assert isinstance(bug.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit()], ids=["interrupt", "exit"])
def test_the_end_of_the_process_is_no_bug_of_a_connector(error: BaseException) -> None:
    with pytest.raises(type(error)):
        run(failing(error))


def test_the_writes_own_answer_is_known_as_such() -> None:
    journey = Journey(walk(READ, WRITE, READ), may_write=True, limit=10)
    seen = []
    turn = journey.advance(None)
    while not isinstance(turn, Returned):
        seen.append(journey.last_answer_is_the_writes)
        turn = journey.advance(ANSWER)
    assert seen == [False, False, False]

    def looking() -> Generator[Request, Response, int]:
        yield asked(WRITE)
        seen.append(looked.last_answer_is_the_writes)
        yield asked(READ)
        seen.append(looked.last_answer_is_the_writes)
        return 1

    looked = Journey(looking(), may_write=True, limit=10)
    for answer in (None, ANSWER, ANSWER):
        looked.advance(answer)
    assert seen[3:] == [True, False]


def test_closing_runs_the_connectors_own_end() -> None:
    ended: list[str] = []

    def tidy() -> Exchange[int]:
        try:
            yield asked(READ)
        finally:
            ended.append("tidy")
        return 1

    journey = Journey(tidy(), may_write=False, limit=10)
    journey.advance(None)
    journey.close()
    journey.close()
    assert ended == ["tidy"]
