"""T18, T19, T25: signing in with a password, what a session opens and when it ends, and what other sites can do with it. The browser
halves come with the pages; these are the answers of the server."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from gateway import keys as key_form
from gateway.app import Gateway, utc_now
from gateway.domain.permissions import Role
from gateway.errors import Invalid, Refused
from gateway.flows import accounts, sessions, signing_in
from gateway.flows.accounts import Wanted
from gateway.flows.permissions import NEEDS
from gateway.flows.sessions import COOKIE
from gateway.passwords import Cost
from gateway.store.scope import Scope
from tests.api import house
from tests.api.house import Answer, Doors

CHEAP = Cost(memory=64, passes=1, lanes=1)
PASSWORD = "correct horse battery"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with house.installed(tmp_path_factory.mktemp("sign-in")) as opened:
        yield opened


@pytest.fixture(scope="module")
def doors(gateway: Gateway) -> Iterator[Doors]:
    with Doors(gateway) as opened:
        opened.app.state.parlour = replace(opened.app.state.parlour, cost=CHEAP)
        yield opened


def post(
    doors: Doors, path: str, cookie: str = "", *, more: dict[str, str] | None = None, **fields: str
) -> Answer:
    headers = {**FORM, **({"cookie": cookie} if cookie else {}), **(more or {})}
    return doors.send("POST", path, body=urlencode(fields).encode(), headers=headers)


def get(doors: Doors, path: str, cookie: str = "") -> Answer:
    return doors.send("GET", path, headers={"cookie": cookie} if cookie else {})


def cookie_of(answer: Answer) -> str:
    jar = SimpleCookie(answer.headers["set-cookie"])
    return f"{COOKIE}={jar[COOKIE].value}"


def invited(gateway: Gateway, email: str, role: Role = Role.OPERATOR, **more: object) -> str:
    wanted = Wanted(email=email, role=role, **more)  # type: ignore[arg-type]
    return accounts.invite(gateway.context, wanted, actor="test", now=utc_now())[1]


def joined(gateway: Gateway, doors: Doors, email: str, role: Role = Role.OPERATOR, **more: object) -> str:
    answer = post(doors, f"/welcome/{invited(gateway, email, role, **more)}", password=PASSWORD)
    assert answer.status == 303, answer
    return cookie_of(answer)


def sign_in(doors: Doors, email: str, password: str = PASSWORD, **fields: str) -> Answer:
    after = fields.get("next", "")
    return post(doors, "/sign-in", email=email, password=password, next=after)


def test_t18_an_invitation_is_opened_by_post_and_once(gateway: Gateway, doors: Doors) -> None:
    token = invited(gateway, "Ann@Example.org", Role.INTEGRATION_ADMIN, organization="north")
    for _ in range(10):
        told = get(doors, f"/welcome/{token}")
        assert (told.status, b"ann@example.org" in told.body) == (200, True)
    assert post(doors, f"/welcome/{token}", password="short").status == 422
    assert post(doors, f"/welcome/{token}", password="ann@example.org").status == 422
    first = post(doors, f"/welcome/{token}", password=PASSWORD)
    assert (first.status, first.headers["location"]) == (303, "/account")
    assert post(doors, f"/welcome/{token}", password=PASSWORD).status == 404
    assert get(doors, f"/welcome/{token}").status == 404
    page = get(doors, "/account", cookie_of(first)).body.decode()
    assert "integration admin: north" in page


def test_a_session_is_kept_in_a_cookie_that_only_we_read(gateway: Gateway, doors: Doors) -> None:
    joined(gateway, doors, "bea@example.org")
    said = sign_in(doors, "BEA@example.org").headers["set-cookie"]
    jar = SimpleCookie(said)[COOKIE]
    assert (jar["secure"], jar["httponly"], jar["samesite"], jar["path"]) == (True, True, "lax", "/")
    assert not jar["domain"]
    assert key_form.is_session(jar.value)
    kept = (gateway.settings.data_dir / "interdesk.db").read_bytes()
    assert jar.value.encode() not in kept
    assert PASSWORD.encode() not in kept


def test_signing_in_leads_on_to_a_page_of_ours_only(gateway: Gateway, doors: Doors) -> None:
    joined(gateway, doors, "cid@example.org")
    for wanted, path in {
        "/reports/pub_1?format=xlsx": "/reports/pub_1?format=xlsx",
        "https://elsewhere.example/": "/account",
        "//elsewhere.example/": "/account",
        "/\\elsewhere.example": "/account",
        "/a\r\nset-cookie: x=y": "/account",
        "": "/account",
    }.items():
        answer = sign_in(doors, "cid@example.org", next=wanted)
        assert (answer.status, answer.headers["location"]) == (303, path)


def test_t25_what_is_wrong_is_told_in_the_same_words(gateway: Gateway, doors: Doors) -> None:
    joined(gateway, doors, "dan@example.org")
    joined(gateway, doors, "off@example.org")
    accounts.disable(gateway.context, "off@example.org", actor="test", now=utc_now())
    tries = [("dan@example.org", "x" * 12), ("nobody@example.org", PASSWORD), ("off@example.org", PASSWORD)]
    pages = set()
    for email, password in tries:
        answer = sign_in(doors, email, password)
        assert answer.status == 401
        pages.add(answer.body.replace(email.encode(), b""))
    assert len(pages) == 1


def test_t25_many_wrong_tries_lock_out_whoever_tries_and_nobody_else(gateway: Gateway, doors: Doors) -> None:
    """T25: 1,000 wrong tries; the owner elsewhere signs in as before."""
    joined(gateway, doors, "eve@example.org")
    now, seen = utc_now(), []
    for _ in range(1_000):
        given = ("eve@example.org", "wrong")
        try:
            found = signing_in.by_password(gateway.context, given, "203.0.113.9", CHEAP, now=now)
            seen.append(found)
        except signing_in.TooMany:
            break
    assert seen == [None] * 10
    with pytest.raises(signing_in.TooMany):
        signing_in.by_password(gateway.context, ("eve@example.org", PASSWORD), "203.0.113.9", CHEAP, now=now)
    good = ("eve@example.org", PASSWORD)
    assert signing_in.by_password(gateway.context, good, "198.51.100.7", CHEAP, now=now) is not None
    later = now + signing_in.WITHIN + timedelta(seconds=1)
    assert signing_in.by_password(gateway.context, good, "203.0.113.9", CHEAP, now=later) is not None


def test_an_address_that_tries_many_accounts_is_stopped(gateway: Gateway) -> None:
    def wrong(number: int) -> object:
        given, place = (f"p{number}@example.org", "x"), f"2001:db8::{number:x}"
        return signing_in.by_password(gateway.context, given, place, CHEAP, now=utc_now())

    assert [wrong(number) for number in range(100)] == [None] * 100
    with pytest.raises(signing_in.TooMany):
        wrong(100)


def test_an_office_that_signs_in_rightly_is_not_stopped(gateway: Gateway, doors: Doors) -> None:
    """Behind one address: right ones count for nothing, and let nobody try more wrong ones."""
    joined(gateway, doors, "office@example.org")
    now, place = utc_now(), "192.0.2.77"

    def tried(email: str, password: str) -> object:
        return signing_in.by_password(gateway.context, (email, password), place, CHEAP, now=now)

    assert all(tried("office@example.org", PASSWORD) for _ in range(signing_in.OF_ADDRESS + 1))
    for number in range(signing_in.OF_ADDRESS):
        assert tried(f"q{number}@example.org", "x") is None
        assert number == signing_in.OF_ADDRESS - 1 or tried("office@example.org", PASSWORD)
    with pytest.raises(signing_in.TooMany):
        tried("q100@example.org", "x")


def test_an_address_is_folded_no_further_than_to_small_letters(gateway: Gateway, doors: Doors) -> None:
    """Two domains, two mailboxes, two people."""
    joined(gateway, doors, "ann@STRASSE.example")
    joined(gateway, doors, "Ann@Straße.example")
    assert sign_in(doors, "ann@straße.example").status == 303
    emails = [one.email for one in accounts.listed(gateway.context)]
    assert {"ann@straße.example", "ann@strasse.example"} <= set(emails)
    accounts.disable(gateway.context, "ann@STRASSE.example", actor="test", now=utc_now())
    assert sign_in(doors, "ann@strasse.example").status == 401
    assert sign_in(doors, "ann@straße.example").status == 303


def test_the_door_says_when_to_come_again(gateway: Gateway, doors: Doors) -> None:
    answers = [sign_in(doors, "fred@example.org", "wrong") for _ in range(11)]
    assert [one.status for one in answers] == [401] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "900"


def test_a_session_opens_what_its_role_may(gateway: Gateway, doors: Doors) -> None:
    viewer = joined(gateway, doors, "gil@example.org", Role.CUSTOMER_VIEWER, organization="north")
    operator = joined(gateway, doors, "hal@example.org")
    assert get(doors, "/v1/tickets", viewer).status == 200
    assert get(doors, "/v1/links", viewer).status == 403
    assert get(doors, "/metrics", viewer).status == 403
    assert get(doors, "/metrics", operator).status == 200
    key = {"authorization": "Bearer nonsense", "cookie": operator}
    assert doors.send("GET", "/metrics", headers=key).status == 401


def test_an_account_manager_acts_for_one_customer_of_the_list(gateway: Gateway, doors: Doors) -> None:
    with gateway.database.read() as db:
        ids = {one.code: one.id for one in gateway.context.directory(db).organizations.values()}
    came = joined(gateway, doors, "ida@example.org", Role.ACCOUNT_MANAGER, customers=("north",))
    assert get(doors, "/v1/tickets", came).status == 200
    assert get(doors, f"/v1/tickets?customer={ids['north']}", came).status == 200
    assert get(doors, f"/v1/tickets?customer={ids['south']}", came).status == 401
    assert get(doors, "/v1/tickets?customer=operator", came).status == 401
    (account,) = [one for one in accounts.listed(gateway.context) if one.email == "ida@example.org"]
    both = replace(account, customers=(ids["north"], ids["south"]))
    found = [accounts.principal(both, one) for one in ("", ids["south"], "operator")]
    assert [one and one.org_id for one in found] == [ids["north"], ids["south"], None]
    assert [one.scope for one in found if one] == [Scope.of(ids["north"]), Scope.of(ids["south"])]


def test_sessions_are_listed_and_ended(gateway: Gateway, doors: Doors) -> None:
    first = joined(gateway, doors, "jim@example.org")
    second = cookie_of(sign_in(doors, "jim@example.org"))
    page = get(doors, "/account", second).body.decode()
    ids = re.findall(r'name="session" value="(ses_[^"]+)"', page)
    assert len(ids) == 2
    assert post(doors, "/account", second, session=ids[1]).status == 303
    assert (get(doors, "/account", first).status, get(doors, "/account", second).status) == (401, 200)
    other = joined(gateway, doors, "kim@example.org")
    assert post(doors, "/account", other, session=ids[0]).status == 303
    assert get(doors, "/account", second).status == 200  # nobody ends another's
    assert post(doors, "/sign-out", second).headers["location"] == "/sign-in"
    assert get(doors, "/v1/tickets", second).status == 401


def test_after_the_end_of_a_session_nothing_is_said_of_forms(gateway: Gateway, doors: Doors) -> None:
    came = joined(gateway, doors, "ned@example.org")
    assert doors.send("POST", "/account", body=b"\xff", headers={**FORM, "cookie": came}).status == 422
    assert post(doors, "/account", came).status == 303
    told = [get(doors, "/account", came), post(doors, "/account", came, session="x")]
    told.append(post(doors, "/account/password", came, old=PASSWORD, new=PASSWORD))
    for answer in told:
        assert (answer.status, b"not signed in any more" in answer.body) == (401, True)
    stranger = get(doors, "/account")
    assert (stranger.status, b"any more" in stranger.body) == (401, False)


def test_signing_in_again_ends_what_the_browser_had(gateway: Gateway, doors: Doors) -> None:
    first = joined(gateway, doors, "leo@example.org")
    second = cookie_of(post(doors, "/sign-in", first, email="leo@example.org", password=PASSWORD))
    assert first != second
    assert (get(doors, "/account", first).status, get(doors, "/account", second).status) == (401, 200)


def test_who_is_disabled_is_out_at_once(gateway: Gateway, doors: Doors) -> None:
    came = joined(gateway, doors, "max@example.org")
    accounts.disable(gateway.context, "max@example.org", actor="test", now=utc_now())
    assert get(doors, "/v1/tickets", came).status == 401


@pytest.mark.parametrize(
    ("after", "opens"),
    [(timedelta(minutes=119), True), (sessions.IDLE, False), (sessions.LASTS, False)],
    ids=["in use", "unused", "too old"],
)
def test_a_session_ends_by_itself(gateway: Gateway, doors: Doors, after: timedelta, opens: bool) -> None:
    email = f"n{after.seconds}@example.org"
    cookie = joined(gateway, doors, email).partition("=")[2]
    found = sessions.visit(gateway.context, cookie, now=utc_now() + after)
    assert (found is not None) is opens


ELSEWHERE = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://elsewhere.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:1"},
]


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_t19_another_site_does_nothing_in_anybodys_name(
    gateway: Gateway, doors: Doors, headers: dict[str, str]
) -> None:
    came = _someone(gateway, doors)
    for method, path in NEEDS:
        if method == "GET" or path.startswith(("/oauth", "/portal", "/sharing")):
            continue
        answer = doors.send(method, path, body=b"", headers={**FORM, "cookie": came, **headers})
        assert answer.status in {303, 401, 403, 404, 422}, path
        if path.startswith(("/v1", "/tmf")):
            assert answer.code == "IDK-1410", path
    assert get(doors, "/account", came).status == 200  # it was not even signed out


def test_t19_our_own_pages_may(gateway: Gateway, doors: Doors) -> None:
    came = _someone(gateway, doors)
    for more in ({"sec-fetch-site": "same-origin"}, {"origin": f"http://127.0.0.1:{doors.port}"}, {}):
        answer = post(doors, "/v1/links/look", came, more=more)
        assert answer.code != "IDK-1410"


def _someone(gateway: Gateway, doors: Doors) -> str:
    email = f"o{len(accounts.listed(gateway.context))}@example.org"
    return joined(gateway, doors, email)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(email="no address", role=Role.OPERATOR),
        Wanted(email="a@b", role=Role.OPERATOR, organization="north"),
        Wanted(email="a@b", role=Role.PARTNER_AGENT),
        Wanted(email="a@b", role=Role.ACCOUNT_MANAGER),
        Wanted(email="a@b", role=Role.PARTNER_AGENT, organization="north", customers=("north",)),
        Wanted(email="a\0@b", role=Role.OPERATOR),
    ],
    ids=["address", "operator of", "agent of nobody", "manager of nobody", "agent with customers", "NUL"],
)
def test_an_invitation_that_fits_nobody_is_refused(gateway: Gateway, wanted: Wanted) -> None:
    with pytest.raises(Invalid):
        accounts.invite(gateway.context, wanted, actor="test", now=utc_now())


def test_nobody_is_invited_twice_into_two_accounts(gateway: Gateway, doors: Doors) -> None:
    one, two = (invited(gateway, "pat@example.org") for _ in range(2))
    assert post(doors, f"/welcome/{one}", password=PASSWORD).status == 303
    assert post(doors, f"/welcome/{two}", password=PASSWORD).status == 404
    with pytest.raises(Refused):
        invited(gateway, "pat@example.org")


def test_an_invitation_ends(gateway: Gateway) -> None:
    token = invited(gateway, "quin@example.org")
    assert accounts.opened(gateway.context, token, now=utc_now() + accounts.LASTS) is None


def test_a_form_that_is_none_is_told(doors: Doors) -> None:
    for body, kind in ((b"\xff", "application/x-www-form-urlencoded"), (b"x" * 20_000, ""), (b"a=%00", "")):
        answer = doors.send(
            "POST", "/sign-in", body=body, headers={"content-type": kind or FORM["content-type"]}
        )
        assert answer.status == 422
