"""What the desks hold, collected once for all checks, and the list of what is wrong with it."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import orjson

from gateway.testing.loopback.cabinet import Doc
from gateway.testing.loopback.desk import ACCOUNT
from gateway.testing.simulator.book import Book, Said, Source
from gateway.testing.simulator.people import TOKEN, meaning
from gateway.testing.simulator.world import World

TOKENS = re.compile(r"[A-Z]\d{5}[A-Z]")


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One ticket of a source at a desk."""

    desk: str
    doc: Doc
    status: str

    @property
    def ours(self) -> list[Doc]:
        """The comments the gateway wrote here, in the desk's order."""
        return [part for part in self.doc["comments"] if part["author"]["id"] == ACCOUNT]

    @property
    def files(self) -> list[Doc]:
        """The files the gateway added here."""
        return [part for part in self.doc["attachments"] if part["author"]["id"] == ACCOUNT]


@dataclass(frozen=True, kw_only=True)
class Held:
    """All desks as they are: `tickets` by desk, `blobs` by desk."""

    world: World
    book: Book
    tickets: dict[str, list[Doc]]
    too_late: dict[str, int] = field(default_factory=dict)
    """How many writes a desk applied after every settle window: so many duplicates are nobody's fault."""
    merged: dict[str, frozenset[str]] = field(default_factory=dict)
    """Desk → its tickets that people merged into others: they cannot be reached any more."""

    @cached_property
    def copies(self) -> dict[str, dict[str, list[Copy]]]:
        """Source token → desk → its copies, oldest first."""
        found: dict[str, dict[str, list[Copy]]] = {token: {} for token in self.book.sources}
        for code, docs in self.tickets.items():
            temper = self.world.plan.temper(code)
            for doc in docs:
                here = found.get((doc["fields"]["title"] or "")[:TOKEN])
                if here is not None:
                    copy = Copy(desk=code, doc=doc, status=meaning(temper, doc["fields"]["status"]))
                    here.setdefault(code, []).append(copy)
        return found

    @cached_property
    def said(self) -> dict[str, Said]:
        """What people said, by its token."""
        return {one.token: one for one in self.book.said}

    def can_change(self, copy: Copy) -> bool:
        """Whether the gateway can rewrite and remove its comments there."""
        reached = copy.doc["id"] not in self.merged.get(copy.desk, ())
        return reached and self.world.plan.temper(copy.desk).edits_comments

    def doubled(self, source: Source) -> bool:
        """Whether a late application left a second ticket of this source at some desk."""
        return any(
            len(copies) > max(1, source.offers.get(code, 0)) and self.too_late.get(code, 0)
            for code, copies in self.copies[source.token].items()
        )

    @cached_property
    def tokens(self) -> dict[str, set[str]]:
        """Desk → every token that stands anywhere in it."""
        return {code: set(TOKENS.findall(orjson.dumps(docs).decode())) for code, docs in self.tickets.items()}

    def language(self, desk: str) -> str:
        """What the gateway speaks at a desk."""
        return str(self.world.plan.desk_documents[desk].get("language", "en"))

    def in_scope(self, source: Source) -> list[str]:
        """The desks that must have it: offered there, and so at every desk above."""
        return [
            code
            for code in self.world.above
            if all(step in source.offers for step in self.world.path("cust", code)[1:])
        ]


@dataclass(kw_only=True)
class Findings:
    """What is wrong, by kind."""

    found: list[tuple[str, str]] = field(default_factory=list)

    def add(self, kind: str, text: str) -> None:
        """One violation."""
        self.found.append((kind, text))

    def add_all(self, kind: str, texts: Iterable[str]) -> None:
        """Several of a kind."""
        self.found += [(kind, text) for text in texts]

    def kinds(self) -> Counter[str]:
        """How many of each kind."""
        return Counter(kind for kind, _ in self.found)
