"""How the demo looks: a live board while the day passes, the stories and the table of who held what at its end."""

from datetime import timedelta

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gateway.cli.demo.play import Act, Play
from gateway.cli.demo.stage import NAMES, Stage
from gateway.cli.demo.story import TRANSIT, Told


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
    console.print(
        "Read from the desks and from the gateway's event log. Times are those of this run; "
        "shared spans are divided equally, and the link's own delay stands in its own column.",
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
