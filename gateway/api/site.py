"""All doors as one application."""

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Lifespan

from gateway import __version__
from gateway.api import deliveries, health, problems, tickets
from gateway.api.hooks import HookDoor
from gateway.api.house import House


def build(house: House, lifespan: Lifespan[FastAPI]) -> FastAPI:
    """The hook door stands first, being the busiest. Every other door but health asks for a key."""
    app = FastAPI(title="Interdesk", version=__version__, lifespan=lifespan, openapi_url=None)
    app.state.house = house
    hooks = HookDoor(house)
    app.router.routes += [Route("/hooks/{desk}", hooks), Route("/hooks/{desk}/{token}", hooks)]
    for router in (health.open_to_all, health.for_operators, tickets.router, deliveries.router):
        app.include_router(router)
    problems.install(app)
    return app
