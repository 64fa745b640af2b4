"""Every row of the outcome table, proven with the production transport against the fault desk, for POST and PUT."""

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.connector import Exchange, Request
from gateway.desk_client import PushTerms
from gateway.domain.model import Command, CommandKind, Receipt
from gateway.domain.outcome import Ground, OutcomeClass
from gateway.errors import (
    ConfigError,
    ConnectorFailed,
    DeskDenied,
    DeskError,
    DeskGone,
    DeskRejected,
    DeskStale,
    DeskThrottled,
    DeskUnavailable,
    LeaseLost,
)
from gateway.failpoints import installed
from gateway.testing import fault_desk, faults
from gateway.testing.fault_desk import Fault
from gateway.testing.faults import status
from tests.desk_client.conftest import LIMITS, Setting, a_setting, pushing, read, write

pytestmark = pytest.mark.anyio

APPLIED, NOT_APPLIED, AMBIGUOUS, STALE, AUTH, PERMANENT, ABANDONED = (
    OutcomeClass.APPLIED,
    OutcomeClass.NOT_APPLIED,
    OutcomeClass.AMBIGUOUS,
    OutcomeClass.STALE,
    OutcomeClass.AUTH,
    OutcomeClass.PERMANENT,
    OutcomeClass.ABANDONED,
)
METHODS = pytest.mark.parametrize("method", ["POST", "PUT"])
WHOLE = len(fault_desk.told({"id": "1", "marker": "m-1"}))

# fault, outcome, reason, how many requests the desk read, how many it applied
Row = tuple[Fault, OutcomeClass, Ground, int, int]
ROWS: dict[str, Row] = {
    "done": (fault_desk.well(), APPLIED, Ground.DONE, 1, 1),
    "closed before it read": (faults.close_at_once(), AMBIGUOUS, Ground.NO_ANSWER, 0, 0),
    "reset after it read": (faults.read_then_reset(), AMBIGUOUS, Ground.NO_ANSWER, 1, 0),
    "closed after it read": (faults.read_then_close(), AMBIGUOUS, Ground.NO_ANSWER, 1, 0),
    "applied, then dropped": (faults.apply_then_drop(), AMBIGUOUS, Ground.NO_ANSWER, 1, 1),
    "too long": (faults.wrong_length(5), AMBIGUOUS, Ground.NO_ANSWER, 1, 1),
    "too short": (faults.wrong_length(-5), AMBIGUOUS, Ground.UNREADABLE, 1, 1),
    "a web page": (faults.html_page(), AMBIGUOUS, Ground.UNREADABLE, 1, 0),
    "a login page with 200": (faults.html_page(login=True), AMBIGUOUS, Ground.LOGIN, 1, 0),
    "no HTTP at all": (faults.says(b"220 mail.example ESMTP\r\n"), AMBIGUOUS, Ground.NO_ANSWER, 1, 0),
    "both lengths": (
        faults.says(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        ),
        AMBIGUOUS,
        Ground.NO_ANSWER,
        1,
        0,
    ),
    "another protocol": (
        faults.says(b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
        AMBIGUOUS,
        Ground.NO_ANSWER,
        1,
        0,
    ),
    "an empty 200": (status(200), AMBIGUOUS, Ground.UNREADABLE, 1, 0),
    "another packing": (status(200, b"{}", content_encoding="br"), AMBIGUOUS, Ground.UNREADABLE, 1, 0),
    "broken packing": (status(200, b"{}", content_encoding="gzip"), AMBIGUOUS, Ground.UNREADABLE, 1, 0),
    "a bomb": (faults.gzip_bomb(30), AMBIGUOUS, Ground.UNREADABLE, 1, 1),
    "endless headers": (faults.endless_headers(), AMBIGUOUS, Ground.NO_ANSWER, 1, 1),
    "an endless body": (faults.endless_body(), AMBIGUOUS, Ground.UNREADABLE, 1, 1),
    "server error": (status(500), AMBIGUOUS, Ground.SERVER_ERROR, 1, 0),
    "bad gateway": (status(502, b"<html>", content_type="text/html"), AMBIGUOUS, Ground.SERVER_ERROR, 1, 0),
    "unavailable": (status(503, retry_after="5"), AMBIGUOUS, Ground.SERVER_ERROR, 1, 0),
    "throttled": (status(429, retry_after="5"), NOT_APPLIED, Ground.THROTTLED, 1, 0),
    "bad request": (status(400), PERMANENT, Ground.REFUSED, 1, 0),
    "unprocessable": (status(422), PERMANENT, Ground.REFUSED, 1, 0),
    "not found": (status(404), PERMANENT, Ground.GONE, 1, 0),
    "gone": (status(410), PERMANENT, Ground.GONE, 1, 0),
    "too large": (status(413), PERMANENT, Ground.TOO_LARGE, 1, 0),
    "conflict": (status(409), PERMANENT, Ground.CONFLICT, 1, 0),
    "precondition": (status(412), STALE, Ground.PRECONDITION, 1, 0),
    "unauthorized": (status(401), AUTH, Ground.DENIED, 1, 0),
    "forbidden": (status(403), AUTH, Ground.DENIED, 1, 0),
    "sent to the login": (status(302, location="/login?back=x"), AUTH, Ground.LOGIN, 1, 0),
    "sent elsewhere": (status(307, location="https://x.example/y"), PERMANENT, Ground.MOVED, 1, 0),
    "answered like a form": (status(303, location="/tickets/1"), AMBIGUOUS, Ground.UNEXPECTED_STATUS, 1, 0),
}


@METHODS
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
async def test_the_outcome_table(setting: Setting, method: str, row: Row) -> None:
    fault, outcome, reason, times_read, times_applied = row
    setting.faults.plan(fault)
    verdict = await setting.push(pushing(method))
    assert (verdict.outcome, verdict.reason) == (outcome, reason), verdict.message
    assert (verdict.receipt is not None) is (outcome is APPLIED)
    assert len(setting.faults.received) == times_read, "sent again"
    assert len(setting.faults.applied) == times_applied


@METHODS
async def test_an_answer_cut_at_any_byte_is_a_doubt(setting: Setting, method: str) -> None:
    for at in range(WHOLE):
        setting.faults.plan(faults.cut(at))
        verdict = await setting.push(pushing(method))
        assert verdict.outcome is AMBIGUOUS, f"cut at {at}: {verdict}"
    assert len(setting.faults.received) == WHOLE


@METHODS
async def test_a_reset_at_any_byte_is_a_doubt(setting: Setting, method: str) -> None:
    for at in range(0, WHOLE, 7):
        setting.faults.plan(faults.cut(at, reset=True))
        verdict = await setting.push(pushing(method))
        assert verdict.outcome is AMBIGUOUS, f"reset at {at}: {verdict}"


@METHODS
async def test_a_body_without_length_ends_with_the_connection(setting: Setting, method: str) -> None:
    whole = b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"id": "3"}'
    setting.faults.plan(faults.says(whole), faults.says(whole, reset=True))
    assert (await setting.push(pushing(method))).outcome is APPLIED
    assert (await setting.push(pushing(method))).outcome is AMBIGUOUS


