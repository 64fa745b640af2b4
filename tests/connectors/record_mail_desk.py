"""Records connectors/mail_desk/fixtures from an Exim and a Dovecot started for it: python -m tests.connectors.record_mail_desk"""

import asyncio
import base64
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from connectors.mail_desk import CONNECTOR
from gateway.blobs import BlobStore
from gateway.desk_client import DeskClient, GuardedTransport, NetworkPolicy, OutcomeClass, credentials_for
from gateway.domain.model import Desk
from gateway.errors import InterdeskError
from gateway.registry import folder_of
from gateway.testing.fixtures import talk
from gateway.testing.record import recording
from gateway.testing.show import shown
from tests.desks.launch.mailhouse import PASSWORD, MailHouse

SOURCE = "captured from Exim 4.96 and Dovecot 2.3.19, 2026-11-22"
BOX, PARTY = "desk@gw.example", "tech@firm.example"
PICTURE = b"not really a picture"
SHARED: Mapping[str, Any] = {
    "base_url": "imaps://mail.gw.example:993",
    "settings": {
        "address": BOX,
        "mail_to": [PARTY],
        "senders": ["@firm.example"],
        "smtp": "smtps://mail.gw.example:465",
    },
}


_ERRORS = {OutcomeClass.PERMANENT: "DeskRejected", OutcomeClass.NOT_APPLIED: "DeskUnavailable"}
"""What the wire threw when a push was judged by its answer."""


class Recorder:
    """Runs a call against the running servers and writes what was said as a fixture."""

    def __init__(self, house: MailHouse, folder: Path, blobs: BlobStore) -> None:
        self.house, self.folder, self.blobs = house, folder, blobs
        self.real = {
            **SHARED,
            "base_url": f"imap://127.0.0.1:{house.imap}",
            "settings": {**SHARED["settings"], "smtp": f"smtp://127.0.0.1:{house.smtp}"},
        }

    def record(
        self, name: str, call: str, args: Mapping[str, Any], settings: Mapping[str, Any] | None = None
    ) -> Any:
        """What the fixture expects, as JSON."""
        told = {"settings": {**self.real["settings"], **settings}} if settings else {}
        document: dict[str, Any] = {"source": SOURCE, "call": call, "args": dict(args)}
        real = {**self.real, **told}
        unfinished = {**document, "exchange": [], "expect": {"error": "DeskGone"}}
        case = talk(name, unfinished, CONNECTOR, real)
        steps: list[dict[str, Any]] = []
        fails = ""
        try:
            fails = asyncio.run(
                self._run(recording(case.begin(CONNECTOR), steps), case.desk, pushes=call == "push")
            )
        except InterdeskError as error:
            print(f"{name}: {error}")  # noqa: T201 - for the person who records
        for step in steps:
            if not step.keys() & {"response", "fails"}:
                step["fails"] = fails
        if settings:
            document["desk"] = {"settings": {**SHARED["settings"], **settings}}
        document["exchange"] = _scrubbed(steps)
        path = self.folder / f"fixtures/out/{name}.json"
        self.write(path, {**document, "expect": {"error": "DeskGone"}})
        expect = shown(CONNECTOR, path)["expect"]
        self.write(path, {**document, "expect": expect})
        return expect

    async def _run(self, exchange: Any, desk: Desk, *, pushes: bool) -> str:
        desk = _reached(desk)
        credentials = credentials_for(desk, CONNECTOR.manifest, {"user": BOX, "secret": PASSWORD})
        transport = GuardedTransport(policy=NetworkPolicy.of(["127.0.0.0/8"]))
        async with DeskClient(now=lambda: datetime.now(UTC), transport=transport, blobs=self.blobs) as client:
            if pushes:
                verdict = await client.push(exchange, desk=desk, credentials=credentials)
                return _ERRORS.get(verdict.outcome, "")
            await client.ask(exchange, desk=desk, credentials=credentials)
            return ""

    def write(self, path: Path, document: Mapping[str, Any]) -> None:
        """As JSON, without a word of where it was recorded."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(document, indent=2, ensure_ascii=False)
        text = text.replace(self.real["base_url"], SHARED["base_url"])
        text = text.replace(self.real["settings"]["smtp"], SHARED["settings"]["smtp"])
        path.write_text(text + "\n", encoding="utf-8")


def _reached(desk: Desk) -> Desk:
    return replace(desk, allow_private_network=True)


def _scrubbed(document: Any) -> Any:
    """Mails without the name of the machine that delivered them."""
    if isinstance(document, list):
        return [_scrubbed(one) for one in document]
    if not isinstance(document, dict):
        return document
    if {"raw", "head", "uid"} <= document.keys():
        cleaned = {name: _anonymous(document[name]) for name in ("raw", "head") if document[name]}
        return {**document, **cleaned}
    return {name: _scrubbed(value) for name, value in document.items()}


def _anonymous(packed: str) -> str:
    raw = base64.b64decode(packed).replace(b"127.0.0.1", b"192.0.2.1")
    return base64.b64encode(re.sub(rb"by \S+(\s+with LMTP)", rb"by mx.example\1", raw)).decode()


def answer(
    house: MailHouse, to: str, text: str, number: int, sender: str = PARTY, **headers: str
) -> EmailMessage:
    """A reply by the party."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Ada Tech <{sender}>", to
    mail["Subject"], mail["Message-ID"] = "Re: a job", f"<reply-{number}@firm.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    if number == 2:
        mail.add_attachment(PICTURE, maintype="image", subtype="jpeg", filename="psu.jpg")
    house.post(mail, sender=sender, to=to)
    house.await_mail(BOX, lambda found: found["Message-ID"] == mail["Message-ID"])
    return mail


