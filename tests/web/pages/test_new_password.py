"""T18, T25: a link to choose a new password works once, by POST, in the browser that asked for it or with the digits that one shows; nobody
learns by it who has an account, and everybody else is signed out."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from gateway.app import Gateway, utc_now
from gateway.domain.letters import Enclosure, Letter, Post, Posted
from gateway.domain.permissions import Role
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import accounts, new_password, sessions, signing_in
from gateway.flows.accounts import Wanted
from gateway.flows.new_password import Filled, Outcome
from gateway.flows.postman import Postman
from gateway.flows.sessions import Seat
from gateway.passwords import Cost
from gateway.store.accounts import Account
from gateway.web.pages.new_password import COOKIE
from tests.api import house
from tests.api.house import Answer, Doors

CHEAP = Cost(memory=64, passes=1, lanes=1)
OLD, NEW = "correct horse battery", "another horse battery"
SEAT = Seat(browser="test", address="203.0.113.1")


@dataclass
class Clock:
    """The pages' time, which a test moves on so that its tries are nobody else's."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with house.installed(tmp_path_factory.mktemp("reset")) as opened:
        yield opened


@pytest.fixture(scope="module")
def _doors(gateway: Gateway) -> Iterator[tuple[Doors, Clock]]:
    clock = Clock(utc_now())
    with Doors(gateway) as opened:
        opened.app.state.parlour = replace(opened.app.state.parlour, cost=CHEAP, now=clock, posts=True)
        yield opened, clock


@pytest.fixture
def clock(_doors: tuple[Doors, Clock]) -> Clock:
    _doors[1].now += timedelta(hours=1)
    return _doors[1]


@pytest.fixture
def doors(_doors: tuple[Doors, Clock], clock: Clock) -> Doors:
    return _doors[0]


def member(gateway: Gateway, email: str, now: datetime) -> Account:
    wanted = Wanted(email=email, role=Role.PARTNER_AGENT, organization="north")
    invitation, _ = accounts.invite(gateway.context, wanted, actor="test", now=now)
    account = accounts.accept(gateway.context, invitation, OLD, CHEAP, now=now)
    assert account is not None
    return account


def posted(gateway: Gateway, now: datetime) -> list[Letter]:
    """The mails that leave by now."""
    found: list[Letter] = []

    async def send(letter: Letter, _enclosed: Enclosure | None) -> Posted:
        found.append(letter)
        return Posted(Post.SENT)

    postman = Postman(gateway.context, send, lambda: now, filled=gateway._filled)
    asyncio.run(postman.round())
    return found


def post(doors: Doors, path: str, cookie: str = "", **fields: str) -> Answer:
    headers = {"content-type": "application/x-www-form-urlencoded"} | ({"cookie": cookie} if cookie else {})
    return doors.send("POST", path, body=urlencode(fields).encode(), headers=headers)


def get(doors: Doors, path: str, cookie: str = "") -> Answer:
    return doors.send("GET", path, headers={"cookie": cookie} if cookie else {})


def asked(doors: Doors, email: str) -> tuple[str, str]:
    """The cookie and the digits of a browser that asked."""
    answer = post(doors, "/forgotten", email=email)
    assert answer.status == 200
    found = re.search(rb'class="code">(\d{3} \d{3})<', answer.body)
    assert found is not None
    jar = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert (jar["secure"], jar["httponly"], jar["samesite"], jar["path"]) == (True, True, "lax", "/")
    return f"{COOKIE}={jar.value}", found[1].decode()


def linked(gateway: Gateway, doors: Doors, clock: Clock, email: str) -> tuple[str, str, str]:
    """The path of a link that was mailed, the cookie and the digits."""
    cookie, code = asked(doors, email)
    (mail,) = [one for one in posted(gateway, clock.now) if one.address == email and "/reset/" in one.body]
    found = re.search(r"/reset/\S+", mail.body)
    assert found is not None
    assert code.replace(" ", "") not in mail.body
    return found[0], cookie, code


def signs_in(gateway: Gateway, email: str, password: str, clock: Clock, place: str = "203.0.113.1") -> bool:
    given = (email, password)
    return signing_in.by_password(gateway.context, given, place, CHEAP, now=clock.now) is not None


