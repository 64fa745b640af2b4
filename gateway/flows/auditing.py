"""The audit as evidence: its lines sealed into chains, the chains' heads signed once a day and laid beside the database, all
of it followed again on demand. What a chain is, is `domain.audit`."""

import asyncio
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.domain.audit import Check, Flaw, Head, Line, canonical
from gateway.errors import ConfigError, NotFound
from gateway.flows.context import OPERATOR, Context
from gateway.store import audit, audit_chain
from gateway.store.db import beyond
from gateway.store.scope import Scope
from gateway.vault import Vault

log = logging.getLogger(__name__)

LIMIT = 500
"""Lines that one transaction seals."""
SEAL_EVERY = 60.0
"""Seconds between a worker's rounds."""
PURPOSE = "audit anchor"
KEPT_BESIDE = timedelta(days=30)
"""Signed heads of so many days are written again beside a database whose folder lost them."""


def seal(context: Context) -> int:
    """Give every committed line its place in its organization's chain; how many had none."""
    done = 0
    while True:
        with context.database.write() as db:
            audit_chain.alone(db)
            sealed = audit_chain.seal(db, OPERATOR, limit=LIMIT)
        done += sealed
        if sealed < LIMIT:
            return done


def anchor(context: Context, vault: Vault, *, now: datetime) -> str | None:
    """Seal, and sign the heads of all chains, once a day (UTC): the day, None if that was done already."""
    seal(context)
    day = now.astimezone(UTC).date().isoformat()
    with context.database.write() as db:
        audit_chain.alone(db)
        if audit_chain.anchored(db, day):
            return None
        before = list(audit_chain.anchors(db, OPERATOR).values())[-1:]
        heads = {org_id: asdict(head) for org_id, head in audit_chain.heads(db, OPERATOR).items()}
        told = {"format": 1, "day": day, "heads": heads, "previous": _hash(before[0][0]) if before else ""}
        document = canonical(told)
        signature = vault.sign(document, PURPOSE)
        audit_chain.anchor(db, day, document, signature, at=now)
    log.info(
        "the audit's heads are signed", extra={"day": day, "sha256": _hash(document), "signed": signature}
    )
    return day


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lay_beside(context: Context, folder: Path, *, now: datetime) -> int:
    """Write signed heads that the folder lacks, a file a day, fit to be mailed or carried away; how many. Raises OSError."""
    since = (now - KEPT_BESIDE).astimezone(UTC).date().isoformat()
    with context.database.read() as db:
        found = audit_chain.anchors(db, OPERATOR, since=since)
    missing = {day: one for day, one in found.items() if not _file(folder, day).exists()}
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
    for day, (document, signature) in missing.items():
        draft = folder / f".audit-{day}.{os.getpid()}"
        draft.write_text(json.dumps({"document": document, "signature": signature}) + "\n", encoding="utf-8")
        draft.replace(_file(folder, day))
    return len(missing)


def _file(folder: Path, day: str) -> Path:
    return folder / f"audit-{day}.json"


class Sealer:
    """Seals while a worker runs, and signs the heads once a day. `now` is the wall clock."""

    def __init__(self, context: Context, vault: Vault, folder: Path, now: Callable[[], datetime]) -> None:
        self._context, self._vault, self._folder, self._now = context, vault, folder, now

    async def round(self) -> bool:
        """One round; it leaves nothing over."""
        await asyncio.to_thread(self._round)
        return False

    def _round(self) -> None:
        now = self._now()
        anchor(self._context, self._vault, now=now)
        try:
            lay_beside(self._context, self._folder, now=now)
        except OSError as error:
            log.warning("the audit's signed heads could not be written beside the database: %s", error)


