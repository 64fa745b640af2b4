"""Starts a Redmine 5 of its own through the Debian package's multi-tenancy: /var/lib/redmine/INSTANCE links to our directory.

Migrating and seeding take some 15 s, so the finished database is kept in the cache as a template and copied.
"""

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import httpx

from tests.desks.launch import leftovers
from tests.desks.launch.clock import DeskClock
from tests.desks.launch.desk import Desk
from tests.desks.launch.process import PATH, Command, DeskProcess, free_port, run
from tests.desks.launch.template import template

INSTANCES = Path("/var/lib/redmine")
PRODUCT = Path("/usr/share/redmine")
SEED = Path(__file__).with_name("redmine_seed.rb")
DATABASE = "redmine.sqlite3"
# The package's own Gemfile leaves puma out, and bundler then refuses to run it.
GEMFILE = f"eval_gemfile '{PRODUCT}/Gemfile'\ngem 'puma'\n"


@dataclass(frozen=True, kw_only=True)
class Redmine(Desk):
    """Redmine 5 with the private project `federation` and string custom fields ExternalRef, DelegateTo, Site and those of the whole table.

    Every status may follow every other. People, the keys of `keys` and `user_ids`: fedbot (service account), alice and
    bob (agents; none of the three may delete), admin (may do all). It has no webhooks. All Redmines share one template
    and therefore their keys and ids.
    """

    keys: Mapping[str, str] = field(repr=False)
    user_ids: Mapping[str, int]
    project: str
    project_id: int
    custom_fields: Mapping[str, int]
    trackers: Mapping[str, int]
    statuses: Mapping[str, int]
    closed_statuses: frozenset[str]
    priorities: Mapping[str, int]
    instance: Path

    def client(self, login: str) -> httpx.Client:
        """Speaks the REST API as that person; paths are relative to `base_url`."""
        headers = {"X-Redmine-API-Key": self.keys[login]}
        return httpx.Client(base_url=self.base_url, headers=headers, trust_env=False, timeout=30)

    @staticmethod
    def missing() -> str | None:
        """Why it cannot be started here, or None."""
        if not (PRODUCT.exists() and shutil.which("puma", path=PATH)):
            return "Redmine or puma is not installed"
        return None if os.access(INSTANCES, os.W_OK) else f"Redmine needs to write to {INSTANCES}"

    @classmethod
    def start(cls, directory: Path, name: str, *, clock: DeskClock | None = None) -> Self:
        """Copies the template into an empty `directory` and returns when the API answers: about 3 s, the first time 20 s.
        It goes by `clock`, if it is given one."""
        made = template("redmine", _build, package="redmine", sources=[Path(__file__), SEED])
        _lay(directory)
        shutil.copy(made / DATABASE, directory / DATABASE)
        seeded = json.loads((made / "seed.json").read_text())
        link = _link(directory, name)
        try:
            port = free_port()
            command = _puma(directory, link, port, seeded["keys"]["fedbot"])
            if clock is not None:
                command = replace(command, environment={**command.environment, **clock.required})
            process = DeskProcess(command)
            process.start()
        except BaseException:
            _unlink(link)
            raise
        return cls(
            name=name, directory=directory, port=port, base_url=f"http://127.0.0.1:{port}", process=process,
            keys=seeded["keys"], user_ids=seeded["users"], project="federation", project_id=seeded["project"],
            custom_fields=seeded["fields"], trackers=seeded["trackers"], statuses=seeded["statuses"],
            closed_statuses=frozenset(seeded["closed"]), priorities=seeded["priorities"], instance=link,
        )  # fmt: skip

    def stop(self) -> None:
        """Ends the server and takes the instance's link away; the data stays."""
        super().stop()
        _unlink(self.instance)

    def restart(self) -> None:
        """Same data, same port; also starts a stopped desk."""
        if not self.instance.is_symlink():
            _make_link(self.instance, self.directory)
        super().restart()


def _puma(directory: Path, link: Path, port: int, key: str) -> Command:
    """One thread: a second that waits for SQLite's lock holds Ruby's, so that the first, which has SQLite's, cannot go on;
    both then stand still for the database's whole time-out and end in 500 (seen on 5.0.4)."""
    address = f"tcp://127.0.0.1:{port}"
    return Command(
        arguments=["bundle", "exec", "puma", "-e", "production", "-b", address, "-t", "1:1", "-w", "0", "--dir", str(PRODUCT)],
        environment=_environment(directory, link.name), log=directory / "server.log",
        ready_url=f"http://127.0.0.1:{port}/users/current.json", ready_headers={"X-Redmine-API-Key": key},
    )  # fmt: skip


def _environment(directory: Path, instance: str) -> dict[str, str]:
    return {
        "PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": str(directory), "TMPDIR": str(directory / "tmp"),
        "REDMINE_INSTANCE": instance, "RAILS_ENV": "production", "RUBYOPT": "-W0",
        "BUNDLE_GEMFILE": str(directory / "Gemfile"), "BUNDLE_SILENCE_ROOT_WARNING": "1",
        "SCHEMA": "/dev/null",  # the packaged db/schema.rb cannot be written, by design
    }  # fmt: skip


def _lay(directory: Path) -> None:
    """Writes what an instance consists of, all but its database."""
    for part in ("config", "files", "log", "tmp", "public/plugin_assets"):
        (directory / part).mkdir(parents=True)
    (directory / "config/database.yml").write_text(
        f"production:\n  adapter: sqlite3\n  database: {directory}/{DATABASE}\n  timeout: 10000\n  encoding: utf8\n"
    )
    (directory / "config/secret_key.txt").write_text(secrets.token_hex(32))
    (directory / "Gemfile").write_text(GEMFILE)


def _link(directory: Path, name: str) -> Path:
    """A link under a name that no other test run on this machine has."""
    link = INSTANCES / f"interdesk-{name}-{secrets.token_hex(4)}"
    _make_link(link, directory)
    return link


def _make_link(link: Path, directory: Path) -> None:
    leftovers.remember("link", link)
    link.symlink_to(directory)


def _unlink(link: Path) -> None:
    link.unlink(missing_ok=True)
    leftovers.forget("link", link)


def _build(directory: Path) -> Path:
    """Migrates and seeds an instance in `directory`; returns the directory of what is worth keeping."""
    _lay(directory)
    link = _link(directory, "template")
    try:
        environment, log = _environment(directory, link.name), directory / "setup.log"
        rake = ["bundle", "exec", "rake", "--rakefile", str(PRODUCT / "Rakefile"), "db:migrate"]
        run(rake, environment=environment, log=log)
        runner = ["bundle", "exec", str(PRODUCT / "bin/rails"), "runner", str(SEED)]
        seeded: dict[str, Any] = json.loads(run(runner, environment=environment, log=log).splitlines()[-1])
    finally:
        _unlink(link)
    kept = directory / "template"
    kept.mkdir()
    (kept / "seed.json").write_text(json.dumps(seeded))
    shutil.move(directory / DATABASE, kept / DATABASE)
    return kept
