"""Who acts at a desk while a link is certified: a person's own account, driven through the connector, or a person who is asked."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.desk_auth import Credentials
from gateway.desk_client import PushTerms
from gateway.domain.certifying import (
    Does,
    Side,
    Step,
    instruction,
    native_status,
    native_value,
)
from gateway.domain.model import (
    AttachmentDraft,
    Blob,
    Command,
    CommandKind,
    CommentDraft,
    Desk,
    Field,
    Visibility,
)
from gateway.domain.outcome import OutcomeClass
from gateway.errors import Refused
from gateway.flows.context import Context
from gateway.flows.preflight import Call


class Hand(Protocol):
    """Somebody who works at a desk."""

    async def act(self, step: Step, desk: Desk, ticket: "Ticket", passes: Mapping[str, str]) -> None:
        """Do it there. Raises InterdeskError where the desk refuses; fills in what is learned of the ticket."""


@dataclass(kw_only=True)
class Ticket:
    """One ticket of the run: its ids at the desks, and the comment written last at each side."""

    title: str
    number: int
    remote: dict[Side, str] = field(default_factory=dict)
    shown: dict[Side, str] = field(default_factory=dict)
    said: dict[Side, str] = field(default_factory=dict)
    hops: dict[Side, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Nobody drives this desk: somebody at it is told what to do, and it is watched until it is there."""

    bench_says: Callable[[str], None]

    async def act(self, step: Step, desk: Desk, ticket: Ticket, passes: Mapping[str, str]) -> None:
        """Ask for it."""
        side = step.side
        told = instruction(step, desk, ticket.shown.get(side, ""))
        named = ", ".join(f"{name} “{value}”" for name, value in passes.items())
        self.bench_says(f"please, {told}{f', with {named}' if named and step.does is Does.OPEN else ''}")


@dataclass(frozen=True, kw_only=True)
class Driven:
    """A person's own account at the desk, used through its connector: never the gateway's, whose writes are not a person's.
    `account`: the name they sign in by, where they do so by name."""

    context: Context
    call: Call
    credentials: Credentials
    keep: Callable[[bytes], Blob]
    account: str = ""

    async def act(self, step: Step, desk: Desk, ticket: Ticket, passes: Mapping[str, str]) -> None:
        """Write it there. A connector that reads back what it wrote must not look for it under the gateway's own account."""
        desk = replace(desk, account=self.account)
        command = self._command(step, desk, ticket, passes)
        connector = self.context.connector(desk)
        verdict = await self.call.client.push(
            connector.push(command, desk),
            desk=desk,
            credentials=self.credentials,
            terms=PushTerms(command=command),
        )
        if verdict.outcome is not OutcomeClass.APPLIED or verdict.receipt is None:
            raise Refused(
                f"{desk.code} did not take it: {verdict.message}", cure="may this person do that at the desk?"
            )
        if step.does is Does.OPEN:
            ticket.remote[step.side] = verdict.receipt.remote_id
            ticket.shown[step.side] = verdict.receipt.number or verdict.receipt.remote_id
        if step.does in (Does.SAY, Does.NOTE) and verdict.receipt.object_id:
            ticket.said[step.side] = verdict.receipt.object_id

    def _command(self, step: Step, desk: Desk, ticket: Ticket, passes: Mapping[str, str]) -> Command:
        mark = self.context.new_id("crt")
        remote = ticket.remote.get(step.side)
        if step.does is Does.OPEN:
            fields: dict[str, str | None] = {**desk.profile.defaults, Field.TITLE.value: step.value}
            fields |= passes
            return Command(id=mark, kind=CommandKind.CREATE, marker=mark, fields=fields)
        if step.does in (Does.STATUS, Does.SET):
            name = Field.STATUS.value if step.does is Does.STATUS else step.name
            value = native_status(desk, step.value) if step.does is Does.STATUS else native_value(desk, step)
            return Command(
                id=mark, kind=CommandKind.UPDATE, marker=mark, remote_id=remote, fields={name: value}
            )
        if step.does is Does.ATTACH:
            blob = self.keep(content_of(step))
            kind = "image/jpeg" if step.value.endswith(".jpg") else "text/plain"
            draft = AttachmentDraft(
                filename=step.value, media_type=kind, blob=blob, visibility=Visibility.PUBLIC
            )
            return Command(id=mark, kind=CommandKind.ATTACH, marker=mark, remote_id=remote, attachment=draft)
        seen = Visibility.PRIVATE if step.does is Does.NOTE else Visibility.PUBLIC
        comment = CommentDraft(text=step.value, visibility=seen)
        if step.does is Does.EDIT:
            last = ticket.said.get(step.side)
            return Command(
                id=mark, kind=CommandKind.EDIT, marker=mark, remote_id=remote, comment=comment, object_id=last
            )
        return Command(id=mark, kind=CommandKind.COMMENT, marker=mark, remote_id=remote, comment=comment)


def content_of(step: Step) -> bytes:
    """A file of its size: the first bytes of a picture where it is called one, and no two files alike."""
    head = b"\xff\xd8\xff\xe0" if step.value.endswith(".jpg") else b"certification "
    seed = hashlib.sha256(step.value.encode()).hexdigest().encode()
    return (head + seed * (step.size // len(seed) + 1))[: step.size]
