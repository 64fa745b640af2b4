"""`/account`: who is signed in, in which role, in which browsers; ending any of them; another password."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from gateway import passwords
from gateway.domain.permissions import Role
from gateway.errors import Invalid
from gateway.flows import accounts, new_password, sessions
from gateway.flows.sessions import COOKIE, Visit
from gateway.flows.signing_in import TooMany
from gateway.web import security
from gateway.web.asking import AnyWanted, Wanted, place
from gateway.web.browsers import called
from gateway.web.filled import Filled
from gateway.web.pages import sign_in
from gateway.web.parlour import AnyParlour, Parlour
from gateway.web.rendering import page
from gateway.words.look import Look, zone_of

router = APIRouter()


def signed_in(request: Request, here: AnyParlour) -> Visit | None:
    """Who came, and by which session."""
    return sessions.visit(here.context, request.cookies.get(COOKIE, ""), now=here.now())


Came = Annotated[Visit | None, Depends(signed_in)]


@router.get("/account")
def own(
    request: Request,
    here: AnyParlour,
    asked: AnyWanted,
    came: Came,
    changed: Annotated[str, Query(max_length=1)] = "",
) -> HTMLResponse:
    """Of whoever is signed in; anybody else may sign in. `changed`: a password was just chosen."""
    if came is None and request.cookies.get(COOKIE):
        return _ended(here, asked)
    return _own(here, asked, came, "account.changed" if changed else "")


_SAID = {
    "": 200,
    "account.changed": 200,
    "account.wrong": 422,
    "sign_in.lacks.form": 422,
    "sign_in.lacks.short": 422,
    "sign_in.lacks.pause": 429,
}
"""What may be told beside → the status."""


def _ended(here: Parlour, asked: Wanted) -> HTMLResponse:
    """Whoever was signed in signs in again; what was asked for was not done."""
    return sign_in.form(here, asked, sign_in.HOME, lacks="ended")


def _own(here: Parlour, asked: Wanted, came: Visit | None, said: str) -> HTMLResponse:
    if came is None:
        answer = sign_in.form(here, asked, sign_in.HOME)
        answer.status_code = 401
        return answer
    words, account = asked.words(), came.account
    zone, _ = zone_of(asked.zone, "")
    look = Look(words, zone)
    rows = [
        {
            "id": one.id,
            "browser": called(one.browser),
            "address": one.address or "–",
            "since": look.whole(one.created_at),
            "seen": look.whole(one.seen_at),
            "here": one.id == came.session.id,
        }
        for one in sessions.listed(here.context, account, now=here.now())
    ]
    owners = account.customers or (account.org_id,)
    return page(
        "account.html",
        words,
        status=_SAID[said],
        told=words(said, shortest=passwords.SHORTEST) if said else "",
        well=_SAID[said] == 200,
        limits={"shortest": passwords.SHORTEST, "longest": passwords.LONGEST},
        has_password=account.password is not None,
        email=account.email,
        role=words(f"role.{Role(account.role).value}"),
        parties=", ".join(accounts.codes(here.context, owners)),
        sessions=rows,
    )


@router.post("/account")
def ended(here: AnyParlour, asked: AnyWanted, came: Came, filled: Filled) -> Response:
    """A session of one's own (`session`), or all of them, end."""
    if came is None:
        return _ended(here, asked)
    if filled is None:
        return _own(here, asked, came, "sign_in.lacks.form")
    sessions.end(here.context, came.account, now=here.now(), only=filled.get("session") or None)
    return RedirectResponse("/account", status_code=303, headers=security.headers())


@router.post("/account/password")
def changed(request: Request, here: AnyParlour, asked: AnyWanted, came: Came, filled: Filled) -> Response:
    """Another password (`new`), for whoever knows the one there is (`old`)."""
    if came is None:
        return _ended(here, asked)
    if filled is None:
        return _own(here, asked, came, "sign_in.lacks.form")
    given = (filled.get("old", ""), filled.get("new", ""))
    where = (place(request, here) or "", asked.words().language, here.cost)
    try:
        done = new_password.change(here.context, came, given, where, now=here.now())
    except Invalid:
        return _own(here, asked, came, "sign_in.lacks.short")
    except TooMany:
        return _own(here, asked, came, "sign_in.lacks.pause")
    if not done:
        return _own(here, asked, came, "account.wrong")
    return RedirectResponse("/account?changed=1", status_code=303, headers=security.headers())
