"""How the demo looks: a live board while the day passes, the stories and the table of who held what at its end."""

import math
from datetime import timedelta

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gateway.cli.demo.play import Act, Play
from gateway.cli.demo.stage import NAMES, Stage
from gateway.cli.demo.story import TRANSIT, Promise, Told


class Board:
    """Who has which ticket right now, and in which of their own words."""

    def __init__(self, play: Play, stage: Stage) -> None:
        self._play = play
        self._stage = stage

    def render(self) -> RenderableType:
        """The board as it is now."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("ticket", no_wrap=True)
        for name in NAMES.values():
            table.add_column(name, no_wrap=True)
        for act in self._play.acts:
            table.add_row(self._title(act), *(self._cell(act, code) for code in NAMES))
        done = f"{self._play.done} of {len(self._play.acts)} tickets came to their end"
        return Group(table, Text(done, style="dim"))

    def _title(self, act: Act) -> Text:
        return Text(("✔ " if act.ended else "… ") + act.title, style="dim" if act.ended else "")

    def _cell(self, act: Act, code: str) -> str:
        doc = self._play.doc(act, code) if "customer" in act.numbers else None
        return f"{doc['number']} {doc['fields']['status']}" if doc else ""


def print_story(console: Console, stories: list[Told]) -> None:
    """Each ticket's story, then the table."""
    for told in stories:
        console.print(_panel(told))
    console.print(_table(stories))
    console.print(_clocks(stories))
    console.print(
        "Read from the desks and from the gateway's event log. Times are those of this run; shared spans are divided "
        "equally, and the link's own delay stands in its own column. A day is played in a minute: the contracts count "
        "seconds where yours count hours.",
        style="dim",
    )


def _panel(told: Told) -> Panel:
    lines = Text()
    for seconds, words in told.lines:
        lines.append(f"{seconds:7.1f} s  ", style="dim")
        lines.append(words + "\n")
    lines.append(
        "now        " + " · ".join(f"{NAMES[code]}: {shown}" for code, shown in told.shows.items()),
        style="bold",
    )
    mark = "" if told.ended else "  (unfinished)"
    return Panel(lines, title=f"{told.title}: {told.about}{mark}", title_align="left")


def _table(stories: list[Told]) -> Table:
    table = Table(title="Who held it how long", title_justify="left", header_style="bold")
    table.add_column("ticket")
    for name in (*NAMES.values(), TRANSIT):
        table.add_column(name, justify="right")
    for told in stories:
        shares = [told.held.get(code, timedelta()) for code in (*NAMES, TRANSIT)]
        table.add_row(told.title, *(f"{share.total_seconds():.1f} s" if share else "" for share in shares))
    return table


def _clocks(stories: list[Told]) -> Table:
    """What was promised, and how it went: the customer's contract and those it stands on."""
    table = Table(title="What was promised, and kept", title_justify="left", header_style="bold")
    table.add_column("ticket", max_width=20)
    table.add_column("contract", no_wrap=True)
    for name in ("target", "ran", "stopped"):
        table.add_column(name, justify="right")
    table.add_column("resolution")
    table.add_column("over by, and whose it is", min_width=27)
    for told in stories:
        for place, promise in enumerate(told.clocks):
            clock = promise.clock
            table.add_row(
                told.title if place == 0 else "",
                f"{clock.agreement} (again)" if clock.cycle > 1 else clock.agreement,
                _seconds(clock.target or timedelta()),
                _seconds(clock.elapsed),
                _stood_still(clock.stopped_time),
                clock.state,
                _whose(promise),
                end_section=place == len(told.clocks) - 1,
            )
    return table


def _whose(promise: Promise) -> str:
    clock = promise.clock
    if clock.breached_at is None or clock.remaining is None:
        return ""
    over = _seconds(-clock.remaining)
    parts = ", ".join(f"{name} {_seconds(part)}" for name, part in promise.parts.items())
    return f"{over}: {parts}" if parts else over


def _seconds(length: timedelta) -> str:
    """Tenths, rounded up: never in the provider's favour."""
    return f"{math.ceil(length / timedelta(milliseconds=100)) / 10:.1f} s"


def _stood_still(length: timedelta) -> str:
    """The same rounded down, for the same reason."""
    return f"{length // timedelta(milliseconds=100) / 10:.1f} s" if length else ""
