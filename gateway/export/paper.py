"""A report as PDF: its HTML page, printed by WeasyPrint, tagged for those who hear it (PDF/UA-1). It loads nothing."""

import logging
import threading
from typing import Any

from gateway.domain.reports.document import Report
from gateway.errors import Refused, Unsupported
from gateway.export import documents, pages
from gateway.export.manner import Manner

MOST_ROWS = 2_000
_ONE_AT_A_TIME = threading.Lock()
"""Printing takes seconds of a processor: however many ask at once, a process has one of them to spare."""


def printed(report: Report, manner: Manner) -> bytes:
    """The file. Raises Unsupported where what prints it is not there, Refused for what nobody would read on paper."""
    rows = sum(len(table.rows) for section in report.sections for table in section.tables)
    if rows > MOST_ROWS:
        raise Refused(
            f"the report has {rows:,} lines",
            why=f"printing takes a second for every twenty or so, and nobody reads more than {MOST_ROWS:,} on paper",
            cure="--format xlsx, or --format html and print what you need",
        )
    weasyprint = printer()
    nothing = weasyprint.urls.URLFetcher(allowed_protocols=())
    page = weasyprint.HTML(string=pages.text(report, manner), url_fetcher=nothing)
    identifier = documents.digest(report)[:32].encode()
    with _ONE_AT_A_TIME:
        found: bytes = page.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identifier)
    return found


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
