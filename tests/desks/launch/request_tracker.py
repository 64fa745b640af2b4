"""Starts a Request Tracker 5 of its own: its directory, its SQLite, its port. The packaged configuration is not used.

Making and seeding a database takes some 5 s, so it is kept in the cache, one for each name: two desks never share a token.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

import httpx

from tests.desks.launch.clock import DeskClock
from tests.desks.launch.desk import HOOK_SECRET, HookingDesk, write_hook
from tests.desks.launch.process import PATH, Command, DeskProcess, free_port, run
from tests.desks.launch.template import template

SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
SETUP = "rt-setup-database-5"
SEED = Path(__file__).with_name("request_tracker_seed.pl")

DATABASE = "rt.sqlite3"

SITE_CONFIG = """\
Set($rtname, '{name}.test'); Set($Organization, '{name}.test');
Set($CorrespondAddress, 'rt@{name}.test'); Set($CommentAddress, 'rt-comment@{name}.test');
Set($WebDomain, '127.0.0.1'); Set($WebPort, {port}); Set($WebPath, ''); Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($DatabaseType, 'SQLite'); Set($DatabaseName, '{directory}/rt.sqlite3');
Set($DatabaseUser, ''); Set($DatabasePassword, ''); Set($DatabaseHost, '');
Set($Timezone, 'UTC'); Set($LogToSyslog, undef); Set($LogToSTDERR, 'warning'); Set($LogToFile, undef);
Set($MailCommand, 'testfile'); Set($WebSecureCookies, 0); Set($RestrictReferrer, 0);
Set($BcryptCost, 4);  # RT hashes the token of every request: 0.4 s of pure waiting at the default 12
Set($WebSessionClass, 'Apache::Session::File');
$RT::MasonDataDir = '{directory}/mason'; $RT::MasonSessionDir = '{directory}/session'; $RT::VarPath = '{directory}';
1;
"""


@dataclass(frozen=True, kw_only=True)
class RequestTracker(HookingDesk):
    """RT 5 with the queue Federation and text custom fields ExternalRef, DelegateTo, Site and those of the whole table.

    People, the keys of `tokens` and `user_ids`: fedbot (service account), alice and bob (agents; none of the three may
    delete), cust1 (unprivileged requester, cust1@example.test), root (may do all).
    """

    tokens: Mapping[str, str] = field(repr=False)
    user_ids: Mapping[str, int]
    queue: str
    queue_id: int
    custom_fields: Mapping[str, int]

    @property
    def rest_url(self) -> str:
        return f"{self.base_url}/REST/2.0"

    def client(self, login: str) -> httpx.Client:
        """Speaks REST2 as that person; paths are relative to `rest_url`."""
        headers = {"Authorization": f"token {self.tokens[login]}"}
        return httpx.Client(base_url=self.rest_url, headers=headers, trust_env=False, timeout=30)

    @staticmethod
    def missing() -> str | None:
        """Why it cannot be started here, or None."""
        return (
            None
            if SERVER.exists() and shutil.which(SETUP, path=PATH)
            else "Request Tracker 5 is not installed"
        )

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
        """Copies the name's template into an empty `directory` and returns when REST2 answers: 2 s, the first time 6 s.
        It goes by `clock`, if it is given one."""
        build = partial(_build, name=name)
        made = template(f"rt-{name}", build, package="request-tracker5", sources=[Path(__file__), SEED])
        port = free_port()
        environment = {**_lay(directory, name, port), **(clock.preloaded if clock else {})}
        shutil.copy(made / DATABASE, directory / DATABASE)
        seeded = json.loads((made / "seed.json").read_text())
        write_hook(directory, hook_url, hook_secret)
        base_url = f"http://127.0.0.1:{port}"
        ready = {"Authorization": f"token {seeded['tokens']['fedbot']}"}
        # Two workers: with one, a receiver that reads the ticket back waits for the request that called it.
        server = [
            "perl",
            str(SERVER),
            "--server",
            "Starlet",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--max-workers",
            "2",
        ]
        process = DeskProcess(Command(
            arguments=server, environment=environment, log=directory / "server.log",
            ready_url=f"{base_url}/REST/2.0/rt", ready_headers=ready,
        ))  # fmt: skip
        process.start()
        return cls(
            name=name,
            directory=directory,
            port=port,
            base_url=base_url,
            process=process,
            hook_secret=hook_secret,
            tokens=seeded["tokens"],
            user_ids=seeded["users"],
            queue="Federation",
            queue_id=seeded["queue"],
            custom_fields=seeded["fields"],
        )


def _lay(directory: Path, name: str, port: int) -> dict[str, str]:
    """Writes the site's configuration; returns the environment that points RT at it."""
    for part in ("mason", "session", "site.d", "tmp"):
        (directory / part).mkdir(parents=True)
    config = directory / "RT_SiteConfig.pm"
    config.write_text(
        SITE_CONFIG.replace("{name}", name)
        .replace("{port}", str(port))
        .replace("{directory}", str(directory))
    )
    return {
        "PATH": PATH,
        "LC_ALL": "C.UTF-8",
        "HOME": str(directory),
        "TMPDIR": str(directory / "tmp"),
        "RT_SITE_CONFIG": str(config),
        "RT_SITE_CONFIG_DIR": str(directory / "site.d"),
        "FEDERATION_HOOK": str(directory / "hook.json"),
    }


def _build(directory: Path, *, name: str) -> Path:
    """Makes and seeds a database in `directory`; returns the directory of what is worth keeping."""
    environment, log = _lay(directory, name, 0), directory / "setup.log"
    password = directory / "root-password"
    password.write_text("root-Secret1\n")
    setup = [
        SETUP,
        "--action",
        "init",
        "--dba",
        "",
        "--dba-password",
        "",
        "--root-password-file",
        str(password),
    ]
    run(setup, environment=environment, log=log)
    seeded = run(["perl", str(SEED), name], environment=environment, log=log)
    kept = directory / "template"
    kept.mkdir()
    (kept / "seed.json").write_text(seeded)
    shutil.move(directory / DATABASE, kept / DATABASE)
    return kept
