"""`/sign-in`: with a password. `/sign-out`. A wrong password, an unknown address and an account that is disabled look alike."""

import re
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from gateway.errors import Refused
from gateway.flows import sessions, signing_in
from gateway.flows.sessions import COOKIE, Seat
from gateway.store.accounts import Account
from gateway.web import security
from gateway.web.asking import AnyWanted, Wanted, place
from gateway.web.filled import Filled
from gateway.web.parlour import AnyParlour, Parlour
from gateway.web.rendering import page

router = APIRouter()
HOME = "/account"
_HERE = re.compile(r"/(?![/\\])[!-\[\]-~]{0,500}")
"""A path of ours: a browser reads `//` and `/\\` as the beginning of another host."""


def path_of(text: str) -> str:
    """Where to go on after signing in; what is no path of ours leads home."""
    return text if _HERE.fullmatch(text) else HOME


@router.get("/sign-in")
def asked(
    here: AnyParlour,
    asked: AnyWanted,
    after: Annotated[str, Query(alias="next", max_length=501)] = "",
    changed: Annotated[str, Query(max_length=1)] = "",
) -> HTMLResponse:
    """The form; `changed`: a password was just chosen."""
    return form(here, asked, after, lacks="changed" if changed else "")


_STATUSES = {
    "": 200,
    "changed": 200,
    "form": 422,
    "ended": 401,
    "wrong": 401,
    "pause": 429,
    "account": 403,
    "provider": 403,
}


def form(here: Parlour, asked: Wanted, after: str, *, lacks: str = "", email: str = "") -> HTMLResponse:
    """The form, with what is wrong, or `changed`: what went well (a key of `_STATUSES`)."""
    words = asked.words()
    shown = {
        "lacks": words(f"sign_in.lacks.{lacks}") if lacks else "",
        "well": lacks == "changed",
        "email": email,
        "after": path_of(after),
        "providers": list(here.identity.providers.values()),
    }
    answer = page("sign_in.html", words, status=_STATUSES[lacks], **shown)
    if lacks == "pause":
        answer.headers["retry-after"] = str(int(signing_in.WITHIN.total_seconds()))
    return answer


@router.post("/sign-in")
def done(request: Request, here: AnyParlour, asked: AnyWanted, filled: Filled) -> Response:
    """Let somebody in."""
    if filled is None:
        return form(here, asked, "", lacks="form")
    email, password = filled.get("email", ""), filled.get("password", "")
    after = filled.get("next", "")
    given, address = (email, password), place(request, here) or ""
    try:
        account = signing_in.by_password(here.context, given, address, here.cost, now=here.now())
    except signing_in.TooMany:
        return form(here, asked, after, lacks="pause", email=email[:254])
    if account is None:
        return form(here, asked, after, lacks="wrong", email=email[:254])
    try:
        return let_in(request, here, account, path_of(after))
    except Refused:  # another password stands by now
        return form(here, asked, after, lacks="wrong", email=email[:254])


def let_in(request: Request, here: Parlour, account: Account, after: str) -> Response:
    """With a fresh session, to that path; what the browser was signed in as before ends."""
    old = sessions.visit(here.context, request.cookies.get(COOKIE, ""), now=here.now())
    if old is not None:
        sessions.end(here.context, old.account, now=here.now(), only=old.session.id)
    seat = Seat(browser=request.headers.get("user-agent", ""), address=place(request, here) or "")
    cookie = sessions.begin(here.context, account, seat, now=here.now())
    answer = RedirectResponse(after, status_code=303, headers=security.headers())
    lasts = int(sessions.LASTS.total_seconds())
    answer.set_cookie(COOKIE, cookie, max_age=lasts, path="/", secure=True, httponly=True, samesite="lax")
    return answer


@router.post("/sign-out")
def out(request: Request, here: AnyParlour, filled: Filled) -> Response:
    """The session of this browser ends."""
    answer = RedirectResponse("/sign-in", status_code=303, headers=security.headers())
    found = sessions.visit(here.context, request.cookies.get(COOKIE, ""), now=here.now())
    if filled is not None and found is not None:
        sessions.end(here.context, found.account, now=here.now(), only=found.session.id)
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer
