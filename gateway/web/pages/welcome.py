"""`/welcome/{token}`: somebody who was invited chooses a password. GET only asks, for mail scanners open links; POST does it, once."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from gateway import passwords
from gateway.domain.permissions import Role
from gateway.errors import Invalid
from gateway.flows import accounts
from gateway.store.accounts import Invitation
from gateway.web.asking import AnyWanted, Wanted
from gateway.web.filled import Filled
from gateway.web.pages.sign_in import HOME, let_in
from gateway.web.parlour import AnyParlour, Parlour
from gateway.web.rendering import page, refusal

router = APIRouter()


@router.get("/welcome/{token}")
def asked(here: AnyParlour, token: str, asked: AnyWanted) -> HTMLResponse:
    """What one was invited to, and the form."""
    found = accounts.opened(here.context, token, now=here.now())
    return refusal(asked.words(), 404) if found is None else _form(asked, found, _ways(here, token))


def _ways(here: Parlour, token: str) -> dict[str, str]:
    """The providers to sign in with instead, by name, and where."""
    found = here.identity.providers.values()
    return {one.name: f"/sign-in/with/{one.code}?invitation={token}" for one in found}


def _form(asked: Wanted, found: Invitation, ways: dict[str, str], *, lacks: str = "") -> HTMLResponse:
    words = asked.words()
    told = words(lacks, shortest=passwords.SHORTEST) if lacks else ""
    role = words(f"role.{Role(found.role).value}")
    limits = {"shortest": passwords.SHORTEST, "longest": passwords.LONGEST}
    shown = {"email": found.email, "role": role, "lacks": told, "limits": limits, "ways": ways}
    return page("welcome.html", words, status=422 if lacks else 200, **shown)


@router.post("/welcome/{token}")
def done(request: Request, here: AnyParlour, token: str, asked: AnyWanted, filled: Filled) -> Response:
    """The account is opened, and its owner signed in."""
    found = accounts.opened(here.context, token, now=here.now())
    if found is None:
        return refusal(asked.words(), 404)
    if filled is None:
        return _form(asked, found, _ways(here, token), lacks="sign_in.lacks.form")
    try:
        account = accounts.accept(here.context, found, filled.get("password", ""), here.cost, now=here.now())
    except Invalid:
        return _form(asked, found, _ways(here, token), lacks="sign_in.lacks.short")
    return refusal(asked.words(), 404) if account is None else let_in(request, here, account, HOME)
