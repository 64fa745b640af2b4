"""TM Forum's Trouble Ticket API (TMF621), v5 or v4: a desk of a partner that speaks it, or another Interdesk. What a document
means is `gateway.domain.tmf621`, as at our own door."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from connectors.tmf621 import hub, listing, writing
from connectors.tmf621.reading import found, normalised, snapshot, text
from connectors.tmf621.words import LIST, dialect, ticket
from gateway.connector import Effect, Exchange, Request, Response, load_manifest, shaped
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
from gateway.domain.tmf621.writing import stamp
from gateway.errors import AnswerUnreadable


class TroubleTickets:
    """All methods of the port."""

    manifest = load_manifest(Path(__file__).parent)

    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """The key in the address that we gave its hub."""
        hub.verify(message, desk)

    def parse(self, message: Message, desk: Desk) -> Sequence[Sighting]:
        """Which ticket an event is about; what it says is fetched."""
        return hub.parse(message)

    def fetch(self, remote_id: str, desk: Desk, *, since: str | None) -> Exchange[Snapshot]:
        """The whole ticket, always."""
        response = yield _read(ticket(remote_id))
        with shaped(AnswerUnreadable, "a trouble ticket"):
            return snapshot(response.json(), desk)

    def changed(self, cursor: str | None, desk: Desk) -> Exchange[Page]:
        """The cursor is the desk's clock when a list was complete; amid a list `listing.Place` says what stands in it."""
        if cursor is None:
            response = yield _read(LIST, ("limit", "1"), ("fields", "id"))
            with shaped(AnswerUnreadable, "a list of trouble tickets"):
                _rows(response)
            return Page(sightings=(), cursor=stamp(_clock(response)))
        place = listing.place_of(cursor)
        response = yield listing.asking(place)
        with shaped(AnswerUnreadable, "a list of trouble tickets"):
            return listing.page(place, response, _rows(response), _clock(response))

    def push(self, command: Command, desk: Desk) -> Exchange[Receipt]:
        """One POST or PATCH, whose answer shows the ticket; before a PATCH it is read."""
        return writing.push(command, desk)

    def find(self, command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
        """A ticket by its external identifier; a note or file by its id, or as the last of these words; an update by its
        values."""
        if command.kind is CommandKind.CREATE:
            response = yield _read(LIST, (dialect(desk).external, command.marker), ("limit", "20"))
            with shaped(AnswerUnreadable, "a list of trouble tickets"):
                every = [one for row in _rows(response) for one in found(row, command, desk)]
                return sorted(every, key=lambda one: one.created_at or datetime.max.replace(tzinfo=UTC))
        response = yield _read(ticket(command.remote_id or ""))
        with shaped(AnswerUnreadable, "a trouble ticket"):
            return found(response.json(), command, desk)

    def download(self, attachment: NativeAttachment, desk: Desk) -> Exchange[Blob]:
        """The bytes from the desk's own address, or from another that the ticket names, without credentials."""
        url = attachment.url or ""
        response = yield Request(
            effect=Effect.READ,
            method="GET",
            path=url,
            receive_blob=True,
            bare="://" in url and urlsplit(url)[:2] != urlsplit(desk.base_url)[:2],
        )
        if response.blob is None:
            raise AnswerUnreadable(f"no file came for {attachment.filename}")
        return response.blob

    def normalised(self, field: str, value: str | None, desk: Desk) -> str | None:
        """What a document says that was written so."""
        return normalised(field, value)

    def check(self, desk: Desk) -> Exchange[DeskFacts]:
        """That it lists tickets; its clock."""
        response = yield _read(LIST, ("limit", "1"))
        with shaped(AnswerUnreadable, "a list of trouble tickets"):
            rows = _rows(response)
            statuses = {str(row["status"]) for row in rows if row.get("status")}
            return DeskFacts(
                product="TMF621 Trouble Ticket",
                version=dialect(desk).name,
                clock=_clock(response),
                statuses=tuple(sorted(statuses)),
                only_in_use=True,
            )


def _read(path: str, *params: tuple[str, str]) -> Request:
    return Request(effect=Effect.READ, method="GET", path=path, params=params, accept=(206,))


def _rows(response: Response) -> list[dict[str, object]]:
    rows = response.json()
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError("no list of objects")
    for row in rows:
        text(row["id"])
    return rows


def _clock(response: Response) -> datetime:
    """The desk's clock as its answer dates itself; where it does not, ours."""
    dated = response.headers.get("date")
    if dated:
        return parsedate_to_datetime(dated).astimezone(UTC)
    if response.received_at is None:
        return datetime.fromtimestamp(0, UTC)
    return response.received_at


CONNECTOR = TroubleTickets()
