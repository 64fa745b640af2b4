"""Published reports (R33): each version keeps its figures and what they were counted from, and is sealed into a chain, so
that a later one can be laid beside it and an altered one is noticed."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from gateway.domain.reports.outcome import Outcome


@dataclass(frozen=True, kw_only=True)
class Line:
    """What has versions: a kind of report (`compliance`, `statement` …) about one subject (the code of a customer, partner
    or link) and one period, in one view."""

    kind: str
    subject: str
    period: str
    view: str = ""


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One version of a report, frozen. `org_id` may read it; `document` is the report as JSON values, `sha256` the digest of
    what it says, `evidence` the outcomes it counts, by clock; `seal` chains it to `previous`, the seal of the version
    before (empty: the first)."""

    id: str
    org_id: str
    line: Line
    version: int
    made_at: datetime
    made_by: str
    reason: str = ""
    document: Mapping[str, Any]
    evidence: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sha256: str
    previous: str = ""
    seal: str = ""


def sealed(line: Line, version: int, sha256: str, previous: str) -> str:
    """The seal of a version: SHA-256 over its place, the digest of what it says, and the seal before it."""
    parts = (line.kind, line.subject, line.period, line.view, str(version), sha256, previous)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def broken(versions: Iterable[Publication]) -> Iterator[int]:
    """Versions of one line, the oldest first: which of them does not carry the seal that it should. The digest itself is
    judged by whoever can read the document."""
    every = list(versions)
    if every and (every[0].version, every[0].previous) != (1, ""):
        yield every[0].version
    for one in every:
        if one.seal != sealed(one.line, one.version, one.sha256, one.previous):
            yield one.version
    for before, after in pairwise(every):
        if after.previous != before.seal or after.version != before.version + 1:
            yield after.version


_TOLD = (
    *("ticket_id", "number", "customer", "provider", "consumer", "agreement", "target_kind", "priority"),
    *("service", "site", "verdict", "provisional", "started_at", "due_at", "ended_at", "breached_at"),
    *("counted_at", "target", "elapsed", "stopped_time"),
)


def evidence_of(outcomes: Iterable[Outcome]) -> dict[str, dict[str, Any]]:
    """What a version remembers of each outcome it counts: clock → its figures as JSON values. Lengths are whole
    microseconds."""
    return {_name(one): {name: _plain(getattr(one, name)) for name in _TOLD} for one in outcomes}


def _name(one: Outcome) -> str:
    """The clock, whichever row keeps it: rows are made anew when everything is counted again."""
    return f"{one.ticket_id}/{one.hop_id}/{one.agreement}/{one.target_kind}/{one.place}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value // timedelta(microseconds=1) if isinstance(value, timedelta) else value
