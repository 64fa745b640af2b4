"""`/shared/{token}`: whatever somebody was given a link to, for reading. A link that is wrong, expired or taken back is answered
like any other page that is not there."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from gateway.flows import share
from gateway.web.asking import AnyWanted
from gateway.web.pages import report, timeline
from gateway.web.parlour import AnyParlour
from gateway.web.rendering import refusal

router = APIRouter()


@router.get("/shared/{token}")
def of_link(
    here: AnyParlour,
    token: str,
    asked: AnyWanted,
    form: Annotated[str, Query(alias="format", max_length=8)] = "",
) -> Response:
    """A ticket's timeline or a published report, as the organization may see it that the link was made for."""
    link = share.verify(here.context, token, now=here.now())
    if link is None:
        return refusal(asked.words(), 404)
    if link.subject.startswith(share.REPORT):
        return report.linked(here, link, asked, form)
    return timeline.linked(here, link, asked)
