"""`/account`: who is signed in, in which role, in which browsers; ending any of them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from gateway.domain.permissions import Role
from gateway.flows import accounts, sessions
from gateway.flows.sessions import COOKIE, Visit
from gateway.web import security
from gateway.web.asking import AnyWanted
from gateway.web.filled import Filled
from gateway.web.pages import sign_in
from gateway.web.parlour import AnyParlour
from gateway.web.rendering import page
from gateway.words.look import Look, zone_of

router = APIRouter()


def signed_in(request: Request, here: AnyParlour) -> Visit | None:
    """Who came, and by which session."""
    return sessions.visit(here.context, request.cookies.get(COOKIE, ""), now=here.now())


Came = Annotated[Visit | None, Depends(signed_in)]


@router.get("/account")
def own(here: AnyParlour, asked: AnyWanted, came: Came) -> HTMLResponse:
    """Of whoever is signed in; anybody else may sign in."""
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
            "browser": one.browser or "–",
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
        email=account.email,
        role=words(f"role.{Role(account.role).value}"),
        parties=", ".join(accounts.codes(here.context, owners)),
        sessions=rows,
    )


@router.post("/account")
def ended(here: AnyParlour, asked: AnyWanted, came: Came, filled: Filled) -> Response:
    """A session of one's own (`session`), or all of them, end."""
    if came is None or filled is None:
        return sign_in.form(here, asked, sign_in.HOME, lacks="form")
    sessions.end(here.context, came.account, now=here.now(), only=filled.get("session") or None)
    return RedirectResponse("/account", status_code=303, headers=security.headers())
