"""What a later version of a report says otherwise than an earlier one, figure by figure, and because of which tickets
(R33). The difference is a report itself, so that it can be written in every format."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.reports.document import Cell, CellKind, Column, Report, Section, Table
from gateway.domain.reports.plain import clock, plain

_LABELS = frozenset({CellKind.TEXT, CellKind.CODE, CellKind.TICKET, CellKind.DAY})
_LABELS_AT_MOST = 3
"""So many leading columns at most name a row; further texts are figures like any other."""
_FACTS = ("number", "agreement", "target_kind", "priority", "service", "site", "provider", "verdict")

Evidence = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One cell that differs; None where the row was not there. `tickets`: the numbers of those whose outcomes are others now
    and that may count in this row."""

    table: str
    row: str
    column: Column
    old: Cell
    new: Cell
    tickets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A clock that came to something else: its figures before and after, one of them None where it was not counted."""

    clock: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None

    @property
    def facts(self) -> Mapping[str, Any]:
        """What it is known by now, else what it was known by."""
        return self.new or self.old or {}

    @property
    def number(self) -> str:
        """The ticket."""
        return str(self.facts.get("number") or self.facts.get("ticket_id") or "")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """All that differs. `headlines`: (before, after), one of them empty where there is no counterpart."""

    figures: tuple[Figure, ...] = ()
    turns: tuple[Turn, ...] = ()
    headlines: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not (self.figures or self.turns or self.headlines or self.parameters)


def difference(old: Report, new: Report, before: Evidence, after: Evidence) -> Difference:
    """What `new` says otherwise than `old`; `before` and `after` are the outcomes they count, by clock."""
    turns = tuple(turns_of(before, after))
    return Difference(
        figures=tuple(_figures(old, new, turns)),
        turns=turns,
        headlines=tuple(_headlines(old.headlines, new.headlines)),
        parameters=tuple(_parameters(old.parameters, new.parameters)),
    )


def turns_of(before: Evidence, after: Evidence) -> Iterator[Turn]:
    """Clocks that are counted otherwise, by ticket."""
    clocks = {clock for clock in before.keys() | after.keys() if before.get(clock) != after.get(clock)}
    turns = [Turn(clock=clock, old=before.get(clock), new=after.get(clock)) for clock in clocks]
    yield from sorted(turns, key=lambda turn: (turn.number, turn.clock))


def _headlines(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
    for place in range(max(len(gone), len(come))):
        yield (gone[place] if place < len(gone) else "", come[place] if place < len(come) else "")


def _parameters(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys((*old, *new)):
        if old.get(name, "") != new.get(name, ""):
            yield name, old.get(name, ""), new.get(name, "")


# -- figures ------------------------------------------------------------------------------------------------------------------


def _figures(old: Report, new: Report, turns: Sequence[Turn]) -> Iterator[Figure]:
    was, now = _tables(old), _tables(new)
    for name in dict.fromkeys((*now, *was)):
        before, after = was.get(name), now.get(name)
        yield from _of_table(before or _emptied(after), after or _emptied(before), turns)


def _tables(report: Report) -> dict[str, Table]:
    return {table.id: table for section in report.sections for table in section.tables}


def _emptied(table: Table | None) -> Table:
    if table is None:
        raise ValueError("a table that neither report has")
    return Table(id=table.id, title=table.title, columns=table.columns)


def _of_table(old: Table, new: Table, turns: Sequence[Turn]) -> Iterator[Figure]:
    was, now = _rows(old), _rows(new)
    columns = {column.key: column for column in (*old.columns, *new.columns)}
    for label in dict.fromkeys((*now, *was)):
        before, after = was.get(label, {}), now.get(label, {})
        named = label[0]
        for key, column in columns.items():
            if before.get(key) != after.get(key) and not (key in named and (not before or not after)):
                yield Figure(
                    table=new.title or old.title,
                    row=", ".join(named.values()),
                    column=column,
                    old=before.get(key),
                    new=after.get(key),
                    tickets=_concerned(named, turns),
                )


class _Names(dict[str, str]):
    """The cells that name a row, by column; hashable, as rows are looked up by them."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))


