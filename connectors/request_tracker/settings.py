"""The desk's settings as the connector uses them; manifest.json holds their schema."""

from collections.abc import Mapping, Sequence

from connectors.request_tracker.rest import Row
from connectors.request_tracker.words import SYSTEM
from gateway.domain.model import Actor, ActorKind, Desk, Field


def queue(desk: Desk) -> str:
    """The queue tickets are created in and watched in."""
    return str(desk.settings["queue"])


def custom_fields(desk: Desk) -> Mapping[str, str]:
    """Canonical field → name of RT's custom field."""
    return {str(field): str(name) for field, name in desk.settings.get("custom_fields", {}).items()}


def lists(desk: Desk) -> Sequence[str]:
    """The fields whose custom field takes several values."""
    return tuple(map(str, desk.settings.get("lists", ())))


def canonical_of(name: str, desk: Desk) -> str | None:
    """The canonical field a custom field holds; None when the settings do not name it."""
    wanted = name.casefold()
    return next((field for field, known in custom_fields(desk).items() if known.casefold() == wanted), None)


def marker_field(desk: Desk) -> str:
    """Name of the custom field that holds our marker."""
    return custom_fields(desk)[Field.MARKER]


def ticket_url(remote_id: str, desk: Desk) -> str:
    """Where people read the ticket."""
    return f"{desk.base_url.rstrip('/')}/Ticket/Display.html?id={remote_id}"


def actor(user: Row, desk: Desk) -> Actor:
    """Who did something. RT's own account and the profile's automatic ones are rules, not people."""
    login = str(user["id"])
    name = str(user.get("RealName") or login)
    known = login.casefold()
    automatic = {word.casefold() for word in desk.profile.automatic_actors}
    if known == desk.account.casefold():
        kind = ActorKind.GATEWAY
    elif known == SYSTEM.casefold() or not automatic.isdisjoint({known, name.casefold()}):
        kind = ActorKind.AUTOMATION
    else:
        kind = ActorKind.PERSON
    return Actor(id=login, name=name, kind=kind)
