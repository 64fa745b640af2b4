"""T25: signing in at an identity provider, and every way in which a provider, or whoever comes back, could lie."""

from collections.abc import Iterator
from dataclasses import replace
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from gateway.app import Gateway, utc_now
from gateway.domain.permissions import Role
from gateway.flows import accounts, sessions
from gateway.flows.accounts import Wanted
from gateway.flows.identity import Identity, Provider
from tests.api import house
from tests.api.house import Answer, Doors
from tests.web.stub_provider import CLIENT, SECRET, StubProvider


@pytest.fixture(scope="module")
def stub() -> Iterator[StubProvider]:
    with StubProvider() as opened:
        yield opened


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with house.installed(tmp_path_factory.mktemp("provider")) as opened:
        yield opened


@pytest.fixture(scope="module")
def doors(gateway: Gateway, stub: StubProvider) -> Iterator[Doors]:
    made = Provider(
        code="stub", name="The Stub", issuer=stub.issuer, client_id=CLIENT, client_secret=SECRET,
        private_network=True,
    )  # fmt: skip
    far = replace(made, code="far", private_network=False)
    with Doors(gateway) as opened:
        known = Identity(providers={"stub": made, "far": far})
        opened.app.state.parlour = replace(opened.app.state.parlour, identity=known)
        yield opened


@pytest.fixture(autouse=True)
def honest(stub: StubProvider, doors: Doors) -> None:
    stub.mood = ""
    known = doors.app.state.parlour.known_keys
    known._kept.clear()
    known._failed.clear()


def invited(gateway: Gateway, email: str) -> str:
    wanted = Wanted(email=email, role=Role.PARTNER_AGENT, organization="north")
    return accounts.invite(gateway.context, wanted, actor="test", now=utc_now())[1]


def away(doors: Doors, invitation: str = "") -> tuple[str, str]:
    """Where the browser is sent, and its cookie."""
    more = f"?invitation={invitation}" if invitation else ""
    answer = doors.send("GET", f"/sign-in/with/stub{more}")
    assert answer.status == 303, answer
    jar = SimpleCookie(answer.headers["set-cookie"])
    ((name, held),) = jar.items()
    assert (held["secure"], held["httponly"], held["samesite"]) == (True, True, "lax")
    return answer.headers["location"], f"{name}={held.value}"


def back(doors: Doors, told: dict[str, str], cookie: str, provider: str = "stub") -> Answer:
    path = f"/sign-in/back/{provider}?{urlencode(told)}"
    return doors.send("GET", path, headers={"cookie": cookie} if cookie else {})


def comes(doors: Doors, stub: StubProvider, who: str, invitation: str = "") -> Answer:
    address, cookie = away(doors, invitation)
    return back(doors, stub.let_in(address, who), cookie)


def test_who_is_invited_opens_an_account_there_and_comes_again(
    gateway: Gateway, doors: Doors, stub: StubProvider
) -> None:
    token = invited(gateway, "ann@example.org")
    assert b"The Stub" in doors.send("GET", f"/welcome/{token}").body
    assert comes(doors, stub, "ann", token).status == 303
    assert doors.send("GET", f"/welcome/{token}").status == 404
    again = comes(doors, stub, "ann")
    assert (again.status, again.headers["location"]) == (303, "/account")
    (account,) = [one for one in accounts.listed(gateway.context) if one.email == "ann@example.org"]
    assert (account.issuer, account.subject, account.password) == (stub.issuer, "ann", None)
    assert len(sessions.listed(gateway.context, account, now=utc_now())) == 2


def test_whom_nobody_invited_has_no_account(doors: Doors, stub: StubProvider) -> None:
    answer = comes(doors, stub, "mallory")
    assert (answer.status, "set-cookie" in answer.headers) == (403, False)


MOODS = [
    "wrong nonce", "no nonce", "another issuer", "another audience", "another party", "many audiences", "expired",
    "no end", "not yet", "nobody", "alg none", "our secret", "strange key", "refused", "no token", "a page",
]  # fmt: skip


@pytest.mark.parametrize("mood", MOODS)
def test_t25_a_provider_that_lies_lets_nobody_in(
    gateway: Gateway, doors: Doors, stub: StubProvider, mood: str
) -> None:
    token = invited(gateway, "bea@example.org")
    address, cookie = away(doors, token)
    told = stub.let_in(address, "bea")
    stub.mood = mood
    answer = back(doors, told, cookie)
    assert (answer.status, "set-cookie" in answer.headers) == (403, False)
    assert accounts.opened(gateway.context, token, now=utc_now()) is not None


def test_somebody_elses_metadata_leads_nowhere(doors: Doors, stub: StubProvider) -> None:
    stub.mood = "another's metadata"
    assert doors.send("GET", "/sign-in/with/stub").status == 403


def test_a_provider_in_a_private_network_must_be_marked_as_one(doors: Doors, stub: StubProvider) -> None:
    before = len(stub.asked)
    assert doors.send("GET", "/sign-in/with/far").status == 403
    assert len(stub.asked) == before


def test_what_comes_back_belongs_to_one_browser_and_one_way(doors: Doors, stub: StubProvider) -> None:
    address, cookie = away(doors)
    told = stub.let_in(address, "ann")
    other_address, other = away(doors)
    bad = [
        (told, ""),
        (told, other),
        ({**told, "state": "x"}, cookie),
    ]
    for said, shown in bad:
        assert back(doors, said, shown).status == 403
    assert stub.codes  # nobody asked for a token
    assert other_address != address


@pytest.mark.parametrize(
    "changes",
    [{"iss": "https://elsewhere.example"}, {"iss": ""}, {"iss": None}, {"code": None}, {"state": None}],
    ids=["mix-up", "an empty one", "nobody", "no code", "no state"],
)
def test_an_answer_that_lacks_or_names_another_is_refused(
    doors: Doors, stub: StubProvider, changes: dict[str, str | None]
) -> None:
    address, cookie = away(doors)
    told: dict[str, str | None] = {**stub.let_in(address, "ann"), **changes}
    answer = back(doors, {name: value for name, value in told.items() if value is not None}, cookie)
    assert answer.status == 403


def test_the_same_answer_is_good_once(doors: Doors, stub: StubProvider) -> None:
    address, cookie = away(doors)
    told = stub.let_in(address, "ann")
    assert [back(doors, told, cookie).status for _ in range(2)] == [303, 403]


def test_a_code_that_was_used_lets_nobody_in(doors: Doors, stub: StubProvider) -> None:
    first, _ = away(doors)
    used = stub.let_in(first, "ann")
    stub.codes.pop(used["code"])
    address, cookie = away(doors)
    told = stub.let_in(address, "ann")
    assert back(doors, {**told, "code": used["code"]}, cookie).status == 403


def test_a_way_to_one_provider_does_not_lead_back_from_another(doors: Doors, stub: StubProvider) -> None:
    address, cookie = away(doors)
    assert back(doors, stub.let_in(address, "ann"), cookie, "far").status == 403
    assert back(doors, {}, cookie, "nowhere").status == 404
    assert doors.send("GET", "/sign-in/with/nowhere").status == 404
    assert doors.send("GET", "/sign-in/with/stub?invitation=nonsense").status == 404


def test_who_is_disabled_is_not_let_in_by_a_provider(
    gateway: Gateway, doors: Doors, stub: StubProvider
) -> None:
    assert comes(doors, stub, "cid", invited(gateway, "cid@example.org")).status == 303
    accounts.disable(gateway.context, "cid@example.org", actor="test", now=utc_now())
    assert comes(doors, stub, "cid").status == 403
