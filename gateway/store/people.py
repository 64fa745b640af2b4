"""Names of people at desks, behind the opaque ids that events carry. Erasable."""

from collections.abc import Mapping

from sqlalchemy.dialects import postgresql, sqlite

from gateway.store import rows
from gateway.store.db import Db


def keep(db: Db, people: Mapping[str, tuple[str, str, str, str]]) -> None:
    """Remember id → (organization, desk, native id, name); what is known already stays."""
    if not people:
        return
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(rows.person).on_conflict_do_nothing()
    db.execute(
        statement,
        [
            {"id": person_id, "org_id": org_id, "desk_id": desk_id, "native_id": native, "name": name}
            for person_id, (org_id, desk_id, native, name) in sorted(people.items())
        ],
    )
