"""What would change: the configured things compared with the wanted ones, field by field. Pure; never shows a secret."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SEALED = "sealed"
"""What stands in a difference in the place of a secret."""


class Kind(StrEnum):
    """What can be configured, in the order in which it is made (each refers only to those before it)."""

    ORGANIZATION = "organization"
    CALENDAR = "calendar"
    CONTACT = "contact"
    SITE = "site"
    ASSET = "asset"
    DESK = "desk"
    LINK = "link"
    COVERAGE = "coverage"
    AGREEMENT = "agreement"
    WEBHOOK = "webhook"


ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, kw_only=True, order=True)
class Ref:
    """Names one thing. `organization` is the code of the owner where codes are unique only within one, else empty."""

    kind: Kind
    code: str
    organization: str = ""

    def __str__(self) -> str:
        return (
            f"{self.kind} {self.organization}/{self.code}"
            if self.organization
            else f"{self.kind} {self.code}"
        )


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing as a file or the store describes it. `document` is public; `secrets` are by name (`credentials.secret`),
    as texts where they are read or sealed, as keyed digests where they are compared."""

    ref: Ref
    document: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    source: str = ""
    """File and path, for errors; empty for what the store holds."""


class Action(StrEnum):
    """What applying does with a thing."""

    CREATE = "create"
    CHANGE = "change"
    UNCHANGED = "unchanged"
    REMOVE = "remove"
    IN_USE = "in_use"
    """Not wanted any more, but something stands on it: it stays."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field; None where it is absent."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing and what becomes of it. `why` says what stands on a thing in use."""

    action: Action
    ref: Ref
    differences: tuple[Difference, ...] = ()
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every change in the order it is made, seen at one version of the directory."""

    version: int
    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()

    def of(self, *actions: Action) -> tuple[Change, ...]:
        """The changes with one of these actions."""
        return tuple(change for change in self.changes if change.action in actions)

    @property
    def effective(self) -> tuple[Change, ...]:
        """What applying would really do; empty when everything is as wanted."""
        return self.of(Action.CREATE, Action.CHANGE, Action.REMOVE)

    def count(self) -> dict[str, int]:
        """How many things have each action, all actions named."""
        return {action.value: len(self.of(action)) for action in Action}


Items = Mapping[Ref, Item]


def compare(
    current: Items, wanted: Items, *, prune: bool = False, in_use: Mapping[Ref, str] | None = None
) -> tuple[Change, ...]:
    """Creations and changes from the things others stand on upwards, then removals the other way round.

    `in_use` says what stands on things that would be pruned; what a remaining thing refers to remains as well.
    """
    made = [
        _become(current.get(ref), item)
        for ref, item in sorted(wanted.items(), key=lambda pair: _place(pair[0]))
    ]
    if not prune:
        return tuple(made)
    unwanted = sorted(set(current) - set(wanted), key=_place, reverse=True)
    kept = _kept(current, wanted, in_use or {})
    return (*made, *(_leave(current[ref], kept) for ref in unwanted))


def _place(ref: Ref) -> tuple[int, Ref]:
    return ORDER[ref.kind], ref


def _become(before: Item | None, after: Item) -> Change:
    if before is None:
        return Change(action=Action.CREATE, ref=after.ref, differences=tuple(differences(None, after)))
    if before.document == after.document and before.secrets == after.secrets:
        return Change(action=Action.UNCHANGED, ref=after.ref)
    found = tuple(differences(before, after))
    return Change(action=Action.CHANGE if found else Action.UNCHANGED, ref=after.ref, differences=found)


def _leave(item: Item, kept: Mapping[Ref, str]) -> Change:
    if item.ref in kept:
        return Change(action=Action.IN_USE, ref=item.ref, why=kept[item.ref])
    return Change(action=Action.REMOVE, ref=item.ref, differences=tuple(differences(item, None)))


def _kept(current: Items, wanted: Items, in_use: Mapping[Ref, str]) -> dict[Ref, str]:
    """What stays although it is not wanted: things in use, and whatever these or wanted things refer to."""
    kept = {ref: why for ref, why in in_use.items() if ref in current and ref not in wanted}
    remaining = [*wanted.values(), *(current[ref] for ref in kept)]
    while remaining:
        item = remaining.pop()
        for ref in references(item.ref, item.document):
            if ref in current and ref not in wanted and ref not in kept:
                kept[ref] = f"{item.ref} refers to it"
                remaining.append(current[ref])
    return kept


def references(ref: Ref, document: Mapping[str, Any]) -> Iterator[Ref]:
    """The things a document names."""
    if owner := document.get("organization"):
        yield Ref(kind=Kind.ORGANIZATION, code=owner)
    for kind, names in _NAMING.get(ref.kind, {}).items():
        for name in names:
            named = document.get(name)
            owner = ref.organization if kind in LOCAL else ""
            for code in named if isinstance(named, list) else [named]:
                if code:
                    yield Ref(kind=kind, code=code, organization=owner)
    for code in _calendars(document) if ref.kind is Kind.AGREEMENT else ():
        yield Ref(kind=Kind.CALENDAR, code=code, organization=ref.organization)


def _calendars(document: Mapping[str, Any]) -> Iterator[str]:
    """Calendars of single targets, and all that amendments name."""
    changes = [amendment["change"] for amendment in document.get("amendments", ())]
    for part in (document, *changes):
        named = (target.get("calendar") for target in part.get("targets", {}).values())
        own = (part.get("calendar"), part.get("reserve_calendar")) if part is not document else ()
        yield from (code for code in (*named, *own) if code)


LOCAL = frozenset(
    {
        Kind.CALENDAR,
        Kind.CONTACT,
        Kind.SITE,
        Kind.ASSET,
        Kind.COVERAGE,
        Kind.AGREEMENT,
        Kind.WEBHOOK,
    }
)
"""Kinds whose codes are unique only within their organization."""

_NAMING: Mapping[Kind, Mapping[Kind, Collection[str]]] = {
    Kind.ORGANIZATION: {Kind.ORGANIZATION: ("parent",)},
    Kind.SITE: {Kind.CONTACT: ("contacts",)},
    Kind.ASSET: {Kind.SITE: ("site",)},
    Kind.LINK: {Kind.DESK: ("upstream", "downstream")},
    Kind.COVERAGE: {Kind.LINK: ("link",)},
    Kind.AGREEMENT: {
        Kind.ORGANIZATION: ("consumer", "parts_supplier"),
        Kind.LINK: ("link",),
        Kind.CALENDAR: ("calendar", "reserve_calendar"),
    },
}


def differences(before: Item | None, after: Item | None) -> Iterator[Difference]:
    """Fields that differ, in the order of their paths; of a secret only that it differs."""
    old, new = _fields(before), _fields(after)
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            yield Difference(path=path, before=old.get(path), after=new.get(path))
    sealed_before, sealed_after = before.secrets if before else {}, after.secrets if after else {}
    for name in sorted(sealed_before.keys() | sealed_after.keys()):
        if sealed_before.get(name) != sealed_after.get(name):
            yield Difference(path=name, before=_seen(sealed_before, name), after=_seen(sealed_after, name))


def _seen(secrets: Mapping[str, str], name: str) -> str | None:
    return SEALED if name in secrets else None


def _fields(item: Item | None) -> dict[str, Any]:
    return dict(_flat("", item.document)) if item else {}


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Leaves by their dotted path. Lists are leaves: their order and length mean something."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}" if path else str(name), inner)
    else:
        yield path, value
