"""Which documents a list is asked for and how much of each: TMF630's filters by attribute, sorting, and `fields`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gateway.domain.tmf621.reading import moment
from gateway.errors import Invalid

Document = Mapping[str, Any]
ALWAYS = ("id", "href", "@type")
_COMPARED = {"gt": (1,), "gte": (0, 1), "lt": (-1,), "lte": (-1, 0)}


@dataclass(frozen=True, kw_only=True)
class Test:
    """An attribute's path, how it compares (`eq`, `ne`, `gt` …), and the values of which any will do."""

    path: tuple[str, ...]
    verb: str
    values: tuple[str, ...]


def tests(parameters: Sequence[tuple[str, str]]) -> tuple[Test, ...]:
    """`severity=Major`, `status=held,pending`, `note.author=Ann`, `creationDate.gt=…`. Raises Invalid for a name that no
    ticket has."""
    return tuple(_test(name, value) for name, value in parameters)


def _test(name: str, value: str) -> Test:
    path = _CALLED.get(name) or tuple(name.split("."))
    verb = path[-1] if len(path) > 1 and path[-1] in (*_COMPARED, "ne", "eq") else "eq"
    path = path[:-1] if verb == path[-1] and len(path) > 1 else path
    if path[0] not in ATTRIBUTES:
        raise Invalid(
            f"there is no attribute {name[:80]!r} to filter by", cure="schemas/tmf621.md lists them"
        )
    values = tuple(value.split(","))
    if verb in _COMPARED and any(moment(one) is None for one in values):
        raise Invalid(f"{name[:80]} compares moments", cure="write 2026-03-01T09:00:00Z")
    return Test(path=path, verb=verb, values=values)


_CALLED: Mapping[str, tuple[str, ...]] = {
    "relatedEntityId": ("relatedEntity", "id"),
    "relatedEntityType": ("relatedEntity", "@referredType"),
}
"""Parameters of MEF 124 that name an attribute otherwise than by its path."""


ATTRIBUTES = frozenset(
    {
        *(
            "id",
            "href",
            "name",
            "description",
            "severity",
            "ticketType",
            "priority",
            "status",
            "channel",
            "@type",
        ),
        *("note", "attachment", "relatedEntity", "relatedParty", "externalIdentifier", "externalId"),
        *("creationDate", "lastUpdate", "statusChangeDate", "statusChangeReason", "statusChangeHistory"),
        *("statusChange", "requestedResolutionDate", "expectedResolutionDate", "resolutionDate"),
        *("troubleTicketRelationship", "troubleTicketSpecification", "troubleTicketCharacteristic"),
        *("version", "lifecycleStatus", "specCharacteristic"),
        *(
            "sellerPriority",
            "sellerSeverity",
            "observedImpact",
            "relatedContactInformation",
            "issueStartDate",
        ),
    }
)


def fits(document: Document, wanted: Sequence[Test]) -> bool:
    """Whether every test finds a value of its liking."""
    return all(_passes(document, test) for test in wanted)


def _passes(document: Document, test: Test) -> bool:
    found = list(_values(document, test.path))
    if test.verb == "ne":
        return not any(_same(value, word) for value in found for word in test.values)
    if test.verb == "eq":
        return any(_same(value, word) for value in found for word in test.values)
    return any(_compare(value, word) in _COMPARED[test.verb] for value in found for word in test.values)


def _values(node: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(node, list):
        for one in node:
            yield from _values(one, path)
    elif not path:
        yield node
    elif isinstance(node, dict) and path[0] in node:
        yield from _values(node[path[0]], path[1:])


def _same(value: Any, word: str) -> bool:
    if isinstance(value, bool):
        return str(value).lower() == word.lower()
    at, other = moment(value), moment(word)
    return at == other if at is not None and other is not None else str(value) == word


def _compare(value: Any, word: str) -> int | None:
    """-1, 0 or 1; None for what cannot be compared."""
    at, other = moment(value), moment(word)
    if at is None or other is None:
        return None
    return (at > other) - (at < other)


def sorted_by(documents: Sequence[Document], sort: str | None) -> list[Document]:
    """By attributes, `-` before one for the other direction; without, in the order they come."""
    found = list(documents)
    for name in reversed((sort or "").split(",")):
        path = tuple(name.lstrip("+-").split("."))
        if name and path[0] not in ATTRIBUTES:
            raise Invalid(f"there is no attribute {name[:80]!r} to sort by")
        if name:
            found.sort(key=partial(_rank, path), reverse=name.startswith("-"))
    return found


def _rank(path: tuple[str, ...], document: Document) -> str:
    return str(next(_values(document, path), ""))


def chosen(document: Document, fields: str | None) -> dict[str, Any]:
    """Only the attributes that are asked for, and what every answer has."""
    if fields is None:
        return dict(document)
    names = {name.strip().partition(".")[0] for name in fields.split(",")} | set(ALWAYS)
    return {name: value for name, value in document.items() if name in names}
