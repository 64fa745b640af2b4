"""Where a key may go, and what an answer that is none becomes."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from gateway.client.wire import Wire, checked
from gateway.errors import ConfigError, GatewayAway, InterdeskError, NotFound, Refused


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://gateway.example", "is not private"),
        ("http://10.0.0.1:8080", "is not private"),
        ("http://127.0.0.1.evil.example", "is not private"),
        ("https://user:secret@gateway.example", "names a user"),
        ("ftp://gateway.example", "is no address"),
        ("gateway.example", "is no address"),
        ("http://[::1", "is no address"),
    ],
)
def test_a_key_goes_only_where_it_cannot_be_read_on_its_way(url: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        checked(url)


@pytest.mark.parametrize(
    "url", ["https://gateway.example/x", "http://127.0.0.1:8080", "http://[::1]:1", "http://localhost"]
)
def test_it_goes_by_https_and_to_this_machine(url: str) -> None:
    assert checked(url).host


ANSWERS: dict[str, tuple[int, str, bytes]] = {
    "/page": (200, "", b"<html>sign in</html>"),
    "/list": (200, "", b"[1]"),
    "/elsewhere": (302, "https://evil.example/", b""),
    "/no-key": (401, "", b'{"code": "IDK-1404", "title": "A key is needed"}'),
    "/operators": (403, "", b'{"code": "IDK-1405", "title": "This needs a key of the operator"}'),
    "/gone": (404, "", b'{"code": "IDK-1401", "detail": "there is no link x"}'),
    "/ours": (500, "", b'{"code": "IDK-1000", "title": "The gateway failed"}'),
    "/proxy": (502, "", b"bad gateway"),
}


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, location, body = ANSWERS[self.path]
        self.send_response(status)
        if location:
            self.send_header("location", location)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with http.server.HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        wire = Wire(f"http://127.0.0.1:{server.server_port}", "fgw_live_x")
        yield wire
        wire.close()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "kind", "told"),
    [
        ("/page", GatewayAway, "what answers is no gateway"),
        ("/list", GatewayAway, "what answers is no gateway"),
        ("/elsewhere", GatewayAway, "leads elsewhere"),
        ("/no-key", ConfigError, "does not know this key"),
        ("/operators", Refused, "key of the operator"),
        ("/gone", NotFound, "there is no link x"),
        ("/ours", GatewayAway, "IDK-1000"),
        ("/proxy", GatewayAway, "no gateway"),
    ],
)
def test_an_answer_becomes_the_error_it_was(
    wire: Wire, path: str, kind: type[InterdeskError], told: str
) -> None:
    with pytest.raises(kind, match=told):
        wire.ask("GET", path)
