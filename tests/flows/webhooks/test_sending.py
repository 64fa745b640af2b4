"""What leaves over a real wire: signed, once for each attempt, in order, tried again under the same id; and what does not leave."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from gateway import webhook_signatures as signatures
from gateway.app import utc_now
from gateway.desk_client import GuardedTransport, NetworkPolicy
from gateway.desk_client import webhooks as wire
from gateway.desk_client.pool import AddressRow
from gateway.desk_client.webhooks import Poster
from gateway.domain.webhooks.model import Answer, Endpoint, Message, Standing, State, Webhook
from gateway.domain.webhooks.sending import KEPT, LEASE
from gateway.flows.context import OPERATOR
from gateway.flows.webhooks import endpoints, sending
from gateway.flows.webhooks.herald import Herald
from gateway.store import audit, webhook_endpoints, webhooks
from gateway.webhook_signatures import Scheme
from tests.flows.scenes.stage import MINUTE, Stage
from tests.flows.webhooks.hearing import RING, SOURCE, claim, queued, subscribe
from tests.flows.webhooks.listening import Subscriber, subscriber

LOOPBACK = NetworkPolicy.of(["127.0.0.0/8"])
Act = Callable[[Stage, Subscriber, Herald], Awaitable[None]]


def play(act: Act, *, policy: NetworkPolicy = LOOPBACK, **document: Any) -> tuple[Stage, Webhook, Subscriber]:
    """A ticket with one comment, a subscriber on loopback, and a herald that carries while `act` runs."""

    async def scene() -> tuple[Stage, Webhook, Subscriber]:
        async with subscriber() as found:
            stage = Stage("customer>vendor")
            told = {"allow_private_network": True, "events": ["comment.added"], **document}
            webhook = subscribe(stage, "customer", **{"url": found.url, **told})
            stage.open()
            stage.say("vendor", "on our way")
            poster = Poster(GuardedTransport(policy=policy), now=lambda: stage.hub.now)
            carrier = Herald(stage.hub.context, poster, source=SOURCE, now=lambda: stage.hub.now)
            await act(stage, found, carrier)
            await carrier.finish()
            return stage, webhook, found

    return asyncio.run(scene())


async def once(stage: Stage, _found: Subscriber, carrier: Herald) -> None:
    await carrier.round()
    await carrier.settled()


def rounds(count: int, apart: timedelta = MINUTE) -> Act:
    async def act(stage: Stage, found: Subscriber, carrier: Herald) -> None:
        for _ in range(count):
            await once(stage, found, carrier)
            stage.wait(apart)

    return act


def one(stage: Stage, webhook: Webhook) -> Message:
    [found] = queued(stage, webhook)
    return found


def endpoint(stage: Stage, webhook: Webhook) -> Endpoint:
    with stage.hub.database.read() as db:
        found = webhook_endpoints.get(db, OPERATOR, webhook.id)
    assert found is not None
    return found


def secret_of(found: Endpoint) -> str:
    text: str = RING.open(found.sealed_secrets, webhook_endpoints.place(found.org_id, found.id))
    return text.strip('["]')


def test_a_message_is_a_cloud_event_that_its_subscriber_can_verify() -> None:
    stage, webhook, found = play(once)

    [sent] = found.got
    assert sent.headers["content-type"] == "application/cloudevents+json"
    assert sent.document["specversion"] == "1.0"
    assert (sent.document["source"], sent.document["data"]["text"]) == (SOURCE, "on our way")
    secret = secret_of(endpoint(stage, webhook))
    assert signatures.is_signed(secret, sent.headers, sent.body, now=stage.hub.now)
    assert one(stage, webhook).state is State.DONE
    assert sent.headers["webhook-id"] == one(stage, webhook).id
    resigned = signatures.headers("msg_1", sent.body, [secret], now=utc_now())
    assert Verifier(secret).verify(sent.body, resigned)["type"] == "interdesk.comment.added.v1"


def test_what_is_not_taken_comes_again_under_the_same_id_and_a_new_time() -> None:
    async def act(stage: Stage, found: Subscriber, carrier: Herald) -> None:
        found.answer = lambda _sent: "500" if len(found.got) < 3 else "202"
        await rounds(3)(stage, found, carrier)

    stage, webhook, found = play(act)

    assert len({sent.headers["webhook-id"] for sent in found.got}) == 1
    assert len({sent.headers["webhook-timestamp"] for sent in found.got}) == 3
    assert len({sent.body for sent in found.got}) == 1
    done = one(stage, webhook)
    assert (done.state, done.attempts) == (State.DONE, 3)
    with stage.hub.database.read() as db:
        assert [tried["status"] for tried in webhooks.tries(db, OPERATOR, done.id)] == [500, 500, 202]


def test_while_the_first_of_a_ticket_is_not_taken_the_second_waits_and_another_ticket_s_goes() -> None:
    async def act(stage: Stage, found: Subscriber, carrier: Herald) -> None:
        stage.say("vendor", "nearly there")
        first = stage.ticket
        stage.ticket = ""
        stage.open()
        stage.say("vendor", "another")
        stage.ticket = first
        found.answer = lambda sent: "500" if sent.document["data"]["text"] == "on our way" else "200"
        await rounds(2)(stage, found, carrier)
        found.answer = lambda _sent: "200"
        await rounds(3)(stage, found, carrier)

    _, _, found = play(act)
    words = [sent.document["data"]["text"] for sent in found.got]

    assert sorted(words[:2]) == ["another", "on our way"]
    assert words[-2:] == ["on our way", "nearly there"]


def test_gone_disables_it_and_its_owner_is_told_what_waits_goes_when_it_is_resumed() -> None:
    async def act(stage: Stage, found: Subscriber, carrier: Herald) -> None:
        found.answer = lambda _sent: "410"
        await rounds(3, timedelta(minutes=40))(stage, found, carrier)

    stage, webhook, found = play(act)

    assert len(found.got) == 1
    assert endpoint(stage, webhook).standing is Standing.DISABLED
    assert one(stage, webhook).state is State.PENDING
    with stage.hub.database.read() as db:
        assert [entry["action"] for entry in audit.entries(db, OPERATOR, subject=webhook.id)] == [
            "webhook disabled"
        ]


def test_a_redirect_is_not_followed() -> None:
    async def act(stage: Stage, found: Subscriber, carrier: Herald) -> None:
        found.answer = lambda _sent: f"307\r\nlocation: http://127.0.0.1:{found.port}/elsewhere"
        await once(stage, found, carrier)

    stage, webhook, found = play(act)

    assert [sent.path for sent in found.got] == ["/in"]
    assert "redirects are not followed" in one(stage, webhook).error


def resolver(host: str, port: int) -> Sequence[AddressRow]:
    """As the system reads odd literals; and a name that leads inside."""
    found = {"169.254.169.254": host, "::ffff:127.0.0.1": host}.get(host, "127.0.0.1")
    return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (found, port))]


REFUSED = {
    "not listed by the operator": (NetworkPolicy(), "127.0.0.1", True),
    "not opened to this webhook": (LOOPBACK, "127.0.0.1", False),
    "a number": (NetworkPolicy(), "2130706433", True),
    "hexadecimal": (NetworkPolicy(), "0x7f000001", True),
    "short": (NetworkPolicy(), "127.1", True),
    "a name that leads inside": (NetworkPolicy(), "hooks.example", True),
    "the machine's own keys": (NetworkPolicy.of(["169.254.0.0/16"]), "169.254.169.254", True),
}


@pytest.mark.parametrize(("policy", "host", "is_open"), REFUSED.values(), ids=REFUSED.keys())
def test_t6_an_address_that_nobody_opened_is_never_connected_to(
    policy: NetworkPolicy, host: str, is_open: bool
) -> None:
    async def scene() -> tuple[int, Answer]:
        async with subscriber() as found:
            poster = Poster(GuardedTransport(policy=policy, resolver=resolver), now=utc_now)
            url = found.url.replace("127.0.0.1", host)
            post = wire.Post(url=url, headers={}, body=b"{}", owner="dir_1", allow_private_network=is_open)
            answer = await poster.post(post)
            await poster.close()
            return found.connections, answer

    connections, answer = asyncio.run(scene())
    assert (connections, answer.refused) == (0, True)
    assert "refused" in answer.error


def test_a_subscriber_that_never_answers_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "DEADLINE", 0.05)

    async def act(stage: Stage, found: Subscriber, carrier: Herald) -> None:
        found.silent = True
        await once(stage, found, carrier)

    stage, webhook, _ = play(act)
    waits = one(stage, webhook)
    assert (waits.state, waits.attempts) == (State.PENDING, 1)


def test_an_outage_eats_no_attempts_and_nothing_is_lost() -> None:
    async def act(stage: Stage, found: Subscriber, carrier: Herald) -> None:
        await rounds(2)(stage, found, carrier)

    stage, webhook, _ = play(act, url="http://127.0.0.1:9/in")
    waits = one(stage, webhook)
    assert (waits.state, waits.attempts) == (State.PENDING, 0)
    assert endpoint(stage, webhook).failing_since is not None


def test_a_sender_that_never_came_back_loses_it_to_the_next() -> None:
    stage = Stage("customer>vendor")
    webhook = subscribe(stage, "customer", events=["comment.added"])
    stage.open()
    stage.say("vendor", "on our way")
    [lost] = claim(stage)
    assert claim(stage) == []
    stage.wait(LEASE + MINUTE)
    [again] = claim(stage)

    assert again.message.id == lost.message.id
    assert sending.settle(stage.hub.context, again, Answer(status=200), now=stage.hub.now)
    assert not sending.settle(stage.hub.context, lost, Answer(status=500), now=stage.hub.now)
    assert one(stage, webhook).state is State.DONE


def test_while_secrets_change_both_sign_and_then_only_the_new_one() -> None:
    stage = Stage("customer>vendor")
    webhook = subscribe(stage, "customer", events=["comment.added"])
    old, now = endpoint(stage, webhook), stage.hub.now
    until = now + timedelta(hours=1)
    new, shown = endpoints.rotated(old, Scheme.ED25519, vault=RING, now=now, until=until)
    with stage.hub.database.write() as db:
        webhook_endpoints.keep_secrets(db, new)
    stage.open()
    stage.say("vendor", "on our way")
    [parcel] = claim(stage)
    body, headers = parcel.signed(now=stage.hub.now)
    assert signatures.is_signed(secret_of(old), headers, body, now=stage.hub.now)
    assert signatures.is_signed(shown, headers, body, now=stage.hub.now)

    stage.wait(timedelta(hours=2))
    [later] = claim(stage)
    body, headers = later.signed(now=stage.hub.now)
    assert not signatures.is_signed(secret_of(old), headers, body, now=stage.hub.now)
    assert signatures.is_signed(shown, headers, body, now=stage.hub.now)


def test_after_thirty_days_a_message_is_forgotten() -> None:
    stage = Stage("customer>vendor")
    webhook = subscribe(stage, "customer", events=["comment.added"])
    stage.open()
    stage.say("vendor", "on our way")
    carrier = Herald(
        stage.hub.context,
        Poster(GuardedTransport(), now=utc_now),
        source=SOURCE,
        now=lambda: stage.hub.now + KEPT,
    )
    asyncio.run(_round_and_finish(carrier))
    assert queued(stage, webhook) == []


async def _round_and_finish(carrier: Herald) -> None:
    await carrier.round()
    await carrier.finish()


def test_no_secret_shows_in_a_parcel() -> None:
    stage = Stage("customer>vendor")
    webhook = subscribe(stage, "customer", events=["comment.added"])
    stage.open()
    stage.say("vendor", "on our way")
    [parcel] = claim(stage)
    assert secret_of(endpoint(stage, webhook)) not in repr(parcel)