def test_t18_a_link_is_opened_often_and_used_once_by_whoever_asked(
    gateway: Gateway, doors: Doors, clock: Clock
) -> None:
    account = member(gateway, "ann@example.org", clock.now)
    other = sessions.begin(gateway.context, account, SEAT, now=clock.now)
    path, cookie, code = linked(gateway, doors, clock, "ann@example.org")
    pages = [get(doors, path, cookie) for _ in range(10)]
    told = pages[-1]
    assert {(one.status, b'id="code"' in one.body) for one in pages} == {(200, False)}
    assert told.headers["referrer-policy"] == "no-referrer"
    assert post(doors, path, cookie, password="short").status == 422
    assert sessions.visit(gateway.context, other, now=clock.now) is not None
    done = post(doors, path, cookie, password=NEW)
    assert (done.status, done.headers["location"]) == (303, "/sign-in?changed=1&lang=en")
    assert b'role="status"' in get(doors, done.headers["location"]).body
    assert sessions.visit(gateway.context, other, now=clock.now) is None
    assert (post(doors, path, cookie, password=NEW).status, get(doors, path, cookie).status) == (410, 410)
    assert post(doors, path, password=NEW, code=code).status == 410
    assert [signs_in(gateway, "ann@example.org", one, clock) for one in (OLD, NEW)] == [False, True]
    (mail,) = posted(gateway, clock.now)
    assert mail.subject == "Your password was changed"


def test_t18_another_browser_is_asked_for_the_digits(gateway: Gateway, doors: Doors, clock: Clock) -> None:
    member(gateway, "bea@example.org", clock.now)
    path, _, code = linked(gateway, doors, clock, "bea@example.org")
    stranger, _ = asked(doors, "nobody@example.org")
    for cookie in ("", stranger, f"{COOKIE}=x"):
        assert b'id="code"' in get(doors, path, cookie).body
    assert post(doors, path, stranger, password=NEW).status == 422
    assert post(doors, path, password=NEW, code=code).status == 303
    assert signs_in(gateway, "bea@example.org", NEW, clock)


def test_t18_digits_are_not_found_by_trying(gateway: Gateway, doors: Doors, clock: Clock) -> None:
    member(gateway, "cid@example.org", clock.now)
    path, cookie, code = linked(gateway, doors, clock, "cid@example.org")
    wrong = f"{(int(code.replace(' ', '')) + 1) % 1_000_000:06}"
    told = [post(doors, path, password=NEW, code=wrong).status for _ in range(6)]
    assert told == [422] * 4 + [410] * 2
    assert post(doors, path, cookie, password=NEW, code=code).status == 410
    assert signs_in(gateway, "cid@example.org", OLD, clock)


def test_a_link_ends_by_time_and_with_the_next_password(gateway: Gateway, doors: Doors, clock: Clock) -> None:
    member(gateway, "dan@example.org", clock.now)
    first = linked(gateway, doors, clock, "dan@example.org")
    second = linked(gateway, doors, clock, "dan@example.org")
    clock.now += new_password.LASTS - timedelta(seconds=1)
    assert post(doors, second[0], second[1], password=NEW).status == 303
    assert post(doors, first[0], first[1], password=OLD).status == 410
    third = linked(gateway, doors, clock, "dan@example.org")
    clock.now += new_password.LASTS
    assert post(doors, third[0], third[1], password=OLD).status == 410


def test_t25_asking_tells_nobody_who_has_an_account(gateway: Gateway, doors: Doors, clock: Clock) -> None:
    member(gateway, "eve@example.org", clock.now)
    member(gateway, "off@example.org", clock.now)
    accounts.disable(gateway.context, "off@example.org", actor="test", now=clock.now)
    pages = set()
    for email in ("eve@example.org", "off@example.org", "nobody@example.org", "no address", "<b>@x"):
        answer = post(doors, "/forgotten", email=email)
        shown = email.replace("<", "&lt;").replace(">", "&gt;").encode()
        pages.add((answer.status, re.sub(rb"\d{3} \d{3}", b"", answer.body.replace(shown, b""))))
    assert len(pages) == 1
    assert [one.address for one in posted(gateway, clock.now)] == ["eve@example.org"]


def test_t25_nobody_is_buried_in_mails(gateway: Gateway, doors: Doors, clock: Clock) -> None:
    member(gateway, "fay@example.org", clock.now)
    told = [post(doors, "/forgotten", email="fay@example.org").status for _ in range(5)]
    assert told == [200] * 3 + [429] * 2
    for number in range(20):
        place = (f"198.51.100.{number}", "en")
        new_password.ask(gateway.context, "fay@example.org", place, now=clock.now)
    assert len(posted(gateway, clock.now)) == 6
    for number in range(20):
        new_password.ask(gateway.context, f"p{number}@example.org", ("192.0.2.1", "en"), now=clock.now)
    with pytest.raises(signing_in.TooMany):
        new_password.ask(gateway.context, "p20@example.org", ("192.0.2.1", "en"), now=clock.now)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["in the browser that asked", "with its digits"])
