"""Four parties, two of them without a desk: customer and vendor at desks over HTTP, the partner with nothing but e-mail behind
a real Exim and Dovecot, its subcontractor by links in mails over the gateway's own doors. One gateway, one worker, real time."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage, Message
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from gateway import app as wiring
from gateway.app import Gateway, utc_now
from gateway.domain import disagreement
from gateway.domain.model import DeliveryState
from gateway.domain.sla.attribution import by_party
from gateway.flows import sla
from gateway.store import rows, views
from gateway.store.scope import Scope
from gateway.testing.loopback import PLAIN, LoopbackDesk
from gateway.testing.loopback.server import LoopbackServer
from tests.api import house
from tests.api.house import Doors
from tests.api.working import Working
from tests.desks.launch.mailhouse import PASSWORD, MailHouse
from tests.desks.mail_stage import text_of

pytestmark = [pytest.mark.desks, pytest.mark.timeout(180)]

T = TypeVar("T")
PATIENCE = 60.0
FIRM, BOX, MAURO = "tech@firm.example", "desk-chain@gw.example", "mauro@quick.example"
PUBLIC = "https://gw.example"
PICTURE = b"\xff\xd8\xff\xe0 a picture \x00" * 9_000
INSTALLATION = """
organizations:
  - {code: north, name: North Stores}
  - {code: south, name: South Services}
  - {code: firm, name: Firm Repairs}
  - {code: quick, name: Quick Hands, language: it}
contacts:
  - {organization: quick, code: mauro, level: 1, channel: email, address: %(mauro)s, name: Mauro Rossi, language: it}
desks:
  - {code: north, organization: north, connector: loopback, base_url: "%(north)s", allow_private_network: true,
     poll_every: 1s, account: interdesk, credentials: {kind: header, secret: {env: NORTH_TOKEN}}}
  - {code: south, organization: south, connector: loopback, base_url: "%(south)s", allow_private_network: true,
     poll_every: 1s, account: interdesk, credentials: {kind: header, secret: {env: SOUTH_TOKEN}}}
  - code: firm
    organization: firm
    connector: mail_desk
    base_url: "imap://127.0.0.1:%(imap)s"
    allow_private_network: true
    poll_every: 1s
    settings: {address: %(box)s, mail_to: [%(firm)s], smtp: "smtp://127.0.0.1:%(smtp)s"}
    credentials: {kind: basic, user: %(box)s, secret: {env: MAIL_SECRET}}
    hook: {secrets: [{env: NORTH_HOOK}]}
  - {code: quick, organization: quick, connector: portal_desk, poll_every: 1s}
links:
  - {code: north-south, upstream: north, downstream: south, passes: {when: {field: queue, value: Field}}}
  - {code: south-firm, upstream: south, downstream: firm, passes: {delegate_as: firm}}
  - {code: firm-quick, upstream: firm, downstream: quick, passes: {delegate_as: quick}}
calendars:
  - {code: always, organization: south, always: true}
  - {code: always, organization: firm, always: true}
  - {code: always, organization: quick, always: true}
agreements:
  - {code: sla, organization: south, consumer: north, kind: sla, calendar: always,
     targets: {response: {high: 1h}, resolution: {high: 8h}}}
  - {code: uc-firm, organization: firm, consumer: south, kind: uc, calendar: always,
     targets: {acceptance: {high: 30m}, resolution: {high: 6h}}}
  - {code: uc-quick, organization: quick, consumer: firm, kind: uc, calendar: always,
     targets: {acceptance: {high: 20m}, attendance: {high: 2h}, resolution: {high: 4h}}}
