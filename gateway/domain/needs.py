"""What desks and links ask of a desk product, against what its manifest says it can do. A link that needs more than its
desks can do is refused when it is made; only what a document asks for in words is a need, defaults adapt."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from gateway.domain import mapping
from gateway.domain.documents import desk_from, merged_profile
from gateway.domain.model import ActKind, Capabilities, Field, Manifest, Profile
from gateway.domain.plan import Item
from gateway.domain.problem import Problem, suggestion

End = tuple[Item, Manifest]
"""A desk at one end of a link, and what its connector declares."""

UPSTREAM_ACTS = frozenset({ActKind.RESOLUTION_CONFIRMED, ActKind.RESOLUTION_REJECTED})
"""Acts of the upstream's people, seen at the upstream desk; all others are seen downstream."""


def profile_of(desk: Item, manifest: Manifest) -> Profile:
    """The desk's words: its own document over its connector's starting profile."""
    return merged_profile(manifest.profile, desk.document.get("profile", {}))


def desk_problems(desk: Item, manifest: Manifest) -> Iterator[Problem]:
    """What is wrong with a desk, given its connector."""
    yield from _address(desk, manifest)
    yield from _hook(desk, manifest)
    yield from _credentials(desk, manifest)
    yield from _agent(desk, manifest)
    yield from _written_words(desk, manifest)


def _address(desk: Item, manifest: Manifest) -> Iterator[Problem]:
    url = desk.document.get("base_url")
    if url is None:
        return
    parts, place, schemes = urlsplit(url), f"{desk.source}.base_url", manifest.schemes
    if manifest.address:
        yield Problem(place=place, what=f"{manifest.title} has no address of its own", right="leave it out")
    elif parts.scheme not in schemes or not parts.hostname:
        what = "it is no web address" if "https" in schemes else f"{manifest.title} is not reached there"
        yield Problem(place=place, what=what, right=f"write {schemes[0]}://host{_REST.get(schemes[0], '')}")
    elif parts.username or parts.password:
        yield Problem(place=place, what="it names a user", right="put the user under credentials")
    elif parts.scheme != schemes[0] and not any(map(desk.document.get, _PRIVATE)):
        right = f"write {schemes[0]}, or allow_private_network: true for a desk in your own network"
        yield Problem(place=place, what=f"{parts.scheme} is not private", right=right)


_PRIVATE = ("allow_private_network", "agent")
"""What a desk says of itself where the way to it need not be secured."""
_REST = {"https": "/path", "imaps": ":993"}
"""What follows the host in an address."""


def _hook(desk: Item, manifest: Manifest) -> Iterator[Problem]:
    hook = [name for name in desk.secrets if name.startswith("hook.")]
    place, can = f"{desk.source}.hook", manifest.capabilities
    if manifest.seals and "hook.secrets[0]" not in hook:
        what = f"{manifest.title} seals what it writes, but no secret is given"
        yield Problem(place=place, what=what, right="add secrets: [{env: NAME}]")
    if manifest.seals or not hook:
        return
    if not can.webhooks:
        what = f"{manifest.title} sends no messages to a hook"
        yield Problem(place=place, what=what, right="leave hook out; the desk is polled", unsupported=True)
    elif can.signed_webhooks and "hook.secrets[0]" not in hook:
        what = f"{manifest.title} signs its messages, but no secret is given"
        yield Problem(place=place, what=what, right="add secrets: [{env: NAME}]")
    elif not can.signed_webhooks and "hook.token" not in hook:
        what = f"{manifest.title} does not sign its messages"
        yield Problem(place=place, what=what, right="add token: {env: NAME}; it becomes part of the address")


def _credentials(desk: Item, manifest: Manifest) -> Iterator[Problem]:
    given = desk.document.get("credentials")
    if given is None:
        return
    kinds, place = [kind.kind for kind in manifest.auth], f"{desk.source}.credentials"
    if given.get("kind") not in kinds:
        what = f"{manifest.title} is not signed in to by {given.get('kind')!r}"
        yield Problem(place=f"{place}.kind", what=what, right=f"use {' or '.join(kinds) or 'no credentials'}")
    elif given["kind"] != "header" and not given.get("user"):
        yield Problem(place=place, what="the user is missing", right="add user: NAME")


def _agent(desk: Item, manifest: Manifest) -> Iterator[Problem]:
    if not desk.document.get("agent"):
        return
    if "https" not in manifest.schemes:
        what = f"{manifest.title} is not reached by web requests, which is all that an agent carries"
        yield Problem(place=f"{desk.source}.agent", what=what, right="leave agent out", unsupported=True)
    if "credentials" in desk.document:
        what = "the desk's agent holds its credentials"
        yield Problem(place=f"{desk.source}.credentials", what=what, right="leave them out here")


