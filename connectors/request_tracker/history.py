"""A ticket's transactions as entries of the canonical fields. RT locks the ticket's row while it writes one
(RT::Record::_NewTransaction), so within one ticket ids are in the order of the commits.

A transaction keeps what was *sent*: a subject before it was cut, a due date RT could not read, people and queues as
numbers. Entries show what the ticket showed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.request_tracker import links
from connectors.request_tracker.rest import (
    NOT_YOURS,
    Condition,
    Row,
    document,
    get,
    number,
    pages,
    refusal,
    search,
)
from connectors.request_tracker.settings import actor, canonical_of
from connectors.request_tracker.words import due_shown, moment, normalised
from gateway.connector import Exchange, shaped
from gateway.domain.model import Desk, Field, HistoryEntry, NativeWork
from gateway.errors import AnswerUnreadable

MAIL_RECORDS = ("EmailRecord", "CommentEmailRecord")
"""Transactions that change nothing; an account that may see outgoing mail gets one for each recipient list."""

_PLAIN = {"Subject": Field.TITLE, "Priority": Field.PRIORITY, "Due": Field.DUE, "Status": Field.STATUS}
_WATCHED = {"Requestor": Field.REQUESTER}


def transactions(remote_id: str, *, since: str | None, until: int | None) -> Exchange[list[Row]]:
    """What happened to a ticket after the transaction `since`, up to `until`, in order."""
    conditions: list[Condition] = [
        {"field": "Type", "operator": "!=", "value": kind, "entry_aggregator": "AND"} for kind in MAIL_RECORDS
    ]
    if since is not None:
        conditions.append({"field": "id", "operator": ">", "value": since})
    rows = yield from pages(
        f"ticket/{remote_id}/history",
        ("fields", "Type,Field,OldValue,NewValue,Creator,Created,ObjectId"),
        ("fields[Creator]", "RealName"),
        ("query", search(conditions)),
        until=until,
    )
    return [row for row in rows if until is None or number(row) <= until]


def work(ticket: Row, remote_id: str, desk: Desk) -> Exchange[Sequence[NativeWork]]:
    """Time that people logged with a message or by itself (`TimeTaken`, minutes). Nothing is asked where RT counts none."""
    if not int(ticket.get("TimeWorked") or 0):
        return ()
    rows = yield from pages(
        f"ticket/{remote_id}/history",
        ("fields", "TimeTaken,Creator,Created,ObjectId"),
        ("fields[Creator]", "RealName"),
        ("query", search([{"field": "TimeTaken", "operator": ">", "value": "0"}])),
    )
    with shaped(AnswerUnreadable, "a transaction"):
        return tuple(
            NativeWork(
                remote_id=str(number(row)),
                minutes=int(row["TimeTaken"]),
                at=at,
                author=actor(row["Creator"], desk),
            )
            for row in of_ticket(rows, remote_id)
            if (at := moment(row["Created"])) is not None and int(row["TimeTaken"]) > 0
        )


@shaped(AnswerUnreadable, "a transaction")
def of_ticket(rows: Sequence[Row], remote_id: str) -> list[Row]:
    """Without the past of tickets that were merged into this one: RT lists it here, but it happened to another."""
    return [row for row in rows if str(int(row["ObjectId"])) == remote_id]


@dataclass(kw_only=True)
class Names:
    """What numbers in transactions stand for: users, queues, custom fields."""

    users: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    """Number of a custom field → canonical field, for those the settings name."""


@shaped(AnswerUnreadable, "a ticket")
def names_on(ticket: Row, desk: Desk) -> Names:
    """The names that the ticket itself tells."""
    owner, queue = ticket["Owner"], ticket["Queue"]
    custom = {
        str(row["id"]): canonical
        for row in ticket.get("CustomFields") or ()
        if (canonical := canonical_of(str(row["name"]), desk)) is not None
    }
    return Names(
        users={str(owner["id"]): str(owner["Name"])} if owner.get("Name") else {},
        queues={str(queue["id"]): str(queue["Name"])} if "Name" in queue else {},
        fields=custom,
    )


def learn(names: Names, rows: Sequence[Row]) -> Exchange[None]:
    """Ask RT for the names of people and queues that only the transactions mention. One it does not tell stays a
    number."""
    for place, known, wanted in (
        ("user", names.users, _people(rows)),
        ("queue", names.queues, _queues(rows)),
    ):
        for one in wanted:
            if one in known:
                continue
            answer = yield get(f"{place}/{one}", accept=NOT_YOURS)
            known[one] = one if refusal(answer) is not None else str(document(answer).get("Name") or one)


def _people(rows: Sequence[Row]) -> list[str]:
    return _numbers(row for row in rows if _about(row) in (Field.ASSIGNEE, Field.REQUESTER))


def _queues(rows: Sequence[Row]) -> list[str]:
    return _numbers(row for row in rows if _about(row) == Field.QUEUE)


def _numbers(rows: Iterator[Row]) -> list[str]:
    found = [str(row[side]) for row in rows for side in ("OldValue", "NewValue") if row.get(side)]
    return sorted({one for one in found if one.isdecimal() and one != "0"}, key=int)


def _about(row: Row) -> str | None:
    """The canonical field of a transaction that is not about a custom field."""
    kind, changed = row.get("Type"), str(row.get("Field") or "")
    if kind == "SetWatcher":
        return None  # says again what the Set of the owner before it said
    if kind in ("AddWatcher", "DelWatcher"):
        return _WATCHED.get(changed)
    if links.is_ours_to_tell(row):
        return Field.RELATED
    if changed == "Owner":
        return Field.ASSIGNEE  # Set, Take, Steal, Give, Untake, Force
    if kind in ("Set", "Status"):
        return Field.QUEUE if changed == "Queue" else _PLAIN.get(changed)
    return None


@shaped(AnswerUnreadable, "a transaction")
def entries(
    rows: Sequence[Row], names: Names, *, now: Mapping[str, Sequence[str]], desk: Desk
) -> list[HistoryEntry]:
    """The field changes among the transactions, oldest first. `now`: what the lists (requesters, values of custom
    fields) hold after the last of them; RT tells only what came and went."""
    lists = {name: list(values) for name, values in now.items()}
    found: list[HistoryEntry] = []
    for row in reversed(rows):
        change = _change(row, names, lists, desk)
        if change is not None and change[1] != change[2]:
            name, old, new = change
            who = actor(row["Creator"], desk)
            at = moment(row["Created"])
            found.append(HistoryEntry(id=str(row["id"]), field=name, old=old, new=new, at=at, actor=who))
    found.reverse()
    return found


_Change = tuple[str, str | None, str | None]


def _change(row: Row, names: Names, lists: dict[str, list[str]], desk: Desk) -> _Change | None:
    old, new = str(row.get("OldValue") or ""), str(row.get("NewValue") or "")
    if row.get("Type") == "CustomField":
        name = names.fields.get(str(row["Field"]))
        return _listed(name, old, new, lists, desk) if name is not None else None
    about = _about(row)
    match about:
        case None:
            return None
        case Field.REQUESTER:
            return _listed(about, names.users.get(old, old), names.users.get(new, new), lists, desk)
        case Field.RELATED:
            return _listed(about, links.number_in(old), links.number_in(new), lists, desk)
        case Field.ASSIGNEE:
            old, new = names.users.get(old, old), names.users.get(new, new)
        case Field.QUEUE:
            old, new = names.queues.get(old, old), names.queues.get(new, new)
        case Field.DUE:
            old, new = due_shown(old) or "", due_shown(new) or ""
    return about, normalised(about, old, desk), normalised(about, new, desk)


def _listed(name: str, gone: str, came: str, lists: dict[str, list[str]], desk: Desk) -> _Change:
    """One value went, one came; read backwards, so the list as it is now becomes the list as it was."""
    held = lists.setdefault(name, [])
    after = joined(held)
    for value in filter(None, [normalised(name, came, desk)]):
        if value in held:
            held.remove(value)
    held.extend(value for value in [normalised(name, gone, desk)] if value and value not in held)
    return name, joined(held), after


def joined(values: Sequence[str]) -> str | None:
    """Several values of one field as one text, in an order that does not depend on how they came."""
    return ", ".join(sorted(values)) or None
