"""T21: three hundred mails that no mail program writes. Each is judged without failing, none is an order, and the party's own word after
them counts as ever."""

import random

import pytest

from connectors.mail_desk import addresses, mailbox
from tests.connectors.mail_mailbox import DESK, PARTY, TICKET, Mailbox

COUNT, BOXES = 300, 10
REPLY = addresses.reply_address(TICKET, DESK)
ADDRESSES = (
    *(PARTY, f"<{PARTY}", f"{PARTY}>", f'"a" <{PARTY}>', f"{PARTY}, {PARTY}", "", "<>", "@", "a@", "group: a@b, c@d;", "=?utf-8?b?////?="),
    *(f"=?x-unknown?q?{PARTY}?=", "a@b\x00c", "(" * 500, '"' * 99, "a" * 5_000 + "@b.example", f"{PARTY}\r\n other: x", "é@é.example", "a@[127.0.0.1"),
)  # fmt: skip
RECEIVERS = (
    *(REPLY, REPLY.replace("@", "x@"), REPLY.upper(), REPLY[:-9], f"{REPLY}, {REPLY}", "desk@gw.example", "desk+@gw.example", ""),
    *("desk+" + "0" * 900 + "@gw.example", f"<{REPLY}", f'"{REPLY}" <x@y.example>'),
)  # fmt: skip
TYPES = (
    *("text/plain", "text/plain; charset=", "text/plain; charset=utf-7", "text/plain; charset=x-none", "text/plain; charset*=a'b'c"),
    *("text/html; charset=utf-16", "multipart/mixed", 'multipart/mixed; boundary=""', "multipart/mixed; boundary=b; boundary=c", "/", ";;;"),
    *("multipart/alternative; boundary=b", "message/rfc822", "message/partial; number=1; total=9; id=a", "message/external-body", "a" * 3_000),
    *("application/ms-tnef", "multipart/report; report-type=delivery-status; boundary=b", "text/calendar; method=CANCEL", "image/svg+xml"),
)  # fmt: skip
ENCODINGS = ("7bit", "8bit", "base64", "quoted-printable", "x-uuencode", "", "base64, base64", "b\x00")
BODIES = (
    *(b"", b"accept", b"accept\r\n" * 5_000, b"\x00" * 900, b"\xff\xfe" * 400, b"=" * 900, b"=\r\n" * 900, b"=ZZ", b"!!!!", b"A" * 9_999),
    *(b"--b\r\n\r\n--b\r\n\r\n--b--", b"--b" * 500, b"--b\r\nContent-Type: message/rfc822\r\n\r\n" * 40, b"begin 644 a\r\n", b"\r" * 999, b"> " * 999),
    *(b"<html>" + b"<div>" * 3_000, b"<!--" * 900, b"<a href='" * 900, "\u202ea".encode() * 99, b"From x\r\nFrom y\r\n", b".\r\n.\r\n", b"&#0;&#xD800;"),
)  # fmt: skip
HEADERS = (
    *("Date: yesterday", "Date: Thu, 99 Foo 99999 99:99:99 +9999", "Date:", "Message-ID: <a", "Message-ID: " + "x" * 5_000),
    *("References: " + "<a@b> " * 900, "In-Reply-To: =?utf-8?q?=00?=", "Subject: =?utf-8?b?" + "A" * 999, "Subject: \ud83d", "Subject: a\x00b"),
    *("Content-Disposition: attachment; filename*=utf-8''%00%2e%2e%2f", 'Content-Disposition: attachment; filename="../../a"', "MIME-Version: 9"),
    *("Authentication-Results: x; dmarc=pass", "X" * 990 + ": y", "NoColon", ": empty", "Auto-Submitted: " + "a" * 900, "List-Id: <\r\n\t>"),
)  # fmt: skip


def torture(dice: random.Random) -> bytes:
    """A mail of wrong parts, and then some bytes of it changed."""
    lines = [
        f"From: {dice.choice(ADDRESSES)}",
        f"To: {dice.choice(RECEIVERS)}",
        f"Content-Type: {dice.choice(TYPES)}",
    ]
    lines += [f"Content-Transfer-Encoding: {dice.choice(ENCODINGS)}", *dice.sample(HEADERS, 3)]
    dice.shuffle(lines)
    head = "\r\n".join(lines).encode("utf-8", "surrogatepass")
    mail = bytearray(head + dice.choice((b"\r\n\r\n", b"\n\n", b"\r\r", b"")) + dice.choice(BODIES))
    for _ in range(dice.choice((0, 0, 1, 20))):
        mail[dice.randrange(len(mail))] = dice.randrange(256)
    return bytes(mail)


@pytest.mark.parametrize("seed", range(BOXES))
def test_t21_three_hundred_mails_that_nobody_writes(seed: int) -> None:
    dice, box = random.Random(seed), Mailbox.offered()
    for _ in range(COUNT // BOXES):
        tickets, _ = mailbox.judged(box.take(torture(dice)), DESK)
        assert set(tickets) <= {TICKET}
    before = box.status
    box.answer("accept")
    assert before in {"offered", "accepted"}
    assert box.status == "accepted"