@METHODS
async def test_nobody_listens(setting: Setting, method: str) -> None:
    setting.faults.refuse()
    verdict = await setting.push(pushing(method))
    assert (verdict.outcome, verdict.reason) == (NOT_APPLIED, Ground.UNREACHABLE)


@METHODS
async def test_silence_after_the_write(hasty: Setting, method: str) -> None:
    hasty.faults.plan(faults.silent())
    verdict = await hasty.push(pushing(method))
    assert (verdict.outcome, verdict.reason) == (AMBIGUOUS, Ground.NO_ANSWER)
    assert len(hasty.faults.received) == len(hasty.faults.applied) == 1


@METHODS
async def test_t7_a_dripping_answer_meets_the_deadline(setting: Setting, method: str) -> None:
    setting.faults.plan(faults.drip(0.05))
    verdict = await setting.push(pushing(method), PushTerms(deadline=timedelta(seconds=0.3)))
    assert (verdict.outcome, verdict.reason) == (AMBIGUOUS, Ground.NO_ANSWER)
    assert "time" in verdict.message


async def test_t7_a_dripping_answer_in_time_is_an_answer(setting: Setting) -> None:
    setting.faults.plan(faults.drip(0.0))
    assert (await setting.push()).outcome is APPLIED


@METHODS
async def test_dropped_and_applied_later(setting: Setting, method: str) -> None:
    setting.faults.plan(faults.drop_then_apply(0.05))
    verdict = await setting.push(pushing(method))
    assert verdict.outcome is AMBIGUOUS
    assert not setting.faults.applied
    await asyncio.sleep(0.15)
    assert len(setting.faults.applied) == len(setting.faults.received) == 1


