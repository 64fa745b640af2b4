"""A chain whose vendor has only e-mail: the customer's desk in memory, the vendor behind real mail servers, in real time."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from pathlib import Path
from typing import Any, TypeVar, cast

from connectors.mail_desk import CONNECTOR
from gateway.blobs import BlobStore
from gateway.connector import Exchange
from gateway.desk_client import (
    Credentials,
    DeskClient,
    GuardedTransport,
    NetworkPolicy,
    PushTerms,
    Verdict,
    credentials_for,
)
from gateway.domain.documents import desk_from
from gateway.domain.model import Blob, Command, Desk, Receipt
from gateway.flows import clockwork
from gateway.registry import Registry
from gateway.testing.hub import Clock
from gateway.testing.loopback.wire import MemoryWire
from tests.desks.launch.mailhouse import PASSWORD, MailHouse
from tests.flows.scenes.stage import Cast, Stage

T = TypeVar("T")
PATIENCE = 30.0


class RealTime(Clock):
    """Nobody sets it."""

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @now.setter
    def now(self, moment: datetime) -> None:
        pass


@dataclass(kw_only=True)
class MailWire:
    """The real wire to one mail desk, in the place of a wire in memory; files go through the hub's own."""

    desk: Desk
    credentials: Credentials
    files: dict[str, bytes]
    store: BlobStore
    before_write: Callable[[], None] | None = None
    pushed: list[Command] = field(default_factory=list)

    def ask(self, exchange: Exchange[T]) -> T:
        async def asked(client: DeskClient) -> T:
            return await client.ask(exchange, desk=self.desk, credentials=self.credentials)

        found: T = asyncio.run(self._with(asked))
        if isinstance(found, Blob):
            self.files[found.sha256] = b"".join(self.store.chunks(found))
        return found

    def push(self, exchange: Exchange[Receipt], command: Command) -> Verdict:
        async def pushed(client: DeskClient) -> Verdict:
            terms = PushTerms(command=command, before_write=self.before_write)
            return await client.push(exchange, desk=self.desk, credentials=self.credentials, terms=terms)

        if command.attachment is not None:
            self.store.put([self.files[command.attachment.blob.sha256]], limit=10**8)
        self.pushed.append(command)
        verdict: Verdict = asyncio.run(self._with(pushed))
        return verdict

    async def _with(self, talk: Callable[[DeskClient], Any]) -> Any:
        transport = GuardedTransport(policy=NetworkPolicy.of(["127.0.0.0/8"]))
        async with DeskClient(now=lambda: datetime.now(UTC), transport=transport, blobs=self.store) as client:
            return await talk(client)


class MailStage(Stage):
    """customer>vendor, or more; `party` is where the vendor reads its mail. Close it."""

    def __init__(
        self, house: MailHouse, *, party: str, desk: Mapping[str, Any] | None = None, **cast_more: Any
    ) -> None:
        self.house, self.party = house, party
        self.box = f"desk-{party.partition('@')[0]}@gw.example"  # another for each test: their tickets have the same names
        self._closing = ExitStack()
        links = {"customer>vendor": {"answer_within": {"default": "3d"}}}
        super().__init__("customer>vendor", cast=Cast(links=links, **cast_more))
        self.hub.clock.__class__ = RealTime  # the desks hold this very clock
        registry = Registry()
        if "mail_desk" not in registry.names():
            registry = Registry(extra={"mail_desk": CONNECTOR})
        self.hub.registry = registry
        own = self._desk(desk or {})
        cast("dict[str, Desk]", self.hub._directory.desks)["dsk_vendor"] = own
        place = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        credentials = credentials_for(own, CONNECTOR.manifest, {"user": self.box, "secret": PASSWORD})
        self.wire = MailWire(desk=own, credentials=credentials, files=self.hub.blobs, store=BlobStore(place))
        self.hub.wires["dsk_vendor"] = cast("MemoryWire", self.wire)
        self.hub.worker = self.hub.new_worker("hub")

    def _desk(self, more: Mapping[str, Any]) -> Desk:
        settings = {
            "address": self.box,
            "mail_to": [self.party],
            "smtp": f"smtp://127.0.0.1:{self.house.smtp}",
            **more.get("settings", {}),
        }
        document = {
            "id": "dsk_vendor",
            "code": "vendor",
            "org_id": "org_vendor",
            "connector": "mail_desk",
            "base_url": f"imap://127.0.0.1:{self.house.imap}",
            "allow_private_network": True,
            "poll_every": "1s",
            "version": 1,
            **more,
            "settings": settings,
        }
        return replace(desk_from(document, manifest=CONNECTOR.manifest), hook_secrets=(b"a seal of tests",))

    def close(self) -> None:
        """Forget its files."""
        self._closing.close()

    def wait(self, by: timedelta = timedelta()) -> None:
        """Do what there is to do now."""
        del by
        self.hub._until_quiet()
        clockwork.run(self.hub.context, now=self.hub.now)

    def until(self, holds: Callable[[], object]) -> None:
        """Go on until it holds."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, "it never holds"
            time.sleep(0.05)
            self.wait()

    # -- the vendor and its mail program ----------------------------------------------------------------------------------

    def got(self, wanted: str) -> Message:
        """The newest mail in the vendor's box that holds these words."""
        self.wait()
        return self.house.await_mail(self.party, lambda mail: wanted in text_of(mail))

    def reply(
        self, to: Message, text: str, *, files: Mapping[str, bytes] | None = None, **headers: str
    ) -> None:
        """The vendor answers a mail, quoting it as its program does."""
        mail = EmailMessage()
        mail["From"] = headers.pop("From", f"Ada Tech <{self.party}>")
        mail["To"] = str(to["From"])
        mail["Subject"] = "Re: a job"
        mail["In-Reply-To"] = mail["References"] = str(to["Message-ID"])
        mail["Message-ID"] = headers.pop("Message_ID", f"<{time.monotonic_ns()}@firm.example>")
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        quoted = "\n".join(f"> {line}" for line in text_of(to).split("\n"))
        mail.set_content(f"{text}\n\nOn Sun, 22 Nov 2026 at 10:00, Interdesk wrote:\n{quoted}\n")
        for name, data in (files or {}).items():
            mail.add_attachment(data, maintype="image", subtype="jpeg", filename=name)
        self.house.post(mail, sender=self.party, to=str(to["From"]).split("<")[1].strip(">"))


def text_of(mail: Message) -> str:
    """Its first text."""
    part = next((part for part in mail.walk() if part.get_content_type() == "text/plain"), mail)
    data = part.get_payload(decode=True)
    return data.decode(errors="replace").replace("\r\n", "\n") if isinstance(data, bytes) else ""
