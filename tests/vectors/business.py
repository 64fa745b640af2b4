"""Business-time vectors: deadlines, elapsed time, both with pauses."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from gateway.domain.worktime import Worktime
from tests.vectors.reading import calendar, moment, seconds


def disagreements(vector: Mapping[str, Any]) -> Iterator[str]:
    """How our figures differ from the vector's; nothing if they agree."""
    work = Worktime(calendar(vector["id"], vector["calendar"]))
    if "expected_deadline" in vector:
        told = vector["also_equal"] if vector.get("boundary") == "next_open" else vector["expected_deadline"]
        due = _deadline(work, vector)
        if due != moment(told):
            yield f"due {due.isoformat()}, not {told}"
    if "expected_elapsed_s" in vector:
        elapsed = _elapsed(work, vector)
        if elapsed != seconds(vector["expected_elapsed_s"]):
            yield f"elapsed {elapsed.total_seconds()} s, not {vector['expected_elapsed_s']}"


def _paused(work: Worktime, vector: Mapping[str, Any]) -> timedelta:
    pauses = [(moment(one["start"]), moment(one["end"])) for one in vector.get("pauses", ())]
    return sum((work.between(start, end) for start, end in pauses), timedelta())


def _deadline(work: Worktime, vector: Mapping[str, Any]) -> Any:
    return work.add(moment(vector["start"]), seconds(vector["amount_s"]) + _paused(work, vector))


def _elapsed(work: Worktime, vector: Mapping[str, Any]) -> timedelta:
    return work.between(moment(vector["start"]), moment(vector["end"])) - _paused(work, vector)
