"""What the native API tells of work and of what waits for somebody, as types. See `gateway.client.shapes`."""

from typing import Any, Required

from typing_extensions import TypedDict

from gateway.client.shapes import Moment


class WorkLine(TypedDict, total=False):
    """A line of work logged. Numbers are decimal text."""

    id: Required[str]
    ticket_id: str
    hop_id: str
    number: str | None
    number_above: str | None
    link: str
    by: str
    to: str
    kind: str
    amount: str
    unit: str
    at: Moment
    month: str
    money: str | None
    currency: str | None
    text: str | None
    state: str
    logged_at: Moment
    told_at: Moment | None
    review_until: Moment | None
    decided_at: Moment | None
    decided_by: str | None
    reason: str | None
    statement: str | None
    passed_from: str | None


class Waiting(TypedDict, total=False):
    """A row of a work list: which ticket, since when, until when, what to do."""

    ticket_id: str
    hop_id: str
    organization: str
    number: str | None
    since: Moment | None
    due: Moment | None
    what: str
    next: str


class Names(TypedDict):
    """What work lists there are."""

    worklists: list[str]


class JobInShort(TypedDict, total=False):
    """A job at a portal desk, in a list."""

    id: Required[str]
    number: str
    title: str
    state: str
    changed_at: Moment
    possible: list[str]


class Job(TypedDict, total=False):
    """A job whole. `repeated`: the same act was done before."""

    id: Required[str]
    number: str
    revision: int
    created_at: Moment
    changed_at: Moment
    fields: dict[str, str | None]
    comments: list[dict[str, Any]]
    files: list[dict[str, Any]]
    history: list[dict[str, Any]]
    state: str
    possible: list[str]
    repeated: bool


class Stand(TypedDict, total=False):
    """What one end of a link set in a conflict; its value only where the reader may know it."""

    desk: str
    hop: str
    value: str | None
    at: Any


class Conflict(TypedDict, total=False):
    """A field that both ends of a link set."""

    conflict: Required[str]
    ticket: str
    field: str
    standing: str
    policy: str
    owner: str | None
    winner: str | None
    by: Any
    found_at: Moment
    upstream: Stand
    downstream: Stand


class Erasure(TypedDict, total=False):
    """A person who is to be forgotten, never who; `state`: `running`, `waiting` for tickets to end, or `done`. `erased`: rows by table."""

    id: str
    organization: str
    state: str
    asked_at: Moment
    asked_by: str
    reason: str
    done_at: Moment | None
    erased: dict[str, int]
    tickets: int


class ErasureAsked(Erasure, total=False):
    """What was ordered; or, of a dry run, only what an erasure would take, by table. `kept`: rows that stay on purpose, and why;
    `elsewhere`: desks that know the tickets too."""

    to_erase: dict[str, int]
    files: int
    files_no_search_reads: int
    waiting: dict[str, int]
    kept: dict[str, dict[str, Any]]
    elsewhere: list[dict[str, Any]]
