"""The hook door with bytes on a socket: what is taken is on disk, what is refused leaves nothing behind."""

import concurrent.futures
import os
import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from gateway.api import hooks
from gateway.app import Gateway, utc_now
from gateway.flows import intake
from gateway.flows.apply import apply
from gateway.flows.context import OPERATOR
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store import views
from gateway.testing.loopback.hooks import signed
from tests.api import house
from tests.api.house import TOKEN, Doors, exchange, headers_for, message


def stored(gateway: Gateway) -> list[views.View]:
    with gateway.database.read() as db:
        found = views.messages(db, OPERATOR, limit=1000)
        whole = [views.message(db, OPERATOR, one["id"]) for one in found]
    return [one for one in whole if one is not None]


def raw(body: bytes, headers: Mapping[str, str], *, path: str = "/hooks/north", length: bool = True) -> bytes:
    told = {"host": "gateway", **({"content-length": str(len(body))} if length else {}), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def test_a_message_is_on_disk_as_it_came_when_it_is_answered(either: Gateway) -> None:
    body, headers = message(7, note="Füße\n")
    with Doors(either) as doors:
        answer = doors.post(
            "/hooks/north?a=1&b=%C3%BC", (body, headers), authorization="Bearer x", cookie="c=1"
        )
        (kept,) = stored(either)

    assert answer.status == 202
    assert answer.document == {"id": kept["id"]}
    assert kept["id"].startswith("msg_")
    assert (kept["body"], kept["state"], kept["desk"]) == (body, "received", "north")
    assert kept["query"] == {"a": "1", "b": "ü"}
    assert kept["headers"] == headers  # and neither `authorization` nor `cookie`


def test_what_comes_together_is_stored_together(either: Gateway) -> None:
    with Doors(either) as doors, concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: doors.post("/hooks/north", message(number)), range(200)))
        commits = doors.app.state.house.metrics.group_commit
        exposed = {sample.name: sample.value for metric in commits.collect() for sample in metric.samples}

    assert {answer.status for answer in answers} == {202}
    ids = {answer.document["id"] for answer in answers}
    assert {one["id"] for one in stored(either)} == ids
    assert len(ids) == 200
    assert exposed["interdesk_group_commit_messages_sum"] == 200
    assert exposed["interdesk_group_commit_messages_count"] < 200


def test_t17_the_key_in_an_address_is_not_kept(doors: Doors, gateway: Gateway) -> None:
    secret = house.SECRETS["NORTH_HOOK"]

    answer = doors.post(f"/hooks/north?key={secret}&part=2", message())

    assert answer.status == 202
    [kept] = stored(gateway)
    assert kept["query"] == {"part": "2"}


def test_a_token_in_the_address_opens_only_its_desk(doors: Doors, gateway: Gateway) -> None:
    body = message(1)[0]
    genuine = signed("msg_1", body, secret=house.SECRETS["SOUTH_HOOK"].encode(), now=datetime.now(UTC))

    assert doors.post(f"/hooks/south/{TOKEN}", (body, genuine)).status == 202
    for path in ("/hooks/south", "/hooks/south/wrong", f"/hooks/south/{TOKEN[:-1]}", "/hooks/south/%ff%fe"):
        assert doors.post(path, (body, genuine)).code == "IDK-1101"
    assert len(stored(gateway)) == 1


def test_a_forged_message_is_counted_and_not_kept(doors: Doors, gateway: Gateway) -> None:
    body, headers = message()
    answer = doors.post("/hooks/north", (body.replace(b"1", b"2"), headers))

    assert (answer.status, answer.code) == (401, "IDK-1101")
    assert stored(gateway) == []
    forged = doors.app.state.house.metrics.forged.labels("north")
    assert forged._value.get() == 1


@pytest.mark.parametrize("late", [timedelta(minutes=-6), timedelta(minutes=6), timedelta(days=300)])
def test_a_message_of_another_time_is_refused(doors: Doors, gateway: Gateway, late: timedelta) -> None:
    body = message()[0]
    answer = doors.post("/hooks/north", (body, headers_for(body, at=datetime.now(UTC) + late)))
    assert answer.status == 401
    assert stored(gateway) == []


