"""An installation of loopback desks, written down briefly, and the directory the flows see of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.domain.agreement_documents import agreement_of, sheet_of
from gateway.domain.agreement_versions import Version, placed, versions
from gateway.domain.directory import Directory
from gateway.domain.documents import desk_from, link_from
from gateway.domain.model import Contact, CoverageRow, Desk, Link, Organization, Site
from gateway.registry import Registry
from gateway.testing.loopback.temper import TEMPERS, Temper

SECRET = b"loopback-secret"
"""What every desk of a plan signs its webhooks with."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An installation: desk code → temper (its name, or the temper itself); links as documents that name desks by
    `upstream` and `downstream`; each desk's organization has the desk's code."""

    desks: Mapping[str, Temper | str]
    links: Sequence[Mapping[str, Any]] = ()
    coverage: Sequence[CoverageRow] = ()
    sites: Sequence[Site] = ()
    desk_documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    agreements: Sequence[Mapping[str, Any]] = ()
    """Documents of agreements; provider and consumer are codes of desks."""
    calendars: Sequence[Mapping[str, Any]] = ()
    contacts: Sequence[Contact] = ()

    def temper(self, code: str) -> Temper:
        """The temper of a desk."""
        known = self.desks[code]
        return TEMPERS[known] if isinstance(known, str) else known

    def directory(self, registry: Registry) -> Directory:
        """The directory as the flows see it."""
        documents = {f"dsk_{code}": self._desk(code) for code in self.desks}
        desks = {
            key: desk_from(document, manifest=registry.manifest(document["connector"]))
            for key, document in documents.items()
        }
        return Directory(
            version=0,
            salt="a salt for tests",
            organizations={
                f"org_{code}": Organization(id=f"org_{code}", code=code, name=code.title())
                for code in self.desks
            },
            desks={key: _with_secret(desk) for key, desk in desks.items()},
            links={link.id: link for link in map(_link, self.links)},
            coverage=_by_org(self.coverage),
            sites={(site.org_id, site.code): site for site in self.sites},
            agreements=tuple(
                placed(
                    replace(agreement_of(sheet), sheet=name), document, version, owner=document["provider"]
                )
                for document, version, (name, sheet) in self._versions()
            ),
            contacts={
                org_id: tuple(one for one in self.contacts if one.org_id == org_id)
                for org_id in {one.org_id for one in self.contacts}
            },
        )

    def sheets(self) -> dict[str, dict[str, Any]]:
        """The terms of the agreements, in all their versions, by the names that tickets are bound to."""
        return dict(sheet for _, _, sheet in self._versions())

    def _versions(self) -> Iterator[tuple[Mapping[str, Any], Version, tuple[str, dict[str, Any]]]]:
        calendars = {calendar["code"]: calendar for calendar in self.calendars}
        for document in self.agreements:
            for version in versions(_parties(document)):
                yield document, version, sheet_of(version.terms, calendars)

    def _desk(self, code: str) -> dict[str, Any]:
        temper = self.temper(code)
        return {
            "id": f"dsk_{code}",
            "code": code,
            "org_id": f"org_{code}",
            "connector": "loopback",
            "version": 1,
            "base_url": f"http://{code}.invalid",
            "zone": temper.zone,
            "settings": temper.settings(),
            "profile": temper.profile(),
            "account": "interdesk",
            **self.desk_documents.get(code, {}),
        }


def _parties(document: Mapping[str, Any]) -> dict[str, Any]:
    provider, consumer = f"org_{document['provider']}", f"org_{document['consumer']}"
    named = {"id": f"agr_{document['code']}", "org_id": provider}
    return {**named, **document, "provider": provider, "consumer": consumer}


def _link(document: Mapping[str, Any]) -> Link:
    up, down = document["upstream"], document["downstream"]
    known = {name: value for name, value in document.items() if name not in ("upstream", "downstream")}
    return link_from(
        {
            "id": f"lnk_{up}_{down}",
            "code": f"{up}-{down}",
            "org_id": f"org_{up}",
            "upstream_desk_id": f"dsk_{up}",
            "downstream_desk_id": f"dsk_{down}",
            "upstream_org_id": f"org_{up}",
            "downstream_org_id": f"org_{down}",
            **known,
        }
    )


def _with_secret(desk: Desk) -> Desk:
    return replace(desk, hook_secrets=(SECRET,))


def _by_org(rows: Sequence[CoverageRow]) -> dict[str, tuple[CoverageRow, ...]]:
    grouped: dict[str, list[CoverageRow]] = {}
    for row in rows:
        grouped.setdefault(row.org_id, []).append(row)
    return {key: tuple(sorted(group, key=lambda row: row.rank)) for key, group in grouped.items()}
