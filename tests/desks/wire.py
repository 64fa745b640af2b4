"""What can go wrong between the gateway and a desk: a TCP proxy that loses answers, and a relay that doubles and reorders
webhooks."""

import contextlib
import queue
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from tests.desks.launch.process import free_port
from tests.desks.receiver import Received, Receiver

CHUNK = 65536


class Proxy:
    """Stands before a desk's port and passes everything on, byte by byte. Listens from construction until the context ends.

    A desk that compares an address in the request with its own (Roundup: `Origin`) sees its own: both are equally long.
    """

    def __init__(self, port: int) -> None:
        self.port = free_port()
        self.lost: list[bytes] = []
        """The request lines whose answers were lost, in order."""
        self.sent = bytearray()
        """Everything that went to the desk."""
        self._desk = ("127.0.0.1", port)
        self._wanted: list[bytes] = []
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._begin(self._listen)

    def lose(self, *beginnings: bytes) -> None:
        """Of each, the answer to the next request that begins so is lost: the desk gets it and answers, nobody hears."""
        self._wanted += beginnings

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self._listener, *self._open):
            _end(one)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _begin(self, run: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # the listener was ended
            while True:
                client, _ = self._listener.accept()
                self._begin(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(self._desk) as desk:
            doomed = threading.Event()
            self._open |= {client, desk}
            answers = self._begin(_pass_answers, desk, client, doomed)
            try:
                self._pass_requests(client, desk, doomed)
            finally:
                _end(desk)
                _end(client)
                answers.join()
                self._open -= {client, desk}

    def _pass_requests(self, client: socket.socket, desk: socket.socket, doomed: threading.Event) -> None:
        here, there = (f"127.0.0.1:{port}".encode() for port in (self.port, self._desk[1]))
        while part := client.recv(CHUNK):
            self.sent += part
            found = next((beginning for beginning in self._wanted if part.startswith(beginning)), None)
            if found is not None:
                self._wanted.remove(found)
                self.lost.append(part.partition(b"\r\n")[0])
                doomed.set()
            desk.sendall(part.replace(here, there))


def _pass_answers(desk: socket.socket, client: socket.socket, doomed: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while (part := desk.recv(CHUNK)) and not doomed.is_set():
            client.sendall(part)
    _end(client)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended by itself
        one.shutdown(socket.SHUT_RDWR)


class Relay:
    """Takes the desks' webhooks at `url`/hooks/… and gives each to the gateway twice, the last of a moment first."""

    def __init__(self, gateway: str, *, moment: float = 0.5) -> None:
        self._gateway = gateway
        self._moment = moment
        self._receiver = Receiver()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.given: list[str] = []
        """The path of each message as it was given, in order."""

    @property
    def url(self) -> str:
        return self._receiver.url.removesuffix("/hook")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._receiver.__exit__(kind, raised, trace)

    def _run(self) -> None:
        with httpx.Client(trust_env=False, timeout=10) as client:
            while not self._stop.is_set():
                for message in reversed(self._of_a_moment()):
                    self._give(client, message)
                    self._give(client, message)

    def _of_a_moment(self) -> list[Received]:
        came: list[Received] = []
        with contextlib.suppress(queue.Empty):
            while True:
                came.append(self._receiver.next(seconds=self._moment))
        return came

    def _give(self, client: httpx.Client, message: Received) -> None:
        kept = {
            name: text for name, text in message.headers.items() if name.startswith(("x-", "content-type"))
        }
        answer = client.post(f"{self._gateway}{message.path}", content=message.body, headers=kept)
        assert answer.status_code == 202, f"{answer.status_code} {answer.text}"
        self.given.append(message.path)
