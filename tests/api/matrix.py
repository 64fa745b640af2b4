"""One installation with a thing behind every route, and who may ask for it: for the matrix of routes and actors."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from gateway import app as wiring
from gateway.app import Gateway
from gateway.domain.permissions import ALL, Permission, with_what_follows
from gateway.domain.reports.publication import Line
from gateway.flows import commands, keys, publishing
from gateway.flows.apply import apply
from gateway.flows.commands import Order
from gateway.flows.permissions import Route
from gateway.flows.proposal import Terms
from gateway.flows.publishing import Draft
from gateway.installation.reading import read
from gateway.store import agents
from gateway.store.agents import Waiting
from gateway.store.scope import Scope
from tests.api import actors, house, portal
from tests.api.directory import FURNISHED
from tests.api.in_process import InProcess
from tests.contested import contested
from tests.domain.reports import sample

MEF = "/mefApi/sonata/troubleTicket/v4"
TMF = "/tmf-api/troubleTicket/v5"
MERGE = "application/merge-patch+json"
PUSHER = """
organizations: [{code: pusher, name: Pusher}, {code: other, name: Other}]
desks:
  - {code: pusher, organization: pusher, connector: api_desk}
  - {code: other, organization: other, connector: api_desk}
calendars: [{code: always, organization: south, always: true}]
agreements:
  - code: south-sla
    organization: south
    consumer: north
    kind: sla
    calendar: always
    targets: {resolution: {critical: 8h}}
