"""The portal: what people of a party that has no desk of its own can do with a job (a ticket of `domain.in_house`), and what
each act makes of it. How acts arrive (links in mails, API, commands) stands elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from gateway.domain.in_house import DeskTicket, PartKind, Stamp, Written, added, moved

LONGEST_TEXT = 10_000
LONGEST_NAME = 200
LINK_LASTS = timedelta(days=14)


class Doing(StrEnum):
    """What a person can do with a job."""

    ACCEPT = "accept"
    DECLINE = "decline"
    TRAVELLING = "travelling"
    ON_SITE = "on_site"
    DONE = "done"
    QUESTION = "question"
    COMMENT = "comment"
    FILE = "file"


class State(StrEnum):
    """How a job stands, in the portal's own words; the connector's profile gives them meaning."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    TRAVELLING = "travelling"
    ON_SITE = "on site"
    IN_WORK = "in work"
    QUESTION = "question"
    ON_HOLD = "on hold"
    DONE = "done"
    DECLINED = "declined"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


OVER = frozenset({State.DECLINED, State.CLOSED, State.WITHDRAWN})
"""Nobody works on such a job any more."""
_LEADS_TO: Mapping[Doing, State] = {
    Doing.ACCEPT: State.ACCEPTED,
    Doing.DECLINE: State.DECLINED,
    Doing.TRAVELLING: State.TRAVELLING,
    Doing.ON_SITE: State.ON_SITE,
    Doing.DONE: State.DONE,
    Doing.QUESTION: State.QUESTION,
}
NEEDS_TEXT = frozenset({Doing.DECLINE, Doing.DONE, Doing.QUESTION, Doing.COMMENT})
"""A reason, a completion report, a question or a comment is nothing without its words."""
_AT_WORK = (Doing.TRAVELLING, Doing.ON_SITE, Doing.DONE, Doing.QUESTION, Doing.COMMENT, Doing.FILE)


def state_of(job: DeskTicket) -> str:
    """How it stands."""
    return job.fields.get("status") or State.OFFERED


@dataclass(frozen=True, kw_only=True)
class Act:
    """What somebody asks for: who, what, in which words. `request` is the same when it is asked for again."""

    doing: Doing
    by: str
    request: str
    text: str = ""
    file: Mapping[str, Any] = field(default_factory=dict)
    """Of a file: `filename media_type key size sha256`."""


def possible(job: DeskTicket) -> tuple[Doing, ...]:
    """What can be done with the job as it stands."""
    state = state_of(job)
    if state in OVER:
        return ()
    if state == State.OFFERED:
        return (Doing.ACCEPT, Doing.DECLINE, *_AT_WORK)
    if state == State.DONE:
        return (Doing.COMMENT, Doing.FILE)
    return (*_AT_WORK, Doing.DECLINE)


def missing(act: Act) -> str:
    """What an act lacks, as the name of a field: `by`, `text`, `file`, or "" if it is whole."""
    if not act.by.strip() or len(act.by) > LONGEST_NAME:
        return "by"
    if (act.doing in NEEDS_TEXT and not act.text.strip()) or len(act.text) > LONGEST_TEXT:
        return "text"
    return "file" if act.doing is Doing.FILE and not act.file else ""


def done(job: DeskTicket, act: Act, stamp: Stamp) -> Written:
    """The job after a person's act. Words stand before the move they explain, all at one moment."""
    written = Written(ticket=job)
    if act.text.strip():
        written = added(written, PartKind.COMMENT, {"text": act.text.strip()}, stamp)
    if act.file:
        written = added(written, PartKind.FILE, act.file, stamp)
    state = _LEADS_TO.get(act.doing)
    return written if state is None else moved(written, {"status": state.value}, stamp)
