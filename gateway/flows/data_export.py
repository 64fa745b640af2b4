"""Everything of one organization in one file that needs no gateway to be read: JSON lines by kind, its files, and a manifest with
the hash of each (schemas/export.v1.json). Only its own side: what a link did not show it is not in it."""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from gateway.blobs import BlobStore
from gateway.domain import people
from gateway.domain.case import Case
from gateway.domain.model import Blob
from gateway.errors import ConfigError, NotFound
from gateway.flows import auditing
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.store import audit, cases, exporting, publications
from gateway.store.exporting import Document
from gateway.store.scope import Scope

FORMAT = 1
MANIFEST = "manifest.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""A date in a zip says nothing here: two exports of the same are the same bytes but for their manifests."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file in an export. `rows`: lines, None of an attachment."""

    name: str
    bytes: int
    sha256: str
    rows: int | None = None


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written. `lacking`: attachments that the database speaks of and the folder of files has not."""

    organization: str
    entries: tuple[Entry, ...]
    lacking: tuple[str, ...] = ()


def write(context: Context, blobs: BlobStore, code: str, target: Path, order: Order) -> Exported:
    """Write the export into a new file; it appears under its name when it is whole and written down that
    it was made; only we may read it. Raises NotFound, ConfigError."""
    org_id = _org_id(context, code)
    draft = target.with_name(f".{target.name}.draft")
    if target.exists():
        raise ConfigError(f"{target} is there already", cure="name a file that is not there yet")
    try:
        draft.unlink(missing_ok=True)
        kept = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        with os.fdopen(kept, "w+b") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
            done = _fill(context, blobs, (code, org_id, order.now), out)
            _add(out, MANIFEST, [_manifest(done, order.now)])
        _remember(context, org_id, done, order)
        draft.replace(target)
    except OSError as error:
        raise ConfigError(f"{target} cannot be written", why=error.strerror or str(error)) from error
    finally:
        draft.unlink(missing_ok=True)
    return done


def _org_id(context: Context, code: str) -> str:
    with context.database.read() as db:
        known = {one.code: one.id for one in context.directory(db).organizations.values()}
    if code not in known:
        raise NotFound(f"there is no organization {code!r}")
    return known[code]


def _fill(
    context: Context, blobs: BlobStore, who: tuple[str, str, datetime], out: zipfile.ZipFile
) -> Exported:
    code, org_id, now = who
    entries = [_add(out, f"{name}.jsonl", lines) for name, lines in _kinds(context, org_id, now)]
    lacking = []
    for key, size in sorted(_files(context, org_id).items()):
        if blobs.has(key):
            pieces = blobs.chunks(Blob(key=key, size=size, sha256=key))
            entries.append(_add(out, f"files/{key}", pieces, counted=False))
        else:
            lacking.append(key)
    return Exported(organization=code, entries=tuple(entries), lacking=tuple(lacking))


def _kinds(context: Context, org_id: str, now: datetime) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Read on behalf of the organization: on PostgreSQL the second lock stands behind every statement."""
    for name, read in sorted(exporting.kinds().items()):
        yield name, _read(context, org_id, now, read)
    scope = Scope.of(org_id)
    yield "audit", map(_line, auditing.exported(context, scope))
    yield "reports", _reports(context, scope)


def _read(context: Context, org_id: str, now: datetime, read: Any) -> Iterator[bytes]:
    with context.database.read(Scope.of(org_id)) as db:
        found = read(db, org_id)
        yield from map(_line, _unnamed(context, org_id, now, found) if read is exporting.words else found)


def _unnamed(context: Context, org_id: str, now: datetime, found: Iterable[Document]) -> Iterator[Document]:
    """Others' words without the names of people whom the links on the way do not name at the organization's desks, as they
    stand there."""
    for (own, ticket_id), said in groupby(found, lambda word: (word["own"], word["ticket_id"])):
        if own:
            yield from said
            continue
        with context.database.read() as db:
            loaded = cases.load(db, OPERATOR, [ticket_id], context.occasion(db, now), lock=False)
            yield from [_shown(loaded[ticket_id], org_id, word) for word in said]


def _shown(case: Case, org_id: str, word: Document) -> Document:
    origin = case.hops[word.pop("origin_hop_id")]
    for here in case.hops.values():
        if here.org_id == org_id:
            told = {name: word[name] for name in ("text", "filename") if word[name]}
            word |= {name: people.without_names(case, here, origin, text) for name, text in told.items()}
    return word


def _reports(context: Context, scope: Scope) -> Iterator[bytes]:
    with context.database.read(scope) as db:
        for one in publications.listed(db, scope, limit=100_000):
            whole = publications.get(db, scope, one.id)
            if whole is not None:
                told = {"id": one.id, "version": one.version, "made_at": one.made_at, "title": one.title}
                yield _line({**told, "sha256": one.sha256, "seal": one.seal, "document": whole.document})


def _files(context: Context, org_id: str) -> dict[str, int]:
    with context.database.read(Scope.of(org_id)) as db:
        return dict(exporting.files(db, org_id))


def _line(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, default=_plain, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _plain(value: object) -> object:
    """Moments in ISO 8601, lengths in seconds, bytes not at all."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else str(value)


def _add(out: zipfile.ZipFile, name: str, pieces: Iterable[bytes], *, counted: bool = True) -> Entry:
    digest, size, count = hashlib.sha256(), 0, 0
    about = zipfile.ZipInfo(name, date_time=_EPOCH)
    about.compress_type = zipfile.ZIP_DEFLATED
    with out.open(about, "w", force_zip64=True) as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
            size, count = size + len(piece), count + 1
    return Entry(name=name, bytes=size, sha256=digest.hexdigest(), rows=count if counted else None)


def _manifest(done: Exported, now: datetime) -> bytes:
    files = [
        {"name": one.name, "bytes": one.bytes, "sha256": one.sha256}
        | ({} if one.rows is None else {"rows": one.rows})
        for one in done.entries
    ]
    told = {"format": FORMAT, "organization": done.organization, "made_at": now.isoformat(), "files": files}
    return _line({**told, "lacking": list(done.lacking)})


def _remember(context: Context, org_id: str, done: Exported, order: Order) -> None:
    rows = sum(one.rows or 0 for one in done.entries)
    with context.database.write() as db:
        audit.record(
            db, now=order.now, org_id=org_id, actor=order.actor, action="data exported", subject="",
            before=None, after={"rows": rows, "files": len(done.entries), "reason": order.reason},
        )  # fmt: skip
