"""Reading and writing what is configured, item by item; secrets are opened and sealed on the way. The whole of it as
flows look it up is `gateway.store.directory`."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, Table, delete, insert, select, text, update

from gateway.domain.linking import Answer
from gateway.domain.plan import LOCAL, Item, Kind, Ref
from gateway.errors import ConfigError
from gateway.store import desks, imports, rows
from gateway.store.db import Db
from gateway.store.directory import (
    DESK,
    DIRECTORY,
    LINK,
    ORGANIZATION,
    credentials_place,
    hook_secrets_place,
)
from gateway.store.linking_tables import InvitationRow
from gateway.store.looks import Wish
from gateway.store.scope import Scope
from gateway.vault import Place, Vault

INVITATION: Table = InvitationRow.__table__  # type: ignore[attr-defined]
UNREADABLE = "unreadable"
"""Stands for a sealed secret that does not open any more: it differs from every secret that is wanted."""

_TABLES: Mapping[Kind, Table] = {
    Kind.ORGANIZATION: ORGANIZATION,
    Kind.DESK: DESK,
    Kind.LINK: LINK,
    **dict.fromkeys(LOCAL, DIRECTORY),
}
_OWN_COLUMNS = frozenset(
    {"code", "organization", "connector", "credentials", "upstream", "downstream", "state"}
)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the store holds: items with their secrets as texts (a hook's token as its hash), and their ids."""

    items: dict[Ref, Item] = field(default_factory=dict)
    ids: dict[Ref, str] = field(default_factory=dict)

    def add(self, item: Item, row_id: str) -> None:
        """One more."""
        self.items[item.ref] = item
        self.ids[item.ref] = row_id


def hashed(token: str) -> str:
    """How a hook's token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def stored(db: Db, scope: Scope, vault: Vault | None) -> Stored:
    """Everything configured within the scope; without a vault, no secret is opened and none is there."""
    found = Stored()
    codes: dict[str, str] = {}
    for row in _rows(db, scope, ORGANIZATION):
        codes[row.id] = row.code
        ref = Ref(kind=Kind.ORGANIZATION, code=row.code)
        found.add(Item(ref=ref, document={"code": row.code, **row.document}), row.id)
    for row in _rows(db, scope, DIRECTORY):
        found.add(_local_item(row, codes[row.org_id]), row.id)
    desk_codes: dict[str, str] = {}
    for row in _rows(db, scope, DESK):
        desk_codes[row.id] = row.code
        found.add(_desk_item(row, codes[row.org_id], vault), row.id)
    for row in _rows(db, scope, LINK):
        ends = {"upstream": row.upstream_desk_id, "downstream": row.downstream_desk_id}
        named = {end: desk_codes[desk_id] for end, desk_id in ends.items()}
        document = {"code": row.code, **named, "state": row.state, **row.document}
        found.add(Item(ref=Ref(kind=Kind.LINK, code=row.code), document=document), row.id)
    return found


def _rows(db: Db, scope: Scope, table: Table) -> Iterable[Row[Any]]:
    return db.execute(select(table).where(scope.where(table)).order_by(table.c.code)).all()


def _local_item(row: Row[Any], organization: str) -> Item:
    kind = Kind(row.kind)
    named = {} if kind is Kind.COVERAGE else {"code": row.code}
    document = {"organization": organization, **named, **row.document}
    return Item(ref=Ref(kind=kind, code=row.code, organization=organization), document=document)


def _desk_item(row: Row[Any], organization: str, vault: Vault | None) -> Item:
    document = {"code": row.code, "organization": organization, "connector": row.connector, **row.document}
    secrets: dict[str, str] = {}
    if vault is None:
        return Item(ref=Ref(kind=Kind.DESK, code=row.code), document=document)
    if row.sealed_credentials is not None:
        given = _opened(lambda: vault.open(row.sealed_credentials, credentials_place(row.org_id, row.id)), {})
        secrets["credentials.secret"] = given.get("secret", UNREADABLE)
        document["credentials"] = {name: value for name, value in given.items() if name != "secret"}
    if row.sealed_hook_secrets is not None:
        place = hook_secrets_place(row.org_id, row.id)
        listed = _opened(lambda: vault.open(row.sealed_hook_secrets, place), [UNREADABLE])
        secrets |= {f"hook.secrets[{number}]": text for number, text in enumerate(listed)}
    if row.hook_token_hash is not None:
        secrets["hook.token"] = row.hook_token_hash
    return Item(ref=Ref(kind=Kind.DESK, code=row.code), document=document, secrets=secrets)


def _opened(open_sealed: Callable[[], str], otherwise: Any) -> Any:
    try:
        return orjson.loads(open_sealed())
    except ConfigError:  # its key is lost or it was altered: giving the secret again is the cure
        return otherwise


@dataclass(frozen=True, kw_only=True)
class Names:
    """How items find each other's rows: ids of everything there will be, and the items themselves."""

    ids: Mapping[Ref, str]
    items: Mapping[Ref, Item]

    def organization(self, code: str) -> str:
        """The id of an organization."""
        return self.ids[Ref(kind=Kind.ORGANIZATION, code=code)]

    def desk(self, code: str) -> tuple[str, str]:
        """The ids of a desk and of its organization."""
        ref = Ref(kind=Kind.DESK, code=code)
        return self.ids[ref], self.organization(self.items[ref].document["organization"])


