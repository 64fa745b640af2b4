"""The portal desk: what a party that has no desk of its own can do with a job, and what each act makes of it. How acts
arrive (links in mails, API, commands) and how jobs are kept, stands elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.domain.model import Actor, ActorKind
from gateway.domain.model.change import replace

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


@dataclass(frozen=True, kw_only=True)
class Job:
    """A ticket at a portal desk. `fields` are canonical names and the portal's own values; `parts` counts what was ever
    added to it; `revision` grows with each change."""

    id: str
    org_id: str
    desk_id: str
    number: str
    marker: str
    fields: Mapping[str, str | None]
    created_at: datetime
    changed_at: datetime
    revision: int = 0
    parts: int = 0

    @property
    def state(self) -> str:
        """How it stands."""
        return self.fields.get("status") or State.OFFERED

    @property
    def title(self) -> str:
        """What it is called."""
        return self.fields.get("title") or self.number


class PartKind(StrEnum):
    """What is added to a job."""

    COMMENT = "comment"
    FILE = "file"
    ENTRY = "entry"
    """One change of a field."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing that was added to a job, once and for good; `place` counts within the job. `data`: `text public` of a
    comment; `filename media_type public key size sha256` of a file; `field old new` of an entry. `request` is what asked for
    it: a marker of the gateway's, the id of a link, a key that a caller gave."""

    id: str
    org_id: str
    job_id: str
    place: int
    kind: PartKind
    at: datetime
    actor: Actor
    data: Mapping[str, Any]
    request: str = ""


@dataclass(frozen=True, kw_only=True)
class Act:
    """What somebody asks for: who, what, in which words. `request` is the same when it is asked for again."""

    doing: Doing
    by: str
    request: str
    text: str = ""
    file: Mapping[str, Any] = field(default_factory=dict)
    """Of a file: `filename media_type key size sha256`."""


US = Actor(id="interdesk", name="Interdesk", kind=ActorKind.GATEWAY)


def person(name: str) -> Actor:
    """Somebody who gave a name; the same name is the same person at this desk."""
    return Actor(id=" ".join(name.split()).casefold(), name=" ".join(name.split()), kind=ActorKind.PERSON)


def possible(job: Job) -> tuple[Doing, ...]:
    """What can be done with the job as it stands."""
    if job.state in OVER:
        return ()
    if job.state == State.OFFERED:
        return (Doing.ACCEPT, Doing.DECLINE, *_AT_WORK)
    if job.state == State.DONE:
        return (Doing.COMMENT, Doing.FILE)
    return (*_AT_WORK, Doing.DECLINE)


def missing(act: Act) -> str:
    """What an act lacks, as the name of a field: `by`, `text`, `file`, or "" if it is whole."""
    if not act.by.strip() or len(act.by) > LONGEST_NAME:
        return "by"
    if (act.doing in NEEDS_TEXT and not act.text.strip()) or len(act.text) > LONGEST_TEXT:
        return "text"
    return "file" if act.doing is Doing.FILE and not act.file else ""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A job after something was added, and what was added."""

    job: Job
    parts: tuple[Part, ...] = ()


def done(job: Job, act: Act, *, now: datetime, part_ids: tuple[str, str, str]) -> Written:
    """The job after a person's act. Words stand before the move they explain, all at one moment."""
    written = Written(job=job)
    who = person(act.by)
    if act.text.strip():
        said = {"text": act.text.strip(), "public": True}
        written = added(written, PartKind.COMMENT, said, who=who, at=(now, part_ids[0], act.request))
    if act.file:
        file = {**act.file, "public": True}
        written = added(written, PartKind.FILE, file, who=who, at=(now, part_ids[1], act.request))
    state = _LEADS_TO.get(act.doing)
    if state is not None and state != job.state:
        written = moved(written, {"status": state.value}, who=who, at=(now, (part_ids[2],), act.request))
    return written


def added(
    written: Written, kind: PartKind, data: Mapping[str, Any], *, who: Actor, at: tuple[datetime, str, str]
) -> Written:
    """With one more part; `at`: when, the part's id, what asked for it."""
    now, part_id, request = at
    job = replace(written.job, parts=written.job.parts + 1, revision=written.job.revision + 1, changed_at=now)
    part = Part(
        id=part_id,
        org_id=job.org_id,
        job_id=job.id,
        place=job.parts,
        kind=kind,
        at=now,
        actor=who,
        data=data,
        request=request,
    )
    return Written(job=job, parts=(*written.parts, part))


def moved(
    written: Written,
    fields: Mapping[str, str | None],
    *,
    who: Actor,
    at: tuple[datetime, tuple[str, ...], str],
) -> Written:
    """With other values in some fields; one entry for each that changes. `at`: when, ids of entries, what asked for it."""
    now, ids, request = at
    for part_id, (name, value) in zip(ids, fields.items(), strict=False):
        before = written.job.fields.get(name)
        if before != value:
            entry = {"field": name, "old": before, "new": value}
            written = added(written, PartKind.ENTRY, entry, who=who, at=(now, part_id, request))
            job = replace(written.job, fields={**written.job.fields, name: value})
            written = Written(job=job, parts=written.parts)
    return written
