"""Letters on their way: each leaves once, a lost answer or a crash sends it again under the same name, a refusal ends it."""

import asyncio
from datetime import datetime, timedelta

import pytest

from gateway.domain import letters as rules
from gateway.domain.alarms import Alarm
from gateway.domain.letters import Letter, Post, Posted
from gateway.errors import NotFound, Refused
from gateway.flows import postman
from gateway.flows.acknowledge import acknowledge
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR
from gateway.flows.postman import LEASE, Postman
from gateway.mail import Mailer
from gateway.store import alarms, audit
from tests.domain.test_alarms import HOUR, UC, letters, stage, standing, to
from tests.flows.scenes.stage import MINUTE, Stage
from tests.smtp import mail_server

SENT, LATER = Posted(Post.SENT), Posted(Post.LATER, "451 try later")


def warned() -> Stage:
    """Half of the target is gone: one letter waits."""
    found = stage(UC)
    found.wait(2 * HOUR + MINUTE)
    return found


def one(found: Stage) -> Letter:
    [letter] = letters(found)
    return letter


def claim(found: Stage, after: timedelta = timedelta()) -> list[Letter]:
    return postman.claim(found.hub.context, now=found.hub.now + after)


def settle(found: Stage, letter: Letter, posted: Posted, after: timedelta = timedelta()) -> bool:
    return postman.settle(found.hub.context, letter, posted, now=found.hub.now + after)


def test_a_letter_is_sent_once() -> None:
    found = warned()
    [letter] = claim(found)
    assert claim(found) == []

    assert settle(found, letter, SENT)

    assert (one(found).state, one(found).sent_at) == ("sent", found.hub.now)
    assert claim(found, timedelta(days=1)) == []


def test_what_was_not_taken_is_tried_again_at_growing_intervals() -> None:
    found, waits, after = warned(), [], timedelta()
    for _ in range(4):
        [letter] = claim(found, after)
        settle(found, letter, LATER, after)
        waits.append(one(found).next_at - found.hub.now - after)
        after = one(found).next_at - found.hub.now

    assert waits == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert one(found).error == "451 try later"


def test_a_refusal_ends_it() -> None:
    found = warned()
    [letter] = claim(found)
    settle(found, letter, Posted(Post.REFUSED, "550 no such user"))

    assert (one(found).state, claim(found, timedelta(hours=1))) == ("refused", [])


def test_a_sender_that_never_came_back_loses_it_to_the_next_under_the_same_name() -> None:
    found = warned()
    [first] = claim(found)
    assert claim(found, LEASE) == []

    [second] = claim(found, LEASE + timedelta(seconds=1))

    assert second.message_id == first.message_id
    assert settle(found, second, SENT)
    assert not settle(found, first, LATER)
    assert one(found).state == "sent"


def test_after_a_day_without_a_mail_server_a_warning_is_of_no_use() -> None:
    found = warned()

    assert claim(found, rules.STALE + MINUTE) == []
    assert one(found).state == "dropped"


def test_a_try_too_many_ends_it() -> None:
    found = warned()
    [letter] = claim(found)
    tired = Letter(**{**vars(letter), "attempts": rules.TRIES})

    assert rules.after(tired, LATER, found.hub.now).state == "refused"


def test_a_report_is_of_use_two_weeks_later_too() -> None:
    found = warned()
    [letter] = claim(found)
    report = Letter(**{**vars(letter), "enclosure": "pub_1:pdf:en", "attempts": rules.TRIES})

    assert rules.after(report, LATER, found.hub.now).state == "pending"
    assert not rules.is_stale(report, report.next_at + 13 * rules.STALE)
    assert rules.is_stale(report, report.next_at + 14 * rules.STALE + MINUTE)


def test_the_postman_carries_what_waits_over_a_real_wire() -> None:
    found = warned()

    async def carry() -> list[str]:
        async with mail_server() as server:
            mailer = Mailer(host="127.0.0.1", port=server.port, sender="gateway@here.example")
            assert not await Postman(found.hub.context, mailer.send, lambda: found.hub.now).round()
            return [str(message["To"]) for message in server.taken]

    assert asyncio.run(carry()) == ["level1@vendor.example"]
    assert one(found).state == "sent"


# -- somebody knows -----------------------------------------------------------------------------------------------------------


def paged() -> tuple[Stage, Alarm]:
    found = stage(priority="urgent")
    found.wait(6 * MINUTE)
    return found, standing(found)[0]


def order(at: datetime) -> Order:
    return Order(actor="ann", now=at, reason="on it")


def test_who_knows_calls_nobody_else() -> None:
    found, alarm = paged()

    known = acknowledge(found.hub.context, alarm.id, order(found.hub.now))
    found.wait(HOUR)

    assert (known.acknowledged_by, to(found)) == ("ann", ["vendor1"])
    assert [one.id for one in standing(found)] == [alarm.id]
    with found.hub.database.read() as db:
        [entry] = audit.entries(db, OPERATOR, subject=alarm.id)
        assert alarms.get(db, OPERATOR, alarm.id) == known
    assert (entry["actor"], entry["action"]) == ("ann", "warning acknowledged")


def test_what_is_over_or_known_or_unknown_cannot_be_acknowledged() -> None:
    found, alarm = paged()
    with pytest.raises(NotFound, match="there is no warning wrn_none"):
        acknowledge(found.hub.context, "wrn_none", order(found.hub.now))
    acknowledge(found.hub.context, alarm.id, order(found.hub.now))
    with pytest.raises(Refused, match="ann knows"):
        acknowledge(found.hub.context, alarm.id, order(found.hub.now))
    found.set("vendor", "status", "open")
    with pytest.raises(Refused, match="is over"):
        acknowledge(found.hub.context, alarm.id, order(found.hub.now))
