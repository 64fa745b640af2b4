"""Where a command about links works: on the database that the settings name, or at a gateway elsewhere, over its API, with a key.
Both ways are the same flows and give the same documents."""

import asyncio
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from gateway import config
from gateway.app import Gateway, utc_now
from gateway.cli.terminal import acting, opened
from gateway.client import Interdesk
from gateway.domain.brakes import Reach
from gateway.domain.linking import Act
from gateway.errors import ConfigError
from gateway.flows import brakes, dry_run, handshake, links, newcomer, preflight, totals
from gateway.flows.link_steps import By

Url = Annotated[
    str | None,
    typer.Option("--url", help="A running gateway; without it INTERDESK_URL, else the database here."),
]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help="The file of your API key; without it INTERDESK_KEY.")
]
Document = dict[str, Any]


class Links(Protocol):
    """What can be done about links, here or elsewhere. Names and documents as `gateway.client.Interdesk` has them."""

    def links(self) -> Document: ...
    def news(self) -> list[Document]: ...
    def link(self, name: str) -> Document: ...
    def totals(self, name: str, day: str) -> Document: ...
    def invite(self, wanted: Mapping[str, Any]) -> Document: ...
    def take_back(self, invitation_id: str, reason: str) -> Document: ...
    def look(self, code: str) -> Document: ...
    def compare(self, code: str, desk: str, like: str) -> Document: ...
    def accept(self, taken: Mapping[str, Any]) -> Document: ...
    def decline(self, code: str, reason: str) -> Document: ...
    def move(self, name: str, act: str, reason: str) -> Document: ...
    def check(self, name: str) -> Document: ...
    def dry_run(self, name: str, tickets: Sequence[str]) -> list[Document]: ...
    def export(self, name: str) -> list[Document]: ...
    def brakes(self, *, every: bool = False) -> list[Document]: ...
    def brake(self, kind: str, target: str, *, on: bool, reason: str = "") -> Document: ...


@contextmanager
def reached(url: str | None, key_file: Path | None, actor: str | None) -> Iterator[Links]:
    """The gateway that is meant. Raises ConfigError where an address is given and no key."""
    if not is_far(url):
        with opened() as gateway:
            yield Here(gateway, acting(actor))
        return
    with client(url, key_file) as there:
        yield there


def is_far(url: str | None) -> bool:
    """Whether a gateway elsewhere is meant."""
    return bool(url or config.load().url)


@contextmanager
def client(url: str | None, key_file: Path | None) -> Iterator[Interdesk]:
    """That gateway. Raises ConfigError where no key is given."""
    settings = config.load()
    key = _key(settings.key.get_secret_value() if settings.key else "", key_file)
    with Interdesk(url or settings.url or "", key) as there:
        yield there


def _key(given: str, file: Path | None) -> str:
    """The key; a file of keys that others may read is refused."""
    if file is None:
        if not given.strip():
            why = "an organization acts under its own key"
            raise ConfigError(
                "no key is given", why=why, cure="export INTERDESK_KEY=fgw_live_…, or --key-file FILE"
            )
        return given.strip()
    try:
        mode, text = file.stat().st_mode, file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the key file {file} cannot be read", why=str(error)) from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"others may read the key file {file}", cure=f"chmod 600 {file}")
    if not text:
        raise ConfigError(f"the key file {file} is empty")
    return text


class Here:
    """On the database here, as the operator."""

    def __init__(self, gateway: Gateway, actor: str) -> None:
        self._gateway = gateway
        self._context = gateway.context
        self._actor = actor

    @property
    def _by(self) -> By:
        return By(party=None, actor=self._actor, now=utc_now())

    def links(self) -> Document:
        """See `gateway.flows.links`."""
        return links.listed(self._context, self._by)

    def news(self) -> list[Document]:
        """See `gateway.flows.links`."""
        return links.news(self._context, self._by)

    def link(self, name: str) -> Document:
        """See `gateway.flows.links`."""
        return links.show(self._context, name, self._by)

    def totals(self, name: str, day: str) -> Document:
        """See `gateway.flows.totals`."""
        return totals.read(self._context, name, day, self._by)

    def invite(self, wanted: Mapping[str, Any]) -> Document:
        """See `gateway.flows.handshake`."""
        said = dict(wanted)
        lasts = timedelta(seconds=said.pop("expires"))
        made, code = handshake.invite(self._context, handshake.Wanted(**said, lasts=lasts), self._by)
        return {**links.of_invitation(self._context, made, self._by), "code": code}

    def take_back(self, invitation_id: str, reason: str) -> Document:
        """See `gateway.flows.handshake`."""
        gone = handshake.take_back(self._context, invitation_id, reason, self._by)
        return links.of_invitation(self._context, gone, self._by)

    def look(self, code: str) -> Document:
        """See `gateway.flows.handshake`."""
        return links.of_invitation(self._context, handshake.look(self._context, code, self._by), self._by)

    def compare(self, code: str, desk: str, like: str) -> Document:
        """See `gateway.flows.newcomer`."""
        return {**self.look(code), "new": newcomer.view(self._context, code, (desk, like), self._by)}

    def accept(self, taken: Mapping[str, Any]) -> Document:
        """See `gateway.flows.handshake`."""
        said = dict(taken)
        code = said.pop("code")
        return self._checked(handshake.accept(self._context, code, handshake.Taken(**said), self._by))

    def decline(self, code: str, reason: str) -> Document:
        """See `gateway.flows.handshake`."""
        gone = handshake.decline(self._context, code, reason, self._by)
        return links.of_invitation(self._context, gone, self._by)

    def move(self, name: str, act: str, reason: str) -> Document:
        """See `gateway.flows.links`."""
        if act == Act.END:
            return links.end(self._context, name, reason, self._by)
        return links.move(self._context, name, Act(act), reason, self._by)

    def check(self, name: str) -> Document:
        """See `gateway.flows.preflight`."""
        return self._checked(links.link_named(self._context, name, self._by).id)

    def _checked(self, link_id: str) -> Document:
        async def ask() -> None:
            async with self._gateway.calling() as call:
                await preflight.check(self._context, call, link_id, self._by)

        asyncio.run(ask())
        return links.show(self._context, link_id, self._by)

    def dry_run(self, name: str, tickets: Sequence[str]) -> list[Document]:
        """See `gateway.flows.dry_run`."""

        async def ask() -> list[Document]:
            async with self._gateway.calling() as call:
                return await dry_run.run(self._context, call, name, tickets, self._by)

        return asyncio.run(ask())

    def export(self, name: str) -> list[Document]:
        """See `gateway.flows.links`."""
        return links.export(self._context, name, self._by)

    def brakes(self, *, every: bool = False) -> list[Document]:
        """See `gateway.flows.brakes`."""
        return brakes.shown(self._context, self._by, every=every)

    def brake(self, kind: str, target: str, *, on: bool, reason: str = "") -> Document:
        """See `gateway.flows.brakes`."""
        wanted = brakes.Wanted(kind=Reach(kind), target=target)
        return (
            brakes.on(self._context, wanted, reason, self._by)
            if on
            else brakes.off(self._context, wanted, self._by)
        )
