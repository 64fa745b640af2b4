"""A connector's exchange step by step, without any I/O: what it may ask for, and when it is over.

The worker's wire and the simulator drive the same journey, so both judge alike.
"""

import contextlib
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.connector import Effect, Exchange, Request, Response
from gateway.errors import ConnectorFailed, InterdeskError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Returned(Generic[T]):
    """The exchange has ended with this value."""

    value: T


class Journey(Generic[T]):
    """Drives one generator. `may_write` is true for a push alone; `limit` bounds its requests.

    `request` is what was asked last, `response` its answer, as long as the connector looks at it. `write_left` is set
    by whoever sends: true once a byte of the WRITE may be on its way.
    """

    def __init__(self, exchange: Exchange[T], *, may_write: bool, limit: int) -> None:
        self.request: Request | None = None
        self.response: Response | None = None
        self.write_left = False
        self._exchange = exchange
        self._may_write = may_write
        self._limit = limit
        self._asked = 0
        self._wrote = False

    def advance(self, response: Response | None) -> Request | Returned[T]:
        """The next request, or the end. `response` is None at the start.

        Passes on what the connector raises, if it is one of our errors; a bug of it becomes ConnectorFailed.
        """
        self.response = response
        try:
            request = next(self._exchange) if response is None else self._exchange.send(response)
        except StopIteration as end:
            return Returned(end.value)
        except InterdeskError:
            raise
        except Exception as error:
            raise ConnectorFailed(f"the connector failed: {type(error).__name__}: {error}") from error
        self._admit(request)
        self.request, self.response = request, None
        return request

    def _admit(self, request: Request) -> None:
        """Raises ConnectorFailed for what the port does not allow: endless loops, two writes, writes in a read."""
        self._asked += 1
        if not isinstance(request, Request):
            raise ConnectorFailed("the connector yielded something that is no Request")
        if self._asked > self._limit:
            raise ConnectorFailed(f"the connector made more than {self._limit} requests in one exchange")
        if request.effect is Effect.READ:
            return
        if not self._may_write:
            raise ConnectorFailed(f"the connector wants to {request.effect} where it may only read")
        if self._wrote:
            raise ConnectorFailed("the connector wants to write a second time in one push")
        self._wrote = request.effect is Effect.WRITE

    @property
    def last_answer_is_the_writes(self) -> bool:
        """Whether the connector is looking at the WRITE's own answer."""
        return self.request is not None and self.request.effect is Effect.WRITE and self.response is not None

    def close(self) -> None:
        """End the generator. What a connector does against that changes nothing any more."""
        with contextlib.suppress(Exception):
            self._exchange.close()
