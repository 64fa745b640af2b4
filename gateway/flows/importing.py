"""Bringing a desk's history in: the rows of an event log are read and put in the order of their cases, the organizations and
desks they speak of are made, then tickets are written, many in a transaction. Stopped half-way it goes on where it was; a case
is there whole or not at all; what cannot be read is told by its row."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.domain.importing.bound import Binder
from gateway.domain.importing.lines import Line, Lines
from gateway.domain.importing.mapping import ImportMapping
from gateway.domain.importing.moments import EPOCH
from gateway.domain.importing.parties import Names, name_all
from gateway.domain.importing.story import Bound, Party, Story, claimed_twice, in_order
from gateway.domain.importing.tally import Tally, tally_from
from gateway.domain.importing.trouble import Trouble
from gateway.errors import NotFound, Refused
from gateway.flows import import_parties, outcomes
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.installation import event_log
from gateway.installation.event_log import EventLog
from gateway.store import import_rows, import_staging, imports
from gateway.store import outcomes as outcome_store
from gateway.store.audit import record as audit
from gateway.store.db import Db
from gateway.store.import_rows import Chunk, Whose
from gateway.store.import_staging import Staging
from gateway.store.imports import DONE, PARTIAL, RUNNING, Run

CHUNK = 5_000
"""So many rows, of whole cases, are written in one transaction."""
TOLD_EVERY = 10_000
PAGE = 2_000
"""So many tickets are counted for reports before the next are looked up."""
_MICRO = timedelta(microseconds=1)

Progress = Callable[[str, int, int], None]
"""Told what is done (`reading` in bytes, `writing` in rows), how far, of how much."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be imported. `customer`: the code of whom all tickets are for, instead of what the mapping says; `dry`: only
    say what would come of it; `resume`: go on with a file that was begun; `counted`: reports count it; `folder`: where rows wait meanwhile."""

    file: Path
    mapping: ImportMapping
    customer: str = ""
    dry: bool = False
    resume: bool = False
    counted: bool = True
    folder: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Ears:
    """Who hears of rows that are left out, and of how it goes on."""

    trouble: Callable[[Trouble], None]
    progress: Progress = silent


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came of it. `run_id` is empty after a dry run; `made`: codes of the organizations that were made, or would be."""

    run_id: str
    tally: Tally
    made: Sequence[str]
    counted: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out."""
        return not (self.tally.bad_rows or self.tally.held_cases or self.tally.elsewhere_cases)


def run(context: Context, wanted: Wanted, order: Order, ears: Ears) -> Imported:
    """Import a file. Raises Invalid for a file and mapping that do not fit together, NotFound for a customer that is not there,
    Refused for a file that was imported, or begun, before."""
    sha256 = event_log.digest(wanted.file)
    before = None if wanted.dry else _before(context, wanted, sha256)
    tally = tally_from(before.counts if before is not None else {})
    tally.begin_again()
    with (
        event_log.opened(wanted.file) as log,
        import_staging.staging(wanted.folder) as staged,
        _seldom_collected(),
    ):
        intake = _Intake(wanted, tally, ears, now=(order.now - EPOCH) // _MICRO)
        intake.read(log, staged)
        tally.held_cases, tally.held_rows = staged.left_out()
        with context.database.read() as db:
            known = {one.code for one in context.directory(db).organizations.values()}
        names = name_all(
            wanted.mapping, (intake.organizations, intake.customers), known, customer=wanted.customer
        )
        if wanted.dry:
            cases = _ordered(wanted.mapping, staged, tally, ears)
            _rehearse(wanted.mapping, cases, tally, intake.ended_at)
            return Imported(run_id="", tally=tally, made=sorted(names.made))
        begun = before or _begin(context, wanted, order, sha256)
        work = _Work(context, wanted, begun, (ears, tally, intake.ended_at))
        work.write(staged, intake.parties, names, now=order.now)
    _finish(context, begun, tally, order)
    return Imported(run_id=begun.id, tally=tally, made=sorted(names.made), counted=begun.counted)


def listed(context: Context) -> list[Run]:
    """Every import, the newest first."""
    with context.database.read() as db:
        return imports.runs(db, OPERATOR)


def bound_tickets(context: Context, run_id: str, limit: int) -> Iterator[list[str]]:
    """The tickets of a run for which some agreement holds, a page after the other."""
    after = ""
    while True:
        with context.database.read() as db:
            page = imports.bound_tickets(db, OPERATOR, run_id, after=after, limit=limit)
        if not page:
            return
        yield page
        after = page[-1]


def count(context: Context, run_id: str, order: Order, *, counted: bool) -> int:
    """Take the tickets of a run into reports, or leave them out; how many those are. Raises NotFound."""
    with context.database.write() as db:
        run = imports.get(db, OPERATOR, run_id)
        if run is None:
            raise NotFound(f"there is no import {run_id}", cure="interdesk imports list shows them")
        imports.count(db, run, counted=counted)
        said = {"counted": counted, "reason": order.reason}
        _audit(db, "history counted" if counted else "history left out", run, order, said)
    done = 0
    for page in bound_tickets(context, run_id, PAGE):
        if counted:
            outcomes.rebuild(context, now=order.now, tickets=page)
        else:
            with context.database.write(slow=True) as db:
                outcome_store.forget(db, page)
        done += len(page)
    return done


def _audit(db: Db, action: str, run: Run, order: Order, after: Mapping[str, object]) -> None:
    audit(
        db,
        org_id="operator",
        actor=order.actor,
        action=action,
        subject=run.id,
        before=None,
        after=dict(after),
        now=order.now,
    )


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Rows make no circles: looking for some after every few hundred of them was a tenth of all the work."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


# -- runs ---------------------------------------------------------------------------------------------------------------------


def _before(context: Context, wanted: Wanted, sha256: str) -> Run | None:
    with context.database.read() as db:
        found = imports.run_of(db, OPERATOR, sha256)
    if found is None:
        return None
    day = f"{found.started_at:%Y-%m-%d}"
    if found.state == DONE:
        raise Refused(
            f"this file was imported on {day}", why=f"{found.id} took all of it", cure="nothing is left to do"
        )
    if not wanted.resume:
        why = "rows of it were left out" if found.state == PARTIAL else "it was stopped half-way"
        raise Refused(
            f"this file was begun on {day}", why=f"{found.id}: {why}", cure="go on with it: --resume"
        )
    if found.source != wanted.mapping.source:
        raise Refused(
            f"this file was begun as {found.source!r}",
            why="its cases are known by that",
            cure="keep the source",
        )
    return found


def _begin(context: Context, wanted: Wanted, order: Order, sha256: str) -> Run:
    run = Run(
        id=context.new_id("imp"),
        org_id="operator",
        source=wanted.mapping.source,
        name=wanted.file.name,
        sha256=sha256,
        state=RUNNING,
        actor=order.actor,
        counted=wanted.counted,
        started_at=order.now,
    )
    with context.database.write() as db:
        imports.begin(db, run)
    return run


def _finish(context: Context, begun: Run, tally: Tally, order: Order) -> None:
    whole = Imported(run_id=begun.id, tally=tally, made=()).is_whole
    counts = tally.counts()
    with context.database.write() as db:
        imports.advance(db, begun, state=DONE if whole else PARTIAL, counts=counts, finished_at=order.now)
        said = {"file": begun.name, "sha256": begun.sha256, "source": begun.source, **counts}
        _audit(db, "history imported", begun, order, said)


# -- reading ------------------------------------------------------------------------------------------------------------------


class _Intake:
    """Reads the rows of a file into their staging; remembers which parties and customers they name, and its last moment."""

    def __init__(self, wanted: Wanted, tally: Tally, ears: Ears, *, now: int) -> None:
        self._wanted, self._tally, self._ears, self._now = wanted, tally, ears, now
        self.parties: set[Party] = set()
        self.ended_at = 0
        self.customers: set[str] = set()

    @property
    def organizations(self) -> set[str]:
        """The organizations' values."""
        return {organization for organization, _ in self.parties}

    def read(self, log: EventLog, staged: Staging) -> None:
        """All of them."""
        lines, tally = Lines(self._wanted.mapping, log.header, now=self._now), self._tally
        parties, customers, add = self.parties, self.customers, staged.add
        for number, cells in log:
            tally.rows += 1
            line = lines.read(number, cells)
            if isinstance(line, Line):
                parties.add((line.organization, line.desk))
                customers.add(line.customer)
                self.ended_at = max(self.ended_at, line.at)
                add(line)
            else:
                self._hold(line, staged)
            if not tally.rows % TOLD_EVERY:
                self._ears.progress("reading", log.done, log.size)
        self._ears.progress("reading", log.size, log.size)

    def _hold(self, trouble: Trouble, staged: Staging) -> None:
        self._tally.bad_rows += 1
        self._ears.trouble(trouble)
        if trouble.case:
            staged.hold(trouble.case)


