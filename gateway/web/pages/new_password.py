"""`/forgotten`: asking for a link to choose a new password. `/reset/{token}`: choosing it. GET only asks, for mail scanners open
links; POST does it, once. In another browser than the one that asked, the digits that one shows are wanted too."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from gateway import passwords
from gateway.errors import Invalid
from gateway.flows import new_password
from gateway.flows.new_password import Outcome
from gateway.flows.signing_in import WITHIN, TooMany
from gateway.store.resets import Reset
from gateway.web import security
from gateway.web.asking import AnyWanted, Wanted, place
from gateway.web.filled import Filled
from gateway.web.parlour import AnyParlour, Parlour
from gateway.web.rendering import page, refusal

router = APIRouter()
COOKIE = "__Host-interdesk-asked"


@router.get("/forgotten")
def asked(here: AnyParlour, asked: AnyWanted) -> HTMLResponse:
    """The form."""
    return _ask(here, asked)


def _ask(here: Parlour, asked: Wanted, *, lacks: str = "", status: int = 200) -> HTMLResponse:
    words = asked.words()
    told = words(f"sign_in.lacks.{lacks}") if lacks else ""
    return page("forgotten.html", words, status=status, lacks=told, posts=here.posts, sent=None)


@router.post("/forgotten")
def sent(request: Request, here: AnyParlour, asked: AnyWanted, filled: Filled) -> Response:
    """The same answer, whoever is asked for."""
    if filled is None:
        return _ask(here, asked, lacks="form", status=422)
    email, words = filled.get("email", ""), asked.words()
    whence = (place(request, here) or "", words.language)
    try:
        told = new_password.ask(here.context, email, whence, now=here.now())
    except TooMany:
        answer = _ask(here, asked, lacks="pause", status=429)
        answer.headers["retry-after"] = str(int(WITHIN.total_seconds()))
        return answer
    shown = {"email": email[:254], "code": f"{told.code[:3]} {told.code[3:]}"}
    answer = page("forgotten.html", words, lacks="", posts=here.posts, sent=shown)
    lasts = int(new_password.LASTS.total_seconds())
    answer.set_cookie(COOKIE, told.cookie, max_age=lasts, secure=True, httponly=True, samesite="lax")
    return answer


def wished(here: AnyParlour, token: str) -> Reset | None:
    """What the link is for."""
    return new_password.opened(here.context, token)


Wished = Annotated[Reset | None, Depends(wished)]


@router.get("/reset/{token}")
def opened(request: Request, here: AnyParlour, asked: AnyWanted, reset: Wished) -> HTMLResponse:
    """The form to choose it."""
    return _choose(request, here, asked, reset)


def _choose(
    request: Request, here: Parlour, asked: Wanted, reset: Reset | None, *, lacks: str = ""
) -> HTMLResponse:
    words = asked.words(reset.language if reset else "")
    if reset is None:
        return refusal(words, 404)
    if new_password.is_over(reset, here.now()):
        return _over(words.language)
    shown = {
        "lacks": words(lacks, shortest=passwords.SHORTEST) if lacks else "",
        "limits": {"shortest": passwords.SHORTEST, "longest": passwords.LONGEST},
        "elsewhere": not new_password.is_of(
            here.context, reset, request.cookies.get(COOKIE, ""), now=here.now()
        ),
    }
    return page("reset.html", words, status=422 if lacks else 200, **shown)


def _over(language: str) -> HTMLResponse:
    words = Wanted(language=language).words()
    shown = {"title": words("reset.over"), "what": words("reset.over.what"), "way": "/forgotten"}
    return page("told.html", words, status=410, **shown)


@router.post("/reset/{token}")
def done(request: Request, here: AnyParlour, asked: AnyWanted, reset: Wished, filled: Filled) -> Response:
    """Choose it."""
    if reset is None or new_password.is_over(reset, here.now()):
        return _choose(request, here, asked, reset)
    if filled is None:
        return _choose(request, here, asked, reset, lacks="sign_in.lacks.form")
    given = new_password.Filled(
        cookie=request.cookies.get(COOKIE, ""),
        code=filled.get("code", ""),
        password=filled.get("password", ""),
    )
    whence = (place(request, here) or "", here.cost)
    try:
        outcome = new_password.finish(here.context, reset, given, whence, now=here.now())
    except Invalid:
        return _choose(request, here, asked, reset, lacks="sign_in.lacks.short")
    if outcome is Outcome.CODE:
        return _choose(request, here, asked, reset, lacks="reset.lacks.code")
    if outcome is Outcome.ENDED:
        return _over(asked.words(reset.language).language)
    answer = RedirectResponse(
        f"/sign-in?changed=1&lang={asked.words(reset.language).language}",
        status_code=303,
        headers=security.headers(),
    )
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax")
    return answer
