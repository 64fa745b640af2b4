"""From documents (YAML, JSON; their schema already checked) to nouns. No rule lives here, only shapes."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.hours import hours_from
from gateway.domain.model.chain import Asset, Contact, Organization, Site
from gateway.domain.model.desk import (
    ActKind,
    ActRow,
    AuthKind,
    Capabilities,
    Carry,
    Choice,
    Condition,
    CoverageRow,
    Crossing,
    Desk,
    Identities,
    IdentityRule,
    Link,
    LinkState,
    Manifest,
    Passage,
    Priority,
    Profile,
    ReasonFrom,
    SideEffect,
    StatusRow,
    TimeBasis,
    Uncovered,
)
from gateway.domain.model.ownership import Loser, Ownership, Policy, Side
from gateway.domain.model.words import CommandKind, Field, HopStatus, IdempotencyTier, Reason

Document = Mapping[str, Any]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")


def length(text: str) -> timedelta:
    """`90s`, `15m`, `4h`, `3d`, also joined (`1h 30m`). Raises ValueError for anything else."""
    parts = _LENGTH.findall(text)
    if not parts or _LENGTH.sub("", text).strip():
        raise ValueError(f"{text!r} is not a length of time; write 90s, 15m, 4h or 3d")
    return timedelta(seconds=sum(float(amount) * _UNITS[unit] for amount, unit in parts))


def profile_from(document: Document) -> Profile:
    """A desk's profile. A status is written back as the first row that reads to it, unless `write_statuses` says."""
    statuses = tuple(_status_row(native, meaning) for native, meaning in document.get("statuses", {}).items())
    priorities = {native: Priority(word) for native, word in document.get("priorities", {}).items()}
    return Profile(
        statuses=statuses,
        write_statuses=_first_native(statuses)
        | {HopStatus(word): native for word, native in document.get("write_statuses", {}).items()},
        priorities=priorities,
        write_priorities={word: native for native, word in reversed(priorities.items())}
        | {Priority(word): native for word, native in document.get("write_priorities", {}).items()},
        to_verify=document.get("to_verify"),
        defaults=dict(document.get("defaults", {})),
        sites=dict(document.get("sites", {})),
        assets=dict(document.get("assets", {})),
        address_sign=document.get("address_sign", "@@"),
        automatic_actors=tuple(document.get("automatic_actors", ())),
        acts=acts_from(document.get("acts", [])),
    )


def _status_row(native: str, meaning: str | Document) -> StatusRow:
    if isinstance(meaning, str):
        return StatusRow(native=native, status=HopStatus(meaning))
    reason = meaning.get("reason")
    return StatusRow(
        native=native,
        status=HopStatus(meaning["status"]),
        reason=Reason(reason) if reason else None,
        code=meaning.get("code", ""),
    )


def _first_native(statuses: tuple[StatusRow, ...]) -> dict[HopStatus, str]:
    return {row.status: row.native for row in reversed(statuses)}


def merged_profile(base: Profile, document: Document) -> Profile:
    """The connector's starting profile with the desk's own document laid over it, part by part."""
    own = profile_from(document)
    return Profile(
        statuses=own.statuses or base.statuses,
        write_statuses=own.write_statuses if own.statuses else {**base.write_statuses, **own.write_statuses},
        priorities=own.priorities or base.priorities,
        write_priorities=own.write_priorities
        if own.priorities
        else {**base.write_priorities, **own.write_priorities},
        to_verify=document.get("to_verify", base.to_verify),
        defaults={**base.defaults, **own.defaults},
        sites=own.sites,
        assets=own.assets,
        address_sign=document.get("address_sign", base.address_sign),
        automatic_actors=(*base.automatic_actors, *own.automatic_actors),
        acts=own.acts or base.acts,
    )


def manifest_from(document: Document) -> Manifest:
    """A connector's manifest.json."""
    return Manifest(
        name=document["name"],
        title=document["title"],
        version=document["version"],
        quality=document["quality"],
        auth=tuple(AuthKind(**kind) for kind in document["auth"]),
        headers=dict(document.get("headers", {})),
        settings=document["settings"],
        capabilities=_capabilities(document["capabilities"]),
        tiers={CommandKind(kind): IdempotencyTier(tier) for kind, tier in document["tiers"].items()},
        search_lag=length(document.get("search_lag", "0s")),
        settle_window=length(document.get("settle_window", "90s")),
        rate_per_minute=document.get("rate_per_minute", 600),
        concurrency=document.get("concurrency", 4),
        conflict_is_stale=document.get("conflict_is_stale", False),
        profile=profile_from(document.get("profile", {})),
        side_effects=tuple(SideEffect(**effect) for effect in document.get("side_effects", ())),
        address=document.get("address", ""),
        schemes=tuple(document.get("schemes", ("https", "http"))),
        seals=document.get("seals", False),
    )


