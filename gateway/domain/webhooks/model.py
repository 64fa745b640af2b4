"""A subscriber's webhook, and one message on its way to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which tickets a webhook hears of; an empty set is all. Organizations and links by code: of the party right above the
    subscriber (or itself, where the case began with it), and of the links at its own hops."""

    customers: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    priorities: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Where an organization wants to be told, and of what. `events` are names of `kinds`; empty: all.
    `internal_notes`: of its own desks' private comments, too. `allow_private_network` is the operator's word."""

    id: str
    org_id: str
    code: str
    url: str
    events: frozenset[str] = frozenset()
    filters: Filters = field(default_factory=Filters)
    internal_notes: bool = False
    allow_private_network: bool = False


class Standing(StrEnum):
    """Whether messages go to an endpoint. Of those that are not active they wait."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True)
class Secret:
    """What is known of a signing secret without opening it. `until`: when it stops signing; None while it is the newest."""

    scheme: str
    made_at: str
    until: str | None = None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """How it goes with a webhook's address. `sealed_secrets`: a JSON list, in the order of `secrets`, newest first.
    `breaker` is the document of `domain.breaker`; `failing_since` the first failure since it last answered well."""

    id: str
    org_id: str
    sealed_secrets: str
    secrets: tuple[Secret, ...]
    standing: Standing = Standing.ACTIVE
    why: str = ""
    changed_at: datetime | None = None
    breaker: Mapping[str, Any] | None = None
    failing_since: datetime | None = None
    delivered: int = 0
    last_at: datetime | None = None
    last_status: int | None = None
    last_error: str = ""


class State(StrEnum):
    """Where a message is."""

    PENDING = "pending"
    SENDING = "sending"
    DONE = "done"
    PARKED = "parked"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class Message:
    """One event for one webhook. `id` is the `webhook-id` of every attempt. `lane` is a ticket or another subject: within
    it messages go in the order of `seq`, one after the other. `document` holds what is told, where that is no event of a
    ticket; people's words are never in it."""

    id: str
    org_id: str
    webhook_id: str
    lane: str
    kind: str
    created_at: datetime
    next_at: datetime
    event_id: str = ""
    ticket_id: str = ""
    subject: str = ""
    document: Mapping[str, Any] | None = None
    state: State = State.PENDING
    attempts: int = 0
    fence: int = 0
    lease_until: datetime | None = None
    done_at: datetime | None = None
    error: str = ""
    seq: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one attempt came to. `status` None: no whole answer came. `reached`: a connection stood. `refused`: our own guard
    does not let anybody connect there."""

    status: int | None = None
    error: str = ""
    retry_after: timedelta | None = None
    reached: bool = True
    refused: bool = False
    took_ms: int = 0
