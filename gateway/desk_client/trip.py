"""One request's way out and back: what the transport must know of it, and the facts it reports while it happens."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from gateway.domain.outcome import Stage
from gateway.failpoints import step


@dataclass(slots=True, kw_only=True)
class Trip:
    """Travels in `httpx.Request.extensions["trip"]`. The last four fields are facts, set by the transport.

    `owner` keeps connections of different desks apart, even at one origin. `before_bytes` is called when a connection
    stands and nothing has been written; what it raises ends the trip.
    """

    owner: str = ""
    allow_private_network: bool = False
    by_agent: bool = False
    """Nobody dials in there: the desk's own agent makes the request (`agency`)."""
    writing: bool = False
    before_bytes: Callable[[], None] | None = None
    connected: bool = False
    reused: bool = False
    write_started: bool | None = None
    answer_started: bool = False

    def depart(self) -> None:
        """The last moment at which a request can be held back."""
        if self.before_bytes is not None:
            self.before_bytes()
        if self.writing:
            step("send.before")


class Broken(httpx.TransportError):
    """The exchange ended without a whole answer. What it means is read from the trip's facts, not from this class."""

    def __init__(self, stage: Stage, detail: str) -> None:
        super().__init__(detail)
        self.stage = stage