"""


@dataclass(kw_only=True)
class Scene:
    """Everybody on it, each by the means they have."""

    gateway: Gateway
    doors: Doors
    servers: MailHouse
    desks: dict[str, LoopbackDesk]
    number: str = ""
    cookie: str = ""
    """What the doors gave the browser in which Mauro acts."""

    def until(self, look: Callable[[], T], within: float = PATIENCE) -> T:
        """What is looked for, as soon as it is there."""
        deadline = time.monotonic() + within
        while not (found := look()):
            assert time.monotonic() < deadline, f"it never holds: {self.statuses()}"
            time.sleep(0.1)
        return found

    def statuses(self) -> dict[str, str]:
        """Each desk's assignment."""
        with self.gateway.database.read() as db:
            found = views.tickets(db, Scope.operator(), limit=1)
        return {one["desk"]: str(one["status"]) for ticket in found for one in ticket["hops"]}

    def stands(self, desk: str, status: str) -> None:
        """Wait until it does."""
        self.until(lambda: self.statuses().get(desk) == status)

    def under_way(self) -> int:
        """How many writes were begun and not yet written down as done."""
        with self.gateway.database.read() as db:
            begun = rows.delivery.c.state == DeliveryState.INFLIGHT.value
            return int(db.execute(select(func.count()).where(begun)).scalar_one())

    def comments(self, desk: str) -> list[str]:
        """What stands at a desk."""
        return [str(part["text"]) for part in self.desks[desk].tickets()[-1]["comments"]]

    def files(self, desk: str) -> dict[str, int]:
        """Name and size of its files."""
        return {part["filename"]: part["size"] for part in self.desks[desk].tickets()[-1]["attachments"]}

    # -- the party that has only e-mail -----------------------------------------------------------------------------------

    def mailed(self, wanted: str, to: str = FIRM) -> Message:
        """The newest mail in a mailbox that holds these words."""
        return self.servers.await_mail(to, lambda mail: wanted in text_of(mail), within=PATIENCE)

    def reply(self, to: Message, text: str) -> None:
        """The party answers a mail, with the quote below: after it was sent, also by the clock of mails, which counts whole
        seconds."""
        self.until(lambda: not self.under_way())
        time.sleep(1 - time.time() % 1)
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"Ada Tech <{FIRM}>", str(to["From"]), "Re: a job"
        mail["In-Reply-To"] = mail["References"] = str(to["Message-ID"])
        mail["Message-ID"] = f"<{time.monotonic_ns()}@firm.example>"
        quoted = "\n".join(f"> {line}" for line in text_of(to).split("\n"))
        mail.set_content(f"{text}\n\nOn Sun, 22 Nov 2026 at 10:00, Interdesk wrote:\n{quoted}\n")
        self.servers.post(mail, sender=FIRM, to=str(to["From"]).split("<")[1].strip(">"))

    # -- the party that has only links ------------------------------------------------------------------------------------

    def click(self, label: str, **form: str) -> int:
        """Post the form behind the newest mailed link of that name; the door's status."""
        mail = self.mailed(f"{label}:\n  {PUBLIC}", to=MAURO)
        found = re.search(rf"{label}:\s+{PUBLIC}(/portal/\S+)", text_of(mail))
        assert found is not None
        assert self.doors.send("GET", found[1]).status == 200, "opening a link only asks"
        kind = {"content-type": "application/x-www-form-urlencoded", "cookie": self.cookie}
        body = urlencode({"by": "Mauro Rossi", **form}).encode()
        told = self.doors.send("POST", found[1], body=body, headers=kind)
        self.cookie = told.headers.get("set-cookie", "").partition(";")[0] or self.cookie
        return told.status


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    if reason := MailHouse.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    monkeypatch.setenv("MAIL_SECRET", PASSWORD)
    desks = {
        code: LoopbackDesk(PLAIN, clock=utc_now, token=house.SECRETS[f"{code.upper()}_TOKEN"])
        for code in ("north", "south")
    }
    with ExitStack() as stack:
        urls = {code: stack.enter_context(LoopbackServer(desk)).url for code, desk in desks.items()}
        servers = stack.enter_context(MailHouse())
        said = INSTALLATION % {
            "imap": servers.imap, "smtp": servers.smtp, "box": BOX, "firm": FIRM, "mauro": MAURO, **urls,
        }  # fmt: skip
        stack.enter_context(house.installed(tmp_path, said=said))
        posting = {
            "smtp_url": f"smtp://127.0.0.1:{servers.smtp}", "mail_from": "gw@gw.example", "public_url": PUBLIC,
        }  # fmt: skip
        own = wiring.open_gateway(house.settings(tmp_path, **posting))
        stack.callback(own.close)
        stack.enter_context(Working(own))
        doors = stack.enter_context(Doors(own))
        yield Scene(gateway=own, doors=doors, servers=servers, desks=desks)


def test_a_job_goes_down_to_a_portal_through_a_mailbox_and_comes_back(scene: Scene) -> None:
    _goes_down(scene)
    _is_talked_about(scene)
    _comes_back(scene)
    _adds_up(scene)


