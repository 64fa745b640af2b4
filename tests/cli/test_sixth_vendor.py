"""A partner that works for five vendors gets a sixth: it sees what is new about it before it answers, takes it with the desk and the
words that it has, the link passes certification, and the first job is one more of its own, with the vendor's number and this contract's
due date."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.flows import find
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house
from tests.api.house import Doors
from tests.api.working import Working
from tests.cli.session import Terminal

VENDORS = ("alpha", "bravo", "charlie", "delta", "echo")
INSTALLATION = """
organizations:
  - {code: partner, name: Partner Services}
  - {code: vendor, name: Vendor Six}
%(organizations)s
contacts:
  - {organization: vendor, code: night, level: 1, channel: email, address: night@six.example, name: Carla Bianchi, language: it}
sites:
  - {organization: vendor, code: FI-001, name: Firenze, country: IT, group: tuscany}
desks:
  - {code: partner, organization: partner, connector: loopback, base_url: "%(partner)s", allow_private_network: true,
     poll_every: 1s, account: interdesk, credentials: {kind: header, secret: {env: SOUTH_TOKEN}}}
  - {code: vendor, organization: vendor, connector: loopback, base_url: "%(vendor)s", allow_private_network: true,
     poll_every: 1s, account: interdesk, credentials: {kind: header, secret: {env: NORTH_TOKEN}}}
%(desks)s
links:
%(links)s
calendars:
  - {code: office, organization: partner, zone: Europe/Rome, weekly: {mon: ["08:00-18:00"], tue: ["08:00-18:00"],
     wed: ["08:00-18:00"], thu: ["08:00-18:00"], fri: ["08:00-18:00"]}}
  - {code: long, organization: partner, zone: Europe/Rome, weekly: {mon: ["08:00-18:00"], tue: ["08:00-18:00"],
     wed: ["08:00-18:00"], thu: ["08:00-18:00"], fri: ["08:00-18:00"], sat: ["08:00-13:00"]}}
  - {code: always, organization: partner, always: true}
agreements:
%(agreements)s
  - {code: six, organization: partner, consumer: vendor, kind: uc, calendar: long, groups: [tuscany],
     targets: {resolution: {critical: 2h, high: 12h}}, stops: {requester_info: automatic, site_access: by_consumer}}
"""
OLD = {
    "organizations": "  - {{code: {0}, name: Vendor {0}}}",
    "desks": '  - {{code: {0}, organization: {0}, connector: loopback, base_url: "http://127.0.0.1:9", allow_private_network: true,'
    " poll_every: 1h, account: interdesk, credentials: {{kind: header, secret: {{env: NORTH_TOKEN}}}}}}",
    "links": "  - {{code: {0}-partner, upstream: {0}, downstream: partner, passes: {{delegate_as: partner}}, create: {{queue: Field}},"
    " crosses: {{fields_down: [title, description, priority, due, site]}}}}",
    "agreements": "  - {{code: {0}, organization: partner, consumer: {0}, kind: uc, calendar: office, groups: [lombardy],"
    " targets: {{resolution: {{critical: 4h, high: 12h}}}}, stops: {{requester_info: automatic}}}}",
}
TERMS = """
crosses:
  fields_down: [title, description, priority, due, site, custom.contract]
  number_down: custom.their_number
  people_down: role
