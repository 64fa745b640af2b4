"""A storm in whose midst a backup is made, and put back two hours and more later: what happened since is known at the desks
only (D10). Files have names by their bytes and are never lost with a database, so here they stay."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.flows.commands import Order
from gateway.flows.restored import doubt_everything
from gateway.store.scratch import Image, kept, put_back
from gateway.testing.simulator.play import WORKERS, Play, Script

LATER = timedelta(hours=2)
PARTS = 3
"""What people do is shared out: before the backup, after it and lost to it, after the restore."""


RESTORE = Script(acts=120, restores=True)


@dataclass(kw_only=True)
class RestoredPlay(Play):
    """As any history; commands of people to the gateway itself are not given in between, for no desk knows of them."""

    backup: Image | None = None

    def _storm(self) -> None:
        whole = self.script
        self.script = replace(whole, acts=whole.acts // PARTS)
        super()._storm()
        self.backup, made_at = kept(self.hub.database), self.hub.clock.now
        self._tell("a backup is made")
        super()._storm()
        self._until(made_at + LATER)
        self._put_back(self.backup)
        super()._storm()
        self.script = whole

    def _until(self, end: datetime) -> None:
        """The work goes on with nobody acting."""
        while self.hub.clock.now < end:
            self._deliver_hooks()
            self._turns()
            self.hub.clock.advance(timedelta(minutes=self.random.uniform(0, 5)))

    def _put_back(self, backup: Image) -> None:
        """All processes are new; what was on its way to us may still come."""
        put_back(self.hub.database, backup)
        self.backup = None
        self.paused.clear()
        self.workers = [self.hub.new_worker(f"restored{number}") for number in range(WORKERS)]
        order = Order(actor="operator", now=self.hub.now, reason="simulated")
        done = doubt_everything(self.hub.context, order)
        self.post.met["backups put back"] += 1
        self.post.met["deliveries in doubt after it"] += done.deliveries
        self._tell(f"the backup is put back: {done}")

    def _command(self) -> None:
        if self.backup is None:
            super()._command()
