"""All doors as one application."""

import re

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.types import Lifespan, Receive, Scope, Send

from gateway import __version__
from gateway.api import (
    agents,
    audit,
    bodies,
    clocks,
    conflicts,
    deliveries,
    directory,
    erasures,
    health,
    links,
    mef124,
    oauth,
    openapi,
    places,
    portal,
    problem_pages,
    problems,
    promises,
    pushing,
    search,
    ticket_sharing,
    tickets,
    tmf621,
    tmf_answers,
    tmf_hub,
    tmf_specifications,
    webhooks,
    work,
    worklists,
)
from gateway.api.hooks import HookDoor
from gateway.api.house import House

DOORS = (
    agents,
    tickets,
    clocks,
    promises,
    directory,
    places,
    deliveries,
    work,
    worklists,
    links,
    portal,
    search,
    conflicts,
    audit,
    oauth,
    tmf621,
    webhooks,
    erasures,
    tmf_hub,
    tmf_specifications,
    mef124,
    pushing,
    problem_pages,
    openapi,
    ticket_sharing,
)
_HOOK = re.compile(r"/hooks/(?P<desk>[^/]+)(?:/(?P<token>[^/]+))?")


def _named(route: APIRoute) -> str:
    """What an operation is called: after its module and its function."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}.{route.endpoint.__name__}"


class Site(FastAPI):
    """The hook door, being the busiest, stands outside of all that FastAPI puts around the others: it answers its
    own errors and limits its own bodies."""

    def __init__(self, house: House, lifespan: Lifespan[FastAPI]) -> None:
        super().__init__(
            title="Interdesk",
            version=__version__,
            lifespan=lifespan,
            openapi_url=None,
            generate_unique_id_function=_named,
        )
        self.state.house = house
        self._hooks = HookDoor(house)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the process."""
        found = _HOOK.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is not None:
            scope["path_params"] = found.groupdict(default="")
            await self._hooks(scope, receive, send)
        elif scope["type"] == "http":
            await self._asked(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def _asked(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What no database can be asked and what no memory should hold is refused before a key is looked at."""
        try:
            bodies.refuse_nul(scope)
            bodies.refuse_encoded(scope)
        except problems.Problem as problem:
            scope["app"] = self
            is_standards = scope["path"].startswith(tmf_answers.BASES)
            answer = (
                tmf_answers.refusal(problem, Request(scope)) if is_standards else problems.response(problem)
            )
            await answer(scope, receive, send)
        else:
            await super().__call__(scope, bodies.limited(scope, receive), send)


def build(house: House, lifespan: Lifespan[FastAPI]) -> FastAPI:
    """Every door but the hooks' and health asks for a key."""
    app = Site(house, lifespan)
    for router in (health.open_to_all, health.for_operators):
        app.include_router(router)
    for door in DOORS:
        app.include_router(door.router)
    problems.install(app)
    return app
