"""What all desks let their people do, in the canonical names of fields and the desk's own values."""

from dataclasses import dataclass
from typing import Any, Protocol

import httpx

CUSTOM = {
    "marker": "ExternalRef",
    "delegate": "DelegateTo",
    "site": "Site",
    "asset": "Asset",
    "requester": "Requester",
    "tags": "Tags",
    "parts": "Parts",
    "rating": "Rating",
    "visit_from": "VisitFrom",
    "visit_until": "VisitUntil",
    "custom.order": "OrderNumber",
    "custom.step": "Step",
}
"""Which of the launched desks' custom fields holds what; Roundup has no Tags, RT no Requester."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A comment as the desk shows it. `author` is a log-in name or what the desk shows of it."""

    text: str
    public: bool
    author: str


PRIVATE, EDIT, LOG, RELATE = "private", "edit", "log", "relate"
"""What not every desk lets its people do: internal notes, changing a comment afterwards, logging time, relating tickets."""


class Agent(Protocol):
    """One person at one desk. Every method fails where the desk refuses; `can` says which of the four there are."""

    can: frozenset[str]

    def open(self, title: str, text: str, **fields: str) -> str:
        """A new ticket; its id."""

    def change(self, ticket: str, **fields: str) -> None:
        """Set fields: title, status, priority, assignee, those of CUSTOM."""

    def say(self, ticket: str, text: str, *, public: bool = True) -> None:
        """A comment."""

    def edit(self, ticket: str, before: str, after: str) -> None:
        """Change one's own comment; an empty one is gone."""

    def log(self, ticket: str, minutes: int, text: str) -> None:
        """Time worked."""

    def relate(self, ticket: str, other: str) -> None:
        """Two tickets of this desk have to do with each other."""

    def related(self, ticket: str) -> set[str]:
        """The ids of the tickets that this one is related to."""

    def attach(self, ticket: str, filename: str, content: bytes) -> None:
        """A file, with a public comment where the desk wants words."""

    def field(self, ticket: str, name: str) -> str | None:
        """One field: also marker and description."""

    def said(self, ticket: str) -> list[Said]:
        """The comments, oldest first."""

    def files(self, ticket: str) -> list[tuple[str, bytes]]:
        """(name, bytes) of each file."""

    def titled(self, title: str) -> list[str]:
        """The ids of all tickets with that very title."""

    def marked(self, marker: str) -> list[str]:
        """The ids of all tickets that carry that marker."""

    def knows(self, word: str) -> bool:
        """Whether a word of letters and digits stands anywhere at the desk, as far as this person may see."""

    def close(self) -> None:
        """Lets the connections go."""


def good(answer: httpx.Response) -> Any:
    """What the desk answered; AssertionError with its words if it refused."""
    assert answer.is_success, (
        f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:500]}"
    )
    return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else None
