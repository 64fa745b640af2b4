"""`interdesk agent`: run beside desks that nobody can dial in to, and make the gateway's requests there."""

import asyncio
import getpass
import ipaddress
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway import config, schemas
from gateway.agent import Agent
from gateway.cli.terminal import say
from gateway.client import Interdesk
from gateway.desk_auth import Credentials, credentials_for
from gateway.desk_client import GuardedTransport, NetworkPolicy
from gateway.desk_client.messenger import Messenger
from gateway.domain.model import Desk
from gateway.errors import ConfigError, Invalid
from gateway.installation import yaml_text
from gateway.installation.secret_sources import Reference, SecretSource
from gateway.registry import Registry

Document = Mapping[str, Any]


def agent(
    file: Annotated[
        Path, typer.Argument(help="The agent's file: schemas/agent.v1.json says what stands in it.")
    ],
) -> None:
    """Make the gateway's requests at desks beside this machine: nothing dials in, and their credentials stay here."""
    document = _read(file)
    secrets = SecretSource(ask=getpass.getpass if sys.stdin.isatty() else None)
    key = secrets.fetch(Reference(what="the key", where=document["key"], folder=file.parent))
    desks = {one["code"]: _credentials(one, secrets, file.parent) for one in document["desks"]}
    with Interdesk(document["gateway"], key) as gateway:
        asyncio.run(_run(gateway, document, desks))


def _read(file: Path) -> Document:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read", why=error.strerror or type(error).__name__) from error
    found = [one for one in yaml_text.documents(raw, source=file.name) if one is not None]
    if len(found) != 1:
        raise Invalid(f"{file.name} is to hold one document", why=f"it holds {len(found)}")
    document: Document = found[0]
    schemas.check("agent", document)
    codes = [one["code"] for one in document["desks"]]
    twice = next((code for code in codes if codes.count(code) > 1), None)
    if twice is not None:
        raise Invalid(f"{file.name} names the desk {twice!r} twice", cure="say it once")
    return document


def _credentials(one: Document, secrets: SecretSource, folder: Path) -> Credentials:
    """What signs the requests at a desk."""
    given = dict(one.get("credentials", {}))
    where = given.pop("secret", None)
    if where is not None:
        what = f"desk {one['code']}: credentials.secret"
        given["secret"] = secrets.fetch(Reference(what=what, where=where, folder=folder))
    desk = Desk(id="", org_id="", code=one["code"], connector=one["connector"], base_url=one["base_url"])
    found = credentials_for(desk, Registry(config.load().pins).manifest(one["connector"]), given)
    if found.grant is not None:
        raise ConfigError(
            f"desk {one['code']}: an agent does not ask for tokens",
            cure="let the gateway reach this desk itself, or give it a key in a header",
        )
    return found


async def _run(gateway: Interdesk, document: Document, desks: Mapping[str, Credentials]) -> None:
    policy = NetworkPolicy.of(_networks(document))
    transport = GuardedTransport(policy=policy)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    say(f"the agent of {', '.join(desks)} comes to {document['gateway']}; Ctrl-C ends it")
    try:
        await Agent(gateway=gateway, messenger=Messenger(transport=transport), desks=desks, say=say).run(stop)
    finally:
        await transport.aclose()


def _networks(document: Document) -> tuple[str, ...]:
    """Where its desks may be: what the file allows, else every network that is private, this machine included."""
    return tuple(document.get("allowed_networks", ())) or tuple(map(str, _PRIVATE))


_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128"),
    )
)
