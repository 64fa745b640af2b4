"""One conversation with a live desk, recorded as a fixture: what a read asks and is told, scrubbed, with what the connector makes
of the scrubbed answers. Only reads: nothing is ever written at a live desk for a fixture's sake."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.connector import Connector, Exchange
from gateway.domain.model import Desk
from gateway.errors import InterdeskError, Refused
from gateway.testing.fixtures import talk
from gateway.testing.kit.scrub import Scrubber, left_over
from gateway.testing.record import fixture, recording
from gateway.testing.show import shown

READS = ("check", "fetch", "changed")
Ask = Callable[[Exchange[Any]], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is captured (`call` and its `args`), where it goes, where it came from in words, and what must not show."""

    call: str
    args: Mapping[str, Any]
    path: Path
    source: str
    secrets: tuple[str, ...] = ()


async def capture(connector: Connector, desk: Desk, wanted: Wanted, ask: Ask) -> dict[str, Any]:
    """Ask the desk by `ask`, write the fixture, return it. Raises Refused where something would show that must not."""
    steps: list[dict[str, Any]] = []
    exchange = _call(connector, desk, wanted)
    error: InterdeskError | None = None
    try:
        await ask(recording(exchange, steps))
    except InterdeskError as broken:  # an error is worth a fixture too
        error = broken
    if not any("response" in step for step in steps):
        raise error or Refused("the desk was not asked anything")
    scrubber = Scrubber(secrets=wanted.secrets, base_url=desk.base_url, keep=_kept(desk))
    answered = [step for step in steps if "response" in step]
    scrubber.document([step["response"] for step in answered])  # who the people are
    plain = [{**step, "response": scrubber.document(step["response"])} for step in answered]
    document = fixture(wanted.call, {}, plain, expect={}, source=wanted.source) | {"args": dict(wanted.args)}
    document["exchange"] = [{**step, "request": scrubber.document(step["request"])} for step in plain]
    if shows := left_over(document, wanted.secrets, desk.base_url):
        raise Refused(
            f"the fixture would still show {', '.join(shows)}", cure="nothing was written; report this case"
        )
    return _written(connector, wanted.path, {**document, "expect": {"error": "DeskGone"}})


def _call(connector: Connector, desk: Desk, wanted: Wanted) -> Exchange[Any]:
    if wanted.call not in READS:
        raise Refused(
            f"{wanted.call} is not captured from a live desk",
            why="it may write",
            cure=f"one of {', '.join(READS)}",
        )
    unfinished = {
        "call": wanted.call,
        "args": dict(wanted.args),
        "exchange": [],
        "expect": {"error": "DeskGone"},
    }
    case = talk(wanted.path.stem, unfinished, connector, {})
    begin: dict[str, Callable[[], Exchange[Any]]] = {
        "check": lambda: connector.check(desk),
        "fetch": lambda: connector.fetch(case.args["remote_id"], desk, since=case.args["since"]),
        "changed": lambda: connector.changed(case.args["cursor"], desk),
    }
    return begin[wanted.call]()


def _kept(desk: Desk) -> frozenset[str]:
    profile = desk.profile
    words = {row.native for row in profile.statuses} | set(profile.priorities) | {desk.account}
    return frozenset(word for word in words if word)


def _written(connector: Connector, path: Path, document: dict[str, Any]) -> dict[str, Any]:
    """Twice: the second time with what the connector makes of the scrubbed conversation, for the author to judge."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        told = shown(connector, path)
        if "expect" in told:
            document = {**document, "expect": told["expect"]}
    return document
