"""A gateway of its own process over the real desks: configured by YAML, started by the command people use."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import yaml
from typer.testing import CliRunner

from gateway.cli import app
from tests.desks.launch import HOOK_SECRET, HookingDesk
from tests.desks.launch.chain import Chain
from tests.desks.launch.process import free_port

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds a change may take to show at another desk; real desks on a shared machine are slow."""


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


_QUICK = {"allow_private_network": True, "poll_every": "1s", "refetch_every": "20s", "settle_window": "3s"}


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


@dataclass(kw_only=True)
class House:
    """The gateway's process. `apply` configures it, `start` runs it, `kill` is kill -9."""

    directory: Path
    chain: Chain
    port: int = field(default_factory=free_port)
    extra: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    key: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The environment of the gateway's commands."""
        chain = self.chain
        ports = {
            httpx.URL(desk.base_url).port
            for desk in (chain.customer, chain.vendor, chain.partner, chain.subcontractor)
        }
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
            **self.extra,
        }  # fmt: skip

    def command(self, *words: str) -> str:
        """What one `interdesk` command prints. It runs in this process, beside the gateway's own."""
        ran = CliRunner().invoke(app, [*words], env=self.environment(), catch_exceptions=False)
        assert ran.exit_code == 0, f"{words}: {ran.output}{ran.stderr}"
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

    def quiet(self) -> None:
        """Waits until nothing is on its way to any desk."""
        states = "&".join(f"state={state}" for state in ("pending", "inflight", "ambiguous", "asking"))
        eventually(
            lambda: not self.told(f"/v1/deliveries?{states}")["deliveries"], "everything is delivered",
            show=lambda: self.told(f"/v1/deliveries?{states}"),
        )  # fmt: skip

    def start(self) -> None:
        """Run the gateway and send it the desks' webhooks."""
        serve = [sys.executable, "-c", "from gateway.cli import main; main()", "serve"]
        with (self.directory / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(serve, env=self.environment(), stdout=log, stderr=log)
        eventually(lambda: httpx.get(f"{self.url}/readyz").status_code in (200, 404), "the gateway is ready")
        for name, desk in self._hooking.items():
            desk.hook_to(f"{self.url}/hooks/{name}")

    @contextmanager
    def at_work(self) -> Iterator[Self]:
        """Runs within the block; the desks send it their webhooks as long."""
        try:
            self.start()
            yield self
        finally:
            self.stop()
            for desk in self._hooking.values():
                desk.hook_to(None)

    @property
    def _hooking(self) -> Mapping[str, HookingDesk]:
        chain = self.chain
        return {"customer": chain.customer, "partner": chain.partner, "subcontractor": chain.subcontractor}

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Frozen within the block: it takes no webhook and looks at nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def keeps(self, word: str) -> bool:
        """Whether a word stands anywhere in the gateway's data."""
        files = [path for path in (self.directory / "data").rglob("*") if path.is_file()]
        return any(word.encode() in path.read_bytes() for path in files)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the gateway."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.stop(signal.SIGKILL)


def eventually(
    ask: Callable[[], T], what: str, *, patience: float = PATIENCE, show: Callable[[], object] | None = None
) -> T:
    """The first true answer; AssertionError, with what `show` tells, when none comes within `patience` seconds."""
    deadline = time.monotonic() + patience
    last: Any = None
    while time.monotonic() < deadline:
        try:
            last = ask()
        except httpx.TransportError as error:
            last = error
        if last and not isinstance(last, Exception):
            return last
        time.sleep(0.2)
    raise AssertionError(f"it never came true that {what}; last seen: {show() if show else last!r}")
