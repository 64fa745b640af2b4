"""Warnings through a real mail server: taken, refused for good, put off, and delivered as they were written."""

import asyncio
import os
from collections.abc import Iterator
from email.header import decode_header, make_header

import pytest

from gateway.domain.letters import Post
from gateway.flows.postman import Postman
from gateway.mail import Mailer
from tests.desks.launch.exim import Exim
from tests.domain.test_alarms import HOUR, UC, contact, letters, stage
from tests.flows.scenes.stage import MINUTE
from tests.test_mail import letter

pytestmark = [pytest.mark.desks, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def exim() -> Iterator[Exim]:
    reason = Exim.missing()
    if reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with Exim() as server:
        yield server


def mailer(exim: Exim) -> Mailer:
    return Mailer.of(
        f"smtp://127.0.0.1:{exim.port}", sender="gateway@desk.example", admin="root@desk.example"
    )


@pytest.mark.parametrize(
    ("address", "post"),
    [
        ("nobody@desk.example", Post.REFUSED),
        ("later@desk.example", Post.LATER),
        ("a@else.example", Post.REFUSED),
    ],
)
def test_what_a_real_server_says_of_a_recipient(exim: Exim, address: str, post: Post) -> None:
    posted = asyncio.run(mailer(exim).send(letter(address=address)))

    assert posted.post is post
    assert posted.words


def test_a_warning_arrives_and_is_sent_once(exim: Exim) -> None:
    russian = contact("vendor", language="ru", zone="Europe/Moscow", address="duty@desk.example")
    found = stage(UC, contacts=(russian,))
    found.wait(2 * HOUR + MINUTE)
    postman = Postman(found.hub.context, mailer(exim).send, lambda: found.hub.now)

    asyncio.run(postman.round())
    asyncio.run(postman.round())

    [message] = exim.inbox(at_least=1)
    [sent] = letters(found)
    assert (sent.state, sent.error) == ("sent", "")
    assert message["Message-ID"] == sent.message_id
    assert str(make_header(decode_header(message["Subject"]))) == sent.subject
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().splitlines() == sent.body.splitlines()
