"""The same trouble ticket as other versions of the standard write it: a dialect is v5 (as everything here is kept) or v4.
What a dialect does not know of passes as it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.in_house import DeskTicket, Part
from gateway.domain.tmf621 import telling
from gateway.domain.tmf621.telling import Promise

Document = Mapping[str, Any]


def _same(document: Document) -> dict[str, Any]:
    return dict(document)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """`to` writes a v5 document in this dialect, `of` reads one; `names` are attributes that are called otherwise."""

    name: str
    path: str
    to: Callable[[Document], dict[str, Any]] = _same
    of: Callable[[Document], dict[str, Any]] = _same
    misspells: bool = False
    """Whether its events say `timeOcurred`, as v4's file does."""
    names: Mapping[str, str] = field(default_factory=dict)
    """This dialect's attribute → v5's."""
    required: tuple[str, ...] = ()
    """What a new ticket must say beyond what v5 asks for."""
    unmoved: frozenset[str] = frozenset()
    """Attributes that a patch may not speak of."""
    mends: bool = True
    """Whether a party may mend the words of its own notes."""

    def tell(
        self, ticket: DeskTicket, parts: Sequence[Part], promise: Promise, *, reader: str
    ) -> dict[str, Any]:
        """A ticket in this dialect, to the caller of that name; where it has a seller's priority beside, the buyer's stays its own word."""
        told = self.to(telling.document(ticket, parts, promise, reader=reader))
        if "sellerPriority" in self.unmoved and ticket.document.get("priority"):
            told["priority"] = ticket.document["priority"]
        return told

    def touched(self, names: frozenset[str]) -> frozenset[str]:
        """Attributes in this dialect's words, in v5's."""
        return frozenset(self.names.get(name, name) for name in names)

    def event(self, event: Document) -> dict[str, Any]:
        """A v5 event in this dialect."""
        told = dict(event)
        held = dict(told["event"])
        held["troubleTicket"] = self.to(held["troubleTicket"])
        if self.misspells:
            told["timeOcurred"] = told.pop("timeOccurred")
            asked = held.pop("informationRequired", None)
            told |= {"fieldPath": asked["path"]} if asked else {}
        return {**told, "event": held}


V4_PATH = "/tmf-api/troubleTicket/v4/troubleTicket"
_V4_NAMES = {
    "externalId": "externalIdentifier",
    "statusChange": "statusChangeHistory",
}


def _to_v4(document: Document) -> dict[str, Any]:
    """What v5 kept under a name that is v4's own gives way to what v4 means by it."""
    clashing = {theirs for theirs, ours in _V4_NAMES.items() if ours in document}
    told = {_V5_TO_V4.get(name, name): value for name, value in document.items() if name not in clashing}
    told["href"] = _elsewhere(document.get("href"), telling.PATH, V4_PATH)
    if "externalIdentifier" in document:
        named = [str(one.get("id", "")) for one in document["externalIdentifier"]]
        told["externalId"] = next(iter(named), "")
    if "statusChangeHistory" in document:
        told["statusChange"] = [_to_change(one) for one in document["statusChangeHistory"]]
    for name, inner in (("relatedParty", "partyOrPartyRole"), ("relatedEntity", "entity")):
        if name in told:
            told[name] = [_flat(one, inner) for one in told[name]]
    if "attachment" in told:
        told["attachment"] = [_at_v4(one) for one in told["attachment"]]
    return told


_V5_TO_V4 = {theirs: ours for ours, theirs in _V4_NAMES.items()}


def _at_v4(file: Document) -> dict[str, Any]:
    return {**file, "url": _elsewhere(file["url"], telling.PATH, V4_PATH)} if "url" in file else dict(file)


def _elsewhere(url: Any, here: str, there: str) -> Any:
    return there + url.removeprefix(here) if isinstance(url, str) and url.startswith(f"{here}/") else url


def _to_change(one: Document) -> dict[str, Any]:
    names = {"statusChangeDate": "changeDate", "statusChangeReason": "changeReason"}
    return {names.get(name, name): value for name, value in one.items()}


def _of_change(one: Any) -> Any:
    names = {"changeDate": "statusChangeDate", "changeReason": "statusChangeReason"}
    return {names.get(name, name): value for name, value in one.items()} if isinstance(one, dict) else one


def _flat(one: Document, inner: str) -> dict[str, Any]:
    """`{role, entity: {id …}}` as `{id …, role}`; of the outer object nothing that the inner one says otherwise."""
    held = one.get(inner)
    if not isinstance(held, dict):
        return dict(one)
    outer = {name: value for name, value in one.items() if name not in (inner, "@type")}
    return {**outer, **held}


def _of_v4(document: Document) -> dict[str, Any]:
    told = {_V4_NAMES.get(name, name): value for name, value in document.items()}
    told["@type"] = told.get("@type") or "TroubleTicket"
    named = told.get("externalIdentifier")
    if isinstance(named, str):
        told["externalIdentifier"] = [{"id": named, "@type": "ExternalIdentifier"}]
    moves = told.get("statusChangeHistory")
    if isinstance(moves, list):
        told["statusChangeHistory"] = [_of_change(one) for one in moves]
    wrappings = (
        ("relatedParty", "partyOrPartyRole", "RelatedPartyRefOrPartyRoleRef"),
        ("relatedEntity", "entity", "RelatedEntity"),
    )
    for name, inner, kind in wrappings:
        if isinstance(told.get(name), list):
            told[name] = [_nested(one, inner, kind) for one in told[name]]
    return told


def _nested(one: Any, inner: str, kind: str) -> Any:
    if not isinstance(one, dict) or inner in one:
        return one
    held = {name: value for name, value in one.items() if name != "role"}
    role = {"role": one["role"]} if "role" in one else {}
    return {**role, "@type": kind, inner: held}


V5 = Dialect(name="v5", path=telling.PATH)
V4 = Dialect(name="v4", path=V4_PATH, to=_to_v4, of=_of_v4, misspells=True, names=_V4_NAMES)
