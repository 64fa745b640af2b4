"""Every situation is played on a ticket of its own, by hands at the two desks and by commands here, and what must be seen is waited
for at the desks themselves. The tickets are closed behind it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from gateway.connector import Exchange
from gateway.domain import brakes as braking
from gateway.domain.case import OPEN
from gateway.domain.certifying import (
    SEEN,
    Does,
    Side,
    Situation,
    Step,
    filled,
    instruction,
    native_status,
    native_value,
    opening_fields,
    why_not,
)
from gateway.domain.model import (
    Blob,
    Desk,
    Field,
    HopStatus,
    Link,
    Snapshot,
)
from gateway.errors import DeskError, InterdeskError
from gateway.flows import brakes, commands
from gateway.flows.certify.hands import Driven, Hand, Person, Ticket
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.link_steps import By
from gateway.flows.preflight import Call
from gateway.store import cases, looks, views
from gateway.store import certifying as store
from gateway.store.looks import Wish

Document = dict[str, Any]
Told = TypeVar("Told")
REASON = "certification of the link"
PASSED, FAILED, NOT_APPLICABLE = "passed", "failed", "not applicable"


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a run has at hand. `pause` lets a moment pass, `keep` puts a file away, `say` speaks to the person at the terminal;
    `patience` for one thing to be seen; `hands` by side: those who can be driven."""

    context: Context
    call: Call
    hands: Mapping[Side, Hand]
    pause: Callable[[], Awaitable[None]]
    keep: Callable[[bytes], Blob]
    say: Callable[[str], None]
    patience: timedelta


class Missed(Exception):
    """What must be seen was not, in time."""


