"""`interdesk sim`: play seeded histories on the real gateway in memory, and say what went wrong."""

import time
from typing import Annotated

import typer

from gateway.testing.simulator.play import Script
from gateway.testing.simulator.report import summary, told
from gateway.testing.simulator.run import Batch, Totals, play_batch


def sim(
    seeds: Annotated[str, typer.Option(help="from:to, the first included, the last not")] = "0:20",
    trace: Annotated[bool, typer.Option(help="tell what happens, line by line")] = False,
    database: Annotated[str, typer.Option(help="a PostgreSQL address; played in a schema of its own")] = "",
    tickets: Annotated[int, typer.Option(help="tickets in each history")] = Script.tickets,
    acts: Annotated[int, typer.Option(help="what people do in each history")] = Script.acts,
) -> None:
    """Play histories of simulated people, faults and crashes; every promise is checked against what the desks hold."""
    first, _, last = seeds.partition(":")
    if not first.isdecimal() or not (last or "0").isdecimal():
        raise typer.BadParameter(f"{seeds!r}: write from:to, as 0:100")
    totals, started = Totals(), time.monotonic()
    for seed in range(int(first), int(last or int(first) + 1)):
        batch = Batch(seeds=(seed,), script=Script(tickets=tickets, acts=acts), database=database)
        [result] = play_batch(batch, trace=print if trace else lambda _line: None)
        totals.add(result)
        if result.violations:
            print(*told(result), sep="\n")
    print(*summary(totals, time.monotonic() - started), sep="\n")
    raise typer.Exit(bool(totals.failed))
