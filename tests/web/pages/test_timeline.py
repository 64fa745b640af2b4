"""The page at its two doors: who gets in, what each party reads and what it never does, and the headers around it."""

import re
from datetime import timedelta

import pytest

from gateway.app import Gateway, utc_now
from gateway.domain.directory import Directory
from gateway.flows import keys, share
from gateway.flows.context import OPERATOR
from gateway.store import share as share_store
from gateway.store.share import SHARE_LINK
from tests.api import house
from tests.api.house import Answer, Chain, Doors


def path(chain: Chain) -> str:
    return f"/tickets/{chain.ticket}/timeline"


def linked(gateway: Gateway, chain: Chain, organization: str) -> tuple[str, str]:
    """(address, id) of a fresh link."""
    wanted = share.Wanted(subject=chain.ticket, organization=organization, lasts=timedelta(days=1))
    link, token = share.create(gateway.context, wanted, actor="test", now=utc_now())
    return f"/shared/{token}", link.id


def text(answer: Answer) -> str:
    return answer.body.decode()


def _others(chain: Chain, desk: str) -> list[str]:
    """The ids of the hops of others."""
    return [hop for code, hop in chain.hops.items() if code != desk]


def captions(answer: Answer) -> list[str]:
    return re.findall(r"<caption[^>]*>([^<]*)", text(answer))


# -- who gets in ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "Bearer fgw_live_x", "Basic eDp5", "Bearer"])
def test_without_a_key_there_is_no_page(doors: Doors, chain: Chain, key: str) -> None:
    answer = doors.send("GET", path(chain), headers={"authorization": key} if key else {})
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="interdesk"')
    assert chain.ticket not in text(answer)


def test_the_operators_key_opens_every_ticket(gateway: Gateway, doors: Doors, chain: Chain) -> None:
    answer = doors.send("GET", path(chain), headers=house.key(gateway))
    assert answer.status == 200
    assert "the operator of this gateway" in text(answer)
    for name in ("North Stores", "South Services", "East Repairs", "south-sla", "east-uc"):
        assert name in text(answer), name


def test_the_keys_organization_decides_what_is_seen(gateway: Gateway, doors: Doors, chain: Chain) -> None:
    answer = doors.send("GET", path(chain), headers=house.key(gateway, "east"))
    assert answer.status == 200
    for hidden in ("North Stores", "south-sla", house.PRIVATE, "comment", *_others(chain, "east")):
        assert hidden not in text(answer), hidden
    for shown in ("South Services and beyond", "East Repairs", "east-uc"):
        assert shown in text(answer), shown


@pytest.mark.parametrize("ticket", ["another's", "unknown"])
def test_a_strangers_ticket_is_no_ticket(gateway: Gateway, doors: Doors, chain: Chain, ticket: str) -> None:
    name = chain.ticket if ticket == "another's" else "tkt_never"
    answer = doors.send("GET", f"/tickets/{name}/timeline", headers=house.key(gateway, "stranger"))
    assert answer.status == 404
    assert answer.body == doors.send("GET", "/shared/x").body


def test_a_key_that_was_taken_back_opens_nothing(gateway: Gateway, doors: Doors, chain: Chain) -> None:
    mine = house.key(gateway, "south")
    for known in keys.listed(gateway.context, OPERATOR):
        keys.revoke(gateway.context, known.id, actor="test", now=utc_now())
    assert doors.send("GET", path(chain), headers=mine).status == 401


# -- links ----------------------------------------------------------------------------------------------------------------


def test_a_link_opens_the_page_without_a_key(gateway: Gateway, doors: Doors, chain: Chain) -> None:
    address, name = linked(gateway, chain, "north")
    answer = doors.send("GET", address)
    assert answer.status == 200
    assert "Il link vale fino al" in text(answer), "the language of the organization that it is for"
    with gateway.database.read() as db:
        assert share_store.get(db, OPERATOR, name).used_at is not None  # type: ignore[union-attr]


def test_wrong_expired_and_revoked_links_are_all_the_same_page(
    gateway: Gateway, doors: Doors, chain: Chain
) -> None:
    revoked, name = linked(gateway, chain, "south")
    share.revoke(gateway.context, name, actor="test", now=utc_now())
    expired, old = linked(gateway, chain, "south")
    with gateway.database.write() as db:
        db.execute(SHARE_LINK.update().where(SHARE_LINK.c.id == old).values(expires_at=utc_now()))
    good, _ = linked(gateway, chain, "south")
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    answers = [
        doors.send("GET", one) for one in (revoked, expired, wrong, "/shared/x", f"/shared/{'x' * 300}")
    ]
    assert {one.status for one in answers} == {404}
    assert len({one.body for one in answers}) == 1
    kept = [{name: value for name, value in one.headers.items() if name != "date"} for one in answers]
    assert all(one == kept[0] for one in kept)