@dataclass(kw_only=True)
class Run:
    """One run over a link: `document` is the protocol as it grows."""

    bench: Bench
    link: Link
    desks: dict[Side, Desk]
    by: By
    document: Document

    async def play(self, situation: Situation, number: int) -> Document:
        """Play one and close its ticket; its entry in the protocol."""
        entry: Document = {
            "name": situation.name,
            "title": situation.title,
            "verdict": PASSED,
            "why": "",
            "steps": [],
        }
        ends = (self.desks[Side.UPSTREAM], self.desks[Side.DOWNSTREAM])
        if reason := why_not(situation, self.link, ends):
            return {**entry, "verdict": NOT_APPLICABLE, "why": reason}
        tag = f"certify-{self.document['run']}-{number:02d}"
        ticket = Ticket(title=f"{tag} {situation.title}", number=number)
        entry["begun_at"] = self._now().isoformat()
        try:
            await self._opened(ticket, entry)
            for step in situation.steps:
                await self._step(filled(step, tag=tag, number=number), ticket, entry)
        except Missed as missed:
            entry |= {"verdict": FAILED, "why": str(missed)}
        except InterdeskError as error:
            entry |= {
                "verdict": FAILED,
                "why": f"{error.code}: {error.what}{': ' + error.why if error.why else ''}",
            }
        finally:
            self._brake("off")
        entry["tickets"] = {self.desks[side].code: shown for side, shown in ticket.shown.items()}
        entry["left"] = await self._closed(ticket)
        entry["ended_at"] = self._now().isoformat()
        return entry

    def _now(self) -> datetime:
        return self.bench.call.now()

    async def _opened(self, ticket: Ticket, entry: Document) -> None:
        """A ticket above, handed over the link, and seen below."""
        step = Step(side=Side.UPSTREAM, does=Does.OPEN, value=ticket.title)
        await self._act(step, ticket, entry)
        await self._until(lambda: self._known(ticket), "the ticket is not known to the gateway")
        if not await self._soon(lambda: self._is_offered(ticket)):
            self._command(Step(side=Side.GATEWAY, does=Does.OFFER), ticket)
        await self._until(lambda: self._child(ticket), "the ticket was not made below")

    async def _act(self, step: Step, ticket: Ticket, entry: Document) -> None:
        desk = self.desks[step.side]
        entry["steps"].append(
            {"at": self._now().isoformat(), "what": instruction(step, desk, ticket.shown.get(step.side, ""))}
        )
        hand = self.bench.hands.get(step.side) or Person(bench_says=self.bench.say)
        await hand.act(step, desk, ticket, opening_fields(self.link.passage))
        if not isinstance(hand, Driven) and step.does is not Does.OPEN:
            seen = self._effect(step, desk)
            await self._until(
                lambda: self._desk_shows(seen, ticket), f"nobody did it: {entry['steps'][-1]['what']}"
            )

    def _effect(self, step: Step, desk: Desk) -> Step:
        """What shows at the desk itself that a person has done it."""
        as_seen = {
            Does.SAY: Does.READS,
            Does.NOTE: Does.READS,
            Does.EDIT: Does.READS,
            Does.ATTACH: Does.HOLDS,
        }
        if step.does in as_seen:
            return Step(side=step.side, does=as_seen[step.does], value=step.value, size=step.size)
        if step.does is Does.STATUS:
            return Step(
                side=step.side, does=Does.SHOWS, name="status", value=native_status(desk, step.value) or ""
            )
        return Step(side=step.side, does=Does.SHOWS, name=step.name, value=step.value)

    async def _step(self, step: Step, ticket: Ticket, entry: Document) -> None:
        if step.side is Side.GATEWAY:
            entry["steps"].append(
                {"at": self._now().isoformat(), "what": f"the gateway: {step.does} {step.value}".strip()}
            )
            self._command(step, ticket)
        elif step.does not in SEEN:
            await self._act(step, ticket, entry)
        else:
            what = f"{self.desks[step.side].code}: {step.does} “{step.value or step.name}”"
            await self._until(lambda: self._is_seen(step, ticket), f"{what}, and it does not")
            entry["steps"].append({"at": self._now().isoformat(), "seen": what})

    # -- what is known and seen -------------------------------------------------------------------------------------------

    async def _until(self, look: Callable[[], Awaitable[bool]], missed: str) -> None:
        ends = self._now() + self.bench.patience
        while not await look():
            if self._now() >= ends:
                raise Missed(missed)
            await self.bench.pause()

    async def _soon(self, look: Callable[[], Awaitable[bool]]) -> bool:
        for _ in range(6):
            if await look():
                return True
            await self.bench.pause()
        return False

    async def _known(self, ticket: Ticket) -> bool:
        """Whether the upper ticket is a hop of ours; of one that somebody opened by hand the number is learned here."""
        desk = self.desks[Side.UPSTREAM]
        with self.bench.context.database.read() as db:
            if Side.UPSTREAM not in ticket.remote:
                found = store.titled(db, OPERATOR, desk.id, ticket.title)
                if found is None:
                    return False
                ticket.remote[Side.UPSTREAM], ticket.shown[Side.UPSTREAM] = found
            place = cases.hops_at(db, OPERATOR, [(desk.id, ticket.remote[Side.UPSTREAM])])
        for _, hop_id in place.values():
            ticket.hops[Side.UPSTREAM] = hop_id
        return bool(place)

    async def _is_offered(self, ticket: Ticket) -> bool:
        return self._newest(ticket) is not None

    async def _child(self, ticket: Ticket) -> bool:
        """Whether the newest assignment over the link has its ticket below."""
        newest = self._newest(ticket)
        if newest is None or not newest["remote_id"]:
            return False
        ticket.hops[Side.DOWNSTREAM] = newest["id"]
        ticket.remote[Side.DOWNSTREAM] = newest["remote_id"]
        ticket.shown[Side.DOWNSTREAM] = newest["number"] or newest["remote_id"]
        return True

    def _newest(self, ticket: Ticket) -> dict[str, str] | None:
        with self.bench.context.database.read() as db:
            return store.assigned(db, OPERATOR, ticket.hops[Side.UPSTREAM], self.desks[Side.DOWNSTREAM].id)

    async def _is_seen(self, step: Step, ticket: Ticket) -> bool:
        if step.does is Does.STANDS:
            return await self._stands(step, ticket)
        if step.does is Does.TOLD:
            return await self._is_told(ticket.hops[step.side])
        return await self._desk_shows(step, ticket)

    async def _stands(self, step: Step, ticket: Ticket) -> bool:
        if step.side is Side.DOWNSTREAM:
            newest = self._newest(ticket)
            return newest is not None and newest["status"] == step.value and bool(await self._child(ticket))
        with self.bench.context.database.read() as db:
            found = store.hop(db, OPERATOR, ticket.hops[Side.UPSTREAM])
        return found is not None and found["status"] == step.value

    async def _desk_shows(self, step: Step, ticket: Ticket) -> bool:
        desk = self.desks[step.side]
        connector = self.bench.context.connector(desk)
        try:
            seen = await self._asked(desk, connector.fetch(ticket.remote[step.side], desk, since=None))
            if step.does is not Does.HOLDS:
                return shows(step, desk, seen)
            named = [one for one in seen.attachments if step.value.split(".")[0] in one.filename]
            sizes = [
                one.size
                if one.size is not None
                else (await self._asked(desk, connector.download(one, desk))).size
                for one in named  # a desk may tell no size: then its bytes do
            ]
        except DeskError:
            return False
        return step.size in sizes

    async def _asked(self, desk: Desk, asking: Exchange[Told]) -> Told:
        return await self.bench.call.client.ask(
            asking, desk=desk, credentials=self.bench.call.credentials(desk)
        )

    # -- what the gateway does --------------------------------------------------------------------------------------------

    def _command(self, step: Step, ticket: Ticket) -> None:
        context = self.bench.context
        order = Order(actor=self.by.actor, now=self._now(), reason=REASON)
        below = ticket.hops.get(Side.DOWNSTREAM, "")
        if step.does is Does.OFFER:
            commands.offer(context, ticket.hops[Side.UPSTREAM], self.link.code, order)
        elif step.does is Does.BRAKE:
            self._brake(step.value)
        elif step.does is Does.LOOK:
            self._look_again(ticket)
        else:
            act = {
                Does.WITHDRAW: commands.withdraw,
                Does.CONFIRM: commands.confirm,
                Does.REJECT: commands.reject,
            }[step.does]
            act(context, below, order)

    def _brake(self, which: str) -> None:
        wanted = brakes.Wanted(kind=braking.Reach.LINK, target=self.link.code)
        by = By(party=self.by.party, actor=self.by.actor, now=self._now())
        if which == "on":
            brakes.on(self.bench.context, wanted, REASON, by)
            return
        ours = (braking.Reach.LINK, self.link.code, REASON)
        standing = brakes.shown(self.bench.context, by)
        if any((one["kind"], one["target"], one.get("reason")) == ours for one in standing):
            brakes.off(self.bench.context, replace(wanted, reason=REASON), by)

    def _look_again(self, ticket: Ticket) -> None:
        with self.bench.context.database.write() as db:
            looks.want(
                db,
                [
                    Wish(
                        org_id=desk.org_id,
                        desk_id=desk.id,
                        remote_id=ticket.remote[side],
                        due_at=self._now(),
                        why=REASON,
                    )
                    for side, desk in self.desks.items()
                ],
            )

    async def _closed(self, ticket: Ticket) -> list[str]:
        """Take back what is open and close the tickets, as far as somebody here can; those that stay open, for people."""
        if Side.UPSTREAM not in ticket.hops:
            return [ticket.shown[side] for side in ticket.shown]
        newest = self._newest(ticket)
        if newest is not None and HopStatus(newest["status"]) in OPEN - {HopStatus.RESOLVED}:
            commands.withdraw(
                self.bench.context,
                newest["id"],
                Order(actor=self.by.actor, now=self._now(), reason=f"{REASON} is over"),
            )
            await self._soon(lambda: self._is_told(newest["id"]))
        return [shown async for shown in self._left(ticket)]

    async def _is_told(self, hop_id: str) -> bool:
        with self.bench.context.database.read() as db:
            return not [
                one
                for one in views.lane(db, OPERATOR, hop_id)
                if one["state"] in ("pending", "inflight", "ambiguous", "asking")
            ]

    async def _left(self, ticket: Ticket) -> Any:
        for side in (Side.DOWNSTREAM, Side.UPSTREAM):
            if side not in ticket.remote:
                continue
            if not await self._ended_at(side, ticket):
                yield f"{self.desks[side].code} {ticket.shown[side]}"

    async def _ended_at(self, side: Side, ticket: Ticket) -> bool:
        """Whether somebody's hand there could end it: a desk may let its people close and not cancel."""
        hand, desk = self.bench.hands.get(side), self.desks[side]
        if hand is None:
            return False
        for word in ("cancelled", "closed", "resolved"):
            if native_status(desk, word) is None:
                continue
            try:
                await hand.act(Step(side=side, does=Does.STATUS, value=word), desk, ticket, {})
            except InterdeskError:
                continue
            return True
        return False


def shows(step: Step, desk: Desk, seen: Snapshot) -> bool:
    """Whether a desk's ticket shows what must be seen; of a file its bytes may have to be asked for, which is not done here."""
    texts = [one.text for one in seen.comments]
    if step.does is Does.READS:
        times = sum(step.value in text for text in texts)
        return times == 1 or (times > 1 and step.name == "any")
    if step.does is Does.LACKS:
        return not any(step.value in text for text in texts)
    value, wanted = seen.fields.get(step.name) or "", native_value(desk, step)
    return value == wanted or (step.name == Field.DUE and _same_day(value, wanted))


def _same_day(value: str, wanted: str) -> bool:
    return value[:10] == wanted[:10]
