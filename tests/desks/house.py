"""A gateway of its own process over the real desks: configured by YAML, started by the command people use."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import yaml
from typer.testing import CliRunner

from gateway import failpoints
from gateway.cli import app
from tests import witness
from tests.cluster import hurried
from tests.cluster.birth import HURRIED, PLAIN, Forked
from tests.cluster.process import ROOT, Process
from tests.desks import dated
from tests.desks.launch import HOOK_SECRET, HookingDesk
from tests.desks.launch.chain import Chain
from tests.desks.launch.process import free_port

T = TypeVar("T")
PATIENCE = 240.0
"""Seconds a change may take to show at another desk: real desks on a busy machine are slow, and waiting ends when it is there."""


def installation(
    chain: Chain, links: Sequence[Mapping[str, Any]], coverage: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """The installation document of customer(RT) → vendor(Redmine) → partner(RT) → subcontractor(Roundup)."""
    names = ("customer", "vendor", "partner", "subcontractor")
    return {
        "organizations": [{"code": name, "name": name.title()} for name in names],
        "sites": [
            {"organization": "customer", "code": "MI-001", "name": "Milano", "zone": "Europe/Rome", "country": "IT", "group": "north"},
        ],
        "desks": [
            _rt("customer", chain.customer),
            _redmine("vendor", chain.vendor),
            _rt("partner", chain.partner),
            _roundup("subcontractor", chain.subcontractor),
        ],
        "links": [dict(link) for link in links],
        **({"coverage": [dict(row) for row in coverage]} if coverage else {}),
    }  # fmt: skip


_QUICK = {"allow_private_network": True, "poll_every": "3s", "refetch_every": "5m", "settle_window": "3s"}
"""A poll costs a real desk a tenth to half a second of work, and reads its last two minutes again each time."""


def desk_in(document: dict[str, Any], code: str) -> dict[str, Any]:
    """A desk's part of an installation document, to be changed."""
    [found] = [desk for desk in document["desks"] if desk["code"] == code]
    desk: dict[str, Any] = found
    return desk


def _rt(code: str, desk: Any) -> dict[str, Any]:
    return {
        "code": code,
        "organization": code,
        "connector": "request_tracker",
        "base_url": desk.base_url,
        "account": "fedbot",
        "settings": {
            "queue": desk.queue,
            "custom_fields": {"marker": "ExternalRef", "delegate": "DelegateTo", "site": "Site"},
        },
        "credentials": {"kind": "header", "secret": {"env": f"SECRET_{code.upper()}"}},
        "hook": {"secrets": [{"env": "SECRET_HOOK"}]},
        **_QUICK,
    }


def _redmine(code: str, desk: Any) -> dict[str, Any]:
    fields = desk.custom_fields
    return {
        "code": code,
        "organization": code,
        "connector": "redmine",
        "base_url": desk.base_url,
        "account": str(desk.user_ids["fedbot"]),
        "settings": {
            "custom_fields": {
                "marker": fields["ExternalRef"],
                "delegate": fields["DelegateTo"],
                "site": fields["Site"],
            },
            "project_ids": {desk.project: desk.project_id},
        },
        "credentials": {"kind": "header", "secret": {"env": f"SECRET_{code.upper()}"}},
        "profile": {
            "statuses": {
                "New": "acknowledged",
                "In Progress": "in_progress",
                "Feedback": {"status": "pending", "reason": "requester_info"},
                "Waiting": {"status": "held", "reason": "other"},
                "Resolved": "resolved",
                "Closed": "closed",
                "Rejected": "rejected",
            },
            "to_verify": "Waiting",
            "defaults": {"queue": desk.project, "tracker": "Support"},
        },
        **_QUICK,
    }


def _roundup(code: str, desk: Any) -> dict[str, Any]:
    return {
        "code": code,
        "organization": code,
        "connector": "roundup",
        "base_url": desk.base_url,
        "account": "fedbot",
        "settings": {"properties": {"marker": "externalref", "delegate": "delegateto", "site": "site"}},
        "credentials": {"kind": "basic", "user": "fedbot", "secret": {"env": f"SECRET_{code.upper()}"}},
        "hook": {"secrets": [{"env": "SECRET_HOOK"}]},
        **_QUICK,
    }


HOOKING = ("customer", "partner", "subcontractor")
"""Redmine has no webhooks."""


