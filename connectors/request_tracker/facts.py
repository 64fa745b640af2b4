"""`check`: what RT says of itself and of the account, and what that account lacks. Six reads at most."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from connectors.request_tracker import settings
from connectors.request_tracker.reading import path_part
from connectors.request_tracker.rest import NOT_YOURS, Row, document, get, items, quoted, refusal
from gateway.connector import Exchange, Response, shaped
from gateway.domain.model import Actor, Desk, DeskFacts
from gateway.errors import AnswerUnreadable


@dataclass(kw_only=True)
class _Found:
    statuses: set[str] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)


def check(desk: Desk) -> Exchange[DeskFacts]:
    """Settings, rights and clock of one desk. RT does not tell the statuses of a life cycle: those in use are listed."""
    about = yield get("rt")
    version = document(about)
    account = yield from _account(desk)
    found = _Found(missing=[_mistaken(account, desk)] if _mistaken(account, desk) else [])
    name = settings.queue(desk)
    answer = yield get(f"queue/{path_part(name)}", accept=NOT_YOURS)
    if refusal(answer) is not None:
        found.missing.append(f"the queue {name!r}: there is none, or the account lacks SeeQueue")
    else:
        found.missing += _lacks(document(answer), desk)
        yield from _look_into(desk, found)
    others = items((yield get("queues/all", ("fields", "Name"), ("per_page", "100"))))
    return _facts(about, version, account, found, _beyond(others, name))


@shaped(AnswerUnreadable, "a version")
def _facts(about: Response, version: Row, account: Actor, found: _Found, beyond: Sequence[str]) -> DeskFacts:
    told = about.headers.get("date")
    return DeskFacts(
        product="Request Tracker",
        version=str(version["Version"]),
        clock=parsedate_to_datetime(told) if told else None,
        account=account,
        statuses=sorted(found.statuses),
        only_in_use=True,
        missing=found.missing,
        sees_beyond=beyond,
    )


def _account(desk: Desk) -> Exchange[Actor]:
    """Whose token this is. RT has no "who am I": the last transaction of the current user says it."""
    asked = (("query", "Creator = '__CurrentUser__'"), ("fields", "Creator"), ("fields[Creator]", "RealName"))
    latest = (("orderby", "id"), ("order", "DESC"), ("per_page", "1"))
    rows = items((yield get("transactions", *asked, *latest)))
    with shaped(AnswerUnreadable, "a transaction"):
        return settings.actor(rows[0]["Creator"], desk) if rows else Actor()


def _mistaken(account: Actor, desk: Desk) -> str:
    if not desk.account:
        return "the desk's account: without it our own changes look like a person's"
    if account.id and account.id.casefold() != desk.account.casefold():
        return f"the right account: the token is {account.id}'s, the desk's account says {desk.account}"
    return ""


@shaped(AnswerUnreadable, "a queue")
def _lacks(queue: Row, desk: Desk) -> list[str]:
    known = {str(custom["name"]).casefold() for custom in queue["TicketCustomFields"]}
    lacking = [
        f"the custom field {name!r} on the queue (for {field}), or the right SeeCustomField"
        for field, name in settings.custom_fields(desk).items()
        if name.casefold() not in known
    ]
    if "create" not in _refs(queue):
        lacking.append("the right CreateTicket")
    return lacking


def _refs(row: Row) -> set[str]:
    return {str(link["ref"]) for link in row["_hyperlinks"]}


def _look_into(desk: Desk, found: _Found) -> Exchange[None]:
    """What the newest tickets show: statuses in use, and what the account may do with one of them."""
    rows = items(
        (
            yield get(
                "tickets",
                ("query", f"Queue = {quoted(settings.queue(desk))}"),
                ("fields", "Status"),
                ("orderby", "id"),
                ("order", "DESC"),
                ("per_page", "100"),
            )
        )
    )
    with shaped(AnswerUnreadable, "a list of tickets"):
        found.statuses |= {str(row["Status"]) for row in rows}
        newest = str(int(rows[0]["id"])) if rows else None
    if newest is None:
        return
    answer = yield get(f"ticket/{newest}", accept=NOT_YOURS)
    if refusal(answer) is not None:
        found.missing.append("the right ShowTicket")
    else:
        found.missing += _may_not(document(answer))


@shaped(AnswerUnreadable, "a ticket")
def _may_not(ticket: Row) -> list[str]:
    refs = _refs(ticket)
    wanted = (("correspond", "ReplyToTicket"), ("comment", "CommentOnTicket"), ("lifecycle", "ModifyTicket"))
    return [f"the right {right}" for ref, right in wanted if ref not in refs]


@shaped(AnswerUnreadable, "a list of queues")
def _beyond(queues: Sequence[Row], name: str) -> list[str]:
    return [f"queue {row['Name']}" for row in queues if str(row["Name"]).casefold() != name.casefold()]
