"""What is wrong with the days of agreements and with agreements beside each other: terms that end before they begin, renewals that
begin too early, two that hold for the same tickets, names that nobody has. What one version promises is
`contract_problems`."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from gateway.domain.agreement_versions import (
    DAY,
    Version,
    day_of,
    is_binding,
    overlapping,
    versions,
)
from gateway.domain.plan import Item, Items, Kind, Ref
from gateway.domain.problem import Problem, suggestion


def life_problems(item: Item) -> Iterator[Problem]:
    """Days that contradict each other."""
    document, source = item.document, item.source
    begins, ended = day_of(document.get("valid_from")), day_of(document.get("terminated_on"))
    if begins is not None and ended is not None and ended < begins:
        what = f"it is ended on {ended}, before it begins on {begins}"
        yield Problem(place=f"{source}.terminated_on", what=what, right="leave out the agreement instead")
    days = [amendment["from"] for amendment in document.get("amendments", ())]
    for place, amendment in enumerate(document.get("amendments", ())):
        where = f"{source}.amendments[{place}]"
        if days.count(amendment["from"]) > 1 and days.index(amendment["from"]) < place:
            what = f"two amendments begin on {amendment['from']}"
            yield Problem(place=where, what=what, right="make one of them")
        yield from _amendment_problems(document, amendment, where)


def _amendment_problems(
    document: Mapping[str, Any], amendment: Mapping[str, Any], where: str
) -> Iterator[Problem]:
    begins, first = date.fromisoformat(amendment["from"]), day_of(document.get("valid_from"))
    until = day_of(amendment["change"].get("valid_until"))
    if first is not None and begins <= first:
        right = f"change the agreement itself, or begin after {first}"
        yield Problem(
            place=where, what=f"it begins on {begins}, the agreement itself on {first}", right=right
        )
        return
    if until is not None and until < begins:
        yield Problem(place=where, what=f"it ends on {until}, before it begins on {begins}")
    end = _end_before(document, begins)
    if until is None and end is not None and end < begins:
        right = f"say `valid_until` as well, which renews it, or begin by {end}"
        yield Problem(
            place=where, what=f"it begins on {begins}, but the agreement ends on {end}", right=right
        )
    if until is not None and (end is None or end >= begins):
        last = f"on {end}" if end is not None else "never"
        right = f"begin on {end + DAY}" if end is not None else "leave out `valid_until`: it needs no renewal"
        what = f"it renews from {begins} what ends {last}: the two would overlap"
        yield Problem(
            place=where, what=what, right=f"{right}; other terms in mid-term are an amendment without it"
        )


def _end_before(document: Mapping[str, Any], begins: date) -> date | None:
    """The end of what stood before an amendment began."""
    earlier = [one for one in document.get("amendments", ()) if date.fromisoformat(one["from"]) < begins]
    stood = versions({**document, "amendments": earlier})[-1]
    return day_of(stood.terms.get("valid_until"))


@dataclass(frozen=True, kw_only=True)
class _Scope:
    """For which tickets a version holds. Empty: for all."""

    link: str
    sites: frozenset[str]
    services: frozenset[str]
    groups: frozenset[str]

    @staticmethod
    def of(version: Version) -> "_Scope":
        named = {name: frozenset(version.terms.get(name, ())) for name in ("sites", "services", "groups")}
        return _Scope(link=version.terms.get("link", ""), **named)

    def is_as_narrow_as(self, other: "_Scope") -> bool:
        """Whether one ticket can be in both, and neither is the more specific one (R27)."""
        if self.link != other.link:
            return False
        pairs = ((self.sites, other.sites), (self.services, other.services), (self.groups, other.groups))
        return all(mine & theirs or not (mine or theirs) for mine, theirs in pairs)


def twins(items: Items, wanted: Collection[Ref], item: Item) -> Iterator[Problem]:
    """Another agreement that holds for the same tickets on the same days: nobody could say which one counts."""
    document = item.document
    if not is_binding(document):
        return
    for ref, other in items.items():
        if not _is_rival(item, other) or (ref in wanted and ref > item.ref):
            continue
        for first, last in _shared(document, other.document):
            since = f"from {first}" if first is not None else "from the beginning"
            until = f"until {last}" if last is not None else "without end"
            what = f"{item.ref} and {ref} hold for the same tickets {since} {until}"
            right = "end one the day before the other begins, or narrow one to services, sites or groups"
            yield Problem(place=item.source, what=what, right=right)
            break


def _is_rival(item: Item, other: Item) -> bool:
    if other.ref.kind is not Kind.AGREEMENT or other.ref == item.ref or not is_binding(other.document):
        return False
    same_sides = all(
        item.document.get(side) == other.document.get(side) for side in ("organization", "consumer")
    )
    return same_sides and (item.document["kind"] == "ola") == (other.document["kind"] == "ola")


def _shared(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[date | None, date | None]]:
    others = versions(other)
    for mine in versions(one):
        rivals = [theirs for theirs in others if _Scope.of(mine).is_as_narrow_as(_Scope.of(theirs))]
        yield from overlapping([mine], rivals)


def support_problems(items: Items, item: Item) -> Iterator[Problem]:
    """Agreements that are said to support it, or that it is said to support, and that are not there."""
    known = [ref for ref in items if ref.kind is Kind.AGREEMENT]
    names = {ref.code for ref in known} | {f"{ref.organization}/{ref.code}" for ref in known}
    mine = {item.ref.code, f"{item.ref.organization}/{item.ref.code}"}
    for field in ("supports", "supported_by"):
        for place, name in enumerate(item.document.get(field, ())):
            where = f"{item.source}.{field}[{place}]"
            if name in mine:
                yield Problem(place=where, what="it names itself", right="leave it out")
            elif name not in names:
                what = f"there is no agreement {name!r}"
                yield Problem(place=where, what=what, right=suggestion(name, names))


def as_versions(item: Item) -> Iterator[Item]:
    """The document of each version after the first, as if it were one by itself, for rules about what is promised."""
    for place, version in enumerate(versions(item.document)[1:]):
        yield replace(item, document=version.terms, source=f"{item.source}.amendments[{place}].change")


def parent_problems(items: Items, item: Item) -> Iterator[Problem]:
    """An organization that belongs to itself, by whatever way round."""
    seen, code = [item.ref.code], item.document.get("parent")
    while code is not None and code not in seen:
        seen.append(code)
        above = items.get(Ref(kind=Kind.ORGANIZATION, code=code))
        code = above.document.get("parent") if above is not None else None
    if code is not None:
        way = " → ".join([*seen, code])
        yield Problem(
            place=f"{item.source}.parent", what=f"it belongs to itself: {way}", right="leave one out"
        )
