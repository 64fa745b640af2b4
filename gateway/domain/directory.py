"""Who there is: organizations, desks, links, sites, assets and coverage, as flows look them up. How it is read from the
database is `gateway.store.directory`; how it comes to be is configuration (`gateway.flows.apply`)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.domain.agreements import Agreement
from gateway.domain.model import Asset, Contact, CoverageRow, Desk, Link, LinkState, Organization, Site
from gateway.domain.rules.model import UNRULED, LinkRules
from gateway.domain.webhooks.model import Webhook
from gateway.errors import NotFound

T = TypeVar("T")

Code = tuple[str, str]
"""A code is unique within its organization: (organization id, code)."""


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Everything configured, at one `version`. Immutable; a new version is a new object.

    `organizations`, `desks` and `links` (in every state) are by id; `sites` and `assets` by (organization id, code);
    `coverage` by the id of the upstream organization, lowest rank first; `agreements` by code, each of their
    versions one; `contacts` by organization id, level 1 first.
    """

    version: int = 0
    salt: str = field(default="", repr=False)
    """Secret of this installation: keys the opaque marks of routes and the markers of deliveries."""
    organizations: Mapping[str, Organization] = field(default_factory=dict)
    desks: Mapping[str, Desk] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    coverage: Mapping[str, tuple[CoverageRow, ...]] = field(default_factory=dict)
    sites: Mapping[Code, Site] = field(default_factory=dict)
    assets: Mapping[Code, Asset] = field(default_factory=dict)
    agreements: tuple[Agreement, ...] = ()
    contacts: Mapping[str, tuple[Contact, ...]] = field(default_factory=dict)
    rules: Mapping[str, LinkRules] = field(default_factory=dict)
    """What both sides of a link have published, by the link's id."""
    webhooks: Mapping[str, tuple[Webhook, ...]] = field(default_factory=dict)
    """Where organizations want to be told what happens, by the organization's id."""
    _desks_by_code: Mapping[str, Desk] = field(init=False, repr=False, compare=False)
    _from: Mapping[str, tuple[Link, ...]] = field(init=False, repr=False, compare=False)
    _to: Mapping[str, tuple[Link, ...]] = field(init=False, repr=False, compare=False)
    _served: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)
    _promised: Mapping[str, Sequence[Agreement]] = field(init=False, repr=False, compare=False)
    _lines: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        active = [link for link in self.links.values() if link.state is LinkState.ACTIVE]
        object.__setattr__(self, "_desks_by_code", {desk.code: desk for desk in self.desks.values()})
        object.__setattr__(self, "_from", _grouped(active, lambda link: link.upstream_desk_id))
        object.__setattr__(self, "_to", _grouped(active, lambda link: link.downstream_desk_id))
        by_code = {one.code: one.id for one in self.organizations.values()}
        parents = {
            one.id: by_code[one.parent] for one in self.organizations.values() if one.parent in by_code
        }
        lines = {org_id: _line(org_id, parents) for org_id in self.organizations}
        object.__setattr__(self, "_lines", lines)
        below: dict[str, set[str]] = {}
        for org_id, line in lines.items():
            for one in line:
                below.setdefault(one, set()).add(org_id)
        served: dict[str, set[str]] = {}
        by_provider: dict[str, list[Agreement]] = {}
        for agreement in self.agreements:
            terms = agreement.terms
            by_provider.setdefault(terms.provider, []).append(agreement)
            served.setdefault(terms.provider, set()).update(below.get(terms.consumer, {terms.consumer}))
        object.__setattr__(self, "_promised", by_provider)
        object.__setattr__(self, "_served", {name: frozenset(found) for name, found in served.items()})

    def desk(self, desk_id: str) -> Desk:
        """The desk with this id. Raises NotFound."""
        return _known(self.desks, desk_id, "desk")

    def desk_by_code(self, code: str) -> Desk | None:
        """The desk people call so, or None."""
        return self._desks_by_code.get(code)

    def link(self, link_id: str) -> Link:
        """The link with this id, in whatever state. Raises NotFound."""
        return _known(self.links, link_id, "link")

    def rules_of(self, link: Link) -> LinkRules:
        """The rules in effect on a link."""
        return self.rules.get(link.id, UNRULED)

    def links_from(self, desk_id: str) -> tuple[Link, ...]:
        """Active links whose upstream is this desk, by code. Whether one is valid today is the caller's question."""
        return self._from.get(desk_id, ())

    def links_to(self, desk_id: str) -> tuple[Link, ...]:
        """Active links whose downstream is this desk, by code."""
        return self._to.get(desk_id, ())

    def coverage_of(self, org_id: str) -> tuple[CoverageRow, ...]:
        """Coverage rows of an upstream organization, lowest rank first."""
        return self.coverage.get(org_id, ())

    def site(self, org_id: str, code: str) -> Site | None:
        """A site by its code, or None: an unknown code is held and told, never sent as text."""
        return self.sites.get((org_id, code))

    def agreements_by(self, org_id: str) -> Sequence[Agreement]:
        """What an organization promises, in every version."""
        return self._promised.get(org_id, ())

    def line_of(self, org_id: str) -> tuple[str, ...]:
        """The organization and those it belongs to, the nearest first (R27)."""
        return self._lines.get(org_id, (org_id,))

    def zone_of(self, org_id: str) -> str:
        """The zone in which an organization's days begin."""
        known = self.organizations.get(org_id)
        return known.zone if known is not None else "UTC"

    def served_by(self, org_id: str) -> frozenset[str]:
        """The organizations for which one works: itself, and those it has an agreement with, desk or not."""
        return self._served.get(org_id, frozenset()) | {org_id}

    def site_served(self, org_id: str, code: str) -> Site | None:
        """The site that an organization's desk means by a code: its own, else that of its customers. None for a code that
        nobody has, or more than one of them: nobody guesses whose it is."""
        own = self.site(org_id, code)
        theirs = [self.site(one, code) for one in self.served_by(org_id)] if own is None else []
        found = [site for site in theirs if site is not None]
        return own or (found[0] if len(found) == 1 else None)

    def asset(self, org_id: str, code: str) -> Asset | None:
        """An asset by its code, or None."""
        return self.assets.get((org_id, code))

    def organization_name(self, org_id: str) -> str:
        """What people call the organization: its name, else its code, else the id itself."""
        known = self.organizations.get(org_id)
        return (known.name or known.code) if known else org_id


def _line(org_id: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    found = [org_id]
    while (parent := parents.get(found[-1])) is not None and parent not in found:
        found.append(parent)
    return tuple(found)


def _grouped(links: Iterable[Link], key: Callable[[Link], str]) -> dict[str, tuple[Link, ...]]:
    groups: dict[str, list[Link]] = {}
    for link in sorted(links, key=lambda link: link.code):
        groups.setdefault(key(link), []).append(link)
    return {desk_id: tuple(group) for desk_id, group in groups.items()}


def _known(things: Mapping[str, T], key: str, what: str) -> T:
    found = things.get(key)
    if found is None:
        raise NotFound(f"there is no {what} {key}")
    return found
