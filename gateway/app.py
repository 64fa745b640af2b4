"""The one place where real things are wired: settings become database, vault, connectors, the wire and the doors."""

import asyncio
import logging
import os
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import uuid_utils

from gateway import logs, vault
from gateway.api.hook_desks import HookDesks
from gateway.api.house import House
from gateway.api.readiness import Readiness
from gateway.blobs import BlobStore
from gateway.config import Settings
from gateway.desk_client import DeskClient, Door, GuardedTransport, Limits, NetworkPolicy
from gateway.desk_client.documents import fetching
from gateway.desk_client.webhooks import DEADLINE, MOST_ANSWER, Poster
from gateway.domain.letters import Letter
from gateway.domain.model import Message
from gateway.errors import ConfigError
from gateway.flows import identity, intake, new_password
from gateway.flows.agents import Agency
from gateway.flows.api_desk import crier
from gateway.flows.api_desk.caller import SCHEME
from gateway.flows.api_desk.front import ApiFront
from gateway.flows.auditing import SEAL_EVERY, Sealer
from gateway.flows.context import Context
from gateway.flows.credentials import OpenedCredentials
from gateway.flows.erasing import Keep
from gateway.flows.hooks import GroupCommit, NotStored
from gateway.flows.identity import Identity
from gateway.flows.in_house.door import DeskDoor
from gateway.flows.in_house.front import Front
from gateway.flows.issuers import Issuers
from gateway.flows.known_keys import KnownKeys
from gateway.flows.portal import browsers
from gateway.flows.portal.front import PortalFront
from gateway.flows.portal.mailing import Mailing
from gateway.flows.postman import EVERY as MAIL_EVERY
from gateway.flows.postman import Postman
from gateway.flows.preflight import Call
from gateway.flows.quotas import Meter
from gateway.flows.repeats import PRUNE_EVERY, Pruner
from gateway.flows.retention import EVERY as FORGET_EVERY
from gateway.flows.retention import ORDERED_EVERY, Forgetter
from gateway.flows.ticket_sharing.door import SharingDoor
from gateway.flows.totals import ROUND_SECONDS, Counter
from gateway.flows.webhooks.herald import EVERY, Herald
from gateway.flows.worker import Worker
from gateway.mail import Mailer
from gateway.metrics import Metrics
from gateway.registry import Registry
from gateway.store import migrate
from gateway.store.db import Database
from gateway.vault import Vault

if TYPE_CHECKING:
    from fastapi import FastAPI

log = logging.getLogger(__name__)


_SIGNS = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = [first + second for first in _SIGNS for second in _SIGNS]
_SHIFTS = range(120, -1, -10)