def test_t25_strangers_who_ask_often_stop_nobody(
    gateway: Gateway, doors: Doors, clock: Clock, elsewhere: bool
) -> None:
    """Mails enough went out when the owner asks: any of their links works in the owner's browser, and with the owner's digits."""
    email = f"gus{elsewhere}@example.org".lower()
    member(gateway, email, clock.now)
    for number in range(20):
        new_password.ask(gateway.context, email, (f"198.51.100.{number}", "en"), now=clock.now)
    found = [re.search(r"/reset/\S+", one.body) for one in posted(gateway, clock.now)]
    paths = [one[0] for one in found if one is not None]
    assert len(paths) == 6
    cookie, code = asked(doors, email)
    assert posted(gateway, clock.now) == []
    assert post(doors, paths[0], code="000 000", password=NEW).status == 422
    handed, _ = new_password.by_hand(gateway.context, email, actor="root", now=clock.now)
    for wrong in ({"cookie": cookie}, {"code": code}):
        assert post(doors, f"/reset/{handed}", **wrong, password=NEW).status == 422
    shown = get(doors, paths[3], "" if elsewhere else cookie)
    assert (b'name="code"' in shown.body) is elsewhere
    chosen = {"code": code} if elsewhere else {"cookie": cookie}
    assert post(doors, paths[3], **chosen, password=NEW).status == 303
    assert post(doors, paths[4], **chosen, password=OLD).status == 410
    assert signs_in(gateway, email, NEW, clock)


def test_t25_who_is_locked_out_comes_in_by_a_new_password(
    gateway: Gateway, doors: Doors, clock: Clock
) -> None:
    member(gateway, "gil@example.org", clock.now)
    last = [post(doors, "/sign-in", email="gil@example.org", password="wrong") for _ in range(11)][-1]
    assert (last.status, b"/forgotten" in last.body) == (429, True)
    path, cookie, _ = linked(gateway, doors, clock, "gil@example.org")
    assert post(doors, path, cookie, password=NEW).status == 303
    assert post(doors, "/sign-in", email="gil@example.org", password=NEW).status == 303


def test_the_operator_hands_over_a_link_and_tells_its_digits(
    gateway: Gateway, doors: Doors, clock: Clock
) -> None:
    member(gateway, "hal@example.org", clock.now)
    token, code = new_password.by_hand(gateway.context, "hal@example.org", actor="root", now=clock.now)
    clock.now += new_password.BY_HAND - timedelta(seconds=1)
    assert b'id="code"' in get(doors, f"/reset/{token}").body
    assert post(doors, f"/reset/{token}", password=NEW, code="").status == 422
    assert post(doors, f"/reset/{token}", password=NEW, code=code).status == 303
    accounts.disable(gateway.context, "hal@example.org", actor="root", now=clock.now)
    with pytest.raises(Refused, match="disabled"):
        new_password.by_hand(gateway.context, "hal@example.org", actor="root", now=clock.now)
    with pytest.raises(NotFound):
        new_password.by_hand(gateway.context, "nobody@example.org", actor="root", now=clock.now)


def test_who_was_disabled_meanwhile_chooses_nothing(gateway: Gateway, doors: Doors, clock: Clock) -> None:
    member(gateway, "ida@example.org", clock.now)
    path, cookie, _ = linked(gateway, doors, clock, "ida@example.org")
    accounts.disable(gateway.context, "ida@example.org", actor="test", now=clock.now)
    assert post(doors, path, cookie, password=NEW).status == 410


def test_nothing_that_opens_is_kept(gateway: Gateway, doors: Doors, clock: Clock) -> None:
    member(gateway, "jim@example.org", clock.now)
    path, cookie, code = linked(gateway, doors, clock, "jim@example.org")
    files = (gateway.settings.data_dir / f"interdesk.db{end}" for end in ("", "-wal"))
    kept = b"".join(file.read_bytes() for file in files if file.exists())
    for secret in (path.rpartition("/")[2], cookie.partition("=")[2], code, code.replace(" ", "")):
        assert secret.encode() not in kept


@pytest.mark.parametrize("token", ["x", "fgw_rset_" + "a" * 49])
def test_a_link_that_is_none_is_not_there(doors: Doors, token: str) -> None:
    assert get(doors, f"/reset/{token}").status == 404
    assert post(doors, f"/reset/{token}", password=NEW).status == 404


