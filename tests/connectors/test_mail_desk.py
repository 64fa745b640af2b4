"""The mail desk: the same mails always make the same ticket; what is not the party's word is held; a flood stays small."""

import base64
import json
import time
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage

import pytest

from connectors.mail_desk import CONNECTOR, addresses, letter, mailbox
from connectors.mail_desk.folding import MOST_AT_ONCE, MOST_NOTICES, Mail, thread_in, ticket_from
from connectors.mail_desk.writing import Thread
from gateway.connector import Response
from gateway.domain.model import ActorKind, CommandKind, Message, Visibility
from gateway.errors import AnswerUnreadable, Unreadable, Unsupported
from tests.connectors.mail_mailbox import (
    DESK,
    OFFER,
    PARTY,
    START,
    TICKET,
    Mailbox,
    comment,
    other,
    recipients,
    sent,
)

# -- addresses and letters ----------------------------------------------------------------------------------------------------


def test_a_repeat_makes_the_same_ticket_address_and_message_id() -> None:
    first, second = sent(OFFER), sent(OFFER)

    assert (first["Message-ID"], first["From"]) == (second["Message-ID"], second["From"])
    assert recipients(OFFER) == [PARTY, addresses.reply_address(TICKET, DESK)]


def test_every_letter_hangs_below_the_offer_and_says_that_it_is_automatic() -> None:
    offer, words = sent(OFFER), sent(comment("Which till?"))

    assert words["In-Reply-To"] == words["References"] == offer["Message-ID"] != words["Message-ID"]
    assert {offer["Auto-Submitted"], words["Auto-Submitted"]} == {"auto-generated"}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda text: text, [TICKET]),
        (str.upper, [TICKET]),
        (lambda text: text.replace(TICKET, "a" * 12), []),
        (lambda text: text.replace("gw.example", "else.example"), [TICKET]),  # a forwarder's, perhaps
        (lambda text: text.replace(".", "", 1), []),
    ],
    ids=["genuine", "in capitals", "another ticket", "another domain", "no tag"],
)
def test_only_a_genuine_reply_address_names_a_ticket(change: object, named: list[str]) -> None:
    assert callable(change)
    assert addresses.tickets_named(change(addresses.reply_address(TICKET, DESK)), DESK) == named


def test_another_desk_s_and_another_secret_s_addresses_are_nobody_s() -> None:
    address = addresses.reply_address(TICKET, DESK)

    assert addresses.tickets_named(address, replace(DESK, id="dsk_other")) == []
    assert addresses.tickets_named(address, replace(DESK, hook_secrets=(b"new",))) == []
    assert addresses.tickets_named(address, replace(DESK, hook_secrets=(b"new", b"a secret"))) == [TICKET]


def test_a_whole_subdomain_may_be_ours() -> None:
    assert addresses.reply_address(TICKET, other(reply_domain="in.gw.example")).endswith("@in.gw.example")


@pytest.mark.parametrize(
    "desk",
    [replace(DESK, hook_secrets=()), other(mail_to=[]), other(address="nobody")],
    ids=["no secret", "nobody to write to", "no address"],
)
def test_without_what_it_needs_nothing_is_sent(desk: object) -> None:
    with pytest.raises(Unsupported):
        next(CONNECTOR.push(OFFER, desk))  # type: ignore[arg-type]


def test_nothing_in_a_title_begins_a_header() -> None:
    letter = sent(replace(OFFER, fields={"title": "Till\r\nBcc: all@firm.example\r\n\r\nhello"}))

    assert letter["Bcc"] is None
    assert "Bcc: all@firm.example" in str(letter["Subject"])


@pytest.mark.parametrize(
    ("language", "word"), [("en", "accept"), ("ru", "принято"), ("it", "accetto"), ("de", "accept")]
)
def test_the_party_is_told_how_to_answer_in_its_language(language: str, word: str) -> None:
    payload = sent(OFFER, replace(DESK, language=language)).get_payload(decode=True)

    assert isinstance(payload, bytes)
    assert f"\n  {word}\n" in payload.decode().replace("\r\n", "\n")


