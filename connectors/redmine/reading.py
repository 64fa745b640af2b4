"""An issue as Redmine shows it, and what that is in the gateway's nouns. Field names of 5.0.4 as seen on the wire."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from connectors.redmine import names, relations
from connectors.redmine.names import Document, Names
from connectors.redmine.words import FIELD_OF_ATTRIBUTE, ID_ATTRIBUTES, custom_fields, plain
from gateway.connector import Effect, Exchange, Request, shaped
from gateway.domain.model import (
    Actor,
    ActorKind,
    Blob,
    Desk,
    Field,
    HistoryEntry,
    NativeAttachment,
    NativeComment,
    Snapshot,
    Visibility,
)
from gateway.errors import AnswerUnreadable, DeskGone


@dataclass(frozen=True, kw_only=True)
class View:
    """With whose eyes an issue is read: the desk, the id of our account there, the names known so far."""

    desk: Desk
    me: str
    names: Names


def download(attachment: NativeAttachment, desk: Desk) -> Exchange[Blob]:
    """See Connector.download. Raises DeskGone when the file is no longer there."""
    del desk
    path = f"attachments/download/{quote(attachment.remote_id, safe='')}"
    response = yield Request(
        effect=Effect.READ,
        method="GET",
        path=path,
        headers={"accept": "*/*"},
        receive_blob=True,
        accept=(403, 404),
    )
    if response.status == 403:
        yield from whoever()
    if response.status != 200:
        raise DeskGone(f"Redmine has no file {attachment.remote_id} ({attachment.filename}) for this account")
    if response.blob is None:
        raise AnswerUnreadable(f"Redmine sent no bytes for the file {attachment.remote_id}")
    return response.blob


def issue_of(remote_id: str, include: str = "journals,attachments,relations") -> Exchange[Document]:
    """The issue's own JSON. Raises DeskGone for one that was deleted or moved out of this account's sight: Redmine says
    404 to the first and 403 to the second, and 403 too when the account itself may do nothing, so that is asked."""
    response = yield Request(
        effect=Effect.READ,
        method="GET",
        path=f"issues/{quote(remote_id, safe='')}.json",
        params=(("include", include),),
        accept=(403, 404),
    )
    if response.status == 403:
        yield from whoever()
    if response.status != 200:
        raise DeskGone(f"Redmine has no issue {remote_id} for this account")
    return issue_in(response.json(), include)


@shaped(AnswerUnreadable, "an issue")
def issue_in(document: Any, include: str = "") -> Document:
    """The issue of an answer, with every list that was asked for. Redmine leaves out `relations` where there are none
    (seen on 5.0.4)."""
    issue = dict(document["issue"])
    int(issue["id"])
    asked = include.split(",") if include else []
    if "relations" in asked:
        issue.setdefault("relations", [])
    for part in asked:
        list(issue[part])
    return issue


def whoever(include: str = "") -> Exchange[Document]:
    """The account as Redmine sees it. Anybody else is refused with 401 here, while lists answer 200 and nothing."""
    params = (("include", include),) if include else ()
    response = yield Request(effect=Effect.READ, method="GET", path="users/current.json", params=params)
    document = response.json()
    with shaped(AnswerUnreadable, "an account"):
        user = document["user"]
        int(user["id"])
        return dict(user)


def my_id(desk: Desk) -> Exchange[str]:
    """The id of our account: `desk.account` if that is a number, else Redmine is asked (journals show no log-ins)."""
    if desk.account.isdecimal():
        return desk.account
    return str((yield from whoever())["id"])


def view_of(issue: Document, desk: Desk) -> Exchange[View]:
    """The eyes for this issue, with the names that the settings and the issue itself tell."""
    me = yield from my_id(desk)
    known = names.told(desk)
    for name, found in names.shown_by(issue).items():
        known = known.plus(name, found)
    return View(desk=desk, me=me, names=known)


def named(view: View, issue: Document, since: str | None) -> Exchange[View]:
    """The same eyes with a name for the issue's project and for every id in its history after `since`; Redmine's lists
    are read only for what nothing else names."""
    unknown = _unnamed(issue, view.names, since)
    return replace(view, names=(yield from names.learned(view.names, unknown, project_id(issue))))


@shaped(AnswerUnreadable, "an issue")
def project_id(issue: Document) -> str:
    """The id of the issue's project."""
    return str(int(issue["project"]["id"]))


