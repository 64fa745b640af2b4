"""What our account may do at a Redmine: its roles in a project and their permissions, as the REST API tells them."""

from collections.abc import Sequence

from connectors.redmine.names import Document
from connectors.redmine.reading import whoever
from gateway.connector import Effect, Exchange, Request, shaped
from gateway.errors import AnswerUnreadable, DeskRejected

SET_PRIVATE = "set_notes_private"

NEEDED: dict[str, str] = {
    "view_issues": "View issues",
    "add_issues": "Add issues",
    "edit_issues": "Edit issues",
    "add_issue_notes": "Add notes",
    "view_private_notes": "View private notes",
    SET_PRIVATE: "Set notes as private",
}
"""Permissions this connector uses, with the words of Redmine's own role form."""


def may_write_private(issue: Document) -> Exchange[None]:
    """Returns if our account may set notes private in the issue's project. Raises DeskRejected if it may not: Redmine
    drops the word `private_notes` from such an account's request and publishes the note (its source, 5.0.4)."""
    user = yield from whoever("memberships")
    with shaped(AnswerUnreadable, "an issue"):
        project = str(issue["project"]["id"])
    if SET_PRIVATE not in (yield from in_project(user, project)):
        raise DeskRejected(
            "this account may not write private notes in the issue's project",
            cure=f"give its role there the permission `{NEEDED[SET_PRIVATE]}`",
        )


def in_project(user: Document, project: str | None) -> Exchange[frozenset[str]]:
    """The permissions in a project (None: in any). An administrator has them all."""
    if user.get("admin") is True:
        return frozenset(NEEDED)
    found: set[str] = set()
    for role in roles(user, project):
        found |= yield from _permissions(role)
    return frozenset(found)


@shaped(AnswerUnreadable, "an account with its memberships")
def roles(user: Document, project: str | None) -> Sequence[str]:
    """Ids of the account's roles in a project (None: in any)."""
    return sorted(
        {
            str(int(role["id"]))
            for membership in user["memberships"]
            if project is None or str(membership["project"]["id"]) == project
            for role in membership["roles"]
        }
    )


def _permissions(role: str) -> Exchange[set[str]]:
    response = yield Request(effect=Effect.READ, method="GET", path=f"roles/{role}.json")
    document = response.json()
    with shaped(AnswerUnreadable, "a role"):
        return {str(permission) for permission in document["role"]["permissions"]}
