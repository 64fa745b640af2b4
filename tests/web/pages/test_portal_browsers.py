"""T18: who acts by links from mails. The first browser of a reader is believed; another one types digits that go to the reader by a mail of
their own, and nobody finds them by trying."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie
from itertools import count
from urllib.parse import urlencode

import pytest
from sqlalchemy import case, delete, select, update

from gateway import keys
from gateway.app import Gateway, utc_now
from gateway.domain.letters import Enclosure, Letter, Post, Posted
from gateway.errors import NotFound
from gateway.flows.portal import acting, browsers
from gateway.flows.portal.browsers import COOKIE, Coming, Wanted
from gateway.flows.postman import Postman
from gateway.store.portal_browsers import BROWSER
from tests.api import house, portal
from tests.api.house import Answer, Doors

NUMBERS = count(1)
FORM = {"content-type": "application/x-www-form-urlencoded", "user-agent": "test"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("browsers")
    with house.installed(folder) as opened:
        portal.furnish(opened, folder)
        yield opened


@pytest.fixture(scope="module")
def doors(gateway: Gateway) -> Iterator[Doors]:
    with Doors(gateway) as opened:
        opened.app.state.parlour = replace(opened.app.state.parlour, address="https://gw.example")
        yield opened


@pytest.fixture
def _nobody_known(gateway: Gateway) -> None:
    with gateway.database.write() as db:
        db.execute(delete(BROWSER))


def posted(gateway: Gateway) -> list[Letter]:
    """The mails that leave by now."""
    found: list[Letter] = []

    async def send(letter: Letter, _enclosed: Enclosure | None) -> Posted:
        found.append(letter)
        return Posted(Post.SENT)

    asyncio.run(Postman(gateway.context, send, utc_now, filled=gateway._filled).round())
    return found


def links(gateway: Gateway) -> list[str]:
    """Paths of a new job's links: accept, decline, … comment, file."""
    portal.job(gateway, marker=f"idk-{next(NUMBERS)}")
    return [path for one in posted(gateway) for path in re.findall(r"/portal/\S+", one.body)]


def press(doors: Doors, path: str, cookie: str = "", **fields: str) -> Answer:
    headers = FORM | ({"cookie": cookie} if cookie else {})
    return doors.send("POST", path, body=urlencode({"by": "Mauro"} | fields).encode(), headers=headers)


def cookie_of(answer: Answer) -> str:
    jar = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert (jar["secure"], jar["httponly"], jar["samesite"], jar["path"]) == (True, True, "lax", "/")
    return f"{COOKIE}={jar.value}"


def digits(gateway: Gateway) -> str:
    (mail,) = posted(gateway)
    assert mail.address == "mauro@quick.example"
    found = re.search(r"\d{3} \d{3}", mail.body)
    assert found is not None
    return found[0]


@pytest.mark.usefixtures("_nobody_known")
def test_t18_another_browser_is_asked_for_digits_of_a_mail(gateway: Gateway, doors: Doors) -> None:
    accept, _, travelling, *_ = links(gateway)
    assert doors.send("GET", accept).status == 200  # a scanner is nobody's browser
    first = press(doors, accept)
    assert first.status == 200
    mine = cookie_of(first)
    for stranger in ("", f"{COOKIE}=x", mine[:-1]):
        asked = press(doors, travelling, stranger, text="Wort für Wort")
        assert (asked.status, b'name="code"' in asked.body) == (422, True)
        assert "Wort für Wort" in asked.body.decode()  # nothing that was written is lost
    # Mails leave side by side; the digits that were asked for last hold.
    newest = max(posted(gateway), key=lambda one: one.created_at)
    code = re.search(r"\d{3} \d{3}", newest.body)
    assert code is not None
    let_in = press(doors, travelling, code=code[0])
    assert let_in.status == 200
    other = cookie_of(let_in)
    assert press(doors, travelling, mine).status == 410
    on_site, done = links(gateway)[3], links(gateway)[0]
    assert [press(doors, on_site, mine).status, press(doors, done, other).status] == [200, 200]
    assert posted(gateway) == []