def command(kind: str, marker: str, remote_id: str | None = None, **more: Any) -> dict[str, Any]:
    """The args of a push or find."""
    return {
        "command": {
            "id": f"dlv_{marker}",
            "kind": kind,
            "marker": marker,
            **({"remote_id": remote_id} if remote_id else {}),
            **more,
        }
    }


def play(recorder: Recorder) -> None:
    """The scenes, in the order in which they were played."""
    house = recorder.house
    recorder.write(recorder.folder / "fixtures/desk.json", SHARED)
    recorder.record("check", "check", {})
    recorder.record("changed_starts_now", "changed", {})
    create = command(
        "create",
        "idk-7f31",
        fields={"title": "Till dead", "description": "Since 9:00.\nTill 4.", "priority": "high"},
    )
    made = recorder.record("create", "push", create)
    ticket = made["remote_id"]
    first = house.await_mail(PARTY, lambda _: True)
    to = str(first["From"]).split("<")[1].strip(">")
    house.await_mail(BOX, lambda mail: mail["Message-ID"] == first["Message-ID"])
    recorder.record("find_created", "find", create)
    recorder.record("find_nothing_yet", "find", command("create", "idk-0000", fields={"title": "x"}))
    recorder.record("create_refused", "push", create, {"mail_to": ["nobody@firm.example"]})
    recorder.record("create_put_off", "push", create, {"mail_to": ["later@firm.example"]})
    talking(recorder, ticket, to)
    recorder.record("fetch_not_there_yet", "fetch", {"remote_id": "aaaaaaaaaaaa"})
    bounced(recorder)


def talking(recorder: Recorder, ticket: str, to: str) -> None:
    """An accepted job with words and a file both ways."""
    house = recorder.house
    answer(house, to, "Accept\n\nOn Sun, 22 Nov 2026 at 10:00, Interdesk wrote:\n> A job is offered", 1)
    words = {"text": "Which till?", "visibility": "public"}
    comment = command("comment", "idk-7f32", ticket, comment=words)
    recorder.record("comment", "push", comment)
    recorder.record(
        "comment_private",
        "push",
        command("comment", "idk-7f39", ticket, comment={**words, "visibility": "private"}),
    )
    with recorder.blobs.writer(limit=1000) as writer:
        writer.write(b"a plan")
        blob = writer.commit()
    named = {
        "filename": "plan.txt",
        "media_type": "text/plain",
        "visibility": "public",
        "blob": {"key": blob.key, "size": blob.size, "sha256": blob.sha256},
    }
    recorder.record("attach", "push", command("attach", "idk-7f33", ticket, attachment=named))
    update = command("update", "idk-7f34", ticket, fields={"priority": "critical"})
    recorder.record("update", "push", update)
    recorder.record(
        "update_of_what_it_has_not", "push", command("update", "idk-7f35", ticket, fields={"assignee": "ada"})
    )
    answer(house, to, "on site\n2h30 on site\nThe power supply is gone, see the picture.", 2)
    answer(house, to, "I am away until Monday.", 3, Auto_Submitted="auto-replied")
    answer(house, to, "done", 4, sender="thief@else.example")
    answer(house, to, "done", 5)
    house.await_mail(
        BOX, lambda mail: "idk" in str(mail["Message-ID"]) or mail["Message-ID"] == "<reply-5@firm.example>"
    )
    recorder.record("find_comment", "find", comment)
    recorder.record("find_updated", "find", update)
    recorder.record("changed_with_a_stranger", "changed", {"cursor": "1:0"})
    seen = recorder.record("fetch", "fetch", {"remote_id": ticket})
    recorder.record("fetch_since", "fetch", {"remote_id": ticket, "since": seen["history"][-2]["id"]})
    [enclosed] = seen["attachments"]
    recorder.record("download", "download", {"attachment": enclosed})


def bounced(recorder: Recorder) -> None:
    """An offer whose mailbox is gone."""
    lost = command("create", "idk-9999", fields={"title": "Door stuck"})
    made = recorder.record(
        "create_to_a_mailbox_that_is_gone", "push", lost, {"mail_to": ["gone@firm.example"]}
    )
    recorder.house.await_mail(BOX, lambda mail: "Mail delivery failed" in str(mail["Subject"]))
    recorder.record(
        "fetch_bounced", "fetch", {"remote_id": made["remote_id"]}, {"mail_to": ["gone@firm.example"]}
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as place, MailHouse() as house:
        play(Recorder(house, folder_of(CONNECTOR), BlobStore(Path(place))))


if __name__ == "__main__":
    main()
