"""Captures conversations as fixtures: wrap an exchange, drive it over any wire against a real desk, keep what was said.

steps: list[dict[str, Any]] = []
receipt = await client.push(recording(CONNECTOR.push(command, desk), steps), …)
path.write_text(json.dumps(fixture("push", {"command": command}, steps, expect=receipt, source="…"), indent=2))
"""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from gateway.connector import Exchange, Request, Response
from gateway.errors import InterdeskError
from gateway.testing.notation import write

T = TypeVar("T")

KEPT_HEADERS = ("content-type", "etag", "location", "link", "retry-after", "date", "last-modified")
"""Others are left out: they say nothing to a connector, and may hold a session."""


def recording(exchange: Exchange[T], steps: list[dict[str, Any]]) -> Exchange[T]:
    """The same exchange; every request and what came of it is added to `steps`."""
    request = next(exchange)
    try:
        while True:
            step: dict[str, Any] = {"request": write(request)}
            steps.append(step)
            try:
                response = yield request
            except InterdeskError as error:
                step["fails"] = type(error).__name__
                request = exchange.throw(error)
            else:
                step["response"] = _said(response, request)
                request = exchange.send(response)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        exchange.close()


def _said(response: Response, request: Request) -> dict[str, Any]:
    headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
    told: dict[str, Any] = {"status": response.status, "headers": headers}
    if response.blob is not None or request.receive_blob:
        return {**told, "blob": write(response.blob)}
    if not response.body:
        return told
    try:
        return {**told, "json": json.loads(response.body)}
    except ValueError:
        return {**told, "body": write(response.body)}


def fixture(
    call: str, args: Mapping[str, object], steps: list[dict[str, Any]], *, expect: object, source: str
) -> dict[str, Any]:
    """The document of one fixtures/out file. `expect` is the result, or the error that ended it."""
    ending = {"error": type(expect).__name__} if isinstance(expect, Exception) else write(expect)
    return {"source": source, "call": call, "args": write(args), "exchange": steps, "expect": ending}