def upload(doors: Doors, path: str, cookie: str = "", content: bytes = b"photo", **texts: str) -> Answer:
    parts = [f'name="{name}"\r\n\r\n{text}'.encode() for name, text in ({"by": "Mauro"} | texts).items()]
    parts.append(b'name="file"; filename="a.jpg"\r\n\r\n' + content)
    body = b"".join(b"--b\r\ncontent-disposition: form-data; " + part + b"\r\n" for part in parts) + b"--b--"
    headers = {"content-type": "multipart/form-data; boundary=b"} | ({"cookie": cookie} if cookie else {})
    return doors.send("POST", path, body=body, headers=headers)


def kept(gateway: Gateway) -> set[str]:
    """The files of this installation."""
    return {
        path.name for path in gateway.settings.blobs.rglob("*") if path.is_file() and path.name != ".still"
    }


@pytest.mark.usefixtures("_nobody_known")
def test_t18_a_file_is_kept_for_who_may_send_it_and_once_for_a_link(gateway: Gateway, doors: Doors) -> None:
    accept, *_, file = links(gateway)
    mine, before = cookie_of(press(doors, accept)), kept(gateway)
    for stranger in ("", f"{COOKIE}=x"):
        for more in ({}, {"code": "000 000"}, {"by": " "}):
            assert (
                upload(doors, file, stranger, content=stranger.encode() + b"fill the disk", **more).status
                == 422
            )
    assert upload(doors, file, mine, by="x" * 1_000).status == 422
    assert kept(gateway) == before
    assert [upload(doors, file, mine, content=text).status for text in (b"one", b"two")] == [200, 410]
    assert len(kept(gateway) - before) == 1


@pytest.mark.usefixtures("_nobody_known")
def test_who_loses_a_race_is_told_and_leaves_no_file(gateway: Gateway, doors: Doors) -> None:
    accept, *_, comment, file = links(gateway)
    mine, before = cookie_of(press(doors, accept)), kept(gateway)
    seen = acting.shown(gateway.context, file.rpartition("/")[2], now=utc_now())
    assert seen is not None

    def never() -> dict[str, str]:
        raise AssertionError("a file was kept")

    lost = acting.follow(gateway.context, seen, {"file": never}, now=utc_now(), before=lambda _db: False)
    assert lost is None
    assert kept(gateway) == before
    with gateway.database.write() as db:
        db.execute(delete(BROWSER))
    was = browsers.remember
    browsers.remember = lambda *_, **__: False
    try:
        told = press(doors, comment, text="Wort für Wort")
    finally:
        browsers.remember = was
    assert (told.status, "Wort für Wort" in told.body.decode()) == (409, True)
    assert "premete di nuovo" in told.body.decode()
    assert "set-cookie" not in told.headers
    assert press(doors, comment, mine, text="Wort für Wort").status == 200


@pytest.mark.usefixtures("_nobody_known")
def test_two_readers_share_a_browser(gateway: Gateway, doors: Doors) -> None:
    """Who comes second is let in beside the first, who is still known then."""
    accept, decline, *_ = links(gateway)
    mine = cookie_of(press(doors, accept))
    with gateway.database.write() as db:
        db.execute(update(BROWSER).values(contact="luisa"))
    both = cookie_of(press(doors, decline, mine, text="No"))
    assert len(both) > len(mine) + 20
    with gateway.database.write() as db:
        made = sorted(db.execute(select(BROWSER.c.contact)).scalars())
        db.execute(
            update(BROWSER).values(contact=case((BROWSER.c.contact == "luisa", "mauro"), else_="luisa"))
        )
    assert made == ["luisa", "mauro"]
    assert press(doors, links(gateway)[0], both).status == 200
    assert posted(gateway) == []
    held = browsers.kept("", None)
    for _ in range(browsers.READERS + 5):
        held = browsers.kept(held, Wanted(cookie=keys.new_session(), agent="", first=False))
    assert len(held.split(".")) == browsers.READERS


@pytest.mark.usefixtures("_nobody_known")
def test_each_act_lets_the_cookie_last_as_long_again(gateway: Gateway, doors: Doors) -> None:
    accept, _, travelling, *_ = links(gateway)
    mine = cookie_of(press(doors, accept))
    again = press(doors, travelling, mine)
    assert cookie_of(again) == mine
    assert SimpleCookie(again.headers["set-cookie"])[COOKIE]["max-age"] == str(180 * 86_400)