@METHODS
async def test_somebody_elses_ticket_is_no_receipt(setting: Setting, method: str) -> None:
    setting.faults.plan(faults.wrong_id())
    command = Command(
        id="dlv_1", kind=CommandKind.UPDATE, marker="m-1", remote_id=None if method == "POST" else "7"
    )
    verdict = await setting.push(pushing(method), PushTerms(command=command))
    assert (verdict.outcome, verdict.reason, verdict.receipt) == (AMBIGUOUS, Ground.OTHER_OBJECT, None)


async def test_a_conflict_is_stale_where_the_manifest_says_so(setting: Setting) -> None:
    setting.faults.plan(status(409))
    verdict = await setting.push(terms=PushTerms(conflict_is_stale=True))
    assert (verdict.outcome, verdict.reason) == (STALE, Ground.CONFLICT)


RETRY_AFTER = {
    "seconds": ("7", timedelta(seconds=7)),
    "junk": ("soon", None),
    "a week": ("604800", timedelta(hours=24)),
    "the past": ("Mon, 02 Nov 2020 10:00:00 GMT", timedelta()),
    "a far year": ("Mon, 02 Nov 2099 10:00:00 GMT", timedelta(hours=24)),
}


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(("header", "wish"), RETRY_AFTER.values(), ids=RETRY_AFTER.keys())
async def test_the_desks_wish_to_wait_is_kept(
    setting: Setting, code: int, header: str, wish: timedelta | None
) -> None:
    setting.faults.plan(status(code, retry_after=header))
    assert (await setting.push()).retry_after == wish


async def test_the_desks_words_reach_the_verdict(setting: Setting) -> None:
    body = b'{"errors": {"subject": ["cannot be blank"]}}'
    setting.faults.plan(status(422, body, content_type="application/json"))
    assert (await setting.push()).message == "the desk answered 422: subject: cannot be blank"


# what a connector does around its write, and what comes of it


def reading_back(*, fail: Callable[[], Receipt] | None = None) -> Exchange[Receipt]:
    made = (yield write()).json()
    shown = (yield read(made["id"])).json()
    return fail() if fail else Receipt(remote_id=shown["id"], marker=shown["marker"])


def raising(error: Exception) -> Callable[[], Receipt]:
    def fail() -> Receipt:
        raise error

    return fail


async def test_a_read_back_gives_the_receipt(setting: Setting) -> None:
    verdict = await setting.push(reading_back())
    assert verdict.receipt == Receipt(remote_id="1", marker="m-1")
    assert setting.faults.connections == 1, "one exchange, one connection"


READ_BACKS = {
    "denied": status(403),
    "not found": status(404),
    "throttled": status(429),
    "server error": status(500),
    "a web page": faults.html_page(),
    "a login page": faults.html_page(login=True),
    "sent to the login": status(302, location="/login"),
    "dropped": faults.read_then_reset(),
}


@pytest.mark.parametrize("fault", READ_BACKS.values(), ids=READ_BACKS.keys())
async def test_a_failing_read_back_leaves_a_doubt(setting: Setting, fault: Fault) -> None:
    setting.faults.plan(fault_desk.well(), fault, fault)
    verdict = await setting.push(reading_back())
    assert verdict.outcome is AMBIGUOUS
    assert len(setting.faults.applied) == 1


async def test_a_read_back_that_cannot_connect_leaves_a_doubt(setting: Setting) -> None:
    def gone_between() -> Exchange[Receipt]:
        yield write()
        setting.faults.refuse()
        yield read("1")
        raise AssertionError("answered by nobody")

    setting.faults.plan(faults.says(fault_desk.message(200, b"{}")))
    verdict = await setting.push(gone_between())
    assert (verdict.outcome, verdict.reason) == (AMBIGUOUS, Ground.READ_BACK)


AFTER_THE_WRITE = {
    "the desk's refusal shows in the read-back": (DeskRejected("no such queue"), PERMANENT),
    "denied": (DeskDenied("x"), AMBIGUOUS),
    "gone": (DeskGone("x"), AMBIGUOUS),
    "stale": (DeskStale("x"), AMBIGUOUS),
    "throttled": (DeskThrottled("x"), AMBIGUOUS),
    "unavailable": (DeskUnavailable("x"), AMBIGUOUS),
    "a bug": (KeyError("id"), AMBIGUOUS),
    "a bug that looks like our clock": (TimeoutError(), AMBIGUOUS),
}


