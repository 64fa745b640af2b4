"""Sites and assets written one at a time, exactly as `apply` writes them from a file: the same schema, the same judgement of what
fits together, a line in the audit with before and after. An organization writes its own; the operator everybody's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway import schemas
from gateway.domain.plan import Action, Item, Kind, Ref, references
from gateway.domain.problem import suggestion
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows.apply import make
from gateway.flows.context import OPERATOR, Context
from gateway.flows.link_steps import By
from gateway.flows.proposal import Terms
from gateway.store import audit, catalogue, configuration, directory
from gateway.store.catalogue import View
from gateway.store.db import Db
from gateway.vault import Vault

_IDS = "dir_"
"""How our ids begin: whoever names one means what is there, and makes nothing new."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """A site or an asset (`kind`) by its id or code. `organization`: the owner's code; "" leaves it to who asks."""

    kind: Kind
    name: str
    organization: str = ""


@dataclass(frozen=True, kw_only=True)
class Errand:
    """Who wants something written. `unmoved` is given what there is (None: nothing), inside the transaction, and raises Moved."""

    context: Context
    vault: Vault
    by: By
    unmoved: Callable[[View | None], None] = lambda _before: None


def put(errand: Errand, which: Named, said: Mapping[str, Any]) -> tuple[View, bool]:
    """Make it, or put this document in the place of its own; it, and whether it is new. Raises NotFound, Invalid, Moved."""
    with errand.context.database.write(slow=True) as db:
        before = _found(db, errand, which)
        if before is None and which.name.startswith(_IDS):
            raise _nothing(which)
        ref = _ref(before) if before else _new(errand, db, which, said)
        return _written(db, errand, (which.kind, ref), said), before is None


def change(errand: Errand, which: Named, said: Mapping[str, Any]) -> View:
    """Change what is said of it and leave the rest (RFC 7396: null takes a value away). Raises NotFound, Invalid, Moved."""
    with errand.context.database.write(slow=True) as db:
        before = _there(db, errand, which)
        document = {**{name: value for name, value in before.items() if name != "id"}, **said}
        _refuse_others(document, before)
        kept = {name: value for name, value in document.items() if value is not None}
        return _written(db, errand, (which.kind, _ref(before)), kept)


def remove(errand: Errand, which: Named) -> View:
    """Take it away; it, as it was. Raises NotFound, Moved, Refused while something stands on it."""
    with errand.context.database.write(slow=True) as db:
        before = _there(db, errand, which)
        code, owner = _ref(before)
        ref = Ref(kind=which.kind, code=code, organization=owner)
        ids = {ref: before["id"]}
        stored = configuration.stored(db, OPERATOR, None)
        why = configuration.in_use(db, ids).get(ref) or _named_by(ref, stored.items)
        if why:
            raise Refused(
                f"{ref} stays: {why}", cure="change that first, or leave it and change what it says"
            )
        configuration.remove(db, ids)
        by, org_id = errand.by, stored.ids[Ref(kind=Kind.ORGANIZATION, code=owner)]
        told = audit.Entry(
            org_id=org_id,
            actor=by.actor,
            action=f"configuration {Action.REMOVE}",
            subject=str(ref),
            before=dict(stored.items[ref].document),
            after={},
        )
        audit.record(db, now=by.now, **told)
        directory.bump(db)
        return before


def _found(db: Db, errand: Errand, which: Named) -> View | None:
    """What there is, looked at under the lock of the directory. Raises Moved, Invalid."""
    directory.lock(db)
    found = catalogue.local_one(db, errand.by.scope, which.kind.value, which.name, which.organization)
    errand.unmoved(found)
    return found


def _there(db: Db, errand: Errand, which: Named) -> View:
    found = _found(db, errand, which)
    if found is None:
        raise _nothing(which)
    return found


def _nothing(which: Named) -> NotFound:
    return NotFound(f"there is no such {which.kind}")


def _ref(view: View) -> tuple[str, str]:
    return view["code"], view["organization"]


def _new(errand: Errand, db: Db, which: Named, said: Mapping[str, Any]) -> tuple[str, str]:
    """Code and owner of what is to be made: an organization's own; the operator says whose. Raises NotFound, Invalid."""
    party = errand.by.party
    every = errand.context.directory(db).organizations.values()
    codes = [one.code for one in every if party in (None, one.id)]
    wanted = which.organization or said.get("organization") or (codes[0] if party and codes else "")
    if not wanted:
        raise Invalid(f"whose {which.kind} it is is not said", cure="?organization=CODE")
    if wanted not in codes:
        raise NotFound(f"there is no organization {wanted!r}", cure=suggestion(str(wanted), codes))
    return which.name, wanted


def _written(db: Db, errand: Errand, what: tuple[Kind, tuple[str, str]], said: Mapping[str, Any]) -> View:
    kind, (code, owner) = what
    _refuse_others(said, {"code": code, "organization": owner})
    document = {**said, "organization": owner, "code": code}
    schemas.check(kind.value, document)
    ref = Ref(kind=kind, code=code, organization=owner)
    item = Item(ref=ref, document=document, source=str(ref))
    make(errand.context, db, {ref: item}, Terms(vault=errand.vault), by=(errand.by.actor, errand.by.now))
    made = catalogue.local_one(db, OPERATOR, kind.value, code, owner)
    if made is None:
        raise LookupError(f"{ref} was written and is not there")
    return made


def _refuse_others(said: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """A document may repeat by what it is named, and say nothing else of it."""
    wrong = [
        f"{name}: {own[name]!r} is what the address says"
        for name in ("organization", "code")
        if said.get(name, own[name]) != own[name]
    ]
    if wrong:
        raise Invalid(
            "the document is another's", problems=tuple(wrong), cure="leave these out, or mend the address"
        )


def _named_by(ref: Ref, items: Mapping[Ref, Item]) -> str:
    """What says its name, or "". Others name it by its code alone, which then means whoever has such a code."""
    twins = any(one.kind is ref.kind and one.code == ref.code and one != ref for one in items)
    for item in items.values():
        own = item.document.get("organization") == ref.organization
        if ref in references(item.ref, item.document) or (_says(item, ref) and (own or not twins)):
            return f"{item.ref} names it" if own else f"a {item.ref.kind} of another organization names it"
    return ""


def _says(item: Item, ref: Ref) -> bool:
    said, several = item.document, f"{ref.kind.value}s"
    if item.ref.kind is Kind.DESK:
        return ref.code in said.get("profile", {}).get(several, {}).values()
    if item.ref.kind is Kind.AGREEMENT:
        terms = (said, *(one["change"] for one in said.get("amendments", ())))
        return any(ref.code in one.get(several, ()) for one in terms)
    return item.ref.kind is Kind.COVERAGE and said.get(ref.kind.value) == ref.code