@pytest.mark.usefixtures("_nobody_known")
def test_t18_digits_are_not_found_by_trying(gateway: Gateway, doors: Doors) -> None:
    accept, decline, *_ = links(gateway)
    mine = cookie_of(press(doors, accept))
    told = []
    for _ in range(browsers.CODES):
        told.append(press(doors, decline, text="No").status)
        right = digits(gateway)
        wrong = f"{(int(right.replace(' ', '')) + 1) % 1_000_000:06}"
        told += [press(doors, decline, text="No", code=wrong).status for _ in range(browsers.TRIES)]
        told.append(press(doors, decline, text="No", code=right).status)
    assert set(told) == {422}
    locked = press(doors, decline, text="No")
    assert (locked.status, "altre cifre" in locked.body.decode()) == (422, True)
    assert posted(gateway) == []
    assert press(doors, decline, mine, text="No").status == 200


@pytest.mark.usefixtures("_nobody_known")
def test_digits_end_by_time_and_with_their_link(gateway: Gateway, doors: Doors) -> None:
    accept, decline, *_ = links(gateway)
    press(doors, accept)
    seen = acting.shown(gateway.context, decline.rpartition("/")[2], now=utc_now())
    assert seen is not None
    assert browsers.send_code(gateway.context, seen, now=utc_now())
    assert not browsers.is_right(gateway.context, seen, "", now=utc_now())  # the mail has not left yet
    right = digits(gateway)
    later = utc_now() + browsers.CODE_LASTS
    assert not browsers.is_right(gateway.context, seen, right, now=later)
    assert browsers.is_right(gateway.context, seen, right, now=utc_now())


@pytest.mark.usefixtures("_nobody_known")
def test_browsers_are_listed_and_ended_and_forgotten_unused(gateway: Gateway, doors: Doors) -> None:
    accept, decline, *_ = links(gateway)
    mine = cookie_of(press(doors, accept)).partition("=")[2]
    seen = acting.shown(gateway.context, decline.rpartition("/")[2], now=utc_now())
    assert seen is not None
    (one,) = browsers.listed(gateway.context)
    assert (one.contact, one.agent, mine in repr(one)) == ("mauro", "test", False)
    assert browsers.coming(gateway.context, seen, mine, now=utc_now()) is Coming.KNOWN
    late = utc_now() + browsers.LASTS + timedelta(days=1)
    assert browsers.coming(gateway.context, seen, mine, now=late) is Coming.FIRST
    browsers.end(gateway.context, one.id, actor="root", now=utc_now())
    assert browsers.listed(gateway.context) == []
    # whose browser was taken away is told digits first, or the thief's link would make the thief's the known one
    assert browsers.coming(gateway.context, seen, mine, now=utc_now()) is Coming.NEW
    first = Wanted(cookie="fgw_sess_x", agent="", first=True)
    with gateway.database.write() as db:
        assert not browsers.remember(gateway.context, db, seen, first, now=utc_now())
    with pytest.raises(NotFound):
        browsers.end(gateway.context, one.id, actor="root", now=utc_now())


@pytest.mark.usefixtures("_nobody_known")
def test_of_two_first_browsers_one_is_first(gateway: Gateway, doors: Doors) -> None:
    accept, decline, *_ = links(gateway)
    seen = acting.shown(gateway.context, decline.rpartition("/")[2], now=utc_now())
    assert seen is not None
    late = Wanted(cookie="fgw_sess_x", agent="", first=True)
    assert press(doors, accept).status == 200
    with gateway.database.write() as db:
        assert not browsers.remember(gateway.context, db, seen, late, now=utc_now())


@pytest.mark.usefixtures("_nobody_known")
def test_without_tls_nobody_is_remembered(gateway: Gateway, doors: Doors) -> None:
    was = doors.app.state.parlour
    doors.app.state.parlour = replace(was, address="http://gw.example")
    try:
        accept, _, travelling, *_ = links(gateway)
        told = [press(doors, path) for path in (accept, travelling)]
    finally:
        doors.app.state.parlour = was
    assert [(one.status, "set-cookie" in one.headers) for one in told] == [(200, False)] * 2
    assert browsers.listed(gateway.context) == []
