"""How RT's REST2 is asked and how its lists are read. What the answers mean is elsewhere.

Facts seen on RT 5.0.3: a page holds at most 100 rows *before* RT leaves out those the account may not see, so a short
page is not the last one; `total` is null wherever rights apply.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.connector import Effect, Exchange, Request, Response, shaped
from gateway.errors import AnswerUnreadable

PAGE = 100

Row = Mapping[str, Any]
"""One JSON object of an answer, as RT wrote it."""

Condition = Mapping[str, str]
"""One line of RT's JSON search: field, operator, value, entry_aggregator."""


def get(path: str, *params: tuple[str, str], accept: Sequence[int] = ()) -> Request:
    """A read below REST/2.0."""
    return Request(effect=Effect.READ, method="GET", path=f"REST/2.0/{path}", params=params, accept=accept)


def write(
    method: str, path: str, document: object, *, accept: Sequence[int] = (), only_if: str = ""
) -> Request:
    """A write below REST/2.0; with `only_if`, an ETag, RT answers 412 where the ticket has moved on."""
    headers = {"if-match": only_if} if only_if else {}
    path = f"REST/2.0/{path}"
    return Request(
        effect=Effect.WRITE, method=method, path=path, json=document, accept=accept, headers=headers
    )


def document(response: Response) -> Row:
    """The one object an answer holds. Raises AnswerUnreadable for anything else."""
    found = response.json()
    if not isinstance(found, dict) or not found:
        raise AnswerUnreadable("RT should have answered with an object")
    return found


@shaped(AnswerUnreadable, "a list")
def items(response: Response) -> list[Row]:
    """The rows of a list, left out those RT shows without saying anything of them."""
    found: list[Any] = response.json()["items"]
    return [row for row in found if row is not None and row["id"]]


NOT_YOURS = (403, 404)
"""Forbidden and Not Found: what RT says of a thing that is hidden or not there."""


def refusal(response: Response) -> str | None:
    """RT's words for a thing that is not there for this account; None if it is there. Raises AnswerUnreadable when it
    was not RT that refused: a proxy's 404 says nothing about a ticket."""
    return _why(response) if response.status in NOT_YOURS else None


@shaped(AnswerUnreadable, "a refusal")
def _why(response: Response) -> str:
    why = response.json()["message"]
    if not isinstance(why, str) or not why:
        raise TypeError("a refusal without words")
    return why


@shaped(AnswerUnreadable, "a list of messages")
def messages(response: Response) -> list[str]:
    """What RT says about a write, in its own words."""
    found = response.json()
    if not isinstance(found, list) or not all(isinstance(line, str) for line in found):
        raise TypeError("no list of texts")
    return found


def search(conditions: Iterable[Condition]) -> str:
    """RT's JSON search. Several conditions on one field are alternatives unless they say AND."""
    return json.dumps(list(conditions), separators=(",", ":"), ensure_ascii=False)


def quoted(value: str) -> str:
    """A value for TicketSQL and TransactionSQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def pages(path: str, *params: tuple[str, str], until: int | None = None) -> Exchange[list[Row]]:
    """All rows of a list that may hide some, in the order of their ids: up to the row `until`, or to an empty page."""
    rows: list[Row] = []
    page = 1
    while True:
        found = items((yield get(path, *_page(params, page))))
        rows += found
        if not found or (until is not None and number(found[-1]) >= until):
            return rows
        page += 1


def whole_pages(path: str, *params: tuple[str, str]) -> Exchange[list[Row]]:
    """All rows of a list whose every row the account may see: the first page that is not full is the last."""
    rows: list[Row] = []
    page = 1
    while True:
        found = items((yield get(path, *_page(params, page))))
        rows += found
        if len(found) < PAGE:
            return rows
        page += 1


def _page(params: Sequence[tuple[str, str]], page: int) -> Sequence[tuple[str, str]]:
    return (*params, ("orderby", "id"), ("per_page", str(PAGE)), ("page", str(page)))


@shaped(AnswerUnreadable, "a numbered row")
def number(row: Row) -> int:
    """The id of a row; RT writes it as text here and as number there."""
    return int(row["id"])
