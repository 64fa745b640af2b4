"""Letters over SMTP: what arrives, what the server's answers mean, and what an address may be."""

import asyncio
from datetime import UTC, datetime
from email.header import decode_header, make_header
from typing import Any

import pytest

from gateway.domain.letters import Enclosure, Letter, Post, Posted
from gateway.errors import ConfigError
from gateway.mail import Mailer
from tests.smtp import MailServer, mail_server, texts

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def letter(**more: Any) -> Letter:
    plain: dict[str, Any] = {
        "id": "ltr_1",
        "org_id": "org_vendor",
        "ticket_id": "tkt_1",
        "warning_id": "wrn_1",
        "message_id": "<evt_1.ctc_1@interdesk>",
        "contact": "duty",
        "address": "duty@vendor.example",
        "subject": "Срок нарушен (решение): заявка 7",
        "body": "Срок заявки 7: вчера.\n.\nконец\n",
        "created_at": NOW,
        "next_at": NOW,
    }
    return Letter(**(plain | more))


def sent(
    one: Letter, *answers: str, vanish: bool = False, enclosed: Enclosure | None = None
) -> tuple[Posted, MailServer]:
    """The verdict, and the server afterwards."""

    async def post() -> tuple[Posted, MailServer]:
        async with mail_server(*answers, vanish=vanish) as server:
            mailer = Mailer.of(
                f"smtp://127.0.0.1:{server.port}", sender="gateway@here.example", admin="root@here.example"
            )
            return await mailer.send(one, enclosed), server

    return asyncio.run(post())


def test_a_letter_arrives_as_it_was_written_and_says_that_it_is_automatic() -> None:
    posted, server = sent(letter())

    [message] = server.taken
    assert posted == Posted(Post.SENT)
    assert str(make_header(decode_header(message["Subject"]))) == "Срок нарушен (решение): заявка 7"
    assert texts([message]) == ["Срок заявки 7: вчера.\n.\nконец\n"]
    assert (message["To"], message["Message-ID"]) == ("duty@vendor.example", "<evt_1.ctc_1@interdesk>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"] == "Mon, 02 Mar 2026 08:00:00 +0000"
    assert "<gateway@here.example>" in server.senders[0]


def test_a_file_is_enclosed_under_its_name() -> None:
    file = Enclosure(name="report-v1.pdf", media_type="application/pdf", content=b"%PDF-1.7\n\x00\xff")
    _, server = sent(letter(), enclosed=file)

    [message] = server.taken
    _, words, enclosed = message.walk()
    assert texts([words])[0].startswith("Срок заявки 7")
    assert (enclosed.get_filename(), enclosed.get_content_type()) == ("report-v1.pdf", "application/pdf")
    assert enclosed.get_content_disposition() == "attachment"
    assert enclosed.get_payload(decode=True) == file.content


def test_a_subject_cannot_begin_another_header() -> None:
    _, server = sent(letter(subject="late\r\nBcc: everybody@else.example"))

    [message] = server.taken
    assert (message["Subject"], message["Bcc"]) == ("late Bcc: everybody@else.example", None)


def test_whoever_runs_the_installation_is_known_to_the_mailer_alone() -> None:
    _, server = sent(letter(address="admin"))

    assert server.taken[0]["To"] == "root@here.example"


@pytest.mark.parametrize(
    ("answer", "post"),
    [("550 no such user", Post.REFUSED), ("451 try later", Post.LATER)],
    ids=["for good", "for now"],
)
def test_what_the_server_says_of_a_recipient(answer: str, post: Post) -> None:
    posted, server = sent(letter(), answer)

    assert (posted, server.taken) == (Posted(post, answer), [])


def test_an_answer_that_never_came_is_no_refusal() -> None:
    posted, server = sent(letter(), vanish=True)

    assert (posted.post, len(server.taken)) == (Post.LATER, 1)


def test_a_server_that_is_not_there_is_asked_again() -> None:
    posted = asyncio.run(Mailer(host="127.0.0.1", port=1, sender="a@b.example").send(letter()))

    assert posted.post is Post.LATER


def test_without_an_admin_nobody_is_written_to() -> None:
    posted = asyncio.run(Mailer(host="127.0.0.1", port=1, sender="a@b.example").send(letter(address="admin")))

    assert posted.post is Post.REFUSED


@pytest.mark.parametrize(
    ("url", "start_tls"),
    [
        ("smtp://localhost", False),
        ("smtp://127.0.0.1:2525", False),
        ("smtp://me:secret@[::1]", False),
        ("smtp://mail.example", None),
        ("smtp://me:secret@mail.example:587", True),
        ("smtps://me:secret@mail.example", False),
    ],
)
def test_a_password_goes_over_tls_or_not_at_all(url: str, start_tls: bool | None) -> None:
    assert Mailer.of(url, sender="a@b.example")._start_tls is start_tls


def test_what_an_address_says() -> None:
    mailer = Mailer.of("smtps://me:p%40ss@mail.example", sender="a@b.example")

    assert (mailer.port, mailer.user, mailer.password, mailer.implicit_tls) == (465, "me", "p@ss", True)
    assert "p@ss" not in repr(mailer)


@pytest.mark.parametrize(
    ("url", "sender", "says"),
    [
        ("http://mail.example", "a@b.example", "INTERDESK_SMTP_URL"),
        ("smtp://", "a@b.example", "INTERDESK_SMTP_URL"),
        ("smtp://mail.example:mail", "a@b.example", "INTERDESK_SMTP_URL"),
        ("smtp://mail.example", "", "INTERDESK_MAIL_FROM"),
    ],
)
def test_an_address_that_is_none(url: str, sender: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Mailer.of(url, sender=sender)