def _capabilities(document: Document) -> Capabilities:
    known = dict(document)
    if "granularity" in known:
        known["granularity"] = length(known["granularity"])
    known["writable"] = frozenset(known.get("writable", ()))
    return Capabilities(**known)


def condition_from(document: Document) -> Condition:
    """`{all: […]}`, `{any: […]}`, `{not: …}` or `{field, op, value}`."""
    if "all" in document:
        return Condition(all=tuple(condition_from(part) for part in document["all"]))
    if "any" in document:
        return Condition(any=tuple(condition_from(part) for part in document["any"]))
    if "not" in document:
        return Condition(negated=condition_from(document["not"]))
    value = document.get("value", "")
    return Condition(
        field=document["field"],
        op=document.get("op", "eq"),
        value=tuple(value) if isinstance(value, list) else str(value),
    )


def passage_from(document: Document) -> Passage:
    """Which tickets pass over a link."""
    when = document.get("when")
    return Passage(
        when=condition_from(when) if when else None,
        choose=Choice(document.get("choose", Choice.ALWAYS)),
        delegate_as=document.get("delegate_as", ""),
    )


def crossing_from(document: Document) -> Crossing:
    """What may cross a link."""
    known: dict[str, Any] = dict(document)
    for name in ("fields_down", "fields_up"):
        if name in known:
            known[name] = frozenset(known[name])
    for name in ("comments_down", "comments_up"):
        if name in known:
            known[name] = Carry(known[name])
    for name in ("attachment_types", "attachment_types_down", "attachment_types_up"):
        if name in known:
            known[name] = tuple(known[name])
    return Crossing(**known)


def identities_from(document: Document | None) -> Identities | None:
    """Who is who at the two desks of a link; None where it says nothing of it."""
    if document is None:
        return None
    return Identities(
        table=tuple((row["upstream"], row["downstream"]) for row in document.get("table", ())),
        rule=IdentityRule(document.get("rule", IdentityRule.NONE)),
    )


def acts_from(rows: list[Document]) -> tuple[ActRow, ...]:
    """The acts table of a link."""
    return tuple(
        ActRow(
            act=ActKind(row["act"]),
            field=row["field"],
            value=row["value"],
            reason_from=ReasonFrom(row.get("reason_from", ReasonFrom.LAST_COMMENT)),
            reason_field=row.get("reason_field"),
            outcome=row.get("outcome", ""),
        )
        for row in rows
    )


def desk_from(document: Document, *, manifest: Manifest) -> Desk:
    """A desk's document with `id`, `code`, `org_id`, `connector` and `version` of its row beside it, laid over what
    its connector declares. Hook secrets are sealed elsewhere: the store adds them."""
    every: Any = {
        name: length(document[name])
        for name in ("poll_every", "refetch_every", "reconcile_every")
        if name in document
    }
    settle = document.get("settle_window")
    return Desk(
        base_url=document.get("base_url", manifest.address),
        settings=dict(document.get("settings", {})),
        profile=merged_profile(manifest.profile, document.get("profile", {})),
        settle_window=length(settle) if settle else manifest.settle_window,
        capabilities=capabilities_here(manifest.capabilities, document.get("settings", {})),
        side_effects=manifest.side_effects,
        tiers=manifest.tiers,
        time_basis=TimeBasis(document.get("time_basis", TimeBasis.DESK)),
        **_known(document, _DESK_PLAIN),
        **every,
    )


def capabilities_here(capabilities: Capabilities, settings: Document) -> Capabilities:
    """What this very desk can do: a setting with a capability's name can say that it is missing here."""
    missing: dict[str, Any] = {name: False for name in _CAN_BE_MISSING if settings.get(name) is False}
    named = settings.get(capabilities.named_in) or {}
    more = frozenset(str(name) for name in named) - {Field.MARKER, Field.DELEGATE}
    return replace(capabilities, writable=capabilities.writable | more, **missing)


