"""A run as people read it: the README's section, the table of aims, and what a saved run lacks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.bench import aims
from tests.bench.figures import Bench, aligned, benches_of, in_markdown, markdown

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
NOTHING = "No figures have been measured for this version yet."
MACHINE = frozenset({"date", "cpus", "processor", "load", "pace", "python", "sqlite", "postgres"})

Run = Mapping[str, Any]
"""What `figures.document` made, read back from JSON."""


def aims_table(benches: Sequence[Bench]) -> str:
    """For a terminal: what was to be reached, and whether it was."""
    found = aims.judged(benches)
    met = sum(aim.met for aim in found)
    lines = [aims.HEAD, *(aim.cells for aim in found)]
    return f"Aims: {met} of {len(found)} met\n{aligned(lines, left=2)}\n"


def with_section(readme: str, run: Run | None) -> str:
    """The README with this run between its marks."""
    before, _, rest = readme.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{section(run)}\n{END}{after}"


def section(run: Run | None) -> str:
    """What stands in the README; of no run that there is none."""
    if run is None:
        return NOTHING
    machine, benches = run["machine"], benches_of(dict(run))
    head = (
        f"Measured on {machine['date']} with {machine['cpus']} CPUs ({machine['processor']}), {machine['pace']}, Python "
        f"{machine['python']}, SQLite {machine['sqlite']}, PostgreSQL {machine['postgres']}; load average before the run "
        f"{machine['load']}. Load generator, desks, gateway and store share those CPUs. Every figure stands beside its "
        "baseline from the same run: carry the ratios, not the figures. `python -m tests.bench` measures anew."
    )
    reached = markdown([aims.HEAD, *(aim.cells for aim in aims.judged(benches))], left=2)
    every = [
        "<details><summary>Every figure beside its baseline</summary>",
        *map(in_markdown, benches),
        "</details>",
    ]
    return "\n\n".join([head, reached, *every])


def faults(run: Run, names: Sequence[str]) -> Iterator[str]:
    """Why a run is not fit to be shown: a bench missing, one without a baseline, the machine's state, a quick look."""
    benches = benches_of(dict(run))
    if [bench.name for bench in benches] != list(names):
        yield "not every bench was measured"
    for bench in benches:
        if {row.baseline for row in bench.rows} != {True, False}:
            yield f"{bench.name} stands beside nothing"
    if missing := MACHINE - run["machine"].keys():
        yield f"the machine's {', '.join(sorted(missing))} is not told"
    if run["machine"].get("quick"):
        yield "it was a quick look"
