"""The second lock of PostgreSQL: what a transaction on behalf of an organization may touch, whatever its statements say. Each table
has one policy; such a transaction works as a role that no policy lets by. Workers and the operator own the tables and are
what they are. The first lock is `Scope`; a transaction takes its role in `db`."""

import hashlib
import re
from collections.abc import Iterator, Mapping

from sqlalchemy import Table, text
from sqlalchemy.exc import DBAPIError

from gateway.errors import ConfigError
from gateway.store import schema
from gateway.store.db import ORGANIZATIONS, TOLD, Db

VERSION = 1
_LOCK = 0x1DE5D
_MINE = f"= ANY (string_to_array((SELECT current_setting('{ORGANIZATIONS}', true)), ','))"
_OWN = f"org_id {_MINE}"


def _any_of(*columns: str) -> str:
    return " OR ".join(f"{column} {_MINE}" for column in ("org_id", *columns))


SEEN: Mapping[str, str] = {
    "organization": f"{_OWN} OR EXISTS (SELECT FROM link WHERE organization.id"
    " IN (link.upstream_org_id, link.downstream_org_id))",
    "link": _any_of("upstream_org_id", "downstream_org_id"),
    "link_life": f"{_OWN} OR EXISTS (SELECT FROM link WHERE link.id = link_life.link_id)",
    "control_total": f"{_OWN} OR EXISTS (SELECT FROM link WHERE link.id = control_total.link_id)",
    "link_step": _any_of("side_one", "side_two"),
    "invitation": _any_of("to_org_id", "answered_org_id"),
    "ticket": f"{_OWN} OR EXISTS (SELECT FROM hop WHERE hop.ticket_id = ticket.id OFFSET 0)",
    "delivery": "EXISTS (SELECT FROM desk WHERE desk.id = delivery.desk_id)",
    "attempt": "EXISTS (SELECT FROM delivery WHERE delivery.id = attempt.delivery_id OFFSET 0)",
    "work_line": _any_of("consumer"),
    "work_statement": _any_of("consumer"),
}
"""Rows that are seen by others than `org_id`: the other end of a link, the desks of a ticket's hops, the desk that a delivery is
written at. What is asked for in another table is under that table's policy itself; `OFFSET 0` has
a big one asked row by row, by its index, instead of gathered first."""

EXEMPT: Mapping[str, str] = {
    "meta": "the installation's own version and salt; such a transaction may not read it at all",
}
"""Tables without a policy, and why."""

READ_ONLY = frozenset({"audit_anchor"})
ADDED_TO = frozenset({"audit"})
"""Tables that such a transaction may only read; only read and add to."""


def policies() -> dict[str, str]:
    """Table → the condition of its policy. Raises ValueError for a table that has neither an owner nor an exemption."""
    found = {}
    for name, table in sorted(_tables().items()):
        if name in EXEMPT:
            continue
        if name not in SEEN and "org_id" not in table.columns:
            raise ValueError(
                f"the table {name} has no org_id: name its policy in SEEN, or its reason in EXEMPT"
            )
        found[name] = SEEN.get(name, _OWN)
    return found


def _tables() -> dict[str, Table]:
    return {table.name: table for table in schema.every_table()}


def _fingerprint() -> str:
    said = repr((VERSION, sorted(policies().items()), sorted(READ_ONLY), sorted(ADDED_TO)))
    return hashlib.sha256(said.encode()).hexdigest()


def ensure(db: Db) -> None:
    """Put the lock in place where it is not, or is another version's; PostgreSQL only. Raises ConfigError where the role can
    neither be used nor made."""
    if _stands(db):
        return
    # a role is the server's: schemas of one database that are made at the same moment would both make it
    db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    role = _usable_role(db)
    schema_name, whom = _schema(db), _quoted(role)
    statements = [
        one for table, condition in policies().items() for one in _protection(table, condition, role)
    ]
    statements.append(f"GRANT USAGE ON SCHEMA {schema_name} TO {whom}")
    statements.append(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema_name} TO {whom}")
    statements.append(f"COMMENT ON POLICY tenant ON organization IS '{role} {_fingerprint()}'")
    db.exec_driver_sql(";\n".join(statements))


def check(db: Db) -> None:
    """Raises ConfigError unless the lock is in place."""
    if not _stands(db):
        raise ConfigError(
            "row-level security is not in place in this database",
            why="its role or its policies are missing, or are another version's",
            cure="run interdesk migrate as the owner of the tables",
        )


def _stands(db: Db) -> bool:
    there = db.execute(text("SELECT to_regclass('organization') IS NOT NULL")).scalar()
    told = db.execute(TOLD).scalar() if there else None
    role, _, fingerprint = (told or "").partition(" ")
    return fingerprint == _fingerprint() and _is_usable(db, role) and _protected(db) >= policies().keys()


def _protected(db: Db) -> set[str]:
    query = (
        "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
        " WHERE c.relnamespace = current_schema()::regnamespace AND c.relrowsecurity"
    )
    return set(db.execute(text(query)).scalars())


def _is_usable(db: Db, role: str) -> bool:
    """Whether the role is there, we may work as it, and nothing lets it by a policy."""
    query = (
        "SELECT pg_has_role(oid, 'MEMBER') AND NOT rolsuper AND NOT rolbypassrls"
        " AND has_table_privilege(oid, 'ticket', 'SELECT') FROM pg_roles WHERE rolname = :role"
    )
    return bool(db.execute(text(query), {"role": role}).scalar())


def _usable_role(db: Db) -> str:
    """The role of this database, made if it is not there."""
    database = str(db.execute(text("SELECT current_database()")).scalar_one())
    role = f"{re.sub('[^A-Za-z0-9]', '_', database[:30])}_tenant_{hashlib.sha256(database.encode()).hexdigest()[:8]}"
    there = db.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar()
    needed = [] if there else [f"CREATE ROLE {_quoted(role)} NOLOGIN NOBYPASSRLS"]
    needed.append(f"GRANT {_quoted(role)} TO CURRENT_USER")
    try:
        for statement in needed:
            with db.begin_nested():
                db.exec_driver_sql(statement)
    except DBAPIError as error:
        if there and _member(db, role):
            return role
        who = db.execute(text("SELECT current_user")).scalar_one()
        said = "; ".join(needed).replace("CURRENT_USER", _quoted(str(who)))
        raise ConfigError(
            "the role under which organizations are served cannot be made",
            why=f"{who} may not create roles",
            cure=f"have an administrator run: {said}; then interdesk migrate again",
        ) from error
    return role


def _member(db: Db, role: str) -> bool:
    query = text("SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = :role")
    return bool(db.execute(query, {"role": role}).scalar())


def _protection(table: str, condition: str, role: str) -> Iterator[str]:
    name, whom = _quoted(table), _quoted(role)
    rights = "SELECT" if table in READ_ONLY else "SELECT, INSERT" if table in ADDED_TO else _ALL
    yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
    yield f"DROP POLICY IF EXISTS tenant ON {name}"
    yield f"CREATE POLICY tenant ON {name} USING ({condition})"
    yield f"REVOKE ALL ON {name} FROM {whom}"
    yield f"GRANT {rights} ON {name} TO {whom}"


_ALL = "SELECT, INSERT, UPDATE, DELETE"


def _schema(db: Db) -> str:
    return _quoted(str(db.execute(text("SELECT current_schema()")).scalar_one()))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
