"""Related tickets: Redmine's relations of the kind `relates`, on an issue and in its journals.

What blocks, precedes, duplicates or was copied from what is how a desk plans its own work: not told. An issue that is tied to
another in such a way counts as related to it all the same when the gateway is to relate the two, as Redmine keeps one relation
for each pair. Relations are only ever added: one that people made, or took away again, is theirs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from connectors.redmine.names import Document
from connectors.redmine.words import parts
from gateway.connector import Effect, Exchange, Request, shaped
from gateway.domain.model import Command, Field
from gateway.errors import AnswerUnreadable, DeskGone, DeskRejected

KIND = "relates"


@shaped(AnswerUnreadable, "an issue")
def numbers(issue: Document, *, of_any_kind: bool = False) -> list[str]:
    """The issues that this one is related to, of which this account may see. Redmine keeps a relation from the lower number
    to the higher one, so either end may be the other issue."""
    ends = [
        {str(int(row["issue_id"])), str(int(row["issue_to_id"]))} - {str(issue["id"])}
        for row in issue["relations"]
        if of_any_kind or row["relation_type"] == KIND
    ]
    return sorted({number for pair in ends for number in pair})


def told(issue: Document, journals: Sequence[Document]) -> Mapping[str, tuple[str | None, str | None]]:
    """Number of an entry → the related issues before and after it, for the newest `journals` of an issue. They tell which
    relation came or went, so the set as it is now is read backwards."""
    if "relations" not in issue:
        return {}
    held, found = set(numbers(issue)), dict[str, tuple[str | None, str | None]]()
    for journal in reversed(journals):
        for place, detail in reversed(list(enumerate(journal["details"], start=1))):
            if is_ours_to_tell(detail):
                after = joined(held)
                held = (held - {str(detail.get("new_value"))}) | set(filter(None, [detail.get("old_value")]))
                found[f"{journal['id']}.{place}"] = (joined(held), after)
    return found


def is_ours_to_tell(detail: Document) -> bool:
    """Whether a line of a journal tells of such a relation."""
    return (detail["property"], detail["name"]) == ("relation", KIND)


def joined(held: Iterable[str]) -> str | None:
    """Several numbers as one text, in an order that does not depend on how they came."""
    return ", ".join(sorted(held)) or None


def apart(command: Command) -> Command:
    """The command without relations, which are no part of Redmine's issue."""
    return replace(
        command, fields={name: value for name, value in command.fields.items() if name != Field.RELATED}
    )


def are_there(command: Command, issue: Document) -> bool:
    """Whether every issue that the command adds is tied to this one."""
    return set(_added(command)) <= set(numbers(issue, of_any_kind=True))


def add(command: Command, issue: Document, *, alone: bool) -> Exchange[Mapping[str, str]]:
    """Relate the issue to what the command adds and what is not tied to it yet; number → Redmine's words for each that it
    refused. `alone`: nothing else is written, so the last one is the write. Raises DeskRejected for what is no number."""
    for one in _added(command):
        if not (one.isascii() and one.isdecimal()):
            raise DeskRejected(f"{one[:40]!r} is no issue of Redmine", why="its numbers are digits")
    tied, refused = set(numbers(issue, of_any_kind=True)), dict[str, str]()
    new = [one for one in _added(command) if one not in tied]
    for one in new:
        effect = Effect.WRITE if alone and one == new[-1] else Effect.PREPARE
        words = yield from _relate(command.remote_id or "", one, effect)
        if words:
            refused[one] = words
    return refused


def refuse(refused: Mapping[str, str], issue: Document) -> None:
    """Raises DeskRejected for what Redmine refused, unless it is tied to the issue all the same: somebody was faster."""
    lacking = refused.keys() - set(numbers(issue, of_any_kind=True))
    if lacking:
        words = "; ".join(sorted({refused[one] for one in lacking}))
        raise DeskRejected(f"Redmine does not relate it to {joined(lacking)}", why=words)


def _added(command: Command) -> list[str]:
    """What the gateway saw before may be gone again, and stays gone."""
    known = set(parts(command.was.get(Field.RELATED)))
    return [one for one in parts(command.fields.get(Field.RELATED)) if one not in known]


def _relate(remote_id: str, number: str, effect: Effect) -> Exchange[str]:
    """Relate the two; Redmine's words if it does not. Asked for twice it refuses, so a repeated call does no harm. Raises
    DeskGone and DeskRejected."""
    response = yield Request(
        effect=effect,
        method="POST",
        path=f"issues/{quote(remote_id, safe='')}/relations.json",
        json={"relation": {"issue_to_id": int(number), "relation_type": KIND}},
        accept=(403, 404, 422),
    )
    if response.status == 404:
        raise DeskGone(f"Redmine has no issue {remote_id} any more")
    if response.status == 403:
        raise DeskRejected(
            f"this account may not relate issue {remote_id}",
            cure="give its role the permission `Manage issue relations`",
        )
    return _words(response.json()) if response.status == 422 else ""


@shaped(AnswerUnreadable, "a refusal")
def _words(document: Document) -> str:
    return "; ".join(str(error) for error in document["errors"]) or "it says no more"