def test_a_link_that_waits_too_long_for_a_mail_server_is_not_sent(
    gateway: Gateway, doors: Doors, clock: Clock
) -> None:
    member(gateway, "kim@example.org", clock.now)
    asked(doors, "kim@example.org")
    assert posted(gateway, clock.now + new_password.LASTS) == []


def test_an_installation_without_mail_says_so(doors: Doors) -> None:
    was = doors.app.state.parlour
    doors.app.state.parlour = replace(was, posts=False)
    try:
        assert b"sends no mail" in get(doors, "/forgotten").body
    finally:
        doors.app.state.parlour = was


def test_a_password_is_changed_by_who_knows_it(gateway: Gateway, doors: Doors, clock: Clock) -> None:
    account = member(gateway, "leo@example.org", clock.now)
    here, other = (sessions.begin(gateway.context, account, SEAT, now=clock.now) for _ in range(2))
    cookie = f"{sessions.COOKIE}={here}"
    for old, new, status in ((OLD, "short", 422), ("wrong", NEW, 422), (OLD, NEW, 303)):
        assert post(doors, "/account/password", cookie, old=old, new=new).status == status
    assert get(doors, "/account?changed=1", cookie).status == 200
    assert sessions.visit(gateway.context, other, now=clock.now) is None
    assert signs_in(gateway, "leo@example.org", NEW, clock)
    statuses = {post(doors, "/account/password", cookie, old="wrong", new=NEW).status for _ in range(12)}
    assert statuses == {422, 429}
    assert post(doors, "/account/password", "", old=NEW, new=OLD).status == 401  # nobody is signed in
    assert signs_in(gateway, "leo@example.org", NEW, clock, "198.51.100.9")


def test_what_was_compared_with_a_password_that_is_no_more_opens_and_changes_nothing(
    gateway: Gateway, doors: Doors, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comparing takes a tenth of a second, in which somebody who knew the old one may be overtaken by its owner's new one."""
    account = member(gateway, "ada@example.org", clock.now)
    cookie = sessions.begin(gateway.context, account, SEAT, now=clock.now)
    thief = sessions.visit(gateway.context, cookie, now=clock.now)
    assert thief is not None
    place = ("198.51.100.7", "en", doors.app.state.parlour.cost)
    assert new_password.change(gateway.context, thief, (OLD, NEW), place, now=clock.now)

    with pytest.raises(Refused, match="changed meanwhile"):
        sessions.begin(gateway.context, account, SEAT, now=clock.now)
    monkeypatch.setattr(signing_in, "by_password", lambda *_a, **_k: account)
    assert not new_password.change(gateway.context, thief, (OLD, OLD), place, now=clock.now)
    monkeypatch.undo()
    assert signs_in(gateway, "ada@example.org", NEW, clock)


def test_a_role_that_changes_ends_every_session_at_once(gateway: Gateway, doors: Doors, clock: Clock) -> None:
    account = member(gateway, "max@example.org", clock.now)
    cookie = sessions.begin(gateway.context, account, SEAT, now=clock.now)
    wanted = Wanted(email="max@example.org", role=Role.CUSTOMER_VIEWER, organization="south")
    after, changed = accounts.change_role(gateway.context, wanted, actor="root", now=clock.now)
    assert (after.role, after.org_id != account.org_id, changed) == ("customer_viewer", True, True)
    assert sessions.visit(gateway.context, cookie, now=clock.now) is None
    again = sessions.begin(gateway.context, after, SEAT, now=clock.now)  # it has that role: nothing ends
    assert accounts.change_role(gateway.context, wanted, actor="root", now=clock.now) == (after, False)
    assert sessions.visit(gateway.context, again, now=clock.now) is not None
    with pytest.raises(Invalid):
        accounts.change_role(gateway.context, replace(wanted, organization=None), actor="root", now=clock.now)
    with pytest.raises(NotFound):
        accounts.change_role(gateway.context, replace(wanted, email="a@b"), actor="root", now=clock.now)


def test_a_thousand_codes_at_once_are_five(gateway: Gateway, clock: Clock) -> None:
    member(gateway, "ned@example.org", clock.now)
    token, code = new_password.by_hand(gateway.context, "ned@example.org", actor="root", now=clock.now)
    seen = new_password.opened(gateway.context, token)
    assert seen is not None
    wrong = Filled(cookie="", code="x", password=NEW)
    told = [
        new_password.finish(gateway.context, seen, one, ("203.0.113.1", CHEAP), now=clock.now)
        for one in (*[wrong] * 7, replace(wrong, code=code))
    ]  # each saw the link before the first was counted
    assert told == [Outcome.CODE] * 4 + [Outcome.ENDED] * 4