@shaped(AnswerUnreadable, "an issue")
def last_journal(issue: Document) -> int:
    """The highest journal id, 0 without any."""
    return max((int(journal["id"]) for journal in issue.get("journals", ())), default=0)


@shaped(AnswerUnreadable, "an issue")
def _unnamed(issue: Document, known: Names, since: str | None) -> list[str]:
    ids = {(Field.QUEUE.value, project_id(issue))}
    for journal in _journals(issue, since):
        for detail in journal["details"]:
            name = FIELD_OF_ATTRIBUTE.get(str(detail["name"]), "")
            if detail["property"] == "attr" and name in ID_ATTRIBUTES:
                ids |= {(name, str(detail[key])) for key in ("old_value", "new_value") if detail.get(key)}
    return sorted({name for name, ident in ids if not known.knows(name, ident)})


@shaped(AnswerUnreadable, "an issue")
def snapshot(issue: Document, view: View, since: str | None) -> Snapshot:
    """The issue in our nouns. One that was just created and read without its journals has none yet."""
    attachments = issue.get("attachments")
    journals = _journals(issue, None)
    return Snapshot(
        remote_id=str(issue["id"]),
        number=str(issue["id"]),
        url=url_of(issue, view.desk),
        fields=fields(issue, view),
        comments=tuple(_comment(journal, view) for journal in journals if (journal["notes"] or "").strip()),
        attachments=tuple(_attachment(row, _comment_ids(journals), view) for row in attachments or ()),
        history=tuple(history(issue, view, since)),
        has_history=True,
        complete=attachments is not None and "journals" in issue,
        position=f"{last_journal(issue)}@{issue['updated_on']}",
        created_at=moment(issue["created_on"]),
        changed_at=moment(issue["updated_on"]),
    )


@shaped(AnswerUnreadable, "an issue")
def row_of(issue: Document, view: View) -> Snapshot:
    """What a list shows of an issue: its fields, neither notes nor history."""
    return Snapshot(
        remote_id=str(issue["id"]),
        number=str(issue["id"]),
        url=url_of(issue, view.desk),
        fields=fields(issue, view),
        created_at=moment(issue["created_on"]),
        changed_at=moment(issue["updated_on"]),
    )


def url_of(issue: Document, desk: Desk) -> str:
    """Where people read the issue."""
    return f"{desk.base_url.rstrip('/')}/issues/{issue['id']}"


def fields(issue: Document, view: View) -> Mapping[str, str | None]:
    """Canonical name → native value. A custom field the issue does not show is left out: unknown, not empty."""
    shown = {
        Field.TITLE.value: plain(issue["subject"]),
        Field.DESCRIPTION.value: plain(issue["description"]),
        Field.STATUS.value: str(issue["status"]["name"]),
        Field.PRIORITY.value: _name(issue.get("priority")),
        Field.ASSIGNEE.value: _name(issue.get("assigned_to")),
        Field.CATEGORY.value: _name(issue.get("category")),
        Field.QUEUE.value: view.names.word(Field.QUEUE, project_id(issue)),
        Field.DUE.value: plain(issue["due_date"]),
        "tracker": _name(issue.get("tracker")),
    }
    values = {row["id"]: _text(row["value"]) for row in issue.get("custom_fields", ())}
    ours = {name: values[number] for name, number in custom_fields(view.desk).items() if number in values}
    related = (
        {Field.RELATED.value: relations.joined(relations.numbers(issue))} if "relations" in issue else {}
    )
    return {**shown, **related, **ours}


def _name(thing: Document | None) -> str | None:
    return str(thing["name"]) if thing else None


def _text(value: object) -> str | None:
    """A custom field's value; several values are shown in one text."""
    if isinstance(value, list):
        return plain(", ".join(sorted(str(part) for part in value)))
    return plain(None if value is None else str(value))


