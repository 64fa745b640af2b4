"""What a run found: rows of figures, beside their baselines; as a table, as JSON, as the README's section."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement. `figures`: column → number, in the order they are shown. `baseline`: what it is compared with."""

    what: str
    figures: dict[str, float]
    store: str = ""
    baseline: bool = False


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One bench: its rows and, in words, what they show."""

    name: str
    title: str
    note: str
    rows: list[Row] = field(default_factory=list)


def document(benches: Iterable[Bench], machine: dict[str, Any]) -> dict[str, Any]:
    """The run as JSON."""
    return {"machine": machine, "benches": [asdict(bench) for bench in benches]}


def benches_of(told: dict[str, Any]) -> list[Bench]:
    """The benches of a run that was saved."""
    return [Bench(**{**bench, "rows": [Row(**row) for row in bench["rows"]]}) for bench in told["benches"]]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies; 0 for no values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def shown(number: float) -> str:
    """As people read it: three digits that count."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def _columns(bench: Bench) -> list[str]:
    return list(dict.fromkeys(name for row in bench.rows for name in row.figures))


def _cells(row: Row, columns: list[str]) -> list[str]:
    name = f"{row.what}, {row.store}" if row.store else row.what
    return [name, *(shown(row.figures[column]) if column in row.figures else "" for column in columns)]


def table(bench: Bench) -> str:
    """For a terminal."""
    columns = _columns(bench)
    lines = [["", *columns], *(_cells(row, columns) for row in bench.rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns) + 1)]
    text = "\n".join(
        "  ".join(cell.ljust(width) if place == 0 else cell.rjust(width) for place, (cell, width) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    )  # fmt: skip
    return f"{bench.title}\n{text}\n{bench.note}\n"


def section(told: dict[str, Any]) -> str:
    """The README's section."""
    machine = told["machine"]
    head = (
        f"Measured on {machine['date']} with {machine['cpus']} CPUs ({machine['processor']}), Python {machine['python']}, "
        f"SQLite {machine['sqlite']}, PostgreSQL {machine['postgres']}; load average before the run {machine['load']}. "
        "Load generator, desks, gateway and store share those CPUs. Every figure stands beside its baseline from the same "
        "run: carry the ratios, not the figures. `python -m tests.bench` measures anew."
    )
    return "\n\n".join([head, *(_markdown(bench) for bench in benches_of(told))])


def _markdown(bench: Bench) -> str:
    columns = _columns(bench)
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    for row in bench.rows:
        cells = _cells(row, columns)
        name = f"*{cells[0]}*" if row.baseline else cells[0]
        lines.append(f"| {name} | {' | '.join(cells[1:])} |")
    return f"**{bench.title}**\n\n" + "\n".join(lines) + f"\n\n{bench.note}"
