"""Reading what is configured: rows of the directory become one `Directory`. Changing it is `gateway.store.configuration`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, Table, bindparam, or_, select, true

from gateway.domain.agreement_documents import agreement_of, sheet_of
from gateway.domain.agreement_versions import Version, is_binding, placed, versions
from gateway.domain.agreements import Agreement
from gateway.domain.directory import Directory
from gateway.domain.documents import (
    asset_from,
    contact_from,
    coverage_from,
    desk_from,
    link_from,
    organization_from,
    site_from,
)
from gateway.domain.model import Contact, CoverageRow, Desk, Link, Manifest, Organization
from gateway.domain.webhooks.documents import webhook_from
from gateway.domain.webhooks.model import Webhook
from gateway.errors import ConfigError
from gateway.store import imported_desks, mappings
from gateway.store.db import Db
from gateway.store.prepared import Statement
from gateway.store.scope import Scope
from gateway.store.tables import DeskRow, DirectoryRow, LinkRow, Meta, OrganizationRow, SheetRow
from gateway.vault import Place

ManifestOf = Callable[[str], Manifest]

OpenSecret = Callable[[str, Place], str]
"""Opens a sealed text at its place: `Vault.open`."""

META: Table = Meta.__table__  # type: ignore[attr-defined]
ORGANIZATION: Table = OrganizationRow.__table__  # type: ignore[attr-defined]
DIRECTORY: Table = DirectoryRow.__table__  # type: ignore[attr-defined]
DESK: Table = DeskRow.__table__  # type: ignore[attr-defined]
SHEET: Table = SheetRow.__table__  # type: ignore[attr-defined]
LINK: Table = LinkRow.__table__  # type: ignore[attr-defined]

_VERSION = "directory_version"
_SALT = "salt"
_RESTORED = "restored_at"


def prepare(db: Db, *, salt: str) -> None:
    """Give a new installation its version and its salt; an existing one keeps what it has."""
    for key, value in ((_VERSION, "0"), (_SALT, salt)):
        if _meta(db, key) is None:
            db.execute(META.insert().values(key=key, value=value))


def version(db: Db) -> int:
    """The directory's version: grows with every change. Cheap: ask before each batch, load when it has grown."""
    return int(_meta(db, _VERSION) or 0)


def stamps(db: Db) -> tuple[int, datetime | None]:
    """(version, when a backup was last put back), at the cost of one question."""
    found = {row[0]: row[1] for row in _STAMPS.raw(db)}
    restored_at = found.get(_RESTORED)
    return int(found.get(_VERSION) or 0), datetime.fromisoformat(restored_at) if restored_at else None


_STAMPS = Statement(
    lambda _dialect: select(META.c.key, META.c.value).where(
        or_(META.c.key == _VERSION, META.c.key == _RESTORED)
    )
)


def keep_restored(db: Db, *, now: datetime) -> None:
    """Remember that a backup was put back."""
    changed = db.execute(META.update().where(META.c.key == _RESTORED).values(value=now.isoformat()))
    if not changed.rowcount:
        db.execute(META.insert().values(key=_RESTORED, value=now.isoformat()))


def lock(db: Db) -> int:
    """The version, and the right to be the only one who changes the directory until the transaction ends."""
    wanted = select(META.c.value).where(META.c.key == _VERSION).with_for_update()
    return int(db.execute(wanted).scalar() or 0)


def bump(db: Db) -> int:
    """Tell every process that the directory changed; the new version."""
    new = version(db) + 1
    changed = db.execute(META.update().where(META.c.key == _VERSION).values(value=str(new)))
    if not changed.rowcount:
        db.execute(META.insert().values(key=_VERSION, value=str(new)))
    return new


def salt(db: Db) -> str:
    """The secret of this installation. Raises ConfigError if the database was never prepared."""
    found = _meta(db, _SALT)
    if not found:
        raise ConfigError("the database has no installation salt", cure="run interdesk migrate")
    return found


def _meta(db: Db, key: str) -> str | None:
    found = _META.raw(db, key=key)
    return found[0][0] if found else None


_META = Statement(lambda _dialect: select(META.c.value).where(META.c.key == bindparam("key")))


def load(
    db: Db,
    scope: Scope,
    *,
    manifest_of: ManifestOf,
    open_secret: OpenSecret | None = None,
) -> Directory:
    """The whole directory within the scope. `manifest_of` gives a connector's manifest by its name; without
    `open_secret` the desks carry no hook secrets (enough for everything but receiving hooks)."""
    # First of all: on PostgreSQL each statement sees its own moment. A mixture under an older version is read again at once,
    # under a newer one it would be believed until the next change.
    seen = version(db)
    organizations = _organizations(db, scope)
    links = _links(db, scope)
    documents = _documents(db, scope)
    return Directory(
        version=seen,
        salt=salt(db),
        organizations=organizations,
        desks={
            **_desks(db, scope, manifest_of=manifest_of, open_secret=open_secret),
            **imported_desks.as_desks(db, scope),
        },
        links=links,
        rules=mappings.in_effect(db, scope),
        sites={(site.org_id, site.code): site for site in map(site_from, documents.get("site", ()))},
        assets={(asset.org_id, asset.code): asset for asset in map(asset_from, documents.get("asset", ()))},
        coverage=_coverage(documents.get("coverage", ()), organizations=organizations, links=links),
        agreements=tuple(_agreements(documents, organizations=organizations, links=links)),
        contacts=_contacts(documents.get("contact", ()), organizations),
        webhooks=_webhooks(documents.get("webhook", ())),
    )