def test_a_link_for_one_organization_hides_what_its_key_would(
    gateway: Gateway, doors: Doors, chain: Chain
) -> None:
    address, _ = linked(gateway, chain, "north")
    shown = text(doors.send("GET", f"{address}?lang=en"))
    assert "tier-2 partner" in shown
    for hidden in ("East Repairs", "east", chain.hops["east"], house.PRIVATE, "Acceptance"):
        assert hidden not in shown, hidden
    assert "south-sla" in shown
    assert shown.count("<caption") == 4, "two clocks, who held it, what happened"


def test_a_page_by_link_and_one_by_key_say_the_same(gateway: Gateway, doors: Doors, chain: Chain) -> None:
    address, _ = linked(gateway, chain, "south")
    by_link = doors.send("GET", f"{address}?lang=en")
    by_key = doors.send("GET", f"{path(chain)}?lang=en", headers=house.key(gateway, "south"))
    assert captions(by_link) == captions(by_key) != []


def test_a_link_cannot_be_written_to(doors: Doors) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert doors.send(method, "/shared/x").status == 405


# -- around the page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["page", "401", "404"])
def test_headers_keep_the_page_to_itself(gateway: Gateway, doors: Doors, chain: Chain, kind: str) -> None:
    address = {"page": linked(gateway, chain, "north")[0], "401": path(chain), "404": "/shared/x"}[kind]
    answer = doors.send("GET", address)
    headers = answer.headers
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["content-type"] == "text/html; charset=utf-8"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "set-cookie" not in headers


def test_nothing_is_loaded_from_anywhere_and_nothing_runs(
    gateway: Gateway, doors: Doors, chain: Chain
) -> None:
    shown = text(doors.send("GET", linked(gateway, chain, "north")[0]))
    assert not re.findall(r"<(?:script|link|img|iframe|object|embed|base)\b", shown)
    assert not re.findall(r"\b(?:src|srcset|style|on\w+)\s*=", shown)
    assert not re.findall(r"https?://", shown.replace("http://www.w3.org/", ""))


def test_the_token_stands_in_no_page_and_in_no_log(
    gateway: Gateway, doors: Doors, chain: Chain, capfd: pytest.CaptureFixture[str]
) -> None:
    address, _ = linked(gateway, chain, "north")
    token = address.removeprefix("/shared/")
    assert token not in text(doors.send("GET", address))
    said = capfd.readouterr()
    assert token not in said.out + said.err
    assert token not in gateway.vault.redaction.text(f"GET {address} failed")


# -- zone and language ----------------------------------------------------------------------------------------------------


def test_times_are_in_the_zone_of_the_site_unless_another_is_asked_for(
    gateway: Gateway, doors: Doors, chain: Chain
) -> None:
    address, _ = linked(gateway, chain, "north")
    assert "Europe/Rome (CE" in text(doors.send("GET", address))
    asked = text(doors.send("GET", f"{address}?zone=Asia/Kamchatka"))
    assert "Asia/Kamchatka (UTC+12:00)" in asked


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "<script>alert(1)</script>", "Europe"])
def test_a_zone_that_is_none_is_told_and_the_sites_is_taken(
    gateway: Gateway, doors: Doors, chain: Chain, zone: str
) -> None:
    address, _ = linked(gateway, chain, "north")
    shown = text(doors.send("GET", f"{address}?lang=en&zone={zone}"))
    assert "There is no time zone" in shown
    assert 'aria-invalid="true"' in shown
    assert "Europe/Rome (CE" in shown
    assert "<script" not in shown


def test_the_language_is_the_one_asked_for_or_the_browsers_or_the_organizations(
    gateway: Gateway, doors: Doors, chain: Chain
) -> None:
    address, _ = linked(gateway, chain, "north")
    for query, accepted, language in (("?lang=ru", "en", "ru"), ("", "ru, en;q=0.8", "ru"), ("", "fr", "it")):
        answer = doors.send("GET", address + query, headers={"accept-language": accepted})
        assert f'<html lang="{language}">' in text(answer)
        assert answer.headers["content-language"] == language


def test_a_parameter_too_long_is_refused(gateway: Gateway, doors: Doors, chain: Chain) -> None:
    address, _ = linked(gateway, chain, "north")
    assert doors.send("GET", f"{address}?zone={'x' * 65}").status == 422


def test_t10_names_that_look_like_markup_are_text(
    gateway: Gateway, doors: Doors, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "<b onmouseover=alert(1)>North</b>"
    monkeypatch.setattr(Directory, "organization_name", lambda _self, _org_id: name)
    shown = text(doors.send("GET", path(chain), headers=house.key(gateway)))
    assert "&lt;b onmouseover=alert(1)&gt;North&lt;/b&gt;" in shown
    assert "<b onmouseover" not in shown
