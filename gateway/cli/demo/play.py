"""Plays scenes side by side: each is a generator that acts at a desk and yields what it waits for."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.cli.demo.stage import Stage

Awaited = Callable[[], bool]
Doc = dict[str, Any]

LOOK_EVERY = 0.1


@dataclass(kw_only=True)
class Act:
    """One ticket of the day. `numbers`: desk code → the ticket's id there, as far as it got."""

    title: str
    about: str
    starts_after: float
    scene: "Callable[[Play, Act], Iterator[Awaited]]"
    numbers: dict[str, str] = field(default_factory=dict)
    ended: bool = False
    running: Iterator[Awaited] | None = None
    waits: Awaited | None = None


class Play:
    """All acts of a day on one stage."""

    def __init__(self, stage: Stage, acts: list[Act]) -> None:
        self.stage = stage
        self.acts = acts

    @property
    def done(self) -> int:
        """How many came to their end."""
        return sum(act.ended for act in self.acts)

    @property
    def unfinished(self) -> list[Act]:
        """Those that did not."""
        return [act for act in self.acts if not act.ended]

    def run(self, deadline: float, *, each: Callable[[], None]) -> None:
        """Until all ended, or until `deadline` (monotonic seconds)."""
        start = time.monotonic()
        while self.unfinished and time.monotonic() < deadline:
            for act in self.unfinished:
                if time.monotonic() - start >= act.starts_after:
                    self._go_on(act)
            each()
            time.sleep(LOOK_EVERY)

    def _go_on(self, act: Act) -> None:
        if act.running is None:
            act.running = act.scene(self, act)
        if act.waits is not None and not act.waits():
            return
        act.waits = next(act.running, None)
        act.ended = act.waits is None

    # -- what scenes say and ask ----------------------------------------------------------------------------------

    def open(self, act: Act, who: str, text: str, priority: str) -> None:
        """The customer opens the ticket."""
        with self.stage.servers["customer"].acting() as desk:
            ticket = desk.person(who).open(act.title, text, queue="Tills", priority=priority)
        act.numbers["customer"] = ticket

    def say(self, act: Act, code: str, who: str, text: str, *, public: bool = True) -> None:
        """Somebody comments."""
        with self.stage.servers[code].acting() as desk:
            desk.person(who).comment(act.numbers[code], text, public=public)

    def set(self, act: Act, code: str, who: str, field_name: str, value: str) -> None:
        """Somebody changes a field."""
        with self.stage.servers[code].acting() as desk:
            desk.person(who).set(act.numbers[code], field_name, value)

    def attach(self, act: Act, code: str, who: str, filename: str, data: bytes) -> None:
        """Somebody attaches a file."""
        with self.stage.servers[code].acting() as desk:
            desk.person(who).attach(act.numbers[code], filename, data, media_type="image/png")

    def doc(self, act: Act, code: str) -> Doc | None:
        """The ticket as that desk holds it; None if it is not there (yet)."""
        with self.stage.servers[code].acting() as desk:
            if code not in act.numbers:
                found = next((doc for doc in desk.tickets() if doc["fields"]["title"] == act.title), None)
                if found is None:
                    return None
                act.numbers[code] = found["id"]
            return desk.ticket(act.numbers[code])

    def there(self, act: Act, code: str) -> Awaited:
        """Until the ticket is at that desk."""
        return lambda: self.doc(act, code) is not None

    def shows(self, act: Act, code: str, status: str) -> Awaited:
        """Until the ticket has that status there."""
        return lambda: (self.doc(act, code) or {"fields": {}})["fields"].get("status") == status

    def reads(self, act: Act, code: str, words: str, *, times: int = 1) -> Awaited:
        """Until so many comments there hold these words."""
        return lambda: (
            times
            <= sum(
                words in comment["text"] for comment in (self.doc(act, code) or {"comments": []})["comments"]
            )
        )

    def moment(self, seconds: float) -> Awaited:
        """A little while: people work."""
        until = time.monotonic() + seconds
        return lambda: time.monotonic() >= until
