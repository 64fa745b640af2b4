"""`/problems/{code}`: what a code means and what to do, for people and for programs. The words stand in `problems.md`."""

import re
from functools import cache
from html import escape
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from gateway.api.listing import document
from gateway.api.problems import nowhere

router = APIRouter()
_SECTION = re.compile(r"^## (IDK-\d{4}) (.+)\n((?:(?!## ).*\n?)*)", re.MULTILINE)
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{code}: {title}</title>
<h1>{code}: {title}</h1>{told}</html>"""


@cache
def pages() -> dict[str, tuple[str, str]]:
    """Code → (title, what it means)."""
    text = Path(__file__).with_name("problems.md").read_text(encoding="utf-8")
    return {code: (title, " ".join(told.split())) for code, title, told in _SECTION.findall(text)}


@router.get("/problems/{code}")
def page(request: Request, code: str) -> Response:
    """What the code means: a page, or JSON for who accepts no page."""
    if code not in pages():
        raise nowhere()
    title, told = pages()[code]
    if "text/html" not in request.headers.get("accept", ""):
        return document({"code": code, "title": title, "meaning": told})
    words = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(told))
    return HTMLResponse(
        _PAGE.format(code=code, title=escape(title), told=f"<p>{words}</p>"),
        headers={"content-security-policy": "default-src 'none'; frame-ancestors 'none'"},
    )
