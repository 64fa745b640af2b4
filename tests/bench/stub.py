"""A desk that answers every request at once with the same receipt, as cheaply as Python can: what is timed is the client."""

import asyncio
import sys

import uvloop

BODY = b'{"id": "17", "marker": "m", "number": "INC17", "status": "new"}'
ANSWER = (
    b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ndate: Mon, 02 Nov 2026 10:00:00 GMT\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


class Stub(asyncio.Protocol):
    """Reads requests with a Content-Length; answers when one is whole."""

    transport: asyncio.Transport
    _held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a server's are duplex

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._held) < end + 4 + size:
                return
            self._held = self._held[end + 4 + size :]
            self.transport.write(ANSWER)


async def main() -> None:
    """Serve on a free port, which is printed, until standard input ends."""
    server = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(main())
