"""What every command that writes a report shares: its options, the period that is meant, and where the report goes."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from gateway import export
from gateway.cli import report_text
from gateway.cli.terminal import say
from gateway.domain.reports.document import Report
from gateway.domain.reports.views import View
from gateway.errors import Invalid
from gateway.export import Manner
from gateway.words import LANGUAGES

TEXT = "text"
Customer = Annotated[str, typer.Option("--customer", "-c", help="The customer's code.", show_default=False)]
Month = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="A month.", show_default=False)]
PeriodOf = Annotated[
    str,
    typer.Option(
        "--period", help="Any period: 2026-10, 2026-Q4, 2026, 2026-10-05..2026-10-11.", show_default=False
    ),
]
Partner = Annotated[
    str, typer.Option("--partner", help="A partner's code: its own report.", show_default=False)
]
ForWhom = Annotated[
    View | None,
    typer.Option("--view", help="Who reads it; the operator sees everything.", show_default="operator"),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="As it was known then (ISO 8601 with offset).", show_default="now"),
]
Under = Annotated[
    str,
    typer.Option(
        "--under",
        metavar="TERMS",
        help="As if bound to AGREEMENT or a sheet (sht_…), counted in /CALENDAR, or both joined.",
        show_default=False,
    ),
]
FormatOf = Annotated[
    str, typer.Option("--format", "-f", help="text, json, csv, xlsx, html or pdf; --json is short for json.")
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Into this file.", show_default="standard output")
]
OneTable = Annotated[
    str,
    typer.Option("--table", help="Of CSV: only this table, by its id.", show_default="all, as a zip archive"),
]
Language = Annotated[
    str,
    typer.Option("--language", help=f"Words and figures of the page and the sheets: {', '.join(LANGUAGES)}."),
]
Excel = Annotated[
    bool,
    typer.Option(
        "--excel", help="Of CSV: as Excel reads it in that language (mark, separator, decimal sign)."
    ),
]


def chosen_format(form: str, *, as_json: bool) -> str:
    """The format that is meant. Raises Invalid."""
    chosen = "json" if as_json else form.lower()
    return chosen if chosen == TEXT else export.format_from(chosen).value


def manner_of(language: str, *, table: str = "", excel: bool = False) -> Manner:
    """How the report is written. Raises Invalid for a language that there is not."""
    if language not in LANGUAGES:
        raise Invalid(f"{language!r} is no language here", cure=f"one of: {', '.join(LANGUAGES)}")
    return Manner.for_excel(language, table=table) if excel else Manner(language=language, table=table)


def one_period(month: str, period: str) -> str:
    """The period that is meant. Raises Invalid for none and for two."""
    if bool(month) == bool(period):
        raise Invalid("which period?", cure="say --month 2026-10, or --period 2026-Q4")
    return month or period


def put(made: Report, form: str, out: Path | None, manner: Manner | None = None) -> None:
    """Write a report to where it is wanted. Raises Invalid where bytes would be written onto a terminal."""
    if form == TEXT and out is None:
        for line in report_text.lines(made):
            typer.echo(line)
        return
    if out is None:
        if form != "json" and sys.stdout.isatty():
            raise Invalid(f"{form} is not for a terminal", cure="add --out FILE")
        export.write(made, form, sys.stdout.buffer, manner)
        return
    try:
        with _aside(out) as stream:
            if form == TEXT:
                stream.write(("\n".join(report_text.lines(made)) + "\n").encode())
            else:
                export.write(made, form, stream, manner)
    except OSError as error:
        raise Invalid(
            f"{out} cannot be written", why=str(error.strerror), cure="name another --out"
        ) from error
    say(f"{made.title}: {out}")


@contextlib.contextmanager
def _aside(out: Path) -> Iterator[BinaryIO]:
    """A file beside it that takes its place when all is written; what fails leaves what stood there. Pipes and devices are
    written as they are."""
    place = out.resolve()
    if place.exists() and not place.is_file():
        with place.open("wb") as stream:
            yield stream
        return
    draft = place.with_name(f".{place.name[:200]}.{os.getpid()}.part")
    try:
        with draft.open("xb") as stream:
            yield stream
        if place.exists():
            draft.chmod(place.stat().st_mode & 0o777)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
