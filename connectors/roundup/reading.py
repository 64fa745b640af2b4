"""An issue as Roundup shows it over REST, and what that is in the gateway's nouns. Shapes of 2.6.0 as seen on the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from connectors.roundup.words import LABELS, LINKS, TITLE, marker_in, moment, plain, properties
from gateway.connector import Effect, Exchange, Request, Response, shaped
from gateway.domain.model import (
    Actor,
    ActorKind,
    Blob,
    Desk,
    Field,
    NativeAttachment,
    NativeComment,
    Snapshot,
    Visibility,
)
from gateway.errors import AnswerUnreadable, DeskGone

Document = Mapping[str, Any]

ISSUES = "rest/data/issue"
AT_ONCE = 50
"""Ids asked for in one request; each takes a few characters of the URL."""


def fetch(remote_id: str, desk: Desk) -> Exchange[Snapshot]:
    """See Connector.fetch. The issue is read from the list, as a retired issue is missing there while its own page
    still shows it as if nothing had happened (seen on 2.6.0)."""
    issue = yield from listed_issue(remote_id, desk)
    messages = yield from messages_of(issue)
    files = yield from files_of(issue)
    return whole(issue, messages, files, desk)


def listed_issue(remote_id: str, desk: Desk) -> Exchange[Document]:
    """The issue's row. Raises DeskGone for one that is retired, never was, or is hidden from this account."""
    params = (("id", remote_id), ("@fields", wanted(desk, "messages", "files")), ("@verbose", "2"))
    rows = rows_in((yield Request(effect=Effect.READ, method="GET", path=ISSUES, params=params)))
    if not rows:
        raise DeskGone(f"Roundup has no issue {remote_id} for this account")
    return rows[0]


def wanted(desk: Desk, *parts: str) -> str:
    """The properties to ask for, and of an issue's lists `parts`; without asking Roundup shows no times."""
    names = [TITLE, *LINKS.values(), "keyword", "creation", "creator", "activity", "actor"]
    return ",".join([*names, *properties(desk).values(), *parts])


def rows_in(response: Response) -> list[Document]:
    """The rows of a list."""
    document = response.json()
    with shaped(AnswerUnreadable, "a list"):
        rows: list[Document] = [dict(row) for row in document["data"]["collection"]]
        for row in rows:
            int(row["id"])
        return rows


def messages_of(issue: Document) -> Exchange[list[Document]]:
    """The issue's messages with their texts, oldest first."""
    return (
        yield from _linked(issue, "messages", "msg", "author,creator,creation,content,files,messageid", "3")
    )


def files_of(issue: Document) -> Exchange[list[Document]]:
    """The issue's files without their bytes, oldest first."""
    return (yield from _linked(issue, "files", "file", "name,type,creator,creation", "2"))


def _linked(issue: Document, name: str, kind: str, fields: str, verbose: str) -> Exchange[list[Document]]:
    with shaped(AnswerUnreadable, "an issue"):
        idents = sorted((str(int(link["id"])) for link in issue[name]), key=int)
    rows: list[Document] = []
    for start in range(0, len(idents), AT_ONCE):
        params = [("id", ident) for ident in idents[start : start + AT_ONCE]]
        params += [("@fields", fields), ("@verbose", verbose)]
        rows += rows_in(
            (yield Request(effect=Effect.READ, method="GET", path=f"rest/data/{kind}", params=params))
        )
    return sorted(rows, key=lambda row: int(row["id"]))


def download(remote_id: str, filename: str) -> Exchange[Blob]:
    """See Connector.download. Raises DeskGone when the file is no longer there."""
    path = f"rest/data/file/{quote(remote_id, safe='')}/binary_content"
    # asked for JSON, as everywhere else, Roundup answers with the bytes as a text in JSON
    response = yield Request(
        effect=Effect.READ,
        method="GET",
        path=path,
        headers={"accept": "*/*"},
        receive_blob=True,
        accept=(404,),
    )
    if response.status == 404:
        raise DeskGone(f"Roundup has no file {remote_id} ({filename})")
    if response.blob is None:
        raise AnswerUnreadable(f"Roundup sent no bytes for the file {remote_id}")
    return response.blob


