"""What is asked of the mailbox: the new mails, all about one ticket, one file. The carrier speaks IMAP for us and answers
as JSON: `{uidvalidity, uidnext, mails: [{uid, size, at, raw}], more}`, `raw` in base64 or null where the mail was too
large for the list."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from connectors.mail_desk import addresses, automatic, letter, trust
from connectors.mail_desk.folding import ADDRESSED, Mail, mail_from, thread_in, ticket_from
from connectors.mail_desk.writing import RECORD, SEAL, Thread
from gateway.connector import Effect, Exchange, Request, Response, shaped
from gateway.domain.model import Desk, Page, Sighting, Snapshot, Unread
from gateway.errors import AnswerUnreadable, Unreadable

AT_ONCE, MOST_LARGE = 50, 50
TOO_LARGE = 413


def ask(path: str, desk: Desk, **params: str) -> Request:
    """A read of the desk's folder."""
    folder = str(desk.settings.get("folder", "INBOX"))
    return Request(effect=Effect.READ, method="GET", path=path, params=(("folder", folder), *params.items()))


def about(ticket: str, desk: Desk) -> Exchange[Sequence[Mail]]:
    """Every mail that was for the ticket's reply address, under whichever of the desk's secrets it was made (whoever reads
    a mail checks its tag, so the search needs none); the large ones are fetched one by one."""
    response = yield ask("letters", desk, to=ticket)
    with shaped(AnswerUnreadable, "a list of mails"):
        listed, validity = _mails(response), int(response.json()["uidvalidity"])
    found: list[Mail] = []
    large = [mail.uid for mail in listed if mail.raw is None][:MOST_LARGE]
    for mail in listed:
        if mail.uid not in large:
            found.append(mail)
            continue
        request = ask(f"letters/{mail.uid}", desk, uidvalidity=str(validity))
        whole = yield replace(request, accept=(TOO_LARGE,))
        found.append(mail if whole.status == TOO_LARGE else replace(mail, raw=whole.body))
    return found


def _mails(response: Response) -> list[Mail]:
    return [mail_from(row) for row in response.json()["mails"]]


def thread(ticket: str, desk: Desk) -> Exchange[Thread]:
    """What the next letter answers: the party's newest mail, whose subject its own desk may know it by."""
    response = yield ask("letters", desk, to=ticket)
    with shaped(AnswerUnreadable, "a list of mails"):
        mails = sorted(_mails(response), key=lambda one: (one.at, one.uid))
        return thread_in(mails, ticket, desk)


def fetch(ticket: str, desk: Desk, since: str | None) -> Exchange[Snapshot]:
    """The ticket as its mails tell it. Raises AnswerUnreadable where none of ours is there: our copy may still be
    on its way, or the mailbox away or emptied, and none of that is a ticket deleted by its desk."""
    mails = yield from about(ticket, desk)
    with shaped(AnswerUnreadable, "the mails of a ticket"):
        found = ticket_from(mails, ticket, desk, since=since)
    if found is None:
        raise AnswerUnreadable(f"no letter of ours about {ticket} is in the mailbox yet")
    return found


def changed(cursor: str | None, desk: Desk) -> Exchange[Page]:
    """New mails by UID. Cursor: `<UIDVALIDITY>:<last UID>`; another validity means that the numbers are new, and all are
    read again (what they say is known by Message-ID). UIDs grow strictly, so nothing comes late below the cursor."""
    validity, _, last = (cursor or "").partition(":")
    response = yield ask(
        "letters", desk, after=last if cursor else "end", most=str(AT_ONCE), uidvalidity=validity
    )
    with shaped(AnswerUnreadable, "a list of mails"):
        told = response.json()
        now_valid, top = int(told["uidvalidity"]), int(told["uidnext"]) - 1
        mails, more = _mails(response), bool(told["more"])
        top = mails[-1].uid if more and mails else max(top, 0)
        return _page(mails, desk, cursor=f"{now_valid}:{top}", more=more)


def _page(mails: Sequence[Mail], desk: Desk, *, cursor: str, more: bool) -> Page:
    touched: list[str] = []
    unread: list[Unread] = []
    for mail in mails:
        tickets, why = judged(mail, desk)
        touched += tickets
        if why:
            raw = mail.raw if mail.raw is not None else mail.head
            # not its number, which a mailbox built anew changes; not its Message-ID, which its sender chose
            unread.append(Unread(id=hashlib.sha256(raw).hexdigest()[:32], body=raw, why=why))
    sightings = [Sighting(remote_id=ticket) for ticket in dict.fromkeys(touched)]
    return Page(sightings=sightings, cursor=cursor, more=more, unread=unread)


def judged(mail: Mail, desk: Desk) -> tuple[list[str], str]:
    """The tickets a mail is about, and why a person should see it: it cannot be read, is not from the party, or is from
    the party about no ticket. Neither: it is not for this desk."""
    try:
        one = letter.read(mail.raw if mail.raw is not None else mail.head, mail.at)
    except Unreadable as error:
        return addresses.tickets_named(_head(mail), desk), str(error)
    tickets = addresses.tickets_named(one.every(*ADDRESSED), desk)
    if addresses.opened(one.first(RECORD.lower()), one.first(SEAL.lower()), f"<{one.id}>", desk):
        return tickets, ""
    refused = trust.why_not_theirs(one, desk)
    if automatic.is_automatic(one):
        return tickets, ""
    if tickets:
        return tickets, f"held: {refused}" if refused else ""
    return (
        [],
        "" if refused else "held: it names no ticket of ours (no reply address of ours, or a forged one)",
    )


def _head(mail: Mail) -> str:
    raw = mail.raw if mail.raw is not None else mail.head
    return raw.partition(b"\r\n\r\n")[0][:50_000].decode("latin-1")