"""


@dataclass(frozen=True)
class Row:
    """How a route is asked for a thing: `thing` names it in `Town.things`, `body` is sent (a text `ID` in it becomes the thing's
    id), `places` are the other parts of the path."""

    thing: str = ""
    body: Any = None
    places: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


_WHY = {"reason": "because"}
_NEW_TICKET = {"name": "n", "description": "d", "severity": "Major", "ticketType": "incident"}
_NEW_MEF = {
    "description": "d", "severity": "significant", "priority": "low", "ticketType": "maintenance", "observedImpact": "down",
    "relatedContactInformation": [{"role": "reporterContact", "name": "Ann", "emailAddress": "ann@big.example", "number": "1"}],
    "relatedEntity": [{"id": "EVC-1", "role": "affected", "@referredType": "Product"}],
}  # fmt: skip
_V5 = {"version": "v5"}
_LINE = {
    "hop_id": "ID",
    "kind": "labour",
    "amount": "9",
    "unit": "minutes",
    "at": "2026-03-01T09:00:00+01:00",
}
_T = "/tmf-api/troubleTicket/{version}"
_MEF, _V4 = "/mefApi/sonata/troubleTicket/{version}", {"version": "v4"}
_KINDS = f"{_T}/troubleTicketSpecification"
_W = "/v1/webhooks/{name}"

OBJECTS: dict[Route, Row] = {
    **{
        ("GET", f"/v1/tickets/{{ticket_id}}{end}"): Row("ticket")
        for end in ("", "/hops", "/events", "/clocks", "/stops", "/visits")
    },
    ("GET", "/v1/search"): Row("ticket", query="?number=ID"),
    ("GET", "/v1/deliveries/{delivery_id}"): Row("delivery"),
    ("GET", "/v1/conflicts/{conflict_id}"): Row("conflict"),
    ("POST", "/v1/conflicts/{conflict_id}"): Row("conflict", {"keep": "theirs", **_WHY}),
    ("POST", "/v1/work"): Row("hop", _LINE),
    ("GET", "/v1/work/{line_id}"): Row("line"),
    ("POST", "/v1/work/{line_id}"): Row("line", {"verdict": "accepted"}),
    ("GET", "/v1/portal/jobs/{job_id}"): Row("job"),
    ("POST", "/v1/portal/jobs/{job_id}"): Row("job", {"act": "accept", "by": "Mauro"}),
    ("POST", "/v1/portal/jobs/{job_id}/files"): Row("job", {}, query="?filename=a.txt&by=Mauro"),
    ("GET", f"{_T}/troubleTicket/{{ticket_id}}"): Row("pushed", places=_V5),
    ("PATCH", f"{_T}/troubleTicket/{{ticket_id}}"): Row("pushed", {"name": "m"}, _V5, MERGE),
    ("DELETE", f"{_T}/troubleTicket/{{ticket_id}}"): Row("pushed", places=_V5),
    ("GET", f"{_T}/troubleTicket/{{ticket_id}}/attachment/{{place}}"): Row("pushed"),
    ("POST", f"{_T}/troubleTicket/{{ticket_id}}/{{command}}"): Row(
        "pushed", {}, {**_V5, "command": "cancel"}
    ),
    ("GET", f"{_T}/hub/{{listener_id}}"): Row("listener", places=_V5),
    ("DELETE", f"{_T}/hub/{{listener_id}}"): Row("listener", places=_V5),
    ("GET", "/v1/organizations/{name}"): Row("north"),
    ("GET", "/v1/sites/{name}"): Row("site"),
    ("GET", "/v1/assets/{name}"): Row("asset"),
    **{
        (method, f"/v1/{kind}s/{{name}}"): Row(kind, body)
        for kind in ("site", "asset")
        for method, body in (("PUT", {"code": "not ID"}), ("PATCH", {}), ("DELETE", None))
    },
    ("GET", "/v1/contacts/{name}"): Row("contact"),
    ("GET", "/v1/desks/{name}"): Row("desk"),
    ("GET", "/v1/links/invitations/{invitation_id}"): Row("invitation"),
    ("POST", "/v1/links/invitations/{invitation_id}/take-back"): Row("invitation", _WHY),
    ("GET", "/v1/links/{name}"): Row("link"),
    **{
        ("POST", f"/v1/links/{{name}}/{act}"): Row("link", _WHY)
        for act in ("activate", "pause", "resume", "end", "checks")
    },
    ("POST", "/v1/links/{name}/certification"): Row("link", {"situation": "hand-over", "patience": 0.1}),
    ("POST", "/v1/links/{name}/certification/verify"): Row("link", {"protocol": {}}),
    ("POST", "/v1/links/{name}/dry-run"): Row("link", {"tickets": []}),
    ("GET", "/v1/links/{name}/export"): Row("link"),
    ("GET", "/v1/links/{name}/totals"): Row("link"),
    ("POST", "/v1/brakes"): Row("link", {"kind": "link", "target": "ID", **_WHY}),
    ("POST", "/v1/brakes/off"): Row("link", {"kind": "link", "target": "ID", **_WHY}),
    ("GET", "/v1/erasures/{erasure_id}"): Row("erasure"),
    ("GET", _W): Row("webhook"),
    ("DELETE", _W): Row("webhook"),
    **{("POST", f"{_W}/{act}"): Row("webhook", {}) for act in ("test", "rotate", "pause", "resume")},
    ("POST", f"{_W}/replay"): Row("webhook", {"since": "2026-03-01T09:00:00+01:00"}),
    ("GET", f"{_W}/messages"): Row("webhook"),
    ("GET", f"{_W}/messages/{{message_id}}"): Row("webhook"),
    ("GET", "/tickets/{ticket_id}/timeline"): Row("passed"),
    ("GET", "/reports/{report_id}"): Row("report"),
    ("GET", "/v1/reports/{report_id}"): Row("report"),
    ("GET", "/v1/agreements/{agreement_id}"): Row("agreement"),
    **{(method, f"{_KINDS}/{{specification_id}}"): Row("kind", places=_V5) for method in ("GET", "DELETE")},
    ("PATCH", f"{_KINDS}/{{specification_id}}"): Row("kind", {"name": "m"}, _V5, MERGE),
    ("POST", "/v1/agent/errands/take"): Row("desk's code", {"desks": ["ID"]}),
    ("POST", "/v1/agent/errands/{errand_id}/answer"): Row(
        "errand", "x", headers={"interdesk-answer": "e30="}, media_type="application/octet-stream"
    ),
}
OBJECTS |= {
    (method, path.replace(_T, _MEF)): dataclasses.replace(
        row, thing=f"MEF's {row.thing}", places={**row.places, **_V4}
    )
    for (method, path), row in OBJECTS.items()
    if path.startswith((f"{_T}/troubleTicket/", f"{_T}/hub/"))
}
"""Routes that name a thing, in their path, their query or their body."""

UNNAMED: frozenset[Route] = frozenset(
    {
        *(("GET", f"/v1/{name}") for name in ("tickets", "worklists", "deliveries", "conflicts", "work")),
        *(("GET", f"/v1/{name}") for name in ("organizations", "sites", "assets", "contacts", "desks")),
        *(
            ("GET", f"/v1/{name}")
            for name in ("portal/jobs", "links", "links/news", "brakes", "audit", "agreements", "reports")
        ),
        *(("GET", path) for path in ("/v1/worklists/{name}", "/v1/webhooks", "/metrics")),
        ("GET", f"{_T}/troubleTicket"),
        ("POST", "/v1/tickets"),
        ("POST", f"{_T}/troubleTicket"),
        ("POST", f"{_T}/hub"),
        ("POST", _KINDS),
        ("GET", _KINDS),
        ("GET", f"{_MEF}/troubleTicket"),
        ("POST", f"{_MEF}/troubleTicket"),
        ("POST", f"{_MEF}/hub"),
        ("POST", "/v1/webhooks"),
        ("POST", "/v1/erasures"),
        *(("POST", f"/v1/links/{act}") for act in ("invitations", "look", "accept", "decline")),
    }
)
"""Routes that list or make what is the caller's own, or go by a code that is itself the secret."""

