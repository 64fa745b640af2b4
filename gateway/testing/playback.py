"""Drives a connector's generator over given answers, without a wire: what it asked for and how it ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.connector import Exchange, Request, Response

MOST_REQUESTS = 200
"""A connector that asks for more in a fixture loops for ever."""

Answer = Response | Exception


@dataclass(frozen=True, kw_only=True)
class Played:
    """How a conversation went. Exactly one of `error`, `unanswered` is set, or the call returned `result`."""

    requests: Sequence[Request]
    result: Any = None
    error: Exception | None = None
    unanswered: Request | None = None
    """The request for which no answer was left."""

    @property
    def returned(self) -> bool:
        """Whether the call came to its own end."""
        return self.error is None and self.unanswered is None


def play(exchange: Exchange[Any], answers: Iterable[Answer]) -> Played:
    """Send each answer in turn (an exception is thrown in, as the wire does); stop when none is left."""
    requests: list[Request] = []
    given = iter(answers)
    try:
        request = next(exchange)
        while len(requests) < MOST_REQUESTS:
            requests.append(request)
            answer = next(given, None)
            if answer is None:
                exchange.close()
                return Played(requests=requests, unanswered=request)
            request = exchange.throw(answer) if isinstance(answer, Exception) else exchange.send(answer)
    except StopIteration as end:
        return Played(requests=requests, result=end.value)
    except Exception as error:  # noqa: BLE001 - what a plug-in raises is what the suite judges
        return Played(requests=requests, error=error)
    exchange.close()
    return Played(requests=requests, error=RecursionError(f"more than {MOST_REQUESTS} requests in one call"))