@pytest.mark.parametrize(("error", "outcome"), AFTER_THE_WRITE.values(), ids=AFTER_THE_WRITE.keys())
async def test_what_a_connector_raises_after_the_read_back(
    setting: Setting, error: Exception, outcome: OutcomeClass
) -> None:
    assert (await setting.push(reading_back(fail=raising(error)))).outcome is outcome


def reading_first(error: Exception | None = None) -> Exchange[Receipt]:
    yield read()
    if error:
        raise error
    made = (yield write()).json()
    return Receipt(remote_id=made["id"])


BEFORE_THE_WRITE = {
    "refused": (DeskRejected("x"), PERMANENT, Ground.REFUSED),
    "denied": (DeskDenied("x"), AUTH, Ground.DENIED),
    "gone": (DeskGone("x"), PERMANENT, Ground.GONE),
    "stale": (DeskStale("x"), STALE, Ground.PRECONDITION),
    "unavailable": (DeskUnavailable("x"), NOT_APPLIED, Ground.SERVER_ERROR),
    "a bug": (KeyError("id"), PERMANENT, Ground.CONNECTOR),
    "a setting": (ConfigError("x"), PERMANENT, Ground.CONFIG),
}


@pytest.mark.parametrize(
    ("error", "outcome", "reason"), BEFORE_THE_WRITE.values(), ids=BEFORE_THE_WRITE.keys()
)
async def test_what_a_connector_raises_before_it_writes(
    setting: Setting, error: Exception, outcome: OutcomeClass, reason: Ground
) -> None:
    verdict = await setting.push(reading_first(error))
    assert (verdict.outcome, verdict.reason) == (outcome, reason)
    assert not setting.faults.applied


FIRST_READS = {
    "server error": (status(500), NOT_APPLIED),
    "unavailable": (status(503, retry_after="3"), NOT_APPLIED),
    "throttled": (status(429), NOT_APPLIED),
    "denied": (status(401), AUTH),
    "gone": (status(404), PERMANENT),
    "dropped": (faults.read_then_reset(), NOT_APPLIED),
    "cut": (faults.cut(20), NOT_APPLIED),
}


@pytest.mark.parametrize(("fault", "outcome"), FIRST_READS.values(), ids=FIRST_READS.keys())
async def test_a_failing_read_before_the_write_applies_nothing(
    setting: Setting, fault: Fault, outcome: OutcomeClass
) -> None:
    setting.faults.plan(fault)
    assert (await setting.push(reading_first())).outcome is outcome
    assert len(setting.faults.received) == 1


def accepting(status_read: int, error: Exception) -> Exchange[Receipt]:
    answer = yield write(accept=(status_read,))
    assert answer.status == status_read
    raise error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (DeskDenied("x"), AUTH),
        (DeskGone("x"), PERMANENT),
        (DeskStale("x"), STALE),
        (DeskUnavailable("x"), AMBIGUOUS),
    ],
    ids=["denied", "gone", "stale", "unavailable"],
)
async def test_the_connectors_reading_of_the_writes_own_answer_counts(
    setting: Setting, error: Exception, outcome: OutcomeClass
) -> None:
    setting.faults.plan(status(409))
    assert (await setting.push(accepting(409, error))).outcome is outcome


def writing_twice() -> Exchange[Receipt]:
    yield write(marker="m-1")
    yield write(marker="m-2")
    raise AssertionError("a second write was let through")


async def test_a_second_write_is_not_sent(setting: Setting) -> None:
    verdict = await setting.push(writing_twice())
    assert (verdict.outcome, verdict.reason) == (AMBIGUOUS, Ground.CONNECTOR)
    assert len(setting.faults.received) == 1


def for_ever() -> Exchange[Receipt]:
    while True:
        yield read()


async def test_a_connector_that_loops_for_ever_is_stopped(tmp_path: Path) -> None:
    async with a_setting(tmp_path, replace(LIMITS, requests=20)) as setting:
        verdict = await setting.push(for_ever())
        assert (verdict.outcome, verdict.reason) == (PERMANENT, Ground.CONNECTOR)
        assert len(setting.faults.received) == 20


async def test_a_connector_that_returns_nothing_leaves_a_doubt(setting: Setting) -> None:
    def forgetful() -> Exchange[Receipt]:
        yield write()
        return None  # type: ignore[return-value]

    assert (await setting.push(forgetful())).outcome is AMBIGUOUS


