"""`/reports/{id}` with an API key, or by a link (`shared`): a published report for reading, as a page or a file."""

import io
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from gateway import export
from gateway.errors import Invalid, NotFound, Refused, Unsupported
from gateway.export import Format, Manner, pages
from gateway.flows import publishing
from gateway.flows.publishing import Shown
from gateway.store.share import ShareLink
from gateway.web import security
from gateway.web.asking import AnyWanted, Visitor, Wanted
from gateway.web.parlour import AnyParlour, Parlour
from gateway.web.rendering import refusal
from gateway.words import Words
from gateway.words.look import Look, zone_of

router = APIRouter()


@router.get("/reports/{report_id}")
def of_key(
    here: AnyParlour,
    report_id: str,
    asked: AnyWanted,
    who: Visitor,
    form: Annotated[str, Query(alias="format", max_length=8)] = "",
) -> Response:
    """With the key of the operator or of the organization whose report it is."""
    if who is None:
        return refusal(asked.words(), 401)
    try:
        return show(publishing.read(here.context, report_id, who.party), asked, form)
    except NotFound:
        return refusal(asked.words(), 404)


def linked(here: Parlour, link: ShareLink, asked: Wanted, form: str) -> Response:
    """What somebody sees whose link leads to a report."""
    try:
        shown = publishing.read(here.context, link.subject, link.org_id)
    except NotFound:
        return refusal(asked.words(), 404)
    zone, _ = zone_of(asked.zone, shown.report.zone)
    words = asked.words()
    until = words("report.until", at=Look(words, zone).whole(link.expires_at))
    return show(shown, asked, form, beside=(until,))


def show(shown: Shown, asked: Wanted, form: str, *, beside: tuple[str, ...] = ()) -> Response:
    """The page, or the file that was asked for; a format that there is not is answered like a page that there is not."""
    words = asked.words()
    try:
        kind = export.format_from(form) if form else Format.HTML
        manner = Manner(language=words.language, made_by=shown.publication.made_by)
        if kind is Format.HTML:
            return _page(shown, manner, beside)
        stream = io.BytesIO()
        export.write(shown.report, kind, stream, manner)
    except (Invalid, Refused, Unsupported):
        return refusal(words, 404)
    name = publishing.file_name(shown.publication, kind)
    media = "application/zip" if kind is Format.CSV else kind.media_type
    named = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(stream.getvalue(), media_type=media, headers=security.headers() | named)


def _page(shown: Shown, manner: Manner, beside: tuple[str, ...]) -> HTMLResponse:
    lines, newest = list(beside), shown.newest.version
    if newest > shown.report.version:
        lines.append(Words(manner.language)("report.replaced", number=newest))
    text = pages.text(shown.report, manner, beside=tuple(lines))
    known = security.headers(pages.style()) | {"content-language": manner.language}
    return HTMLResponse(text, headers=known)