@dataclass(kw_only=True)
class House:
    """The gateway's process. `hurry`: its leases run out after `lease` seconds, while a test can wait. `hooks`: the desks call it. `proxies`:
    ports through which it may reach them. `clock`: the file it reads the time from (tests.desks.dated)."""

    directory: Path
    chain: Chain
    hurry: bool = False
    lease: float = 12
    hooks: bool = True
    proxies: Collection[int] = ()
    clock: Path | None = None
    port: int = field(default_factory=free_port)
    key: str = ""

    def __post_init__(self) -> None:
        witness.watch(self.directory / "data")
        kind = Process if self.clock else Forked
        self.process = kind(
            name="gateway",
            arguments=(*self._interdesk, "serve"),
            environment={},
            log=self.directory / "serve.log",
        )

    @property
    def _interdesk(self) -> tuple[str, ...]:
        """What follows `python` for the command people use."""
        if self.clock is not None:
            return ("-m", "tests.desks.dated")
        return HURRIED if self.hurry else PLAIN

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The environment of the gateway's commands."""
        chain = self.chain
        desks = (chain.customer, chain.vendor, chain.partner, chain.subcontractor)
        ports = {*(desk.port for desk in desks), *self.proxies}
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("INTERDESK_")},
            "INTERDESK_DATA_DIR": str(self.directory / "data"),
            "INTERDESK_PORT": str(self.port),
            "INTERDESK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "INTERDESK_ALLOWED_PORTS": ",".join(str(port) for port in sorted(ports)),
            "SECRET_CUSTOMER": chain.customer.tokens["fedbot"],
            "SECRET_VENDOR": chain.vendor.keys["fedbot"],
            "SECRET_PARTNER": chain.partner.tokens["fedbot"],
            "SECRET_SUBCONTRACTOR": chain.subcontractor.passwords["fedbot"],
            "SECRET_HOOK": HOOK_SECRET,
            **(self._hurried() if self.hurry else {}),
            **({dated.VARIABLE: str(self.clock)} if self.clock else {}),
        }  # fmt: skip

    def _hurried(self) -> dict[str, str]:
        """An exchange ends before its lease does, with what a write must have left."""
        spare = hurried.SPARE_LEASE.total_seconds()
        return {hurried.VARIABLE: str(self.lease), "INTERDESK_DESK_DEADLINE": str(self.lease - spare)}

    def command(self, *words: str) -> str:
        """What one `interdesk` command prints. It runs in this process, beside the gateway's own; where time is told by a
        file, in one of its own."""
        if self.clock is not None:
            return self._own_command(*words)
        ran = CliRunner().invoke(app, [*words], env=self.environment(), catch_exceptions=False)
        assert ran.exit_code == 0, f"{words}: {ran.output}{ran.stderr}"
        return ran.stdout

    def _own_command(self, *words: str) -> str:
        call = [sys.executable, *self._interdesk, *words]
        ran = subprocess.run(
            call, env=self.environment(), cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"{words}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def apply(self, document: dict[str, Any]) -> None:
        """Configure the gateway."""
        path = self.directory / "installation.yaml"
        path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        self.command("apply", str(path), "--yes", "--actor", "tests")

    def told(self, path: str) -> Any:
        """What the gateway's own API answers an operator."""
        if not self.key:
            self.key = json.loads(self.command("keys", "create", "tests", "--actor", "tests", "--json"))[
                "key"
            ]
        answer = httpx.get(f"{self.url}{path}", headers={"Authorization": f"Bearer {self.key}"}, timeout=30)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def story(self, desk: str, remote_id: str) -> dict[str, Any]:
        """The ticket that stands at a desk under that id: its assignments (hops) and events."""
        for ticket in self.told("/v1/tickets?limit=200")["tickets"]:
            if any(hop["desk"] == desk and hop["number"] == remote_id for hop in ticket["hops"]):
                story: dict[str, Any] = self.told(f"/v1/tickets/{ticket['id']}")
                return story
        raise AssertionError(f"the gateway knows no ticket {remote_id} at the {desk}'s desk")

    def quiet(self, *, patience: float = PATIENCE) -> None:
        """Waits until nothing is on its way to any desk."""
        eventually(
            lambda: not self.under_way(), "everything is delivered", patience=patience, show=self.under_way
        )

    def tries_in_vain(self, desks: Collection[str]) -> None:
        """Waits until it has tried each of these desks, and everything for them still waits."""

        def tried() -> set[str]:
            return {one["desk"] for one in self.under_way() if one["error"]}

        eventually(lambda: tried() >= set(desks), f"it tries {desks} in vain", show=self.under_way)

    def under_way(self) -> list[dict[str, Any]]:
        """What is to be delivered: desk, kind, state, attempts, what went wrong."""
        states = "&".join(f"state={state}" for state in ("pending", "inflight", "ambiguous", "asking"))
        parts = ("desk", "seq", "kind", "state", "attempts", "error")
        told = self.told(f"/v1/deliveries?limit=200&{states}")["deliveries"]
        return [{part: one[part] for part in parts} for one in told]

    def start(self, failpoint: str = "") -> None:
        """Run the gateway; returns when it is ready."""
        self.launch(failpoint)
        self.is_up()

    def launch(self, failpoint: str = "") -> None:
        """Run the gateway, to kill itself at `failpoint` (step:nth) if one is given."""
        armed = {failpoints.VARIABLE: failpoint} if failpoint else {}
        self.process.environment = {**self.environment(), **armed}
        self.process.start()

    def is_up(self) -> None:
        """Waits until it is ready; from then on the desks send it their webhooks."""
        eventually(
            self._is_ready,
            "the gateway is ready",
            patience=2 * PATIENCE,
            show=lambda: self.process.said[-3000:],
        )
        for name in HOOKING if self.hooks else ():
            self.hook(name, f"{self.url}/hooks/{name}")

    def has_looked(self) -> None:
        """Waits until it has polled every desk once: where webhooks are off, a ticket counts as new only from then on."""

        def never() -> list[str]:
            desks = [json.loads(line) for line in self.command("desks", "list", "--json").splitlines()]
            return [desk["code"] for desk in desks if not desk["polled_at"]]

        eventually(lambda: not never(), "every desk has been polled", show=never)

    def hook(self, desk: str, url: str | None) -> None:
        """From now on that desk sends its webhooks there, or none."""
        hooking = getattr(self.chain, desk)
        assert isinstance(hooking, HookingDesk)
        hooking.hook_to(url)

    def _is_ready(self) -> bool:
        running = self.process.running
        assert running is not None
        if running.poll() is not None:
            raise AssertionError(f"the gateway ended with {running.returncode}: {self.process.said[-3000:]}")
        return httpx.get(f"{self.url}/readyz").status_code == 200

    @contextmanager
    def at_work(self) -> Iterator[Self]:
        """Runs within the block; nothing of it is left afterwards."""
        try:
            self.start()
            yield self
            self.end()
        finally:
            self.process.discard()
            for name in HOOKING if self.hooks else ():
                self.hook(name, None)

    def end(self) -> None:
        """Asks it to end, and waits until it has; AssertionError if it fails."""
        self.process.ask_to_end()
        assert self.process.ended() == 0, self.process.said[-3000:]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Frozen within the block: it takes no webhook and looks at nothing."""
        self.process.pause()
        try:
            yield
        finally:
            self.process.resume()

    def dies(self, *, patience: float = PATIENCE) -> None:
        """Waits until the gateway has killed itself at its failpoint."""
        running = self.process.running
        assert running is not None
        armed = self.process.environment.get(failpoints.VARIABLE, "nothing")
        eventually(
            lambda: running.poll() is not None,
            f"the gateway dies at {armed}",
            patience=patience,
            show=lambda: (self.process.said[-3000:], self.under_way()),
        )
        assert running.returncode == -signal.SIGKILL, self.process.said[-3000:]

    def keeps(self, word: str) -> bool:
        """Whether a word stands anywhere in the gateway's data."""
        files = [path for path in (self.directory / "data").rglob("*") if path.is_file()]
        return any(word.encode() in path.read_bytes() for path in files)


SOON, SELDOM = 0.15, 0.8
"""Seconds between two looks of one who waits, at first and at last."""


def eventually(
    ask: Callable[[], T], what: str, *, patience: float = PATIENCE, show: Callable[[], object] | None = None
) -> T:
    """The first true answer; AssertionError, with what `show` tells, when none comes within `patience` seconds."""
    deadline, pause = time.monotonic() + patience, SOON
    last: Any = None
    while (asked_at := time.monotonic()) < deadline:
        try:
            found = ask()
        except httpx.TransportError as error:
            last = error
        else:
            if found:
                return found
            last = found
        # More and more seldom, and never more than a third of the time: a desk that is slow to answer has the more left for
        # what is waited for.
        time.sleep(max(pause, 2 * (time.monotonic() - asked_at)))
        pause = min(1.3 * pause, SELDOM)
    raise AssertionError(f"it never came true that {what}; last seen: {show() if show else last!r}")
