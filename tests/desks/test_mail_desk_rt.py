"""A vendor whose own desk is an RT that we reach by mail only: its mail gateway takes our letters, its agents' answers come
back as RT writes them, and neither side's automatic mail answers the other's."""

import base64
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.domain.model import HopStatus
from tests.desks.launch import RequestTracker
from tests.desks.launch.mailhouse import MailHouse
from tests.desks.mail_stage import MailStage

pytestmark = [pytest.mark.desks, pytest.mark.timeout(240)]


@pytest.fixture
def stage() -> Iterator[tuple[MailStage, httpx.Client]]:
    reason = MailHouse.missing() or RequestTracker.missing()
    if reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with MailHouse() as house, tempfile.TemporaryDirectory() as place:
        rt = RequestTracker.start(Path(place) / "rt", "vendor")
        try:
            rt_mails_through(rt, house)
            house.gives_rt(rt.base_url)
            found = MailStage(house, party="fed@rt.example", desk={"settings": {"senders": ["@vendor.test"]}})
            with rt.client("alice") as alice:
                yield found, alice
            found.close()
        finally:
            rt.stop()


def rt_mails_through(rt: RequestTracker, house: MailHouse) -> None:
    """From now on that RT sends what it would write into a file."""
    config = rt.directory / "RT_SiteConfig.pm"
    path, arguments = house.sendmail
    own = f"Set($MailCommand, 'sendmailpipe'); Set($SendmailPath, '{path}'); Set($SendmailArguments, '{arguments}');"
    config.write_text(config.read_text().replace("Set($MailCommand, 'testfile');", own))
    rt.restart()


def tickets(alice: httpx.Client) -> list[str]:
    found = alice.get("/tickets", params={"query": "Queue = 'Federation'", "fields": "Subject"}).json()[
        "items"
    ]
    return [one["id"] for one in found if "till is dead" in one["Subject"]]


def test_a_job_through_rts_mail_gateway(stage: tuple[MailStage, httpx.Client]) -> None:
    found, alice = stage
    found.open()
    found.until(lambda: tickets(alice))
    [ticket] = tickets(alice)

    def answer(text: str) -> None:
        alice.post(
            f"/ticket/{ticket}/correspond", content=text, headers={"content-type": "text/plain"}
        ).raise_for_status()

    answer("accept\n\nWe come at 3.")
    found.until(lambda: found.is_("vendor") is HopStatus.ACCEPTED)
    found.until(lambda: "We come at 3." in found.heard("customer"))
    found.say("customer", "Ring twice.")
    found.until(lambda: "Ring twice." in everything(alice, ticket))
    answer("done")
    found.until(lambda: found.is_("vendor") is HopStatus.RESOLVED)

    assert found.heard("customer") == ["We come at 3."]
    assert tickets(alice) == [ticket], "our later letters are replies to it"


def everything(alice: httpx.Client, ticket: str) -> str:
    """All texts of that ticket in RT."""
    listed = alice.get(f"/ticket/{ticket}/attachments", params={"per_page": "100"}).json()["items"]
    texts = [alice.get(f"/attachment/{one['id']}").json().get("Content") or "" for one in listed]
    return "\n".join(base64.b64decode(text).decode(errors="replace") for text in texts)