def _goes_down(scene: Scene) -> None:
    maria, anna = scene.desks["north"].person("maria"), scene.desks["south"].person("anna")
    scene.number = maria.open("Касса 4 не работает", "No light since eight", queue="Field", priority="high")
    scene.until(scene.desks["south"].tickets)
    theirs = str(scene.desks["south"].tickets()[-1]["id"])
    anna.set(theirs, "status", "open")
    scene.stands("south", "in_progress")
    anna.set(theirs, "delegate", "firm")

    offer = scene.mailed("A job is offered")
    assert "Касса 4 не работает" in text_of(offer)
    scene.reply(offer, "accept")
    scene.stands("firm", "accepted")
    scene.reply(offer, "pass to nobody-we-know")
    assert "There is: quick." in text_of(scene.mailed("nobody-we-know"))
    scene.reply(offer, "Pass on to Quick.")
    scene.until(lambda: "quick" in scene.statuses())
    assert scene.click("Accettare l'incarico") == 200
    scene.stands("quick", "accepted")


def _is_talked_about(scene: Scene) -> None:
    """A comment and a file each way, through all four."""
    maria = scene.desks["north"].person("maria")
    maria.comment(scene.number, "The key is at the bakery.", public=True)
    maria.attach(scene.number, "plan.txt", b"the plan of the shop", public=True)
    scene.mailed("The key is at the bakery.")
    scene.until(lambda: {"plan.txt"} <= {one["filename"] for one in _job(scene)["files"]})
    scene.until(lambda: any("bakery" in one["text"] for one in _job(scene)["comments"]))

    assert scene.click("Comunicare l'arrivo sul posto") == 200
    key = house.key(scene.gateway, "quick") | {"content-type": "image/jpeg", "idempotency-key": "photo"}
    path = f"/v1/portal/jobs/{_job(scene)['id']}/files?filename=psu.jpg"
    assert scene.doors.send("POST", path, body=PICTURE, headers=key).status == 200
    scene.until(lambda: scene.files("north").get("psu.jpg") == len(PICTURE))
    enclosed = scene.servers.await_mail(
        FIRM, lambda mail: any(part.get_filename() == "psu.jpg" for part in mail.walk())
    )
    [part] = [part for part in enclosed.walk() if part.get_filename() == "psu.jpg"]
    assert part.get_payload(decode=True) == PICTURE


def _job(scene: Scene) -> dict[str, Any]:
    headers = house.key(scene.gateway, "quick")
    [job] = scene.doors.send("GET", "/v1/portal/jobs", headers=headers).document["jobs"]
    return dict(scene.doors.send("GET", f"/v1/portal/jobs/{job['id']}", headers=headers).document)


def _comes_back(scene: Scene) -> None:
    """Done below is reported above, desk by desk; each verifies and says so by its own means."""
    assert scene.click("Comunicare che il lavoro è concluso", text="Replaced the power supply.") == 200
    scene.stands("quick", "resolved")
    done = utc_now()
    scene.until(lambda: utc_now() - done > timedelta(seconds=1))  # a mail's date has whole seconds
    scene.reply(scene.mailed("Replaced the power supply."), "1h on site\ndone")
    scene.stands("firm", "resolved")
    scene.desks["south"].person("anna").set(str(scene.desks["south"].tickets()[-1]["id"]), "status", "solved")
    scene.stands("south", "resolved")
    scene.until(lambda: any("Replaced the power supply." in text for text in scene.comments("north")))
    scene.until(lambda: any("1h on site" in text for text in scene.comments("north")))


def _adds_up(scene: Scene) -> None:
    """Each party is a hop of its own with its clocks; every microsecond is somebody's, and no one's twice."""
    with scene.gateway.database.read() as db:
        [ticket] = views.tickets(db, Scope.operator(), limit=10)
    found = sla.read(scene.gateway.context, ticket["id"], now=utc_now())
    names = {one.id: one.code for one in scene.gateway.context.directory_now.organizations.values()}

    spans = [span for span in found.folded.spans if span.entries]
    assert all(before.end == after.start for before, after in pairwise(spans))
    booked = by_party(found.folded, ((span.end - span.start, span.booked_to) for span in spans))
    assert sum(booked.values(), timedelta()) == spans[-1].end - spans[0].start
    parties = {names.get(party, party) for party, length in booked.items() if length > timedelta()}
    assert {"south", "firm", "quick"} <= parties, parties

    clocks = {(clock.agreement, clock.target_kind.value): clock for clock in found.clocks}
    assert {kind for code, kind in clocks if code.startswith("uc-quick")} == {
        "acceptance",
        "attendance",
        "resolution",
    }
    assert {clock.state for clock in clocks.values()} == {"met"}, {
        key: one.state for key, one in clocks.items()
    }
    assert list(disagreement.views(found.folded.told)) == []
