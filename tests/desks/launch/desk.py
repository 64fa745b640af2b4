"""What all three real desks have in common for a test: an address, a process, a webhook target."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from tests.desks.launch.process import DeskProcess

HOOK_SECRET = "federation-hook-secret-of-the-tests-only"


def cache() -> Path:
    """Where deploy/install-desks keeps what takes long to make."""
    return Path(os.environ.get("INTERDESK_DESK_CACHE", "/var/cache/interdesk"))


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A real desk that runs. The directory holds its database, its files and its logs."""

    name: str
    directory: Path
    port: int
    base_url: str
    process: DeskProcess = field(repr=False)

    def stop(self) -> None:
        """Ends the server; the data stays."""
        self.process.stop()

    def pause(self) -> None:
        """The desk takes connections and does not answer, until `resume`."""
        self.process.pause()

    def resume(self) -> None:
        self.process.resume()

    def restart(self) -> None:
        """Same data, same port; also starts a stopped desk."""
        self.process.restart()


@dataclass(frozen=True, kw_only=True)
class HookingDesk(Desk):
    """A desk that posts its changes to a webhook, signed with HMAC-SHA256 over the body."""

    hook_secret: str = field(repr=False, default=HOOK_SECRET)

    def hook_to(self, url: str | None) -> None:
        """From the next change on the desk posts to `url`; None silences it. No restart is needed."""
        write_hook(self.directory, url, self.hook_secret)


def write_hook(directory: Path, url: str | None, secret: str) -> Path:
    """Replaces the file that the desk's webhook code reads at every call."""
    fresh, hook = directory / "hook.json.new", directory / "hook.json"
    fresh.write_text(json.dumps({"url": url, "secret": secret}))
    fresh.chmod(0o644)  # Roundup reads it as nobody
    fresh.replace(hook)
    return hook
