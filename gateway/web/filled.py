"""Small forms of words, as a browser posts them from a page of ours; from a page of another site none is read (T19)."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.flows.origins import is_ours
from gateway.web import forms

_LARGEST = 10_000


async def filled(request: Request) -> dict[str, str] | None:
    """The fields; None for what is no form of ours."""
    if not is_ours(request.method, request.headers):
        return None
    try:
        body = await forms.whole(request.stream(), _LARGEST)
        return forms.read(request.headers.get("content-type", ""), body).texts
    except (forms.TooLarge, forms.Unformed):
        return None


Filled = Annotated[dict[str, str] | None, Depends(filled)]
