"""A report as PDF: its HTML page, printed by WeasyPrint, tagged for those who hear it (PDF/UA-1). It loads nothing."""

import logging
from typing import Any

from gateway.domain.reports.document import Report
from gateway.errors import Unsupported
from gateway.export import documents, pages
from gateway.export.manner import Manner


def printed(report: Report, manner: Manner) -> bytes:
    """The file. Raises Unsupported where what prints it is not there."""
    weasyprint = printer()
    nothing = weasyprint.urls.URLFetcher(allowed_protocols=())
    page = weasyprint.HTML(string=pages.text(report, manner), url_fetcher=nothing)
    identifier = documents.digest(report)[:32].encode()
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
