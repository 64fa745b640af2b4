"""The lives of agreements as days pass (R25): each change of state is recorded once, both sides are reminded of an end that comes,
and what somebody did to an agreement stands in its history."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from gateway import failpoints
from gateway.domain import letters, lifecycle
from gateway.domain.directory import Directory
from gateway.domain.escalation import MAIL, reached_at
from gateway.domain.letters import Letter
from gateway.domain.lifecycle import Reminder, State
from gateway.domain.model import Contact
from gateway.domain.model.change import replace
from gateway.flows.context import OPERATOR, Context
from gateway.store import agreement_life, alarms, audit
from gateway.store.agreement_life import Happened, Kept
from gateway.store.db import Db

log = logging.getLogger(__name__)

LIMIT = 500
AGAIN = timedelta(hours=1)
"""When an agreement that could not be read is tried again."""
GATEWAY = "gateway"
"""The actor of what happens by itself."""
Document = Mapping[str, Any]


@dataclass(kw_only=True)
class Round:
    """What one round comes to."""

    kept: list[Kept] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)


def run(context: Context, *, now: datetime) -> int:
    """Look at every agreement whose day has come; how many changes and reminders that made."""
    total, looked = 0, LIMIT
    while looked:
        with context.database.read() as db:
            next_look = agreement_life.next_look(db)
        if next_look is None or next_look > now:
            break
        looked, happened = _batch(context, now=now)
        total += happened
    return total


def _batch(context: Context, *, now: datetime) -> tuple[int, int]:
    """(how many were looked at, what happened); none are left for us while another worker looks at them."""
    with context.database.write() as db:
        due = agreement_life.due(db, OPERATOR, now=now, limit=LIMIT)
        documents = agreement_life.documents(db, OPERATOR, [one.id for one in due])
        turn = Round()
        for one in due:
            _take(context, turn, one, (documents.get(one.id), context.directory(db), now))
        agreement_life.keep(db, turn.kept)
        _write(db, turn, now=now)
        failpoints.step("sweep.before_commit")
    failpoints.step("sweep.committed")
    return len(due), len(turn.happened)


_UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a document that makes no sense raises; never what a database raises."""


def _take(
    context: Context, turn: Round, kept: Kept, known: tuple[Document | None, Directory, datetime]
) -> None:
    """One agreement's turn. One that cannot be read holds up no other, and is tried again."""
    mine = Round()
    try:
        _look(context, mine, kept, known)
    except _UNREADABLE:
        log.exception("an agreement could not be read", extra={"agreement": kept.code})
        mine = Round(kept=[replace(kept, look_at=known[2] + AGAIN)])
    turn.kept += mine.kept
    turn.happened += mine.happened
    turn.letters += mine.letters


def _write(db: Db, turn: Round, *, now: datetime) -> None:
    agreement_life.record(db, turn.happened)
    alarms.keep(db, new=[], changed=[], letters=turn.letters)
    changes = [one for one in turn.happened if one.what == "state" and one.before]
    audit.record_all(
        db,
        [
            audit.Entry(
                org_id=one.org_id,
                actor=one.actor,
                action=f"agreement {one.after}",
                subject=one.code,
                before={"state": one.before},
                after={"state": one.after, "on": one.on_day},
            )
            for one in changes
        ],
        now=now,
    )


def _look(
    context: Context, turn: Round, kept: Kept, known: tuple[Document | None, Directory, datetime]
) -> None:
    """Where one agreement stands today; what of that is news, and when to look again."""
    document, directory, now = known
    if document is None or document.get("template"):
        turn.kept.append(replace(kept, look_at=None))
        return
    zone = str(document["zone"])
    day = lifecycle.today(now, zone)
    state = lifecycle.state_on(document, day)
    after = replace(kept, look_at=_beginning(lifecycle.next_day(document, day), zone))
    if state.value != kept.state:
        after = replace(after, state=state.value, since=now)
        said = {"on_day": day.isoformat(), "before": kept.state, "after": state.value}
        turn.happened.append(_happening(context, kept, now, "state", **said))
    reminder = lifecycle.reminder_on(document, day)
    if reminder is not None and _is_news(reminder, kept.reminded):
        after = replace(after, reminded=f"{reminder.end}/{reminder.before}")
        told = {"end": reminder.end.isoformat(), "days": (reminder.end - day).days}
        event = _happening(context, kept, now, "reminded", on_day=day.isoformat(), told=told)
        sent = list(_letters(context, event, document, (reminder, directory, day)))
        turn.happened.append(replace(event, told={**told, "to": [letter.contact for letter in sent]}))
        turn.letters += sent
    turn.kept.append(after)


