"""`interdesk demo`: four desks of different temper, a gateway between them, a day played in a minute, and its story."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from gateway.cli.demo import month, pages, scenes, story
from gateway.cli.demo.play import Play
from gateway.cli.demo.show import Board, print_story
from gateway.cli.demo.stage import Stage
from gateway.cli.terminal import is_watched, say
from gateway.errors import Invalid

LONGEST = 150.0
"""Seconds after which the day ends, whatever is still open."""


def demo(
    seed: Annotated[int, typer.Option(help="Another seed tells another story.")] = 1,
    tickets: Annotated[int, typer.Option(min=1, max=40, help="How many tickets the day has.")] = 6,
    keep: Annotated[bool, typer.Option("--keep", help="Leave desks and gateway running afterwards.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            help="Leave the database in this new folder, for the other commands.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Play a day over a chain of four desks on this machine and tell what became of each ticket."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    with _place(folder) as place, Stage(place, seed) as stage:
        say(f"four desks and a gateway are running; the gateway listens on {stage.gateway_url}")
        play = Play(stage, scenes.cast(seed, tickets))
        _watch(play, stage)
        print_story(console, story.tell(stage, play.acts))
        month.print_summary(console, month.report(stage))
        if keep:
            _stay(stage, play)
    if not keep and is_watched():
        say("with --keep it goes on running, and you can open the page of a ticket as each firm sees it")
    if folder is not None:
        say(f"look further with INTERDESK_DATA_DIR={folder} interdesk tickets list")
        say("and interdesk report --customer customer --month YYYY-MM, which --format pdf prints")
    if play.unfinished:
        raise typer.Exit(1)


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """The given folder, which must be new or empty, or one that is gone afterwards."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="interdesk-demo-") as passing:
            yield Path(passing)
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Invalid(
            f"{folder} is there already",
            why="the demo would mix its story with what it holds",
            cure="name a folder that does not exist yet",
        )
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


def _watch(play: Play, stage: Stage) -> None:
    """Let the day pass, with a board of who has which ticket: live on a terminal, else a line now and then."""
    board, talk = Board(play, stage), Console(stderr=True, highlight=False)
    deadline = time.monotonic() + LONGEST
    if not talk.is_terminal:
        play.run(deadline, each=lambda: None)
        say(f"the day is over: {play.done} of {len(play.acts)} tickets came to their end")
        return
    with Live(board.render(), console=talk, refresh_per_second=5, transient=True) as live:
        play.run(deadline, each=lambda: live.update(board.render()))


def _stay(stage: Stage, play: Play) -> None:
    for code, url in stage.desk_urls.items():
        say(f"{code:<14} {url}/tickets")
    act = pages.main_act(play.acts)
    if act is not None:
        say(f"\n{act.title}, as each of them sees it:")
        for name, url in pages.links(stage, act):
            say(f"{name:<14} {url}")
    say(f"\nand the month as the customer reads it:\n{month.page(stage)}")
    say("\nall of it keeps running until you press Ctrl-C")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        say("stopping")