def moment(text: str) -> datetime:
    """Redmine's times: UTC with a Z, whole seconds. Raises ValueError for one without its offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return at


def actor(person: Document | None, view: View) -> Actor:
    """Who it was: us, an account declared as a rule, or a person (Redmine's own rules act as somebody)."""
    if not person:
        return Actor()
    known = Actor(id=str(person["id"]), name=str(person["name"]), kind=ActorKind.PERSON)
    if known.id == view.me:
        return replace(known, kind=ActorKind.GATEWAY)
    if {known.id, known.name} & set(view.desk.profile.automatic_actors):
        return replace(known, kind=ActorKind.AUTOMATION)
    return known


def _journals(issue: Document, since: str | None) -> list[Document]:
    """Journals after `since` by id; an account may have chosen to see the newest first."""
    seen = int(since.partition("@")[0]) if since else 0
    journals = sorted(issue.get("journals", ()), key=lambda journal: int(journal["id"]))
    return [journal for journal in journals if int(journal["id"]) > seen]


def _comment(journal: Document, view: View) -> NativeComment:
    return NativeComment(
        remote_id=str(journal["id"]),
        text=plain(journal["notes"]) or "",
        # only what Redmine calls not private is public; a key that is missing keeps it in
        visibility=Visibility.PUBLIC if journal.get("private_notes") is False else Visibility.PRIVATE,
        author=actor(journal.get("user"), view),
        at=moment(journal["created_on"]),
    )


def _comment_ids(journals: Sequence[Document]) -> dict[str, str]:
    """Attachment id → the journal whose note it came with."""
    return {
        str(detail["name"]): came_with
        for place, journal in enumerate(journals)
        for detail in journal["details"]
        if detail["property"] == "attachment" and detail.get("new_value")
        if (came_with := _note_of(journal, journals[place + 1 :])) is not None
    }


def _note_of(journal: Document, later: Sequence[Document]) -> str | None:
    """The journal whose note came with these changes: itself, or the one of a private note. Redmine splits that in two in
    the same second, first a public one of what changed, its files too, then the note (its source, 5.0.4)."""
    if (journal["notes"] or "").strip():
        return str(journal["id"])
    split = (
        str(one["id"])
        for one in later
        if one["created_on"] == journal["created_on"]
        and one.get("user") == journal.get("user")
        and one.get("private_notes") is not False
    )
    return next(split, None)


def _attachment(row: Document, comment_ids: Mapping[str, str], view: View) -> NativeAttachment:
    """A file. Redmine has no private ones: even the file of a private note is listed for everybody (seen on 5.0.4). By
    its `comment_id` it stays with its note all the same."""
    return NativeAttachment(
        remote_id=str(row["id"]),
        filename=str(row["filename"]),
        media_type=str(row.get("content_type") or "application/octet-stream"),
        size=int(row["filesize"]),
        url=row.get("content_url"),
        visibility=Visibility.PUBLIC,
        author=actor(row.get("author"), view),
        at=moment(row["created_on"]),
        comment_id=comment_ids.get(str(row["id"])),
    )


@shaped(AnswerUnreadable, "an issue")
def history(issue: Document, view: View, since: str | None) -> list[HistoryEntry]:
    """The field changes after `since`, numbered `12.1`, `12.2` by their journal. Files are no fields."""
    journals = _journals(issue, since)
    related = relations.told(issue, journals)
    return [entry for journal in journals for entry in _entries(journal, view, related)]


def _entries(
    journal: Document, view: View, related: Mapping[str, tuple[str | None, str | None]]
) -> Iterator[HistoryEntry]:
    for place, detail in enumerate(journal["details"], start=1):
        number = f"{journal['id']}.{place}"
        name = Field.RELATED.value if number in related else _field(detail, view.desk)
        if name:
            old, new = related.get(number) or (
                _value(name, detail.get("old_value"), view),
                _value(name, detail.get("new_value"), view),
            )
            yield HistoryEntry(
                id=number,
                field=name,
                old=old,
                new=new,
                at=moment(journal["created_on"]),
                actor=actor(journal.get("user"), view),
            )


def _field(detail: Document, desk: Desk) -> str | None:
    if detail["property"] == "cf":
        fields_by_id = {str(number): name for name, number in custom_fields(desk).items()}
        return fields_by_id.get(str(detail["name"]))
    return FIELD_OF_ATTRIBUTE.get(str(detail["name"])) if detail["property"] == "attr" else None


def _value(name: str, value: object, view: View) -> str | None:
    text = _text(value)
    return view.names.word(name, text) if name in ID_ATTRIBUTES else text
