"""Reports written for people and programs: JSON, CSV, XLSX, HTML, and PDF, which is the HTML printed. Nothing is computed
here: each format adds nothing to a report and leaves nothing of it out, but for the paper, which says so."""

from typing import BinaryIO

from gateway.domain.reports.document import Report
from gateway.errors import Invalid
from gateway.export.manner import Format, Manner

__all__ = ["Format", "Manner", "check", "format_from", "write"]


def write(report: Report, wanted: Format | str, stream: BinaryIO, manner: Manner | None = None) -> None:
    """Write a report in that format. Equal reports written in one manner are equal bytes. Raises Invalid for a table that
    the report does not have; Unsupported where PDF is asked for and what makes it is not installed."""
    how = manner or Manner()
    # Each writer brings a library that takes a while to load, and most commands write nothing.
    match Format(wanted):
        case Format.JSON:
            from gateway.export import documents  # noqa: PLC0415

            stream.write(documents.packed(report))
        case Format.CSV:
            from gateway.export import tables  # noqa: PLC0415

            tables.write(report, stream, how)
        case Format.XLSX:
            from gateway.export import workbook  # noqa: PLC0415

            workbook.write(report, stream, how)
        case Format.HTML:
            from gateway.export import pages  # noqa: PLC0415

            stream.write(pages.text(report, how).encode())
        case Format.PDF:
            from gateway.export import paper  # noqa: PLC0415

            stream.write(paper.printed(report, how))


def check(wanted: Format) -> None:
    """See that a report can be written so here. Raises Unsupported."""
    if wanted is Format.PDF:
        from gateway.export import paper  # noqa: PLC0415

        paper.printer()


def format_from(text: str) -> Format:
    """A format by its name. Raises Invalid."""
    try:
        return Format(text.lower())
    except ValueError as error:
        raise Invalid(f"{text!r} is no format", cure=f"one of: {', '.join(Format)}") from error