def _rows(table: Table) -> dict[tuple[_Names, int], dict[str, Cell]]:
    """Names and place among those of the same name → cells by column key. Totals are a row named by their first cell."""
    keys = [column.key for column in table.columns]
    labels = _label_keys(table)
    found: dict[tuple[_Names, int], dict[str, Cell]] = {}
    for row in (*table.rows, *([table.totals] if table.totals else [])):
        cells = dict(zip(keys, row, strict=True))
        names = _Names({key: str(cells[key]) for key in labels if cells[key] is not None})
        place = 0
        while (names, place) in found:
            place += 1
        found[names, place] = cells
    return found


def _label_keys(table: Table) -> list[str]:
    found = list[str]()
    for column in table.columns:
        if column.kind not in _LABELS or len(found) == _LABELS_AT_MOST:
            break
        found.append(column.key)
    return found or [table.columns[0].key]


def _concerned(names: Mapping[str, str], turns: Sequence[Turn]) -> tuple[str, ...]:
    """Tickets of the turns that fit what the row is named by; a name that no turn knows tells nothing about them."""
    values = [{str(turn.facts.get(fact) or "").casefold() for fact in _FACTS} for turn in turns]
    known = set[str]().union(*values)
    wanted = {name.casefold() for name in names.values()} & known - {""}
    fitting = [turn.number for turn, facts in zip(turns, values, strict=True) if wanted <= facts]
    return tuple(dict.fromkeys(fitting))


# -- as a report --------------------------------------------------------------------------------------------------------------


def as_report(found: Difference, old: Report, new: Report, *, now: datetime) -> Report:
    """The difference, to be read."""
    tickets = len({turn.number for turn in found.turns})
    told = [
        f"Version {new.version} says {_count(len(found.figures), 'figure')} otherwise than version {old.version}.",
        f"{_count(len(found.turns), 'clock')} of {_count(tickets, 'ticket')} came to something else.",
    ]
    if found.is_empty:
        told = [f"Versions {old.version} and {new.version} say the same."]
    return Report(
        kind="difference",
        title=f"{new.title}: version {new.version} against version {old.version}",
        parameters=dict(new.parameters),
        made_at=now,
        zone=new.zone,
        headlines=tuple(told),
        version=new.version,
        sections=(
            Section(id="headlines", title="The summary in front", tables=(_said(found),)),
            Section(id="figures", title="Figures that changed", tables=(_changed(found, new.zone),)),
            Section(id="tickets", title="Clocks that came to something else", tables=(_turned(found),)),
        ),
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _columns(**titles: str) -> tuple[Column, ...]:
    kinds = {"ticket": CellKind.TICKET, "tickets": CellKind.TEXT}
    return tuple(
        Column(key=key, title=title, kind=kinds.get(key, CellKind.TEXT)) for key, title in titles.items()
    )


def _said(found: Difference) -> Table:
    rows = [*(("", *pair) for pair in found.headlines), *found.parameters]
    return Table(
        id="said",
        title="Sentences and parameters",
        columns=_columns(what="Parameter", old="Before", new="After"),
        rows=tuple(rows),
        empty="The summary says the same.",
    )


def _changed(found: Difference, zone: str) -> Table:
    rows = tuple(
        (
            one.table,
            one.row,
            one.column.title,
            plain(one.old, one.column, zone),
            plain(one.new, one.column, zone),
            ", ".join(one.tickets),
        )
        for one in found.figures
    )
    return Table(
        id="changed",
        title="Figures",
        columns=_columns(
            table="Table", row="Row", figure="Figure", old="Before", new="After", tickets="By tickets"
        ),
        rows=rows,
        note="By tickets: those whose outcome is another one now and that may count in this row.",
        empty="No figure changed.",
    )


def _turned(found: Difference) -> Table:
    rows = tuple(
        (
            turn.number,
            str(turn.facts.get("agreement", "")),
            str(turn.facts.get("target_kind", "")),
            _came_to(turn.old),
            _came_to(turn.new),
        )
        for turn in found.turns
    )
    return Table(
        id="turned",
        title="Clocks",
        columns=_columns(ticket="Ticket", agreement="Agreement", target="Target", old="Before", new="After"),
        rows=rows,
        empty="Every clock came to the same.",
    )


def _came_to(facts: Mapping[str, Any] | None) -> str:
    """`breached, ran 3:12:05`."""
    if facts is None:
        return "not counted"
    told = str(facts.get("verdict", ""))
    if facts.get("provisional"):
        told += ", provisional"
    elapsed = facts.get("elapsed")
    return f"{told}, ran {clock(timedelta(microseconds=elapsed))}" if isinstance(elapsed, int) else told
