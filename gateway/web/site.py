"""All pages, added to the doors of a process."""

from fastapi import FastAPI

from gateway.web.pages import (
    account,
    new_password,
    portal,
    provider,
    report,
    shared,
    sign_in,
    timeline,
    welcome,
)
from gateway.web.parlour import Parlour


def furnish(app: FastAPI, here: Parlour) -> None:
    """Add the pages. Each asks for a key or brings a link."""
    app.state.parlour = here
    for door in (timeline, report, shared, portal, sign_in, account, new_password, welcome, provider):
        app.include_router(door.router)
