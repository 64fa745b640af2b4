"""What changed at a desk, page by page. A ticket that changes while a list is read goes to the list's end, and whatever stood
behind it moves up by one: so a page begins where the one before ended by time, and counts rows only within one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.tmf621.words import LIST
from gateway.connector import Effect, Request, Response
from gateway.domain.model import Page, Sighting
from gateway.domain.tmf621.reading import moment
from gateway.domain.tmf621.writing import stamp

Row = Mapping[str, Any]
OVERLAP = timedelta(minutes=2)
PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Place:
    """How far a list was read: everything until `since` (the desk's clock when a list was last complete), and of the next one
    what changed before `begin`, and of what follows `offset` rows, of which the last has the id `last` ("": not to be proved)."""

    since: str
    begin: str
    offset: int = 0
    last: str = ""

    @property
    def skipped(self) -> int:
        """How many rows are not asked for: one that was read is, to prove that none has moved away."""
        return self.offset - 1 if self.last else self.offset

    def written(self) -> str:
        """As the poll's cursor."""
        return f"{self.since}|{self.begin}|{self.offset}|{self.last}"


def place_of(cursor: str) -> Place:
    """A cursor as `Place.written` made it, or the bare moment of a list that was complete."""
    since, *rest = cursor.split("|", 3)
    if len(rest) == 3:
        return Place(since=since, begin=rest[0], offset=int(rest[1]), last=rest[2])
    return Place(since=since, begin=stamp(datetime.fromisoformat(since) - OVERLAP))


def asking(place: Place) -> Request:
    """The request for the next page."""
    paging = (("sort", "lastUpdate"), ("offset", str(place.skipped)), ("limit", str(PAGE)))
    params = (("lastUpdate.gte", place.begin), *paging)
    return Request(effect=Effect.READ, method="GET", path=LIST, params=params, accept=(206,))


def page(place: Place, response: Response, rows: Sequence[Row], clock: datetime) -> Page:
    """What the answer tells, and where to go on."""
    told = tuple(Sighting(remote_id=str(row["id"])) for row in rows)
    if place.last and (not rows or rows[0]["id"] != place.last):
        anew = replace(place, offset=0, last="")
        return Page(sightings=told, cursor=anew.written(), more=True)
    if len(rows) > bool(place.last) and _is_more(place, response, len(rows)):
        return Page(sightings=told, cursor=_behind(place, rows).written(), more=True)
    since = datetime.fromisoformat(place.since)
    return Page(sightings=told, cursor=stamp(max(clock, since)))


def _is_more(place: Place, response: Response, count: int) -> bool:
    total = int(response.headers.get("x-total-count", "0"))
    return count >= PAGE or total > place.skipped + count or response.status == 206


def _behind(place: Place, rows: Sequence[Row]) -> Place:
    """The place behind these rows. A desk that does not sort or filter as it is asked is read by their number to the end: the
    newest first nothing is passed over so, for what changes goes to the front. Rows of one moment do not show how they are
    sorted."""
    known = [moment(row.get("lastUpdate")) for row in rows]
    times = [stamp(at) for at in known if at is not None]
    behind = replace(place, offset=place.skipped + len(rows), last="")
    by_number = place.offset > 0 and not place.last
    if by_number or len(times) < len(rows) or times != sorted(times) or times[0] < place.begin:
        return behind
    if times[0] < times[-1]:
        return replace(behind, begin=times[-1], offset=0)
    return replace(behind, last=str(rows[-1]["id"]))
