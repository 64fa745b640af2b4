"""The other side's list of tickets, as its mapping says what columns and words mean (schemas/closing_mapping). What a cell does
not say is told by its row, never guessed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.importing.mapping import Times
from gateway.domain.importing.moments import EPOCH, Moments
from gateway.domain.importing.trouble import Trouble, Unclear
from gateway.domain.problem import suggestion
from gateway.domain.reports.lists import ListedBy, Theirs
from gateway.domain.reports.outcome import Verdict
from gateway.domain.sla.terms import TargetKind
from gateway.errors import Invalid

_MOMENTS = ("opened_at", "closed_at", "due_at")
Cell = str | datetime | None
"""As a file has it: text, or a moment by the wall where a workbook has one."""


@dataclass(frozen=True, kw_only=True)
class ListMapping:
    """`columns`: what we call it → the heading of its column; `words`: target → (heading, their word → verdict)."""

    columns: Mapping[str, str]
    words: Mapping[TargetKind, tuple[str, Mapping[str, Verdict]]] = field(default_factory=dict)
    priorities: Mapping[str, str] = field(default_factory=dict)
    times: Times = field(default_factory=Times)
    listed_by: ListedBy = ListedBy.OPENED
    exported_at: datetime | None = None
    sheet: str = ""


def mapping_from(document: Mapping[str, Any]) -> ListMapping:
    """The mapping of a checked document."""
    words = {
        TargetKind(target): (
            told["column"],
            {_same(word): verdict for verdict in Verdict for word in told.get(verdict.value, ())},
        )
        for target, told in document.get("verdicts", {}).items()
    }
    made = document.get("exported_at")
    return ListMapping(
        columns=dict(document["columns"]),
        words=words,
        priorities={_same(word): ours for word, ours in document.get("priorities", {}).items()},
        times=Times(**document.get("time", {})),
        listed_by=ListedBy(document.get("listed_by", ListedBy.OPENED)),
        exported_at=datetime.fromisoformat(made) if made else None,
        sheet=document.get("sheet", ""),
    )


def _same(word: str) -> str:
    return word.strip().casefold()


def read(
    mapping: ListMapping, header: Sequence[str], rows: Iterable[tuple[int, Sequence[Cell]]]
) -> tuple[list[Theirs], list[Trouble]]:
    """Each row, and each that cannot be read. Raises Invalid for a column that is not there."""
    wanted = [*mapping.columns.values(), *(column for column, _ in mapping.words.values())]
    missing = [name for name in wanted if name not in header]
    if missing:
        raise Invalid(
            f"the list has no column {missing[0]!r}",
            why="the mapping names it",
            cure=suggestion(missing[0], [name for name in header if name]),
        )
    places = {name: header.index(name) for name in wanted}
    found, troubles = list[Theirs](), list[Trouble]()
    reader = _Rows(mapping, places)
    for line, cells in rows:
        try:
            found.append(reader.row(line, cells))
        except Unclear as unclear:
            number = _text(reader.cell(cells, mapping.columns["number"]))
            trouble = Trouble(line=line, case=number, what=unclear.what, why=unclear.why, cure=unclear.cure)
            troubles.append(trouble)
    return found, troubles


class _Rows:
    """Reads rows by a mapping."""

    def __init__(self, mapping: ListMapping, places: Mapping[str, int]) -> None:
        self._mapping, self._places = mapping, places
        self._moments = Moments(mapping.times)
        self._walls = Moments(Times(zone=mapping.times.zone, doubled=mapping.times.doubled))

    def cell(self, cells: Sequence[Cell], column: str) -> Cell:
        """What stands in a column; a short row ends early."""
        place = self._places[column]
        return cells[place] if place < len(cells) else None

    def row(self, line: int, cells: Sequence[Cell]) -> Theirs:
        """Raises Unclear."""
        told = {name: self.cell(cells, column) for name, column in self._mapping.columns.items()}
        number = _text(told["number"])
        if not number:
            raise Unclear("the row has no number", "", "fill the column, or take the row out")
        moments = {name: self._moment(told.get(name)) for name in _MOMENTS}
        former = _text(told.get("former"))
        return Theirs(
            row=line,
            number=number,
            former=(former,) if former else (),
            merged_into=_text(told.get("merged_into")),
            opened_at=moments["opened_at"],
            closed_at=moments["closed_at"],
            due_at=moments["due_at"],
            priority=self._priority(_text(told.get("priority"))),
            verdicts=dict(self._verdicts(cells)),
        )

    def _moment(self, cell: Cell) -> datetime | None:
        if cell is None or cell == "":
            return None
        told = self._moments.read(cell) if isinstance(cell, str) else self._walls.read(cell.isoformat())
        return EPOCH + timedelta(microseconds=told)

    def _priority(self, word: str) -> str:
        known = self._mapping.priorities
        if not word or not known:
            return ""
        if _same(word) not in known:
            raise Unclear(
                f"priority {word!r} is not in the mapping",
                "",
                f"name it in priorities; {suggestion(_same(word), known)}",
            )
        return known[_same(word)]

    def _verdicts(self, cells: Sequence[Cell]) -> Iterator[tuple[TargetKind, Verdict]]:
        for target, (column, words) in self._mapping.words.items():
            word = _text(self.cell(cells, column))
            if not word:
                continue
            if _same(word) not in words:
                cure = f"name it in verdicts.{target.value}; {suggestion(_same(word), words)}"
                raise Unclear(f"{column} {word!r} is not in the mapping", "", cure)
            yield target, words[_same(word)]


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()
