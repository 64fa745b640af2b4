"""Writing to Redmine: one POST or PUT for each command, and the read-back. Redmine says 204 to a change that its
workflow, a role or an unknown name made it ignore, so only what is seen afterwards counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from connectors.redmine import names, permissions, reading, relations, rewriting
from connectors.redmine.names import Document, Names
from connectors.redmine.reading import View
from connectors.redmine.words import (
    ID_ATTRIBUTES,
    TEXT_ATTRIBUTES,
    custom_fields,
    is_list,
    normalised,
    parts,
    plain,
    same_filename,
    same_text,
    sent,
)
from gateway.connector import Effect, Exchange, Request, Response, shaped
from gateway.domain.model import (
    AttachmentDraft,
    Command,
    CommandKind,
    CommentDraft,
    Desk,
    Field,
    HistoryEntry,
    Receipt,
    Visibility,
)
from gateway.errors import AnswerUnreadable, DeskGone, DeskRejected, DeskStale

_READ_BACK = "journals,attachments,relations,allowed_statuses"
_MUST_HAVE = frozenset({Field.STATUS, Field.PRIORITY, Field.QUEUE, "tracker"})
"""Fields that no issue is without."""


def push(command: Command, desk: Desk) -> Exchange[Receipt]:
    """See Connector.push. What this desk cannot take is refused before anything is asked."""
    if command.kind is CommandKind.CREATE:
        return (yield from create(command, desk))
    if command.kind is CommandKind.UPDATE:
        return (yield from update(command, desk))
    if command.kind in (CommandKind.EDIT, CommandKind.REMOVE):
        return (yield from rewriting.rewrite(command, desk))
    if command.comment is not None:
        return (yield from comment(command, command.comment, desk))
    if command.attachment is not None:
        return (yield from attach(command, command.attachment, desk))
    raise DeskRejected(f"a command of kind {command.kind} with nothing in it")


def _refuse_unknown(fields: Mapping[str, str | None], desk: Desk) -> None:
    known = {*ID_ATTRIBUTES, *TEXT_ATTRIBUTES, *custom_fields(desk)}
    for name in fields:
        if name not in known:
            raise DeskRejected(
                f"Redmine desk {desk.code} has no field {name!r}",
                cure=f"name the id of its custom field in the setting custom_fields.{name}",
            )


def create(command: Command, desk: Desk) -> Exchange[Receipt]:
    """A new issue; the answer shows it whole, as it became."""
    fields = {**command.fields, Field.MARKER.value: command.marker}
    _refuse_unknown(fields, desk)
    if not command.fields.get(Field.QUEUE):
        raise DeskRejected("no project was named", cure="set `queue` in the defaults of the desk's profile")
    me = yield from reading.my_id(desk)
    known = yield from _names_for(fields, names.told(desk), quote(command.fields[Field.QUEUE] or "", safe=""))
    response = yield _write("POST", "issues.json", _body(fields, desk, known))
    if response.status == 422:
        raise _refusal(response)
    return _created(reading.issue_in(response.json()), View(desk=desk, me=me, names=known))


def _created(issue: Document, view: View) -> Receipt:
    made = reading.snapshot(issue, view, None)
    return Receipt(
        remote_id=made.remote_id,
        marker=made.fields.get(Field.MARKER),
        number=made.number,
        url=made.url,
        snapshot=made,
        at=made.created_at,
        created_at=made.created_at,
    )


def _names_for(fields: Mapping[str, str | None], known: Names, project: str) -> Exchange[Names]:
    """Names enough to write these fields. Raises DeskRejected for a word Redmine has not, saying what it has where that
    tells nobody's people or customers."""
    wanted = {name: word for name, word in fields.items() if name in ID_ATTRIBUTES and word}
    unknown = sorted(name for name, word in wanted.items() if known.ident(name, word) is None)
    known = yield from names.learned(known, unknown, project)
    for name, word in wanted.items():
        if known.ident(name, word) is None:
            there = ", ".join(known.tables.get(name, {}).values()) if name in names.PUBLIC else ""
            raise DeskRejected(
                f"Redmine knows no {name} {word!r} that this account may use",
                why=there and f"it has: {there}",
            )
    return known


