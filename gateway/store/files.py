"""Which files of the blob store some row still speaks of."""

import re
from collections.abc import Set
from typing import Any

from sqlalchemy import Text, cast, select

from gateway.store import rows, schema
from gateway.store.columns import Document
from gateway.store.db import Db

HOLDERS = (
    *("desk_part", "tmf_notice", "shared_part", "shared_file"),  # what stands at desks of ours
    "errand",  # a file on its way to an agent
)
"""Tables besides `content` whose documents may name a file."""
_KEY = re.compile(r"[0-9a-f]{64}")
_MANY = 1000


def spoken_of(db: Db, keys: Set[str]) -> set[str]:
    """Of these files those that some row speaks of; every table that may is read once, as a stream."""
    found: set[str] = set()
    if not keys:
        return found
    named = rows.content.c.blob_key
    for key in _stream(db, select(named).where(named.is_not(None))):
        if key in keys:
            found.add(key)
    for table in (one for one in schema.every_table() if one.name in HOLDERS):
        for column in (one for one in table.c if isinstance(one.type, Document)):
            for told in _stream(db, select(cast(column, Text)).where(column.is_not(None))):
                found |= keys & set(_KEY.findall(told or ""))
    return found


def _stream(db: Db, query: Any) -> Any:
    return db.execute(query, execution_options={"yield_per": _MANY}).scalars()