_CAN_BE_MISSING = ("history", "private_comments", "attachments", "edits_comments", "removes_comments")
_DESK_PLAIN = (
    "id",
    "code",
    "org_id",
    "connector",
    "version",
    "zone",
    "language",
    "account",
    "allow_private_network",
    "agent",
    "test",
)


def link_from(document: Document) -> Link:
    """A link's document with the ids, `code`, `state` and `version` of its row beside it."""
    answers = document.get("answer_within", {})
    return Link(
        state=LinkState(document.get("state", LinkState.ACTIVE)),
        passage=passage_from(document.get("passes", {})),
        crossing=crossing_from(document.get("crosses", {})),
        identities=identities_from(document.get("identities")),
        acts=acts_from(document.get("acts", [])),
        create=dict(document.get("create", {})),
        parent_means={HopStatus(word): meaning for word, meaning in document.get("parent_means", {}).items()},
        ownership={name: _ownership(told) for name, told in document.get("ownership", {}).items()},
        answer_within={Priority(word): length(text) for word, text in answers.items() if word != "default"},
        answer_within_default=length(answers.get("default", "4h")),
        confirm_within=length(document.get("confirm_within", "3d")),
        valid_from=moment(document.get("valid_from")),
        valid_until=moment(document.get("valid_until")),
        time_basis=TimeBasis(document.get("time_basis", TimeBasis.DESK)),
        uncovered=Uncovered(document.get("uncovered", Uncovered.ACCEPT_UNMEASURED)),
        uncovered_grace=length(document.get("uncovered_grace", "30d")),
        **_known(document, _LINK_PLAIN),
    )


def _ownership(document: Document) -> Ownership:
    return Ownership(
        owner=Side(document["owner"]),
        policy=Policy(document.get("policy", Policy.OWNER_WINS)),
        loser=Loser(document.get("loser", Loser.WRITE_BACK)),
    )


_LINK_PLAIN = (
    "id",
    "code",
    "org_id",
    "upstream_desk_id",
    "downstream_desk_id",
    "upstream_org_id",
    "downstream_org_id",
    "hop_limit",
    "work_review_days",
    "test",
    "version",
)


def moment(text: str | None) -> datetime | None:
    """An ISO 8601 moment with its offset; None stays None. Raises ValueError without an offset."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no offset; write 2026-03-01T09:00:00+01:00")
    return at


def organization_from(document: Document) -> Organization:
    """An organization's document with its `id` and `code`."""
    return Organization(**_known(document, ("id", "code", "name", "zone", "language", "parent")))


def site_from(document: Document) -> Site:
    """A site's document with `id`, `org_id` and `code` of its row beside it."""
    known = ("id", "org_id", "code", "name", "zone", "country", "subdivision", "group", "address", "hours")
    return Site(**_known(document, known))


def asset_from(document: Document) -> Asset:
    """An asset's document with `id`, `org_id` and `code` of its row beside it."""
    plain = _known(document, ("id", "org_id", "code", "model", "serial"))
    return Asset(**plain, site_code=document.get("site", ""))


def contact_from(document: Document, organization: Organization | None) -> Contact:
    """A contact's document with `id`, `org_id` and `code` of its row beside it; what it leaves open is as its organization
    has it."""
    ours = organization or Organization(id=document["org_id"], code="")
    return Contact(
        **_known(document, ("id", "org_id", "code", "level", "channel", "address", "name")),
        hours=hours_from(document.get("hours", "always")),
        zone=ours.zone,
        language=document.get("language", ours.language),
    )


def _known(document: Document, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: document[name] for name in names if name in document}


def coverage_from(document: Document, *, zone: str = "UTC") -> tuple[CoverageRow, ...]:
    """A coverage document with `org_id` and `link_id` beside it: one row per stretch of its `hours` (hours that pass
    midnight are two). `zone` is for hours that name none."""
    return tuple(
        CoverageRow(
            org_id=document["org_id"],
            link_id=document["link_id"],
            rank=document.get("rank", 1),
            site_code=document.get("site"),
            site_group=document.get("group"),
            service=document.get("service"),
            days=days,
            opens_minute=opens,
            closes_minute=closes,
            zone=named or zone,
        )
        for days, opens, closes, named in hours_from(document.get("hours", "always"))
    )