async def test_nothing_to_write_is_applied(setting: Setting) -> None:
    def already_so() -> Exchange[Receipt]:
        yield read()
        return Receipt(remote_id="7")

    assert (await setting.push(already_so())).outcome is APPLIED
    assert not setting.faults.applied


# the lease, the steps, the clock


async def test_a_lost_lease_holds_the_write_back(setting: Setting) -> None:
    def lost() -> None:
        assert setting.faults.connections == 1, "asked with the connection in hand"
        raise LeaseLost("another worker has it")

    verdict = await setting.push(reading_first(), PushTerms(before_write=lost))
    assert (verdict.outcome, verdict.reason) == (ABANDONED, Ground.LEASE)
    assert not setting.faults.applied
    assert [request.method for request in setting.faults.received] == ["GET"]


async def test_the_lease_is_asked_once_and_only_for_the_write(setting: Setting) -> None:
    asked: list[int] = []
    verdict = await setting.push(
        reading_back(), PushTerms(before_write=lambda: asked.append(len(setting.faults.received)))
    )
    assert verdict.outcome is APPLIED
    assert asked == [0]


async def test_the_steps_of_a_write(setting: Setting) -> None:
    passed: list[tuple[str, int]] = []
    with installed(lambda name: passed.append((name, len(setting.faults.received)))):
        await setting.push(reading_back())
    assert passed == [("send.before", 0), ("send.after", 1), ("answer.received", 1)]


KILLED = {"send.before": 0, "send.after": 1, "answer.received": 1}


@pytest.mark.parametrize(("name", "sent"), KILLED.items())
async def test_a_process_killed_at_a_step_has_sent_just_that(setting: Setting, name: str, sent: int) -> None:
    """The bytes are with the kernel when `send.after` is passed, on the loop of production too."""
    command = [sys.executable, "-m", "tests.desk_client.pusher", setting.faults.url]
    environment = {**os.environ, "INTERDESK_FAILPOINT": name}
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    assert await process.wait() == -9
    await asyncio.sleep(0.05)
    assert len(setting.faults.applied) == sent


async def test_a_verdict_carries_a_sample_of_the_desks_clock(setting: Setting) -> None:
    late = fault_desk.message(
        200, b'{"id": "1"}', date="Mon, 02 Nov 2020 10:00:00 GMT", content_type="application/json"
    )
    setting.faults.plan(faults.says(late))
    verdict = await setting.push()
    assert verdict.clock
    assert verdict.clock.offset < timedelta(days=-365)
    assert timedelta(seconds=0.5) <= verdict.clock.error < timedelta(seconds=5)
    assert setting.client.clock_of("dsk_1") == verdict.clock
    assert setting.client.clock_of("dsk_2") is None


# reads


READS: dict[str, tuple[Fault, type[Exception]]] = {
    "denied": (status(401), DeskDenied),
    "sent to the login": (status(302, location="/login"), DeskDenied),
    "sent elsewhere": (status(302, location="https://x.example/"), DeskRejected),
    "gone": (status(410), DeskGone),
    "not found": (status(404), DeskGone),
    "refused": (status(422), DeskRejected),
    "stale": (status(412), DeskStale),
    "throttled": (status(429, retry_after="9"), DeskThrottled),
    "unavailable until": (status(503, retry_after="9"), DeskThrottled),
    "unavailable": (status(503), DeskUnavailable),
    "server error": (status(500), DeskUnavailable),
    "dropped": (faults.read_then_reset(), DeskUnavailable),
    "cut": (faults.cut(30), DeskUnavailable),
    "a bomb": (faults.gzip_bomb(30), DeskUnavailable),
    "endless headers": (faults.endless_headers(), DeskUnavailable),
}


@pytest.mark.parametrize(("fault", "error"), READS.values(), ids=READS.keys())
async def test_a_read_that_fails_says_what_comes_next(
    setting: Setting, fault: Fault, error: type[DeskError]
) -> None:
    setting.faults.plan(fault)
    with pytest.raises(error) as raised:
        await setting.ask()
    assert type(raised.value) is error
    assert len(setting.faults.received) == 1
    if isinstance(raised.value, DeskThrottled):
        assert raised.value.retry_after == timedelta(seconds=9)


def reading_json() -> Exchange[str]:
    return str((yield read()).json()["title"])


PAGES = {
    "a web page": (faults.html_page(), DeskUnavailable),
    "a login page": (faults.html_page(login=True), DeskDenied),
    "a shape the connector does not know": (status(200, b"[]"), ConnectorFailed),
}