def test_a_later_letter_answers_the_party_s_last_mail_under_its_own_subject() -> None:
    box = Mailbox.offered()
    assert sent(comment("x"), thread=thread_in(box.mails, TICKET, DESK))["Subject"] == f"[{TICKET}] Till dead"
    box.answer("accept", Subject=f"RE: Re: [firm #7] [{TICKET}] Till dead", message_id="<m1@firm.example>")
    box.answer("away", Subject="Out of office", Auto_Submitted="auto-replied")
    box.answer("done", Subject="fooled you", sender="thief@else.example")

    letter = sent(comment("x"), thread=thread_in(box.mails, TICKET, DESK))
    assert letter["Subject"] == f"Re: [firm #7] [{TICKET}] Till dead"
    assert letter["In-Reply-To"] == "<m1@firm.example>"
    assert str(letter["References"]).split() == [sent(OFFER)["Message-ID"], "<m1@firm.example>"]


# -- what the party answers ---------------------------------------------------------------------------------------------------


def test_a_job_from_offer_to_done_with_its_times() -> None:
    box = Mailbox.offered()
    box.answer("accept")
    box.answer("on site")
    box.answer("2h30 on site\nNew power supply.")
    box.answer("done")

    seen = box.shows()
    moves = [(one.new, one.at) for one in seen.history if one.field == "status"]
    assert [(word, at and (at - START) // timedelta(minutes=1)) for word, at in moves] == [
        ("offered", 1), ("accepted", 2), ("on site", 3), ("done", 5),
    ]  # fmt: skip
    assert box.said() == ["2h30 on site\n\nNew power supply."]
    assert {one.actor.kind for one in seen.history[3:]} == {ActorKind.PERSON}
    assert [(one.minutes, one.author.id) for one in seen.work] == [(150, PARTY)]


def test_a_decline_carries_its_reason_and_a_question_its_words() -> None:
    declined, asking = Mailbox.offered(), Mailbox.offered()
    declined.answer("Decline because we have no van.")
    asking.answer("question which till is it?")

    assert (declined.status, declined.said()) == ("declined", ["we have no van."])
    assert (asking.status, asking.said()) == ("question", ["which till is it?"])


@pytest.mark.parametrize(
    "text",
    [
        "done with the first part, more tomorrow",
        "We accept nothing before noon.",
        "decline because we are full\ndone",
        "question",
        "not accepted",
        "I would accept",
    ],
)
def test_what_is_not_clear_is_a_comment(text: str) -> None:
    box = Mailbox.offered()
    box.answer(text)

    assert (box.status, box.said()) == ("offered", [text])


def test_an_order_about_a_ticket_that_is_over_is_a_comment() -> None:
    box = Mailbox.offered()
    box.answer("decline because no van")
    box.answer("accept")

    assert (box.status, box.said()[-1]) == ("declined", "accept")


def test_our_own_words_are_not_shown_again_and_our_changes_are_ours() -> None:
    box = Mailbox.offered()
    box.take(sent(comment("Which till?")).as_bytes())
    update = replace(
        OFFER, kind=CommandKind.UPDATE, marker="idk-3", remote_id=TICKET, fields={"status": "cancelled"}
    )
    box.take(sent(update).as_bytes())

    assert box.said() == []
    assert (box.status, box.shows().history[-1].actor.kind) == ("cancelled", ActorKind.GATEWAY)


def test_a_letter_that_only_looks_like_ours_is_nobody_s() -> None:
    box = Mailbox.offered()
    forged = sent(
        replace(OFFER, kind=CommandKind.UPDATE, marker="idk-3", remote_id=TICKET, fields={"status": "done"})
    )
    forged.replace_header("X-Interdesk-Seal", "a" * 32)
    box.take(forged.as_bytes())

    assert box.status == "offered"


def listed(*mails: Mail) -> Response:
    """The carrier's answer to a search."""
    rows = [
        {
            "uid": one.uid,
            "size": one.size,
            "at": one.at.isoformat(),
            "raw": base64.b64encode(one.raw or b"").decode(),
        }
        for one in mails
    ]
    body = json.dumps({"uidvalidity": 1, "uidnext": 99, "more": False, "mails": rows}).encode()
    return Response(status=200, headers={"content-type": "application/json"}, body=body)


# -- twice, anew, in another order --------------------------------------------------------------------------------------------


def test_the_same_mail_twice_counts_once() -> None:
    box = Mailbox.offered()
    first = box.answer("accept\nWe come at 3.")
    box.take(first.raw or b"")

    assert box.said() == ["We come at 3."]
    assert [one.new for one in box.shows().history if one.field == "status"] == ["offered", "accepted"]


def test_a_mailbox_built_anew_makes_the_same_ticket() -> None:
    box = Mailbox.offered()
    for text in ("accept", "on site", "a word", "done"):
        box.answer(text)
    anew = [replace(mail, uid=100 + place) for place, mail in enumerate(box.mails)]

    assert ticket_from(list(reversed(anew)), TICKET, DESK) == box.shows()


def test_history_goes_on_where_it_stood() -> None:
    box = Mailbox.offered()
    box.answer("accept")
    position = box.shows().position
    box.answer("done")

    later = ticket_from(box.mails, TICKET, DESK, since=position)
    assert later is not None
    assert [one.new for one in later.history] == ["done"]


def test_a_new_secret_leaves_the_tickets_of_the_old_one_where_they_are() -> None:
    box = Mailbox.offered()
    box.answer("accept")
    anew = replace(DESK, hook_secrets=(b"new", b"a secret"))

    for exchange in (CONNECTOR.fetch(TICKET, anew, since=None), mailbox.thread(TICKET, anew)):
        asked = dict(next(exchange).params)
        heads = [message_from_bytes(mail.raw or b"") for mail in box.mails]
        assert all(asked["to"] in f"{head['To']} {head['From']}" for head in heads), (
            "the server finds them all"
        )
        with pytest.raises(StopIteration) as done:
            exchange.send(listed(*box.mails))
        seen = done.value.value
        assert (seen.last if isinstance(seen, Thread) else seen.fields["status"]) in (
            "m1@firm.example",
            "accepted",
        )


def test_a_mailbox_without_our_letter_does_not_say_that_the_ticket_is_deleted() -> None:
    exchange = CONNECTOR.fetch(TICKET, DESK, since=None)
    next(exchange)
    with pytest.raises(AnswerUnreadable, match="yet"):
        exchange.send(listed())


# -- what is held -------------------------------------------------------------------------------------------------------------


def test_a_stranger_s_mail_is_held_told_and_kept_for_a_person() -> None:
    box = Mailbox.offered()
    mail = box.answer("done", sender="thief@else.example")

    assert box.status == "offered"
    assert "thief@else.example is no address of this party" in box.told()[0]
    assert mailbox.judged(mail, DESK) == ([TICKET], "held: thief@else.example is no address of this party")


@pytest.mark.parametrize(
    ("result", "passes"),
    [
        ("mx.gw.example; dmarc=pass", True),
        ("mx.gw.example; spf=fail; dkim=pass", True),
        ("mx.gw.example; dmarc=fail; spf=pass", False),
        ("mx.gw.example; spf=softfail; dkim=none", False),
        ("else.example; dmarc=pass", False),
        ("", False),
    ],
)
def test_only_our_own_server_s_word_on_the_sender_counts(result: str, passes: bool) -> None:
    box = Mailbox.offered(other(authserv_id="mx.gw.example"))
    box.answer("accept", **({"Authentication_Results": result} if result else {}))

    assert (box.status == "accepted") is passes
    assert bool(box.told()) is not passes


def test_a_result_below_our_server_s_own_is_a_forger_s() -> None:
    box = Mailbox.offered(other(authserv_id="mx.gw.example"))
    raw = box.answer("accept", Authentication_Results="mx.gw.example; dmarc=pass").raw or b""
    box.mails.pop()
    box.take(b"Authentication-Results: mx.gw.example; dmarc=fail\r\n" + raw)

    assert box.status == "offered"


def test_the_party_s_mail_about_no_ticket_is_kept_and_a_stranger_s_is_not() -> None:
    box = Mailbox.offered()
    fresh = box.answer("hello", to="desk@gw.example")
    forged = box.answer("done", to=f"desk+{TICKET}.{'a' * 16}@gw.example")
    advertising = box.answer("buy", to="desk@gw.example", sender="x@else.example")

    assert [bool(mailbox.judged(mail, DESK)[1]) for mail in (fresh, forged, advertising)] == [
        True,
        True,
        False,
    ]
    assert box.status == "offered"


def test_a_held_mail_is_replayed_once_its_sender_is_known() -> None:
    mail = Mailbox.offered().answer("done", sender="new@firm.example")
    message = Message(id="msg_1", desk_id=DESK.id, received_at=START, body=mail.raw or b"")

    with pytest.raises(Unreadable, match="no address of this party"):
        CONNECTOR.parse(message, DESK)
    [sighting] = CONNECTOR.parse(message, other(senders=["@firm.example"]))
    assert sighting.remote_id == TICKET


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"List_Id": "<staff.firm.example>"},
        {"Return_Path": "<>"},
        {"Subject": "Автоответ: Re: job"},
        {"Subject": "Out of Office: back on Monday"},
        {"Subject": "Risposta automatica"},
    ],
    ids=str,
)
def test_what_a_program_wrote_is_no_order_and_nothing_answers_it(headers: dict[str, str]) -> None:
    box = Mailbox.offered()
    box.answer("accept", **headers)

    assert (box.status, box.said(), len(box.told())) == ("offered", [], 1)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "no"},
        {"Precedence": "bulk", "X_Managed_BY": "RT 5.0.3", "X_RT_Originator": "alice@firm.example"},
    ],
    ids=str,
)
def test_what_only_looks_automatic_is_a_person_s(headers: dict[str, str]) -> None:
    box = Mailbox.offered()
    box.answer("accept", **headers)

    assert box.status == "accepted"


