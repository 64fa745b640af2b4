"""What a timeline says in words: names of lanes, states, events, stops. Who may be named was decided before (R32)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.domain.sla.clocks import Clock
from gateway.domain.timeline import (
    Bar,
    Cell,
    ClockLine,
    Happening,
    Lane,
    LaneKind,
    Row,
    Shift,
    Stage,
    Timeline,
)
from gateway.words.look import Look


@dataclass(frozen=True)
class Said:
    """`names`: organization id → name; `lanes` by id; `numbers`: hop → its number at its desk; `events` by id."""

    look: Look
    names: Mapping[str, str]
    lanes: Mapping[str, Lane]
    numbers: Mapping[str, str]
    events: Mapping[str, Happening]

    @classmethod
    def of(cls, look: Look, seen: Timeline, names: Mapping[str, str]) -> "Said":
        """For one timeline."""
        return cls(
            look,
            names,
            {lane.id: lane for lane in seen.lanes},
            seen.numbers,
            {event.id: event for event in seen.events},
        )

    def org(self, org: str) -> str:
        """What people call an organization that may be named."""
        return self.names.get(org, self.look.words("hidden"))

    # -- lanes and holders ------------------------------------------------------------------------------------------------

    def lane(self, lane_id: str) -> str:
        """The name of a lane."""
        if not lane_id:
            return "\N{EN DASH}"
        lane, words = self.lanes[lane_id], self.look.words
        match lane.kind:
            case LaneKind.REQUESTER:
                return words("lane.requester", org=self.org(lane.org))
            case LaneKind.ABOVE:
                return (
                    words("lane.above", org=self.org(lane.org)) if lane.org else words("lane.above_nameless")
                )
            case LaneKind.LINK:
                return words("lane.link", org=self.org(lane.org))
        number = self.numbers.get(lane.hop, "")
        return f"{self.org(lane.org)} {number}".strip()

    def tiers(self, lane: Lane) -> str:
        """Whose work stands in a lane beside its own, without a name."""
        words = self.look.words
        told = ", ".join(words("lane.tier", n=tier) for tier in lane.tiers)
        return words("lane.tiers", tiers=told) if told else ""

    def state(self, state: str, reason: str | None = None) -> str:
        """A state with its reason."""
        told = self.look.words.term("state", state)
        return f"{told}: {self.code(reason)}" if reason else told

    def code(self, reason: str) -> str:
        """A reason code."""
        return self.look.words.term("code", reason)

    def holders(self, cells: Sequence[Cell]) -> str:
        """Who holds, with states where there are several."""
        return ", ".join(self.lane(cell.lane) for cell in cells)

    def states(self, cells: Sequence[Cell]) -> str:
        """Their states, in the same order."""
        return ", ".join(dict.fromkeys(self.state(cell.state) for cell in cells))

    def reasons(self, row: Row) -> str:
        """The reasons of those who hold or wait."""
        found = [cell.reason for cell in (*row.cells, *row.waiting) if cell.reason]
        return ", ".join(self.code(one) for one in dict.fromkeys(found))

    def booked(self, cells: Sequence[Cell]) -> str:
        """Whose time it is."""
        return ", ".join(dict.fromkeys(self._booked(cell) for cell in cells))

    def _booked(self, cell: Cell) -> str:
        kind, _, rest = cell.booked_to.partition(":")
        if kind == "outside":
            return self.look.words("outside", code=self.code(rest))
        if kind == "supplier":
            return self.look.words("supplier", org=self.org(rest))
        return self.lane(cell.booked_to or cell.lane)

    def stretch(self, bar: Bar) -> str:
        """A bar: who, what, from when to when, how long."""
        span = f"{self.look.moment(bar.start)} \N{EN DASH} {self.look.moment(bar.end)}"
        length = self.look.length(bar.end - bar.start)
        return f"{self.lane(bar.lane)} \N{MIDDLE DOT} {self.state(bar.state, bar.reason)} \N{MIDDLE DOT} {span} ({length})"

    # -- events -----------------------------------------------------------------------------------------------------------

    def event(self, event: Happening) -> str:
        """An event with its moment and place."""
        return f"{self.look.moment(event.at)} \N{MIDDLE DOT} {self.lane(event.lane)} \N{MIDDLE DOT} {self.what(event)}"

    def what(self, event: Happening) -> str:
        """What happened, in words."""
        told = ", ".join(self._details(event))
        name = self.look.words.term("type", event.type)
        return f"{name}: {told}" if told else name

    def _details(self, event: Happening) -> Iterator[str]:
        words, terms = self.look.words, event.words
        if event.type == "priority.changed":
            yield from (
                words.term("priority", str(terms[name])) for name in ("priority", "to") if name in terms
            )
            return
        if event.type.startswith("clock."):
            yield from self._of_clock(event)
            return
        status = terms.get("to") or terms.get("status")
        if status and event.type == "status.changed":
            yield words.term("state", str(status))
        if terms.get("reason") and event.type in ("status.changed", "stop.requested"):
            yield self.code(str(terms["reason"]))
        if event.type.startswith("agreement.") and terms.get("agreement"):
            yield str(terms["agreement"])
        if event.type == "comment.added" and "public" in terms:
            yield words("public" if terms["public"] else "private")
        if terms.get("automatic") is True:
            yield words("automatic")

    def _of_clock(self, event: Happening) -> Iterator[str]:
        words, terms = self.look.words, event.words
        yield f"{words.term('target', str(terms['target']))} {terms['agreement']}"
        if "mark" in terms:
            yield str(terms["mark"])
        if terms.get("old") != terms.get("new"):
            was, became = (words.term("clock_state", str(terms.get(name, ""))) for name in ("old", "new"))
            yield f"{was} \N{RIGHTWARDS ARROW} {became}"

    # -- clocks -----------------------------------------------------------------------------------------------------------

    def clock(self, clock: Clock) -> str:
        """`Resolution, till-sla`, with the number of a later cycle."""
        name = f"{self.look.words.term('target', clock.target_kind.value)}, {clock.agreement}"
        return f"{name} #{clock.cycle}" if clock.cycle > 1 else name

    def standing(self, clock: Clock) -> str:
        """The state of a clock with its flags."""
        told = [self.look.words.term("clock_state", clock.state)]
        flags = ("stopped", "provisional", "superseded")
        told += [self.look.words.term("clock_state", flag) for flag in flags if getattr(clock, flag)]
        return ", ".join(told)

    def parties(self, line: ClockLine) -> str:
        """Who promises whom."""
        if line.provider == line.consumer:
            return self.look.words("clock.inside", provider=self.org(line.provider))
        return self.look.words(
            "clock.between", provider=self.org(line.provider), consumer=self.org(line.consumer)
        )

    def stage(self, stage: Stage) -> str:
        """A stage of a clock: runs or stands still, with whom, why."""
        words = self.look.words
        told = words("clock.stands" if stage.stopped else "clock.runs")
        if stage.code:
            told = f"{told}: {self.code(stage.code)}"
        return f"{told} \N{MIDDLE DOT} {self.holders(stage.cells)}" if stage.cells else told

    def shift(self, shift: Shift) -> str:
        """Why a due moment moved."""
        words = self.look.words
        if shift.why == "stopped":
            by = self.look.stopped(shift.by)
            return (
                words("shift.stopped", by=by, code=self.code(shift.code))
                if shift.code
                else words("shift.others", by=by)
            )
        if shift.why == "resumed":
            return words("shift.resumed", by=self.look.stopped(shift.by))
        if shift.why == "priority":
            return words("shift.priority", code=words.term("priority", shift.code))
        return words("shift.visit")