@dataclass(frozen=True, kw_only=True)
class Write:
    """An item to be made or changed. `reconnect`: what the gateway signs in with is new, so a held desk is tried."""

    item: Item
    id: str
    is_new: bool
    reconnect: bool = False


def put(db: Db, writes: Sequence[Write], *, names: Names, vault: Vault, now: datetime) -> None:
    """Make and change rows, each after those it refers to."""
    new_rows: dict[Table, list[dict[str, Any]]] = {}
    for write in writes:
        table = _TABLES[write.item.ref.kind]
        values = _values(write, names, vault)
        if write.is_new:
            new_rows.setdefault(table, []).append({"id": write.id, **values, **_at_first(table, now)})
        else:
            db.execute(update(table).where(table.c.id == write.id).values(values | _one_more(table)))
        if write.reconnect:
            desks.release(db, write.id)
            desks.keep_breaker(db, write.id, None)
    for table, listed in new_rows.items():
        db.execute(insert(table), listed)


def _at_first(table: Table, now: datetime) -> dict[str, Any]:
    if table is DESK:
        return {"version": 1, "held": "", "poll_at": now, "poll_fence": 0}
    return {"version": 1} if table is LINK else {}


def _one_more(table: Table) -> dict[str, Any]:
    return {"version": table.c.version + 1} if table in (DESK, LINK) else {}


def _values(write: Write, names: Names, vault: Vault) -> dict[str, Any]:
    item, said = write.item, write.item.document
    document = {name: value for name, value in said.items() if name not in _OWN_COLUMNS}
    common: dict[str, Any] = {"code": item.ref.code, "document": document}
    match item.ref.kind:
        case Kind.ORGANIZATION:
            return common | {"org_id": write.id}
        case Kind.DESK:
            org_id = names.organization(said["organization"])
            sealed = _sealed(item, org_id, write.id, vault)
            return common | {"org_id": org_id, "connector": said["connector"], **sealed}
        case Kind.LINK:
            return common | _ends(said, names) | {"state": said["state"]}
        case kind:
            return common | {"kind": kind.value, "org_id": names.organization(said["organization"])}


def _ends(said: Mapping[str, Any], names: Names) -> dict[str, str]:
    """The desks of a link and their organizations; the upstream's owns the row."""
    upstream_desk, upstream_org = names.desk(said["upstream"])
    downstream_desk, downstream_org = names.desk(said["downstream"])
    return {
        "org_id": upstream_org,
        "upstream_desk_id": upstream_desk,
        "upstream_org_id": upstream_org,
        "downstream_desk_id": downstream_desk,
        "downstream_org_id": downstream_org,
    }


def _sealed(item: Item, org_id: str, desk_id: str, vault: Vault) -> dict[str, str | None]:
    secrets = item.secrets
    columns: dict[str, str | None] = dict.fromkeys(
        ("sealed_credentials", "sealed_hook_secrets", "hook_token_hash")
    )
    if "credentials.secret" in secrets:
        given = {**item.document["credentials"], "secret": secrets["credentials.secret"]}
        columns["sealed_credentials"] = vault.seal(_json(given), credentials_place(org_id, desk_id))
    listed = [text for name, text in sorted(secrets.items()) if name.startswith("hook.secrets[")]
    if listed:
        columns["sealed_hook_secrets"] = vault.seal(_json(listed), hook_secrets_place(org_id, desk_id))
    if "hook.token" in secrets:
        columns["hook_token_hash"] = hashed(secrets["hook.token"])
    return columns


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def remove(db: Db, things: Mapping[Ref, str]) -> None:
    """Delete the rows of things (their ids) that nothing stands on."""
    for ref, row_id in things.items():
        table = _TABLES[ref.kind]
        db.execute(delete(table).where(table.c.id == row_id))
        if ref.kind is Kind.DESK:
            db.execute(delete(rows.look).where(rows.look.c.desk_id == row_id))


