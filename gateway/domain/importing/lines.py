"""From the cells of a row to a line of a case: every word looked up in the mapping, every moment made absolute."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from gateway.domain.importing.mapping import ImportMapping, Organizations
from gateway.domain.importing.moments import Moments
from gateway.domain.importing.trouble import Trouble, Unclear
from gateway.domain.problem import suggestion
from gateway.errors import Invalid

LONGEST = 200
"""So many signs a case, a party or a service may have."""


class Line(NamedTuple):
    """A row that could be read. `place` orders the rows of a case before their time does; `at` in microseconds since 1970 UTC;
    parties in the words of the file, the rest in canonical ones (`state`: as in the mapping's table)."""

    case: str
    place: int
    at: int
    number: int
    state: str
    organization: str
    desk: str
    priority: str
    service: str
    customer: str


REMEMBERED = 50_000
"""So many different words of a column are looked up once."""


class Lines:
    """Reads the rows of a file with this first line. Raises Invalid, with every column that is missing, when it is made."""

    def __init__(self, mapping: ImportMapping, header: Sequence[str], *, now: int) -> None:
        _refuse_missing(mapping, header)
        named, place = mapping.columns, header.index
        self._mapping, self._now, self._width = mapping, now, len(header)
        self._moment = Moments(mapping.times).read
        self._case, self._time = place(named.case), place(named.time)
        self._order = place(named.order) if named.order else -1
        self._case_of = lru_cache(1)(
            partial(_named, column=named.case)
        )  # most logs have a case's rows together
        self._states = [place(name) for name in named.status]
        self._state_of = _remembered(self._state)
        self._words = [
            (place(name) if name else -1, _remembered(judge))
            for judge, name in (
                (self._organization, named.organization),
                (self._desk, named.desk),
                (self._priority, named.priority),
                (self._service, named.service),
                (self._customer, named.customer),
            )
        ]

    def read(self, number: int, cells: Sequence[str]) -> Line | Trouble:
        """The line of a row, or what is wrong with it."""
        case = ""
        try:
            if len(cells) != self._width:
                what = f"it has {len(cells)} cells for {self._width} columns"
                raise Unclear(what, "", "put texts with commas or line ends in quotes")
            case = self._case_of(cells[self._case])
            place = self._place(cells[self._order]) if self._order >= 0 else 0
            at = self._at(cells[self._time])
            state = self._state_of("/".join([cells[one] for one in self._states]))
            words = [judge(cells[one]) if one >= 0 else "" for one, judge in self._words]
            return Line(case, place, at, number, state, *words)
        except Unclear as unclear:
            return Trouble(line=number, case=case, what=unclear.what, why=unclear.why, cure=unclear.cure)

    def _place(self, cell: str) -> int:
        try:
            place = int(cell)
        except ValueError as error:
            why = "the rows of a case are put in its order"
            raise Unclear(f"{cell!r} is no whole number", why, "correct it") from error
        if not -(2**63) <= place < 2**63:
            raise Unclear(f"{cell!r} is too large a number", "", "correct it")
        return place

    def _at(self, cell: str) -> int:
        at = self._moment(cell)
        if at > self._now:
            raise Unclear(
                f"{cell!r} has not come yet", "a history ends today", "correct the row, or time.zone"
            )
        return at

    # -- words, each looked up once ----------------------------------------------------------------------------------------

    def _state(self, told: str) -> str:
        state = "/".join([word.strip() for word in told.split("/")])
        if state not in self._mapping.statuses:
            what = f"{state!r} is no status that the mapping knows"
            raise Unclear(what, "nobody may guess what it means", "add it to statuses")
        return state

    def _organization(self, cell: str) -> str:
        column = self._mapping.columns.organization
        return _known(self._mapping.organizations, _named(cell, column), column, "parties.organizations")

    def _desk(self, cell: str) -> str:
        return _named(cell, self._mapping.columns.desk)

    def _customer(self, cell: str) -> str:
        column, customers = self._mapping.columns.customer, self._mapping.customers
        return "" if customers is None else _known(customers, _named(cell, column), column, "customer")

    def _priority(self, cell: str) -> str:
        native = cell.strip()
        found = self._mapping.priorities.get(native) if native else ""
        if found is None:
            raise Unclear(f"{native!r} is no priority that the mapping knows", "", "add it to priorities")
        return found

    def _service(self, cell: str) -> str:
        native, table = cell.strip()[:LONGEST], self._mapping.services
        found = native if table is None or not native else table.get(native)
        if found is None:
            raise Unclear(f"{native!r} is no service that the mapping knows", "", "add it to services")
        return found


def _remembered(judge: Callable[[str], str]) -> Callable[[str], str]:
    return lru_cache(REMEMBERED)(judge)


def _named(cell: str, column: str) -> str:
    text = cell.strip()
    if not text:
        raise Unclear(f"column {column!r} is empty", "", "correct the row")
    if len(text) > LONGEST:
        raise Unclear(f"column {column!r} has {len(text)} signs", f"at most {LONGEST}", "correct the row")
    return text


def _known(rule: Organizations, value: str, column: str, where: str) -> str:
    if rule.code_of(value) is None:
        what = f"{value!r} in {column!r} is no organization that the mapping knows"
        raise Unclear(what, "", f"add it to {where}.table, or say {where}.create")
    return value


def _refuse_missing(mapping: ImportMapping, header: Sequence[str]) -> None:
    problems = [
        f"column {name!r} is not in the file; {suggestion(name, header)}"
        for name in dict.fromkeys(mapping.columns)
        if name not in header
    ]
    problems += [
        f"column {name!r} stands there twice" for name in dict.fromkeys(header) if header.count(name) > 1
    ]
    if problems:
        raise Invalid("the file and the mapping do not fit together", problems=tuple(problems))
