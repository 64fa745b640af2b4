"""The loopback desk on a socket: faults as bytes, the control side, webhooks posted out, its own process."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from connectors.loopback import CONNECTOR
from gateway.domain.model import Message
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.testing.loopback.around import SECRET, TOKEN, desk_for

Bodies = list[tuple[dict[str, str], bytes]]


def fresh_desk() -> LoopbackDesk:
    return LoopbackDesk(PLAIN, clock=lambda: datetime.now(UTC), token=TOKEN, hook_secret=SECRET)


@pytest.fixture(scope="module")
def standing() -> Iterator[LoopbackServer]:
    """To start and stop one takes half a second, so the tests share it."""
    with LoopbackServer(fresh_desk(), control_token="control") as running:
        yield running


@pytest.fixture
def server(standing: LoopbackServer) -> LoopbackServer:
    with standing.acting():
        standing.app.desk = fresh_desk()
    return standing


@pytest.fixture
def own_server() -> Iterator[LoopbackServer]:
    with LoopbackServer(fresh_desk(), control_token="control") as running:
        yield running


def client_of(server: LoopbackServer, token: str = TOKEN) -> httpx.Client:
    headers = {"authorization": f"Bearer {token}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=1, trust_env=False)


def obey(server: LoopbackServer, what: str, document: object = None) -> Any:
    with client_of(server, "control") as client:
        answer = client.post(f"/_control/{what}", json=document or {})
        assert answer.status_code == 200, answer.text
        return answer.json()


def fault(server: LoopbackServer, kind: str, **details: object) -> None:
    obey(server, "faults", {"script": [{"kind": kind, **details}]})


ON_THE_SOCKET = {
    "refuse": (httpx.RemoteProtocolError, 0),
    "drop": (httpx.RemoteProtocolError, 0),
    "timeout_before": (httpx.ReadTimeout, 0),
    "timeout_after": (httpx.ReadTimeout, 1),
    "apply_late": (httpx.ReadTimeout, 0),
    "half_body": (httpx.RemoteProtocolError, 1),
    "slow": (httpx.ReadTimeout, 1),
}


@pytest.mark.parametrize(("kind", "seen"), ON_THE_SOCKET.items(), ids=ON_THE_SOCKET.keys())
def test_a_fault_on_the_socket(server: LoopbackServer, kind: str, seen: tuple[type[Exception], int]) -> None:
    fault(server, kind)
    error, held = seen
    with client_of(server) as client, pytest.raises(error):
        client.post("/tickets", json={"fields": {"title": "one"}}, timeout=0.2)
    assert len(obey(server, "all")["tickets"]) == held
    with client_of(server) as client:
        assert client.get("/desk").status_code == 200


def test_half_a_body_is_what_it_says(server: LoopbackServer) -> None:
    fault(server, "half_body")
    with socket.create_connection(("127.0.0.1", server.port), timeout=2) as raw:
        raw.sendall(f"GET /desk HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\r\n".encode())
        received = b"".join(iter(lambda: raw.recv(4096), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"200 OK" in head
    assert body.startswith(b'{"product":')
    assert not body.endswith(b"}")


def test_a_throttling_answer(server: LoopbackServer) -> None:
    fault(server, "throttle", retry_after="soon")
    with client_of(server) as client:
        answer = client.get("/desk")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "soon")


def test_a_slow_answer_comes(server: LoopbackServer) -> None:
    fault(server, "slow", after=0.15)
    before = time.monotonic()
    with client_of(server) as client:
        assert client.get("/desk").status_code == 200
    assert time.monotonic() - before >= 0.15


def test_people_work_through_the_control_side(server: LoopbackServer) -> None:
    ticket = obey(
        server, "person", {"as": "alice", "do": "open", "with": {"title": "one", "queue": "print"}}
    )["result"]
    obey(
        server,
        "person",
        {"as": "alice", "do": "comment", "with": {"ticket": ticket, "text": "hi", "public": False}},
    )
    data = base64.b64encode(b"\x00\xff").decode()
    told = {"ticket": ticket, "filename": "a.bin", "data": data}
    obey(server, "person", {"as": "alice", "do": "attach", "with": told})
    (held,) = obey(server, "all")["tickets"]
    assert (held["fields"]["queue"], held["comments"][0]["public"], held["attachments"][0]["size"]) == (
        "print",
        False,
        2,
    )


def test_the_control_side_sets_clock_and_dice(server: LoopbackServer) -> None:
    obey(server, "clock", {"offset": -600})
    with client_of(server) as client:
        shown = datetime.fromisoformat(client.get("/desk").json()["clock"])
    assert 590 < (datetime.now(UTC) - shown).total_seconds() < 610
    obey(server, "faults", {"rates": {"error_before": 0.999}})
    with client_of(server) as client:
        assert client.get("/desk").status_code == 500
    assert obey(server, "all")["met"]["error_before"] == 1
    obey(server, "faults", {})
    with client_of(server) as client:
        assert client.get("/desk").status_code == 200


WRONG_ORDERS = {
    "an unknown place": ("nonsense", {}),
    "an unknown act": ("person", {"as": "alice", "do": "dance"}),
    "a hidden act": ("person", {"as": "alice", "do": "__class__"}),
    "an unknown ticket": ("person", {"as": "alice", "do": "comment", "with": {"ticket": "9", "text": "x"}}),
    "an unknown fault": ("faults", {"script": [{"kind": "earthquake"}]}),
}


@pytest.mark.parametrize(("what", "document"), WRONG_ORDERS.values(), ids=WRONG_ORDERS.keys())
def test_a_wrong_order_is_answered(server: LoopbackServer, what: str, document: object) -> None:
    with client_of(server, "control") as client:
        answer = client.post(f"/_control/{what}", json=document)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_control_side_is_not_for_the_api_token(server: LoopbackServer) -> None:
    with client_of(server) as client:
        assert client.get("/_control/all").status_code == 401


def test_a_stopped_desk_refuses_and_comes_back_with_what_it_holds(own_server: LoopbackServer) -> None:
    server = own_server
    with client_of(server) as client:
        client.post("/tickets", json={"fields": {"title": "one"}})
        server.stop()
        with pytest.raises(httpx.ConnectError):
            client.get("/desk")
        server.start()
        assert client.get("/tickets/1").json()["ticket"]["fields"]["title"] == "one"


def test_stopping_does_not_wait_for_a_lost_answer(own_server: LoopbackServer) -> None:
    server = own_server
    fault(server, "timeout_before")
    with client_of(server) as client, pytest.raises(httpx.ReadTimeout):
        client.get("/desk", timeout=0.1)
    fault(server, "timeout_before")
    hanging = threading.Thread(target=hang, args=(server,))
    hanging.start()
    before = time.monotonic()
    server.stop()
    assert time.monotonic() - before < 3
    hanging.join(5)
    assert not hanging.is_alive()


def hang(server: LoopbackServer) -> None:
    with client_of(server) as client, pytest.raises(httpx.HTTPError):
        client.get("/desk", timeout=10)


def test_a_taken_port_is_told(server: LoopbackServer) -> None:
    with pytest.raises(OSError, match="in use"):
        LoopbackServer(LoopbackDesk(PLAIN, clock=lambda: datetime.now(UTC)), port=server.port).start()


class Receiver(HTTPServer):
    """Takes webhooks; the first `refusals` of them get a 503."""

    def __init__(self, refusals: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), Post)
        self.refusals = refusals
        self.came: Bodies = []
        self.arrived = threading.Semaphore(0)


class Post(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.refusals -= 1
        self.send_response(503 if self.server.refusals >= 0 else 202)
        self.send_header("content-length", "0")
        self.end_headers()
        if self.server.refusals < 0:
            self.server.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.server.arrived.release()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(refusals=1) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join(5)


def test_webhooks_are_posted_in_order_and_again_after_a_refusal(receiver: Receiver) -> None:
    hook_url = f"http://127.0.0.1:{receiver.server_port}/hooks/plain"
    with LoopbackServer(fresh_desk(), hook_url=hook_url) as server:
        with server.acting() as acting:
            ticket = acting.person("alice").open("one")
            acting.person("alice").comment(ticket, "two")
        with client_of(server) as client:
            client.patch(f"/tickets/{ticket}", json={"fields": {"status": "open"}})
        for _ in range(3):
            assert receiver.arrived.acquire(timeout=5)
    known = desk_for(replace(PLAIN), base_url="https://desk.example")
    now = datetime.now(UTC)
    revisions = []
    for headers, body in receiver.came:
        message = Message(id="m", desk_id="d", received_at=now, body=body, headers=headers)
        CONNECTOR.verify(message, known, now=now)
        (seen,) = CONNECTOR.parse(message, known)
        assert seen.snapshot is not None
        revisions.append(seen.snapshot.revision)
    assert revisions == ["1", "2", "3"]


def test_a_desk_as_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "gateway.testing.loopback", "--temper", "vendor", "--token", TOKEN]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            started = json.loads(process.stdout.readline())
            headers = {"authorization": f"Bearer {TOKEN}"}
            answer = httpx.get(f"{started['url']}/desk", headers=headers, trust_env=False, timeout=5)
            assert (answer.json()["temper"], started["temper"]) == ("vendor", "vendor")
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