Ordered = tuple[list[Line], int]
"""The rows of a case in their order, and how many more said the same."""


def _ordered(mapping: ImportMapping, staged: Staging, tally: Tally, ears: Ears) -> Iterator[Ordered]:
    """The cases that can be told, one after the other."""
    for rows in staged.cases():
        lines, doubled = in_order(map(Line._make, rows))
        troubles = claimed_twice(lines) if mapping.columns.order else ()
        if troubles:
            tally.held_cases += 1
            tally.held_rows += len(rows) - len(troubles)
            tally.bad_rows += len(troubles)
            for trouble in troubles:
                ears.trouble(trouble)
        else:
            yield lines, doubled


def _told(mapping: ImportMapping, lines: Sequence[Line], bound: Bound, ended_at: int) -> Story:
    """What is made of the rows of a case."""
    story = Story(mapping, lines[0].case, bound)
    for line in lines:
        story.take(line)
    story.finish(ended_at)
    return story


def _rehearse(mapping: ImportMapping, cases: Iterator[Ordered], tally: Tally, ended_at: int) -> None:
    """What would be made of all; agreements are not looked up."""
    for lines, doubled in cases:
        story = _told(mapping, lines, lambda _asked: (), ended_at)
        tally.add(story, rows=len(lines) + doubled, doubled=doubled)


