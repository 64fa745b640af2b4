"""The seeds that once failed: one a line, `seed tickets acts faults|peace  # what was wrong`."""

from collections.abc import Iterator
from pathlib import Path

from gateway.testing.simulator.judge import Result
from gateway.testing.simulator.play import Script

FILE = Path(__file__).with_name("regressions.txt")


def known() -> Iterator[tuple[int, Script]]:
    """Every line's seed and script."""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words:
            seed, tickets, acts, how = words
            calm = {"faults": 0.0, "hooks": 0.0, "crashes": 0.0} if how == "peace" else {}
            yield int(seed), Script(tickets=int(tickets), acts=int(acts), **calm)


def remember(result: Result, *, where: str) -> None:
    """Add a line, unless it is there."""
    if any((seed, script) == (result.seed, result.script) for seed, script in known()):
        return
    script, (kind, text) = result.script, result.violations[0]
    how = "faults" if script.faults else "peace"
    with FILE.open("a", encoding="utf-8") as file:
        file.write(f"{result.seed} {script.tickets} {script.acts} {how}  # {where}: {kind}: {text[:100]}\n")
