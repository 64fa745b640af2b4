"""What every flow is given: database, connectors, ids, chance. Wired once, in gateway.app (or by the simulator)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.connector import Connector
from gateway.domain.case import Occasion
from gateway.domain.directory import Directory
from gateway.domain.model import Desk
from gateway.registry import Registry
from gateway.store import directory as directory_store
from gateway.store.db import Database, Db, beyond
from gateway.store.directory import OpenSecret
from gateway.store.scope import Scope

OPERATOR = Scope.operator()


@dataclass(kw_only=True)
class Context:
    """`new_id(prefix)` makes an id; `jitter()` gives −1…1."""

    database: Database
    registry: Registry
    new_id: Callable[[str], str]
    jitter: Callable[[], float]
    open_secret: OpenSecret | None = None
    seal_secret: OpenSecret | None = None
    """Its opposite; None where nothing can be kept."""
    _directory: Directory = field(default_factory=lambda: Directory(version=-1))

    def directory(self, db: Db) -> Directory:
        """The directory as of now, whole also in a transaction for a scope; read again only when its version has grown."""
        with beyond(db):
            return self._as_of(db, directory_store.version(db))

    def _as_of(self, db: Db, version: int) -> Directory:
        known = self._directory  # another thread may put another one there at any time
        if version != known.version:
            self._directory = known = directory_store.load(
                db, OPERATOR, manifest_of=self.registry.manifest, open_secret=self.open_secret
            )
        return known

    def occasion(self, db: Db, now: datetime) -> Occasion:
        """The circumstances of a judgement at `now`."""
        with beyond(db):
            version, restored_at = directory_store.stamps(db)
            directory = self._as_of(db, version)
        return Occasion(directory=directory, now=now, new_id=self.new_id, restored_at=restored_at)

    @property
    def directory_now(self) -> Directory:
        """The directory as last read, without asking the database."""
        return self._directory

    def use(self, directory: Directory) -> None:
        """Start with this directory; it is read anew when the store has another version."""
        self._directory = directory

    def connector(self, desk: Desk) -> Connector:
        """The connector of a desk."""
        return self.registry.connector(desk.connector)

    def shown(self, desk: Desk, text: str) -> str:
        """A comment of ours as the desk will show it."""
        return self.connector(desk).normalised("comment", text, desk) or ""
