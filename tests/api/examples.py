"""Makes the examples of the API's description, and the description, from a small installation: `python -m tests.api.examples`."""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway import schemas
from gateway.api import openapi
from gateway.app import utc_now
from tests.api.furnished import Furnished, furnished
from tests.documents import CHECKOUT

EXAMPLES = CHECKOUT / "gateway" / "api" / "examples.json"
PUBLISHED = schemas.folder() / "openapi.v1.json"
Step = tuple[str, str, str, str, Any]
"""Operation, whose key, method, path, body. `{name}` in a path is what an earlier answer told."""

FEW = 2
"""So many of a list are shown."""
_READS = (
    *("tickets.listed|north|/v1/tickets", "tickets.one|south|/v1/tickets/{ticket}"),
    *(
        "tickets.hops|south|/v1/tickets/{ticket}/hops",
        "tickets.events|south|/v1/tickets/{ticket}/events?limit=2",
    ),
    *("clocks.clocks|north|/v1/tickets/{ticket}/clocks", "clocks.stops|north|/v1/tickets/{ticket}/stops"),
    *(
        "clocks.seen_visits|south|/v1/tickets/{ticket}/visits",
        "search.by_number|north|/v1/search?number={number}",
    ),
    *(
        "directory.organizations|north|/v1/organizations",
        "directory.organization|north|/v1/organizations/north",
    ),
    *("directory.sites|north|/v1/sites?limit=2", "directory.site|north|/v1/sites/{site}"),
    *("directory.assets|north|/v1/assets?limit=2", "directory.asset|north|/v1/assets/{asset}"),
    *("directory.contacts|north|/v1/contacts", "directory.contact|north|/v1/contacts/{contact}"),
    *("directory.desks|south|/v1/desks", "directory.desk|south|/v1/desks/south"),
    *("promises.agreements|south|/v1/agreements", "promises.agreement|north|/v1/agreements/{agreement}"),
    *("promises.reports|north|/v1/reports", "promises.report|north|/v1/reports/{report}"),
    *("deliveries.listed|south|/v1/deliveries", "deliveries.one|south|/v1/deliveries/{delivery}"),
    *("worklists.names|north|/v1/worklists", "worklists.one|north|/v1/worklists/hours-to-approve"),
    *(
        "conflicts.one|north|/v1/conflicts/{conflict}",
        "links.invitation|quick|/v1/links/invitations/{invitation}",
    ),
    *("conflicts.listed|north|/v1/conflicts?all=true", "audit.listed|operator|/v1/audit?limit=2"),
    *("work.listed|south|/v1/work", "work.one|south|/v1/work/{line}"),
    *("webhooks.listed|north|/v1/webhooks", "webhooks.one|north|/v1/webhooks/status-page"),
    "webhooks.messages|north|/v1/webhooks/status-page/messages",
    "webhooks.message|north|/v1/webhooks/status-page/messages/{message}",
    *("portal.listed|quick|/v1/portal/jobs", "portal.one|quick|/v1/portal/jobs/{job}"),
    *(
        "links.listed|north|/v1/links",
        "links.news|north|/v1/links/news",
        "links.one|north|/v1/links/north-south",
        "links.day_totals|north|/v1/links/north-south/totals",
    ),
)


def steps() -> Iterator[Step]:
    """In which order everything is done."""
    line = {
        "hop_id": "{hop}",
        "kind": "labour",
        "amount": "90",
        "unit": "minutes",
        "at": "{now}",
    }
    reason = {"reason": "agreed by telephone"}
    yield (
        "work.log",
        "south",
        "POST",
        "/v1/work",
        {**line, "text": "Changed the power supply"},
    )
    invited = {"desk": "quick", "role": "downstream", "to": "south"}
    yield ("links.invite", "quick", "POST", "/v1/links/invitations", invited)
    yield ("links.look", "south", "POST", "/v1/links/look", {"code": "{code}"})
    yield ("links.decline", "south", "POST", "/v1/links/decline", {"code": "{code}", **reason})
    yield ("", "quick", "POST", "/v1/links/invitations", invited)
    yield ("links.take_back", "quick", "POST", "/v1/links/invitations/{invitation}/take-back", reason)
    yield ("", "quick", "POST", "/v1/links/invitations", invited)
    yield ("links.accept", "south", "POST", "/v1/links/accept", {"code": "{code}", "desk": "south"})
    yield ("links.check", "quick", "POST", "/v1/links/{link}/checks", None)
    yield ("links.activate", "north", "POST", "/v1/links/north-south/activate", reason)
    hook = {"organization": "north", "code": "status-page", "url": "https://status.north.example/hooks"}
    yield ("webhooks.add", "north", "POST", "/v1/webhooks", {**hook, "events": ["ticket.status"]})
    yield ("webhooks.test", "north", "POST", "/v1/webhooks/status-page/test", None)
    ticket = {"title": "No heating", "external_id": "4711", "priority": "high", "requester": "Front desk"}
    yield ("pushing.create", "far", "POST", "/v1/tickets", ticket)
    yield from _places()
    for read in _READS:
        name, who, path = read.split("|")
        yield (name, who, "GET", path, None)
    yield ("links.export", "quick", "GET", "/v1/links/{link}/export", None)
    yield ("work.decide", "north", "POST", "/v1/work/{line}", {"verdict": "accepted", "reason": "as agreed"})
    yield ("conflicts.decide", "north", "POST", "/v1/conflicts/{conflict}", {"keep": "mine", **reason})
    accepted = {"act": "accept", "by": "Mauro Rossi"}
    yield ("portal.act", "quick", "POST", "/v1/portal/jobs/{job}", accepted)
    yield (
        "portal.attach",
        "quick",
        "POST",
        "/v1/portal/jobs/{job}/files?filename=note.txt",
        "left at the till",
    )
    yield ("links.pause", "north", "POST", "/v1/links/north-south/pause", reason)
    yield ("links.resume", "north", "POST", "/v1/links/north-south/resume", reason)
    yield ("links.try_out", "north", "POST", "/v1/links/north-south/dry-run", {"tickets": ["1"]})
    anna = {"kind": "header", "secret": "her own key at the desk"}
    sitting = {"situation": "words down", "hands": {"upstream": anna, "downstream": anna}, "patience": 5}
    yield ("links.certify", "north", "POST", "/v1/links/north-south/certification", sitting)
    shown = {
        "protocol": {"protocol": "certification", "link": "north-south", "situations": [], "signature": "…"}
    }
    yield ("links.verify", "south", "POST", "/v1/links/north-south/certification/verify", shown)
    stop = {"kind": "link", "target": "north-south", "reason": "the other desk repeats everything"}
    yield ("links.brake_on", "north", "POST", "/v1/brakes", stop)
    yield ("links.brakes_shown", "north", "GET", "/v1/brakes", None)
    yield ("links.brake_off", "north", "POST", "/v1/brakes/off", stop)
    change = {"scheme": "v1a", "overlap": 3600}
    yield ("webhooks.rotate", "north", "POST", "/v1/webhooks/status-page/rotate", change)
    yield ("webhooks.pause", "north", "POST", "/v1/webhooks/status-page/pause", {"reason": "maintenance"})
    yield ("webhooks.resume", "north", "POST", "/v1/webhooks/status-page/resume", None)
    again = {"since": "2026-11-01T00:00:00+00:00", "states": ["parked"]}
    yield ("webhooks.replay", "north", "POST", "/v1/webhooks/status-page/replay", again)
    yield ("webhooks.remove", "north", "DELETE", "/v1/webhooks/status-page", None)
    yield ("links.news", "north", "GET", "/v1/links/news", None)
    yield from _erasures(reason)
    yield ("links.end", "quick", "POST", "/v1/links/{link}/end", reason)


