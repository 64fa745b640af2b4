"""A loopback desk of a temper with a clock that stands still until moved, its connector's Desk, and the way there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import orjson

from connectors.loopback import CONNECTOR
from gateway.connector import Exchange
from gateway.domain.documents import merged_profile
from gateway.domain.model import Command, CommandKind, CommentDraft, Desk, Message, Receipt, Visibility
from gateway.domain.outcome import OutcomeClass, Verdict
from gateway.testing.loopback import ACCOUNT, PLAIN, Answer, LoopbackDesk, Temper
from gateway.testing.loopback.hooks import Hook
from gateway.testing.loopback.wire import MemoryWire

T = TypeVar("T")

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOKEN = "desk-token"
SECRET = b"hook-secret-of-the-tests"


@dataclass
class Clock:
    """Time that passes when told to."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **length: float) -> None:
        self.at += timedelta(**length)


def desk_for(
    temper: Temper, *, base_url: str = "https://desk.example", settings: Mapping[str, object] | None = None
) -> Desk:
    """The gateway's Desk for a loopback desk of this temper."""
    return Desk(
        id="dsk_1",
        code=temper.name,
        org_id="org_1",
        connector="loopback",
        base_url=base_url,
        settings={**temper.settings(), **(settings or {})},
        profile=merged_profile(CONNECTOR.manifest.profile, temper.profile()),
        zone=temper.zone,
        account=ACCOUNT,
        hook_secrets=(SECRET,),
        capabilities=CONNECTOR.manifest.capabilities,
        side_effects=CONNECTOR.manifest.side_effects,
        tiers=CONNECTOR.manifest.tiers,
    )


@dataclass(kw_only=True)
class Around:
    """One desk and everything needed to work with it."""

    temper: Temper = PLAIN
    settings: Mapping[str, object] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    seed: int = 1

    def __post_init__(self) -> None:
        self.loopback = LoopbackDesk(
            self.temper, clock=self.clock, seed=self.seed, token=TOKEN, hook_secret=SECRET
        )
        self.desk = desk_for(self.temper, settings=self.settings)
        self.wire = MemoryWire(desk=self.loopback, now=self.clock, token=TOKEN)

    def push(self, command: Command) -> Verdict:
        return self.wire.push(CONNECTOR.push(command, self.desk), command)

    def done(self, command: Command) -> Receipt:
        """The receipt of a push that must be applied."""
        verdict = self.push(command)
        assert verdict.outcome is OutcomeClass.APPLIED, verdict
        assert verdict.receipt is not None
        return verdict.receipt

    def ask(self, exchange: Exchange[T]) -> T:
        return self.wire.ask(exchange)

    def found(self, command: Command) -> list[Receipt]:
        return list(self.ask(CONNECTOR.find(command, self.desk)))

    def call(self, method: str, path: str, document: object = None, **query: str) -> Answer:
        """One raw call that is answered."""
        body = b"" if document is None else orjson.dumps(document)
        outcome = self.loopback.handle(
            method, path, query=query, headers={"authorization": f"Bearer {TOKEN}"}, body=body
        )
        assert isinstance(outcome, Answer)
        return outcome

    def message(self, hook: Hook) -> Message:
        return Message(
            id=hook.id, desk_id=self.desk.id, received_at=self.clock(), body=hook.body, headers=hook.headers
        )


def create(marker: str = "idk-1", **fields: str | None) -> Command:
    """A command for a new ticket."""
    return Command(
        id="dlv_1", kind=CommandKind.CREATE, marker=marker, fields={"title": "Printer on fire", **fields}
    )


def update(ticket: str, marker: str = "idk-u", **fields: str | None) -> Command:
    """A command that changes fields."""
    return Command(id="dlv_2", kind=CommandKind.UPDATE, marker=marker, remote_id=ticket, fields=fields)


def comment(
    ticket: str, text: str, marker: str = "idk-c", *, public: bool = True, occurrence: int = 1
) -> Command:
    """A command for a comment."""
    visibility = Visibility.PUBLIC if public else Visibility.PRIVATE
    draft = CommentDraft(text=text, visibility=visibility, occurrence=occurrence)
    return Command(id="dlv_3", kind=CommandKind.COMMENT, marker=marker, remote_id=ticket, comment=draft)


def again(command: Command, marker: str) -> Command:
    """The same under another marker."""
    return replace(command, marker=marker)