def _body(fields: Mapping[str, str | None], desk: Desk, known: Names) -> Document:
    """The `issue` to send. Raises DeskRejected when a field is emptied that no issue is without."""
    issue: dict[str, Any] = {}
    customs: list[Document] = []
    for name, value in fields.items():
        wanted = normalised(name, value, desk)
        if wanted is None and name in _MUST_HAVE:
            raise DeskRejected(f"Redmine has no issue without {name}")
        if name in ID_ATTRIBUTES:
            ident = known.ident(name, wanted) if wanted else None
            issue[ID_ATTRIBUTES[name]] = int(ident) if ident else ""
        elif name in TEXT_ATTRIBUTES:
            issue[TEXT_ATTRIBUTES[name]] = wanted or ""
        else:
            held = parts(wanted) if is_list(name, desk) else wanted or ""
            customs.append({"id": custom_fields(desk)[name], "value": held})
    return {**issue, **({"custom_fields": customs} if customs else {})}


def _write(method: str, path: str, issue: Document) -> Request:
    return Request(
        effect=Effect.WRITE,
        method=method,
        path=path,
        json={"issue": issue},
        accept=(404, 422) if method == "PUT" else (422,),
    )


@shaped(AnswerUnreadable, "a refusal")
def _refusal(response: Response) -> DeskRejected | DeskStale:
    """A 422 in Redmine's own words. Without any it means that the issue changed while Redmine wrote it."""
    errors = [str(error) for error in response.json()["errors"]]
    if not errors:
        return DeskStale("the issue changed at Redmine in the very moment of the write")
    return DeskRejected(f"Redmine refuses: {'; '.join(errors)}")


@dataclass(frozen=True, kw_only=True)
class Change:
    """An issue before and after our write."""

    before: Document
    after: Document
    view: View

    def new_journals(self) -> list[Document]:
        """What our account added in between, oldest first."""
        last = reading.last_journal(self.before)
        added = [journal for journal in self.after["journals"] if int(journal["id"]) > last]
        mine = [journal for journal in added if str((journal.get("user") or {}).get("id")) == self.view.me]
        return sorted(mine, key=lambda journal: int(journal["id"]))

    def new_entries(self) -> list[HistoryEntry]:
        """What our account changed in between, oldest first."""
        told = reading.history(self.after, self.view, f"{reading.last_journal(self.before)}@")
        return [entry for entry in told if entry.actor.id == self.view.me]


def _put(command: Command, issue: Document, before: Document, view: View) -> Exchange[Change]:
    """The one PUT of a command, and the issue after it."""
    yield from _sent(command, issue)
    return (yield from _read_back(command, before, view))


def _read_back(command: Command, before: Document, view: View) -> Exchange[Change]:
    after = yield from reading.issue_of(command.remote_id or "", _READ_BACK)
    return Change(before=before, after=after, view=view)


def _sent(command: Command, issue: Document) -> Exchange[None]:
    remote_id = command.remote_id or ""
    response = yield _write("PUT", f"issues/{quote(remote_id, safe='')}.json", issue)
    if response.status == 404:
        raise DeskGone(f"Redmine has no issue {remote_id} any more")
    if response.status == 422:
        raise _refusal(response)


def update(command: Command, desk: Desk) -> Exchange[Receipt]:
    """New values. Each must be there afterwards, or have been there: somebody may have changed it again since."""
    rest = relations.apart(command)
    _refuse_unknown(rest.fields, desk)
    before = yield from reading.issue_of(command.remote_id or "")
    view = yield from reading.view_of(before, desk)
    known = yield from _names_for(rest.fields, view.names, reading.project_id(before))
    view = replace(view, names=known)
    _unmoved(command, before, view)
    refused = yield from relations.add(command, before, alone=not rest.fields)
    if rest.fields:
        yield from _sent(command, _body(rest.fields, desk, known))
    change = yield from _read_back(command, before, view)
    relations.refuse(refused, change.after)
    return _updated(rest, change)


@shaped(AnswerUnreadable, "an issue")
def _unmoved(command: Command, before: Document, view: View) -> None:
    """Raises DeskStale if a field is no longer what the gateway knew. Redmine's API tells no lock_version, so between
    this read and the write nothing holds."""
    shown, wanted = reading.fields(before, view), dict(_wanted(command, view.desk))
    moved = [
        name
        for name, value in command.was.items()
        if name != Field.RELATED
        and name in shown
        and shown[name] not in (normalised(name, value, view.desk), wanted.get(name))
    ]
    if moved:
        raise DeskStale(f"somebody changed {', '.join(sorted(moved))} at Redmine meanwhile")


@shaped(AnswerUnreadable, "an issue")
def _updated(command: Command, change: Change) -> Receipt:
    journals = change.new_journals()
    made = change.new_entries()
    became = {(entry.field, entry.new) for entry in made}
    shown = reading.fields(change.after, change.view)
    refused = [
        _kept(name, shown.get(name), wanted, change.after)
        for name, wanted in _wanted(command, change.view.desk)
        if (name not in shown or shown[name] != wanted) and (name, wanted) not in became
    ]
    if refused:
        raise DeskRejected(f"Redmine did not take the change: {'; '.join(refused)}")
    return Receipt(
        remote_id=str(change.after["id"]),
        entries=tuple(entry.id for entry in made),
        at=reading.moment(journals[-1]["created_on"]) if journals else None,
    )