def utc_now() -> datetime:
    """The wall clock, aware."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """`tkt_` and 26 signs: a UUID 7 in base32hex, whose order as text is the order of making."""
    number = uuid_utils.uuid7().int << 2  # 130 bits: 13 pairs of signs
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"


def _jitter() -> float:
    return random.uniform(-1.0, 1.0)  # noqa: S311 - spreads retries; nothing is guessed from it


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """An installation opened: everything that a door, a worker or a command needs. Close it after use."""

    settings: Settings
    database: Database
    vault: Vault
    blobs: BlobStore
    context: Context
    credentials: OpenedCredentials

    def close(self) -> None:
        """Give the database back."""
        self.database.close()

    def desk_client(self) -> DeskClient:
        """A wire to the desks within the operator's limits; lives on the running event loop."""
        limits = self._limits()
        transport = GuardedTransport(limits=limits, policy=self._policy(), doors=self.doors())
        transport.agency = Agency(context=self.context, now=utc_now)
        return DeskClient(
            now=utc_now,
            transport=transport,
            blobs=self.blobs,
            limits=limits,
        )

    def _policy(self) -> NetworkPolicy:
        settings = self.settings
        policy = NetworkPolicy.of(settings.allowed_networks)
        return NetworkPolicy(allowed=policy.allowed, ports=frozenset(settings.allowed_ports))

    def poster(self) -> Poster:
        """The way out for webhooks; lives on the running event loop."""
        limits = Limits(deadline=DEADLINE, read=DEADLINE, body_bytes=MOST_ANSWER)
        return Poster(GuardedTransport(limits=limits, policy=self._policy()), now=utc_now)

    def _limits(self) -> Limits:
        settings = self.settings
        return Limits(
            deadline=settings.desk_deadline,
            body_bytes=settings.max_answer_bytes,
            blob_bytes=settings.max_attachment_bytes,
        )

    def identity(self) -> tuple[Identity, KnownKeys]:
        """Who else says who somebody is, and the way to ask them. Raises ConfigError and Invalid for a bad file."""
        settings = self.settings
        found = identity.read(settings.identity_file)
        self.vault.redaction.remember(
            one.client_secret for one in found.providers.values() if one.client_secret
        )
        fetch = fetching(lambda: GuardedTransport(limits=self._limits(), policy=self._policy()))
        return found, KnownKeys(fetch=fetch, now=utc_now)

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[Call]:
        """A way to ask desks, for a while."""
        async with self.desk_client() as client:
            yield Call(client=client, credentials=self.credentials, now=utc_now)

    def doors(self) -> dict[str, Door]:
        """The desks that live in this gateway, by the scheme of their address."""
        address = self.settings.address
        sharing = SharingDoor(context=self.context, blobs=self.blobs, now=utc_now, address=address)
        return {
            "portal": self._desk_door(PortalFront(self.context)),
            SCHEME: self._desk_door(ApiFront(self.context)),
            "sharing": sharing,
        }

    def _desk_door(self, front: Front) -> DeskDoor:
        return DeskDoor(context=self.context, blobs=self.blobs, now=utc_now, front=front)

    def worker(self, client: DeskClient) -> Worker:
        """A worker of this installation."""
        worker = Worker(self.context, client, self.credentials, worker_id=worker_id(), now=utc_now)
        postman = self.postman()
        if postman is not None:
            worker.rounds.append((postman.round, MAIL_EVERY))
        teller = crier.Crier(self.context, self.poster(), now=utc_now)
        worker.rounds.append((teller.round, crier.EVERY))
        worker.endings.append(teller.finish)
        herald = Herald(self.context, self.poster(), source=self.settings.address, now=utc_now)
        worker.rounds.append((herald.round, EVERY))
        worker.endings.append(herald.finish)
        sealer = Sealer(self.context, self.vault, self.settings.anchors, utc_now)
        worker.rounds.append((sealer.round, SEAL_EVERY))
        worker.rounds.append((Counter(self.context, utc_now).round, ROUND_SECONDS))
        worker.rounds.append((Pruner(context=self.context, now=utc_now).round, PRUNE_EVERY))
        keep = Keep(blobs=self.blobs, vault=self.vault, beside=self.settings.erasures, now=utc_now)
        forgetter = Forgetter(self.context, keep, utc_now)
        worker.rounds += [(forgetter.round, FORGET_EVERY), (forgetter.ordered, ORDERED_EVERY)]
        return worker

    def postman(self) -> Postman | None:
        """Who carries letters, where a mail server is named. Raises ConfigError for one that is none."""
        settings = self.settings
        if settings.smtp_url is None:
            return None
        url = settings.smtp_url.get_secret_value()
        mailer = Mailer.of(url, sender=settings.mail_from, admin=settings.admin_mail)
        return Postman(self.context, mailer.send, utc_now, filled=self._filled)

    def _filled(self, letter: Letter, now: datetime) -> Letter:
        """A letter that brings links, with them."""
        if letter.enclosure.startswith(new_password.LETTER):
            return new_password.mailed(self.context, self.settings.address, letter, now)
        if letter.enclosure.startswith(browsers.LETTER):
            return browsers.mailed(self.context, letter, now)
        return Mailing(context=self.context, address=self.settings.address).filled(letter, now)


def worker_id() -> str:
    """Host, process and a random part: two processes never claim under one name."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{os.urandom(4).hex()}"


def open_gateway(settings: Settings) -> Gateway:
    """Open what the settings name; makes the data folder, changes nothing in the database. Raises ConfigError."""
    _make_folders(settings)
    ring = vault.of(settings)
    database = Database(settings.database, pool_size=settings.database_pool)
    registry = Registry(settings.pins)
    context = Context(
        database=database,
        registry=registry,
        new_id=new_id,
        jitter=_jitter,
        open_secret=ring.open,
        seal_secret=ring.seal,
    )
    return Gateway(
        settings=settings,
        database=database,
        vault=ring,
        blobs=BlobStore(settings.blobs),
        context=context,
        credentials=OpenedCredentials(context=context),
    )


def _make_folders(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"INTERDESK_DATA_DIR: {settings.data_dir} cannot be made", why=error.strerror or str(error)
        ) from error


def absence(settings: Settings) -> ConfigError | None:
    """What to say where the settings name a database file that is not there; None if it is, or if it is no file. Makes
    nothing. A wrong folder must not pass for an installation in which nothing is wrong."""
    file = settings.database_file
    if file is None or file.exists():
        return None
    setting = "INTERDESK_DATA_DIR" if settings.database_url is None else "INTERDESK_DATABASE_URL"
    return ConfigError(
        f"there is no database at {file.absolute()}",
        why=f"{setting} names another place than the installation's, or nothing is installed yet",
        cure=f"set {setting}, or begin with interdesk apply FILE",
    )


def ready_schema(gateway: Gateway) -> None:
    """SQLite belongs to this installation alone and is brought up to date; a PostgreSQL is only checked, because other
    processes of another version may be at work on it. Raises ConfigError."""
    if gateway.database.is_sqlite:
        migrate.upgrade(gateway.database)
    else:
        migrate.check(gateway.database)


def prepare_schema(gateway: Gateway) -> None:
    """Make a new SQLite file; of every other database only see whether it fits. Raises ConfigError."""
    if gateway.database.is_sqlite and migrate.current(gateway.database) is None:
        migrate.upgrade(gateway.database)
    else:
        migrate.check(gateway.database)


@dataclass(kw_only=True)
class Life:
    """The life of one application: `stop` asks it to end; `failed` is called when its worker ends by itself; `inbox` is
    there while it lives."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    failed: Callable[[BaseException], None] | None = None
    inbox: GroupCommit | None = None

    async def store(self, message: Message, org_id: str) -> None:
        """Put a message on disk. Raises NotStored."""
        if self.inbox is None:
            raise NotStored("the gateway is not open yet")
        await self.inbox.accept(message, org_id)


