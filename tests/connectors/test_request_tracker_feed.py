"""The RT connector's feed: nothing lost and nothing told twice, in whatever order RT commits and whatever it hides."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from connectors.request_tracker import feed
from gateway.connector import Exchange, Request, Response
from gateway.domain.model import Page
from tests.connectors.request_tracker_answers import DESK, answer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Rt:
    """A list of transactions as RT answers for it: committed ones only, 100 to a page, some of them hidden."""

    def __init__(self) -> None:
        self.now = NOW
        self.rows: dict[int, tuple[int, datetime]] = {}
        self.hidden: set[int] = set()
        self.calls = 0

    def commit(self, number: int, ticket: int, created: datetime | None = None) -> None:
        self.rows[number] = (ticket, created or self.now)

    def poll(self, cursor: str | None) -> Page:
        return self._run(feed.changed(cursor, DESK))

    def _run(self, exchange: Exchange[Page]) -> Page:
        try:
            request = next(exchange)
            while True:
                request = exchange.send(self._answer(request))
        except StopIteration as end:
            page: Page = end.value
            return page

    def _answer(self, request: Request) -> Response:
        self.calls += 1
        if request.path.startswith("REST/2.0/queue/"):
            return answer({"id": 3, "Name": "Federation"})
        asked = dict(request.params)
        after = int(asked["query"].split("id > ")[1].split()[0])
        found = sorted((n for n in self.rows if n > after), reverse=asked["order"] == "DESC")
        start = 100 * (int(asked["page"]) - 1)
        shown = [self._row(n) for n in found[start : start + 100] if n not in self.hidden]
        return answer({"items": shown}, date=format_datetime(self.now, usegmt=True))

    def _row(self, number: int) -> dict[str, str]:
        ticket, created = self.rows[number]
        return {"id": str(number), "ObjectId": str(ticket), "Created": created.strftime("%Y-%m-%dT%H:%M:%SZ")}


def tickets(page: Page) -> list[str]:
    return [sighting.remote_id for sighting in page.sightings]


def drain(rt: Rt, cursor: str) -> tuple[list[str], str]:
    found: list[str] = []
    while True:
        page = rt.poll(cursor)
        found += tickets(page)
        cursor = page.cursor
        if not page.more:
            return found, cursor


def test_the_first_cursor_tells_nothing_of_the_past_and_everything_after() -> None:
    rt = Rt()
    for number in range(1, 151):
        rt.commit(number, 7)
    page = rt.poll(None)
    assert (tickets(page), page.more) == ([], False)
    assert drain(rt, page.cursor)[0] == []
    rt.commit(151, 8)
    assert drain(rt, page.cursor)[0] == ["8"]


def test_a_quiet_poll_is_one_call() -> None:
    rt = Rt()
    rt.commit(1, 7)
    cursor = rt.poll(None).cursor
    rt.calls = 0
    cursor = rt.poll(cursor).cursor
    assert rt.calls == 1


def test_each_ticket_is_told_once_with_its_last_transaction() -> None:
    rt = Rt()
    cursor = rt.poll(None).cursor
    for number, ticket in ((1, 7), (2, 8), (3, 7)):
        rt.commit(number, ticket)
    page = rt.poll(cursor)
    assert [(s.remote_id, s.hints["transaction"]) for s in page.sightings] == [("7", "3"), ("8", "2")]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_lost_or_told_twice_in_whatever_order_it_is_committed(seed: int) -> None:
    dice = random.Random(seed)
    rt = Rt()
    cursor = rt.poll(None).cursor
    begun: list[tuple[datetime, int, datetime]] = []
    told: list[str] = []
    at, number = NOW, 0
    for _ in range(400):
        at += timedelta(seconds=dice.choice((0, 0, 0, 1, 20)))
        number += dice.choice((1, 1, 2, 30))
        begun.append((at + timedelta(seconds=dice.choice((0, 0, 1, 90))), number, at))
    waiting = sorted(begun)
    while waiting:
        rt.now += timedelta(seconds=dice.choice((5, 30, 60, 400)))
        while waiting and waiting[0][0] <= rt.now:
            _, number, created = waiting.pop(0)
            rt.commit(number, number, created)
        news, cursor = drain(rt, cursor)
        told += news
    assert sorted(told, key=int) == [str(number) for _, number, _ in sorted(begun, key=lambda one: one[1])]


def test_a_burst_of_thousands_comes_in_pages() -> None:
    rt = Rt()
    cursor = rt.poll(None).cursor
    for number in range(1, 1501):
        rt.commit(number, number)
    news, cursor = drain(rt, cursor)
    assert news == [str(number) for number in range(1, 1501)]
    rt.now += timedelta(minutes=5)
    news, cursor = drain(rt, cursor)
    assert news == []
    assert len(feed.cursor_from(cursor).seen) <= feed.OVERLAP_IDS


def test_rows_that_the_account_may_not_see_hold_nothing_up_for_long() -> None:
    rt = Rt()
    rt.commit(1, 1)
    cursor = rt.poll(None).cursor
    for number in range(2, 152):
        rt.commit(number, 9)
        rt.hidden.add(number)
    rt.commit(152, 7)
    news: list[str] = []
    for _ in range(20):
        found, cursor = drain(rt, cursor)
        news += found
    assert news == ["7"]
