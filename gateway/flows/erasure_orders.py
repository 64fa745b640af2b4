"""Orders to forget somebody, sealed, in files beside the database: one that is put back from before an order knows the person again."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from gateway.flows.context import OPERATOR
from gateway.store import erasures
from gateway.store.db import Database
from gateway.store.erasures import Erasure

log = logging.getLogger(__name__)

_TOLD = ("id", "org_id", "sealed_terms", "asked_by", "reason")


def lay(folder: Path, asked: Erasure) -> None:
    """Write an order; it appears under its name when it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {name: getattr(asked, name) for name in _TOLD} | {"asked_at": asked.asked_at.isoformat()}
    draft = folder / f".{asked.id}"
    draft.write_text(json.dumps(told) + "\n", encoding="utf-8")
    draft.replace(folder / f"{asked.id}.json")


def read(folder: Path) -> Iterator[Erasure]:
    """All that lie there; of one that is damaged the log tells."""
    for path in sorted(folder.glob("ers_*.json")) if folder.is_dir() else ():
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            yield Erasure(**{**told, "asked_at": datetime.fromisoformat(told["asked_at"])})
        except (ValueError, TypeError, KeyError):
            log.exception("an erasure's order is damaged", extra={"file": path.name})


def take_in(database: Database, folder: Path) -> None:
    """Orders that the database does not know: it was put back, by whatever means, from before they were given."""
    for asked in read(folder):
        with database.write() as db:
            if erasures.get(db, OPERATOR, asked.id) is None:
                erasures.put(db, asked)
