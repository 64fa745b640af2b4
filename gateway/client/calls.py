"""What can be asked of a gateway, each call under the name that its flow has; documents as `gateway.api.links` gives them."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote, urlencode

from gateway.client.shapes import (
    Agreement,
    Asset,
    Clock,
    Delivery,
    Desk,
    Event,
    Findings,
    Organization,
    ReportInShort,
    Site,
    Ticket,
    TicketInShort,
)
from gateway.client.wire import CERTIFYING, Wire

Document = dict[str, Any]


class Interdesk:
    """A gateway, with somebody's key. A context manager. Raises what the flows raise, GatewayAway and ConfigError."""

    def __init__(self, url: str, key: str) -> None:
        self._wire = Wire(url, key)

    def __enter__(self) -> "Interdesk":
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.close()

    def links(self) -> Document:
        """`links` and `invitations`."""
        return self._wire.ask("GET", "/v1/links")

    def news(self) -> list[Document]:
        """What happened to them."""
        return list(self._wire.ask("GET", "/v1/links/news")["steps"])

    def link(self, name: str) -> Document:
        """One link."""
        return self._wire.ask("GET", _path(name))

    def totals(self, name: str, day: str) -> Document:
        """What passed over a link on a day; today so far where none is named."""
        return self._wire.ask("GET", f"{_path(name)}/totals" + (f"?{urlencode({'day': day})}" if day else ""))

    def invite(self, wanted: Mapping[str, Any]) -> Document:
        """A new invitation, with its `code`."""
        return self._wire.ask("POST", "/v1/links/invitations", wanted)

    def take_back(self, invitation_id: str, reason: str) -> Document:
        """Take an invitation back."""
        path = f"/v1/links/invitations/{quote(invitation_id, safe='')}/take-back"
        return self._wire.ask("POST", path, {"reason": reason})

    def look(self, code: str) -> Document:
        """What an invitation offers."""
        return self._wire.ask("POST", "/v1/links/look", {"code": code})

    def compare(self, code: str, desk: str, like: str) -> Document:
        """The same, with `new`: what of it the links that there are do not have."""
        asked = {"code": code, "compare": True, "desk": desk, "like": like}
        return self._wire.ask("POST", "/v1/links/look", asked)

    def accept(self, taken: Mapping[str, Any]) -> Document:
        """Make the link; it comes back checked."""
        return self._wire.ask("POST", "/v1/links/accept", taken)

    def decline(self, code: str, reason: str) -> Document:
        """Decline an invitation."""
        return self._wire.ask("POST", "/v1/links/decline", {"code": code, "reason": reason})

    def move(self, name: str, act: str, reason: str) -> Document:
        """`activate`, `pause`, `resume` or `end` a link."""
        return self._wire.ask("POST", f"{_path(name)}/{act}", {"reason": reason})

    def check(self, name: str) -> Document:
        """The link after both desks were asked."""
        return self._wire.ask("POST", f"{_path(name)}/checks", {})

    def certify(self, name: str, said: Mapping[str, Any]) -> Document:
        """The protocol of a certification after one situation more; that takes as long as its desks do."""
        return self._wire.ask("POST", f"{_path(name)}/certification", said, patience=CERTIFYING)

    def is_genuine(self, name: str, protocol: Mapping[str, Any]) -> bool:
        """Whether the gateway signed this protocol of a certification, and nothing in it was changed since."""
        answer = self._wire.ask("POST", f"{_path(name)}/certification/verify", {"protocol": dict(protocol)})
        return bool(answer["genuine"])

    def dry_run(self, name: str, tickets: Sequence[str]) -> list[Document]:
        """What it would make of tickets."""
        return list(self._wire.ask("POST", f"{_path(name)}/dry-run", {"tickets": list(tickets)})["tickets"])

    def export(self, name: str) -> list[Document]:
        """Everything of it that the key may read."""
        return list(self._wire.ask("GET", f"{_path(name)}/export")["documents"])

    def brakes(self, *, every: bool = False) -> list[Document]:
        """Those that are on."""
        return list(self._wire.ask("GET", f"/v1/brakes?every={str(every).lower()}")["brakes"])

    def brake(self, kind: str, target: str, *, on: bool, reason: str = "") -> Document:
        """Put one on, or take it off."""
        path = "/v1/brakes" if on else "/v1/brakes/off"
        return self._wire.ask("POST", path, {"kind": kind, "target": target, "reason": reason})

    def pages(self, path: str, of: str, **asked: Any) -> Iterator[Document]:
        """Everything in a list, page by page: `pages("/v1/tickets", "tickets", status=["resolved"], fields="id")`. Shapes are in
        `gateway.client.shapes` and its neighbours."""
        cursor: str | None = ""
        while cursor is not None:
            given = {name: told for name, told in asked.items() if told is not None}
            query = urlencode({**given, **({"cursor": cursor} if cursor else {})}, doseq=True)
            page = self._wire.ask("GET", f"{path}?{query}")
            yield from page[of]
            cursor = page["next"]

    def tickets(self, **asked: Any) -> Iterator[TicketInShort]:
        """Tickets, the newest first; `asked`: `open`, `status`, `desk`, `link`, `opened_from`, `opened_until`."""
        return cast("Iterator[TicketInShort]", self.pages("/v1/tickets", "tickets", **asked))

    def ticket(self, ticket_id: str) -> Ticket:
        """One ticket whole."""
        return cast("Ticket", self._wire.ask("GET", f"/v1/tickets/{quote(ticket_id, safe='')}"))

    def events(self, ticket_id: str, **asked: Any) -> Iterator[Event]:
        """What happened at it, oldest first; `type` narrows."""
        return cast(
            "Iterator[Event]",
            self.pages(f"/v1/tickets/{quote(ticket_id, safe='')}/events", "events", **asked),
        )

    def clocks(self, ticket_id: str) -> list[Clock]:
        """Its clocks."""
        return cast(
            "list[Clock]", self._wire.ask("GET", f"/v1/tickets/{quote(ticket_id, safe='')}/clocks")["clocks"]
        )

    def organizations(self) -> Iterator[Organization]:
        """Organizations, by code."""
        return cast("Iterator[Organization]", self.pages("/v1/organizations", "organizations"))

    def sites(self, **asked: Any) -> Iterator[Site]:
        """Places, by code; `organization`, `group`, `country` narrow."""
        return cast("Iterator[Site]", self.pages("/v1/sites", "sites", **asked))

    def assets(self, **asked: Any) -> Iterator[Asset]:
        """Equipment, by code; `organization`, `site`, `serial` narrow."""
        return cast("Iterator[Asset]", self.pages("/v1/assets", "assets", **asked))

    def put_site(self, name: str, document: Mapping[str, Any], *, version: str = "") -> Site:
        """Make a place of that code, or put this in its stead; with `version` (its ETag) only if it still is that one."""
        return cast("Site", self._wire.ask("PUT", _local("sites", name), document, version=version))

    def change_site(self, name: str, changes: Mapping[str, Any], *, version: str = "") -> Site:
        """Change what is said of it; None takes a value away."""
        return cast("Site", self._wire.ask("PATCH", _local("sites", name), changes, version=version))

    def remove_site(self, name: str) -> Site:
        """Take it away, if nothing stands on it."""
        return cast("Site", self._wire.ask("DELETE", _local("sites", name)))

    def put_asset(self, name: str, document: Mapping[str, Any], *, version: str = "") -> Asset:
        """Make equipment of that code, or put this in its stead; with `version` (its ETag) only if it still is that one."""
        return cast("Asset", self._wire.ask("PUT", _local("assets", name), document, version=version))

    def change_asset(self, name: str, changes: Mapping[str, Any], *, version: str = "") -> Asset:
        """Change what is said of it; None takes a value away."""
        return cast("Asset", self._wire.ask("PATCH", _local("assets", name), changes, version=version))

    def remove_asset(self, name: str) -> Asset:
        """Take it away, if nothing stands on it."""
        return cast("Asset", self._wire.ask("DELETE", _local("assets", name)))

    def desks(self, **asked: Any) -> Iterator[Desk]:
        """Desks, by code; `organization`, `connector` narrow."""
        return cast("Iterator[Desk]", self.pages("/v1/desks", "desks", **asked))

    def agreements(self, **asked: Any) -> Iterator[Agreement]:
        """Agreements, by code; `consumer` narrows."""
        return cast("Iterator[Agreement]", self.pages("/v1/agreements", "agreements", **asked))

    def reports(self, **asked: Any) -> Iterator[ReportInShort]:
        """Published reports, the newest first; `subject` narrows."""
        return cast("Iterator[ReportInShort]", self.pages("/v1/reports", "reports", **asked))

    def deliveries(self, **asked: Any) -> Iterator[Delivery]:
        """Deliveries, the newest first; `state`, `ticket` narrow."""
        return cast("Iterator[Delivery]", self.pages("/v1/deliveries", "deliveries", **asked))

    def search(self, number: str) -> Findings:
        """The chains that a number leads to."""
        return cast("Findings", self._wire.ask("GET", f"/v1/search?{urlencode({'number': number})}"))

    def errands(self, desks: Sequence[str], *, wait: float) -> list[Document]:
        """For the agent of these desks: the requests that wait; an empty list where there were none for so many seconds."""
        asked = {"desks": list(desks), "wait": wait}
        return list(self._wire.ask("POST", "/v1/agent/errands/take", asked)["errands"])

    def bring(self, errand_id: str, answer: Mapping[str, Any], body: bytes) -> bool:
        """What came of one; False: nobody waits for it any more."""
        told = base64.b64encode(json.dumps(answer).encode()).decode("ascii")
        path = f"/v1/agent/errands/{quote(errand_id, safe='')}/answer"
        return bool(self._wire.bring(path, body, {"interdesk-answer": told})["kept"])


def _path(name: str) -> str:
    return f"/v1/links/{quote(name, safe='')}"


def _local(kind: str, name: str) -> str:
    return f"/v1/{kind}/{quote(name, safe='')}"
