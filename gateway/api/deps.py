"""What every door is given, and who knocks: a caller's scope is all that it ever sees, its permissions all that it may do.
Which door asks for which permission: `gateway.flows.permissions`."""

from typing import Annotated

from fastapi import Depends, Query, Request

from gateway.api import problems
from gateway.api.house import House
from gateway.domain.permissions import ALL, Permission
from gateway.flows import sessions
from gateway.flows.addresses import address_of
from gateway.flows.bearers import bearer
from gateway.flows.origins import is_ours
from gateway.flows.permissions import Open, needed
from gateway.flows.principal import Principal
from gateway.flows.sessions import COOKIE
from gateway.store.scope import Scope


def house(request: Request) -> House:
    """The house this request came to."""
    found: House = request.app.state.house
    return found


AnyHouse = Annotated[House, Depends(house)]


def reached(request: Request) -> tuple[str | None, list[str]]:
    """The other end of the connection, and what proxies say of who is behind them."""
    nearest = request.client.host if request.client else None
    return nearest, request.headers.getlist("x-forwarded-for")


def known(request: Request, here: AnyHouse) -> Principal:
    """Who calls, whatever it may do here: with a bearer token, or signed in by a browser that no other site sent here; found
    once for each request. Raises Problem (401; 403)."""
    found: Principal | None = getattr(request.state, "caller", None)
    if found is not None:
        return found
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    address = address_of(*reached(request), here.trusted_proxies)
    who = None
    if not scheme and COOKIE in request.cookies:
        if not is_ours(request.method, request.headers):
            raise problems.from_elsewhere()
        customer = request.query_params.get("customer", "")
        who = sessions.principal(here.context, request.cookies[COOKIE], customer, now=here.now())
    if scheme.lower() == "bearer":
        who = bearer(here.context, text.strip(), here.issuers, now=here.now(), address=address)
    if who is None:
        raise problems.no_key()
    request.state.caller = who
    return who


def caller(request: Request, who: Annotated[Principal, Depends(known)]) -> Principal:
    """Who calls, if it may do what this route does. Raises Problem (401; 403, naming the permission that lacks)."""
    need = needed(request.method, request.scope["route"].path)
    if isinstance(need, Permission) and not who.may(need):
        raise problems.lacks(need)
    if need is None and (who.scope != Scope.operator() or who.permissions != ALL):
        raise problems.not_for_this_key()
    if isinstance(need, Open):
        raise TypeError(f"{request.scope['route'].path} asks who calls and is open to all")
    return who


def operator(key: Annotated[Principal, Depends(caller)]) -> Scope:
    """The scope of the operator. Raises Problem (403) for anybody else."""
    if key.scope != Scope.operator():
        raise problems.not_for_this_key()
    return key.scope


def scope(key: Annotated[Principal, Depends(caller)]) -> Scope:
    """What the caller may see."""
    return key.scope


AnyScope = Annotated[Scope, Depends(scope)]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Before = Annotated[
    str | None, Query(max_length=64, description="Go on after this id: `next` of the last answer.")
]
