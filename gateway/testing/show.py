"""`python -m gateway.testing.show acme:CONNECTOR FIXTURE`: what a connector makes of one fixture, as JSON to judge and paste."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway.connector import Connector
from gateway.testing.contract import named
from gateway.testing.fixtures import Received, Talk, load_one
from gateway.testing.notation import write
from gateway.testing.playback import play
from gateway.testing.verdicts import answer_of

USAGE = "python -m gateway.testing.show package.module:CONNECTOR fixtures/out/name.json"


def shown(connector: Connector, path: Path) -> dict[str, Any]:
    """The requests it makes and what it returns or raises; for a message the sightings, and what verify says."""
    case = load_one(connector, path)
    return _message(connector, case) if isinstance(case, Received) else _talk(connector, case)


def _message(connector: Connector, case: Received) -> dict[str, Any]:
    try:
        connector.verify(case.message, case.desk, now=case.now)
        return {"verify": "passes", "expect": write(list(connector.parse(case.message, case.desk)))}
    except Exception as error:  # noqa: BLE001 - shown to the author
        return {"expect": {"error": type(error).__name__}, "said": str(error)}


def _talk(connector: Connector, case: Talk) -> dict[str, Any]:
    played = play(case.begin(connector), [answer_of(step, connector.manifest) for step in case.steps])
    told: dict[str, Any] = {"requests": write(played.requests)}
    if played.error is not None:
        return {**told, "expect": {"error": type(played.error).__name__}, "said": str(played.error)}
    if played.unanswered is not None:
        return {**told, "waits": "for the answer to the last request"}
    return {**told, "expect": write(played.result)}


def main(arguments: Sequence[str]) -> int:
    """Print it; 2 if the command is misused."""
    if len(arguments) != 2:
        print(USAGE, file=sys.stderr)  # noqa: T201
        return 2
    print(json.dumps(shown(named(arguments[0]), Path(arguments[1])), indent=2, ensure_ascii=False))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
