"""A gateway over the real desks whose links let everything cross that the product knows: each desk tells its own codes of places
and equipment, and holds what it has a field for."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.desks.crew import Crew, word
from tests.desks.house import House, desk_in, eventually, installation
from tests.desks.launch.chain import Chain
from tests.desks.people import Said
from tests.desks.people.agent import CUSTOM
from tests.desks.wire import Proxy

PAIRS = (("customer", "vendor"), ("customer", "partner"), ("vendor", "subcontractor"))
SITE = {"customer": "MI-001", "vendor": "V-17", "partner": "P-3", "subcontractor": "S-9"}
ASSET = {"customer": "TILL-7", "vendor": "INV-70", "partner": "EQ-7", "subcontractor": "T7"}
"""What each desk calls the same place and the same till; the customer's word is the canonical one."""
LACKS = {
    "customer": {"requester"},  # RT has its own
    "vendor": set[str](),
    "partner": {"requester"},
    "subcontractor": {"tags", "due"},
}
"""What a desk has no field of our own choosing for."""
_TELLS = ("site", "asset", "requester", "tags", "parts", "rating", "visit_from", "visit_until", "custom.order", "custom.step")  # fmt: skip
_STEPS = {"ask": "approval_requested", "granted": "approval_granted", "arrived": "arrived", "left": "left"}


def document(chain: Chain) -> dict[str, Any]:
    """The installation: the four desks with all their fields, and a link for each pair."""
    told = installation(chain, [_link(up, down) for up, down in PAIRS])
    told["sites"] = [_place(org) for org in ("customer", "vendor")]
    told["assets"] = [
        {"organization": org, "code": ASSET["customer"], "site": SITE["customer"]}
        for org in ("customer", "vendor")
    ]
    for code, place in SITE.items():
        desk = desk_in(told, code)
        table = desk["settings"]["properties" if code == "subcontractor" else "custom_fields"]
        names = getattr(chain, code).custom_fields
        for name in (one for one in _TELLS if one not in LACKS[code]):
            table[name] = CUSTOM[name] if desk["connector"] == "request_tracker" else names[CUSTOM[name]]
        if desk["connector"] == "request_tracker":
            desk["settings"]["lists"] = ["tags"]
        words = {"sites": {place: SITE["customer"]}, "assets": {ASSET[code]: ASSET["customer"]}}
        desk["profile"] = {**desk.get("profile", {}), **words}
    return told


def _place(org: str) -> dict[str, str]:
    return {"organization": org, "code": SITE["customer"], "name": "Milano", "zone": "Europe/Rome"}


def _link(up: str, down: str) -> Mapping[str, Any]:
    free = ["tags", "parts", "visit_from", "custom.order", "related"]
    fields = ["title", "description", "priority", "site", "asset", "requester", *free]
    crosses = {
        "fields_down": fields if "due" in LACKS[down] else [*fields, "due"],
        "fields_up": free,
        "attachments_down": True,
        "attachments_up": True,
        "time_entries_up": True,
    }
    acts = [{"act": act, "field": "custom.step", "value": value} for value, act in _STEPS.items()]
    for act in acts:
        if act["act"] == "left":
            act["outcome"] = "fixed"
    return {
        "code": f"{up}-{down}",
        "upstream": up,
        "downstream": down,
        "passes": {"delegate_as": down},
        "crosses": crosses,
        "acts": acts,
    }


@contextmanager
def everything(chain: Chain, folder: Path) -> Iterator[tuple[House, Mapping[str, Proxy]]]:
    """The gateway at work. It reaches each desk through a proxy that keeps what was sent."""
    with ExitStack() as stack:
        proxies = {code: stack.enter_context(Proxy(getattr(chain, code).port)) for code in SITE}
        told = document(chain)
        for code, proxy in proxies.items():
            desk = desk_in(told, code)
            desk["refetch_every"] = "20s"  # Redmine moves no ticket's time when a comment is emptied
            desk["base_url"] = str(httpx.URL(desk["base_url"]).copy_with(port=proxy.port))
        house = House(directory=folder, chain=chain, proxies=[one.port for one in proxies.values()])
        house.apply(told)
        stack.enter_context(house.at_work())
        house.has_looked()
        yield house, proxies


@dataclass(kw_only=True)
class Pair:
    """One ticket at two desks, as their people see it."""

    house: House
    crew: Crew
    up: str
    down: str
    ids: dict[str, str] = field(default_factory=dict)

    def opened(self, **fields: str) -> None:
        """alice opens it above and hands it over; waits until it stands below."""
        title = f"The till is dead {word('t')}"
        alice = self.crew.alice[self.up]
        self.ids[self.up] = alice.open(title, "No light since nine", **fields)
        alice.change(self.ids[self.up], delegate=self.down)
        found = eventually(
            lambda: self.crew.admin[self.down].titled(title), f"{title!r} stands at {self.down}"
        )
        [self.ids[self.down]] = found

    def other(self, desk: str) -> str:
        """The other desk of the two."""
        return self.down if desk == self.up else self.up

    def holds(self, desk: str, name: str) -> bool:
        """Whether the desk has a field for it."""
        return name not in LACKS[desk]

    def change(self, desk: str, **fields: str) -> None:
        self.crew.alice[desk].change(self.ids[desk], **fields)

    def say(self, desk: str, text: str, *, public: bool = True) -> None:
        self.crew.alice[desk].say(self.ids[desk], text, public=public)

    def shows(self, desk: str, **wanted: str) -> None:
        """Waits until the desk shows the values, of lists in any order."""

        def mistaken() -> dict[str, str | None]:
            shown = {name: self.crew.alice[desk].field(self.ids[desk], name) for name in wanted}
            return {name: value for name, value in shown.items() if _parts(value) != _parts(wanted[name])}

        eventually(lambda: not mistaken(), f"{desk} shows {wanted}", show=mistaken)

    def said(self, desk: str) -> list[Said]:
        return self.crew.admin[desk].said(self.ids[desk])

    def hears(self, desk: str, *words: str, public: bool | None = None) -> Said:
        """Waits until one comment there has all these words; AssertionError unless it is the only one, or of another kind."""

        def found() -> list[Said]:
            return [one for one in self.said(desk) if all(part in one.text for part in words)]

        heard = eventually(found, f"{desk} hears {words}", show=lambda: self.said(desk))
        assert len(heard) == 1, f"said {len(heard)} times: {heard}"
        assert public is None or heard[0].public is public, heard
        return heard[0]

    def tells(self, desk: str, **values: str) -> None:
        """Each value stands in the desk's field, or in words where it has none."""
        self.shows(desk, **{name: value for name, value in values.items() if self.holds(desk, name)})
        for name, value in values.items():
            if not self.holds(desk, name):
                told = f"{name}: {value}"
                eventually(
                    lambda told=told: told in [one.text for one in self.said(desk)],  # type: ignore[misc]
                    f"{desk} is told {told!r}",
                    show=lambda: self.said(desk),
                )

    def events(self) -> list[str]:
        """The types of the ticket's events."""
        story = self.house.story(self.up, self.ids[self.up])
        return [event["type"] for event in story["events"]]


def _parts(text: str | None) -> list[str]:
    return sorted(part.strip() for part in (text or "").split(","))
