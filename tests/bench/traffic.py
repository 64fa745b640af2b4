"""Who says what in a bench of the whole path: a mix of new tickets, comments and status changes, one call out each, and
when each arrived at the other side."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.bench.desks import PERSON, TEXT, BenchDesk, Doc
from tests.bench.load import Post

RIPE = 400
"""So many tickets younger than one are opened before anything more happens to it: its own creation is settled then."""
NEW, MIX = ("new",), ("new", "comment", "status")


@dataclass(kw_only=True)
class Traffic:
    """Makes messages by turns, at most `backlog` of them undelivered. `delivered`: seconds from the scheduled moment
    to the call at the next desk."""

    desks: Mapping[str, BenchDesk]
    turns: tuple[str, ...]
    backlog: int = 400
    waiting: dict[tuple[str, str, str], float] = field(default_factory=dict)
    delivered: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    arrived: Callable[[], None] = lambda: None
    _pairs: dict[tuple[str, str], tuple[BenchDesk, Doc]] = field(default_factory=dict)
    _ripening: deque[tuple[BenchDesk, Doc, BenchDesk, Doc]] = field(default_factory=deque)
    _commented: deque[tuple[BenchDesk, Doc, BenchDesk, Doc]] = field(default_factory=deque)
    _made: int = 0
    _scheduled: float = 0.0

    def make(self, scheduled: float) -> Post | None:
        """The message of that moment (monotonic), or None while too much is undelivered."""
        if len(self.waiting) >= self.backlog:
            return None
        self._scheduled = scheduled
        turn = self.turns[self._made % len(self.turns)]
        self._made += 1
        if turn == "comment" and len(self._ripening) > RIPE:
            return self._comment(*self._ripening[0])
        if turn == "status" and len(self._commented) > RIPE:
            return self._status(*self._commented.popleft())
        return self._open()

    def _open(self) -> Post:
        customers = [code for code in self.desks if code.startswith("c")]
        desk = self.desks[customers[self._made % len(customers)]]
        fields = {"title": f"Till {self._made} prints nothing", "description": TEXT, "queue": "Field"}
        doc = desk.open({**fields, "status": "new", "priority": "normal", "requester": "Shop 12"})
        self._pairs["create", fields["title"]] = desk, doc
        return self._posted("new", desk, doc, ("create", "", fields["title"]))

    def _comment(self, desk: BenchDesk, doc: Doc, vendor: BenchDesk, theirs: Doc) -> Post:
        self._ripening.popleft()
        self._commented.append((desk, doc, vendor, theirs))
        desk.comment(doc, "It printed one line of zeros and stopped again; the paper is new.", PERSON)
        return self._posted("comment", desk, doc, ("comment", vendor.code, theirs["id"]))

    def _status(self, desk: BenchDesk, doc: Doc, vendor: BenchDesk, theirs: Doc) -> Post:
        vendor.set(theirs, {"status": "open"}, PERSON)
        return self._posted("status", vendor, theirs, ("update", desk.code, doc["id"]))

    def _posted(self, kind: str, desk: BenchDesk, doc: Doc, key: tuple[str, str, str]) -> Post:
        self.kinds[kind] += 1
        self.waiting[key] = self._scheduled
        return self.post_of(desk, doc)

    def post_of(self, desk: BenchDesk, doc: Doc) -> Post:
        """The signed webhook of a ticket."""
        body, headers = desk.hook(doc)
        return f"/hooks/{desk.code}", body, headers

    def arrive(self, desk: BenchDesk, kind: str, doc: Doc) -> None:
        """A write of the gateway's reached a desk."""
        self.calls += 1
        title = doc["fields"]["title"]
        key = (kind, "", title) if kind == "create" else (kind, desk.code, doc["id"])
        scheduled = self.waiting.pop(key, None)
        if scheduled is None:
            return
        self.delivered.append(time.monotonic() - scheduled)
        if kind == "create":
            self._ripening.append((*self._pairs.pop((kind, title)), desk, doc))
        self.arrived()
