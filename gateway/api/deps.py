"""What every door is given, and who knocks: an API key's scope is all that a caller ever sees."""

from typing import Annotated

from fastapi import Depends, Query, Request

from gateway.api import problems
from gateway.api.house import House
from gateway.flows import keys
from gateway.store.keys import ApiKey
from gateway.store.scope import Scope


def house(request: Request) -> House:
    """The house this request came to."""
    found: House = request.app.state.house
    return found


AnyHouse = Annotated[House, Depends(house)]


def caller(request: Request, here: AnyHouse) -> ApiKey:
    """Whose key came along. Raises Problem (401)."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    key = keys.verify(here.context, text.strip(), now=here.now()) if scheme.lower() == "bearer" else None
    if key is None:
        raise problems.no_key()
    return key


def operator(key: Annotated[ApiKey, Depends(caller)]) -> Scope:
    """The scope of the operator. Raises Problem (403) for anybody else's key."""
    if key.scope != Scope.operator():
        raise problems.not_for_this_key()
    return key.scope


def scope(key: Annotated[ApiKey, Depends(caller)]) -> Scope:
    """What the caller may see."""
    return key.scope


AnyScope = Annotated[Scope, Depends(scope)]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Before = Annotated[
    str | None, Query(max_length=64, description="Go on after this id: `next` of the last answer.")
]
