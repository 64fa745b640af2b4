"""`/sign-in/with/{provider}` and `/sign-in/back/{provider}`: signing in at an identity provider, or opening an account that one was
invited to."""

import hashlib
import logging
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from gateway.errors import InterdeskError
from gateway.flows import accounts
from gateway.store import accounts as store
from gateway.store.accounts import Account
from gateway.web import security
from gateway.web.asking import AnyWanted
from gateway.web.auth.oidc import NotBack, Oidc, Way
from gateway.web.pages import sign_in
from gateway.web.parlour import AnyParlour, Parlour
from gateway.web.rendering import refusal

router = APIRouter()
log = logging.getLogger(__name__)
COOKIE = "__Host-interdesk-way"
LASTS = timedelta(minutes=10)


def _oidc(here: Parlour, code: str) -> Oidc | None:
    provider = here.identity.providers.get(code)
    if provider is None or here.known_keys is None:
        return None
    return Oidc(provider=provider, keys=here.known_keys, back=f"{here.address}/sign-in/back/{code}")


@router.get("/sign-in/with/{provider}")
def away(
    here: AnyParlour,
    asked: AnyWanted,
    provider: str,
    invitation: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Send the browser there."""
    oidc = _oidc(here, provider)
    found = accounts.opened(here.context, invitation, now=here.now()) if invitation else None
    if oidc is None or (invitation and found is None):
        return refusal(asked.words(), 404)
    way, now = Way.new(), here.now()
    try:
        address = oidc.away(way)
    except InterdeskError as error:
        return _failed(here, error, asked)
    with here.context.database.write() as db:
        invited = found.sha256 if found else None
        store.put_state(db, _digest(way), provider, invitation=invited, expires_at=now + LASTS)
    answer = RedirectResponse(address, status_code=303, headers=security.headers())
    seconds = int(LASTS.total_seconds())
    answer.set_cookie(COOKIE, way.secret, max_age=seconds, secure=True, httponly=True, samesite="lax")
    return answer


def _digest(way: Way) -> str:
    return hashlib.sha256(way.state.encode()).hexdigest()


@router.get("/sign-in/back/{provider}")
def back(request: Request, here: AnyParlour, asked: AnyWanted, provider: str) -> Response:
    """Let in whoever comes back, if it is who was sent."""
    way, oidc = Way(request.cookies.get(COOKIE, "")[:200]), _oidc(here, provider)
    if oidc is None:
        return refusal(asked.words(), 404)
    with here.context.database.write() as db:
        state = store.take_state(db, _digest(way), now=here.now()) if way.secret else None
    try:
        if state is None or state[0] != provider:
            raise NotBack("nobody was sent there")
        subject = oidc.subject(way, dict(request.query_params), now=here.now())
    except InterdeskError as error:
        return _failed(here, error, asked)
    account = _account(here, state[1], (oidc.provider.issuer, subject))
    if account is None:
        return sign_in.form(here, asked, "", lacks="account")
    answer = sign_in.let_in(request, here, account, sign_in.HOME)
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


def _failed(here: Parlour, error: InterdeskError, asked: AnyWanted) -> HTMLResponse:
    log.warning("signing in at a provider failed: %s", error)
    return sign_in.form(here, asked, "", lacks="provider")


def _account(here: Parlour, invited: str | None, subject: tuple[str, str]) -> Account | None:
    """Of that person at that provider; with an invitation a new one. Addresses that a provider tells are not believed: only
    the invitation says whose account it is."""
    with here.context.database.read() as db:
        account = store.by_subject(db, *subject)
        invitation = store.invitation(db, invited) if invited else None
    if account is None and invitation is not None and invitation.is_open(here.now()):
        account = accounts.accept_at(here.context, invitation, subject, now=here.now())
    return account if account is not None and account.disabled_at is None else None
