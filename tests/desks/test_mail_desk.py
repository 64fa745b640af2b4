"""A vendor that has only e-mail, behind a real Exim and a real Dovecot: a full hop with clocks, words and files both ways."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.domain.model import HopStatus
from gateway.flows.context import OPERATOR
from gateway.store import clocks, rows
from tests.desks.launch.mailhouse import MailHouse
from tests.desks.mail_stage import MailStage, text_of
from tests.flows.test_clockwork import ALWAYS

pytestmark = [pytest.mark.desks, pytest.mark.timeout(180)]

UC: dict[str, Any] = {
    "code": "vendor-uc",
    "provider": "vendor",
    "consumer": "customer",
    "kind": "uc",
    "calendar": "always",
    "targets": {"acceptance": {"high": "30m"}, "attendance": {"high": "2h"}, "resolution": {"high": "4h"}},
    "stops": {"requester_info": "automatic"},
}
PICTURE = b"\xff\xd8 no picture \x00" * 20_000
"""Larger than what comes whole in a list of mails."""


@pytest.fixture(scope="module")
def house() -> Iterator[MailHouse]:
    reason = MailHouse.missing()
    if reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with MailHouse() as servers:
        yield servers


@pytest.fixture
def stages(house: MailHouse) -> Iterator[Any]:
    made: list[MailStage] = []

    def make(party: str, **more: Any) -> MailStage:
        made.append(MailStage(house, party=party, **more))
        return made[-1]

    yield make
    for stage in made:
        stage.close()


def quarantined(stage: MailStage) -> list[str]:
    with stage.hub.database.read() as db:
        found = db.execute(rows.message.select().where(rows.message.c.state == "quarantined")).mappings()
        return [row["error"] for row in found]


def test_a_job_by_mail_from_offer_to_done(stages: Any) -> None:
    stage = stages("tech@firm.example", agreements=(UC,), calendars=(ALWAYS,))
    stage.open(priority="high", title="Касса не работает")
    offer = stage.got("A job is offered")
    assert "Касса не работает" in text_of(offer)

    stage.reply(offer, "accept")
    stage.until(lambda: stage.is_("vendor") is HopStatus.ACCEPTED)
    stage.got("Understood: accepted.")
    stage.reply(offer, "On site.\n\nThe power supply is gone.", files={"psu.jpg": PICTURE})
    stage.until(lambda: "The power supply is gone." in stage.heard("customer"))
    assert stage.is_("vendor") is HopStatus.IN_PROGRESS
    stage.until(lambda: stage.doc("customer")["attachments"])
    [enclosed] = stage.doc("customer")["attachments"]
    assert (enclosed["filename"], enclosed["size"]) == ("psu.jpg", len(PICTURE))

    stage.reply(offer, "question which till is it?")
    stage.until(lambda: stage.is_("vendor") is HopStatus.PENDING)
    stage.say("customer", "Till 4.")
    asked = stage.got("Till 4.")
    assert str(offer["Message-ID"]) in str(asked["References"])
    stage.until(lambda: stage.is_("vendor") is HopStatus.IN_PROGRESS)
    stage.reply(asked, "2h30 on site\ndone")
    stage.until(lambda: stage.is_("vendor") is HopStatus.RESOLVED)
    stage.until(lambda: "2h30 on site" in stage.heard("customer"))

    assert {"assignment.accepted", "visit.arrived", "pending.answered"} <= set(stage.happened())
    with stage.hub.database.read() as db:
        ticket = stage.case.ticket.id
        kept = {one.target_kind: one for one in clocks.of_tickets(db, OPERATOR, [ticket])[ticket]}
    assert set(kept) == {"acceptance", "attendance", "resolution"}
    assert {kind for kind, one in kept.items() if one.ended_at} >= {"acceptance", "attendance"}
    assert stage.discrepancies() == []
    assert quarantined(stage) == []


def test_a_file_and_a_word_of_the_customer_s_reach_the_party(stages: Any) -> None:
    stage = stages("files@firm.example")
    number = stage.open()
    stage.got("A job is offered")
    stage.person("customer").attach(number, "plan.txt", b"the plan", public=True)
    stage.until(
        lambda: any(
            part.get_filename() == "plan.txt"
            for mail in stage.house.mails(stage.party)
            for part in mail.walk()
        )
    )
    [part] = [
        part
        for mail in stage.house.mails(stage.party)
        for part in mail.walk()
        if part.get_filename() == "plan.txt"
    ]

    assert part.get_payload(decode=True) == b"the plan"


def test_a_decline_goes_back_with_its_reason(stages: Any) -> None:
    stage = stages("full@firm.example", desk={"language": "it"})
    stage.open()
    offer = stage.got("Le viene offerto")
    stage.reply(offer, "Rifiuto perché non abbiamo tempo")
    stage.until(lambda: stage.is_("vendor") is HopStatus.DECLINED)

    assert any("Reason: non abbiamo tempo" in text for text in stage.read("customer"))
    stage.got("Ricevuto: rifiutato.")


def test_an_offer_to_a_mailbox_that_is_gone_goes_back(stages: Any) -> None:
    stage = stages("gone@firm.example")
    stage.open()
    stage.until(lambda: stage.is_("vendor") is not HopStatus.OFFERED)

    assert stage.is_("vendor") is HopStatus.DECLINED
    assert any("this mailbox is gone" in text for text in stage.read("customer"))


def test_an_offer_that_is_refused_at_the_door_is_parked_and_told(stages: Any) -> None:
    stage = stages("nobody@firm.example")
    stage.open()
    stage.until(lambda: [one.state for one in stage.deliveries("vendor")] == ["parked"])

    assert any("no such user here" in text for text in stage.read("customer"))


def test_what_is_not_the_party_s_word_is_held_and_replayed_later(stages: Any) -> None:
    stage = stages("held@firm.example")
    stage.open()
    offer = stage.got("A job is offered")
    stage.reply(offer, "accept", From="Thief <thief@else.example>")
    stage.until(lambda: quarantined(stage))
    assert "thief@else.example is no address of this party" in quarantined(stage)[0]
    stage.reply(offer, "I am away", Auto_Submitted="auto-replied")
    stage.reply(offer, "accept\nWe come at 3.", Message_ID="<twice@firm.example>")
    stage.reply(offer, "accept\nWe come at 3.", Message_ID="<twice@firm.example>")
    stage.until(lambda: stage.is_("vendor") is HopStatus.ACCEPTED)
    stage.house.rebuild(stage.box)
    stage.reply(offer, "and a ladder")
    stage.until(lambda: "and a ladder" in stage.heard("customer"))

    assert stage.heard("customer") == ["We come at 3.", "and a ladder"]
    assert len(quarantined(stage)) == 1


def test_two_autoresponders_come_to_rest(stages: Any) -> None:
    stage = stages("away@firm.example")
    stage.open()
    offer = stage.got("A job is offered")
    for _ in range(15):
        stage.reply(offer, "I am away until Monday.", Auto_Submitted="auto-replied")
    stage.wait()
    stage.reply(offer, "a word")
    stage.until(lambda: "a word" in stage.heard("customer"))

    assert len(stage.house.mails(stage.party)) == 1, "nothing answers a program"
    assert stage.heard("customer") == ["a word"]
