"""The second lock of PostgreSQL holds where the first is broken: a statement that forgot its WHERE reads and writes nothing of
others'. A table without a policy fails here."""

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Table, insert, select, text, true
from sqlalchemy.exc import DBAPIError

from gateway.app import Gateway
from gateway.errors import ConfigError
from gateway.store import migrate, rows, schema, tenancy, views
from gateway.store.db import Database, Db, beyond
from gateway.store.scope import Scope
from tests.api import house
from tests.api.house import Chain
from tests.postgres import PostgresServer

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def town(
    postgres_server: PostgresServer, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Gateway, Chain]]:
    """Two organizations with a ticket that passes between them, a line of audit, and a key each."""
    folder = tmp_path_factory.mktemp("town")
    with (
        postgres_server.database("tenancy", template=postgres_template) as url,
        house.installed(folder, url=url) as gateway,
    ):
        chain = house.open_chain(gateway)
        for code in ("north", "south"):
            house.key(gateway, code)
        yield gateway, chain


def org(gateway: Gateway, code: str) -> str:
    return house._org(gateway, code)


def count(db: Db, table: Table) -> int:
    return len(db.execute(select(*table.primary_key.columns)).all())


def test_every_table_has_a_policy_or_a_reason() -> None:
    names = {table.name for table in schema.every_table()}
    assert tenancy.policies().keys() == names - tenancy.EXEMPT.keys()
    assert {*tenancy.SEEN, *tenancy.EXEMPT, *tenancy.READ_ONLY, *tenancy.ADDED_TO} <= names
    assert all(tenancy.EXEMPT.values())


def test_a_table_without_an_owner_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenancy, "EXEMPT", {})
    with pytest.raises(ValueError, match="meta has no org_id"):
        tenancy.policies()


def test_a_statement_without_its_where_reads_nothing_of_others(town: tuple[Gateway, Chain]) -> None:
    gateway, _ = town
    south, others = org(gateway, "south"), {org(gateway, "north"), "operator"}
    seen = {}
    with gateway.database.read(Scope.of(south)) as db:
        for table in schema.every_table():
            if table.name in {*tenancy.EXEMPT, *tenancy.SEEN}:
                continue
            owners = set(db.execute(select(table.c.org_id)).scalars())
            assert not owners & others, table.name
            seen[table.name] = owners
    with gateway.database.read() as db:
        everyone = {table.name for table in schema.every_table() if table.name in seen and count(db, table)}
    assert {name for name, owners in seen.items() if owners == {south}} >= {"hop", "audit", "desk", "api_key"}
    assert {"hop", "event", "content", "audit", "desk", "message"} <= everyone


