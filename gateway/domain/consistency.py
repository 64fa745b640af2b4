"""Whether configured things fit together: names that exist, hours that can be read, rules that do not contradict each
other. What a single document may contain is its JSON Schema; what desks can do is `gateway.domain.needs`."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from gateway.domain import identities, trial
from gateway.domain.agreement_problems import (
    as_versions,
    life_problems,
    parent_problems,
    support_problems,
    twins,
)
from gateway.domain.contract_problems import (
    agreement_problems,
    bound_already,
    calendar_problems,
    calendar_warnings,
    holidays_run_out,
    site_warnings,
    unsupported,
)
from gateway.domain.hours import hours_from
from gateway.domain.model import Manifest
from gateway.domain.needs import desk_problems, link_problems
from gateway.domain.ownership_problems import ownership_problems
from gateway.domain.plan import LOCAL, Item, Items, Kind, Ref, references
from gateway.domain.problem import Problem, suggestion

FIXED: Mapping[Kind, tuple[str, ...]] = {
    Kind.DESK: ("organization", "connector", "test"),
    Kind.LINK: ("upstream", "downstream", "test"),
}
"""What never changes once a thing exists: tickets were read and written under it."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What there is now, what is wanted, and all that would be there afterwards; the names of all connectors, and the
    manifests of those that desks use."""

    current: Items
    wanted: Items
    afterwards: Items
    connectors: Collection[str]
    manifests: Mapping[str, Manifest]

    @cached_property
    def _known(self) -> Mapping[tuple[Kind, str], set[str]]:
        known: dict[tuple[Kind, str], set[str]] = {}
        for ref in self.afterwards:
            known.setdefault((ref.kind, ref.organization), set()).add(ref.code)
            known.setdefault((ref.kind, ""), set()).add(ref.code)
        return known

    def codes(self, kind: Kind, organization: str = "") -> Collection[str]:
        """Codes of that kind there would be; of one organization, or of all."""
        return self._known.get((kind, organization), set())

    @cached_property
    def links(self) -> Collection[Item]:
        """Every link there would be."""
        return [item for ref, item in self.afterwards.items() if ref.kind is Kind.LINK]

    @cached_property
    def groups(self) -> Collection[str]:
        """Every group that some site is in."""
        sites = (item.document for ref, item in self.afterwards.items() if ref.kind is Kind.SITE)
        return {site["group"] for site in sites if "group" in site}


def problems(world: World) -> list[Problem]:
    """Everything that is wrong with the wanted things, in their order."""
    rules: tuple[Callable[[World, Item], Iterator[Problem]], ...] = (
        _names,
        _fixed,
        _hours,
        _coverage,
        _desk,
        _link,
        _contract,
    )
    return [problem for item in world.wanted.values() for rule in rules for problem in rule(world, item)]


def _names(world: World, item: Item) -> Iterator[Problem]:
    for ref in references(item.ref, item.document):
        if ref not in world.afterwards:
            owner = ref.organization if ref.kind in LOCAL else ""
            whose = f" of {owner}" if owner else ""
            right = suggestion(ref.code, world.codes(ref.kind, owner))
            yield Problem(place=item.source, what=f"there is no {ref.kind} {ref.code!r}{whose}", right=right)


def _fixed(world: World, item: Item) -> Iterator[Problem]:
    before = world.current.get(item.ref)
    for name in FIXED.get(item.ref.kind, ()) if before else ():
        old, new = before.document.get(name) if before else None, item.document.get(name)
        if (old or None) != (new or None):
            what = f"the {name} of {item.ref} is {old!r} and cannot become {new!r}"
            yield Problem(place=item.source, what=what, right="make another one and end this one")


def _hours(_world: World, item: Item) -> Iterator[Problem]:
    text = item.document.get("hours")
    if text is None:
        return
    try:
        hours_from(text)
    except ValueError as error:
        yield Problem(place=f"{item.source}.hours", what=str(error))


def _coverage(world: World, item: Item) -> Iterator[Problem]:
    if item.ref.kind is not Kind.COVERAGE:
        return
    document, place = item.document, item.source
    if "site" in document and "group" in document:
        yield Problem(place=place, what="it names a site and a group", right="write two rows")
    site, group = document.get("site"), document.get("group")
    if site is not None and site not in (known := world.codes(Kind.SITE)):
        yield Problem(place=place, what=f"there is no site {site!r}", right=suggestion(site, known))
    if group is not None and group not in (known := world.groups):
        yield Problem(place=place, what=f"no site is in a group {group!r}", right=suggestion(group, known))
    owner = upstream_organization(world.afterwards, document["link"])
    if owner is not None and document.get("organization") != owner:
        what = f"link {document['link']!r} does not start at a desk of {document.get('organization')!r}"
        yield Problem(place=place, what=what, right=f"its upstream is {owner!r}")


def upstream_organization(items: Items, link_code: str) -> str | None:
    """The code of the organization that hands tickets over on this link, if link and desk are known."""
    link = items.get(Ref(kind=Kind.LINK, code=link_code))
    desk = items.get(Ref(kind=Kind.DESK, code=link.document["upstream"])) if link else None
    return desk.document["organization"] if desk else None


def _desk(world: World, item: Item) -> Iterator[Problem]:
    if item.ref.kind is not Kind.DESK:
        return
    name = item.document["connector"]
    manifest = world.manifests.get(name)
    if manifest is None:
        right = suggestion(name, world.connectors)
        yield Problem(place=item.source, what=f"there is no connector {name!r}", right=right)
        return
    yield from desk_problems(item, manifest)
    yield from _mapped_codes(world, item)


def _mapped_codes(world: World, item: Item) -> Iterator[Problem]:
    profile = item.document.get("profile", {})
    for name, kind in (("sites", Kind.SITE), ("assets", Kind.ASSET)):
        known = world.codes(kind)
        for native, code in profile.get(name, {}).items():
            if code not in known:
                place = f"{item.source}.profile.{name}.{native}"
                yield Problem(place=place, what=f"there is no {kind} {code!r}", right=suggestion(code, known))


def _link(world: World, item: Item) -> Iterator[Problem]:
    if item.ref.kind is not Kind.LINK:
        return
    ends = [
        world.afterwards.get(Ref(kind=Kind.DESK, code=item.document[end]))
        for end in ("upstream", "downstream")
    ]
    upstream, downstream = ends
    if upstream is None or downstream is None:
        return
    if upstream.ref == downstream.ref:
        yield Problem(place=item.source, what="it leads from a desk to the same desk", right="name two desks")
    manifests = [world.manifests.get(desk.document["connector"]) for desk in (upstream, downstream)]
    if manifests[0] is not None and manifests[1] is not None:
        yield from link_problems(
            item, upstream=(upstream, manifests[0]), downstream=(downstream, manifests[1])
        )
    yield from trial.problems(item, upstream, downstream)
    yield from ownership_problems(item)
    yield from _delegated_twice(world, item)
    yield from identities.problems(item)


def _contract(world: World, item: Item) -> Iterator[Problem]:
    if item.ref.kind is Kind.CALENDAR:
        yield from calendar_problems(item)
    elif item.ref.kind is Kind.ORGANIZATION:
        yield from parent_problems(world.afterwards, item)
    elif item.ref.kind is Kind.AGREEMENT:
        for one in (item, *as_versions(item)):
            yield from agreement_problems(world.afterwards, one)
        yield from life_problems(item)
        yield from twins(world.afterwards, world.wanted, item)
        yield from support_problems(world.afterwards, item)


def _delegated_twice(world: World, item: Item) -> Iterator[Problem]:
    name = _delegate_as(item)
    for other in world.links if name else ():
        same_desk = other.document["upstream"] == item.document["upstream"]
        if same_desk and other.ref != item.ref and _delegate_as(other) == name:
            what = f"{name!r} already delegates to {other.ref} from the same desk"
            yield Problem(place=f"{item.source}.passes.delegate_as", what=what, right="use another name")


def _delegate_as(item: Item) -> str:
    """How the desk's agents call the link; letters' case does not count. An ended link gives its name free."""
    if item.document.get("state") == "ended":
        return ""
    name: str = item.document.get("passes", {}).get("delegate_as", "")
    return name.casefold()


def warnings(world: World, *, year: int | None = None) -> list[str]:
    """What is allowed but hardly meant; promises are checked over the days of `year`, if one is named."""
    covered = {item.document["link"] for ref, item in world.afterwards.items() if ref.kind is Kind.COVERAGE}
    return [
        warning
        for item in world.wanted.values()
        for warning in (*_idle_link(item, covered), *_unsigned_desk(world, item), *site_warnings(item))
    ] + [*_of_calendars(world, year), *_of_promises(world, year)]


def _of_calendars(world: World, year: int | None) -> Iterator[str]:
    """Of the wanted calendars every doubt; of all that the holidays they know run out."""
    for ref, item in world.afterwards.items():
        if ref.kind is Kind.CALENDAR:
            yield from calendar_warnings(item) if ref in world.wanted else ()
            yield from holidays_run_out(item, year=year) if year is not None else ()


def _of_promises(world: World, year: int | None) -> Iterator[str]:
    changed = _changed(world)
    yield from bound_already(world.current, changed)
    if year is not None:
        yield from unsupported(world.afterwards, changed, year=year)


def _changed(world: World) -> Items:
    """What a file makes new or different."""
    return {
        ref: item
        for ref, item in world.wanted.items()
        if ref not in world.current or world.current[ref].document != item.document
    }


def _idle_link(item: Item, covered: set[str]) -> Iterator[str]:
    if item.ref.kind is not Kind.LINK:
        return
    passes = item.document.get("passes", {})
    if not passes.get("when") and not passes.get("delegate_as"):
        yield f"{item.source}: no ticket passes over {item.ref}: it has neither passes.when nor passes.delegate_as"
    if passes.get("choose") == "coverage" and item.ref.code not in covered:
        yield f"{item.source}: {item.ref} is chosen by coverage, but no coverage row names it"


def _unsigned_desk(world: World, item: Item) -> Iterator[str]:
    if item.ref.kind is not Kind.DESK:
        return
    manifest = world.manifests.get(item.document["connector"])
    by_agent = item.document.get("agent")
    if manifest and manifest.auth and "credentials" not in item.document and not by_agent:
        yield f"{item.source}: {item.ref} has no credentials; its connector wants {manifest.auth[0].kind}"