def in_use(db: Db, ids: Mapping[Ref, str]) -> dict[Ref, str]:
    """Of these things those that tickets stand on, and why; other things that refer to them are not looked at."""
    used_desks, invited = _used(db, rows.hop, "desk_id"), _invited(db)
    used_links = _used(db, rows.hop, "link_id")
    owners, imported = _used(db, rows.ticket, "org_id"), imports.parties(db)
    agreed_on = _used(db, INVITATION, "link_id")
    named = _named_by_open_tickets(db)
    reasons: Mapping[Kind, Callable[[Ref, str], str]] = {
        Kind.DESK: lambda _ref, row_id: (
            "tickets were handled there"
            if row_id in used_desks
            else "an open invitation names it"
            if row_id in invited
            else ""
        ),
        Kind.LINK: lambda _ref, row_id: (
            "tickets passed over it"
            if row_id in used_links
            else "two organizations made it"
            if row_id in agreed_on
            else ""
        ),
        Kind.ORGANIZATION: lambda _ref, row_id: (
            "it has tickets"
            if row_id in owners
            else "an imported history speaks of it"
            if row_id in imported
            else ""
        ),
        Kind.SITE: lambda ref, _id: "an open ticket names it" if ref.code in named["site"] else "",
        Kind.ASSET: lambda ref, _id: "an open ticket names it" if ref.code in named["asset"] else "",
    }
    found = {ref: reasons[ref.kind](ref, row_id) for ref, row_id in ids.items() if ref.kind in reasons}
    return {ref: why for ref, why in found.items() if why}


def _invited(db: Db) -> frozenset[str]:
    """Desks for which a link may still be made. One that has expired unanswered counts until it is taken back."""
    table = INVITATION.c
    waits = select(table.desk_id).where(table.state == Answer.PENDING.value).distinct()
    return frozenset(db.execute(waits).scalars())


def _used(db: Db, table: Table, column: str) -> frozenset[str]:
    return frozenset(db.execute(select(table.c[column]).distinct()).scalars())


def _named_by_open_tickets(db: Db) -> dict[str, set[str]]:
    named: dict[str, set[str]] = {"site": set(), "asset": set()}
    for facts in db.execute(select(rows.ticket.c.facts).where(rows.ticket.c.closed_at.is_(None))).scalars():
        for field_name, codes in named.items():
            codes.add((facts or {}).get(field_name, ""))
    return named


def unmapped(db: Db, scope: Scope, *, desk_ids: Iterable[str] | None, now: datetime) -> list[Wish]:
    """Wishes to look again at tickets with a value that nobody could read yet: at these desks, or at all (None)."""
    table = rows.hop
    query = select(table.c.org_id, table.c.desk_id, table.c.remote_id).where(
        text("unmapped <> '[]'"), table.c.remote_id.is_not(None), scope.where(table)
    )
    if desk_ids is not None:
        query = query.where(table.c.desk_id.in_(sorted(desk_ids)))
    return [
        Wish(org_id=row.org_id, desk_id=row.desk_id, remote_id=row.remote_id, due_at=now, why="profile")
        for row in db.execute(query)
    ]


def sealed_under_older_keys(db: Db, scope: Scope, vault: Vault) -> list[str]:
    """Ids of desks with a secret that the vault's current key did not seal."""
    return [
        row.id
        for row in _rows(db, scope, DESK)
        if any(not vault.is_current(text) for _, text, _ in _seals(row))
    ]


def reseal(db: Db, scope: Scope, desk_id: str, *, vault: Vault) -> str | None:
    """Seal a desk's secrets under the current key. They stay what they are, so the directory keeps its version. Whose desk it
    is; None if it is gone."""
    query = select(DESK).where(DESK.c.id == desk_id, scope.where(DESK)).with_for_update()
    row = db.execute(query).first()
    if row is None:
        return None
    columns = {name: vault.seal(vault.open(text, place), place) for name, text, place in _seals(row)}
    db.execute(update(DESK).where(DESK.c.id == desk_id).values(columns))
    return str(row.org_id)


def _seals(row: Row[Any]) -> list[tuple[str, str, Place]]:
    """(column, sealed text, its place) of what a desk has."""
    both = (
        ("sealed_credentials", row.sealed_credentials, credentials_place(row.org_id, row.id)),
        ("sealed_hook_secrets", row.sealed_hook_secrets, hook_secrets_place(row.org_id, row.id)),
    )
    return [(name, text, place) for name, text, place in both if text is not None]