"""


@dataclass(kw_only=True)
class Scene:
    gateway: Gateway
    vendor: Terminal
    partner: Terminal
    desks: dict[str, LoopbackDesk]
    terms: Path


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("sixth")
    desks = {
        "partner": LoopbackDesk(PLAIN, clock=utc_now, token=house.SECRETS["SOUTH_TOKEN"]),
        "vendor": LoopbackDesk(PLAIN, clock=utc_now, token=house.SECRETS["NORTH_TOKEN"]),
    }
    with ExitStack() as stack:
        urls = {code: stack.enter_context(LoopbackServer(desk)).url for code, desk in desks.items()}
        old = {name: "\n".join(line.format(code) for code in VENDORS) for name, line in OLD.items()}
        said = INSTALLATION % {**urls, **old}
        gateway = stack.enter_context(house.installed(folder, said=said.replace("%", "%%")))
        doors = stack.enter_context(Doors(gateway))
        stack.enter_context(Working(gateway))
        shown: list[str] = []
        terminals = {code: _terminal(gateway, doors, code, shown) for code in desks}
        terms = folder / "terms.yaml"
        terms.write_text(TERMS)
        yield Scene(gateway=gateway, **terminals, desks=desks, terms=terms)


def _terminal(gateway: Gateway, doors: Doors, code: str, said: list[str]) -> Terminal:
    key = house.key(gateway, code)["authorization"].removeprefix("Bearer ")
    address = f"http://127.0.0.1:{doors.port}"
    return Terminal(code, {"INTERDESK_URL": address, "INTERDESK_KEY": key, "LOGNAME": "ann"}, said)


@pytest.fixture(scope="module")
def code(scene: Scene) -> str:
    told = scene.vendor.type(
        "link", "invite", "--desk", "vendor", "--role", "upstream", "--to", "partner",
        "--agreement", "six", "--terms", str(scene.terms),
    )  # fmt: skip
    return told.strip()


def lines(found: dict[str, Any], about: str, weight: str) -> str:
    return "; ".join(
        line["what"] for line in found["new"]["lines"] if (line["about"], line["weight"]) == (about, weight)
    )


def test_one_view_says_what_is_new(scene: Scene, code: str) -> None:
    found = orjson.loads(scene.partner.type("link", "look", code, "--compare", "--json"))

    assert (found["new"]["desk"], len(found["new"]["beside"])) == ("partner", 5)
    assert lines(found, "fields", "new") == "custom.contract: come to you"
    crossing = lines(found, "crossing", "new")
    assert "number_down: custom.their_number (elsewhere none)" in crossing
    assert "people_down: role" in crossing
    assert lines(found, "reason codes", "new") == "site_access may stop its clocks"
    assert "site_access" in lines(found, "reason codes", "lacking")
    assert lines(found, "hours", "new").startswith("Sat 08:00-13:00 Europe/Rome")
    assert lines(found, "coverage", "new") == "groups: tuscany"
    assert lines(found, "due dates", "new") == "resolution, critical: 2h; the shortest so far was 4h"
    assert lines(found, "contacts", "new") == "level 1 by email, in it, at any hour (UTC)"
    assert "Carla" not in str(found), "people are named once the link stands"


def test_people_read_it_as_lines(scene: Scene, code: str) -> None:
    told = scene.partner.type("link", "look", code, "--like", "alpha-partner")

    assert "At partner, beside alpha-partner" in told
    assert "+ hours: Sat 08:00-13:00" in told


def test_a_link_of_another_role_or_of_others_is_no_model(scene: Scene, code: str) -> None:
    scene.partner.type("link", "accept", code, "--like", "nowhere", code=2)
    assert "there is no link 'nowhere'" in scene.partner.said[-1]


def test_it_is_taken_as_it_is(scene: Scene, code: str) -> None:
    scene.partner.type("link", "accept", code, "--like", "alpha-partner")
    scene.partner.type("link", "activate", "vendor-partner")
    scene.vendor.type("link", "activate", "vendor-partner")


def test_it_passes_certification(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scene.terms.parent
    monkeypatch.setenv("ANNA", "annas-own-token")
    (folder / "anna.yaml").write_text("{kind: header, secret: {env: ANNA}}")
    for desk in scene.desks.values():
        desk.people_by_token["annas-own-token"] = "anna"
    hands = [
        word for side in ("upstream", "downstream") for word in ("--hand", f"{side}={folder / 'anna.yaml'}")
    ]
    file = folder / "protocol.json"
    scene.partner.type("link", "certify", "vendor-partner", *hands, "--out", str(file), "--yes")

    assert "23 played, 0 failed, 0 still to be played" in scene.partner.said[-1]
    scene.vendor.type("link", "certify", "--verify", str(file))
    assert "signed by this gateway; vendor-partner" in scene.vendor.said[-1]
    file.write_text(file.read_text().replace('"passed"', '"failed"', 1))
    scene.vendor.type("link", "certify", "--verify", str(file), code=1)


def test_the_first_job_is_one_more_of_its_own(scene: Scene) -> None:
    anna, opened_after = scene.desks["vendor"].person("anna"), utc_now()
    anna.open("The till is dead", "No light")  # their numbers are not ours
    number = anna.open(
        "The scale is dead", "No weight", priority="urgent", site="FI-001", delegate="Partner Services"
    )
    fields = until(lambda: _titled(scene, "The scale is dead"))
    assert fields["queue"] == "Field", "in its own queue, like the others"
    theirs = next(one for one in scene.desks["vendor"].tickets() if one["id"] == number)
    assert fields["custom.their_number"] == theirs["number"]
    due = until(lambda: _titled(scene, "The scale is dead")["due"])
    # of this contract's hours: on Sunday it is Monday
    assert datetime.fromisoformat(due) >= opened_after + timedelta(hours=2)
    assert any(hop["desk"] == "partner" for hop in _hops(scene, str(theirs["number"])))


def _titled(scene: Scene, title: str) -> dict[str, Any]:
    """The fields of the partner's only ticket of that title; empty while there is none."""
    found = [one["fields"] for one in scene.desks["partner"].tickets() if one["fields"]["title"] == title]
    assert len(found) < 2, found
    return found[0] if found else {}


def _hops(scene: Scene, number: str) -> list[dict[str, Any]]:
    found = find.find(scene.gateway.context, None, number, now=utc_now()).found
    return [dict(hop) for hop in found[0].hops]


def until(look: Callable[[], Any], within: float = 30) -> Any:
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, "it never holds"
        time.sleep(0.05)
    return found