SIGNED_PARTS = ("body", "webhook-id", "webhook-timestamp", "webhook-signature")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(part=st.sampled_from(SIGNED_PARTS), place=st.integers(0, 10_000), bit=st.integers(0, 6))
def test_t1_no_bit_of_a_signed_message_can_be_changed(doors: Doors, part: str, place: int, bit: int) -> None:
    body, headers = message()
    parts = {"body": body, **{name: value.encode() for name, value in headers.items()}}
    changed = bytearray(parts[part])
    changed[place % len(changed)] ^= 1 << bit
    parts[part] = bytes(changed)
    if part != "body" and (set(parts[part]) & set(b"\r\n\0") or parts[part] != parts[part].strip()):
        return  # no longer one header with this value
    told = {name: parts[name].decode("latin-1") for name in headers}
    answer = exchange(doors.port, raw(parts["body"], told))
    assert answer.split(b" ", 2)[1] in {b"401", b"400"}, answer


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([*SIGNED_PARTS[1:], "content-type", "user-agent"]),
    value=st.binary(max_size=60).filter(lambda value: not set(value) & set(b"\r\n\0")),
)
def test_t3_no_header_breaks_the_door(doors: Doors, name: str, value: bytes) -> None:
    body, headers = message()
    answer = exchange(doors.port, raw(body, {**headers, name: value.decode("latin-1")}))
    assert answer.split(b" ", 2)[1] in {b"202", b"400", b"401"}, answer


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b'{"type":', b"[" * 100_000, b'{"a":NaN}', b"\xff\xfe\x00", b"<html>", b"9" * 5000],
    ids=["empty", "words", "half", "deep", "NaN", "no charset", "html", "a long number"],
)
def test_what_cannot_be_read_is_stored_and_ends_in_quarantine(
    doors: Doors, gateway: Gateway, body: bytes
) -> None:
    assert doors.post("/hooks/north", (body, headers_for(body))).status == 202
    intake.process(gateway.context, now=utc_now())
    (kept,) = stored(gateway)
    assert (kept["state"], kept["body"]) == ("quarantined", body)
    assert kept["error"]


@pytest.mark.parametrize(
    "path", ["/hooks/nobody", "/hooks/nobody/x", "/hooks/NORTH", "/hooks/%00", "/hooks/a'b"]
)
def test_an_unknown_desk_is_not_there(doors: Doors, path: str) -> None:
    answer = doors.post(path, message())
    assert (answer.status, answer.code) == (404, "IDK-1401")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_probe_is_answered(doors: Doors, gateway: Gateway, method: str) -> None:
    assert doors.send(method, "/hooks/north").status == 204
    assert doors.send(method, "/hooks/nobody").status == 404
    assert doors.send(method, "/hooks/south").status == 401
    assert stored(gateway) == []


def test_other_methods_are_refused(doors: Doors) -> None:
    answer = doors.send("PUT", "/hooks/north", body=b"x")
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "IDK-1406", "GET, HEAD, POST")


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, gzip", "GZIP", "x"])
def test_t9_compressed_bodies_are_not_unpacked(doors: Doors, gateway: Gateway, encoding: str) -> None:
    answer = doors.post("/hooks/north", message(), content_encoding=encoding)
    assert (answer.status, answer.code) == (415, "IDK-1104")
    assert answer.headers["accept-encoding"] == "identity"
    assert stored(gateway) == []


def limit(gateway: Gateway) -> int:
    return gateway.settings.max_hook_bytes


def test_the_largest_body_is_taken(doors: Doors, gateway: Gateway) -> None:
    body = b"x" * limit(gateway)
    assert doors.post("/hooks/north", (body, headers_for(body))).status == 202
    (kept,) = stored(gateway)
    assert len(kept["body"]) == limit(gateway)


def test_a_body_that_says_it_is_too_large_is_refused_unread(doors: Doors, gateway: Gateway) -> None:
    headers = {**headers_for(b""), "content-length": "99999999999999999999"}
    answer = exchange(doors.port, raw(b"", headers, length=False))
    assert answer.startswith(b"HTTP/1.1 4"), answer
    headers = {**headers_for(b""), "content-length": str(limit(gateway) + 1)}
    answer = exchange(doors.port, raw(b"a few bytes", headers, length=False))
    assert b" 413 " in answer
    assert b"IDK-1103" in answer
    assert stored(gateway) == []


