"""A small installation in files, and connectors that only declare what they can do: for tests of configuration."""

import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from gateway.connector import Connector
from gateway.domain.documents import manifest_from
from gateway.domain.model import Capabilities, Manifest
from gateway.flows.context import Context
from gateway.registry import Registry
from gateway.store.db import Database
from tests.migrated import bring_up

FULL: Manifest = manifest_from(
    {
        "name": "able",
        "title": "Able Desk",
        "version": "1.0.0",
        "quality": "draft",
        "auth": [{"kind": "basic"}, {"kind": "header", "header": "X-Key"}],
        "settings": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"queue": {"type": "string", "description": "where new tickets go"}},
        },
        "capabilities": {
            "webhooks": True,
            "signed_webhooks": True,
            "history": True,
            "private_comments": True,
            "attachments": True,
            "due": "datetime",
            "find_by_marker": True,
            "writable": ["title", "status", "priority", "due", "assignee"],
        },
        "tiers": {"create": "marker_field", "update": "marker_field", "comment": "listing"},
        "profile": {
            "statuses": {
                "new": "acknowledged",
                "open": "in_progress",
                "stalled": "pending",
                "done": "resolved",
            },
            "priorities": {"1": "critical", "3": "medium"},
        },
    }
)
MODEST = replace(
    FULL,
    name="modest",
    title="Modest Desk",
    capabilities=Capabilities(webhooks=False, writable=frozenset({"title", "status"})),
)

FILE = """
organizations:
  - {code: acme, name: Acme Stores, zone: Europe/Rome, language: it}
  - {code: north, name: North Services}
contacts:
  - {organization: acme, code: night, level: 1, channel: phone, address: "+39 02 00", hours: Mon-Sun 20:00-06:00}
sites:
  - {organization: acme, code: MI-001, name: Duomo, country: IT, group: lombardy, contacts: [night]}
assets:
  - {organization: acme, code: TILL-7, site: MI-001}
desks:
  - code: acme
    organization: acme
    connector: able
    base_url: https://desk.acme.example
    zone: Europe/Rome
    settings: {queue: Incoming}
    credentials: {kind: basic, user: interdesk, secret: {env: ACME_PASSWORD}}
    hook: {secrets: [{env: ACME_HOOK}]}
  - {code: north, organization: north, connector: able, base_url: https://desk.north.example,
     credentials: {kind: header, secret: {env: NORTH_KEY}}}
links:
  - code: acme-north
    upstream: acme
    downstream: north
    passes: {when: {field: queue, value: Incoming}, choose: coverage, delegate_as: North}
    answer_within: {critical: 15m, default: 2h}
coverage:
  - {group: lombardy, link: acme-north, rank: 1, hours: "Mon-Fri 08:00-18:00; Sat 22:00-02:00"}
"""
SECRETS = {
    "ACME_PASSWORD": "acme-password-one",
    "ACME_HOOK": "acme-hook-secret-0123456789-0123456789",
    "NORTH_KEY": "north-key-one",
}


@dataclass(frozen=True)
class Declared:
    """A connector of which only the manifest is asked for."""

    manifest: Manifest


def registry() -> Registry:
    declared: Any = {"able": Declared(FULL), "modest": Declared(MODEST)}
    return Registry(extra=cast("dict[str, Connector]", declared))


def context(database: Database) -> Context:
    numbers = itertools.count(1)
    bring_up(database)
    return Context(
        database=database,
        registry=registry(),
        new_id=lambda prefix: f"{prefix}_{next(numbers)}",
        jitter=lambda: 0.0,
    )


def write(folder: Path, text: str, name: str = "federation.yaml") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file
