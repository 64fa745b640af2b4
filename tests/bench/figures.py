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
    return f"{bench.title}\n{aligned(lines, left=1)}\n{bench.note}\n"


def aligned(lines: Sequence[Sequence[str]], *, left: int) -> str:
    """Columns under each other, the first `left` of them flush left, the others right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    places = [(width, str.ljust if place < left else str.rjust) for place, width in enumerate(widths)]
    return "\n".join(
        "  ".join(put(cell, width) for cell, (width, put) in zip(line, places, strict=True)).rstrip()
        for line in lines
    )


def markdown(lines: Sequence[Sequence[str]], *, left: int) -> str:
    """The same for a document; the first line is its head."""
    head, *rest = [f"| {' | '.join(line)} |" for line in lines]
    marks = "|".join("---" if place < left else "---:" for place in range(len(lines[0])))
    return "\n".join([head, f"|{marks}|", *rest])


def in_markdown(bench: Bench) -> str:
    """One bench for a document."""
    columns = _columns(bench)
    lines = [["", *columns]]
    for row in bench.rows:
        name, *cells = _cells(row, columns)
        lines.append([f"*{name}*" if row.baseline else name, *cells])
    return f"**{bench.title}**\n\n{markdown(lines, left=1)}\n\n{bench.note}"
