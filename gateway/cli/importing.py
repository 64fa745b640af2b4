"""`interdesk import`: a desk's history, brought in from an event log as tickets, assignments and events."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from gateway.app import Gateway, utc_now
from gateway.cli.terminal import Actor, AsJson, Code, Reason, acting, opened, out, print_json, say, show
from gateway.domain.importing.trouble import Trouble
from gateway.errors import Invalid
from gateway.export.tables import quoted
from gateway.flows import importing, outcomes
from gateway.flows.commands import Order
from gateway.flows.importing import Ears, Imported, Wanted
from gateway.installation import event_log

SHOWN = 10
"""So many rows that were left out are told on the terminal."""

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="The event log: CSV in UTF-8.", show_default=False)
]
MappingFile = Annotated[
    Path, typer.Option("--mapping", help="What its columns and words mean: YAML.", show_default=False)
]
Customer = Annotated[
    str, typer.Option("--customer", metavar="CODE", help="Whose tickets these are, instead of the mapping.")
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Say what would come of it; write nothing.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a file that was begun.")]
LeftOut = Annotated[bool, typer.Option("--leave-out", help="Reports are not to count it.")]
OneRun = Annotated[str, typer.Argument(metavar="IMPORT", help="Its id (imp_…).", show_default=False)]
Errors = Annotated[
    Path | None,
    typer.Option("--errors", help="Write rows that are left out to this CSV.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_history)
    group = typer.Typer(help="Histories that were imported.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("count")(count)
    group.command("leave-out")(leave_out)
    app.add_typer(group, name="imports")


def import_history(
    file: File,
    mapping: MappingFile,
    *,
    customer: Customer = "",
    dry_run: Dry = False,
    resume: Resume = False,
    left_out: LeftOut = False,
    errors: Errors = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Bring a desk's history in as tickets, assignments and events. Nobody is told anything because of them."""
    order = Order(actor=acting(actor), now=utc_now())
    with opened() as gateway, _listing(errors) as listing, _progress() as progress:
        wanted = Wanted(
            file=file,
            mapping=event_log.mapping_of(mapping),
            customer=customer,
            dry=dry_run,
            resume=resume,
            counted=not left_out,
            folder=gateway.settings.data_dir,
        )
        found = importing.run(gateway.context, wanted, order, Ears(trouble=listing, progress=progress))
        counted = _count(gateway, found, order, progress)
    _tell(found, listing, counted=counted, as_json=as_json)
    if not found.is_whole:
        raise typer.Exit(Code.PARTIAL)


_RUNS = {"id": "ID", "source": "SOURCE", "name": "FILE", "state": "STATE", "cases": "CASES", "started_at": "WHEN", "actor": "BY", "reports": "REPORTS"}  # fmt: skip


def listed(as_json: AsJson = False) -> None:
    """List what was imported, whether it is whole, and whether reports count it."""
    with opened() as gateway:
        found = importing.listed(gateway.context)
    rows = [
        {
            **{name: getattr(run, name) for name in ("id", "source", "name", "state", "started_at", "actor")},
            "cases": run.counts.get("cases", 0),
            "reports": "count it" if run.counted else "leave it out",
            **({"counts": dict(run.counts), "sha256": run.sha256} if as_json else {}),
        }
        for run in found
    ]
    show(rows, _RUNS, as_json=as_json, empty="nothing was imported")


def count(run: OneRun, reason: Reason = "", actor: Actor = None) -> None:
    """Let reports count an imported history."""
    _weigh(run, Order(actor=acting(actor), now=utc_now(), reason=reason), counted=True)


def leave_out(run: OneRun, reason: Reason = "", actor: Actor = None) -> None:
    """Leave an imported history out of reports; its tickets stay."""
    _weigh(run, Order(actor=acting(actor), now=utc_now(), reason=reason), counted=False)


def _weigh(run: str, order: Order, *, counted: bool) -> None:
    with opened() as gateway:
        done = importing.count(gateway.context, run, order, counted=counted)
    say(f"reports {'count' if counted else 'leave out'} {done} tickets of {run}")


