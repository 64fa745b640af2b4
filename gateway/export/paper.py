"""A report as PDF: its HTML page, printed by WeasyPrint, tagged for those who hear it (PDF/UA-1). It loads nothing. A long one
is a summary: of each table what stands first, and how much more the sheets have."""

import logging
import threading
from typing import Any

from gateway.domain.reports.document import Report
from gateway.errors import Refused, Unsupported
from gateway.export import documents, pages
from gateway.export.manner import Manner

MOST_ROWS = 2_000
"""Of more lines it is a summary: printing takes a second for every twenty or so."""
TOP = 50
"""So many lines of each table a summary has."""
_ONE_AT_A_TIME = threading.Lock()
"""Printing takes seconds of a processor: however many ask at once, a process has one of them to spare."""


def printed(report: Report, manner: Manner) -> bytes:
    """The file. Raises Unsupported where what prints it is not there, Refused for what nobody would read on paper even so."""
    most = _most(report)
    cut = (f"A summary: of long tables the first {TOP} lines; the XLSX has all of them.",) if most else ()
    weasyprint = printer()
    nothing = weasyprint.urls.URLFetcher(allowed_protocols=())
    page = weasyprint.HTML(string=pages.text(report, manner, beside=cut, most=most), url_fetcher=nothing)
    identifier = documents.digest(report)[:32].encode()
    with _ONE_AT_A_TIME:
        found: bytes = page.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identifier)
    return found


def _most(report: Report) -> int | None:
    """How many lines of each table are printed; None: all. Raises Refused."""
    lengths = [len(table.rows) for section in report.sections for table in section.tables]
    if sum(lengths) <= MOST_ROWS:
        return None
    rows = sum(min(length, TOP) for length in lengths)
    if rows > MOST_ROWS:
        raise Refused(
            f"the report has {sum(lengths):,} lines in {len(lengths):,} tables",
            why=f"even the first {TOP} of each are more than {MOST_ROWS:,}, and nobody reads so many on paper",
            cure="--format xlsx, or --format html and print what you need",
        )
    return TOP


def printer() -> Any:
    """What prints it. Raises Unsupported."""
    try:
        import weasyprint  # noqa: PLC0415
        import weasyprint.urls  # noqa: PLC0415
    except ImportError as error:
        raise Unsupported(
            "PDF cannot be made here",
            why="the package weasyprint is not installed",
            cure="install interdesk[pdf] as deploy/runbook.md says, or write --format html and print it",
        ) from error
    except OSError as error:  # Pango or one of its kin could not be loaded
        raise Unsupported(
            "PDF cannot be made here",
            why=f"a library of the system is missing: {str(error).splitlines()[0]}",
            cure="apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0, or write --format html",
        ) from error
    # It tells of each line of the style sheet that is for screens.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    return weasyprint
