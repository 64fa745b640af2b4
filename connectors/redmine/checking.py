"""What Redmine says of itself and of our account: read only, nothing guessed."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from connectors.redmine import finding, names, permissions
from connectors.redmine.names import Document
from connectors.redmine.reading import whoever
from connectors.redmine.words import custom_fields
from gateway.connector import Effect, Exchange, Request, Response, shaped
from gateway.domain.model import Actor, ActorKind, Desk, DeskFacts, Field
from gateway.errors import AnswerUnreadable

NOBODYS_MARKER = "idk-nobody-has-this-marker"


def check(desk: Desk) -> Exchange[DeskFacts]:
    """See Connector.check. REST tells no version of Redmine; its clock only where a web server adds the Date header."""
    user = yield from whoever("memberships")
    statuses = yield from names.listed("status")
    priorities = yield from names.listed("priority")
    projects = yield from names.projects()
    searched = yield from _marker_search(desk)
    missing = [
        *_wrong_account(user, desk),
        *(yield from _lacking(user, projects, desk)),
        *_unsearchable(searched, desk),
        *_stale(desk, {"status": statuses, "priority": priorities, "queue": projects}),
    ]
    return DeskFacts(
        product="Redmine",
        clock=_clock(searched),
        account=_account(user),
        statuses=tuple(statuses.values()),
        priorities=tuple(priorities.values()),
        missing=tuple(missing),
        sees_beyond=_beyond(user, projects, desk),
    )


@shaped(AnswerUnreadable, "an account")
def _account(user: Document) -> Actor:
    name = f"{user.get('firstname', '')} {user.get('lastname', '')}".strip()
    return Actor(id=str(user["id"]), name=name or str(user.get("login", "")), kind=ActorKind.GATEWAY)


@shaped(AnswerUnreadable, "an account")
def _wrong_account(user: Document, desk: Desk) -> list[str]:
    if desk.account in ("", str(user["id"]), user.get("login")):
        return []
    return [
        f"the desk's account is set to {desk.account!r}, but the key belongs to {user['id']} ({user.get('login')})"
    ]


def _needed(desk: Desk) -> set[str]:
    """Identifiers of the projects the desk's settings and profile speak of."""
    queue = desk.profile.defaults.get(Field.QUEUE)
    return {*desk.settings.get(names.TABLES[Field.QUEUE], {}), *([queue] if queue else [])}


def _lacking(user: Document, projects: Mapping[str, str], desk: Desk) -> Exchange[list[str]]:
    """Projects it does not see and permissions it has not, in the words of Redmine's own forms."""
    lacking = []
    for identifier in sorted(_needed(desk)):
        ident = next((known for known, word in projects.items() if word == identifier), None)
        if ident is None:
            lacking.append(f"the project {identifier} is not visible to this account")
            continue
        granted = yield from permissions.in_project(user, ident)
        lacking += [
            f"permission `{words}` in the project {identifier}"
            for permission, words in permissions.NEEDED.items()
            if permission not in granted
        ]
    return lacking


def _marker_search(desk: Desk) -> Exchange[Response]:
    number = custom_fields(desk).get(Field.MARKER, 0)
    return (
        yield Request(
            effect=Effect.READ,
            method="GET",
            path="issues.json",
            params=finding.marker_filter(number, NOBODYS_MARKER),
        )
    )


def _unsearchable(searched: Response, desk: Desk) -> list[str]:
    document = searched.json()
    with shaped(AnswerUnreadable, "a list of issues"):
        if not int(document["total_count"]) and not list(document["issues"]):
            return []
    number = custom_fields(desk).get(Field.MARKER)
    return [f"custom field {number} (marker) cannot be searched: tick `Used as a filter` on it"]


def _stale(desk: Desk, lists: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Rows of the settings' tables that Redmine contradicts."""
    told = names.told(desk)
    return [
        f"the setting {names.TABLES[name]} says that {word} is {ident}; Redmine calls that {there.get(ident, 'nothing')}"
        for name, there in lists.items()
        for ident, word in told.tables[name].items()
        if there.get(ident) != word
    ]


def _beyond(user: Document, projects: Mapping[str, str], desk: Desk) -> tuple[str, ...]:
    needed = _needed(desk)
    others = [
        f"project {identifier}" for identifier in projects.values() if needed and identifier not in needed
    ]
    return (*(["everything: the key is an administrator's"] if user.get("admin") else []), *others)


def _clock(response: Response) -> datetime | None:
    try:
        at = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return None
    return at if at.tzinfo else None