def test_doors_with_a_broken_scope_tell_nothing_of_others(
    town: tuple[Gateway, Chain], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, chain = town
    south = Scope.of(org(gateway, "south"))
    with gateway.database.read(south) as db:
        right = (
            views.tickets(db, south, limit=50),
            views.ticket(db, south, chain.ticket),
            views.deliveries(db, south, views.Deliveries(limit=50)),
        )
    assert [one["id"] for one in right[0]] == [chain.ticket]
    assert right[2]

    monkeypatch.setattr(Scope, "where", lambda _self, _table: true())
    with gateway.database.read() as db:  # what the broken scope would have told
        assert len(views.tickets(db, south, limit=50)) == 2
    with gateway.database.read(south) as db:
        assert right == (
            views.tickets(db, south, limit=50),
            views.ticket(db, south, chain.ticket),
            views.deliveries(db, south, views.Deliveries(limit=50)),
        )
        assert views.ticket(db, south, chain.stayed) is None
        assert views.hop(db, south, chain.hops["north"]) is None


def test_a_statement_without_its_where_changes_nothing_of_others(town: tuple[Gateway, Chain]) -> None:
    gateway, _ = town
    north, south = org(gateway, "north"), org(gateway, "south")
    with gateway.database.read() as db:
        before = count(db, rows.hop)
        mine = len(db.execute(select(rows.hop.c.id).where(rows.hop.c.org_id == south)).all())
    with pytest.raises(ZeroDivisionError):
        _wreck(gateway, south, before, mine)
    person = {"id": "per_x", "desk_id": "d", "native_id": "", "name": ""}
    with pytest.raises(DBAPIError, match="row-level security"), gateway.database.write(Scope.of(south)) as db:
        db.execute(insert(rows.person).values(**person, org_id=north))
    for statement in ("UPDATE audit_anchor SET day = ''", "DELETE FROM audit", "SELECT * FROM meta"):
        with (
            pytest.raises(DBAPIError, match="permission denied"),
            gateway.database.write(Scope.of(south)) as db,
        ):
            db.execute(text(statement))


def _wreck(gateway: Gateway, org_id: str, before: int, mine: int) -> None:
    with gateway.database.write(Scope.of(org_id)) as db:
        assert db.execute(rows.hop.update().values(number="X")).rowcount == mine
        assert db.execute(rows.hop.delete()).rowcount == mine < before
        with beyond(db):
            assert count(db, rows.hop) == before - mine
        raise ZeroDivisionError


def test_a_block_beyond_within_another_does_not_end_it(town: tuple[Gateway, Chain]) -> None:
    gateway, _ = town
    with gateway.database.read(Scope.of("org_x")) as db:
        with beyond(db):
            with beyond(db):
                every = count(db, rows.hop)
            assert count(db, rows.hop) == every > 0
        assert count(db, rows.hop) == 0


def test_the_role_ends_with_the_transaction_and_comes_back_after_beyond(town: tuple[Gateway, Chain]) -> None:
    gateway, _ = town
    who = text("SELECT current_user")
    database = Database(gateway.database.url, pool_size=1)
    with database.read(Scope.of("org_x")) as db:
        tenant = db.execute(who).scalar_one()
        assert count(db, rows.hop) == 0
        with pytest.raises(ZeroDivisionError), beyond(db):
            assert 1 / (1 - min(1, count(db, rows.hop)))
        assert (db.execute(who).scalar_one(), count(db, rows.hop)) == (tenant, 0)
        db.execute(text("SELECT set_config('interdesk.organizations', NULL, true)"))
        assert count(db, rows.hop) == 0
    with database.read() as db:
        assert db.execute(who).scalar_one() != tenant
        assert count(db, rows.hop) > 0
        with beyond(db):
            assert db.execute(who).scalar_one() != tenant
    with pytest.raises(DBAPIError), database.read(Scope.of("org_x")) as db, beyond(db):
        db.execute(text("SELECT 1/0"))
    with database.read() as db:
        assert db.execute(who).scalar_one() != tenant
    database.close()


def test_a_lock_that_is_gone_stops_the_start_and_is_put_back(town: tuple[Gateway, Chain]) -> None:
    gateway, _ = town
    for broken in ("DROP POLICY tenant ON hop", "ALTER TABLE event DISABLE ROW LEVEL SECURITY"):
        with gateway.database.write() as db:
            db.execute(text(broken))
        with pytest.raises(ConfigError, match="row-level security is not in place"):
            migrate.check(gateway.database)
        migrate.upgrade(gateway.database)
        migrate.check(gateway.database)


def test_an_owner_who_may_make_no_roles_is_told_what_to_run(postgres_server: PostgresServer) -> None:
    postgres_server.execute("CREATE ROLE plain LOGIN")
    with postgres_server.database("plainly") as url:
        postgres_server.execute('ALTER DATABASE "plainly" OWNER TO plain')
        database = Database(url.replace("postgres@", "plain@"))
        with pytest.raises(ConfigError, match="plain may not create roles") as told:
            migrate.upgrade(database)
        assert migrate.current(database) is None
        said = str(told.value).partition("run: ")[2].partition("; then")[0]
        for statement in said.split("; "):
            postgres_server.execute(statement)
        migrate.upgrade(database)
        migrate.check(database)
        with database.read(Scope.of("org_x")) as db:
            assert count(db, rows.hop) == 0
        database.close()


def test_two_schemas_of_one_database_are_made_at_the_same_moment(postgres_server: PostgresServer) -> None:
    """The first has made the role and is not done; the second waits, and finds it."""
    with postgres_server.database("side_by_side") as url, ThreadPoolExecutor(1) as pool:
        first, second = Database(url), Database(url)
        schema.METADATA.create_all(first.engine)
        with first.write() as db:
            tenancy.ensure(db)
            waiting = pool.submit(_ensured, second)
            assert postgres_server.has_a_waiter("side_by_side")
        waiting.result(timeout=10)
        for database in (first, second):
            with database.read() as db:
                tenancy.check(db)
            database.close()


def _ensured(database: Database) -> None:
    with database.write() as db:
        tenancy.ensure(db)


OPEN = {
    "gateway/api/promises.py:agreement": "an agreement is its provider's row, and its consumer's to read",
    "gateway/api/promises.py:agreements": "an agreement is its provider's row, and its consumer's to read",
    "gateway/flows/webhooks/subscriptions.py:listed": "which there are stands in the directory; counts are asked for in the scope",
    "gateway/flows/webhooks/subscriptions.py:remove": "the directory's version grows, which is the installation's",
    "gateway/flows/webhooks/subscriptions.py:replay": "workers are told, and the endpoint's state is theirs",
    "gateway/flows/api_desk/pushing.py:opened": "what is pushed is found and kept at the caller's own desk",
    "gateway/flows/agents.py:desks_of": "which desks there are stands in the directory; only the scope's are told",
    "gateway/flows/conflicts.py:listed": "whether a conflict is open, and what each end may read of it, is judged in the whole case",
}
"""Functions that know a scope and open a transaction of the installation's all the same → why."""


def _opens_without_scope(function: ast.FunctionDef) -> bool:
    """Whether it knows a scope and opens a transaction that does not."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    names |= {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
    names |= {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    opening = [
        call
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("read", "write")
        and isinstance(call.func.value, ast.Attribute)
        and call.func.value.attr == "database"
    ]
    return "scope" in names and any(not call.args for call in opening)


def test_whoever_knows_a_scope_opens_its_transaction_for_it() -> None:
    found = set()
    for path in [*(CHECKOUT / "gateway/flows").rglob("*.py"), *(CHECKOUT / "gateway/api").rglob("*.py")]:
        said = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(said)) if "database." in said and "scope" in said else ():
            if isinstance(node, ast.FunctionDef) and _opens_without_scope(node):
                found.add(f"{path.relative_to(CHECKOUT).as_posix()}:{node.name}")
    assert found == OPEN.keys()


BEYOND = {
    "gateway/flows/api_desk/pushing.py": "by when a ticket is promised is the chain's",
    "gateway/flows/auditing.py": "anchors sign the heads of all organizations together",
    "gateway/flows/brakes.py": "another's brake may stop a link of the reader's",
    "gateway/flows/context.py": "the directory is whole in every process",
    "gateway/flows/find.py": "a marker may stand at another's desk; its ticket is asked for within the scope",
    "gateway/flows/links.py": "how many assignments are open over a link, whose downstream they are",
    "gateway/flows/totals.py": "the ends of a link count each other's hops; the numbers told are the reader's",
    "gateway/flows/worklog.py": "a line tells the numbers of both ends",
    "gateway/store/exporting.py": "what others wrote and a link has brought to a desk of the organization's own",
    "gateway/store/views.py": "whose the neighbouring assignments are and how they stand",
}
"""Who goes beyond the lock, and what of others' is shown there. Everybody who is added here answers for it."""


def test_only_these_go_beyond_the_lock() -> None:
    used = {
        path.relative_to(CHECKOUT).as_posix()
        for path in (CHECKOUT / "gateway").rglob("*.py")
        if "with beyond(" in path.read_text(encoding="utf-8")
    }
    assert used == BEYOND.keys()