def bounce(letter_id: str, *, action: str = "failed") -> bytes:
    """As RFC 3464 has it."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "MAILER-DAEMON@mx.example", addresses.reply_address(TICKET, DESK)
    mail["Message-ID"] = f"<bounce-{action}-{len(letter_id)}@mx.example>"
    text = (
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\nMIME-Version: 1.0\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {PARTY}\r\nAction: {action}\r\n"
        "Diagnostic-Code: smtp; 550 no such\r\n user here\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {letter_id}\r\n--b--\r\n"
    )
    return mail.as_bytes().partition(b"\n\n")[0] + b"\r\n" + text.encode()


def test_an_offer_that_bounces_goes_back_with_the_server_s_words() -> None:
    box = Mailbox.offered()
    box.take(bounce(str(sent(OFFER)["Message-ID"])))

    assert box.status == "undeliverable"
    assert box.said() == [f"Not delivered to {PARTY}: smtp; 550 no such user here"]


def test_a_later_letter_that_bounces_is_told_and_one_that_is_late_is_not_a_bounce() -> None:
    box = Mailbox.offered()
    box.answer("accept")
    words = sent(comment("Which till?"))
    box.take(words.as_bytes())
    box.take(bounce(str(words["Message-ID"])))
    box.take(bounce(str(words["Message-ID"]), action="delayed"))

    assert box.status == "accepted"
    assert (len(box.said()), len(box.told())) == (1, 1)


def test_a_flood_of_mails_stays_small() -> None:
    box = Mailbox.offered()
    box.pace = timedelta(seconds=1)
    for number in range(120):
        box.answer(f"word {number}")

    assert len(box.said()) == MOST_AT_ONCE
    assert len(box.told()) == MOST_NOTICES


def test_two_programs_that_answer_each_other_come_to_rest() -> None:
    box = Mailbox.offered()
    for number in range(40):
        box.answer(f"I am away {number}", Auto_Submitted="auto-replied")

    assert (box.status, box.said(), len(box.told())) == ("offered", [], MOST_NOTICES)


# -- poison -------------------------------------------------------------------------------------------------------------------


def _nested(depth: int) -> bytes:
    inner = b"Content-Type: text/plain\r\n\r\naccept\r\n"
    for level in range(depth):
        mark = f"b{level}".encode()
        inner = b"Content-Type: multipart/mixed; boundary=" + mark + b"\r\n\r\n--" + mark + b"\r\n" + inner
    return inner


def _many(count: int) -> bytes:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * count + b"--b--\r\n"


POISON = {
    "nested": _nested(60),
    "nested for ever": _nested(5000),
    "many parts": _many(1000),
    "many headers": b"A:\r\n" * 20_000,
    "a head without end": (b"A: " + b"x" * 900 + b"\r\n") * 900,
}


@pytest.mark.parametrize("name", POISON)
def test_t21_poison_is_told_kept_and_stops_nothing(name: str) -> None:
    box = Mailbox.offered()
    head = f"From: {PARTY}\r\nTo: {addresses.reply_address(TICKET, DESK)}\r\nMessage-ID: <p@firm.example>\r\n".encode()
    mail = box.take(head + POISON[name])
    box.answer("accept")

    tickets, why = mailbox.judged(mail, DESK)
    assert (tickets, bool(why)) == ([TICKET], True)
    assert (box.status, len(box.told())) == ("accepted", 1)


@pytest.mark.parametrize("piece", ["<a ", "</", "<!--", "<?"])
def test_html_that_never_ends_costs_no_more_than_its_length(piece: str) -> None:
    began = time.process_time()
    letter.read(b"Content-Type: text/html\r\n\r\n" + piece.encode() * 100_000, START)

    assert time.process_time() - began < 3


def test_long_things_in_html_do_not_become_text() -> None:
    long = "ab> " * 5_000
    html = f"<p>done<img src='data:{long}'> and <!-- {long}--> <style>{long}</style>dusted{' word' * 2_000}"
    read = letter.read(b"Content-Type: text/html\r\n\r\n" + html.encode(), START)

    assert read.text.startswith("done and dusted word word")
    assert read.text.split()[3:] == ["word"] * 2_000


JUNK = [
    b"",
    b"\x00\xff\xfe",
    b"From: \xff\xfe <" + PARTY.encode() + b">\r\n\r\naccept",
    b"From: =?x-unknown?B?!!!!?= <a@b>\r\nSubject: =?utf-8?Q?=ZZ?=\r\n\r\nhi",
    b"Content-Type: text/plain; charset=no-such\r\n\r\n\xd0\x9f",
    b"Content-Type: multipart/mixed\r\n\r\nno boundary",
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
    b"Content-Disposition: attachment; filename*=x-unknown''%ff%fe\r\n\r\nx",
    b"Content-Disposition: attachment; filename*0*=utf-8''a; filename*1=b\r\n\r\nx",
    b"Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\nx",
    b"From: a@b, c@d\r\n\r\ntwo senders",
    b"Date: never\r\nMessage-ID: no brackets\r\n\r\nx",
    b"Subject: " + b"x" * 100_000 + b"\r\n\r\nx",
]


@pytest.mark.parametrize("number", range(len(JUNK)))
def test_junk_with_a_genuine_address_never_breaks_the_fold(number: int) -> None:
    box = Mailbox.offered()
    box.take(f"To: {addresses.reply_address(TICKET, DESK)}\r\n".encode() + JUNK[number])
    box.take(JUNK[number])
    box.answer("accept")

    assert box.status == "accepted"
    mailbox.judged(box.mails[1], DESK)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\run.exe", "run.exe"),
        ("a\u202egpj.exe", "a gpj.exe"),
        ("..", "file-1"),
    ],
)
def test_a_file_s_name_is_only_a_name(given: str, kept: str) -> None:
    box = Mailbox.offered()
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = (
        PARTY,
        addresses.reply_address(TICKET, DESK),
        "<f@firm.example>",
    )
    mail.set_content("see")
    mail.add_attachment(b"x", maintype="image", subtype="png", filename=given)
    box.take(mail.as_bytes())

    seen = box.shows()
    assert [one.filename for one in seen.attachments if one.visibility is Visibility.PUBLIC] in (
        [kept],
        ["file-2"],
    )


def test_a_mail_too_large_to_read_is_told() -> None:
    box = Mailbox.offered()
    box.mails.append(Mail(uid=9, size=50_000_000, at=START + timedelta(hours=1), raw=None))

    assert box.told() == ["A mail of 50000000 bytes is too large to be read."]


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251"])
def test_names_that_are_not_encoded_are_read_all_the_same(charset: str) -> None:
    box = Mailbox.offered()
    address = addresses.reply_address(TICKET, DESK)
    box.take(f"From: Иван <{PARTY}>\r\nTo: {address}\r\n\r\n".encode(charset) + "Едем".encode(charset))

    [comment_seen] = box.shows().comments
    assert (comment_seen.author.name, comment_seen.text) == ("Иван", "Едем")