def _count(gateway: Gateway, found: Imported, order: Order, progress: importing.Progress) -> int:
    """What the imported clocks came to is kept for reports at once."""
    total, done = found.tally.bound_cases, 0
    if not (found.run_id and found.counted):
        return 0
    for page in importing.bound_tickets(gateway.context, found.run_id, importing.PAGE):
        done += outcomes.rebuild(gateway.context, now=order.now, tickets=page)
        progress("counting", done, total)
    return done


# -- rows that are left out ---------------------------------------------------------------------------------------------------


class _Listing:
    """Keeps the first few for the terminal, and writes all of them to a file."""

    def __init__(self, write: Callable[[str], object] = str) -> None:
        self._write = write
        self.first: list[Trouble] = []
        self.count = 0

    def __call__(self, trouble: Trouble) -> None:
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(trouble)
        cells = (trouble.case, trouble.what, trouble.why, trouble.cure)
        self._write(f"{trouble.line},{','.join(map(quoted, cells))}\r\n")


@contextmanager
def _listing(path: Path | None) -> Iterator[_Listing]:
    if path is None:
        yield _Listing()
        return
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise Invalid(
            f"{path} cannot be written", why=str(error.strerror or error), cure="name another file"
        ) from error
    with file:
        file.write("line,case,what,why,do\r\n")
        yield _Listing(file.write)


# -- how it goes --------------------------------------------------------------------------------------------------------------


@contextmanager
def _progress() -> Iterator[importing.Progress]:
    """A bar for each step, where somebody sits at the terminal."""
    if not sys.stderr.isatty():
        yield importing.silent
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield show


_LINES = (
    ("rows", "rows in the file"),
    ("cases", "cases taken"),
    ("taken_rows", "  of so many rows"),
    ("assignments", "assignments"),
    ("events", "events"),
    ("bound", "  agreements bound"),
    ("hand_overs", "hand-overs between organizations"),
    ("crossing_cases", "  in cases"),
    ("waits", "waits"),
    ("waiting_cases", "  in cases"),
    ("reopenings", "reopenings"),
    ("reopened_cases", "  in cases"),
    ("open_cases", "cases not over when the file ends"),
    ("doubled_rows", "rows that were there twice, taken once"),
    ("same_rows", "rows that said what was known"),
    ("late_rows", "words of a resolution after the close, left aside"),
    ("backward_rows", "rows earlier than the one before them"),
    ("already_cases", "cases that were taken before"),
    ("bad_rows", "rows that cannot be taken"),
    ("held_cases", "cases left out because of them"),
    ("held_rows", "  with so many other rows"),
    ("elsewhere_cases", "cases that came with another file"),
)
_ALWAYS = frozenset({"rows", "cases", "taken_rows", "assignments", "events", "bound"})


def _tell(found: Imported, listing: _Listing, *, counted: int, as_json: bool) -> None:
    counts = found.tally.counts()
    for trouble in listing.first:
        say(str(trouble))
    if listing.count > len(listing.first):
        say(f"… and {listing.count - len(listing.first)} more: --errors FILE lists all of them")
    if as_json:
        print_json({"run": found.run_id or None, "made": list(found.made), "counted": counted, **counts})
        return
    for name, words in _LINES:
        if counts[name] or name in _ALWAYS:
            out().print(f"{counts[name]:>12,}  {words}")
    made = ", ".join(islice(found.made, 20))
    if made:
        more = f" and {len(found.made) - 20} more" if len(found.made) > 20 else ""
        say(f"organizations {'made' if found.run_id else 'to be made'}: {made}{more}")
    say(_summary(found))


def _summary(found: Imported) -> str:
    if not found.run_id:
        return "nothing was written: this was a dry run"
    left = "" if found.is_whole else "; some rows are left out: mend them or the mapping, then --resume"
    return f"{found.run_id}: {found.tally.cases:,} cases are there{left}"