ALIKE: Mapping[Route, str] = {
    (
        "POST",
        "/v1/agent/errands/{errand_id}/answer",
    ): "an agent that comes too late is told the same, and goes on",
}
"""Routes that tell of what is another's what they tell of what is not there, and that is no 404."""


@dataclass(kw_only=True)
class Town:
    """`things`: name → (id, code of its owner). `said`: texts that only others than `far` may read."""

    gateway: Gateway
    doors: InProcess
    things: dict[str, tuple[str, str]]
    said: tuple[str, ...]
    actors: dict[str, dict[str, str]]
    count: Iterator[int] = field(default_factory=itertools.count)
    places: dict[str, str] = field(default_factory=lambda: dict(_V5))
    """Other parts of paths that are known only once their things are made."""

    def ask(self, route: Route, thing: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body of the route, asked for a thing (its id)."""
        path, body, told = self.request(route, thing)
        return self.send(route[0], path, body, {"idempotency-key": f"k{next(self.count)}", **told, **headers})

    def request(self, route: Route, thing: str) -> tuple[str, bytes, dict[str, str]]:
        """Path, body and headers of the request."""
        mef = _V4 if route[1].startswith("/mefApi") else {}
        row = OBJECTS.get(route, Row(body={} if route[0] == "POST" else None, places=mef))
        places = {**self.places, **row.places}
        path = "/".join(
            places.get(part[1:-1], thing) if part.startswith("{") else part for part in route[1].split("/")
        )
        body = b"" if row.body is None else orjson.dumps(row.body).replace(b"ID", thing.encode())
        return path + row.query.replace("ID", thing), body, {"content-type": row.media_type, **row.headers}

    def knock(self, route: Route, thing: str, headers: Mapping[str, str]) -> int:
        """The status alone; nothing is asked for twice by one key."""
        path, body, told = self.request(route, thing)
        return self.send(route[0], path, body, {**told, **headers})[0]

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body of the answer."""
        return self.doors.ask(method, path, body, headers)

    def key(self, code: str, permissions: tuple[str, ...] = ()) -> dict[str, str]:
        """The header of a key of an organization's, once made."""
        name = f"{code} {permissions}"
        if name not in self.actors:
            self.actors[name] = _key(self.gateway, code, permissions)
        return self.actors[name]

    def lacking(self, code: str, need: Permission) -> dict[str, str]:
        """A key of that organization with everything but this permission."""
        rest = tuple(sorted(one.value for one in ALL if need not in with_what_follows({one})))
        return self.key(code, rest)


def _key(gateway: Gateway, code: str, permissions: tuple[str, ...] = ()) -> dict[str, str]:
    owner = None if code == "operator" else code
    wanted = keys.Wanted(label="t", organization=owner, permissions=permissions)
    _, text = keys.create(gateway.context, wanted, actor="test", now=wiring.utc_now())
    return {"authorization": f"Bearer {text}"}


@contextmanager
def town(folder: Path, url: str | None) -> Iterator[Town]:
    """All parties with what is theirs; `far` has no link to anybody."""
    with house.installed(folder, url=url, said=FURNISHED) as gateway:
        portal.furnish(gateway, folder)
        file = folder / "pusher.yaml"
        file.write_text(PUSHER, encoding="utf-8")
        apply(gateway.context, read(file), Terms(vault=gateway.vault), actor="test", now=wiring.utc_now())
        chain = house.open_chain(gateway)
        conflict = contested(gateway, chain)
        commands.accept(gateway.context, chain.hops["south"], Order(actor="sam", now=wiring.utc_now()))
        application = wiring.web_app(gateway, with_worker=False)
        actors.trust(application)
        made = Town(
            gateway=gateway,
            doors=InProcess(application),
            things={
                "ticket": (chain.stayed, "north"),
                "passed": (chain.ticket, "north"),
                "hop": (chain.hops["south"], "south"),
                "conflict": (conflict, "north"),
                "job": (portal.job(gateway), "quick"),
            },
            said=(),
            actors={},
        )
        try:
            _furnish(made)
            yield made
        finally:
            made.doors.close()


def _furnish(made: Town) -> None:
    """What is made through the doors themselves, and what is listed there."""
    north = made.key("north")

    def post(path: str, document: Any, headers: Mapping[str, str]) -> dict[str, Any]:
        told = {"content-type": "application/json", **headers}
        status, body = made.send("POST", path, orjson.dumps(document), told)
        assert status < 300, (path, body)
        return dict(orjson.loads(body))

    def first(path: str, of: str, headers: Mapping[str, str]) -> str:
        status, body = made.send("GET", path, b"", headers)
        assert status == 200, (path, body)
        return str(orjson.loads(body)[of][0]["id"])

    listed: Mapping[str, Callable[[], str]] = {
        "site": lambda: first("/v1/sites", "sites", north),
        "asset": lambda: first("/v1/assets", "assets", north),
        "contact": lambda: first("/v1/contacts", "contacts", north),
        "desk": lambda: first("/v1/desks", "desks", north),
        "link": lambda: first("/v1/links", "links", north),
    }
    made.things |= {name: (found(), "north") for name, found in listed.items()}
    made.things["north"] = (house._org(made.gateway, "north"), "north")
    made.things["report"] = (_report(made.gateway, made.things["north"][0]), "north")
    made.things["agreement"] = (first("/v1/agreements", "agreements", made.key("south")), "south")
    made.things["desk's code"] = ("north", "north")
    made.things["errand"] = (_errand(made.gateway, made.things["desk"][0]), "north")
    made.things["delivery"] = (first("/v1/deliveries", "deliveries", made.key("south")), "south")
    line = {**_LINE, "hop_id": made.things["hop"][0], "at": wiring.utc_now().isoformat()}
    made.things["line"] = (post("/v1/work", line, made.key("south"))["id"], "north")
    hook = {"organization": "north", "code": "pager", "url": "https://hooks.example/in"}
    webhook = post("/v1/webhooks", hook, north)["id"]
    made.things["webhook"] = (webhook, "north")
    post(f"/v1/webhooks/{webhook}/test", {}, north)
    made.places["message_id"] = first(f"/v1/webhooks/{webhook}/messages", "messages", north)
    invitation = post("/v1/links/invitations", {"desk": "north", "role": "upstream", "contact": "Ann"}, north)
    made.things["invitation"] = (invitation["id"], "north")
    forgotten = {"organization": "north", "terms": ["Nemo Nobody"], "dry_run": False}
    made.things["erasure"] = (post("/v1/erasures", forgotten, made.key("operator"))["id"], "north")
    pusher = made.key("pusher")
    text = {**_NEW_TICKET, "attachment": [{"name": "a.txt", "mimeType": "text/plain", "content": "aGFsbG8="}]}
    pushed = post(f"{TMF}/troubleTicket", text, pusher)
    made.things["pushed"] = (pushed["id"], "pusher")
    made.places["place"] = str(pushed["attachment"][0]["url"]).rsplit("/", 1)[-1]
    hub = {"callback": "https://hooks.example/hub"}
    made.things["listener"] = (post(f"{TMF}/hub", hub, pusher)["id"], "pusher")
    kind = post(f"{TMF}/troubleTicketSpecification", {"name": "Till"}, pusher)
    made.things["kind"] = (kind["id"], "pusher")
    files = {"attachment": text["attachment"]}
    made.things["MEF's pushed"] = (post(f"{MEF}/troubleTicket", _NEW_MEF | files, pusher)["id"], "pusher")
    made.things["MEF's listener"] = (
        post(f"{MEF}/hub", {"callback": f"{hub['callback']}-mef"}, pusher)["id"],
        "pusher",
    )
    made.said = tuple(name for name, _ in made.things.values() if "_" in name)


def _report(gateway: Gateway, org_id: str) -> str:
    line = Line(kind="compliance", subject="north", period="2026-10", view="customer")
    draft = Draft(line=line, org_id=org_id, report=sample.report())
    order = Order(actor="test", now=wiring.utc_now())
    return publishing.publish(gateway.context, draft, order).publication.id


def _errand(gateway: Gateway, desk_id: str) -> str:
    """A request that the desk's agent has taken and not yet answered."""
    now, scope = wiring.utc_now(), Scope.operator()
    ends = now + timedelta(hours=1)
    errand = Waiting(
        id=wiring.new_id("ern"),
        desk_id=desk_id,
        posted_at=now,
        begin_by=ends,
        done_by=ends,
        request={},
        body=b"",
    )
    with gateway.database.write() as db:
        agents.post(db, errand)
        agents.take(db, scope, [desk_id], now=now, limit=1)
    return errand.id
