"""The contract of a connector's folder: its manifest, what it claims to be able to do, and its quality level.
A rule yields what is wrong, in words."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.connector import Effect, load_manifest
from gateway.domain.model import (
    AttachmentDraft,
    Command,
    CommandKind,
    CommentDraft,
    HopStatus,
    IdempotencyTier,
    Message,
    Priority,
    Visibility,
)
from gateway.errors import DeskRejected, Invalid, SignatureInvalid, Unreadable, Unsupported
from gateway.schemas import check, check_foreign
from gateway.testing.fixtures import NOW, Subject, Talk
from gateway.testing.notation import blob_of
from gateway.testing.playback import play

Rule = Callable[[Subject], Iterator[str]]

PROOF = "test_round_trip_of_every_mapped_status"
"""The test that a connector of level *proven* points at."""

SAMPLES = (
    "",
    " ",
    "x",
    "  two  words ",
    "line\nline",
    "<b>bold</b>",
    "é中",
    "x" * 5000,
    "1",
    "high",
    "2026-03-01",
    "a,b",
)

_MUST_WRITE = (HopStatus.IN_PROGRESS, HopStatus.RESOLVED)


def manifest_keeps_its_schema(subject: Subject) -> Iterator[str]:
    """manifest.json is valid, its settings are a usable schema, and its name is that of the folder."""
    document = json.loads((subject.folder / "manifest.json").read_text(encoding="utf-8"))
    try:
        check("manifest", document)
    except Invalid as error:
        yield str(error)
        return
    if subject.connector.manifest != load_manifest(subject.folder):
        yield "the connector's manifest is not the one in its folder"
    if subject.connector.manifest.name != subject.folder.name:
        yield f"the manifest says {subject.connector.manifest.name!r}, the folder {subject.folder.name!r}"


def fixtures_keep_the_settings(subject: Subject) -> Iterator[str]:
    """Every desk used in a fixture has settings that the manifest allows."""
    cases = [("fixtures/desk.json", subject.desk)]
    cases += [(f"in/{case.name}", case.desk) for case in subject.received]
    cases += [(f"out/{case.name}", case.desk) for case in subject.talks]
    for name, desk in cases:
        try:
            check_foreign(
                subject.connector.manifest.settings, dict(desk.settings), what=f"settings in {name}"
            )
        except Invalid as error:
            yield str(error)


def readme_is_there(subject: Subject) -> Iterator[str]:
    """README.md says what a person must set up, and names every setting."""
    path = subject.folder / "README.md"
    if not path.is_file():
        yield "README.md is missing"
        return
    text = path.read_text(encoding="utf-8")
    for name in subject.connector.manifest.settings.get("properties", {}):
        if f"`{name}`" not in text:
            yield f"README.md does not explain the setting `{name}`"


def tables_cover_both_directions(subject: Subject) -> Iterator[str]:
    """What is written is a native word that is read too; statuses reach the work words, priorities all four."""
    manifest = subject.connector.manifest
    profile = manifest.profile
    read_statuses = {row.native: row.status for row in profile.statuses}
    for status, native in profile.write_statuses.items():
        if native not in read_statuses:
            yield f"{status} is written as {native!r}, which no status row reads"
    for priority, native in profile.write_priorities.items():
        if profile.priorities.get(native) is not priority:
            yield f"{priority} is written as {native!r}, which is read as {profile.priorities.get(native)}"
    if "status" in manifest.capabilities.writable and read_statuses:
        yield from (
            f"no native status is written for {word}"
            for word in _MUST_WRITE
            if word not in profile.write_statuses
        )
    if "priority" in manifest.capabilities.writable and profile.priorities:
        yield from (
            f"no native priority is written for {word}"
            for word in Priority
            if word not in profile.write_priorities
        )


def claims_agree(subject: Subject) -> Iterator[str]:
    """Capabilities, tiers and auth do not contradict each other."""
    manifest = subject.connector.manifest
    can, tiers = manifest.capabilities, manifest.tiers
    if can.signed_webhooks and not can.webhooks:
        yield "signed_webhooks without webhooks"
    if can.attachments != (CommandKind.ATTACH in tiers):
        yield "attachments and tiers.attach go together"
    if can.edits_comments != (CommandKind.EDIT in tiers):
        yield "edits_comments and tiers.edit go together"
    if can.removes_comments != (CommandKind.REMOVE in tiers):
        yield "removes_comments and tiers.remove go together"
    if can.due == "none" and "due" in can.writable:
        yield "due is writable though the desk has none"
    if not can.find_by_marker and IdempotencyTier.MARKER_FIELD in tiers.values():
        yield "a tier of marker_field needs find_by_marker"
    if manifest.settle_window < manifest.search_lag:
        yield "settle_window must include search_lag: a probe before would not see what was written"


def without_webhooks_nothing_is_accepted(subject: Subject) -> Iterator[str]:
    """A product that never calls us: verify refuses everything, parse reads nothing."""
    if subject.connector.manifest.capabilities.webhooks:
        if not [case for case in subject.received if not case.error]:
            yield "webhooks are claimed but fixtures/in holds no message that is accepted"
        return
    if [case for case in subject.received if not case.error]:
        yield "fixtures/in holds a message that is accepted, but no webhooks are claimed"
    message = Message(id="msg_x", desk_id=subject.desk.id, received_at=NOW, body=b'{"id": 7}')
    for words, call, wanted in (
        ("verify", lambda: subject.connector.verify(message, subject.desk, now=NOW), SignatureInvalid),
        ("parse", lambda: subject.connector.parse(message, subject.desk), Unreadable),
    ):
        try:
            call()
        except wanted:
            continue
        yield f"{words} must raise {wanted.__name__}: the manifest claims no webhooks"


def cannot_means_unsupported(subject: Subject) -> Iterator[str]:
    """What the manifest says the desk cannot do is refused with Unsupported (or DeskRejected) before any request."""
    can = subject.connector.manifest.capabilities
    known = Command(id="dlv_x", kind=CommandKind.COMMENT, marker="idk-x", remote_id="7")
    if not can.private_comments:
        private = replace(known, comment=CommentDraft(text="secret", visibility=Visibility.PRIVATE))
        yield from _is_refused(subject, private, "a private comment")
    if not can.attachments:
        draft = AttachmentDraft(
            filename="a.txt", media_type="text/plain", blob=blob_of(b"a"), visibility=Visibility.PUBLIC
        )
        yield from _is_refused(
            subject, replace(known, kind=CommandKind.ATTACH, attachment=draft), "an attachment"
        )
    if not can.edits_comments:
        text = CommentDraft(text="other words", visibility=Visibility.PUBLIC)
        edit = replace(known, kind=CommandKind.EDIT, object_id="1", comment=text)
        yield from _is_refused(subject, edit, "another text for a comment")
    if not can.removes_comments:
        yield from _is_refused(
            subject, replace(known, kind=CommandKind.REMOVE, object_id="1"), "a comment taken away"
        )
    if not any(name.startswith("custom.") for name in can.writable):
        strange = replace(known, kind=CommandKind.UPDATE, fields={"custom.nobody_has_this": "x"})
        yield from _is_refused(subject, strange, "a field that is not writable")


def _is_refused(subject: Subject, command: Command, words: str) -> Iterator[str]:
    played = play(subject.connector.push(command, subject.desk), ())
    if not isinstance(played.error, Unsupported | DeskRejected):
        asked = (
            f"{played.unanswered.effect} {played.unanswered.path}"
            if played.unanswered
            else repr(played.error)
        )
        yield f"{words}: push should raise Unsupported before any request, but: {asked}"


def normalised_is_stable(subject: Subject) -> Iterator[str]:
    """`normalised` is idempotent, takes None, and gives a text or None for every text."""
    connector, desk = subject.connector, subject.desk
    for field in sorted({*connector.manifest.capabilities.writable, "title", "description"}):
        for value in (None, *SAMPLES):
            once: object = connector.normalised(field, value, desk)
            if not (once is None or isinstance(once, str)):
                yield f"{field}: {value!r} became {once!r}"
            elif connector.normalised(field, once, desk) != once:
                yield f"{field}: {str(value)[:20]!r} is not the same when normalised twice"


def changed_starts_now(subject: Subject) -> Iterator[str]:
    """There is a recorded `changed` without a cursor (it hands out the first one) and one with a cursor."""
    talks = [case for case in subject.talks if case.call == "changed" and not case.error]
    if not [case for case in talks if case.args["cursor"] is None]:
        yield "no fixtures/out with changed and no cursor"
    if not [case for case in talks if case.args["cursor"] is not None]:
        yield "no fixtures/out with changed after a cursor"


def every_call_is_recorded(subject: Subject) -> Iterator[str]:
    """fixtures/out shows fetch, find, check and a push of every kind the manifest has a tier for."""
    talks = [case for case in subject.talks if not case.error]
    calls = {case.call for case in talks}
    wanted = {"fetch", "find", "check"} | (
        {"download"} if subject.connector.manifest.capabilities.attachments else set()
    )
    yield from (f"no fixtures/out with a {call} that succeeds" for call in sorted(wanted - calls))
    pushed = {case.command.kind for case in talks if case.call == "push" and case.command}
    for kind in subject.connector.manifest.tiers:
        if kind not in pushed:
            yield f"no fixtures/out with a push of {kind} that succeeds"


def history_is_shown(subject: Subject) -> Iterator[str]:
    """A desk that claims history shows it in a recorded fetch; one that does not claims none there."""
    fetched = [
        case.expect for case in subject.talks if case.call == "fetch" and isinstance(case.expect, dict)
    ]
    shown = any(document.get("has_history") and document.get("history") for document in fetched)
    claimed = subject.connector.manifest.capabilities.history
    if claimed and not shown:
        yield "history is claimed, but no recorded fetch shows any"
    if not claimed and any(document.get("has_history") for document in fetched):
        yield "a fetch says has_history, the manifest says there is none"


_MADE_UP = re.compile(r"//[^/\s]*\.example(?![\w.-])")
"""An address that nobody can have (RFC 2606), as what a connector begins with has."""


def level_is_earned(subject: Subject) -> Iterator[str]:
    """The rules of the quality level the manifest claims; there is no list of exceptions."""
    level = subject.connector.manifest.quality
    if level in ("supported", "proven"):
        yield from _supported(subject)
    if level == "proven":
        yield from _proven(subject)


def _supported(subject: Subject) -> Iterator[str]:
    sources = [(f"in/{case.name}", case.source) for case in subject.received]
    sources += [(f"out/{talk.name}", talk.source) for talk in subject.talks]
    yield from (
        f"{name}: `source` is missing (where does this payload come from?)"
        for name, source in sources
        if not source
    )
    if made_up := [name for name, source in sources if _MADE_UP.search(source)]:
        yield f"{made_up[0]} and {len(made_up) - 1} more come from a desk that does not exist (….example): whose payloads are yours?"
    manifest = subject.connector.manifest
    if manifest.tiers.get(CommandKind.CREATE, IdempotencyTier.NOTHING) is IdempotencyTier.NOTHING:
        yield "a lost create cannot be found again: tiers.create is nothing"
    finds = [case for case in subject.talks if case.call == "find" and _kind(case) is CommandKind.CREATE]
    if not [case for case in finds if case.expect]:
        yield "no fixtures/out with a find that finds a created ticket again"
    if not [case for case in finds if case.expect == []]:
        yield "no fixtures/out with a find that finds nothing"
    unknown = [case for case in subject.received if case.name.startswith("unknown_")]
    if manifest.capabilities.webhooks and not unknown:
        yield "no fixtures/in/unknown_….json: an event nobody has heard of"
    if not [case for case in subject.talks if case.error]:
        yield "no fixtures/out that ends in an error: show how the desk refuses"


def _kind(case: Talk) -> CommandKind | None:
    return case.command.kind if case.command else None


def _proven(subject: Subject) -> Iterator[str]:
    document: dict[str, Any] = json.loads((subject.folder / "manifest.json").read_text(encoding="utf-8"))
    proof = document.get("proof")
    if not proof:
        yield "level proven needs `proof`: the test file with the round trip against the real product"
        return
    path = _from_the_top(subject.folder, Path(proof))
    if path is None:
        yield f"{proof} does not exist"
    elif PROOF not in _functions(path):
        yield f"{proof} has no {PROOF}"


def _from_the_top(folder: Path, proof: Path) -> Path | None:
    return next((top / proof for top in folder.resolve().parents if (top / proof).is_file()), None)


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def only_push_writes(subject: Subject) -> Iterator[str]:
    """The first request of fetch, changed, find, check and download is a READ, whatever the fixtures show."""
    connector, desk = subject.connector, subject.desk
    for words, exchange in (
        ("fetch", connector.fetch("7", desk, since=None)),
        ("changed", connector.changed(None, desk)),
        ("check", connector.check(desk)),
    ):
        played = play(exchange, ())
        if played.unanswered is None or played.unanswered.effect is not Effect.READ:
            yield f"{words} does not begin with a READ: {played.unanswered or played.error!r}"


RULES: tuple[Rule, ...] = (
    manifest_keeps_its_schema,
    fixtures_keep_the_settings,
    readme_is_there,
    tables_cover_both_directions,
    claims_agree,
    without_webhooks_nothing_is_accepted,
    cannot_means_unsupported,
    normalised_is_stable,
    changed_starts_now,
    every_call_is_recorded,
    history_is_shown,
    level_is_earned,
    only_push_writes,
)
