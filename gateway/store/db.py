"""Opening the database and its transactions: SQLite (WAL, every commit on disk) or PostgreSQL. No query lives here."""

import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import StaticPool

from gateway.errors import ConfigError
from gateway.store.scope import Scope

Db = Connection
"""What store functions take as their first argument: a connection inside the caller's transaction."""

TOLD = text(
    "SELECT obj_description(oid, 'pg_policy') FROM pg_policy"
    " WHERE polname = 'tenant' AND polrelid = 'organization'::regclass"
)
"""Which role serves organizations, and which lock that is: said where copying and emptying tables leave it. `tenancy` writes it."""
ORGANIZATIONS = "interdesk.organizations"
"""The setting that its policies read."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=30000",
    "PRAGMA wal_autocheckpoint=8000",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-65536",
)


PAUSED_SECONDS = 20
"""A transaction whose process is silent for so long in its middle is rolled back by PostgreSQL: a paused process must not
stop all others with the rows it has locked. It finds its connection closed and starts anew."""

TRANSACTION_SECONDS = 60
"""No transaction but an operator's takes longer. From PostgreSQL 17 on the server sees to it, and with that ends also what
was paused in the middle of a pipeline, where it does not count as idle."""

_TRANSACTION_TIMEOUT_SINCE = 17

TRUSTED_SECONDS = 1.0
"""A connection that rested for less is taken as it is; after more the server is asked first whether it is still there. Asking
each time was every sixth way to it."""

_RESTS = "rests since"

_PEER: Mapping[str, int] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""For libpq: a server that vanished without a word (its host lost power, a fail-over) is noticed within half a minute."""


_OPERATOR = Scope.operator()


class Database:
    """One database. `write()` is a transaction that may change things, `read()` one that does not. On PostgreSQL one that is
    opened for a scope touches nothing else, whatever its statements say; `beyond` is the only way round."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite(url) if self.is_sqlite else _postgres(url, pool_size)
        # SQLite has one writer; queueing here is fair and costs no busy-waiting.
        self._writer: Any = threading.RLock() if self.is_sqlite else nullcontext()
        self._kept: list[Connection] = []
        self._open: Connection | None = None
        self._role: str | None = None
        # One that nobody closes and everybody has forgotten takes its connections with it, in good order.
        weakref.finalize(self, _let_go, self.engine, self._kept).atexit = False

    @contextmanager
    def write(self, scope: Scope = _OPERATOR, *, slow: bool = False) -> Iterator[Db]:
        """A transaction that commits at the end of the block and rolls back on any exception. `slow`: it may take as long
        as it takes (a migration, a big configuration)."""
        with self._writer, self._writing() as db, db.begin():
            if slow and not self.is_sqlite and _ends_transactions(db):
                db.exec_driver_sql("SET LOCAL transaction_timeout = 0")
            self._confine(db, scope)
            yield db

    def _writing(self) -> AbstractContextManager[Db]:
        """SQLite's one writer keeps its connection: what it has read stays in its memory, as nobody else writes, and a
        small transaction costs a third."""
        if not self.is_sqlite:
            return self.engine.connect()
        if not self._kept:
            self._kept.append(self.engine.connect())
        return nullcontext(self._kept[0])

    @contextmanager
    def read(self, scope: Scope = _OPERATOR) -> Iterator[Db]:
        """A transaction for reading. It ends with a commit: at every rollback the driver for PostgreSQL forgets the statements
        that it has prepared. There the server sees to it that nothing was written."""
        if self._in_memory:
            with self._writer, self._reading_in_memory() as db:
                yield db
            return
        with self._begun() as db:
            self._confine(db, scope)
            yield db

    @contextmanager
    def _begun(self) -> Iterator[Db]:
        options = {"reading": True, "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as db, db.begin():
            yield db

    @contextmanager
    def _reading_in_memory(self) -> Iterator[Db]:
        """There is one connection there: who reads within a transaction reads within that one."""
        writing = next((one for one in self._kept if one.in_transaction()), None)
        if outer := self._open or writing:
            yield outer
            return
        with self._begun() as db:
            self._open = db
            try:
                yield db
            finally:
                self._open = None

    def _confine(self, db: Db, scope: Scope) -> None:
        """From here on only what is the scope's. The operator and workers own the tables and are what they are."""
        if self.is_sqlite or scope.org_ids is None:
            return
        role = self._tenant_role(db)
        values = {"role": role, "name": ORGANIZATIONS, "orgs": ",".join(sorted(scope.org_ids))}
        db.execute(_CONFINE, values)
        db.execution_options(tenant=role)

    def _tenant_role(self, db: Db) -> str:
        if self._role is None:
            told = db.execute(TOLD).scalar()
            if not told:
                raise ConfigError("row-level security is not in place", cure="run interdesk migrate")
            self._role = str(told).partition(" ")[0]
        return self._role

    @property
    def _in_memory(self) -> bool:
        return self.is_sqlite and self.engine.url.database in (None, "", ":memory:")

    def close(self) -> None:
        """Give all connections back."""
        with self._writer:
            _let_go(self.engine, self._kept)


def _let_go(engine: Engine, kept: list[Connection]) -> None:
    while kept:
        kept.pop().close()
    engine.dispose()


_CONFINE = text("SELECT set_config(:name, :orgs, true), set_config('role', :role, true)")
_AS = text("SELECT set_config('role', :role, true)")
_IN_TRANSACTION = 2
"""What libpq calls a transaction in which no statement has failed."""


@contextmanager
def beyond(db: Db) -> Iterator[Db]:
    """Within the block as the installation itself, in a transaction for a scope: for what the scope may know of others, such
    as how a neighbour's assignment stands. Whoever uses it answers for what is shown; tests list the places."""
    role = db.get_execution_options().get("tenant")
    if role is None:
        yield db
        return
    db.execute(_AS, {"role": "none"})
    db.execution_options(tenant=None)  # a block within this one ends without taking the role back
    try:
        yield db
    finally:
        db.execution_options(tenant=role)
        if db.connection.driver_connection.info.transaction_status == _IN_TRANSACTION:  # type: ignore[union-attr]
            db.execute(_AS, {"role": role})


def _sqlite(url: str) -> Engine:
    memory = url in ("sqlite://", "sqlite:///:memory:")
    options: dict[str, Any] = {"poolclass": StaticPool} if memory else {}
    engine = create_engine(
        url, connect_args={"check_same_thread": False, "timeout": 30}, hide_parameters=True, **options
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE: a transaction that reads first and writes later must not find that another has written.
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _postgres(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_use_lifo=True,  # the few that are needed stay warm
        hide_parameters=True,  # what people wrote stands in no log, not even when a statement fails
        connect_args=patience(url),
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = '{PAUSED_SECONDS:d}s'")
        if connection.info.server_version >= _TRANSACTION_TIMEOUT_SINCE * 10_000:
            connection.execute(f"SET transaction_timeout = '{TRANSACTION_SECONDS:d}s'")
        connection.commit()

    @event.listens_for(engine, "checkin")
    def _rest(_connection: Any, record: Any) -> None:
        record.info[_RESTS] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _look_for_life(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get(_RESTS, time.monotonic()) < TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError("the server went away") from error  # a new connection is tried

    return engine


def patience(url: str) -> dict[str, Any]:
    """How long a connection waits for a silent server, as far as the address itself does not say."""
    said = make_url(url).query
    return {name: value for name, value in _PEER.items() if name not in said}


def _ends_transactions(db: Db) -> bool:
    return (db.dialect.server_version_info or (0,)) >= (_TRANSACTION_TIMEOUT_SINCE,)
