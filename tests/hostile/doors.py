"""The routes as the app has them, and for each what an honest caller would send: a new route is covered as soon as it is there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.routing import iter_route_contexts

from tests.api.examples import _filled, steps
from tests.api.furnished import Furnished
from tests.api.house import headers_for, message

_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True, kw_only=True)
class Honest:
    """`body`: a document that is sent as JSON, bytes as they are, or None. `places`: what stands in the path, by its name.
    `has_body`: whether the door reads one, so that one that cannot be read must be refused."""

    method: str
    path: str
    places: Mapping[str, str]
    query: str = ""
    body: Any = None
    media_type: str = "application/json"
    who: str = ""
    has_body: bool = False


_TICKET = {
    "name": "n",
    "description": "d",
    "severity": "Major",
    "ticketType": "incident",
    "externalId": "x-1",
}
_MERGE = "application/merge-patch+json"
_FORM = "application/x-www-form-urlencoded"
_RICH = {
    **_TICKET,
    "note": [{"text": "t", "author": "a", "date": "2026-03-01T09:00:00Z"}],
    "attachment": [{"name": "a.txt", "mimeType": "text/plain", "content": "aGFsbG8="}],
    "relatedEntity": [{"id": "s", "role": "site", "@referredType": "GeographicSite"}],
    "relatedParty": [{"role": "requester", "partyOrPartyRole": {"name": "Ann"}}],
    "requestedResolutionDate": "2026-03-01T09:00:00Z",
}
_SHARED: dict[str, Any] = {
    "uuid": "ID",
    "subject": "s",
    "requested_at": "2026-03-01 09:00:00 +0000",
    "status": "open",
    "requester": {"uuid": "r", "name": "n"},
    "comments": [
        {
            "uuid": "c",
            "body": "b",
            "author": {"uuid": "a", "name": "n"},
            "authored_at": "2026-03-01 09:00:00 +0000",
        }
    ],
    "custom_fields": {},
}
_AGREED = {
    "uuid": "ID",
    "name": "n",
    "sender_url": "https://a.example/sharing",
    "receiver_url": "https://b.example/sharing",
    "status": "pending",
    "access_key": "k" * 40,
    "current_actor": {"uuid": "a", "name": "n"},
}
MORE: dict[tuple[str, str], tuple[Any, str]] = {
    ("POST", "/tmf-api/troubleTicket/{version}/troubleTicket"): (_RICH, "application/json"),
    ("PATCH", "/tmf-api/troubleTicket/{version}/troubleTicket/{ticket_id}"): (
        {"name": "m", "note": _RICH["note"]},
        _MERGE,
    ),
    ("POST", "/tmf-api/troubleTicket/{version}/troubleTicket/{ticket_id}/{command}"): (
        {"reason": "r"},
        "application/json",
    ),
    ("POST", "/tmf-api/troubleTicket/{version}/hub"): (
        {"callback": "https://a.example/x", "query": "status=held"},
        "application/json",
    ),
    ("POST", "/tmf-api/troubleTicket/{version}/troubleTicketSpecification"): (
        {"name": "n", "lifecycleStatus": "a"},
        "application/json",
    ),
    ("POST", "/mefApi/sonata/troubleTicket/{version}/troubleTicket"): (_RICH, "application/json"),
    ("PATCH", "/mefApi/sonata/troubleTicket/{version}/troubleTicket/{ticket_id}"): (
        {"description": "m"},
        _MERGE,
    ),
    ("POST", "/sharing/agreements/{uuid}"): (_AGREED, "application/json"),
    ("PUT", "/sharing/agreements/{uuid}"): (_AGREED, "application/json"),
    ("POST", "/sharing/tickets/{uuid}"): (_SHARED, "application/json"),
    ("PUT", "/sharing/tickets/{uuid}"): (_SHARED, "application/json"),
    ("POST", "/v1/agent/errands/take"): ({"most": 1}, "application/json"),
    ("POST", "/oauth/token"): (
        b"grant_type=client_credentials&client_id=a&client_secret=b&scope=tickets:read",
        _FORM,
    ),
    ("POST", "/oauth/introspect"): (b"token=a&client_id=a&client_secret=b", _FORM),
    ("POST", "/oauth/revoke"): (b"token=a&client_id=a&client_secret=b", _FORM),
}
"""What the examples of `/v1` do not show."""


def honest(here: Furnished) -> list[Honest]:
    """Of each route at least one, and the hooks."""
    known = _known(here)
    found = [*_examples(known)]
    for route in iter_route_contexts(here.app.routes):
        for method in route.methods or ():
            path = str(route.path)
            body, media_type = MORE.get(
                (method, path), ({} if method in ("POST", "PUT", "PATCH") else None, "application/json")
            )
            who = (
                "far"
                if path.startswith(("/tmf-api", "/mefApi"))
                else "quick"
                if "portal" in path
                else "north"
            )
            places = {name: known.get(name, "x") for name in _PLACE.findall(path)}
            if "version" in places:
                places["version"] = "v4" if path.startswith("/mefApi") else "v5"
            found.append(
                Honest(
                    method=method,
                    path=_PLACE.sub(r"{\1}", path),
                    places=places,
                    body=body,
                    media_type=media_type,
                    who=who,
                    has_body=(method, path) in MORE,
                )
            )
    return [
        *found,
        Honest(
            method="POST", path="/hooks/{desk}", places={"desk": "north"}, body=message()[0], has_body=True
        ),
    ]


def _examples(known: Mapping[str, str]) -> Iterator[Honest]:
    for name, who, method, path, body in steps():
        if name:
            bare, _, query = path.partition("?")
            wanted = {place: known.get(place, "x") for place in _PLACE.findall(bare)}
            yield Honest(
                method=method,
                path=bare,
                places=wanted,
                query=query.format_map(known),
                body=_filled(body, dict(known)),
                who=who,
                has_body=isinstance(body, dict),
            )


def _known(here: Furnished) -> dict[str, str]:
    """Names of places → what stands there."""
    found = {
        "ticket": here.chain.ticket,
        "hop": here.chain.hops["south"],
        "number": here.chain.number,
        "conflict": here.conflict,
        "job": here.job,
        "now": "2026-03-01T09:00:00+01:00",
        "code": "x",
        "desk": "north",
        "command": "cancel",
        "invitation": "inv_x",
        "message": "msg_x",
        "line": "wrk_x",
        "link": "north-south",
        "name": "north-south",
        "uuid": "0" * 40,
    }
    for who, path, of in (
        ("north", "/v1/sites", "site"),
        ("north", "/v1/assets", "asset"),
        ("north", "/v1/contacts", "contact"),
        ("north", "/v1/agreements", "agreement"),
        ("north", "/v1/reports", "report"),
        ("south", "/v1/deliveries", "delivery"),
    ):
        told = here.ask(who, "GET", path).json()
        (rows,) = [rows for rows in told.values() if isinstance(rows, list)]
        found[of] = rows[0]["id"] if rows else "x"
    pushed = here.ask("far", "POST", "/tmf-api/troubleTicket/v5/troubleTicket", _TICKET).json()
    ids = {
        f"{name}_id": found[name]
        for name in (
            "ticket",
            "conflict",
            "job",
            "site",
            "asset",
            "contact",
            "agreement",
            "report",
            "delivery",
            "message",
            "line",
            "invitation",
        )
    }
    return {**found, **ids, "pushed": pushed["id"]}


def signed(body: bytes, number: int) -> dict[str, str]:
    """As the desk would sign it."""
    return headers_for(body, number)
