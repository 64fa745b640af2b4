"""Keys, clients, accounts and sessions on both databases, from the first step to the last: on PostgreSQL under row-level security."""

from datetime import timedelta

from gateway.app import Gateway, utc_now
from gateway.domain.permissions import Role
from gateway.flows import accounts, clients, keys, sessions, signing_in
from gateway.flows.accounts import Wanted
from gateway.flows.sessions import Seat
from gateway.passwords import Cost
from gateway.store import accounts as store

CHEAP = Cost(memory=64, passes=1, lanes=1)


def test_somebody_is_invited_signs_in_and_is_gone(either: Gateway) -> None:
    context, now = either.context, utc_now()
    wanted = Wanted(email="ann@example.org", role=Role.PARTNER_AGENT, organization="north")
    accounts.invite(context, wanted, actor="test", now=now)
    _, token = accounts.invite(context, wanted, actor="test", now=now)
    found = accounts.opened(context, token, now=now)
    assert found is not None
    password = "correct horse battery"
    assert accounts.accept(context, found, password, CHEAP, now=now) is not None
    assert accounts.accept(context, found, password, CHEAP, now=now) is None
    given = ("ann@example.org", password)
    for _ in range(3):
        assert signing_in.by_password(context, ("ann@example.org", "x"), "192.0.2.1", CHEAP, now=now) is None
    account = signing_in.by_password(context, given, "192.0.2.1", CHEAP, now=now)
    assert account is not None
    cookies = [sessions.begin(context, account, Seat(browser="b", address="a"), now=now) for _ in range(2)]
    who = sessions.principal(context, cookies[0], now=now + timedelta(minutes=5))
    assert who is not None
    assert who.org_id == account.org_id
    assert len(sessions.listed(context, account, now=now)) == 2
    assert sessions.end(context, account, now=now) == 2
    assert sessions.principal(context, cookies[0], now=now) is None
    accounts.disable(context, "ann@example.org", actor="test", now=now)
    assert signing_in.by_password(context, given, "192.0.2.1", CHEAP, now=now) is None
    with context.database.write() as db:
        store.put_state(db, "digest", "corp", invitation=None, expires_at=now)
    with context.database.write() as db:
        assert store.take_state(db, "digest", now=now - timedelta(seconds=1)) == ("corp", None)
        assert store.take_state(db, "digest", now=now) is None


def test_a_program_is_let_in_and_is_gone(either: Gateway) -> None:
    context, now = either.context, utc_now()
    wanted = clients.Wanted(label="push", permissions=("tickets:write",), organization="north")
    client, secret = clients.register(context, wanted, actor="test", now=now)
    known = clients.known(context, client.id, None)
    assert known is not None
    assert clients.has_secret(context, known, secret or "", now=now)
    claimed = [
        clients.claim_assertion(context, client, "j", now=now, expires_at=now + timedelta(1)) for _ in "ab"
    ]
    assert claimed == [True, False]
    text = clients.give(context, client, ("tickets:read",), now=now)
    who = clients.principal(context, text, now=now, address=None)
    assert who is not None
    assert who.org_id == client.org_id
    held = clients.token_of(context, text)
    assert held is not None
    clients.take_back(context, held, now=now)
    assert clients.principal(context, text, now=now, address=None) is None
    _, other = clients.rotate(context, client.id, timedelta(), actor="test", now=now)
    assert [clients.has_secret(context, client, one, now=now) for one in (secret or "", other)] == [
        False,
        True,
    ]
    clients.revoke(context, client.id, actor="test", now=now)
    assert clients.known(context, client.id, None) is None

    key, shown = keys.create(context, keys.Wanted(label="x", organization="north"), actor="test", now=now)
    assert keys.verify(context, shown, now=now) is not None
    _, fresh = keys.renew(context, key.id, timedelta(), actor="test", now=now)
    assert [keys.verify(context, one, now=now) is None for one in (shown, fresh)] == [True, False]
