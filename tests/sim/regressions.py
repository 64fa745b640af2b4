"""The seeds that once failed: one a line, `seed tickets acts weather  # what was wrong`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from gateway.testing.simulator.judge import Result
from gateway.testing.simulator.play import PEACE, QUARREL, Script
from gateway.testing.simulator.restores import RESTORE

FILE = Path(__file__).with_name("regressions.txt")
WEATHERS: Mapping[str, Script] = {
    "faults": Script(),
    "conditional": Script(conditional=True),
    "peace": PEACE,
    "quarrel": QUARREL,
    "restore": RESTORE,
    "revised": Script(revisions=True),
    "rough": Script(faults=0.2, crashes=0.02, hooks=0.4),
    "rougher": Script(faults=0.35, crashes=0.005, hooks=0.3),
}


def script_for(tickets: int, acts: int, weather: str) -> Script:
    """A history of that size in that weather."""
    return replace(WEATHERS[weather], tickets=tickets, acts=acts)


def known() -> Iterator[tuple[int, Script]]:
    """Every line's seed and script."""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words:
            seed, tickets, acts, weather = words
            yield int(seed), script_for(int(tickets), int(acts), weather)


def remember(result: Result, *, where: str) -> None:
    """Add a line, unless it is there."""
    if any((seed, script) == (result.seed, result.script) for seed, script in known()):
        return
    script, (kind, text) = result.script, result.violations[0]
    how = next(name for name in WEATHERS if script_for(script.tickets, script.acts, name) == script)
    with FILE.open("a", encoding="utf-8") as file:
        file.write(f"{result.seed} {script.tickets} {script.acts} {how}  # {where}: {kind}: {text[:100]}\n")
