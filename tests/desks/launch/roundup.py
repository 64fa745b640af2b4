"""Starts a Roundup tracker of its own, from the private environment that deploy/install-desks makes."""

import base64
import json
import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import httpx

from tests.desks.launch.clock import DeskClock
from tests.desks.launch.desk import HOOK_SECRET, HookingDesk, cache, write_hook
from tests.desks.launch.process import PATH, Command, DeskFailed, DeskProcess, free_port, run

SEED = Path(__file__).with_name("roundup_seed.py")
NAMES = ("ExternalRef", "DelegateTo", "Site", "Asset", "Requester", "Parts", "Rating", "VisitFrom", "VisitUntil", "OrderNumber", "Step")  # fmt: skip
PASSWORDS = {login: f"{login}-Secret1" for login in ("fedbot", "alice", "bob", "admin")}


@dataclass(frozen=True, kw_only=True)
class Roundup(HookingDesk):
    """Roundup 2.6, classic tracker, with issue properties for our fields (NAMES, in lower case).

    People, the keys of `passwords` and `user_ids`: fedbot (service account), alice and bob (agents; none of the three
    may retire an issue), admin (may do all). All ids are strings, as on its wire. It has no private messages.
    """

    passwords: Mapping[str, str] = field(repr=False)
    user_ids: Mapping[str, str]
    custom_fields: Mapping[str, str]
    statuses: Mapping[str, str]
    priorities: Mapping[str, str]

    @property
    def rest_url(self) -> str:
        return f"{self.base_url}/rest/data"

    def client(self, login: str) -> httpx.Client:
        """Speaks REST as that person, with the two headers every write needs; paths are relative to `rest_url`."""
        return _client(self.base_url, login)

    @staticmethod
    def missing() -> str | None:
        """Why it cannot be started here, or None."""
        return None if (_programs() / "../version").exists() else "Roundup is not installed"

    @classmethod
    def start(
        cls,
        directory: Path,
        name: str,
        *,
        hook_url: str | None = None,
        hook_secret: str = HOOK_SECRET,
        clock: DeskClock | None = None,
    ) -> Self:
        """Makes tracker and people in an empty `directory`, about 2 s, and returns when REST answers. It goes by `clock`, if
        it is given one."""
        home = directory / "tracker"
        home.mkdir(parents=True)
        _check_passable(directory)
        port = free_port()
        base_url = f"http://127.0.0.1:{port}/{name}"
        write_hook(directory, hook_url, hook_secret)
        seeded = _seed(home, f"{base_url}/", name)
        _give_away(home)
        command = _server(home, name, port)
        if clock is not None:
            command = replace(command, environment={**command.environment, **clock.preloaded})
        process = DeskProcess(command)
        process.start()
        return cls(
            name=name, directory=directory, port=port, base_url=base_url, process=process, hook_secret=hook_secret,
            passwords=PASSWORDS, user_ids=seeded["users"], statuses=seeded["statuses"], priorities=seeded["priorities"],
            custom_fields={name: name.lower() for name in NAMES},
        )  # fmt: skip


def _programs() -> Path:
    return cache() / "roundup/bin"


def _client(base_url: str, login: str) -> httpx.Client:
    # A write without both is refused, 400 "Required Header Missing"; the Origin must be the tracker's own scheme and host.
    headers = {"X-Requested-With": "rest", "Origin": base_url.rpartition("/")[0]}
    return httpx.Client(
        base_url=f"{base_url}/rest/data",
        auth=(login, PASSWORDS[login]),
        headers=headers,
        trust_env=False,
        timeout=30,
    )


def _environment(directory: Path) -> dict[str, str]:
    return {"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": str(directory), "PYTHONDONTWRITEBYTECODE": "1"}


def _seed(home: Path, web: str, name: str) -> Any:
    # -P: this directory has a roundup.py too, and it is not the one the seed means.
    arguments = [str(_programs() / "python"), "-P", str(SEED), str(home), web, name]
    return json.loads(run(arguments, environment=_environment(home), log=home.parent / "setup.log"))


def _server(home: Path, name: str, port: int) -> Command:
    # The server refuses to run as root.
    drop = ["-u", "nobody", "-g", "nogroup"] if os.geteuid() == 0 else []
    credentials = base64.b64encode(f"fedbot:{PASSWORDS['fedbot']}".encode()).decode()
    return Command(
        arguments=[str(_programs() / "roundup-server"), *drop, "-n", "127.0.0.1", "-p", str(port), f"{name}={home}"],
        environment=_environment(home), log=home.parent / "server.log",
        ready_url=f"http://127.0.0.1:{port}/{name}/rest/data/issue",
        ready_headers={"Authorization": f"Basic {credentials}"},
    )  # fmt: skip


def _check_passable(directory: Path) -> None:
    """DeskFailed if nobody, as whom the server runs, cannot get into the directory, as below a private temporary one."""
    closed = [place for place in (directory, *directory.parents) if not place.stat().st_mode & stat.S_IXOTH]
    if os.geteuid() == 0 and closed:
        raise DeskFailed(
            f"Roundup runs as nobody, who may not pass {closed[-1]}; give it a directory elsewhere"
        )


def _give_away(home: Path) -> None:
    """Hands the tracker to nobody."""
    if os.geteuid() == 0:
        for path in (home, *home.rglob("*")):
            shutil.chown(path, "nobody", "nogroup")