def _webhooks(documents: Any) -> dict[str, tuple[Webhook, ...]]:
    found: dict[str, list[Webhook]] = {}
    for webhook in map(webhook_from, documents):
        found.setdefault(webhook.org_id, []).append(webhook)
    return {org_id: tuple(group) for org_id, group in found.items()}


def _contacts(documents: Any, organizations: Mapping[str, Organization]) -> dict[str, tuple[Contact, ...]]:
    found: dict[str, list[Contact]] = {}
    for document in documents:
        contact = contact_from(document, organizations.get(document["org_id"]))
        found.setdefault(contact.org_id, []).append(contact)
    return {
        org_id: tuple(sorted(group, key=lambda one: (one.level, one.code))) for org_id, group in found.items()
    }


def _organizations(db: Db, scope: Scope) -> dict[str, Organization]:
    rows = db.execute(select(ORGANIZATION).where(scope.where(ORGANIZATION)).order_by(ORGANIZATION.c.code))
    return {row.id: organization_from(_whole(row, "id", "code")) for row in rows}


def _desks(
    db: Db, scope: Scope, *, manifest_of: ManifestOf, open_secret: OpenSecret | None
) -> dict[str, Desk]:
    rows = db.execute(select(DESK).where(scope.where(DESK)).order_by(DESK.c.code))
    desks = {}
    for row in rows:
        document = _whole(row, "id", "code", "org_id", "connector", "version")
        desk = desk_from(document, manifest=manifest_of(row.connector))
        desks[row.id] = replace(desk, hook_secrets=_hook_secrets(row, open_secret)) if open_secret else desk
    return desks


def _hook_secrets(row: Row[Any], open_secret: OpenSecret) -> tuple[bytes, ...]:
    if row.sealed_hook_secrets is None:
        return ()
    opened = open_secret(row.sealed_hook_secrets, hook_secrets_place(row.org_id, row.id))
    return tuple(secret.encode() for secret in orjson.loads(opened))


def hook_secrets_place(org_id: str, desk_id: str) -> Place:
    """Where a desk's hook secrets (a JSON list of texts, newest first) lie sealed."""
    return Place(org_id=org_id, table="desk", row_id=desk_id, column="sealed_hook_secrets")


def credentials_place(org_id: str, desk_id: str) -> Place:
    """Where a desk's credentials (`{"kind", "user", "secret"}` in JSON) lie sealed."""
    return Place(org_id=org_id, table="desk", row_id=desk_id, column="sealed_credentials")


def sealed_credentials(db: Db, scope: Scope, desk_id: str) -> str | None:
    """What the wire opens with `Vault.open` at `credentials_place`; None if the desk has none."""
    wanted = select(DESK.c.sealed_credentials).where(scope.where(DESK), DESK.c.id == desk_id)
    return db.execute(wanted).scalar()


def _links(db: Db, scope: Scope) -> dict[str, Link]:
    names = ("id", "code", "org_id", "state", "version")
    desks = ("upstream_desk_id", "downstream_desk_id", "upstream_org_id", "downstream_org_id")
    rows = db.execute(select(LINK).where(_seen_from_both_ends(scope)).order_by(LINK.c.code))
    return {row.id: link_from(_whole(row, *names, *desks)) for row in rows}


def _seen_from_both_ends(scope: Scope) -> Any:
    if scope.org_ids is None:
        return true()
    mine = sorted(scope.org_ids)
    return or_(LINK.c.upstream_org_id.in_(mine), LINK.c.downstream_org_id.in_(mine))