@dataclass(frozen=True, kw_only=True)
class Anchors:
    """Signed heads of the database and of files: day → document. `wrong`: what cannot be believed; `unknown`: days whose key
    is not in the ring any more."""

    documents: Mapping[str, Mapping[str, Any]]
    wrong: tuple[str, ...]
    unknown: tuple[str, ...]

    def digests(self, scope: Scope) -> dict[tuple[str, int], str]:
        """(organization, number) → the digest that was signed for it."""
        return {
            (org_id, head["number"]): head["digest"]
            for document in self.documents.values()
            for org_id, head in document["heads"].items()
            if scope.org_ids is None or org_id in scope.org_ids
        }


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What following the chains came to. `lines` are sealed, `unsealed` have no place yet (the worker gives it)."""

    lines: int
    unsealed: int
    anchors: Anchors
    flaws: tuple[Flaw, ...]
    heads: Mapping[str, Head]

    @property
    def is_sound(self) -> bool:
        """Nothing is wrong, as far as could be seen."""
        return not self.flaws and not self.anchors.wrong


def verify(context: Context, vault: Vault, folder: Path, *, scope: Scope = OPERATOR) -> Verified:
    """Follow every chain within the scope and compare it with the heads that were signed, in the database and in the
    files of `folder`."""
    with context.database.read(scope) as db:
        with beyond(db):  # the heads of all are signed together; of others' nothing is told
            kept = audit_chain.anchors(db, OPERATOR)
        anchors = _anchors(vault, kept, _files(folder))
        check, lines = Check(anchors=anchors.digests(scope)), 0
        for line in audit_chain.lines(db, scope):
            check.follow(line)
            lines += 1
        return Verified(
            lines=lines,
            unsealed=audit_chain.unsealed(db, scope),
            anchors=anchors,
            flaws=tuple(check.end()),
            heads=check.heads,
        )


def _files(folder: Path) -> dict[str, tuple[str, str]]:
    """Day → document and signature, as they lie there; a file that cannot be read has neither."""
    found = {}
    for path in sorted(folder.glob("audit-*.json")) if folder.is_dir() else ():
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            found[path.stem.removeprefix("audit-")] = str(told["document"]), str(told["signature"])
        except (OSError, ValueError, KeyError, TypeError):
            found[path.stem.removeprefix("audit-")] = "", ""
    return found


def _anchors(
    vault: Vault, kept: Mapping[str, tuple[str, str]], beside: Mapping[str, tuple[str, str]]
) -> Anchors:
    """What both places tell. A file counts for more: whoever rewrites a database need not have its folder."""
    documents, wrong, unknown, last = {}, [], [], ""
    for day in sorted({*kept, *beside}):
        if day in kept and day in beside and kept[day] != beside[day]:
            wrong.append(f"the signed heads of {day} are others in the database than in the file")
        document, signature = beside.get(day) or kept[day]
        try:
            genuine = bool(signature) and vault.vouches(document, signature, PURPOSE)
        except ConfigError:
            unknown.append(day)
            last = _hash(document)
            continue
        told = json.loads(document) if genuine else {}
        if told.get("day") != day:
            wrong.append(f"the heads of {day} do not bear our signature")
            continue
        if last and told["previous"] != last:
            wrong.append(f"signed heads of a day before {day} are gone, or were others")
        documents[day], last = told, _hash(document)
    return Anchors(documents=documents, wrong=tuple(wrong), unknown=tuple(unknown))


def listed(
    context: Context, scope: Scope, *, subject: str | None = None, limit: int = 50, before: int | None = None
) -> list[dict[str, Any]]:
    """The newest lines within the scope, each with who, what, before and after, and its place in the chain."""
    with context.database.read(scope) as db:
        return audit.entries(db, scope, subject=subject, limit=limit, before=before)


def exported(context: Context, scope: Scope) -> Iterator[dict[str, Any]]:
    """Every sealed line as a document, in the order of the chains, and after them the signed heads: all that is needed to
    follow the chains elsewhere."""
    with context.database.read(scope) as db:
        for line in audit_chain.lines(db, scope):
            yield _document(line)
        for day, (document, signature) in audit_chain.anchors(db, scope).items():
            yield {"anchor": day, "document": document, "signature": signature}


def _document(line: Line) -> dict[str, Any]:
    told = asdict(line)
    for name in ("before", "after"):
        told[name] = None if told[name] is None else json.loads(told[name])
    return told


def newest_anchor(context: Context) -> tuple[str, str, str]:
    """Day, document and signature of the heads that were signed last. Raises NotFound where none are."""
    with context.database.read() as db:
        found = audit_chain.anchors(db, OPERATOR)
    if not found:
        raise NotFound("no heads of the audit are signed yet", cure="interdesk audit anchor")
    day = list(found)[-1]
    return (day, *found[day])
