"""A gateway of its own process over the real desks: configured by YAML, started by the command people use."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml

from tests.desks.launch import HOOK_SECRET
from tests.desks.launch.chain import Chain

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds a change may take to show at another desk; real desks on a shared machine are slow."""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def installation(chain: Chain, links: list[dict[str, Any]], coverage: list[dict[str, Any]]) -> dict[str, Any]:
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
        "links": links,
        **({"coverage": coverage} if coverage else {}),
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
        "profile": {"defaults": {"queue": desk.project, "tracker": "Support"}},
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

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The environment of the gateway's commands."""
        chain = self.chain
        ports = {httpx.URL(desk.base_url).port for desk in (chain.customer, chain.vendor, chain.partner, chain.subcontractor)}
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

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one `interdesk` command."""
        return subprocess.run(
            [sys.executable, "-c", "from gateway.cli import main; main()", *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def apply(self, document: dict[str, Any]) -> None:
        """Configure the gateway."""
        path = self.directory / "installation.yaml"
        path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        made = self.command("migrate")
        assert made.returncode == 0, made.stdout + made.stderr
        done = self.command("apply", str(path), "--yes", "--actor", "tests")
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Run the gateway and send it the desks' webhooks."""
        log = (self.directory / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from gateway.cli import main; main()", "serve"], env=self.environment(), stdout=log, stderr=log
        )
        eventually(lambda: httpx.get(f"{self.url}/readyz").status_code in (200, 404), "the gateway is ready")
        self.chain.customer.hook_to(f"{self.url}/hooks/customer")
        self.chain.partner.hook_to(f"{self.url}/hooks/partner")
        self.chain.subcontractor.hook_to(f"{self.url}/hooks/subcontractor")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the gateway."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.stop(signal.SIGKILL)


def eventually(ask: Callable[[], T], what: str, *, patience: float = PATIENCE) -> T:
    """The first true answer; AssertionError when none comes within `patience` seconds."""
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
    raise AssertionError(f"it never came true that {what}; last seen: {last!r}")