def _documents(db: Db, scope: Scope) -> dict[str, list[dict[str, Any]]]:
    """What has a code within its organization, by kind."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for row in db.execute(select(DIRECTORY).where(scope.where(DIRECTORY)).order_by(DIRECTORY.c.code)):
        by_kind.setdefault(row.kind, []).append(_whole(row, "id", "org_id", "code"))
    return by_kind


def contacts(db: Db, scope: Scope) -> list[dict[str, Any]]:
    """The documents of all contacts, without reading anything sealed."""
    return _documents(db, scope).get("contact", [])


def calendars(db: Db, scope: Scope) -> list[dict[str, Any]]:
    """The documents of all calendars."""
    return _documents(db, scope).get("calendar", [])


def _agreements(
    documents: Mapping[str, list[dict[str, Any]]],
    *,
    organizations: Mapping[str, Organization],
    links: Mapping[str, Link],
) -> Iterator[Agreement]:
    """Every version of every agreement that binds anybody."""
    for document, version, sheet in _sheets_of(documents, organizations=organizations, links=links):
        name, told = sheet
        owner = organizations.get(document["org_id"])
        code = owner.code if owner is not None else ""
        yield placed(replace(agreement_of(told), sheet=name), document, version, owner=code)


def read_as(db: Db, scope: Scope, documents: Iterable[Mapping[str, Any]]) -> list[Agreement]:
    """The versions of agreements if these were their documents (with `id` and `org_id` beside them), with the calendars as
    they are configured. Writes nothing."""
    there = _documents(db, scope) | {"agreement": [dict(one) for one in documents]}
    organizations, links = _organizations(db, scope), _links(db, scope)
    return list(_agreements(there, organizations=organizations, links=links))


def drafts(db: Db, scope: Scope) -> list[Agreement]:
    """The agreements that are not signed yet, as they would be."""
    there = _documents(db, scope).get("agreement", [])
    signed = [{**one, "draft": False} for one in there if one.get("draft")]
    return read_as(db, scope, signed) if signed else []


def _sheets_of(
    documents: Mapping[str, list[dict[str, Any]]],
    *,
    organizations: Mapping[str, Organization],
    links: Mapping[str, Link],
) -> Iterator[tuple[dict[str, Any], Version, tuple[str, dict[str, Any]]]]:
    """(document, version, (name, sheet)) of every agreement as it stands; ids stand beside the codes of a sheet."""
    ids = {organization.code: organization.id for organization in organizations.values()}
    link_ids = {link.code: link.id for link in links.values()}
    calendars: dict[str, dict[str, dict[str, Any]]] = {}
    for document in documents.get("calendar", ()):
        plain = {name: value for name, value in document.items() if name not in ("id", "org_id")}
        calendars.setdefault(document["org_id"], {})[document["code"]] = plain
    for document in filter(is_binding, documents.get("agreement", ())):
        for version in versions(document):
            terms = version.terms
            named = {
                "provider": document["org_id"],
                "consumer": ids.get(document["consumer"], document["consumer"]),
                "parts_supplier": ids.get(terms.get("parts_supplier", ""), ""),
                "link_id": link_ids.get(document.get("link", ""), ""),
            }
            yield document, version, sheet_of({**terms, **named}, calendars.get(document["org_id"], {}))


def keep_sheets(db: Db, *, now: datetime) -> None:
    """Keep the terms of every agreement as they stand now, in all their versions, if they are not kept yet."""
    scope = Scope.operator()
    documents = _documents(db, scope)
    found = _sheets_of(documents, organizations=_organizations(db, scope), links=_links(db, scope))
    kept = set(db.execute(select(SHEET.c.id)).scalars())
    new = {
        name: {
            "id": name,
            "org_id": sheet["agreement"]["org_id"],
            "code": sheet["agreement"]["code"],
            "created_at": now,
            "document": sheet,
        }
        for _, _, (name, sheet) in found
        if name not in kept
    }
    if new:
        db.execute(SHEET.insert(), list(new.values()))


def agreements_of(db: Db, names: Iterable[str]) -> dict[str, Agreement]:
    """Agreements by the names of the sheets that tickets are bound to. A sheet never changes: its name is a digest of what
    it says, so it is read once."""
    wanted = set(names)
    found = {name: known for name in wanted if (known := _sheets.get(name)) is not None}
    lacking = sorted(wanted - found.keys())
    if lacking:
        rows = db.execute(select(SHEET.c.id, SHEET.c.document).where(SHEET.c.id.in_(lacking)))
        read = {row.id: replace(agreement_of(row.document), sheet=row.id) for row in rows}
        if len(_sheets) > MOST_SHEETS:
            _sheets.clear()
        _sheets.update(read)
        found |= read
    return found


MOST_SHEETS = 10_000
_sheets: dict[str, Agreement] = {}


def _coverage(
    documents: Any, *, organizations: Mapping[str, Organization], links: Mapping[str, Link]
) -> dict[str, tuple[CoverageRow, ...]]:
    link_ids = {link.code: link.id for link in links.values()}
    rows: dict[str, list[CoverageRow]] = {}
    for document in documents:
        if document["link"] not in link_ids:
            continue  # out of sight in this scope, so it covers nothing here
        owner = organizations.get(document["org_id"])
        named = {**document, "link_id": link_ids[document["link"]]}
        rows.setdefault(document["org_id"], []).extend(
            coverage_from(named, zone=owner.zone if owner else "UTC")
        )
    return {org_id: tuple(sorted(group, key=lambda row: row.rank)) for org_id, group in rows.items()}


def _whole(row: Row[Any], *names: str) -> dict[str, Any]:
    """A row's document with the named columns beside it."""
    return {**(row.document or {}), **{name: getattr(row, name) for name in names}}
