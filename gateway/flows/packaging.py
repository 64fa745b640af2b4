"""A link that went well as a package for others: its ends, what passes and crosses, the agreements and calendars of its two
organizations; who they are, where their desks stand and where secrets are kept are parameters. Secrets are never in it, nor people, nor others."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.domain.plan import Action, Items, Kind, Plan, Ref, references
from gateway.domain.problem import suggestion
from gateway.errors import Invalid, NotFound
from gateway.flows.context import OPERATOR, Context
from gateway.store import configuration
from gateway.store.configuration import Stored
from gateway.vault import Vault

Document = dict[str, Any]
_SECTIONS: Mapping[Kind, str] = {
    Kind.ORGANIZATION: "organizations",
    Kind.CALENDAR: "calendars",
    Kind.DESK: "desks",
    Kind.LINK: "links",
    Kind.AGREEMENT: "agreements",
}
_ORGANIZATIONS = ("organization", "consumer", "parts_supplier", "parent")
_ENDS = ("upstream", "downstream")
_OF_THE_PLACE = frozenset({"state", "valid_from", "valid_until", "amendments", "groups", "sites"})
"""What holds for this link or contract alone."""


_PEOPLE, _CONTRACTS = "it names people", "other contracts"
_OF_OTHERS: Mapping[Kind, Mapping[str, str]] = {
    Kind.LINK: {"identities.table": _PEOPLE, "create.requester": _PEOPLE, "create.assignee": _PEOPLE},
    Kind.DESK: {
        "profile.sites": "sites of this place",
        "profile.assets": "assets of this place",
        "profile.defaults.requester": _PEOPLE,
        "profile.defaults.assignee": _PEOPLE,
    },
    Kind.AGREEMENT: {"supports": _CONTRACTS, "supported_by": _CONTRACTS, "based_on": _CONTRACTS},
}
"""What of a thing is not for others to have, by its path, and why."""


def _asks_for_people(condition: Any) -> bool:
    if isinstance(condition, list):
        return any(map(_asks_for_people, condition))
    if not isinstance(condition, Mapping):
        return False
    return condition.get("field") in ("requester", "assignee") or any(
        map(_asks_for_people, condition.values())
    )


_PARTIES: Mapping[Kind, tuple[str, ...]] = {
    Kind.AGREEMENT: ("consumer", "kind", "link"),
    Kind.DESK: ("organization", "connector"),
    Kind.LINK: ("upstream", "downstream"),
}


def refuse_other_parties(plan: Plan, name: str) -> None:
    """A package makes things, and brings those that it made before up to date. Raises Invalid where it would give one that is there to
    other parties, as one does whose codes are taken."""
    problems = tuple(
        f"{change.ref}: {one.path} would be {one.after!r} instead of {one.before!r}"
        for change in plan.of(Action.CHANGE)
        for one in change.differences
        if one.path in _PARTIES.get(change.ref.kind, ())
    )
    if problems:
        raise Invalid(
            f"{name} would change whose these are",
            problems=problems,
            cure="choose other codes: --set name=value",
        )


def export(context: Context, link: str, name: str, vault: Vault) -> tuple[Document, tuple[str, ...]]:
    """The package of a link, as schemas/package.v1.json has it, and what was left out of it because it names people or others than
    the two organizations. Raises NotFound."""
    with context.database.read() as db:
        stored = configuration.stored(db, OPERATOR, vault)
    ref = Ref(kind=Kind.LINK, code=link)
    if ref not in stored.items:
        known = [one.code for one in stored.items if one.kind is Kind.LINK]
        raise NotFound(f"there is no link {link!r}", cure=suggestion(link, known))
    words = _Words(stored, ref)
    found: Document = {}
    for kind, section in _SECTIONS.items():
        if listed := [words.told(one) for one in words.refs if one.kind is kind]:
            found[section] = listed
    document = {"package": name, "version": 1, "parameters": words.parameters, "installation": found}
    return document, tuple(words.left_out)


class _Words:
    """The things of one link, told with parameters in the places of their names."""

    def __init__(self, stored: Stored, link: Ref) -> None:
        self._items: Items = stored.items
        document = self._items[link].document
        self._desks = {document[end]: end for end in _ENDS}
        self._owners = {self._desk(code).document["organization"]: end for code, end in self._desks.items()}
        self.parameters: dict[str, Document] = {}
        self.left_out: list[str] = []
        self.refs = list(dict.fromkeys(self._refs(link)))
        self._codes = dict(self._numbered())

    def _desk(self, code: str) -> Any:
        return self._items[Ref(kind=Kind.DESK, code=code)]

    def _refs(self, link: Ref) -> Iterator[Ref]:
        yield from (Ref(kind=Kind.ORGANIZATION, code=code) for code in self._owners)
        for ref, item in self._items.items():
            if ref.kind is Kind.AGREEMENT and self._between(ref, item.document, link.code):
                named = references(ref, item.document)
                yield from (one for one in named if one.kind is Kind.CALENDAR and one in self._items)
                yield ref
        yield from (Ref(kind=Kind.DESK, code=code) for code in self._desks)
        yield link

    def _between(self, ref: Ref, document: Mapping[str, Any], link: str) -> bool:
        """Whether it is a promise of one of the two to the other, of this link or of none."""
        sides = {ref.organization, document.get("consumer")}
        return sides <= self._owners.keys() and document.get("link", link) == link

    def _numbered(self) -> Iterator[tuple[Ref, str]]:
        """Agreements and calendars by the parameter that names them: applied elsewhere, they are others."""
        for kind in (Kind.AGREEMENT, Kind.CALENDAR):
            for number, ref in enumerate((one for one in self.refs if one.kind is kind), 1):
                yield ref, f"{kind.value}_{number}" if number > 1 else kind.value

    def _renamed(self, told: Document, owner: str) -> Document:
        """The calendars that an agreement names, there and in its targets, as parameters."""
        found: Document = {}
        for name, value in told.items():
            ref = Ref(kind=Kind.CALENDAR, organization=owner, code=value if isinstance(value, str) else "")
            if isinstance(value, dict):
                found[name] = self._renamed(value, owner)
            elif name in ("calendar", "reserve_calendar") and ref in self._codes:
                found[name] = self._parameter(self._codes[ref], "code of the calendar")
            else:
                found[name] = value
        return found

    def _shared(self, ref: Ref, document: Mapping[str, Any]) -> Document:
        """What of one thing is for others to have: people, and organizations that are no end of the link, stay here."""
        told = {name: value for name, value in document.items() if name not in _OF_THE_PLACE}
        for path, why in _OF_OTHERS.get(ref.kind, {}).items():
            if self._drop(told, path.split(".")):
                self.left_out.append(f"{ref}: {path} ({why})")
        for name in _ORGANIZATIONS:
            if name in told and told[name] not in self._owners:
                del told[name]
                self.left_out.append(f"{ref}: {name} (another organization)")
        when = told.get("passes", {}).get("when")
        if when is not None and _asks_for_people(when):
            told["passes"] = {name: value for name, value in told["passes"].items() if name != "when"}
            self.left_out.append(
                f"{ref}: passes.when (it asks who somebody is; say again which tickets pass)"
            )
        return told

    def _drop(self, told: Document, path: list[str]) -> bool:
        """Take a field out, and what held nothing else; whether it was there."""
        name, *rest = path
        if name not in told:
            return False
        if not rest:
            del told[name]
            return True
        inner = dict(told[name])
        gone = self._drop(inner, rest)
        told[name] = inner
        if not inner:
            del told[name]
        return gone

    def told(self, ref: Ref) -> Document:
        """One thing; every name that belongs to this place as a parameter."""
        item = self._items[ref]
        told = self._shared(ref, item.document)
        for name in _ORGANIZATIONS:
            if told.get(name) in self._owners:
                told[name] = self._parameter(
                    f"{self._owners[told[name]]}_organization", "code of the organization"
                )
        if ref.kind is Kind.ORGANIZATION:
            end = self._owners[ref.code]
            told["code"] = self._parameter(f"{end}_organization", "code of the organization")
            told["name"] = self._parameter(f"{end}_name", "name of the organization")
        if ref in self._codes:
            told = self._renamed(told, ref.organization)
            told["code"] = self._parameter(self._codes[ref], f"code of the {ref.kind.value}")
        if ref.kind is Kind.DESK:
            return self._told_desk(told, self._desks[ref.code], item.secrets)
        for name in _ENDS if ref.kind is Kind.LINK else ():
            told[name] = self._parameter(f"{name}_desk", "code of the desk")
        if ref.kind is Kind.LINK or "link" in told:
            told["code" if ref.kind is Kind.LINK else "link"] = self._parameter("link", "code of the link")
        return told

    def _told_desk(self, told: Document, end: str, secrets: Mapping[str, str]) -> Document:
        told["code"] = self._parameter(f"{end}_desk", "code of the desk")
        for name, what in (("base_url", "address of the desk"), ("account", "our account at the desk")):
            if name in told:
                told[name] = self._parameter(f"{end}_{name}", what)
        if "credentials" in told:
            given = {"kind": told["credentials"]["kind"]}
            if "user" in told["credentials"]:
                given["user"] = self._parameter(f"{end}_user", "user of our account at the desk")
            told["credentials"] = {**given, "secret": self._secret(f"{end}_secret_in")}
        hook: Document = {"token": self._secret(f"{end}_hook_secret_in")} if "hook.token" in secrets else {}
        if "hook.secrets[0]" in secrets:
            hook["secrets"] = [self._secret(f"{end}_hook_secret_in")]
        return {**told, **({"hook": hook} if hook else {})}

    def _secret(self, name: str) -> Document:
        return {"env": self._parameter(name, "name of the environment variable that holds the secret")}

    def _parameter(self, name: str, what: str) -> str:
        end = next((f", {end}" for end in _ENDS if name.startswith(end)), "")
        self.parameters.setdefault(name, {"description": f"{what}{end}"})
        return f"${{{name}}}"
