"""The organizations and desks that an imported history speaks of: those there are, and those that are made for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.importing.parties import Names, desk_code, lacking_desks
from gateway.domain.importing.story import Party
from gateway.flows.context import OPERATOR, Context
from gateway.store import directory, imports
from gateway.store.db import Db
from gateway.store.imports import ImportedDesk


@dataclass(frozen=True, kw_only=True)
class Found:
    """Ids by the words of the file: organizations, customers, and (organization, desk) of each party."""

    organizations: Mapping[str, str]
    customers: Mapping[str, str]
    desks: Mapping[Party, tuple[str, str]]


def keep(context: Context, db: Db, source: str, told: tuple[set[Party], Names], *, now: datetime) -> Found:
    """Find them all, and make what is not there: in one transaction, under the lock of the directory."""
    parties, names = told
    directory.lock(db)
    ids = {one.code: one.id for one in context.directory(db).organizations.values()}
    made = {code: context.new_id("org") for code in sorted(names.made.keys() - ids.keys())}
    for code, org_id in made.items():
        imports.add_organization(db, org_id=org_id, code=code, name=names.made[code])
    ids |= made
    organizations = {value: ids[code] for value, code in names.parties.items()}
    desks = _desks(context, db, source, (parties, names, organizations), now=now)
    directory.bump(db)
    return Found(
        organizations=organizations,
        customers={value: ids[code] for value, code in names.customers.items()},
        desks={party: (organizations[party[0]], desk_id) for party, desk_id in desks.items()},
    )


def _desks(
    context: Context, db: Db, source: str, told: tuple[set[Party], Names, Mapping[str, str]], *, now: datetime
) -> dict[Party, str]:
    parties, names, organizations = told
    there = {(one.org_id, one.native): one.id for one in imports.desks(db, OPERATOR, source=source)}
    places = {party: (organizations[party[0]], party[1]) for party in parties}
    known = {party: there[place] for party, place in places.items() if place in there}
    taken = {one.code for one in imports.desks(db, OPERATOR, source=source)}
    new = []
    for party in lacking_desks(parties, known):
        code = desk_code(source, names.parties[party[0]], party[1], taken)
        taken.add(code)
        org_id, native = places[party]
        if (org_id, native) in there:  # two words of one organization
            known[party] = there[org_id, native]
            continue
        desk_id = context.new_id("dsk")
        new.append(
            ImportedDesk(id=desk_id, org_id=org_id, code=code, source=source, native=native, created_at=now)
        )
        known[party] = there[org_id, native] = desk_id
    imports.add_desks(db, new)
    return known