def _wanted(command: Command, desk: Desk) -> Iterator[tuple[str, str | None]]:
    return ((name, normalised(name, value, desk)) for name, value in command.fields.items())


def _kept(name: str, shown: str | None, wanted: str | None, issue: Document) -> str:
    if name == Field.STATUS:
        allowed = [str(status["name"]) for status in issue["allowed_statuses"]]
        others = ", ".join(word for word in allowed if word != shown) or "no other"
        return (
            f"status stayed {shown!r} instead of {wanted!r}; its workflow lets this account go to: {others}"
        )
    return f"{name} stayed {shown!r} instead of {wanted!r} (read-only for this account, or no field of this tracker)"


def comment(command: Command, draft: CommentDraft, desk: Desk) -> Exchange[Receipt]:
    """A note. A private one is written only where the account may do so: without that permission Redmine publishes it."""
    text = sent(plain(draft.text) or "")
    if not text.strip():
        raise DeskRejected("Redmine keeps no empty note")
    before = yield from reading.issue_of(command.remote_id or "")
    view = yield from reading.view_of(before, desk)
    private = draft.visibility is not Visibility.PUBLIC
    if private:
        yield from permissions.may_write_private(before)
    change = yield from _put(command, {"notes": text, "private_notes": private}, before, view)
    return _noted(text, private, change)


@shaped(AnswerUnreadable, "an issue")
def _noted(text: str, private: bool, change: Change) -> Receipt:
    notes = [row for row in change.new_journals() if same_text(str(row["notes"] or ""), text)]
    if not notes:
        raise DeskRejected(
            "Redmine said yes but added no note", cure="give the account the permission `Add notes`"
        )
    note = notes[-1]
    if bool(note["private_notes"]) is not private:
        raise DeskRejected(
            f"note {note['id']} has another visibility than was asked for; see it at the desk at once"
        )
    return Receipt(
        remote_id=str(change.after["id"]), object_id=str(note["id"]), at=reading.moment(note["created_on"])
    )


def attach(command: Command, draft: AttachmentDraft, desk: Desk) -> Exchange[Receipt]:
    """A file: uploaded first (harmless: Redmine throws away what no issue takes), then given to the issue."""
    if draft.visibility is not Visibility.PUBLIC:
        raise DeskRejected("Redmine has no private files: whoever sees the issue sees them")
    before = yield from reading.issue_of(command.remote_id or "")
    view = yield from reading.view_of(before, desk)
    token = yield from _uploaded(draft)
    upload = {"token": token, "filename": draft.filename, "content_type": draft.media_type}
    change = yield from _put(command, {"uploads": [upload]}, before, view)
    return _attached(draft, change)


def _uploaded(draft: AttachmentDraft) -> Exchange[str]:
    response = yield Request(
        effect=Effect.PREPARE,
        method="POST",
        path="uploads.json",
        params=(("filename", draft.filename), ("content_type", draft.media_type)),
        headers={"content-type": "application/octet-stream"},
        blob=draft.blob,
        accept=(422,),
    )
    if response.status == 422:
        raise _refusal(response)
    document = response.json()
    with shaped(AnswerUnreadable, "an upload"):
        return str(document["upload"]["token"])


@shaped(AnswerUnreadable, "an issue")
def _attached(draft: AttachmentDraft, change: Change) -> Receipt:
    known = {row["id"] for row in change.before["attachments"]}
    files = mine(change.after["attachments"], draft, change.view)
    new = [
        row for row in files if row["id"] not in known and same_filename(draft.filename, str(row["filename"]))
    ]
    if not new:
        raise DeskRejected(
            f"Redmine said yes but shows no file {draft.filename!r} of {draft.blob.size} bytes"
        )
    return Receipt(
        remote_id=str(change.after["id"]),
        object_id=str(new[-1]["id"]),
        at=reading.moment(new[-1]["created_on"]),
    )


def mine(rows: Sequence[Document], draft: AttachmentDraft, view: View) -> list[Document]:
    """Files of our account with this size, oldest first."""
    found = [
        row
        for row in rows
        if str((row.get("author") or {}).get("id")) == view.me and int(row["filesize"]) == draft.blob.size
    ]
    return sorted(found, key=lambda row: int(row["id"]))