def web_app(gateway: Gateway, *, with_worker: bool, life: Life | None = None) -> "FastAPI":
    """The doors of one process and, if asked for, its worker, started and ended with it."""
    # Most commands open no door, and loading FastAPI takes a while.
    from gateway.api import site  # noqa: PLC0415
    from gateway.web import site as pages  # noqa: PLC0415
    from gateway.web.parlour import Parlour  # noqa: PLC0415

    life = life or Life()
    others, known_keys = gateway.identity()
    house = _house(gateway, life, Issuers(trusted=others.issuers, keys=known_keys))

    @asynccontextmanager
    async def lifespan(_app: "FastAPI") -> AsyncIterator[None]:
        async with _running(gateway, life, with_worker=with_worker) as wake:
            store, committed = partial(intake.accept, gateway.context), _committed(house.metrics, wake)
            life.inbox = GroupCommit(store, committed=committed)
            fresh = asyncio.create_task(house.desks.keep_fresh(life.stop))
            yield
            life.stop.set()
            await fresh
            await life.inbox.close()

    app = site.build(house, lifespan)
    parlour = Parlour(
        context=gateway.context,
        now=utc_now,
        blobs=gateway.blobs,
        trusted_proxies=gateway.settings.trusted_proxies,
        address=gateway.settings.address,
        identity=others,
        known_keys=known_keys,
        posts=gateway.settings.smtp_url is not None,
    )
    pages.furnish(app, parlour)
    return app


def _house(gateway: Gateway, life: Life, issuers: Issuers) -> House:
    metrics = Metrics()
    metrics.watch(gateway.database, utc_now)
    return House(
        context=gateway.context,
        metrics=metrics,
        now=utc_now,
        desks=HookDesks(gateway.context),
        store=life.store,
        readiness=Readiness(gateway.database),
        is_stopping=life.stop.is_set,
        max_hook_bytes=gateway.settings.max_hook_bytes,
        calling=gateway.calling,
        pause=partial(asyncio.sleep, 0.5),
        blobs=gateway.blobs,
        vault=gateway.vault,
        erasures=gateway.settings.erasures,
        max_file_bytes=gateway.settings.max_attachment_bytes,
        address=gateway.settings.address,
        issuers=issuers,
        trusted_proxies=gateway.settings.trusted_proxies,
        meter=Meter(context=gateway.context, most=gateway.settings.rate_per_minute),
    )


def _committed(metrics: Metrics, wake: Callable[[str], None]) -> Callable[[int], None]:
    def committed(count: int) -> None:
        metrics.group_commit.observe(count)
        wake("messages")

    return committed


@asynccontextmanager
async def _running(
    gateway: Gateway, life: Life, *, with_worker: bool
) -> AsyncIterator[Callable[[str], None]]:
    """Runs the worker around the block, if there is to be one; what is given wakes it."""
    if not with_worker:
        yield lambda _kind: None
        return
    client = gateway.desk_client()
    worker = gateway.worker(client)
    running = asyncio.create_task(worker.run(life.stop))
    running.add_done_callback(partial(_ended, life))
    try:
        yield worker.wake
    finally:
        life.stop.set()
        await finish(running, within=gateway.settings.stop_within)
        await client.close()


def _ended(life: Life, running: "asyncio.Task[None]") -> None:
    """A worker that ends before it is asked to takes the process with it: a gateway that only pretends to work is worse."""
    if running.cancelled() or life.stop.is_set():
        return
    failure = running.exception() or RuntimeError("the worker ended by itself")
    log.critical("the worker failed", exc_info=failure)
    if life.failed is not None:
        life.failed(failure)


async def finish(running: "asyncio.Task[None]", *, within: float) -> None:
    """Wait so long for a worker that was asked to stop, then abandon it: leases run out and the desks are asked."""
    done, _ = await asyncio.wait({running}, timeout=within)
    if not done:
        log.warning("the worker did not finish within %s s and is abandoned", within)
        running.cancel()
        await asyncio.wait({running}, timeout=5)


def set_up_logs(gateway: Gateway) -> None:
    """Logs of this process, without the secrets that its vault opens."""
    logs.set_up(gateway.settings, gateway.vault.redaction)
