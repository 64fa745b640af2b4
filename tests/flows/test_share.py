"""Links to one ticket's page: made for a party, found by their digest alone, over when they are over, audited."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway import keys
from gateway.app import Gateway, utc_now
from gateway.errors import NotFound, Refused
from gateway.flows import share
from gateway.flows.context import OPERATOR
from gateway.store import audit
from gateway.store.share import SHARE_LINK
from tests.api import house
from tests.api.house import Chain

DAY = timedelta(days=1)


EITHER = pytest.mark.parametrize("gateway", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gateway]:
    wanted = getattr(request, "param", "sqlite")
    url = None if wanted == "sqlite" else request.getfixturevalue("migrated_postgres")
    with house.installed(tmp_path, url=url) as opened:
        yield opened


@pytest.fixture
def chain(gateway: Gateway) -> Chain:
    return house.open_chain(gateway)


def made(
    gateway: Gateway, chain: Chain, organization: str = "south", lasts: timedelta = DAY
) -> tuple[str, str]:
    wanted = share.Wanted(subject=chain.ticket, organization=organization, lasts=lasts)
    link, token = share.create(gateway.context, wanted, actor="maria", now=utc_now())
    return link.id, token


def test_a_token_has_256_bits_and_only_its_digest_is_kept(gateway: Gateway, chain: Chain) -> None:
    _, token = made(gateway, chain)
    assert keys.is_link(token)
    assert 62 ** (len(token) - len("fgw_link_") - 6) >= 2**256
    with gateway.database.read() as db:
        [row] = db.execute(select(SHARE_LINK)).mappings()
    assert token not in str(dict(row))
    assert row["sha256"] == keys.digest(token)


@EITHER
def test_it_opens_one_ticket_as_one_organization_until_it_expires(gateway: Gateway, chain: Chain) -> None:
    _, token = made(gateway, chain)
    found = share.verify(gateway.context, token, now=utc_now())
    assert found is not None
    assert found.subject == chain.ticket
    assert gateway.context.directory_now.organizations[found.org_id].code == "south"
    assert share.verify(gateway.context, token, now=utc_now() + DAY) is None


@EITHER
def test_taken_back_it_opens_nothing_and_keeps_its_moment(gateway: Gateway, chain: Chain) -> None:
    name, token = made(gateway, chain)
    first = share.revoke(gateway.context, name, actor="maria", now=utc_now())
    again = share.revoke(gateway.context, name, actor="karl", now=utc_now() + DAY)
    assert first.revoked_at == again.revoked_at
    assert share.verify(gateway.context, token, now=utc_now()) is None
    with pytest.raises(NotFound, match="there is no link shr_none"):
        share.revoke(gateway.context, "shr_none", actor="maria", now=utc_now())


def test_who_made_and_who_took_back_stands_in_the_audit_without_the_token(
    gateway: Gateway, chain: Chain
) -> None:
    name, token = made(gateway, chain)
    share.revoke(gateway.context, name, actor="karl", now=utc_now())
    with gateway.database.read() as db:
        found = audit.entries(db, OPERATOR, subject=name)
    assert [(one["actor"], one["action"]) for one in found] == [
        ("karl", "share link revoked"),
        ("maria", "share link created"),
    ]
    assert token not in str(found)


@pytest.mark.parametrize("spoilt", ["", "x", "fgw_link_", "one sign", "another prefix", "not made by us"])
def test_what_is_no_token_opens_nothing(gateway: Gateway, chain: Chain, spoilt: str) -> None:
    _, token = made(gateway, chain)
    other = {
        "one sign": token[:20] + ("A" if token[20] != "A" else "B") + token[21:],
        "another prefix": token.replace("link", "live"),
        "not made by us": keys.new_link(),
    }.get(spoilt, spoilt)
    assert share.verify(gateway.context, other, now=utc_now()) is None


@EITHER
def test_the_last_use_is_remembered_to_the_minute(gateway: Gateway, chain: Chain) -> None:
    _, token = made(gateway, chain)
    now = utc_now()
    for seconds in (0, 30, 90):
        share.verify(gateway.context, token, now=now + timedelta(seconds=seconds))
        [link] = share.listed(gateway.context, chain.ticket)
        assert link.used_at == now + timedelta(seconds=90 if seconds == 90 else 0)


def test_an_organization_that_has_nothing_to_do_with_it_gets_none(gateway: Gateway, chain: Chain) -> None:
    stays = Chain(ticket=chain.stayed, stayed="", hops={}, desk=chain.desk, number="900")
    with pytest.raises(NotFound, match="there is no organization 'nobody'"):
        made(gateway, chain, "nobody")
    with pytest.raises(NotFound, match="there is no ticket tkt_none"):
        made(gateway, Chain(ticket="tkt_none", stayed="", hops={}, desk=chain.desk, number=""))
    with pytest.raises(Refused, match="south has nothing to do with this ticket") as refused:
        made(gateway, stays)
    assert refused.value.cure == "one of: north"


@pytest.mark.parametrize("lasts", [timedelta(), timedelta(days=367)])
def test_a_link_lasts_some_time_and_not_for_ever(gateway: Gateway, chain: Chain, lasts: timedelta) -> None:
    with pytest.raises(Refused, match="366 days"):
        made(gateway, chain, lasts=lasts)