@pytest.mark.parametrize(("fault", "error"), PAGES.values(), ids=PAGES.keys())
async def test_an_answer_that_the_connector_cannot_read(
    setting: Setting, fault: Fault, error: type[DeskError]
) -> None:
    setting.faults.plan(fault)
    with pytest.raises(error):
        await setting.ask(reading_json())


async def test_a_read_that_drips_meets_the_deadline(setting: Setting) -> None:
    setting.faults.plan(faults.drip(0.05))
    with pytest.raises(DeskUnavailable, match="time"):
        await setting.ask(deadline=timedelta(seconds=0.3))


@pytest.mark.parametrize("request_", [write(), write("PUT")], ids=["POST", "PUT"])
async def test_a_read_may_not_write(setting: Setting, request_: Request) -> None:
    def cheating() -> Exchange[str]:
        return (yield request_).body.decode()

    with pytest.raises(ConnectorFailed):
        await setting.ask(cheating())
    assert not setting.faults.received


async def test_a_read_is_asked_again_when_it_never_reached_the_desk(setting: Setting) -> None:
    """The desk restarts in the pause between the two tries."""
    port = setting.faults.port
    setting.faults.refuse()
    reading = asyncio.create_task(setting.ask())
    await asyncio.sleep(0.03)
    await setting.faults.listen(port)
    assert await reading == "{}"


async def test_a_write_is_not_asked_again_when_it_never_reached_the_desk(setting: Setting) -> None:
    port = setting.faults.port
    setting.faults.refuse()
    pushed = asyncio.create_task(setting.push())
    await asyncio.sleep(0.03)
    await setting.faults.listen(port)
    assert (await pushed).outcome is NOT_APPLIED
    assert not setting.faults.received


# leaving nothing behind


ACCEPTING = {"FaultDesk._accept", "BaseSelectorEventLoop._accept_connection2"}
"""The desk's end of a connection lives in the same loop: its own task, and the loop's that hands it over."""


@pytest.mark.parametrize("after", [0.0, 0.02, 0.1], ids=["at once", "soon", "waiting for the answer"])
async def test_cancelling_leaves_nothing(setting: Setting, after: float) -> None:
    closed: list[bool] = []

    def patient() -> Exchange[Receipt]:
        try:
            yield write()
        finally:
            closed.append(True)
        raise AssertionError("answered by nobody")

    setting.faults.plan(faults.silent())
    others = asyncio.all_tasks()
    pushed = asyncio.create_task(setting.push(patient()))
    await asyncio.sleep(after)
    pushed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pushed
    assert closed == [True]
    assert len(setting.client._wire.transport._pool._live) == 0  # type: ignore[attr-defined]
    left = {str(task.get_coro()).split()[2] for task in asyncio.all_tasks() - others}
    assert left <= ACCEPTING, "only the desk itself still waits"


async def test_a_connector_that_resists_its_end_changes_nothing(setting: Setting) -> None:
    def stubborn() -> Exchange[Receipt]:
        try:
            yield write()
        except GeneratorExit:
            raise ValueError("not yet") from None
        raise AssertionError("answered by nobody")

    setting.faults.plan(status(422))
    assert (await setting.push(stubborn())).outcome is PERMANENT


def made_at(at: datetime) -> Exchange[Receipt]:
    """One write whose answer says when the thing was made."""
    yield write()
    return Receipt(remote_id="1", at=at)


@pytest.mark.parametrize(("kind", "known"), [(CommandKind.CREATE, True), (CommandKind.UPDATE, False)])
async def test_r3_a_desk_that_dates_no_answer_is_measured_by_what_it_made(
    setting: Setting, kind: CommandKind, known: bool
) -> None:
    """An update may have changed nothing: then the time it tells is an old one."""
    setting.faults.plan(faults.says(fault_desk.message(200, b"{}", content_type="application/json")))
    begun = datetime.now(UTC)
    terms = PushTerms(command=Command(id="dlv_1", kind=kind, marker="m-1"))
    verdict = await setting.push(made_at(begun + timedelta(hours=3)), terms)
    assert setting.client.clock_of("dsk_1") == verdict.clock
    if not known:
        assert verdict.clock is None
        return
    assert verdict.clock
    assert abs(verdict.clock.offset - timedelta(hours=3)) <= verdict.clock.error + timedelta(seconds=1)