def _erasures(reason: dict[str, str]) -> Iterator[Step]:
    forgotten = {"organization": "north", "terms": ["Ada Example", "ada@north.example"], "dry_run": False}
    yield ("erasures.ask", "operator", "POST", "/v1/erasures", {**forgotten, **reason})
    yield ("erasures.one", "north", "GET", "/v1/erasures/{erasure}", None)


def _places() -> Iterator[Step]:
    site = {"name": "Bergamo Alta", "zone": "Europe/Rome", "country": "IT", "group": "lombardy"}
    yield ("places.put_site", "north", "PUT", "/v1/sites/BG-001", site)
    yield ("places.change_site", "north", "PATCH", "/v1/sites/BG-001", {"group": None, "hours": "always"})
    till = {"site": "BG-001", "model": "Register 300", "serial": "R300-9", "warranty_until": "2028-12-31"}
    yield ("places.put_asset", "north", "PUT", "/v1/assets/TILL-9", till)
    yield ("places.change_asset", "north", "PATCH", "/v1/assets/TILL-9", {"site": "MI-001"})
    yield ("places.remove_asset", "north", "DELETE", "/v1/assets/TILL-9", None)
    yield ("places.remove_site", "north", "DELETE", "/v1/sites/BG-001", None)


def made(here: Furnished) -> dict[str, Any]:
    """Operation → `request` and `response`. Raises AssertionError for one that is refused."""
    known = {
        "ticket": here.chain.ticket,
        "hop": here.chain.hops["south"],
        "number": here.chain.number,
        "conflict": here.conflict,
        "job": here.job,
        "now": utc_now().isoformat(),
    }
    found: dict[str, Any] = {}
    for number, (name, who, method, path, body) in enumerate(steps()):
        wanted = _filled(body, known)
        answer = here.ask(who, method, path.format_map(known), wanted, idempotency_key=f"example-{number}")
        assert answer.status_code < 300, (name, answer.text)
        told = answer.json()
        _learn(known, name or "links.invite", told)
        if name:
            found[name] = ({"request": wanted} if body is not None else {}) | {"response": _brief(told)}
    return dict(sorted(found.items()))


def _learn(known: dict[str, str], name: str, told: Any) -> None:
    if name == "work.log":
        known["line"] = told["id"]
    elif name == "links.invite":
        known |= {"code": told["code"], "invitation": told["id"]}
    elif name == "erasures.ask":
        known["erasure"] = told["id"]
    elif name == "webhooks.test":
        known["message"] = told["message"]
    elif name == "links.accept":
        known["link"] = told["id"]
    for plural in ("sites", "assets", "contacts", "agreements", "reports", "deliveries"):
        if isinstance(told.get(plural), list) and told[plural]:
            known[{"deliveries": "delivery"}.get(plural, plural[:-1])] = told[plural][0]["id"]


def _filled(node: Any, known: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {name: _filled(value, known) for name, value in node.items()}
    return node.format_map(known) if isinstance(node, str) else node


def _brief(told: Any) -> Any:
    """Of every list the first; what is long is shown in the description of its schema."""
    if isinstance(told, dict):
        return {name: _brief(value) for name, value in told.items()}
    return [_brief(one) for one in told[:FEW]] if isinstance(told, list) else told


def text(found: object) -> str:
    """As it stands in a file."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """`--description`: only the description, with the examples that there are."""
    with tempfile.TemporaryDirectory() as folder, furnished(Path(folder)) as here:
        if "--description" not in sys.argv:
            EXAMPLES.write_text(text(made(here)), encoding="utf-8")
            openapi.examples.cache_clear()
        PUBLISHED.write_text(text(openapi.description(here.app)), encoding="utf-8")


if __name__ == "__main__":
    main()