def test_a_whole_body_that_is_too_large_meets_the_answer_and_not_a_reset(
    doors: Doors, gateway: Gateway
) -> None:
    body = b"x" * (limit(gateway) + 500_000)
    answer = exchange(doors.port, raw(body, headers_for(body)))
    assert b" 413 " in answer
    assert b"connection: close" in answer
    assert stored(gateway) == []


def test_an_endless_body_is_cut_off(doors: Doors, gateway: Gateway) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", doors.port), timeout=20) as sock:
        sock.sendall(raw(b"", {"transfer-encoding": "chunked"}, length=False))
        try:
            while sent < 100 * limit(gateway):
                sock.sendall(chunk)
                sent += len(chunk)
        except OSError:
            assert sent < 20 * limit(gateway)
    assert sent < 20 * limit(gateway)
    assert stored(gateway) == []


def test_a_slow_body_gets_its_time_and_no_more(
    doors: Doors, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "BODY_SECONDS", 0.3)
    body, headers = message()
    started = time.monotonic()
    answer = exchange(doors.port, raw(body, headers)[:-1])
    assert b" 408 " in answer
    assert b"IDK-1105" in answer
    assert time.monotonic() - started < 10
    assert stored(gateway) == []


@pytest.mark.parametrize("missing", [1, 20, 50])
def test_half_a_body_leaves_nothing(doors: Doors, gateway: Gateway, missing: int) -> None:
    body, headers = message()
    exchange(doors.port, raw(body, headers)[:-missing], cut=True)
    assert doors.post("/hooks/north", message(2)).status == 202
    assert [orjson.loads(one["body"])["ticket_id"] for one in stored(gateway)] == ["2"]


def test_a_connection_is_kept_for_the_next_message(doors: Doors, gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", doors.port), timeout=20) as sock:
        sock.sendall(raw(*message(1)) + raw(*message(2)) + raw(*message(3)))
        answer = b""
        while answer.count(b'"}') < 3:
            answer += sock.recv(65536)
    assert answer.count(b" 202 ") == 3
    assert len(stored(gateway)) == 3


def test_a_full_disk_means_503_and_no_half_state(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    with gateway.database.read() as db:
        pages = db.execute(text("PRAGMA page_count")).scalar_one()

    def fill(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    gateway.database.close()
    event.listen(gateway.database.engine, "connect", fill)
    body, headers = message(1, pad="x" * 100_000)
    with Doors(gateway) as doors:
        answer = doors.post("/hooks/north", (body, headers))
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "IDK-1106", "5")
        assert stored(gateway) == []
        event.remove(gateway.database.engine, "connect", fill)
        gateway.database.close()  # there is room again
        assert doors.post("/hooks/north", (body, headers)).status == 202
    assert len(stored(gateway)) == 1
    assert "could not be stored" in caplog.text


def test_while_the_desks_are_not_known_nobody_is_told_that_there_is_none(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    with gateway.database.write() as db:
        db.execute(text("ALTER TABLE desk RENAME TO elsewhere"))
    with Doors(gateway) as doors:
        answer = doors.post("/hooks/north", message())
    assert (answer.status, answer.code) == (503, "IDK-1106")
    assert "the directory could not be read" in caplog.text


def test_a_new_secret_is_known_at_once(
    doors: Doors, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = message()[0]
    new = "north-hook-secret-number-two-0123456789"
    fresh = signed("msg_1", body, secret=new.encode(), now=datetime.now(UTC))
    assert doors.post("/hooks/north", (body, fresh)).status == 401
    time.sleep(0.3)  # the door asks for news at most so often

    monkeypatch.setenv("NORTH_HOOK", new)
    wanted = read(gateway.settings.data_dir.parent / "federation.yaml")
    apply(gateway.context, wanted, Terms(vault=gateway.vault), actor="test", now=utc_now())

    assert doors.post("/hooks/north", (body, fresh)).status == 202


def test_a_secret_that_was_taken_back_opens_nothing_after_a_second(
    doors: Doors, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doors.post("/hooks/north", message()).status == 202
    monkeypatch.setenv("NORTH_HOOK", "north-hook-secret-number-two-0123456789")
    wanted = read(gateway.settings.data_dir.parent / "federation.yaml")
    apply(gateway.context, wanted, Terms(vault=gateway.vault), actor="test", now=utc_now())
    deadline = time.monotonic() + 5
    while doors.post("/hooks/north", message()).status == 202:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in house.SECRETS.items():
        monkeypatch.setenv(name, value)
    assert os.environ["NORTH_HOOK"]
