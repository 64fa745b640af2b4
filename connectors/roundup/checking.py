"""What Roundup says of itself and of our account: read only, nothing guessed."""

from datetime import datetime
from email.utils import parsedate_to_datetime

from connectors.roundup import reading
from connectors.roundup.reading import ISSUES, Document
from connectors.roundup.words import properties
from gateway.connector import Effect, Exchange, Request, Response, shaped
from gateway.domain.model import Actor, ActorKind, Desk, DeskFacts
from gateway.errors import AnswerUnreadable

NOBODYS_MARKER = "idk-nobody-has-this-marker"


def check(desk: Desk) -> Exchange[DeskFacts]:
    """See Connector.check. REST tells no version of Roundup."""
    issues = yield Request(
        effect=Effect.READ, method="GET", path=ISSUES, params=(("@page_size", "1"), ("@page_index", "1"))
    )
    total = _total(issues)
    statuses = yield from _words("status")
    priorities = yield from _words("priority")
    user = yield from _user(desk)
    unsearchable = yield from _unsearchable(desk)
    return DeskFacts(
        product="Roundup",
        clock=_clock(issues),
        account=_account(user),
        statuses=statuses,
        priorities=priorities,
        missing=(*_wrong_account(user, desk), *unsearchable),
        sees_beyond=(f"all {total} issues of the tracker: Roundup has no queues to keep accounts apart",),
    )


@shaped(AnswerUnreadable, "a list")
def _total(response: Response) -> int:
    document = response.json()
    list(document["data"]["collection"])
    return int(document["data"]["@total_size"])


def _words(kind: str) -> Exchange[tuple[str, ...]]:
    """Statuses or priorities, in the order of the tracker."""
    params = (("@fields", "name"), ("@sort", "order"))
    rows = reading.rows_in(
        (yield Request(effect=Effect.READ, method="GET", path=f"rest/data/{kind}", params=params))
    )
    with shaped(AnswerUnreadable, "a list"):
        return tuple(str(row["name"]) for row in rows)


def _user(desk: Desk) -> Exchange[Document | None]:
    """The user the desk's account names, by id or by log-in name."""
    key = "id" if desk.account.isdecimal() else "username:"
    params = ((key, desk.account or "-"), ("@fields", "username"))
    rows = reading.rows_in(
        (yield Request(effect=Effect.READ, method="GET", path="rest/data/user", params=params))
    )
    return rows[0] if rows else None


@shaped(AnswerUnreadable, "a user")
def _account(user: Document | None) -> Actor:
    if user is None:
        return Actor()
    return Actor(id=str(user["id"]), name=str(user["username"]), kind=ActorKind.GATEWAY)


def _wrong_account(user: Document | None, desk: Desk) -> list[str]:
    if user is not None:
        return []
    return [f"the desk's account {desk.account!r} is no user of this tracker; set it to the log-in name"]


def _unsearchable(desk: Desk) -> Exchange[list[str]]:
    """Properties of the settings that issues have not, in Roundup's words; asked for by a search that finds nothing."""
    problems = []
    for name, word in properties(desk).items():
        params = ((f"{word}:", NOBODYS_MARKER), ("@fields", word))
        response = yield Request(effect=Effect.READ, method="GET", path=ISSUES, params=params, accept=(400,))
        if response.status == 400:
            problems.append(f"issues have no property {word!r} ({name}): add it to the tracker's schema.py")
        else:
            reading.rows_in(response)
    return problems


def _clock(response: Response) -> datetime | None:
    try:
        at = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return None
    return at if at.tzinfo else None