# -- writing ------------------------------------------------------------------------------------------------------------------


class _Work:
    """Writes the cases of one run."""

    def __init__(self, context: Context, wanted: Wanted, begun: Run, heard: tuple[Ears, Tally, int]) -> None:
        self._context, self._mapping, self._run = context, wanted.mapping, begun
        self._ears, self._tally, self._ended_at = heard

    def write(self, staged: Staging, parties: set[Party], names: Names, *, now: datetime) -> None:
        """All cases that are not there yet, chunk by chunk."""
        context = self._context
        with context.database.write(slow=True) as db:
            found = import_parties.keep(context, db, self._run.source, (parties, names), now=now)
        with context.database.read() as db:
            binder = Binder(context.directory(db), found.organizations, found.customers)
        whose = Whose(
            run_id=self._run.id,
            source=self._run.source,
            parties=found.desks,
            customers=found.customers,
            observed_at=(now - EPOCH) // _MICRO,
            new_id=context.new_id,
        )
        done = 0
        for cases in _chunks(_ordered(self._mapping, staged, self._tally, self._ears)):
            with context.database.write(slow=True) as db:
                self._put(db, cases, whose, binder, now)
            done += sum(len(lines) + doubled for lines, doubled in cases)
            self._ears.progress("writing", done, staged.rows)

    def _put(self, db: Db, cases: Sequence[Ordered], whose: Whose, binder: Binder, now: datetime) -> None:
        chunk, tally = Chunk(), self._tally
        there = imports.known_cases(db, OPERATOR, self._run.source, [lines[0].case for lines, _ in cases])
        for lines, doubled in cases:
            case = lines[0].case
            if case in there:
                self._is_there(lines[0], there[case])
                continue
            story = _told(self._mapping, lines, binder.bound, self._ended_at)
            import_rows.add(chunk, story, whose)
            tally.add(story, rows=len(lines) + doubled, doubled=doubled)
        chunk.sheets = import_rows.sheets(binder.sheets, now=now)
        imports.put(db, chunk)
        imports.advance(db, self._run, state=RUNNING, counts=tally.counts())

    def _is_there(self, line: Line, run_id: str) -> None:
        if run_id == self._run.id:
            self._tally.already_cases += 1
            return
        self._tally.elsewhere_cases += 1
        what, why = f"case {line.case!r} is there already", f"it came with {run_id}"
        self._ears.trouble(
            Trouble(line=line.number, case=line.case, what=what, why=why, cure="import new cases only")
        )


def _chunks(cases: Iterator[Ordered]) -> Iterator[list[Ordered]]:
    """Whole cases, about CHUNK rows together."""
    found, rows = list[Ordered](), 0
    for one in cases:
        found.append(one)
        rows += len(one[0])
        if rows >= CHUNK:
            yield found
            found, rows = [], 0
    if found:
        yield found
