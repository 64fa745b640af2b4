"""Ids and names: Redmine's history and its writes speak in ids, people in names. Tables come from the desk's settings,
from the issue at hand and, when something is still unknown, from Redmine's lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.redmine.words import ID_ATTRIBUTES
from gateway.connector import Effect, Exchange, Request, Response, shaped
from gateway.domain.model import Desk, Field
from gateway.errors import AnswerUnreadable

Document = Mapping[str, Any]

TABLES: Mapping[str, str] = {
    Field.STATUS.value: "status_ids",
    Field.PRIORITY.value: "priority_ids",
    Field.ASSIGNEE.value: "user_ids",
    Field.QUEUE.value: "project_ids",
    Field.CATEGORY.value: "category_ids",
    "tracker": "tracker_ids",
}
"""The settings that hold a table name → id. All are optional: they spare a request."""

_LISTS: Mapping[str, tuple[str, str]] = {
    Field.STATUS.value: ("issue_statuses.json", "issue_statuses"),
    Field.PRIORITY.value: ("enumerations/issue_priorities.json", "issue_priorities"),
    "tracker": ("trackers.json", "trackers"),
}


PUBLIC = frozenset(_LISTS)
"""Fields whose list of words tells nothing about people or customers."""


@dataclass(frozen=True)
class Names:
    """Name by id (a text) for each field that Redmine keeps as an id. A project's name is its identifier."""

    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def knows(self, name: str, ident: str) -> bool:
        """Whether this id has a name yet."""
        return ident in self.tables.get(name, {})

    def word(self, name: str, ident: str | None) -> str | None:
        """The name of an id; the id itself where nobody knows a name."""
        return self.tables.get(name, {}).get(ident, ident) if ident else None

    def ident(self, name: str, word: str) -> str | None:
        """The id of a name, None if there is none."""
        return next((ident for ident, known in self.tables.get(name, {}).items() if known == word), None)

    def plus(self, name: str, found: Mapping[str, str]) -> "Names":
        """These names and more; what was found wins over what was known."""
        return Names({**self.tables, name: {**self.tables.get(name, {}), **found}})


def told(desk: Desk) -> Names:
    """The tables of the desk's settings."""
    return Names(
        {
            name: {str(number): str(word) for word, number in desk.settings.get(setting, {}).items()}
            for name, setting in TABLES.items()
        }
    )


@shaped(AnswerUnreadable, "an issue")
def shown_by(issue: Document) -> dict[str, dict[str, str]]:
    """The names an issue itself tells: of its own values and of the people in it."""
    found: dict[str, dict[str, str]] = {name: {} for name in ID_ATTRIBUTES if name != Field.QUEUE}
    for name, key in (
        ("status", "status"),
        ("priority", "priority"),
        ("category", "category"),
        ("tracker", "tracker"),
    ):
        if issue.get(key):
            found[name][str(issue[key]["id"])] = str(issue[key]["name"])
    people = [issue.get("author"), issue.get("assigned_to")]
    people += [journal.get("user") for journal in issue.get("journals", ())]
    found[Field.ASSIGNEE].update({str(person["id"]): str(person["name"]) for person in people if person})
    return found


def learned(names: Names, wanted: Iterable[str], project: str) -> Exchange[Names]:
    """`names` with Redmine's own lists for these fields; people are those of the project."""
    for name in wanted:
        if name == Field.QUEUE:
            names = names.plus(name, (yield from projects()))
        elif name == Field.ASSIGNEE:
            names = names.plus(name, (yield from _members(project)))
        elif name in _LISTS:
            names = names.plus(name, (yield from listed(name)))
    return names


def listed(name: str) -> Exchange[dict[str, str]]:
    """Statuses, priorities or trackers of the whole Redmine: name by id, in its order."""
    path, key = _LISTS[name]
    response = yield Request(effect=Effect.READ, method="GET", path=path)
    return _words(_rows(response, key)[0], "name")


def projects() -> Exchange[dict[str, str]]:
    """Identifier by id of every project this account sees."""
    return _words((yield from _pages("projects.json", "projects")), "identifier")


def _members(project: str) -> Exchange[dict[str, str]]:
    """Whom the project's issues can be assigned to: people and groups. Empty where the account may not know."""
    rows = yield from _pages(f"projects/{project}/memberships.json", "memberships", refusals=(403, 404))
    return _assignable(rows)


def _pages(path: str, key: str, refusals: tuple[int, ...] = ()) -> Exchange[list[Document]]:
    """All rows of a list; 100 is the most that Redmine gives at once, whatever is asked."""
    rows: list[Document] = []
    while True:
        params = (("limit", "100"), ("offset", str(len(rows))))
        response = yield Request(effect=Effect.READ, method="GET", path=path, params=params, accept=refusals)
        if response.status in refusals:
            return rows
        page, total = _rows(response, key)
        rows += page
        if not page or len(rows) >= total:
            return rows


def _rows(response: Response, key: str) -> tuple[list[Document], int]:
    document = response.json()
    with shaped(AnswerUnreadable, f"a list of {key}"):
        rows: list[Document] = [dict(row) for row in document[key]]
        return rows, int(document.get("total_count", len(rows)))


@shaped(AnswerUnreadable, "a list")
def _words(rows: list[Document], key: str) -> dict[str, str]:
    return {str(row["id"]): str(row[key]) for row in rows}


@shaped(AnswerUnreadable, "a list of members")
def _assignable(rows: list[Document]) -> dict[str, str]:
    members = [row.get("user") or row["group"] for row in rows]
    return {str(member["id"]): str(member["name"]) for member in members}