def _beginning(day: date | None, zone: str) -> datetime | None:
    return lifecycle.beginning(day, zone) if day is not None else None


def _is_news(reminder: Reminder, reminded: str) -> bool:
    """Whether nobody was reminded at this mark, or a later one, of this end."""
    end, _, before = reminded.partition("/")
    return end != reminder.end.isoformat() or int(before) > reminder.before


def _happening(context: Context, kept: Kept, now: datetime, what: str, **more: Any) -> Happened:
    return Happened(
        id=context.new_id("age"),
        org_id=kept.org_id,
        code=kept.code,
        at=now,
        what=what,
        actor=GATEWAY,
        **more,
    )


# -- reminders ----------------------------------------------------------------------------------------------------------------


def _letters(
    context: Context, event: Happened, document: Document, known: tuple[Reminder, Directory, date]
) -> Iterator[Letter]:
    """To the first contacts of both sides; to whoever runs the installation for a side that names nobody."""
    reminder, directory, day = known
    ids = {one.code: one.id for one in directory.organizations.values()}
    consumer = ids.get(document.get("consumer", ""), "")
    for org_id in dict.fromkeys(one for one in (event.org_id, consumer) if one):
        people: Sequence[Contact | None] = [
            one for one in directory.contacts.get(org_id, ()) if one.level == 1 and one.channel == MAIL
        ]
        for contact in people or [None]:
            yield _letter(
                context, event, contact, _words(document, directory, reminder, (contact, org_id, day))
            )


def _words(
    document: Document,
    directory: Directory,
    reminder: Reminder,
    to: tuple[Contact | None, str, date],
) -> tuple[str, str]:
    contact, org_id, day = to
    language = contact.language if contact is not None else "en"
    names = {one.code: one.name or one.code for one in directory.organizations.values()}
    goes_on = document.get("after_end") == lifecycle.IN_RENEWAL
    facts = {
        "agreement": str(document["code"]),
        "provider": names[document["organization"]],
        "consumer": names[document["consumer"]],
        "end": reminder.end.isoformat(),
        "days": str((reminder.end - day).days),
    }
    nobody = (
        ""
        if contact is not None
        else f"\n{directory.organization_name(org_id)} has no contact with an address."
    )
    body = letters.body("agreement_goes_on" if goes_on else "agreement_ends", language, **facts)
    return letters.subject("agreement", language, **facts), body + nobody.lstrip("\n")


def _letter(context: Context, event: Happened, contact: Contact | None, words: tuple[str, str]) -> Letter:
    """At nine in the morning, in the contact's own hours."""
    at = event.at
    if contact is not None:
        at = reached_at(contact, lifecycle.by_day(event.at, contact.zone), any_hour=False)
    return Letter(
        id=context.new_id("ltr"),
        org_id=contact.org_id if contact is not None else event.org_id,
        ticket_id="",
        warning_id=event.id,
        message_id=letters.message_id(event.id, contact),
        contact=contact.code if contact is not None else letters.ADMIN,
        address=contact.address if contact is not None else letters.ADMIN,
        subject=words[0],
        body=words[1],
        created_at=event.at,
        next_at=at,
    )


# -- what people do -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Changed:
    """An agreement that somebody made, changed or took away: its id, its provider's id, both documents."""

    id: str
    org_id: str
    code: str
    before: Document | None
    after: Document | None


def follow(
    context: Context, db: Db, changes: Iterable[Changed], *, by: tuple[str, str], now: datetime
) -> None:
    """Write down what somebody did, and have the agreements looked at in the next round. `by`: actor and reason."""
    actor, reason = by
    listed = list(changes)
    happened = [
        Happened(
            id=context.new_id("age"),
            org_id=change.org_id,
            code=change.code,
            at=now,
            what=act.what,
            on_day=act.on.isoformat() if act.on is not None else "",
            actor=actor,
            reason=reason,
            told=act.told,
        )
        for change in listed
        for act in lifecycle.acts(change.before, change.after)
    ]
    agreement_life.record(db, happened)
    there = {one.id: (one.org_id, one.code) for one in listed if one.after is not None}
    agreement_life.look_again(db, there, now=now)
    agreement_life.forget(db, [one.id for one in listed if one.after is None])


def states(documents: Mapping[str, Document], *, now: datetime) -> dict[str, State | None]:
    """Id of an agreement → where it stands now; None for a template."""
    return {
        name: lifecycle.state_on(document, lifecycle.today(now, str(document["zone"])))
        if not document.get("template")
        else None
        for name, document in documents.items()
    }