@shaped(AnswerUnreadable, "an issue")
def whole(issue: Document, messages: Sequence[Document], files: Sequence[Document], desk: Desk) -> Snapshot:
    """The issue with everything in it; its first message may be its description."""
    first = messages[0] if messages and _is_description(messages[0], issue, desk) else None
    said = messages[1:] if first else messages
    text = plain(str(first["content"])) if first else None
    came_with = {str(link["id"]): str(row["id"]) for row in said for link in row["files"]}
    return replace(
        bare(issue, desk),
        fields={**fields(issue, desk), Field.DESCRIPTION.value: text},
        comments=tuple(_comment(row, desk) for row in said),
        attachments=tuple(_attachment(row, came_with, desk) for row in files),
        complete=True,
    )


@shaped(AnswerUnreadable, "an issue")
def bare(issue: Document, desk: Desk) -> Snapshot:
    """The issue without its messages and files, as a read-back needs it."""
    return Snapshot(
        remote_id=str(issue["id"]),
        number=str(issue["id"]),
        url=f"{desk.base_url.rstrip('/')}/issue{issue['id']}",
        fields=fields(issue, desk),
        created_at=moment(issue["creation"]),
        changed_at=moment(issue["activity"]),
    )


@shaped(AnswerUnreadable, "an issue")
def fields(issue: Document, desk: Desk) -> dict[str, str | None]:
    """Canonical name → native value; what points elsewhere is shown by its name."""
    shown = {name: label(issue[word], LABELS[word]) for name, word in LINKS.items()}
    keywords = ", ".join(str(link["name"]) for link in issue["keyword"])
    return {
        Field.TITLE.value: plain(issue[TITLE]),
        **shown,
        Field.TAGS.value: keywords or None,
        **{name: plain(issue[word]) for name, word in properties(desk).items()},
    }


def label(link: Document | None, key: str) -> str | None:
    """The name of what a link points at, None if it points at nothing."""
    return str(link[key]) if link else None


def _is_description(message: Document, issue: Document, desk: Desk) -> bool:
    """Of a ticket made by us, the message with the ticket's own marker. Else the one that was there before the issue, by
    its creator: a web form and a mail make the message first, a comment is made when the issue is there."""
    ours = marker_in(message["messageid"])
    if ours:
        return bool(ours == issue[properties(desk)[Field.MARKER]])
    by_its_creator = bool(message["creator"]["id"] == issue["creator"]["id"])
    return by_its_creator and moment(message["creation"]) <= moment(issue["creation"])


def _comment(message: Document, desk: Desk) -> NativeComment:
    """A message. Classic Roundup has no private ones: whoever sees the issue reads them."""
    return NativeComment(
        remote_id=str(message["id"]),
        text=plain(str(message["content"])) or "",
        visibility=Visibility.PUBLIC,
        author=actor(message["author"] or message["creator"], desk),
        at=moment(message["creation"]),
        marker=marker_in(message["messageid"]),
    )


def _attachment(row: Document, came_with: Mapping[str, str], desk: Desk) -> NativeAttachment:
    """A file; Roundup tells its size to nobody. Readable for whoever sees the issue."""
    return NativeAttachment(
        remote_id=str(row["id"]),
        filename=str(row["name"] or f"file{row['id']}"),
        media_type=str(row["type"] or "application/octet-stream"),
        url=f"{desk.base_url.rstrip('/')}/file{row['id']}/",
        visibility=Visibility.PUBLIC,
        author=actor(row["creator"], desk),
        at=moment(row["creation"]),
        comment_id=came_with.get(str(row["id"])),
    )


def actor(user: Document, desk: Desk) -> Actor:
    """Who it was: us, an account declared as a rule, or a person."""
    known = Actor(id=str(user["id"]), name=str(user["username"]), kind=ActorKind.PERSON)
    if desk.account in (known.id, known.name):
        return replace(known, kind=ActorKind.GATEWAY)
    if {known.id, known.name} & set(desk.profile.automatic_actors):
        return replace(known, kind=ActorKind.AUTOMATION)
    return known