def _written_words(desk: Item, manifest: Manifest) -> Iterator[Problem]:
    """A word that is written but not read back would be unknown the moment it arrives."""
    profile = profile_of(desk, manifest)
    natives = [row.native for row in profile.statuses]
    written = {f"write_statuses.{status}": native for status, native in profile.write_statuses.items()}
    if profile.to_verify is not None:
        written["to_verify"] = profile.to_verify
    yield from _unknown_words(desk, written, natives)
    levels = {f"write_priorities.{level}": native for level, native in profile.write_priorities.items()}
    yield from _unknown_words(desk, levels, list(profile.priorities))


def _unknown_words(desk: Item, written: Mapping[str, str], known: list[str]) -> Iterator[Problem]:
    for path, native in written.items():
        if native not in known:
            what = f"{native!r} is written, but the profile does not say what it means when it is read"
            yield Problem(place=f"{desk.source}.profile.{path}", what=what, right=suggestion(native, known))


def link_problems(link: Item, *, upstream: End, downstream: End) -> Iterator[Problem]:
    """What is wrong with a link, given the desks at its ends."""
    crosses = link.document.get("crosses", {})
    ends = {"down": (upstream, downstream), "up": (downstream, upstream)}
    for way, (giver, taker) in ends.items():
        yield from _files(link, crosses, way, giver, taker)
        yield from _comments(link, crosses, way, taker)
        yield from _due(link, crosses, way, giver, taker)
    yield from _updates_up(link, crosses, upstream)
    needed = crosses.get("needed_by")
    if needed and not _is_declared(downstream, needed):
        yield _lacking(link, "needed_by", downstream, f"does not let us change {needed!r}")
    shown = crosses.get("number_down")
    if shown and not _is_declared(downstream, shown):
        yield _lacking(link, "number_down", downstream, f"does not let us change {shown!r}")
    if crosses.get("addressed_notes"):
        yield from _private_comments(link, "addressed_notes", upstream)
        yield from _private_comments(link, "addressed_notes", downstream)
    yield from _acts(link, upstream, downstream)


def _lacking(link: Item, path: str, end: End, what: str) -> Problem:
    desk, manifest = end
    return Problem(
        place=f"{link.source}.crosses.{path}", what=f"{desk.ref} ({manifest.title}) {what}", unsupported=True
    )


def _files(link: Item, crosses: Mapping[str, Any], way: str, giver: End, taker: End) -> Iterator[Problem]:
    name = f"attachments_{way}"
    for end in (giver, taker) if crosses.get(name) else ():
        if not _can(end).attachments:
            yield _lacking(link, name, end, "has no attachments")


def _comments(link: Item, crosses: Mapping[str, Any], way: str, taker: End) -> Iterator[Problem]:
    if crosses.get(f"comments_{way}") == "land_as_internal":
        yield from _private_comments(link, f"comments_{way}", taker)


def _private_comments(link: Item, path: str, end: End) -> Iterator[Problem]:
    if not _can(end).private_comments:
        yield _lacking(link, path, end, "cannot hide a comment from its requester")


def _due(link: Item, crosses: Mapping[str, Any], way: str, giver: End, taker: End) -> Iterator[Problem]:
    for end in (giver, taker) if Field.DUE in crosses.get(f"fields_{way}", ()) else ():
        if _can(end).due == "none":
            yield _lacking(link, f"fields_{way}", end, "has no due date")


def _updates_up(link: Item, crosses: Mapping[str, Any], upstream: End) -> Iterator[Problem]:
    """A field that comes up changes a ticket which is already there; a free one can be told in words."""
    for name in crosses.get("fields_up", ()):
        in_words = name in (Field.DUE, Field.RELATED) or mapping.is_free(name)
        if not in_words and not _writable(_can(upstream), name):
            yield _lacking(link, "fields_up", upstream, f"does not let us change {name!r}")


def _writable(can: Capabilities, name: str) -> bool:
    return name in can.writable or (name.startswith("custom.") and "custom.*" in can.writable)


def _is_declared(end: End, name: str) -> bool:
    """Whether we may write this field of an installation's own: the product lets us, and the desk's settings say where."""
    settings = end[0].document.get("settings", {})
    named = any(isinstance(table, Mapping) and name in table for table in settings.values())
    return named or _writable(_can(end), name)


def _can(end: End) -> Capabilities:
    """What this very desk can do: its settings may say that something is missing there."""
    desk, manifest = end
    named = {"id": "", "org_id": "", **desk.document}
    return desk_from(named, manifest=manifest).capabilities


def _acts(link: Item, upstream: End, downstream: End) -> Iterator[Problem]:
    for number, row in enumerate(link.document.get("acts", ())):
        desk, manifest = upstream if row["act"] in UPSTREAM_ACTS else downstream
        known = [status.native for status in profile_of(desk, manifest).statuses]
        if row["field"] == Field.STATUS and row["value"] not in known:
            place = f"{link.source}.acts[{number}].value"
            what = f"the profile of {desk.ref} knows no status {row['value']!r}"
            yield Problem(place=place, what=what, right=suggestion(row["value"], known))
