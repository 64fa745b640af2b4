"""Networked Help Desk 1.0, Zendesk's ticket sharing: a desk that pushes to us, is pushed to, and cannot be asked. What both
have told each other is kept in this gateway (gateway/flows/ticket_sharing), which also takes what comes in."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from connectors.nhd import words, writing
from connectors.nhd.reading import found, receipt, snapshot
from connectors.nhd.writing import HERE
from gateway.connector import Effect, Exchange, Request, load_manifest, shaped
from gateway.domain.model import (
    Blob,
    Command,
    CommandKind,
    Desk,
    DeskFacts,
    Message,
    NativeAttachment,
    Page,
    Receipt,
    Sighting,
    Snapshot,
)
from gateway.errors import AnswerUnreadable, DeskRejected, SignatureInvalid, Unreadable
from gateway.in_house.reading import page, since_of, text

_MOVED = (301, 302, 303, 307, 308)
_MOST_MOVES = 2
_FILE_HOSTS = ("*.zdusercontent.com",)
"""Where Zendesk keeps files: what it names at its own address leads there."""


class NetworkedHelpDesk:
    """All methods of the port."""

    manifest = load_manifest(Path(__file__).parent)

    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """What a partner pushes has doors of its own."""
        raise SignatureInvalid("a desk that shares tickets pushes to /sharing, not to a hook")

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        """What a partner pushes has doors of its own."""
        raise Unreadable("a desk that shares tickets pushes to /sharing, not to a hook")

    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        """The ticket as both have told each other."""
        params = {"since": since} if since else {}
        response = yield _kept(f"tickets/{remote_id}", **params)
        with shaped(AnswerUnreadable, "a shared ticket"):
            return snapshot(response.json()["ticket"], desk)

    def changed(self, cursor: str | None, desk: Desk) -> Exchange[Page]:
        """The cursor is the gateway's clock at the last page, or the change to go on with."""
        response = yield _kept("changes", **since_of(cursor))
        with shaped(AnswerUnreadable, "a list of changes"):
            return page(response.json())

    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        """One POST or PUT to the partner."""
        return writing.push(command, desk)

    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        """What the partner is known to have taken; a repeat is harmless, for everything carries its own uuid."""
        if command.kind is CommandKind.CREATE:
            response = yield _kept("tickets", marker=command.marker)
            with shaped(AnswerUnreadable, "a list of tickets"):
                return [receipt(doc, command, desk) for doc in response.json()["tickets"]]
        response = yield _kept(f"tickets/{command.remote_id or ''}")
        with shaped(AnswerUnreadable, "a shared ticket"):
            return found(response.json()["ticket"], command, desk)

    def download(self, attachment: NativeAttachment, desk: Desk) -> Exchange[Blob]:
        """The bytes from where the partner keeps them: its own host, or one that the desk's settings name. A redirect is
        followed to such a place only."""
        url = attachment.url or ""
        response = yield _file(url, attachment, desk)
        for _ in range(_MOST_MOVES):
            if response.status not in _MOVED:
                break
            url = urljoin(url, response.headers.get("location", ""))
            response = yield _file(url, attachment, desk)
        if response.blob is None:
            raise AnswerUnreadable(f"no file came for {attachment.filename}")
        return response.blob

    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        """As the partner takes it."""
        return words.normalised(field, value, desk)

    def check(self, desk: Desk) -> Exchange[DeskFacts]:
        """How the agreement stands: the partner itself cannot be asked."""
        response = yield _kept("agreement")
        with shaped(AnswerUnreadable, "an agreement"):
            told = response.json()["agreement"]
            lacking = (
                f"no sharing agreement is in force: interdesk sharing invite {desk.code}, or let the partner"
                f" invite {text(told['our_url'])} and accept it"
            )
            name = str(told["name"])
            return DeskFacts(
                product="Networked Help Desk" + (f" ({name})" if name else ""),
                version="1",
                clock=datetime.fromisoformat(told["clock"]),
                statuses=tuple(row.native for row in desk.profile.statuses),
                missing=() if told["in_force"] is True else (lacking,),
            )


def _kept(path: str, **params: str) -> Request:
    return Request(effect=Effect.READ, method="GET", path=f"{HERE}/{path}", params=tuple(params.items()))


def _file(url: str, attachment: NativeAttachment, desk: Desk) -> Request:
    """Raises DeskRejected for a place that nobody named: a partner's word alone sends us nowhere."""
    at_home = _origin(url) == _origin(desk.base_url)
    if not at_home and not _is_named(url, desk):
        raise DeskRejected(
            f"the file {attachment.filename} stands at {urlsplit(url).hostname or 'no host'}",
            why="the desk's settings do not name that host",
            cure="add it to file_hosts, if it is the partner's",
        )
    return Request(
        effect=Effect.READ, method="GET", path=url, receive_blob=True, bare=not at_home, accept=_MOVED
    )


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return "", "", None


def _is_named(url: str, desk: Desk) -> bool:
    scheme, host, _ = _origin(url)
    named = desk.settings.get("file_hosts", _FILE_HOSTS)
    return scheme == "https" and any(
        host.endswith(one[1:]) if one.startswith("*.") else host == one for one in named
    )


CONNECTOR = NetworkedHelpDesk()
