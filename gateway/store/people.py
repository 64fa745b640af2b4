"""Names of people at desks, behind the opaque ids that events carry. Erasable."""

from collections.abc import Mapping

from gateway.store import bulk, rows
from gateway.store.db import Db


def keep(db: Db, people: Mapping[str, tuple[str, str, str, str]]) -> None:
    """Remember id → (organization, desk, native id, name); what is known already stays."""
    bulk.add_new(
        db,
        rows.person,
        [
            {"id": person_id, "org_id": org_id, "desk_id": desk_id, "native_id": native, "name": name}
            for person_id, (org_id, desk_id, native, name) in sorted(people.items())
        ],
    )
