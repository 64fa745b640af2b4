"""Schemathesis against the doors in this process: all its checks, its examples, coverage, random and stateful phases, one caller a round."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

LONGEST = 1_500
STEPS = 6
"""Of one stateful scenario."""
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@dataclass(frozen=True, kw_only=True)
class Round:
    """One caller's turn: its bearer token, so many random cases for each operation, from this seed, in these phases; it ends
    where enough was found."""

    token: str
    each: int
    seed: int
    phases: tuple[str, ...] = PHASES
    enough: Callable[["Findings"], bool] = lambda _found: False


@dataclass(frozen=True, order=True)
class Kind:
    """A kind of failure: which check, at which operation, with which status, and how the
    refusal, or the complaint about an answer, begins, as far as that is the same for every value."""

    check: str
    operation: str
    status: int
    said: str = ""


@dataclass(kw_only=True)
class Findings:
    """How many cases were asked in which phase, what was answered, and what was wrong: each kind with its first case."""

    phases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: dict[Kind, str] = field(default_factory=dict)
    counts: Counter[Kind] = field(default_factory=Counter)
    troubles: dict[str, str] = field(default_factory=dict)
    """What kept Schemathesis itself from asking."""

    @property
    def cases(self) -> int:
        """In all phases."""
        return self.phases.total()


def ask(description: dict[str, Any], app: Any, turn: Round, found: Findings) -> None:
    """One round over every operation of the description; adds to what was found."""
    schema: Any = schemathesis.openapi.from_dict(description, config=_config(turn, description))
    schema.app, schema.location = app, "/openapi.json"
    stream = from_schema(schema).execute()
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            _take(event, found)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            _trouble(event, found)
        if turn.enough(found):
            stream.stop()


def _config(turn: Round, description: dict[str, Any]) -> SchemathesisConfig:
    swagger = "swagger" in description
    credentials = {"api_key": f"Bearer {turn.token}"} if swagger else {"bearer": turn.token}
    generation = {
        "max-examples": turn.each,
        "database": "none",
        "with-security-parameters": False,  # every case bears the caller's key
        "no-shrink": True,  # a failure is told as it came; shrinking costs more than it tells
    }
    phases: dict[str, Any] = {name: {"enabled": name in turn.phases} for name in PHASES}
    phases["stateful"]["max-steps"] = STEPS
    return SchemathesisConfig.from_dict(
        {
            "seed": turn.seed,
            "workers": 1,
            "continue-on-failure": True,
            "auth": {"openapi": {"bearer": credentials}},
            "generation": generation,
            "phases": phases,
        }
    )


def _take(event: events.ScenarioFinished, found: Findings) -> None:
    recorder = event.recorder
    found.phases[event.phase.value] += len(recorder.interactions)
    for one in recorder.interactions.values():
        if one.response is not None:
            found.statuses[one.response.status_code] += 1
    for case_id, kind, failure in _failures(recorder):
        found.counts[kind] += 1
        if kind not in found.wrong:
            told = recorder.interactions.get(case_id)
            body = told.response.content[:500] if told and told.response else b""
            found.wrong[kind] = f"{failure.code_sample}\n{failure.failure}\nanswer: {body!r}"[:LONGEST]


def _failures(recorder: Any) -> Iterator[tuple[str, Kind, Any]]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.status is Status.FAILURE:
                case, told = recorder.cases[case_id].value, recorder.interactions.get(case_id)
                answer = told.response if told else None
                status = 0 if answer is None else answer.status_code
                refused = answer if status >= 400 else None
                words = check.failure_info.failure.message if refused is None else _words(refused.content)
                said = re.split(r"['\"{\[0-9\n]", words)[0][:60].strip()
                yield (
                    case_id,
                    Kind(check.name, f"{case.method} {case.path}", status, said),
                    check.failure_info,
                )


def _words(body: bytes) -> str:
    """A refusal's."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    first = told[0] if isinstance(told, list) and told else told
    return str(first.get("detail") or first.get("message") or "") if isinstance(first, dict) else ""


def _trouble(event: Any, found: Findings) -> None:
    error = getattr(event, "value", None) or getattr(event, "exception", None)
    found.troubles.setdefault(
        str(getattr(event, "label", "engine")), f"{type(error).__name__}: {error}"[:LONGEST]
    )
